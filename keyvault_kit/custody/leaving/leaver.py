"""Somebody leaves: what they could reach or remember, and what is to be done about it, by when.

Nothing may become impossible without them, so successors come first; on the last day their own
access ends; then come the secrets that they could have had (:mod:`secrets` has the rule),
the bags that they could come to, and the reviews (S39, S40, S42, S55). Each order is done when the
register says so, not when somebody ticks it.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.changes.envelopes import BAGS
from keyvault_kit.custody.leaving import secrets, words
from keyvault_kit.custody.leaving.orders import (
    AT_ONCE,
    NEXT_DAY,
    Case,
    OrderKind,
    WorkOrder,
    content,
    has_in_hand,
)
from keyvault_kit.custody.model import Envelope, Id, Purpose, Role, Safe
from keyvault_kit.custody.opening import is_good
from keyvault_kit.custody.reach import Reach
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.survival import usable
from keyvault_kit.custody.triggers import later


class Leaver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who leaves.

    Attributes:
        on: The last day of the authority.
        reached: What they can reach, alone or with whom; sentences without a full stop.
        remembers: What they saw, or could have seen, and what of it still counts; likewise.
        orders: What is to be done; earliest first.
    """

    person: Id
    on: date
    reached: tuple[str, ...]
    remembers: tuple[str, ...]
    orders: tuple[WorkOrder, ...]

    @property
    def open_orders(self) -> tuple[WorkOrder, ...]:
        """The orders that are not done."""
        return tuple(it for it in self.orders if not it.done)


def leaver(register: Register, person: str, on: date, now: datetime) -> Leaver:
    """What somebody who leaves could reach or remembers, and what is to be done (S39, S42, S55).

    Args:
        on: The last day of the authority; in the past, too.
        now: Aware; whoever has no authority any more by then is no successor.

    Raises:
        RefusedError: There is no such person.
    """
    known(register.people, person, "person")
    after = later(max(on, now.date()), NEXT_DAY)
    case = Case(register, person, on, after, Reach(register, person))
    kinds = list(OrderKind)
    orders = sorted(_orders(case), key=lambda it: (it.by, kinds.index(it.kind)))
    return Leaver(
        person=person,
        on=on,
        reached=tuple(words.reached(case)),
        remembers=tuple(words.remembers(case)),
        orders=tuple(orders),
    )


def _orders(case: Case) -> Iterator[WorkOrder]:
    yield from _successors(case)
    yield from _authority(case)
    yield from _safes(case)
    yield from _returns(case)
    for purpose in Purpose:
        yield from secrets.changes(case, purpose)
    yield from secrets.bags(case)
    yield from _reviews(case)


# --- Before they go


def _successors(case: Case) -> Iterator[WorkOrder]:
    """What would become impossible without them (S37)."""
    for safe in case.register.safes.values():
        mine = [it for it in case.reach.accesses if it.safe == safe.id]
        left = len(case.able(safe.openers))
        relied_on = any(it.named for it in mine) and left < safe.need
        if relied_on or any(len(it.others) < it.need for it in mine):
            yield case.order(
                OrderKind.SUCCESSOR,
                safe.id,
                f"name another opener of safe {safe.id}, before they go",
                f"without {case.person} it has too few of the {safe.need} that it takes (S37)",
                done=left >= safe.need,
                within=AT_ONCE,
            )
    for account in _locked_out(case):
        yield case.order(
            OrderKind.SUCCESSOR,
            account,
            f"let others come to what opens {account}, before they go",
            f"without {case.person} nobody could use it (S37)",
            done=False,
            within=AT_ONCE,
        )
    yield from _last_of_a_role(case)


def _locked_out(case: Case) -> tuple[str, ...]:
    """The accounts that cannot be used without them, and can with them."""
    holdings = holdings_of(case.register, case.after)
    others = holdings.acting - {case.person}
    left = usable(holdings, others)
    return tuple(it for it in usable(holdings, others | {case.person}) if it not in left)


_LEAST: Final = {
    Role.OFFICER: (TWO, "it takes two to sign who is authorised (S40)"),
    Role.CUSTODIAN: (1, "it takes one to handle the keys (S37)"),
    Role.AUDITOR: (1, "it takes one to validate the accounts (S54)"),
}
"""Role -> how many of it there must be, and what for."""


def _last_of_a_role(case: Case) -> Iterator[WorkOrder]:
    """Two officers must be able to sign, and keys and audits want somebody."""
    register = case.register
    for role in register.people[case.person].roles:
        least, what_for = _LEAST.get(role, (0, ""))
        others = tuple(it.id for it in register.people.values() if role in it.roles)
        able = case.able(others)
        if role is Role.OFFICER:
            able = tuple(it for it in able if it in register.signers)
        if len(able) < least:
            signing = " and enrol their signing key" if role is Role.OFFICER else ""
            yield case.order(
                OrderKind.SUCCESSOR,
                case.person,
                f"name another {role}{signing}, before they go",
                f"without {case.person} {_there_are(len(able))}, and {what_for}",
                done=False,
                within=AT_ONCE,
            )


def _there_are(many: int) -> str:
    return {0: "there is none", 1: "there is one"}[many]


# --- Their own access


def _authority(case: Case) -> Iterator[WorkOrder]:
    register, person = case.register, case.person
    until = register.people[person].until
    yield case.order(
        OrderKind.AUTHORITY,
        person,
        f"end the authority of {person}: 'people change {person} --until {case.on}'",
        "whoever left acts no more (S40)",
        done=until is not None and until <= case.on,
        within=AT_ONCE,
    )
    if any(term.signer.person == person for term in register.terms):
        yield case.order(
            OrderKind.SIGNING,
            person,
            f"revoke the signing key of {person}: 'people revoke {person} --why left'",
            "it would go on signing acts (S40)",
            done=person not in register.signers,
            within=AT_ONCE,
        )


def _safes(case: Case) -> Iterator[WorkOrder]:
    """Off the list, and then another combination: before that they would be told it (S42)."""
    for safe in case.register.safes.values():
        last = case.last_access(safe.id)
        if last is None:
            continue
        yield case.order(
            OrderKind.OPENERS,
            safe.id,
            f"take {case.person} off the openers of safe {safe.id}: '{_without(case, safe)}'",
            "whoever left opens nothing (S40)",
            done=not last.named,
            within=AT_ONCE,
        )
        yield case.order(
            OrderKind.COMBINATION,
            safe.id,
            f"change the combination of safe {safe.id}, and enter 'due done combination {safe.id}'",
            f"{case.person} knows it (S42)",
            done=last.until is not None,
            within=AT_ONCE,
        )


def _without(case: Case, safe: Safe) -> str:
    """The command after which they open a safe no more, as far as it is known who does then."""
    left = [it for it in safe.openers if it != case.person]
    missing = ["..."] * max(0, safe.need - len(left))
    return " ".join(("safes change", safe.id, *(f"--opener {it}" for it in left + missing)))


def _returns(case: Case) -> Iterator[WorkOrder]:
    for it in case.register.envelopes.values():
        if case.reach.holds(it.id) and _is_wanted(case.register, it):
            yield case.order(
                OrderKind.RETURN,
                it.id,
                f"take back envelope {it.id} with {content(it)}",
                f"{case.person} had it in hand last, and it lies in no safe (S39)",
                done=False,
                within=AT_ONCE,
            )
    for key in case.register.keys.values():
        if has_in_hand(case, key):
            yield case.order(
                OrderKind.RETURN,
                key.id,
                f"take back key {key.id}, and pack it",
                f"{case.person} had it in hand last, and it lies in no envelope (S39)",
                done=False,
                within=AT_ONCE,
            )


def _is_wanted(register: Register, it: Envelope) -> bool:
    """Whether what somebody has in hand opens something: not a retired key that is good no more."""
    kind, _, tag = it.holds.partition(":")
    key = register.keys.get(tag) if kind in BAGS else None
    return key is None or key.retired is None or is_good(register, key)


# --- Reviews


def _reviews(case: Case) -> Iterator[WorkOrder]:
    for account in case.register.accounts:
        yield case.order(
            OrderKind.REVIEW,
            account,
            f"review account {account}: 'review {account}'",
            "somebody with access left (S55)",
            done=case.reviewed(account),
            within=NEXT_DAY,
        )
