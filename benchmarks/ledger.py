"""What a ledger costs over a long life, beside hashing the same bytes and doing nothing else.

Prints a Markdown table for 1 000, 10 000 and 100 000 entries, or for the sizes that are named;
`--all` adds 1 000 000. The entries are those of an organisation that changes the passwords of its
accounts again and again: drawn, printed, proven, sealed, put in force, deposited, opened and
destroyed. Verifying has the bare SHA-256 of the same bytes as its floor. Appending one by one,
behind those that are there, is what a ceremony waits for: each append is a commit that the disk
acknowledged.
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, decode, encode
from keyvault_kit.custody.fold import fold
from keyvault_kit.custody.model import Mode, PaperSize, Purpose, Role, Signature, Signer, Use
from keyvault_kit.custody.snapshot import decode_register, encode_register
from keyvault_kit.ledger.store import Ledger

SIZES = (1_000, 10_000, 100_000)
LARGE = 1_000_000
BATCH = 10_000
ONE_BY_ONE = 100
ROUNDS = 5

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
BY = ("alice", "bob")
HASH = hashlib.sha256(b"anything").hexdigest()
ACCOUNTS = ("bg1", "bg2", "bg3", "bg4")
SAFES = ("hq-1", "hq-2", "north-1")
ARMOURED = f"-----BEGIN SSH SIGNATURE-----\n{b64encode(bytes(range(256))).decode()}\n"
"""As long as a signature, and never verified here."""


# --- A long life


def signed(*facts: ev.Fact) -> list[ev.Fact]:
    """Acts under the signatures of two people."""
    signatures = tuple(Signature(person=person, armored=ARMOURED) for person in BY)
    return [ev.ActsSigned(count=len(facts), signatures=signatures), *facts]


def founding() -> list[ev.Fact]:
    """Two founders, four people, three safes at two sites, four accounts."""
    founders = tuple(
        Signer(person=it, public_key=f"sk-ecdsa-sha2-nistp256@openssh.com {it}", credential=HASH)
        for it in BY
    )
    roles = {
        "alice": (Role.OFFICER, Role.CUSTODIAN),
        "bob": (Role.OFFICER, Role.CUSTODIAN),
        "carol": (Role.WITNESS,),
        "dan": (Role.AUDITOR,),
    }
    return [
        ev.LedgerFounded(founders=founders, nonce=HASH, mode=Mode.REHEARSAL),
        *signed(
            ev.OrganisationNamed(name="Nordwind Energie AG"),
            *(ev.PersonAdded(person=it, roles=roles[it], details=HASH) for it in roles),
            ev.SiteAdded(site="hq", paper=PaperSize.A4),
            ev.SiteAdded(site="north", paper=PaperSize.A4),
            *(
                ev.SafeAdded(safe=it, site=it.split("-")[0], openers=tuple(roles), need=2)
                for it in SAFES
            ),
            *(ev.AccountAdded(account=it, upn=f"{it}@nordwind.onmicrosoft.com") for it in ACCOUNTS),
        ),
    ]


def sheets(set_id: str, holds: str, number: int) -> list[ev.Fact]:
    """A set's sheets, printed, proven and sealed."""
    names = [f"{set_id}-{n}" for n in range(1, number + 1)]
    done: list[ev.Fact] = []
    for n, name in enumerate(names, 1):
        done += [
            ev.EnvelopePrinted(
                envelope=name, holds=f"{holds}:{n}", set=set_id, number=n, proof=HASH
            ),
            ev.EnvelopeProven(envelope=name),
        ]
    return done + signed(*(ev.EnvelopeSealed(envelope=it, bag=f"B-{it}") for it in names))


def enrolment(account: str) -> list[ev.Fact]:
    """A key with its PIN and its passkey, packed away."""
    key, pin = f"K-{account}", f"K-{account}-pin"
    return [
        ev.KeyRegistered(
            key=key, account=account, use=Use.PRIMARY, product="YubiKey 5 NFC", aaguid=HASH[:32]
        ),
        ev.KeyProven(key=key, verdict="genuine", leaf=HASH, root=HASH),
        ev.SetMade(set=pin, purpose=Purpose.PIN, subject=key, threshold=1, count=1),
        *sheets(pin, f"pin:{key}", 1),
        ev.PinSet(key=key, set=pin),
        ev.PasskeyEnrolled(
            key=key, rp_id="login.microsoft.com", credential=HASH, public_key=HASH, answer=HASH
        ),
        ev.KeyPacked(envelope=key, holds=f"key:{key}", key=key),
        *signed(ev.EnvelopeSealed(envelope=key, bag=f"B-{key}")),
        ev.EnvelopeDeposited(envelope=f"{pin}-1", safe=SAFES[0]),
        ev.EnvelopeDeposited(envelope=key, safe=SAFES[1]),
    ]


def rotation(account: str, turn: int) -> list[ev.Fact]:
    """A new password, from the draw to the safes; the sheets of the one before are destroyed."""
    it, before = f"{account}-pw{turn}", f"{account}-pw{turn - 1}"
    steps = iter("make print seal change deposit destroy".split())

    def step() -> ev.Fact:
        return ev.CeremonyStepped(ceremony=it, step=next(steps))

    return [
        ev.CeremonyStarted(ceremony=it, plan="seal", people=BY, request={"account": account}),
        ev.ClockChecked(ceremony=it, readers=BY, offset=0),
        ev.SetMade(set=it, purpose=Purpose.PASSWORD, subject=account, threshold=2, count=3),
        step(),
        *sheets(it, f"share:{account}", 3),
        step(),
        ev.PasswordOffered(account=account, set=it),
        *(ev.SecretExposed(person=who, set=it, half=n) for n, who in enumerate(BY, 1)),
        *signed(ev.PasswordSet(account=account, set=it)),
        step(),
        *(ev.EnvelopeDeposited(envelope=f"{it}-{n}", safe=safe) for n, safe in enumerate(SAFES, 1)),
        step(),
        *(signed(*destroyed(before)) if turn else ()),
        step(),
        ev.CeremonyClosed(ceremony=it),
    ]


def destroyed(set_id: str) -> list[ev.Fact]:
    """The sheets of a dead set."""
    return [ev.EnvelopeDestroyed(envelope=f"{set_id}-{n}", why="dead") for n in (1, 2, 3)]


def opening(account: str, turn: int) -> list[ev.Fact]:
    """Two sheets opened, and the account used."""
    it = f"{account}-pw{turn}"
    return [
        *(ev.EnvelopeOpened(envelope=f"{it}-{n}", why="drill", intact=True) for n in (1, 2)),
        *(ev.ShareVerified(envelope=f"{it}-{n}") for n in (1, 2)),
        *(ev.SecretExposed(person=who, set=it) for who in BY),
        ev.PasswordRecovered(account=account, set=it, accepted=True),
        ev.AccountUsed(account=account, why="drill"),
    ]


def works() -> Iterator[list[ev.Fact]]:
    """Piece after piece of work, without end."""
    yield founding()
    yield from map(enrolment, ACCOUNTS)
    for turn in count():
        for account in ACCOUNTS:
            yield rotation(account, turn)
            yield [ev.KeyAsserted(key=f"K-{account}", nonce=HASH)]
            yield opening(account, turn)


def life(size: int) -> Iterator[ev.Fact]:
    """That many facts; where a whole piece of work no longer fits, PINs are checked."""
    made = 0
    for work in works():
        if made + len(work) > size:
            break
        yield from work
        made += len(work)
    for _ in range(made, size):
        yield ev.PinChecked(key="K-bg1", right=True, retries=8)


def bodies_of(size: int) -> list[bytes]:
    """The bytes of a life's entries, a minute apart."""
    minute = timedelta(minutes=1)
    return [
        encode(Entry(seq, START + seq * minute, BY, fact))  # type: ignore[arg-type]
        for seq, fact in enumerate(life(size))
    ]


# --- Measuring


def seconds(act: Callable[[], object]) -> float:
    """Wall time of one run, s."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def median(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median wall time of several runs, s."""
    return statistics.median(seconds(act) for _ in range(rounds))


def hash_all(bodies: list[bytes]) -> None:
    """The floor: SHA-256 of each entry."""
    for body in bodies:
        hashlib.sha256(body).digest()


def open_book(path: Path) -> Book:
    """A ledger as a ceremony opens it, the register ready; read only, so nothing is kept of it."""
    book = Book(Ledger.open(path, read_only=True), lambda: START)
    assert book.register.size == book.ledger.size  # noqa: S101 - what is measured was done
    return book


WORKS: dict[str, Callable[[Path], object]] = {
    "check": lambda path: Ledger.open(path, read_only=True).check(),
    "open": open_book,
}
"""What a child process does for its peak of memory."""


def peak(work: str, path: Path) -> int:
    """Peak memory of a process that does this and nothing else, MB."""
    child = [sys.executable, __file__, "--child", work, str(path)]
    return int(subprocess.check_output(child)) // 1024


def run_child(work: str, path: Path) -> None:
    """Do it, and print this process's peak of resident memory, KB (proc(5), VmHWM)."""
    WORKS[work](path)
    status = Path("/proc/self/status").read_text().split()
    print(status[status.index("VmHWM:") + 1])


def measure_log(path: Path, bodies: list[bytes]) -> Iterator[tuple[str, str]]:
    """The log alone: append, open, check."""
    size = len(bodies)
    with Ledger.create(path) as ledger:
        batches = [bodies[i : i + BATCH] for i in range(0, size, BATCH)]
        total = seconds(lambda: [ledger.append(batch) for batch in batches])
        yield f"append, {BATCH} at a time", each(total, size)
    yield "open", ms(median(lambda: Ledger.open(path).close()))
    with Ledger.open(path) as ledger:
        pairs = [(seconds(lambda: hash_all(bodies)), seconds(ledger.check)) for _ in range(3)]
        floor, check = (min(column) for column in zip(*pairs, strict=True))
        yield "SHA-256 of each entry, the floor", each(floor, size)
        yield "check", f"{each(check, size)}, {check / floor:.1f} times the floor"
    yield "check, peak memory", f"{peak('check', path)} MB"


def measure_register(path: Path, bodies: list[bytes]) -> Iterator[tuple[str, str]]:
    """The register: decode, fold, snapshot, open with and without one."""
    size = len(bodies)
    decoding = seconds(lambda: deque(map(decode, bodies), maxlen=0))
    folding = seconds(lambda: fold(map(decode, bodies))) - decoding
    yield "decode", each(decoding, size)
    yield "fold, without decoding", each(folding, size)
    register = fold(map(decode, bodies))
    kept = encode_register(register)
    yield "snapshot, made", f"{ms(median(lambda: encode_register(register)))}, {len(kept)} bytes"
    yield "snapshot, read", ms(median(lambda: decode_register(kept)))
    yield "open with the register, folded", ms(seconds(lambda: open_book(path)))
    yield "open with the register, folded, peak memory", f"{peak('open', path)} MB"
    with Ledger.open(path) as ledger:
        ledger.keep_snapshot(size, kept)
    yield "open with the register, from a snapshot", ms(median(lambda: open_book(path)))
    yield "open with the register, from a snapshot, peak memory", f"{peak('open', path)} MB"


def measure_appends(path: Path, bodies: list[bytes]) -> Iterator[tuple[str, str]]:
    """One entry at a time behind those that are there: the log alone, and through the book."""
    fact = ev.PinChecked(key="K-bg1", right=True, retries=8)
    later = START + timedelta(minutes=len(bodies))
    with Ledger.open(path) as ledger:
        book = Book(ledger, lambda: later)
        book.record([fact], BY)  # the register is there before the clock runs
        recorded = median(lambda: book.record([fact], BY), ONE_BY_ONE)
        yield "append one by one, through the book", each(recorded, 1)
        appended = median(lambda: ledger.append([bodies[-1]]), ONE_BY_ONE)
        yield "append one by one, the log alone", each(appended, 1)


def each(total: float, number: int) -> str:
    """Time for each of them, us."""
    return f"{total / number * 1e6:.2f} µs each"


def ms(total: float) -> str:
    """A time, ms."""
    return f"{total * 1000:.1f} ms"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="numbers of entries")
    parser.add_argument("--all", action="store_true", help=f"also {LARGE} entries")
    parser.add_argument("--child", nargs=2, metavar=("WORK", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.child[0], Path(options.child[1]))
        return
    print("| entries | what | |\n|---:|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in (*options.sizes, *([LARGE] if options.all else ())):
            path, bodies = Path(folder) / f"{size}.db", bodies_of(size)
            for measure in (measure_log, measure_register, measure_appends):
                for what, took in measure(path, bodies):
                    print(f"| {size} | {what} | {took} |", flush=True)


if __name__ == "__main__":
    main()
