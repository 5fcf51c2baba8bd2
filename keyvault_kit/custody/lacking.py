"""What keeps an account from being counted on: nobody can use it, or only by what does not count.

Misuse counts every password, every sheet and everybody; survival counts those passwords that sign
in, what lies where it should, and people with authority (C7, S37). Where the one can use an account
and the other cannot, something of that is what it lacks.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Final, NamedTuple

import msgspec

from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.survival import Survival


class Lack(NamedTuple):
    """Something without which an account cannot be counted on.

    Attributes:
        what: What is so, in words without a full stop.
        mend: What to do, in whole sentences.
        supplied: From holdings to the same as they would be with it.
    """

    what: str
    mend: str
    supplied: Callable[[Holdings], Holdings]


def _signing_in(holdings: Holdings) -> Holdings:
    return msgspec.structs.replace(holdings, signs_in={})


def _certain(holdings: Holdings) -> Holdings:
    items = tuple(msgspec.structs.replace(it, counts=True) for it in holdings.items)
    return msgspec.structs.replace(holdings, items=items)


def _authorised(holdings: Holdings) -> Holdings:
    return msgspec.structs.replace(holdings, unauthorised=frozenset())


_LACKS: Final = (
    Lack(
        "its password does not sign in",
        "Show by a drill that it does, or add a key and its PIN.",
        _signing_in,
    ),
    Lack(
        "what would open it lies in no safe, or may open it no more",
        "Deposit what is sealed and lies in no safe; change a secret of which sheets lay open, or a"
        " password of which the tenant may have another.",
        _certain,
    ),
    Lack(
        "too few of those who could use it have authority",
        "Give authority to people who open its safes, or name such people as openers.",
        _authorised,
    ),
)


def lacking(holdings: Holdings) -> dict[str, tuple[Lack, ...]]:
    """Account that cannot be counted on -> what it lacks; nothing where nobody can use it at all.

    Of all that would help, the fewest things that do so together.
    """
    found: dict[str, tuple[Lack, ...]] = {}
    bare = set(holdings.accounts) - set(Survival(holdings).everybody)
    for count in range(1, len(_LACKS) + 1):
        for lacks in combinations(_LACKS, count):
            if bare <= found.keys():
                break
            better = holdings
            for lack in lacks:
                better = lack.supplied(better)
            for account in bare & set(Survival(better).everybody):
                found.setdefault(account, lacks)
    return {account: found.get(account, ()) for account in sorted(bare)}


def not_counted_on(account: str, lacks: tuple[Lack, ...]) -> str:
    """That an account cannot be counted on, and what it lacks; without a full stop."""
    if not lacks:
        return f"nobody can use {account}, even all together"
    return f"{account} cannot be counted on: {'; '.join(it.what for it in lacks)}"
