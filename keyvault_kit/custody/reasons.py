"""Reasons: why these people can use an account, in a sentence that an auditor can check (S38).

'bob alone can use bg2: its key K3 and PIN P3 lie in safe HQ-1.' A reason names one way in, the one
that takes the fewest things, and whatever a person still knows comes last.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from keyvault_kit.custody.analysis import Analysis
from keyvault_kit.custody.coalitions import Coalitions, Cut, classes
from keyvault_kit.custody.conditions import Condition, Have, conditions
from keyvault_kit.custody.holdings import Holdings, Item, Kind, Way
from keyvault_kit.custody.survival import usable

MOST: Final = 5
"""Reasons that are told of an account; of more, how many there are."""

_LOOKED_AT: Final = 60
"""Of so many kinds of coalitions the ways in are looked at."""

Pattern = tuple[tuple[str, ...], ...]
"""The classes of equals that the members of a coalition are of."""

_WORDS: Final = {
    Kind.KEY: "its key",
    Kind.PIN: "PIN",
    Kind.PASSWORD: "its password",
    Kind.SHARE: "share",
    Kind.PART: "part",
}
_SEEN: Final = "seen:"
"""How the ids begin of what the register knows to have been seen, and lies nowhere."""


class _Use(msgspec.Struct, frozen=True):
    """An item that people have, and the way by which they have it."""

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
        condition = self._conditions.get(account)
        uses = _uses(condition, frozenset(people), ever=ever) if condition else None
        if uses is None:
            return f"{who} cannot use {account}"
        told = "; ".join(_clauses(uses, alone=len(people) == 1))
        return f"{who} {'could' if ever else 'can'} use {account}: {told}"

    def told(self, account: str, coalitions: Coalitions, *, ever: bool = False) -> Iterator[str]:
        """A reason for each of the first ways in, and how many other coalitions there are.

        Coalitions that use the same things are told as one.
        """
        if isinstance(coalitions, Cut):
            yield f"{account}: {_counted(coalitions)}: too many to list, here is one"
            smallest = min(coalitions.examples.values(), key=lambda it: (len(it), it))
            yield self.of(account, smallest, ever=ever)
            return
        if not coalitions:
            yield f"nobody {'could' if ever else 'can'} use {account}, even all together"
        patterns = self._patterns(account, coalitions, ever=ever)
        told = set[Pattern]()
        for alike in self._by_way_in(account, patterns, ever=ever)[:MOST]:
            told |= {*alike[:MOST]}
            others = "; ".join(map(_any_of, alike[:MOST]))
            one = sum(len(patterns[it]) for it in alike) == 1
            first = self.of(account, patterns[alike[0]][0], ever=ever)
            yield first if one else f"{first} (in this way: {others})"
        rest = [it for pattern in patterns if pattern not in told for it in patterns[pattern]]
        if rest:
            sizes = sorted({len(rest[0]), len(rest[-1])})
            more = "other group" if len(rest) == 1 else "other groups"
            of = f"of {' to '.join(map(str, sizes))} people"
            yield f"{len(rest):,} {more} {of} {'could' if ever else 'can'} use {account} too"

    def _patterns(
        self, account: str, coalitions: Iterable[tuple[str, ...]], *, ever: bool
    ) -> dict[Pattern, list[tuple[str, ...]]]:
        """The coalitions, the smallest first, by the classes that their members are of."""
        class_of = self._equals(account, ever=ever)
        found: dict[Pattern, list[tuple[str, ...]]] = defaultdict(list)
        for coalition in sorted(coalitions, key=lambda it: (len(it), it)):
            found[tuple(sorted(class_of[person] for person in coalition))].append(coalition)
        return found

    def _by_way_in(
        self, account: str, patterns: dict[Pattern, list[tuple[str, ...]]], *, ever: bool
    ) -> list[list[Pattern]]:
        """Patterns that use the same things, together; of very many only some are looked at."""
        found: dict[frozenset[str], list[Pattern]] = defaultdict(list)
        for pattern in [*patterns][:: len(patterns) // _LOOKED_AT + 1]:
            members = frozenset(patterns[pattern][0])
            uses = _uses(self._conditions[account], members, ever=ever) or ()
            found[frozenset(use.item.id for use in uses)].append(pattern)
        return list(found.values())

    def _equals(self, account: str, *, ever: bool) -> dict[str, tuple[str, ...]]:
        """Person -> all who go the same ways to what opens this account."""
        items = tuple(_items(self._conditions[account]))
        part = msgspec.structs.replace(self._holdings, items=items)
        return {it: people for people in classes(part, ever=ever) for it in people}


def _counted(cut: Cut) -> str:
    """'12,000 groups of people can use it (3,000 of 2 and 9,000 of 3)'."""
    sizes = listed(f"{many:,} of {size}" for size, many in sorted(cut.by_size.items()))
    return f"{sum(cut.by_size.values()):,} groups of people can use it ({sizes})"


def _any_of(pattern: Pattern) -> str:
    """'alice with any of carol, dave', 'any 2 of erin, frank, grace'."""
    counts = Counter(pattern)
    whole = [listed(people) for people, many in counts.items() if many == len(people)]
    some = [
        f"any {'' if many == 1 else f'{many} '}of {', '.join(people)}"
        for people, many in counts.items()
        if many < len(people)
    ]
    return " with ".join(whole + some)


# --- What an auditor reads


def sentences(holdings: Holdings, analysis: Analysis) -> tuple[str, ...]:
    """What an analysis comes to, in sentences without a full stop (S35 to S39).

    Who can use each account now and why, who else could with what was seen, remembered and in reach
    before, and what is left when something is lost or somebody is away.
    """
    if not holdings.accounts:
        return ("no item opens an account, so there is nothing to tell",)
    reasons = Reasons(holdings)
    told = [
        it
        for account, coalitions in analysis.minimal_coalitions_now.items()
        for it in reasons.told(account, coalitions)
    ]
    more = {
        account: _added(analysis.minimal_coalitions_now[account], coalitions)
        for account, coalitions in analysis.minimal_coalitions_ever.items()
    }
    for account, coalitions in more.items():
        told += reasons.told(account, coalitions, ever=True) if coalitions else ()
    if not any(more.values()):
        told.append("what people saw and remember lets nobody else use an account")
    return (*told, *_survival(holdings, analysis))


def _added(now: Coalitions, ever: Coalitions) -> Coalitions:
    """The coalitions that are there by memories alone; of a cut, all, unless nothing was added."""
    if isinstance(ever, Cut):
        return () if now == ever else ever
    known = frozenset() if isinstance(now, Cut) else frozenset(now)
    return tuple(it for it in ever if it not in known)


def _survival(holdings: Holdings, analysis: Analysis) -> Iterator[str]:
    usable_now = usable(holdings, holdings.acting)
    for account in holdings.accounts:
        if account not in usable_now:
            yield f"{account} cannot be counted on, even with everybody there and nothing lost"
    if not usable_now:
        return
    for word, left in (
        ("site", analysis.site_loss),
        ("safe", analysis.safe_loss),
        ("item", analysis.item_loss),
    ):
        hurt = [
            (f"with {word} {unit} lost", _gone(usable_now, its))
            for unit, its in left.items()
            if len(its) < len(usable_now)
        ]
        yield from _either(hurt, f"any one {word} may be lost" if left else "", usable_now)
    hurt = [
        (f"with {person} away", _gone(usable_now, its))
        for person, its in analysis.one_person_absent.items()
        if len(its) < len(usable_now)
    ]
    yield from _either(hurt, "any one person may be away", usable_now)
    yield from _pairs(analysis)
    both = analysis.site_loss_and_one_absent.values()
    whole = all(its == usable_now for people in both for its in people.values())
    fine = "any one site may be lost and any one person away" if both and whole else ""
    yield from _either(list(_site_and_person(analysis, usable_now)), fine, usable_now)


def _gone(usable_now: Collection[str], left: Collection[str]) -> list[str]:
    return [it for it in usable_now if it not in left]


def _either(
    hurt: list[tuple[str, list[str]]], fine: str, usable_now: Iterable[str]
) -> Iterator[str]:
    """What is lost with what, the first few of them; or that nothing is."""
    for when, gone in hurt[:MOST]:
        yield f"{when}, {listed(gone)} cannot be used any more"
    if len(hurt) > MOST:
        yield f"the same holds for {len(hurt) - MOST:,} more of this kind"
    if fine and not hurt:
        yield f"{fine}: {listed(usable_now)} can still be used"


def _pairs(analysis: Analysis) -> Iterator[str]:
    pairs = analysis.any_two_absent_that_lock_out_everything
    for one, other in pairs[:MOST]:
        yield f"with {one} and {other} away, no account can be used"
    if len(pairs) > MOST:
        yield f"the same holds for {len(pairs) - MOST:,} more pairs"
    if not pairs and analysis.one_person_absent:
        yield "any two people may be away: an account can still be used"


def _site_and_person(
    analysis: Analysis, usable_now: Collection[str]
) -> Iterator[tuple[str, list[str]]]:
    """Where a lost site and an absent person together take more than either of them."""
    for site, people in analysis.site_loss_and_one_absent.items():
        for person, left in people.items():
            apart = {*analysis.site_loss[site]} & {*analysis.one_person_absent[person]}
            gone = [it for it in usable_now if it in apart and it not in left]
            if gone:
                yield f"with site {site} lost and {person} away", gone


# --- The way in


def _uses(condition: Condition, people: frozenset[str], *, ever: bool) -> list[_Use] | None:
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


def _cost(uses: list[_Use]) -> tuple[int, int]:
    return sum(not use.now for use in uses), len(uses)


def _use(item: Item, people: frozenset[str], *, ever: bool) -> _Use | None:
    for way in item.now + (item.before if ever else ()):
        actors = sorted(way.people & people)
        if len(actors) >= way.need:
            return _Use(item, way, tuple(actors[: way.need]), now=way in item.now)
    return None


# --- Words


def _clauses(uses: list[_Use], *, alone: bool) -> Iterator[str]:
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
        halves = "halves" if len(items) > 1 else "a half"
        return f"{halves}{of}" if of else _WORDS[kind]
    if all(it.id.casefold().startswith(f"{kind}") for it in items):
        return f"{listed(it.id for it in items)}{of}"
    word = f"{_WORDS[kind]}{'s' if len(items) > 1 else ''}"
    return f"{word} {listed(it.id for it in items)}{of}"


def listed(words: Iterable[str]) -> str:
    """'bg1', 'bg1 and bg2', 'bg1, bg2 and bg3'."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last
