"""A ledger of 200 real entries, its paper, and all that it says."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import commit
from keyvault_kit.custody.entries import Entry, canonical_json, decode, encode
from keyvault_kit.custody.fold import fold
from keyvault_kit.custody.model import Mode, PaperSize, Role, Signature, Signer
from keyvault_kit.custody.snapshot import encode_register
from keyvault_kit.ledger import acts, sshsig
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE, Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash, root_of
from keyvault_kit.ledger.store import Detail, Ledger

START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
SIZE: Final = 200
UNCOVERED: Final = 5
"""Entries after the paper."""
SIGNED: Final = 150
"""Size of the checkpoint that is signed."""
OLDER: Final = 100
"""Size of the older copy."""
APPLICATION: Final = "ssh:keyvault-kit"
PEOPLE: Final = ("alice", "bob")
TOUCHED_AND_VERIFIED: Final = 0x05


class Content(msgspec.Struct, frozen=True):
    """All that a ledger says.

    Not part of it is the snapshot, a cache: one that is damaged is not used.

    Attributes:
        rows: The erasable rows, as all are listed.
        looked_up: The same, as each is looked up.
        signatures: Size of each signed checkpoint -> signer -> armoured signature.
    """

    bodies: tuple[bytes, ...]
    rows: tuple[Detail, ...]
    looked_up: tuple[Detail | None, ...]
    signatures: dict[int, dict[str, str]]
    root: bytes

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """What this one says."""
        return cls(
            tuple(ledger.bodies()),
            tuple(ledger.details()),
            tuple(ledger.detail(it.commitment) for it in ROWS.values()),
            {size: ledger.signatures(size) for size in ledger.signed_sizes()},
            ledger.root(),
        )


class Original(msgspec.Struct, frozen=True):
    """A ledger before anybody touched it.

    Attributes:
        content: All that it says.
        file: The bytes of its file.
        older: The bytes of its file when it had 100 entries.
        signatures: Armoured, by person, of the checkpoint of `signed` entries.
        paper: A checkpoint of all but the last entries.
    """

    content: Content
    file: bytes
    older: bytes
    signed: int
    signatures: dict[str, str]
    paper: Checkpoint


class Authenticator:
    """A plain P-256 key that plays a person's security key."""

    def __init__(self, number: int) -> None:
        self._private = ec.derive_private_key(number, ec.SECP256R1())
        public = self._private.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = sshsig.PublicKey(point=point, application=APPLICATION)

    def sign(self, message: bytes, namespace: str) -> str:
        """An armoured signature, made with touch and with user verification."""
        flags = TOUCHED_AND_VERIFIED
        head = hashlib.sha256(APPLICATION.encode()).digest() + bytes([flags, 0, 0, 0, 1])
        asserted = head + sshsig.client_data_hash(message, namespace)
        signature = self._private.sign(asserted, ec.ECDSA(SHA256()))
        return sshsig.armor(self.public, namespace, der_signature=signature, flags=flags, counter=1)


KEYS: Final = {person: Authenticator(number) for number, person in enumerate(PEOPLE, 11)}


def row(text: str, keep_until: str | None = None) -> Detail:
    """An erasable row with that text, and with the day until which it is kept."""
    fields = {"text": text} | ({"keep_until": keep_until} if keep_until else {})
    salt = hashlib.sha256(text.encode()).digest()[:16]
    return Detail(commit(salt, fields), salt, canonical_json(dict(fields)), keep_until)


ROWS: Final = {
    **{person: row(person) for person in PEOPLE},
    "on leave": row("on leave", "2026-03-05"),
    "ill": row("ill", "2036-01-05"),
}


def body(seq: int, fact: ev.AnyFact) -> bytes:
    """An entry of both, a minute for each."""
    return encode(Entry(seq, START + timedelta(minutes=seq), PEOPLE, fact))


def under_signatures(before: Sequence[bytes], facts: Sequence[ev.AnyFact]) -> list[bytes]:
    """The entries after these that both people signed: the one with the signatures, then each."""
    first = len(before)
    bodies = [body(seq, fact) for seq, fact in enumerate(facts, first + 1)]
    leaves = [leaf_hash(it) for it in before]
    message = acts.message(Checkpoint(leaves[0].hex(), first, root_of(leaves)), bodies)
    signatures = tuple(
        Signature(person=person, armored=key.sign(message, acts.ACT_NAMESPACE))
        for person, key in KEYS.items()
    )
    return [body(first, ev.ActsSigned(count=len(bodies), signatures=signatures)), *bodies]


def founding() -> list[bytes]:
    """Entry 0, and the organisation under two signatures."""
    signers = tuple(
        Signer(person=person, public_key=key.public.line(), credential="00")
        for person, key in KEYS.items()
    )
    facts: list[ev.AnyFact] = [
        *(
            ev.PersonAdded(person=person, roles=(Role.OFFICER,), details=ROWS[person].commitment)
            for person in PEOPLE
        ),
        ev.SiteAdded(site="hq", paper=PaperSize.A4),
        ev.SafeAdded(safe="hq-1", site="hq", openers=PEOPLE, need=1),
        ev.AccountAdded(account="bg1", upn="bg1@example.onmicrosoft.com"),
    ]
    nonce = hashlib.sha256(b"nonce").hexdigest()
    first = body(0, ev.LedgerFounded(founders=signers, nonce=nonce, mode=Mode.REHEARSAL))
    return [first, *under_signatures([first], facts)]


def used(start: int, stop: int) -> list[bytes]:
    """An account was used, again and again."""
    return [
        body(seq, ev.AccountUsed(account="bg1", why=f"drill {seq}")) for seq in range(start, stop)
    ]


def write(ledger: Ledger) -> bytes:
    """Write the entries as ceremonies would, with rows, signatures and a snapshot.

    Returns:
        The file as it was in between.
    """
    first = founding()
    ledger.append(first, details=[ROWS[person] for person in PEOPLE])
    ledger.keep_snapshot(len(first), encode_register(fold(map(decode, first))))
    for why in ("on leave", "ill"):
        absence = ev.AbsenceNoted(person="bob", details=ROWS[why].commitment)
        ledger.append([body(ledger.size, absence)], details=[ROWS[why]])
    ledger.append(used(ledger.size, OLDER))
    older = ledger.path.read_bytes()
    ledger.append(used(OLDER, SIGNED))
    checkpoint = ledger.checkpoint()
    recorded = ev.CheckpointSigned(size=SIGNED, root=checkpoint.root.hex(), signers=PEOPLE)
    text = checkpoint.text()
    signatures = [(SIGNED, it, key.sign(text, CHECKPOINT_NAMESPACE)) for it, key in KEYS.items()]
    ledger.append([body(SIGNED, recorded)], signatures=signatures)
    ledger.append(used(SIGNED + 1, SIZE))
    return older


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """The ledger before anybody touched it."""
    with Ledger.create(tmp_path_factory.mktemp("original") / "ledger.db") as ledger:
        older = write(ledger)
        return Original(
            content=Content.of(ledger),
            file=ledger.path.read_bytes(),
            older=older,
            signed=SIGNED,
            signatures=ledger.signatures(SIGNED),
            paper=ledger.checkpoint(SIZE - UNCOVERED),
        )


@pytest.fixture
def signed() -> Callable[[Sequence[bytes], Sequence[ev.AnyFact]], list[bytes]]:
    """Signs facts as the entries after those that there are."""
    return under_signatures
