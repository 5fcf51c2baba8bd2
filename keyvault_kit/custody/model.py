"""The things under custody: frozen values, as the register holds them.

Words are those of docs/words.md. Identifiers are short, typed by people and printed on paper.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z"
"""What every id matches; nothing in it needs quoting in a file name, a QR code or a shell."""

OBJECT_ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
"""An object id of Entra, in lower case."""

PUBLIC_KEY_PATTERN = r"^sk-ecdsa-sha2-nistp256@openssh\.com [A-Za-z0-9+/=]+\Z"
"""A signing key without a comment, so that one key is written in one way."""

Id = Annotated[str, msgspec.Meta(pattern=ID_PATTERN, max_length=64)]
Hex256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A SHA-256 value as 64 lower-case hex digits."""
Count = Annotated[int, msgspec.Meta(ge=1, le=16)]


class Mode(StrEnum):
    """What a ledger is for; a rehearsal ledger never becomes live."""

    LIVE = "live"
    REHEARSAL = "rehearsal"


class Role(StrEnum):
    """What a person is authorised to be (S40)."""

    CUSTODIAN = "custodian"
    OFFICER = "officer"
    AUDITOR = "auditor"
    WITNESS = "witness"


class PaperSize(StrEnum):
    """The paper that a site prints on."""

    A4 = "A4"
    LETTER = "Letter"


class EnvelopeFormat(StrEnum):
    """The envelopes into which a site folds its sheets (DIN 680, DIN 5008)."""

    DL = "DL"
    """DIN 5008 form B, folded at 105 and 210 mm."""
    DL_FORM_A = "DL-A"
    """DIN 5008 form A, folded at 87 and 192 mm."""
    C5 = "C5"
    C4 = "C4"
    NUMBER_10 = "#10"


ENVELOPES: Final = {
    PaperSize.A4: (
        EnvelopeFormat.DL,
        EnvelopeFormat.DL_FORM_A,
        EnvelopeFormat.C5,
        EnvelopeFormat.C4,
    ),
    PaperSize.LETTER: (EnvelopeFormat.NUMBER_10,),
}
"""The envelopes that each paper is folded for, the usual one first."""


class Use(StrEnum):
    """What a key is to its account (S17)."""

    PRIMARY = "primary"
    BACKUP = "backup"


class Retirement(StrEnum):
    """Why a key is out of service for good."""

    RESET = "reset"
    """Back to its factory state: nothing of ours is on it."""
    LOST = "lost"
    BROKEN = "broken"


class Purpose(StrEnum):
    """What a secret set opens."""

    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    PIN = "pin"
    IDENTITY = "identity"
    """The station's age identity, which opens bundles and backups."""


class Form(StrEnum):
    """How a secret stands on its sheets (S30)."""

    WHOLE = "whole"
    PARTS = "parts"
    """Cut into literal pieces, all of which are needed."""
    SHARES = "shares"
    """SLIP-39 shares, any `threshold` of which give it back."""


GENUINE: Final = "genuine"
"""The verdict on a key's attestation without which nothing is put on it."""

STATION: Final = "station"
"""The subject of the set of the station's own identity."""


class EnvelopeState(StrEnum):
    """Where an envelope stands in its life."""

    PRINTED = "printed"
    PROVEN = "proven"
    SEALED = "sealed"
    DEPOSITED = "deposited"
    OPENED = "opened"
    DESTROYED = "destroyed"
    SPOILED = "spoiled"


class SetState(StrEnum):
    """Where a secret set stands: made, in force at tenant or key, or dead.

    `VOID` was never in force; `DEAD` was, until its secret was changed.
    """

    MADE = "made"
    IN_FORCE = "in force"
    VOID = "void"
    DEAD = "dead"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the register."""


class Signer(Value, frozen=True):
    """A person's signing credential: a FIDO2 key that makes OpenSSH signatures.

    Attributes:
        person: Whose it is.
        public_key: One authorized_keys line, `sk-ecdsa-sha2-nistp256@openssh.com ...`.
        credential: Credential id, hex; not secret, the key needs it to sign.
    """

    person: Id
    public_key: Annotated[str, msgspec.Meta(pattern=PUBLIC_KEY_PATTERN)]
    credential: str


class Signature(Value, frozen=True):
    """A person's signature as the log holds it.

    Attributes:
        armored: An armoured SSHSIG, exactly as `ssh-keygen -Y verify -s` reads it.
    """

    person: Id
    armored: str


class Person(Value, frozen=True):
    """Somebody who may act; the name lies in the erasable table under `details`.

    Attributes:
        since: First day of the authority; from the beginning where absent.
        until: Last day of the authority; without end where absent.
        absences: Commitments to the erasable rows of absences that were noted, but for those whose
            time to be kept is over.
        former: Commitments to the rows of earlier names.
        added: When they were entered.
        changed: When their roles changed, or their authority began on another day or was
            prolonged, in the order of entry; an end counts on its own day.
        until_known: When the last day of the authority was entered; absent where it was from the
            beginning, or there is none.
    """

    id: Id
    roles: tuple[Role, ...]
    details: Hex256
    since: date | None = None
    until: date | None = None
    absences: tuple[Hex256, ...] = ()
    former: tuple[Hex256, ...] = ()
    added: datetime | None = None
    changed: tuple[datetime, ...] = ()
    until_known: datetime | None = None


class Site(Value, frozen=True):
    """Where safes stand.

    Attributes:
        envelope: What sheets are folded into there; the usual one of the paper where absent.
    """

    id: Id
    paper: PaperSize
    envelope: EnvelopeFormat | None = None


class Safe(Value, frozen=True):
    """A container, who can open it and how many of them it needs (S34, S37)."""

    id: Id
    site: Id
    openers: tuple[Id, ...]
    need: int


class Account(Value, frozen=True):
    """An emergency access account.

    Attributes:
        object_id: The tenant's object id, where it was recorded (S7).
        recovered: Whether the tenant took the password that was last recovered from paper.
        used: Time of the last use that no rotation has answered yet (S32), if there was one.
        signed_in: When the tenant last took a password from paper, unless it refused one since: the
            dated proof that a password signs in (C7).
        taken: The set of another account whose password the tenant took for it, until it takes its
            own or is given another: what is in force here opens it no more.
        taken_at: When it did.
        added: When it was entered.
    """

    id: Id
    upn: str
    object_id: str | None = None
    password_set: Id | None = None
    recovered: bool | None = None
    used: datetime | None = None
    signed_in: datetime | None = None
    taken: Id | None = None
    taken_at: datetime | None = None
    added: datetime | None = None


class UnrecordedPin(Value, frozen=True):
    """A PIN that a key got, and of which no sheet is known here.

    Attributes:
        by: Who gave it to the key, and so knows it.
        since: When.
    """

    by: tuple[Id, ...]
    since: datetime


class SecurityKey(Value, frozen=True):
    """A FIDO2 authenticator under custody.

    Attributes:
        id: The asset tag.
        serial: What it says its serial number is: a claim, and absent on some models.
        proven: The verdict on its attestation, `genuine` and so on; absent before the proof.
        pin_set: The secret set of the PIN in force.
        credential: Credential id of its passkey, hex.
        public_key: COSE public key of that passkey, CBOR in hex.
        custody_credential: Credential id, hex, of the credential that the kit made on the key to
            know it again; absent on keys that were registered without one.
        custody_public_key: COSE public key of that credential, CBOR in hex.
        answers: Whether it ever signed a challenge without its PIN: from then on it must.
        retired: Why it is out of service; absent while it is in service.
        unrecorded: The PIN that it has, if no sheet of it is known here.
        hands: Who had it last, until it is packed (again).
        user: SHA-256 of the user handle that its passkey is for, hex; absent where none was kept.
        method: Graph's id of its passkey, where evidence has it.
        confirmed: SHA-256 of the evidence that the tenant took its passkey; absent without any.
    """

    id: Id
    account: Id
    use: Use
    product: str
    aaguid: str
    firmware: str | None = None
    serial: int | None = None
    proven: str | None = None
    pin_set: Id | None = None
    rp_id: str | None = None
    credential: str | None = None
    public_key: str | None = None
    custody_credential: str | None = None
    custody_public_key: str | None = None
    answers: bool = False
    retired: Retirement | None = None
    unrecorded: UnrecordedPin | None = None
    hands: tuple[Id, ...] = ()
    user: Hex256 | None = None
    method: str | None = None
    confirmed: Hex256 | None = None


class ImportedMetadata(Value, frozen=True):
    """The metadata BLOB by which attestations are judged besides the shipped roots (FIDO MDS 3).

    Attributes:
        number: Its serial number at the FIDO Alliance.
        next_update: The day by which a newer one was to be there.
        sha256: Of the BLOB's file.
        time: When it was imported, and its signature verified.
    """

    number: int
    next_update: date
    sha256: Hex256
    time: datetime


class SecretSet(Value, frozen=True):
    """One password or PIN and how it was put on paper.

    Attributes:
        subject: The account (a password) or the key (its PIN).
        threshold: How many of the `count` sheets give the secret; 1 of 1 is a whole secret.
        alphabet: Name of the alphabet that a password was drawn from; absent for all else.
        length: Characters of that password (S28).
        ceremony: In which it was made; absent where none was named.
        since: When it came into force.
        since_seq: `seq` of the entry by which it did.
        offered: Whether its password was about to be typed at the tenant.
        lives: When the tenant took its password although it was not in force, and so still might;
            absent where it did not.
        before: The set that was in force when this one came into force.
        evidence: SHA-256 of the evidence that the tenant took its password; absent without any.
        shown: Whether two people signed in with it together, and entered that there and then.
    """

    id: Id
    purpose: Purpose
    subject: Id
    threshold: int
    count: int
    form: Form
    alphabet: Id | None = None
    length: int | None = None
    ceremony: Id | None = None
    state: SetState = SetState.MADE
    since: datetime | None = None
    since_seq: int | None = None
    offered: bool = False
    lives: datetime | None = None
    before: Id | None = None
    evidence: Hex256 | None = None
    shown: bool = False


class Envelope(Value, frozen=True):
    """Sealed paper or a sealed key.

    Attributes:
        holds: What the organisation's plan calls its content, e.g. `share:bg1:2`.
        set: The secret set of its sheet; absent for a key.
        number: The sheet's number in that set, from 1.
        proof: Proof of the sheet's content, 64 hex digits; absent for a key.
        bag: Number of the tamper-evident bag.
        proven: Whether its content was ever seen to be right: a sheet read back, a key packed.
        hands: Who handled it last, while it lies in no safe; nobody any more once its key is packed
            elsewhere.
    """

    id: Id
    holds: str
    state: EnvelopeState
    set: Id | None = None
    number: int | None = None
    proof: Hex256 | None = None
    bag: Id | None = None
    safe: Id | None = None
    proven: bool = False
    hands: tuple[Id, ...] = ()


class Decision(Value, frozen=True):
    """A recorded choice: a conflict of the sources (C1 to C8), or an exception.

    Attributes:
        choice: What was decided, in a word.
        review: The day on which it is looked at again.
        details: Commitment to the erasable row that says why.
        by: Who decided and signed.
        beside: Who stood by together with them, each under the eyes of the others.
        seq: The entry that it stands in.
    """

    id: Id
    choice: Id
    review: date
    details: Hex256
    by: tuple[Id, ...]
    seq: int


class Finding(Value, frozen=True):
    """Something seen that should not be so.

    Attributes:
        rule: Short name of what judged, e.g. `key-assertion`.
        subject: Id of the thing that it is about.
        seq: The entry that it stands in, or that contradicted the register.
        settled: The entry by which two people settled it; absent while it stands.
    """

    rule: str
    subject: Id
    what: str
    mend: str
    seq: int
    settled: int | None = None
