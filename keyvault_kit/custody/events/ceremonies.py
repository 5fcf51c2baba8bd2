"""Ceremonies, and what they found."""

from keyvault_kit.custody.events.base import Fact, Natural, Observation, Request
from keyvault_kit.custody.model import Hex256, Id


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


class PagesCounted(Fact, frozen=True, tag="ceremony.counted"):
    """Two people counted the pages of secret sheets: all that were printed lie where they belong.

    Attributes:
        printed: What came out of the printer in the ceremony, jams and misprints included.
        sealed, spoiled, destroyed: Where those pages are; together as many.
    """

    ceremony: Id
    printed: Natural
    sealed: Natural
    spoiled: Natural
    destroyed: Natural = 0


class CeremonyClosed(Fact, frozen=True, tag="ceremony.closed"):
    """All steps are done."""

    ceremony: Id


class FindingMade(Observation, frozen=True, tag="finding.made"):
    """Something is not as the register says."""

    rule: str
    subject: Id
    what: str
    mend: str


class FindingSettled(Fact, frozen=True, tag="finding.settled"):
    """Two people looked into a finding and settled it; how lies in the erasable row.

    Attributes:
        finding: `seq` of the entry that it stands in, or that contradicted the register.
    """

    finding: Natural
    subject: Id
    details: Hex256


class ExceptionNoted(Observation, frozen=True, tag="ceremony.exception"):
    """Something went otherwise than the plan says; what, lies in the erasable row.

    Attributes:
        step: At which step.
        details: Commitment to what was expected, what happened and what was decided.
    """

    ceremony: Id
    step: str
    details: Hex256


class CeremonyAgreed(Observation, frozen=True, tag="ceremony.agreed"):
    """A participant says, at the end, whether the record of the ceremony is true.

    Attributes:
        agrees: False also where they had gone.
        details: Commitment to the reason why not.
    """

    ceremony: Id
    person: Id
    agrees: bool
    details: Hex256 | None = None
