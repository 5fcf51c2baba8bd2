"""Processes that append and die, and what must be found of a ledger afterwards."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import msgspec
import pytest

from keyvault_kit.ledger.store import Detail, Ledger

HERE: Final = Path(__file__).parent


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to a ledger at once: entries with their rows and signatures, or a signature."""

    bodies: tuple[bytes, ...] = ()
    details: tuple[Detail, ...] = ()
    erase: tuple[str, ...] = ()
    signatures: tuple[tuple[int, str, str], ...] = ()
    signature: tuple[int, str, str] | None = None


class State(msgspec.Struct, frozen=True):
    """All that a ledger holds, and what steps make of it."""

    bodies: tuple[bytes, ...] = ()
    details: frozenset[Detail] = frozenset()
    signatures: frozenset[tuple[int, str, str]] = frozenset()

    def after(self, steps: Sequence[Step]) -> Self:
        """The state when these steps were taken from this one."""
        bodies, details, signatures = self.bodies, self.details, self.signatures
        for step in steps:
            bodies += step.bodies
            details = frozenset(
                it for it in details | set(step.details) if it.commitment not in step.erase
            )
            signatures |= {*step.signatures, *([step.signature] if step.signature else [])}
        return type(self)(bodies, details, signatures)

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """What a ledger holds, once it has been checked."""
        ledger.check()
        signatures = frozenset(
            (size, person, armored)
            for size in ledger.signed_sizes()
            for person, armored in ledger.signatures(size).items()
        )
        return cls(tuple(ledger.bodies()), frozenset(ledger.details()), signatures)

    @classmethod
    def at(cls, path: Path) -> Self:
        """What the ledger in a file holds, after whatever had to be rolled back."""
        with Ledger.open(path) as ledger:
            return cls.of(ledger)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What faults.c does at the `nth` call that changes a file of the ledger.

    Attributes:
        kind: `count`, `kill`, `fail` or `record`.
        half: Half of a write, or another call wholly, happens before.
        error: The `errno` of `fail`.
        lasting: All calls after that one fail, too.
        log: Where `record` writes.
    """

    kind: str
    nth: int = 0
    half: bool = False
    error: int = 0
    lasting: bool = False
    log: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One process's work on the ledger in a folder (appender.py).

    Attributes:
        read_only: Only open it for reading, check it, and say its size; no steps.
        pause: Seconds between two steps.
        kill: After so many acknowledgements, and so many seconds more.
        commands: Programs to run before, in the name space of the appender.
        mend: Programs to run after the first failure.
        afterwards: What is then appended.
    """

    folder: Path
    steps: tuple[Step, ...] = ()
    read_only: bool = False
    pause: float = 0.0
    fault: Fault | None = None
    kill: tuple[int, float] | None = None
    commands: tuple[tuple[str, ...], ...] = ()
    mend: tuple[tuple[str, ...], ...] = ()
    afterwards: bytes = b""


class Outcome(msgspec.Struct, frozen=True):
    """What became of an order.

    Attributes:
        acknowledged: Steps that were; 0 if the ledger was only opened, -1 if not even that.
        error: The class of our error that ended the steps, and its `text`.
        foreign: An exception that is none of ours.
        appended: Whether the append after an error succeeded.
        size: Number of entries that a read-only order found; -1 otherwise.
        calls: How many calls changed files of the ledger before the fault ended.
        status: Exit status, or minus the signal.
    """

    acknowledged: int
    error: str | None
    text: str
    foreign: str | None
    appended: bool
    size: int
    calls: int
    status: int


class Appender:
    """A running appender.py, which carries orders out one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self, order: Order) -> None:
        """Have an order carried out, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order, enc_hook=str).decode() + "\n")
        self._process.stdin.flush()

    def end(self) -> Outcome:
        """Wait for what became of it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the appender has died"
        return msgspec.json.decode(line, type=Outcome)

    def __call__(self, order: Order) -> Outcome:
        """Have an order carried out."""
        self.begin(order)
        return self.end()


@contextmanager
def running(*before: str) -> Iterator[Appender]:
    """An appender, started by way of other programs."""
    with subprocess.Popen(
        [*before, sys.executable, str(HERE / "appender.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Appender(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="session")
def appender() -> Iterator[Appender]:
    """A process that appends as ordered."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def two_appenders() -> Iterator[tuple[Appender, Appender]]:
    """Two processes that can append at once."""
    with ExitStack() as stack:
        yield stack.enter_context(running()), stack.enter_context(running())


@pytest.fixture(scope="session")
def faulty_appender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appender]:
    """One with faults.c below it, so that orders can name a fault."""
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    flags = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["gcc", *flags, "-o", library, HERE / "faults.c", "-ldl"], check=True)
    with running("env", f"LD_PRELOAD={library}") as started:
        yield started


@pytest.fixture(scope="session")
def secluded_appender() -> Iterator[Appender]:
    """One in a name space of its own, where it may mount file systems that nobody else sees."""
    with running("unshare", "--map-root-user", "--mount") as started:
        yield started


DETAILS: Final = tuple(
    Detail(commitment=f"{n:064x}", salt=b"%016d" % n, row=b'{"name":"Person %d"}' % n)
    for n in range(3)
)


@pytest.fixture(scope="session")
def steps() -> tuple[Step, ...]:
    """A run of everything that is written: entries, rows with them, erasures, signatures.

    The largest entry takes more pages than one, so that a commit of it is many writes.
    """
    return (
        Step(bodies=(b"founding",), details=DETAILS[:2]),
        Step(bodies=tuple(b"entry %d" % n for n in range(3))),
        Step(signature=(4, "alice", "signature of alice " * 20)),
        Step(bodies=(b"large " * 2000, b"small"), details=DETAILS[2:]),
        Step(bodies=(b"erased",), erase=(DETAILS[0].commitment,)),
        Step(signature=(7, "bob", "signature of bob " * 20)),
        Step(
            bodies=(b"signed",),
            signatures=tuple((7, it, f"signature of {it} " * 20) for it in ("carol", "dora")),
        ),
    )


Orders = Callable[..., Order]
Found = Callable[..., State]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: a sync costs nothing, and a kill leaves the same."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it is ours alone
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def order(steps: tuple[Step, ...], runs: Path) -> Orders:
    """An order to take these steps in a new folder, varied by names of its fields.

    `bodies` makes it a step each, and `fault` takes the fields of a fault.
    """
    numbers = count()

    def make(
        *, bodies: Sequence[bytes] = (), fault: dict[str, Any] | None = None, **fields: Any
    ) -> Order:
        folder = runs / f"run{next(numbers)}"
        taken = tuple(Step(bodies=(body,)) for body in bodies) or steps
        defaults: dict[str, Any] = {
            "folder": folder,
            "steps": taken,
            "fault": fault and Fault(**fault),
        }
        made = Order(**(defaults | fields))
        made.folder.mkdir(exist_ok=True)
        return made

    return make


@pytest.fixture(scope="session")
def found() -> Found:
    """What the ledger of an order holds, once it is what it may hold.

    That is what the acknowledged steps make of the state `before`, or those and `ahead` more.
    """

    def judge(
        order: Order,
        outcome: Outcome,
        *,
        before: State | None = None,
        folder: Path | None = None,
        ahead: int = 1,
    ) -> State:
        assert outcome.foreign is None
        path = (folder or order.folder) / "ledger.db"
        if outcome.acknowledged < 0 and not path.exists():
            Ledger.create(path).close()  # the fault came before it was there: it can be made yet
        least = max(outcome.acknowledged, 0)
        last = [Step(bodies=(order.afterwards,))] if outcome.appended else []
        state = State.at(path)
        assert state in [
            (before or State()).after([*order.steps[:taken], *last])
            for taken in range(least, least + 1 + ahead)
        ]
        return state

    return judge
