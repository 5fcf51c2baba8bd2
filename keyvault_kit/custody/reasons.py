"""Reasons: why these people can use an account, in a sentence that an auditor can check (S38).

'bob alone can use bg2: its key K3 and PIN P3 lie in safe HQ-1.' A reason names one way in, the one
that takes the fewest things, and whatever a person still knows comes last.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from keyvault_kit.custody.coalitions import classes
from keyvault_kit.custody.conditions import Condition, Have, conditions
from keyvault_kit.custody.holdings import Holdings, Item, Kind, Way
from keyvault_kit.custody.reach import HALVES
from keyvault_kit.custody.wording import listed

_WORDS: Final = {
    Kind.KEY: "its key",
    Kind.PIN: "PIN",
    Kind.PASSWORD: "its password",
    Kind.SHARE: "share",
    Kind.PART: "part",
}
_SAID: Final = {Kind.PIN: "PIN", Kind.PASSWORD: "password"}
_SEEN: Final = "seen:"
"""How the ids begin of what the register knows to have been seen, and lies nowhere."""


class Use(msgspec.Struct, frozen=True):
    """An item that people have, and the way by which they have it.

    Attributes:
        actors: Those of them who go that way.
        now: Whether the way is open now; otherwise it is a memory, or was open before.
    """

    item: Item
    way: Way
    actors: tuple[str, ...]
    now: bool


def reason(
    holdings: Holdings, account: str, coalition: Collection[str], *, ever: bool = False
) -> str:
    """Why these people together can use an account, without a full stop.

    Args:
        ever: Whether what was seen, remembered and in reach before counts too.
    """
    return Reasons(holdings).of(account, coalition, ever=ever)


class Reasons:
    """The reasons of one holdings, of which many may be asked for."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._conditions = conditions(holdings)

    def of(self, account: str, coalition: Collection[str], *, ever: bool = False) -> str:
        """As :func:`reason`."""
        people = tuple(sorted(coalition))
        if not people:
            return f"without anybody {account} cannot be used"
        who = f"{listed(people)} {'together' if len(people) > 1 else 'alone'}"
        why = self.why(account, people, ever=ever)
        if not why:
            return f"{who} cannot use {account}"
        return f"{who} {'could' if ever else 'can'} use {account}: {why}"

    def why(self, account: str, coalition: Collection[str], *, ever: bool = False) -> str:
        """What lies where that they use, in words; empty where they cannot use the account."""
        uses = self.uses(account, coalition, ever=ever)
        return "; ".join(_clauses(uses or [], alone=len(coalition) == 1))

    def uses(
        self, account: str, coalition: Collection[str], *, ever: bool = False
    ) -> list[Use] | None:
        """What they use: of all ways in the one with the fewest things; None if there is none."""
        condition = self._conditions.get(account)
        return _uses(condition, frozenset(coalition), ever=ever) if condition else None

    def equals(self, account: str, *, ever: bool) -> dict[str, tuple[str, ...]]:
        """Person -> all who go the same ways to what opens this account."""
        items = tuple(_items(self._conditions[account]))
        part = msgspec.structs.replace(self._holdings, items=items)
        return {it: people for people in classes(part, ever=ever) for it in people}


# --- The way in


def _uses(condition: Condition, people: frozenset[str], *, ever: bool) -> list[Use] | None:
    """What they use to meet a condition: of all ways in the one with the fewest things."""
    if isinstance(condition, Have):
        use = _use(condition.item, people, ever=ever)
        return [use] if use else None
    met = [uses for it in condition.of if (uses := _uses(it, people, ever=ever)) is not None]
    if len(met) < condition.need:
        return None
    return [use for uses in sorted(met, key=_cost)[: condition.need] for use in uses]


def _items(condition: Condition) -> Iterator[Item]:
    """The items of a condition, in its order; one may come more than once."""
    if isinstance(condition, Have):
        yield condition.item
        return
    for it in condition.of:
        yield from _items(it)


def _cost(uses: list[Use]) -> tuple[int, int, list[str]]:
    """What is had now, and few things, come first; of equals, what is first by name."""
    return sum(not use.now for use in uses), len(uses), sorted(use.item.id for use in uses)


def _use(item: Item, people: frozenset[str], *, ever: bool) -> Use | None:
    for way in item.now + (item.before if ever else ()):
        actors = sorted(way.people & people)
        if len(actors) >= way.need:
            return Use(item, way, tuple(actors[: way.need]), now=way in item.now)
    return None


# --- Words


def _clauses(uses: list[Use], *, alone: bool) -> Iterator[str]:
    together: dict[tuple[bool, tuple[str, ...], str], list[Item]] = defaultdict(list)
    for use in sorted(uses, key=lambda it: not it.now):
        in_safe = use.now and bool(use.item.safe)
        together[in_safe, use.actors, use.way.how].append(use.item)
    for (in_safe, actors, how), items in together.items():
        if in_safe:
            opens = "" if alone else f", which {_do(actors, 'opens')}"
            both = " together" if len(actors) > 1 else ""
            yield f"{_things(items)} {_lie(items)} in safe {items[0].safe}{opens}{both}"
        else:
            yield _way(actors, how, items)


def _way(actors: tuple[str, ...], how: str, items: list[Item]) -> str:
    """'bob holds its key K1': the word 'it' of a way stands for what is had by it."""
    told, times = re.subn(r"\bit\b", lambda _: _things(items), how, count=1)
    there = "" if times else f" ({_things(items)} {_lie(items)} there)"
    return f"{_do(actors, told)}{there}"


def _do(actors: tuple[str, ...], does: str) -> str:
    """'alice opens', 'alice and bob open'."""
    verb, space, rest = does.partition(" ")
    return f"{listed(actors)} {verb.removesuffix('s') if len(actors) > 1 else verb}{space}{rest}"


def _lie(items: list[Item]) -> str:
    return "lie" if len(items) > 1 else "lies"


def _things(items: Iterable[Item]) -> str:
    """'its key K1 and PIN P1', 'shares S1 and S2 of its password'."""
    kinds: dict[tuple[Kind, str], list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda it: list(Kind).index(it.kind)):
        kinds[item.kind, item.set].append(item)
    return listed(_named(kind, its) for (kind, _), its in kinds.items())


def _named(kind: Kind, items: list[Item]) -> str:
    of = ""
    if kind in (Kind.SHARE, Kind.PART):
        of = " of its password" if items[0].accounts else " of the PIN"
    if items[0].id.startswith(_SEEN):
        one, many = (
            ("a half", "halves") if items[0].threshold == len(HALVES) else ("a piece", "pieces")
        )
        return f"{many if len(items) > 1 else one}{of}" if of else f"its {_SAID[kind]}"
    if all(it.id.casefold().startswith(f"{kind}") for it in items):
        return f"{listed(it.id for it in items)}{of}"
    word = f"{_WORDS[kind]}{'s' if len(items) > 1 else ''}"
    return f"{word} {listed(it.id for it in items)}{of}"
