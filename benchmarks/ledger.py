"""What a ledger costs, beside hashing the same bytes and doing nothing else.

Prints a Markdown table for 1 000 to 100 000 entries; `--large` adds 1 000 000. The last column is
the time for an entry over that of its bare SHA-256. Appending one by one, behind those that are
there, is what a ceremony waits for: each append is a commit that the disk has acknowledged.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from keyvault_kit.ledger.store import Ledger

SIZES = (1_000, 10_000, 100_000)
LARGE = 1_000_000
ONE_BY_ONE = 200


def entries(count: int) -> list[bytes]:
    """Entries as long as those of a ceremony, about 200 bytes each."""
    return [b'{"by":["alice","bob"],"seq":%d,"text":"%s"}' % (i, b"x" * 150) for i in range(count)]


def hash_all(bodies: list[bytes]) -> None:
    """The floor: SHA-256 of each entry."""
    for body in bodies:
        hashlib.sha256(body).digest()


def seconds(act: Callable[[], object]) -> float:
    """Wall time of one run, s."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure(count: int, folder: Path) -> list[tuple[str, int, float]]:
    """Name, number of entries and wall time in seconds of each measurement."""
    bodies, more = entries(count), entries(ONE_BY_ONE)
    path = folder / f"{count}.db"
    floor = seconds(lambda: hash_all(bodies))
    with Ledger.create(path) as ledger:
        batch = seconds(lambda: ledger.append(bodies))
    opening = seconds(lambda: Ledger.open(path).close())
    with Ledger.open(path) as ledger:
        check = seconds(ledger.check)
        reading = seconds(lambda: list(ledger.bodies()))
        past = seconds(lambda: ledger.checkpoint(count - 1))
        single = seconds(lambda: [ledger.append([body]) for body in more])
    return [
        ("SHA-256 of each entry", count, floor),
        ("append, one batch", count, batch),
        ("open", count, opening),
        ("read all", count, reading),
        ("check", count, check),
        ("checkpoint of a past size", count, past),
        (f"append {ONE_BY_ONE}, one by one", ONE_BY_ONE, single),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help=f"also {LARGE} entries")
    sizes = (*SIZES, LARGE) if parser.parse_args().large else SIZES
    print("| entries | what | total | for each | ratio |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            rows = measure(size, Path(folder))
            unit = rows[0][2] / size
            for what, count, total in rows:
                each = total / count
                print(
                    f"| {size} | {what} | {total * 1000:.1f} ms | {each * 1e6:.2f} µs"
                    f" | {each / unit:.1f} |"
                )


if __name__ == "__main__":
    main()
