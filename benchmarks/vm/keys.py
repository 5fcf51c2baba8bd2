"""One reading of one key over the kernel's hidraw: the kit, in its process, and other programs.

Runs inside the virtual machine (`make bench-vm`). The same software key answers all of them; its
messages are counted at the USB wire. Prints a Markdown table; the aims are fewer messages than
`fido2-token -I`, and at most 1.2 times its wall time. Rounds are run in turn, so that a slow moment
of the machine falls on all.
"""

import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial

import msgspec

from keyvault_kit.keys.hid import HidapiBus
from keyvault_kit.keys.reading import Reading, read_one
from tests.vm.guest.client import Board, Plugged
from tests.vm.guest.orders import Plug

ROUNDS = 7
PEER = "`fido2-token -I`"
YKMAN = ("ykman", "fido", "info")


class Cost(msgspec.Struct, frozen=True):
    """What one reading took: messages to the key, reports both ways, wall time in seconds."""

    messages: int
    reports: int
    seconds: float


def main() -> None:
    """Plug a key with a PIN in, measure, and print."""
    board = Board()
    key = board.plug(Plug(name="K1"))
    programs: dict[str, Callable[[], None]] = {
        "the kit, in its process": partial(kit, key),
        PEER: partial(program, "fido2-token", "-I", key.node),
        "`ykman fido info`": partial(program, *YKMAN),
    }
    able = {name: read for name, read in programs.items() if warm(name, read)}
    rounds = [{name: cost(board, key, read) for name, read in able.items()} for _ in range(ROUNDS)]
    board.clear()
    print(f"| one reading by | messages | reports | wall, median | ratio to {PEER} |")
    print("|---|---|---|---|---|")
    for name in able:
        print_row(name, [each[name] for each in rounds], [each[PEER] for each in rounds])


def kit(key: Plugged) -> None:
    """Open the key, read all of it, close it."""
    reading = read_one(HidapiBus(), key.key)
    if not isinstance(reading, Reading) or reading.serial != key.serial:
        raise SystemExit(f"the key was not read: {reading}")


def program(*command: str) -> None:
    """Run another program to its end."""
    subprocess.run(command, check=True, capture_output=True)


def warm(name: str, read: Callable[[], None]) -> bool:
    """Whether it runs here; the first time, which fills caches, does not count."""
    try:
        read()
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode() if isinstance(error, subprocess.CalledProcessError) else error
        print(f"{name} is left out: {error} {said}")
        return False
    return True


def cost(board: Board, key: Plugged, read: Callable[[], None]) -> Cost:
    """What one reading takes."""
    before = board.look(key.name)
    start = time.perf_counter()
    read()
    seconds = time.perf_counter() - start
    after = board.look(key.name)
    return Cost(after.transactions - before.transactions, after.reports - before.reports, seconds)


def print_row(name: str, costs: list[Cost], others: list[Cost]) -> None:
    """One row of the table: medians, and the median ratio."""
    messages = statistics.median_high(it.messages for it in costs)
    reports = statistics.median_high(it.reports for it in costs)
    seconds = statistics.median(it.seconds for it in costs)
    ratio = statistics.median(a.seconds / b.seconds for a, b in zip(costs, others, strict=True))
    print(f"| {name} | {messages} | {reports} | {seconds * 1000:.0f} ms | {ratio:.2f} |")


if __name__ == "__main__":
    main()
