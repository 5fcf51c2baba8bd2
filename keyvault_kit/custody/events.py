"""What happened: one struct a fact.

Facts know neither their place nor their time: the entry that carries one does.
"""

import msgspec

from keyvault_kit.custody.model import (
    Count,
    Hex256,
    Id,
    Mode,
    PaperSize,
    Purpose,
    Role,
    Signer,
    Use,
)

Request = dict[str, str | int | bool | tuple[str, ...]]
"""What a ceremony is about: the fields of its plan's request, as the ledger keeps them."""


class Fact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
):
    """One thing that was done or seen: an act, unless it is an observation."""


class Observation(Fact, frozen=True):
    """What was seen: it is always accepted, and a finding where it contradicts the register."""


class LedgerFounded(Fact, frozen=True, tag="ledger.founded"):
    """Entry 0: who vouches for this ledger, and 32 random bytes that make it one of a kind."""

    founders: tuple[Signer, ...]
    nonce: Hex256
    mode: Mode


class OrganisationNamed(Fact, frozen=True, tag="organisation.named"):
    """Whose ledger this is, as sheets and reports print it."""

    name: str


class PersonAdded(Fact, frozen=True, tag="person.added"):
    """A person who may act; `details` commits to the erasable row with the name."""

    person: Id
    roles: tuple[Role, ...]
    details: Hex256


class SiteAdded(Fact, frozen=True, tag="site.added"):
    """A place with safes, and the paper that is printed on there."""

    site: Id
    paper: PaperSize


class SafeAdded(Fact, frozen=True, tag="safe.added"):
    """A container with its openers and how many of them it needs."""

    safe: Id
    site: Id
    openers: tuple[Id, ...]
    need: Count


class AccountAdded(Fact, frozen=True, tag="account.added"):
    """An emergency access account and its sign-in name."""

    account: Id
    upn: str


class KeyRegistered(Fact, frozen=True, tag="key.registered"):
    """A key under its asset tag, with what it said about itself."""

    key: Id
    account: Id
    use: Use
    product: str
    aaguid: str
    firmware: str | None = None
    serial: int | None = None


class KeyProven(Observation, frozen=True, tag="key.proven"):
    """The verdict on a fresh attestation, with the fingerprints that carried it."""

    key: Id
    verdict: str
    reasons: tuple[str, ...] = ()
    leaf: Hex256 | None = None
    root: Hex256 | None = None


class KeyReset(Observation, frozen=True, tag="key.reset"):
    """A key was set back to its factory state; PIN and credentials are gone."""

    key: Id
    why: str


class PinSet(Fact, frozen=True, tag="pin.set"):
    """The key took the PIN of this set."""

    key: Id
    set: Id


class PinChecked(Observation, frozen=True, tag="pin.checked"):
    """A PIN was tried, right or wrong, and the attempts left after it."""

    key: Id
    right: bool
    retries: int | None = None


class PasskeyEnrolled(Fact, frozen=True, tag="passkey.enrolled"):
    """A passkey made for an account; `answer` is the SHA-256 of the registration file."""

    key: Id
    rp_id: str
    credential: str
    public_key: str
    answer: Hex256


class SetMade(Fact, frozen=True, tag="set.made"):
    """A password or PIN was drawn and split; how it is put on paper."""

    set: Id
    purpose: Purpose
    subject: Id
    threshold: Count
    count: Count


class SetVoided(Fact, frozen=True, tag="set.voided"):
    """A set that never came into force is given up."""

    set: Id
    why: str


class EnvelopePrinted(Fact, frozen=True, tag="envelope.printed"):
    """A sheet came out of the printer; `proof` is what its content must agree with."""

    envelope: Id
    holds: str
    set: Id
    number: Count
    proof: Hex256


class EnvelopeProven(Fact, frozen=True, tag="envelope.proven"):
    """The printed sheet was read back and agrees with its proof."""

    envelope: Id


class KeyPacked(Fact, frozen=True, tag="key.packed"):
    """A key was put into an envelope of its own."""

    envelope: Id
    holds: str
    key: Id


class EnvelopeSealed(Fact, frozen=True, tag="envelope.sealed"):
    """Sheet or key lie in a tamper-evident bag with this number."""

    envelope: Id
    bag: Id


class EnvelopeDeposited(Fact, frozen=True, tag="envelope.deposited"):
    """The bag lies in this safe."""

    envelope: Id
    safe: Id


class EnvelopeOpened(Observation, frozen=True, tag="envelope.opened"):
    """An envelope was opened; opening never waits, so this is never refused."""

    envelope: Id
    why: str
    intact: bool


class EnvelopeSpoiled(Fact, frozen=True, tag="envelope.spoiled"):
    """The sheet is void: it was never in force and is destroyed."""

    envelope: Id
    why: str


class PasswordOffered(Observation, frozen=True, tag="password.offered"):
    """The password of this set is about to be typed at the tenant.

    From here on the tenant may have it, so its sheets are not destroyed before people said no.
    """

    account: Id
    set: Id


class PasswordSet(Fact, frozen=True, tag="password.set"):
    """The tenant took the password of this set; the set is in force, the one before it dead."""

    account: Id
    set: Id


class AccountUsed(Observation, frozen=True, tag="account.used"):
    """Somebody signed in to, or could have; rotation falls due (S32)."""

    account: Id
    why: str


class SecretExposed(Observation, frozen=True, tag="secret.exposed"):
    """A person saw a secret: the whole, one sheet of it, or one half of a password."""

    person: Id
    set: Id
    number: Count | None = None
    half: Count | None = None


class ShareVerified(Observation, frozen=True, tag="share.verified"):
    """One sheet alone agrees with its proof."""

    envelope: Id


class PasswordRecovered(Observation, frozen=True, tag="password.recovered"):
    """Enough shares gave a password, and whether the tenant took it."""

    account: Id
    set: Id
    accepted: bool


class KeyAsserted(Observation, frozen=True, tag="key.asserted"):
    """The key answered a fresh challenge (`nonce`) with its registered passkey."""

    key: Id
    nonce: Hex256


class FindingMade(Observation, frozen=True, tag="finding.made"):
    """Something is not as the register says."""

    rule: str
    subject: Id
    what: str
    mend: str


class CheckpointSigned(Fact, frozen=True, tag="checkpoint.signed"):
    """These people signed the checkpoint of the first `size` entries."""

    size: int
    root: Hex256
    signers: tuple[Id, ...]


class CeremonyStarted(Fact, frozen=True, tag="ceremony.started"):
    """A ceremony began: which plan, about what, by whom."""

    ceremony: Id
    plan: str
    people: tuple[Id, ...]
    request: Request


class CeremonyStepped(Fact, frozen=True, tag="ceremony.stepped"):
    """A step is done; its facts stand just before this entry."""

    ceremony: Id
    step: str


class CeremonyReturned(Fact, frozen=True, tag="ceremony.returned"):
    """What a later step needed was lost: the ceremony goes back, and these steps are undone."""

    ceremony: Id
    to: str
    undone: tuple[str, ...]
    why: str


class CeremonyClosed(Fact, frozen=True, tag="ceremony.closed"):
    """All steps are done."""

    ceremony: Id


AnyFact = (
    LedgerFounded
    | OrganisationNamed
    | PersonAdded
    | SiteAdded
    | SafeAdded
    | AccountAdded
    | KeyRegistered
    | KeyProven
    | KeyReset
    | PinSet
    | PinChecked
    | PasskeyEnrolled
    | SetMade
    | SetVoided
    | EnvelopePrinted
    | EnvelopeProven
    | KeyPacked
    | EnvelopeSealed
    | EnvelopeDeposited
    | EnvelopeOpened
    | EnvelopeSpoiled
    | PasswordOffered
    | PasswordSet
    | AccountUsed
    | SecretExposed
    | ShareVerified
    | PasswordRecovered
    | KeyAsserted
    | FindingMade
    | CheckpointSigned
    | CeremonyStarted
    | CeremonyStepped
    | CeremonyReturned
    | CeremonyClosed
)
