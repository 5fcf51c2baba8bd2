"""Ceremonies as the ledger tells them: what was done, and where its pages went."""

from datetime import datetime

from keyvault_kit.custody.model import Hex256, Id, Value


class Return(Value, frozen=True):
    """A ceremony went back to an earlier step: when, and what had been lost."""

    to: str
    time: datetime
    why: str


class Exceptional(Value, frozen=True):
    """Something went otherwise than planned, at a step; what, lies behind the commitment."""

    step: str
    time: datetime
    details: Hex256


class Agreement(Value, frozen=True):
    """What a participant said of the record in the end; why not lies behind the commitment."""

    person: Id
    agrees: bool
    details: Hex256 | None = None


class PageCount(Value, frozen=True):
    """The pages of a ceremony's secret sheets: what came out of the printer, and where it went."""

    printed: int
    sealed: int
    spoiled: int
    destroyed: int


class CeremonyRecord(Value, frozen=True):
    """One ceremony as the ledger tells it.

    Attributes:
        started: `seq` of its first entry; its plan is made from the register before that entry.
        done: Ids of the steps done and not undone, in order.
        times: Time of each of them.
        returns: When it went back, oldest first.
        printed: The envelopes whose secret sheets were printed in it.
        pages: How many of those pages went where, once two people counted them.
        exceptions: What went otherwise than planned, oldest first.
        agreements: What each participant said in the end.
        closed: Whether all steps are done.
    """

    id: Id
    plan: str
    request: dict[str, str | int | bool | tuple[str, ...]]
    people: tuple[Id, ...]
    started: int
    done: tuple[str, ...] = ()
    times: tuple[datetime, ...] = ()
    returns: tuple[Return, ...] = ()
    printed: tuple[Id, ...] = ()
    pages: PageCount | None = None
    exceptions: tuple[Exceptional, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    closed: bool = False
