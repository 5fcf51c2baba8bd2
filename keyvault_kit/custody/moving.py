"""What a move does to custody: the register as it would be, and what would be wrong with that."""

from collections.abc import Iterator
from datetime import date

import msgspec

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.history import Stay
from keyvault_kit.custody.judging import judge_holdings
from keyvault_kit.custody.model import Id
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.survival import Accounts, Survival
from keyvault_kit.custody.wording import listed


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Something that moves: envelopes to a safe, or a safe to a site.

    Attributes:
        to: The safe, or the site.
        safe: The safe that moves; empty where envelopes do.
    """

    to: Id
    envelopes: tuple[Id, ...] = ()
    safe: str = ""


def after_move(register: Register, it: Moved) -> Register:
    """The register as it would be after a move; what led there is not in it."""
    state = register.copy()
    if it.safe:
        state.safes[it.safe] = msgspec.structs.replace(state.safes[it.safe], site=it.to)
    for envelope in it.envelopes:
        its = state.envelopes[envelope]
        state.envelopes[envelope] = msgspec.structs.replace(its, safe=it.to)
        state.stays[envelope] = (*_ended(state, envelope), *_begun(state, it.to))
    return state


def _ended(state: Register, envelope: str) -> Iterator[Stay]:
    for stay in state.stays.get(envelope, ()):
        yield stay if stay.until else msgspec.structs.replace(stay, until=state.time)


def _begun(state: Register, safe: str) -> Iterator[Stay]:
    if state.time is not None:
        yield Stay(safe=safe, since=state.time)


def told_of(register: Register, it: Moved, day: date) -> tuple[str, ...]:
    """What gets worse by a move, in sentences: new findings (S34 to S39), and losses of a site.

    A finding that was there is told again where the move changes what it says.

    Args:
        day: Whoever has no authority on it is not counted on.
    """
    before, after = holdings_of(register, day), holdings_of(after_move(register, it), day)
    survives, will_survive = Survival(before), Survival(after)
    known = judge_holdings(before, survives)
    found = [each for each in judge_holdings(after, will_survive) if each not in known]
    return (
        *(f"{each.severity} {each.rule}: {each.what}. {each.why} {each.mend}" for each in found),
        *_losses(survives.site_loss, will_survive.site_loss),
    )


def _losses(before: dict[str, Accounts], after: dict[str, Accounts]) -> Iterator[str]:
    for site, left in after.items():
        gone = [account for account in before.get(site, ()) if account not in left]
        if gone:
            yield f"With site {site} lost, {listed(gone)} could not be used any more."
