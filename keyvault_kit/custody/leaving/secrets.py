"""Which secrets are changed when somebody leaves, and which bags are looked at.

What must be changed follows from what they *alone* could have had (S38, S39, S42, S55; PCI PIN
21-2.4):

- a whole secret that they could have had (they saw it, or set it and put it on no paper; or saw
  enough of its sheets or halves; or enough of its sheets lay where they alone could take them): it
  is changed at once. A PIN opens nothing without its key: it has a week, unless that key lies where
  they alone could take it, too;
- a secret of which they stood by while enough lay open: they may not have read it; it has a week;
- some pieces that they saw, and not enough: each counts from now on as one that a stranger has, so
  whoever else colludes needs one fewer. The secret is changed and split anew within thirty days;
- sealed bags that they could come to, with what is none of the above: the bags are looked at, and
  what is not whole is opened and made anew. A bag that is whole was not read.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import IntEnum
from typing import Final

from keyvault_kit.custody.leaving.orders import (
    A_MONTH,
    A_WEEK,
    AT_ONCE,
    NEXT_DAY,
    Case,
    OrderKind,
    WorkOrder,
    is_used,
    secret_of,
    sheets,
)
from keyvault_kit.custody.model import (
    STATION,
    Envelope,
    EnvelopeState,
    Purpose,
    SecretSet,
    SecurityKey,
    SetState,
)
from keyvault_kit.custody.reach import suffices
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed, password_anew, pin_anew


class Threat(IntEnum):
    """How much of a secret they have, from nothing that counts to all of it."""

    NONE = 0
    PIECES = 1
    STOOD_BY = 2
    ALONE = 3


def changes(case: Case, purpose: Purpose) -> Iterator[WorkOrder]:
    """An order for each secret of which they have something: open while it is what is used."""
    register = case.register
    for subject in _subjects(register, purpose):
        if purpose is Purpose.PIN and set_without_paper(case, register.keys[subject]):
            yield _pin_without_paper(case, subject)
            continue
        threats = [(it, threat_of(case, it)) for it in register.sets_of(subject, purpose)]
        threats = [(its, threat) for its, threat in threats if threat is not Threat.NONE]
        used = [it for it in threats if is_used(register, it[0])]
        over = [it for it in threats if it[0].state is SetState.DEAD]
        if used:
            yield _change(case, *max(used, key=lambda it: it[1]), done=False)
        elif over:
            yield _change(case, *over[-1], done=True)


def _subjects(register: Register, purpose: Purpose) -> tuple[str, ...]:
    in_service = tuple(it.id for it in register.keys.values() if it.retired is None)
    return {
        Purpose.PASSWORD: tuple(register.accounts),
        Purpose.PIN: in_service,
        Purpose.IDENTITY: (STATION,),
    }[purpose]


def set_without_paper(case: Case, key: SecurityKey) -> bool:
    """Whether they gave a key the PIN that it has, and no sheet tells it."""
    return key.unrecorded is not None and case.person in key.unrecorded.by


def _pin_without_paper(case: Case, key: str) -> WorkOrder:
    return case.order(
        OrderKind.CHANGE,
        key,
        f"change the PIN of {key}, and seal the new one: {pin_anew(key)}",
        f"{case.person} set the one that it has, and no sheet tells it (S39)",
        done=False,
        within=_time_for_pin(case, key),
    )


def threat_of(case: Case, its: SecretSet) -> Threat:
    """How much of a set's secret they could have."""
    got = case.reach.pieces(its.id)
    had = got.seen | got.reached
    if got.whole or suffices(its, had, got.halves):
        return Threat.ALONE
    if suffices(its, had | got.stood_by, got.halves):
        return Threat.STOOD_BY
    return Threat.PIECES if got.seen or got.halves else Threat.NONE


def _change(case: Case, its: SecretSet, threat: Threat, *, done: bool) -> WorkOrder:
    remake = threat is Threat.PIECES
    return case.order(
        OrderKind.REMAKE if remake else OrderKind.CHANGE,
        its.subject,
        f"change {secret_of(its)}, and seal the new one: {_how(case.register, its)}",
        _against(case, its, threat),
        done=done,
        within=_time_for(case, its, threat),
    )


def _how(register: Register, its: SecretSet) -> str:
    if its.purpose is Purpose.PASSWORD:
        return password_anew(its.subject, register.accounts[its.subject].password_set)
    return pin_anew(its.subject) if its.purpose is Purpose.PIN else "'ledger renew-identity'"


def _time_for(case: Case, its: SecretSet, threat: Threat) -> timedelta:
    if threat is Threat.PIECES:
        return A_MONTH
    if threat is Threat.STOOD_BY or its.purpose is Purpose.IDENTITY:
        return A_WEEK
    return _time_for_pin(case, its.subject) if its.purpose is Purpose.PIN else AT_ONCE


def _time_for_pin(case: Case, key: str) -> timedelta:
    bag = case.register.bag_of(key)
    with_key = case.person in case.register.keys[key].hands
    return AT_ONCE if with_key or (bag and case.reach.alone(bag.id)) else A_WEEK


def _against(case: Case, its: SecretSet, threat: Threat) -> str:
    got = case.reach.pieces(its.id)
    if threat is Threat.PIECES:
        had = [sheets(got.seen)] if got.seen else []
        had += [f"half {half}" for half in sorted(got.halves)]
        return f"{case.person} knows {listed(had)} of {its.id}: others need one fewer (S39)"
    if threat is Threat.STOOD_BY:
        return f"{case.person} stood by while enough sheets of {its.id} lay open (S39)"
    if got.whole or not (got.seen | got.reached):
        return f"{case.person} saw the whole of {its.id} (S39)"
    enough = sheets(got.seen | got.reached)
    return f"{case.person} alone could have {enough} of {its.id}, which is enough (S39)"


# --- Bags and reviews


_IN_BAGS: Final = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)


def bags(case: Case) -> Iterator[WorkOrder]:
    """Bags that they could come to, with what is not changed anyhow."""
    register = case.register
    for account in register.accounts:
        lying = [
            f"{it.id} ({it.bag})"
            for it in register.envelopes.values()
            if it.state in _IN_BAGS
            and _account_of(register, it) == account
            and case.reach.ways(it.id)
            and not (it.set and threat_of(case, register.sets[it.set]) is not Threat.NONE)
        ]
        if lying:
            yield case.order(
                OrderKind.BAGS,
                account,
                f"look at the bags of {account}, and seal anew what is not whole: {listed(lying)};"
                f" then review it: 'review {account}'",
                f"{case.person} could come to them; a bag that is whole was not read (S42)",
                done=case.reviewed(account),
                within=NEXT_DAY,
            )


def _account_of(register: Register, it: Envelope) -> str:
    """The account that an envelope's content belongs to; none of cards and identities."""
    its = register.sets.get(it.set or "")
    if its and its.purpose is Purpose.PASSWORD:
        return its.subject if is_used(register, its) else ""
    tag = its.subject if its and is_used(register, its) else it.holds.removeprefix("key:")
    key = register.keys.get(tag)
    return key.account if key else ""
