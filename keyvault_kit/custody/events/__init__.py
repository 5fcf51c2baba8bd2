"""What happened: one struct a fact.

Facts know neither their place nor their time: the entry that carries one does.
"""

from keyvault_kit.custody.events.base import Fact, Natural, Observation, Positive, Request
from keyvault_kit.custody.events.ceremonies import (
    CeremonyAgreed,
    CeremonyClosed,
    CeremonyReturned,
    CeremonyStarted,
    CeremonyStepped,
    ExceptionNoted,
    FindingMade,
    FindingSettled,
    PagesCounted,
)
from keyvault_kit.custody.events.duties import DutyDone, TriggerNoted
from keyvault_kit.custody.events.envelopes import (
    CardPacked,
    EnvelopeBagged,
    EnvelopeCorrected,
    EnvelopeDeposited,
    EnvelopeDestroyed,
    EnvelopeMoved,
    EnvelopeOpened,
    EnvelopePrinted,
    EnvelopeProven,
    EnvelopeResealed,
    EnvelopeSealed,
    EnvelopeSpoiled,
    KeyPacked,
)
from keyvault_kit.custody.events.evidence import (
    EvidenceTaken,
    PasskeyAnswered,
    PasswordAnswered,
    SignInSeen,
    UseClassed,
)
from keyvault_kit.custody.events.items import (
    FileHash,
    ItemAdded,
    ItemPacked,
    ItemRetired,
    MediumLoggedIn,
    MediumLoggedOut,
)
from keyvault_kit.custody.events.keys import (
    CredentialDeleted,
    KeyAsserted,
    KeyBound,
    KeyCorrected,
    KeyProven,
    KeyRegistered,
    KeyReset,
    KeyRetired,
    KeySeen,
    MetadataImported,
    PasskeyEnrolled,
    PinChanged,
    PinChecked,
    PinPolicyRaised,
    PinSet,
)
from keyvault_kit.custody.events.log import (
    ActsSigned,
    CheckpointSigned,
    ClockChecked,
    ClockOverruled,
    ClockUnchecked,
    LedgerFounded,
    LedgerRefounded,
    ProposalAccepted,
    ProposalRefused,
    RecipientSet,
    SignerAdded,
    SignerReplaced,
    SignerRevoked,
)
from keyvault_kit.custody.events.organisation import (
    AbsenceNoted,
    AccountAdded,
    AccountChanged,
    DecisionMade,
    DetailsErased,
    OrganisationNamed,
    PersonAdded,
    PersonChanged,
    SafeAdded,
    SafeChanged,
    SafeMoved,
    SiteAdded,
    SiteChanged,
)
from keyvault_kit.custody.events.secrets import (
    AccountUsed,
    PasswordOffered,
    PasswordRecovered,
    PasswordSet,
    SecretExposed,
    SetMade,
    SetVoided,
    ShareVerified,
)

AnyFact = (
    LedgerFounded
    | LedgerRefounded
    | SignerAdded
    | SignerReplaced
    | SignerRevoked
    | ActsSigned
    | ProposalAccepted
    | ProposalRefused
    | RecipientSet
    | CheckpointSigned
    | ClockChecked
    | ClockOverruled
    | ClockUnchecked
    | OrganisationNamed
    | PersonAdded
    | PersonChanged
    | AbsenceNoted
    | DetailsErased
    | SiteAdded
    | SiteChanged
    | SafeAdded
    | SafeChanged
    | SafeMoved
    | AccountAdded
    | AccountChanged
    | DecisionMade
    | KeyRegistered
    | KeyProven
    | KeyReset
    | PinSet
    | PinChecked
    | PagesCounted
    | PasskeyEnrolled
    | KeyAsserted
    | KeySeen
    | KeyCorrected
    | KeyBound
    | KeyRetired
    | PinChanged
    | PinPolicyRaised
    | CredentialDeleted
    | MetadataImported
    | SetMade
    | SetVoided
    | PasswordOffered
    | PasswordSet
    | PasswordRecovered
    | ShareVerified
    | SecretExposed
    | AccountUsed
    | EnvelopePrinted
    | EnvelopeProven
    | EnvelopeResealed
    | KeyPacked
    | EnvelopeSealed
    | EnvelopeDeposited
    | EnvelopeMoved
    | EnvelopeOpened
    | EnvelopeSpoiled
    | EnvelopeDestroyed
    | EnvelopeBagged
    | EnvelopeCorrected
    | CeremonyStarted
    | CeremonyStepped
    | CeremonyReturned
    | CardPacked
    | CeremonyClosed
    | FindingMade
    | FindingSettled
    | DutyDone
    | TriggerNoted
    | ExceptionNoted
    | CeremonyAgreed
    | EvidenceTaken
    | SignInSeen
    | PasskeyAnswered
    | PasswordAnswered
    | UseClassed
    | ItemAdded
    | ItemPacked
    | ItemRetired
    | MediumLoggedIn
    | MediumLoggedOut
)

__all__ = [
    "AbsenceNoted",
    "AccountAdded",
    "AccountChanged",
    "AccountUsed",
    "ActsSigned",
    "AnyFact",
    "CardPacked",
    "CeremonyAgreed",
    "CeremonyClosed",
    "CeremonyReturned",
    "CeremonyStarted",
    "CeremonyStepped",
    "CheckpointSigned",
    "ClockChecked",
    "ClockOverruled",
    "ClockUnchecked",
    "CredentialDeleted",
    "DecisionMade",
    "DetailsErased",
    "DutyDone",
    "EnvelopeBagged",
    "EnvelopeCorrected",
    "EnvelopeDeposited",
    "EnvelopeDestroyed",
    "EnvelopeMoved",
    "EnvelopeOpened",
    "EnvelopePrinted",
    "EnvelopeProven",
    "EnvelopeResealed",
    "EnvelopeSealed",
    "EnvelopeSpoiled",
    "EvidenceTaken",
    "ExceptionNoted",
    "Fact",
    "FileHash",
    "FindingMade",
    "FindingSettled",
    "ItemAdded",
    "ItemPacked",
    "ItemRetired",
    "KeyAsserted",
    "KeyBound",
    "KeyCorrected",
    "KeyPacked",
    "KeyProven",
    "KeyRegistered",
    "KeyReset",
    "KeyRetired",
    "KeySeen",
    "LedgerFounded",
    "LedgerRefounded",
    "MediumLoggedIn",
    "MediumLoggedOut",
    "MetadataImported",
    "Natural",
    "Observation",
    "OrganisationNamed",
    "PagesCounted",
    "PasskeyAnswered",
    "PasskeyEnrolled",
    "PasswordAnswered",
    "PasswordOffered",
    "PasswordRecovered",
    "PasswordSet",
    "PersonAdded",
    "PersonChanged",
    "PinChanged",
    "PinChecked",
    "PinPolicyRaised",
    "PinSet",
    "Positive",
    "ProposalAccepted",
    "ProposalRefused",
    "RecipientSet",
    "Request",
    "SafeAdded",
    "SafeChanged",
    "SafeMoved",
    "SecretExposed",
    "SetMade",
    "SetVoided",
    "ShareVerified",
    "SignInSeen",
    "SignerAdded",
    "SignerReplaced",
    "SignerRevoked",
    "SiteAdded",
    "SiteChanged",
    "TriggerNoted",
    "UseClassed",
]
