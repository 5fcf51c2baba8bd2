"""What somebody who leaves can reach, and what they remember, in sentences without a full stop."""

from collections.abc import Iterator
from typing import Final

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.coalitions import Cut, Uncounted, minimal_coalitions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.leaving.orders import (
    Case,
    content,
    has_in_hand,
    is_used,
    secret_of,
    sheets,
)
from keyvault_kit.custody.leaving.secrets import set_without_paper
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.reach import Access
from keyvault_kit.custody.wording import listed


def reached(case: Case) -> Iterator[str]:
    """Safes with what lies in them, what they have in hand, and which accounts they could use."""
    register, person = case.register, case.person
    for access in case.reach.accesses:
        if access.until is not None:
            continue
        lying = [
            f"{content(it)} ({it.id})"
            for it in register.envelopes.values()
            if it.state is EnvelopeState.DEPOSITED and it.safe == access.safe
        ]
        yield f"{_opening(person, access)}; there lies {listed(lying) or 'nothing'}"
    for it in register.envelopes.values():
        if case.reach.holds(it.id):
            yield f"{person} has {content(it)} ({it.id}) in hand"
    for key in register.keys.values():
        if has_in_hand(case, key):
            yield f"{person} has key {key.id} in hand"
    if person in register.signers:
        yield f"{person} signs acts with a key of their own"
    yield from _coalitions(holdings_of(register), person)


def _opening(person: str, access: Access) -> str:
    verb = "opens" if access.named else "knows the combination, unchanged since, of"
    alone = "alone" if access.alone else f"with {access.need - 1} of {listed(access.others)}"
    return f"{person} {verb} safe {access.safe} {alone}"


_SHOWN: Final = 3


def _coalitions(holdings: Holdings, person: str) -> Iterator[str]:
    for account, its in minimal_coalitions(holdings, ever=True).items():
        if isinstance(its, Uncounted):
            yield f"who could use {account} together cannot be counted"
            continue
        if isinstance(its, Cut):
            yield f"those who could use {account} together are too many to be listed"
            continue
        mine = [tuple(it for it in each if it != person) for each in its if person in each]
        if () in mine:
            yield f"{person} could use {account} alone, with what they saw and had in reach"
        elif mine:
            told = [f"with {listed(each)}" for each in mine[:_SHOWN]]
            more = f", or {len(mine) - _SHOWN} more" if len(mine) > _SHOWN else ""
            yield f"{person} could use {account} {', or '.join(told)}{more}"


def remembers(case: Case) -> Iterator[str]:
    """What they have of secrets that are in use, whatever became of the sheets."""
    for its in case.register.sets.values():
        if not is_used(case.register, its):
            continue
        got = case.reach.pieces(its.id)
        secret = f"{secret_of(its)} (set {its.id})"
        if got.whole:
            yield f"{case.person} saw the whole of {secret}"
        for verb, numbers in (
            ("saw", got.seen),
            ("stood by while there lay open", got.stood_by - got.seen),
            ("could alone take", got.reached - got.seen),
        ):
            if numbers:
                yield f"{case.person} {verb} {sheets(numbers)} of {its.count} of {secret}"
        for half in sorted(got.halves):
            yield f"{case.person} typed or saw half {half} of {secret}"
    for key in case.register.keys.values():
        if key.retired is None and set_without_paper(case, key):
            yield f"{case.person} set the PIN that {key.id} has, and no sheet tells it"
