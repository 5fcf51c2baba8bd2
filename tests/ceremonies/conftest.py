"""A copy of a founded ledger for each test, with software keys and people who answer by script."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from keyvault_kit.assembly import Bench, Folder, SeededRandom
from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.at_keys import AtKey, KeyDesk
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Hands, Plan, Step, Work
from keyvault_kit.ceremonies.plans import founding, registering, seal, signers
from keyvault_kit.ceremonies.station import Anchors, Station
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, decode
from keyvault_kit.custody.fold import fold
from keyvault_kit.custody.model import EnvelopeState, Mode, PaperSize, Use
from keyvault_kit.custody.organisation import parse
from keyvault_kit.custody.register import Register
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.state import KeyState
from tests.ceremonies.sealing import evidence_of

SEED: Final = b"\x2a" * 32
FOUNDED: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
A_DAY: Final = timedelta(days=1)
CAREFUL: Final = {
    Topic.BAG_INTACT,
    Topic.CHANGE,
    Topic.DEPOSIT,
    Topic.MEDIUM,
    Topic.PRINTED,
    Topic.SHRED,
    Topic.SIGN_IN,
}
"""What careful people say yes to; to all else they say no."""


class Time:
    """The true time, which goes on when a test says so, and how far the workstation is ahead."""

    def __init__(self, true: datetime) -> None:
        self.true = true
        self.ahead = timedelta(0)

    def at_the_workstation(self) -> datetime:
        return self.true + self.ahead


class People:
    """People who plug, touch and type as they should, unless a test has told them otherwise.

    Attributes:
        says: Topic -> the next answers; once these are given, they answer as careful people.
        plugs: Whose keys are plugged in next, nobody's where empty; once these were, everybody
            plugs in their own.
        pins: The PINs that are typed next; once these were, those that people chose.
        at_touch: Called where a key waits for a touch.
        at_plug: Called where a key under custody is to be plugged in; does that, anew.
        asked: Every prompt, in order.
        pages: How many pages they count: printed, sealed or spoiled.
        sheets: What they scan or type from a sheet, where the kit does not read it by itself.
        evidence: The name of the file with what the tenant did to an account.
        bags: The number on the bag of an envelope that they fetched.
        options: The name of the file with the creation options for a key.
        found: The number of the next bag that lies in a safe; nothing when there is no other.
    """

    def __init__(self, bench: Bench, time: Time) -> None:
        self._bench = bench
        self._time = time
        self._bags = 0
        self.says: dict[Topic, list[str | bool]] = defaultdict(list)
        self.plugs: list[str] = []
        self.pins: list[str] = []
        self.at_touch: Callable[[Prompt], None] = lambda _: None
        self.at_plug: Callable[[Prompt], None] = lambda prompt: bench.fetch(prompt.subject)
        self.asked: list[Prompt] = []
        self.pages: Callable[[str], int] = lambda _: 0
        self.sheets: Callable[[Prompt], str] = lambda _: ""
        self.evidence: Callable[[str], str] = lambda _: ""
        self.options: Callable[[str], str] = lambda _: ""
        self.bags: Callable[[str], str] = lambda _: ""
        self.found: Callable[[str], str] = lambda _: ""

    def texts(self, topic: Topic) -> list[str]:
        """What was said or asked about a topic, in order."""
        return [prompt.text for prompt in self.asked if prompt.topic is topic]

    def show(self, prompt: Prompt) -> None:
        self.asked.append(prompt)

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        pass

    def confirm(self, prompt: Prompt) -> bool:
        self.asked.append(prompt)
        said = self.says[prompt.topic]
        return bool(said.pop(0) if said else prompt.topic in CAREFUL)

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        self.asked.append(prompt)
        said = self.says[prompt.topic]
        if said or prompt.topic is Topic.AGREEMENT:
            return choices.index(str(said.pop(0)) if said else choices[0])
        raise NotImplementedError(prompt, choices)

    def ask(self, prompt: Prompt) -> str:
        self.asked.append(prompt)
        said = self.says[prompt.topic]
        if said:
            return str(said.pop(0))
        answers: dict[Topic, Callable[[str], str]] = {
            Topic.BAG_NUMBER: lambda _: self._new_bag(),
            Topic.BAG_SHOWN: self.bags,
            Topic.CLOCK: lambda _: self._time.true.isoformat(),
            Topic.EVIDENCE: self.evidence,
            Topic.FOUND: self.found,
            Topic.OPTIONS: self.options,
            Topic.PAGES: lambda which: str(self.pages(which)),
            Topic.TENANT_PASSWORD: lambda _: "taken",
        }
        if prompt.topic not in answers:
            raise NotImplementedError(prompt)
        return answers[prompt.topic](prompt.subject)

    def _new_bag(self) -> str:
        """The number of the next bag, which is asked of two people, one after the other."""
        self._bags += 1
        return f"BAG-{self._time.true:%j%H%M}-{(self._bags + 1) // 2}"

    def ask_pin(self, prompt: Prompt) -> Secret:
        self.asked.append(prompt)
        if self.pins:
            return Secret.from_text(self.pins.pop(0))
        return self._bench.personal_pin(prompt.person)

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        assert words is ("share-" in prompt.text)
        self.asked.append(prompt)
        return Secret.from_text(self.sheets(prompt))

    def wait_for_key(self, prompt: Prompt) -> None:
        self.asked.append(prompt)
        if prompt.topic is not Topic.PERSONAL_KEY:
            self.at_plug(prompt)
            return
        person = self.plugs.pop(0) if self.plugs else prompt.person
        if person:
            self._bench.plug_personal(person)

    def touch(self, prompt: Prompt) -> None:
        self.asked.append(prompt)
        self.at_touch(prompt)

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        assert seconds > 0
        assert len(secret)
        self.asked.append(prompt)


class Desk:
    """A station on a ledger and software keys in a folder, with its people."""

    def __init__(self, folder: Path, ledger: Ledger, now: datetime) -> None:
        self.folder = folder
        self.time = Time(now)
        self.bench = Bench.again(folder / "softkeys")
        self.people = People(self.bench, self.time)
        self.people.pages = self.count_pages
        self.people.evidence = lambda account: evidence_of(self, account)
        self.people.bags = lambda envelope: self.register.envelopes[envelope].bag or ""
        self.station = Station(
            mode=Mode.REHEARSAL,
            clock=self.time.at_the_workstation,
            random=SeededRandom(SEED, b"desk %d" % ledger.size),
            book=Book(ledger, self.time.at_the_workstation),
            bus=self.bench.bus,
            guard=PinGuard(),
            paper=Folder(folder / "sheets"),
            anchors=lambda: Anchors(self.bench.roots),
            transfer=folder / "transfer",
        )

    @property
    def book(self) -> Book:
        return self.station.book

    @property
    def ledger(self) -> Ledger:
        return self.station.book.ledger

    @property
    def path(self) -> Path:
        """The ledger file."""
        return self.folder / "ledger.db"

    @property
    def register(self) -> Register:
        return self.book.register

    def raw(self) -> bytes:
        """What `ledger show --raw` prints."""
        return b"".join(body + b"\n" for body in self.ledger.bodies())

    def entries(self, start: int = 0) -> list[Entry]:
        return [decode(body) for body in self.ledger.bodies(start)]

    def folded(self, size: int | None = None) -> Register:
        """The register as the first `size` entries say it, or all, whatever snapshot there is."""
        return fold(self.entries()[:size])

    def kinds(self, start: int = 0) -> list[type[ev.Fact]]:
        return [type(entry.fact) for entry in self.entries(start)]

    def run(self, ceremony: Ceremony, watch: Watcher = engine.nobody) -> Register:
        return engine.run(ceremony, self.station, self.people, watch)

    def count_pages(self, which: str) -> int:
        """Count the pages of the ceremony that goes on, as the ledger has them."""
        here = [it for it in self.register.ceremonies.values() if it.printed and not it.closed][-1]
        states = [self.register.envelopes[it].state for it in here.printed]
        spoiled, destroyed = (
            states.count(gone) for gone in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
        )
        counts = {"printed": len(states), "spoiled": spoiled, "destroyed": destroyed}
        return counts.get(which, len(states) - spoiled - destroyed)

    def enrol(self, *people: str, by: tuple[str, ...] = ("alice", "bob")) -> Register:
        """Make these people signers."""
        request = signers.Request(enrol=people, signers=by, number=len(self.register.ceremonies))
        return self.run(signers.ceremony(request))

    def work(self, *by: str) -> Work:
        """What an act of these people works with, outside of any ceremony."""
        step = Step(id="add", activity="Add a site", by=by, act=lambda _: ())
        return Work(self.station, self.people, "trial-1", Hands(), step)

    def seal(self) -> str:
        """Seal a password of the account; the id of its set."""
        request = seal.Request(
            account="bg1", threshold=2, officers=("alice", "bob"), safes=("hq-1", "vault-1")
        )
        self.run(seal.ceremony(request, number=1))
        return self.register.accounts["bg1"].password_set or ""

    # --- Keys under custody

    def keys(self, person: str = "carol") -> KeyDesk:
        """What somebody works at with keys under custody; nobody waits for real."""
        return KeyDesk(
            bus=self.bench.bus,
            guard=self.station.guard,
            random=self.station.random,
            now=self.station.clock,
            people=self.people,
            anchors=self.station.anchors,
            register=self.register,
            observe=lambda fact: self.book.record([fact], (person,)),
            person=person,
            sleep=lambda _: None,
        )

    def add_key(self, tag: str, model: str = "five", *, claimed: str = "") -> None:
        """Make a key and plug it in."""
        self.bench.add(tag, model, claimed=claimed)
        self.bench.plug(tag)

    def register_key(self, tag: str, model: str = "five") -> None:
        """Make a key, plug it in and register it."""
        self.add_key(tag, model)
        serial = self.bench.serial(tag)
        self.people.says[Topic.SERIAL] = [str(serial) if serial else ""]
        request = registering.Request(tag=tag, account="bg1", use=Use.PRIMARY, custodian="carol")
        self.run(registering.ceremony(self.register, request))

    def at(self, tag: str) -> AtKey:
        """At a registered key."""
        return self.keys().find(Named(tag=tag))

    def state_of(self, tag: str) -> KeyState:
        """What a key keeps without power."""
        return self.bench._lying(tag)._memory.state

    def change_key(self, tag: str, **fields: object) -> None:
        """Have a key keep something else without power."""
        memory = self.bench._lying(tag)._memory
        memory.change(**fields)
        memory.commit()

    def fingers(self, person: str, touches: Callable[[str], bool]) -> None:
        """From now on this decides whether a person's key is touched."""
        self.bench.touch = lambda name: name != f"personal-{person}" or touches(name)

    def pin(self, person: str) -> str:
        """The PIN that a person chose."""
        return self.bench.personal_pin(person).expose_text()

    def pin_attempts(self, person: str) -> int:
        """How many wrong PINs a person's key has left."""
        return self.bench._lying(f"personal-{person}")._memory.state.pin_retries


Act = Callable[[Work], Sequence[ev.Fact]]
Trial = Callable[..., Ceremony]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, small_organisation: tuple[str, str]) -> Path:
    """The folder of a ledger that alice and bob founded; to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    for name in ("sheets", "transfer"):
        (folder / name).mkdir()
    Bench.begin(folder / "softkeys", seed=SEED, now=FOUNDED)
    with Ledger.create(folder / "ledger.db") as ledger:
        Desk(folder, ledger, FOUNDED).run(founding.ceremony(parse(*small_organisation)))
    return folder


@pytest.fixture
def desk(founded: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of the founded ledger with its keys and people, a day later."""
    folder = tmp_path / "desk"
    shutil.copytree(founded, folder)
    with Ledger.open(folder / "ledger.db") as ledger:
        yield Desk(folder, ledger, FOUNDED + A_DAY)


@pytest.fixture
def signed_trial() -> Trial:
    """Makes a ceremony of one signed step, which adds a site; an act may be given in its place."""

    def made(
        act: Act = lambda _: [ev.SiteAdded(site="annexe", paper=PaperSize.A4)],
        by: tuple[str, ...] = ("alice", "bob"),
        *,
        clock: bool = False,
    ) -> Ceremony:
        step = Step(id="add", activity="Add a site", by=by, act=act, signed=True)
        plan = Plan("trial", lambda _register, _request: (step,), clock=clock)
        return Ceremony(id="trial-1", plan=plan, request={"about": "x"}, people=by)

    return made
