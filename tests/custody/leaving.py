"""Somebody leaves, in tests: what is ordered then, and the facts that end an order."""

from datetime import UTC, date, datetime

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.leaving.leaver import Leaver, leaver
from keyvault_kit.custody.leaving.orders import OrderKind, WorkOrder
from tests.custody.life import Life

LAST = date(2026, 1, 8)
"""Three days after the sample organisation is at work."""
NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
AFTERWARDS = datetime(2026, 1, 9, 9, tzinfo=UTC)


def leaves(life: Life, person: str, on: date = LAST) -> Leaver:
    return leaver(life.register, person, on, NOW)


def orders(life: Life, person: str, kind: OrderKind) -> dict[str, WorkOrder]:
    """The orders of a kind, by their subjects."""
    found = [it for it in leaves(life, person).orders if it.kind is kind]
    assert len({it.subject for it in found}) == len(found)
    return {it.subject: it for it in found}


def states(life: Life, person: str, kind: OrderKind) -> dict[str, bool]:
    return {it.subject: it.done for it in orders(life, person, kind).values()}


def taken_off(life: Life, person: str, *safes: str) -> Life:
    """Somebody is taken off the openers of safes."""
    for safe in safes:
        before = life.register.safes[safe]
        left = tuple(it for it in before.openers if it != person)
        life.enter(ev.SafeChanged(safe=safe, openers=left, need=before.need))
    return life


def combined(life: Life, *safes: str, at: datetime | None = None) -> Life:
    """The combinations of safes are changed."""
    done = (ev.DutyDone(duty=Duty.COMBINATION, subject=safe) for safe in safes)
    return life.enter(*done, at=at)


def new_password(life: Life, name: str, account: str = "bg1") -> Life:
    """Another password of an account, of two shares, in force; nobody saw it."""
    life.seal(name, subject=account)
    return life.enter(ev.PasswordSet(account=account, set=name))


def new_pin(life: Life, key: str, name: str) -> Life:
    """Another PIN of a key, sealed and set."""
    life.seal(name, sheets=1, subject=key)
    return life.enter(ev.PinSet(key=key, set=name), by=("carol",))
