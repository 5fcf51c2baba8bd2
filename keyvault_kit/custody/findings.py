"""What a rule found: severity, what is so, why that matters, and the mend."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is; `UNKNOWN` where it could not be judged, which is never a pass."""

    HIGH = "high"
    """One person could misuse an account, or nobody could use one."""
    MEDIUM = "medium"
    """One more failure would bring it to that."""
    LOW = "low"
    """Against a requirement, and without such a consequence."""
    UNKNOWN = "unknown"


class RuleFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found; a rule that finds nothing is passed.

    Attributes:
        rule: The requirement, `S36`.
        what: What is so, of which thing, in a sentence without a full stop.
        why: Why that is bad, or why it cannot be judged, in a whole sentence.
        mend: What to do next, in whole sentences.
        subject: Id of the thing that it is about; empty where it is about the whole.
    """

    rule: str
    severity: Severity
    what: str
    why: str
    mend: str
    subject: str = ""
