"""What an analysis and the calendar come to, in sentences that an auditor reads (S35 to S39)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from keyvault_kit.custody.analysis import Analysis
from keyvault_kit.custody.coalitions import Coalitions, Cut, Uncounted
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.lacking import lacking, not_counted_on
from keyvault_kit.custody.reasons import Reasons
from keyvault_kit.custody.survival import usable
from keyvault_kit.custody.thin_days import ThinDays
from keyvault_kit.custody.wording import count_of, listed

MOST: Final = 5
"""So many reasons of an account, and losses of a kind, are told; of more, how many there are."""

_LOOKED_AT: Final = 60
"""Of so many kinds of coalitions the ways in are looked at."""

Pattern = tuple[tuple[str, ...], ...]
"""The classes of equals that the members of a coalition are of."""

Absent = tuple[str, str, tuple[str, ...]]
"""A lost site, a person who is away, and the accounts that cannot be used then."""


def sentences(holdings: Holdings, analysis: Analysis) -> tuple[str, ...]:
    """Who can use what and why, and what survives; without a full stop.

    A sentence begins with a capital, unless the id of a person or account stands first.
    """
    return (*who_can_act(holdings, analysis), *what_survives(holdings, analysis))


# --- Who can act


def who_can_act(holdings: Holdings, analysis: Analysis) -> tuple[str, ...]:
    """Who can use each account now and why, and who else could with what was seen (S38, S39)."""
    if not holdings.accounts:
        return ("No item opens an account, so there is nothing to tell",)
    groups = Groups(holdings)
    told = [
        it
        for account, coalitions in analysis.minimal_coalitions_now.items()
        for it in groups.told(account, coalitions)
    ]
    more = {
        account: _added(analysis.minimal_coalitions_now[account], coalitions)
        for account, coalitions in analysis.minimal_coalitions_ever.items()
    }
    for account, coalitions in more.items():
        told += groups.told(account, coalitions, ever=True) if coalitions else ()
    if not any(more.values()) and Uncounted() not in analysis.minimal_coalitions_ever.values():
        told.append("What people saw and remember lets nobody else use an account")
    told += [not_counted_on(account, its) for account, its in lacking(holdings).items() if its]
    return tuple(told)


def _added(now: Coalitions, ever: Coalitions) -> Coalitions:
    """The coalitions that are there by memories alone; of a cut, all, unless nothing was added."""
    if not isinstance(ever, tuple):
        return () if now == ever else ever
    known = frozenset(now) if isinstance(now, tuple) else frozenset()
    return tuple(it for it in ever if it not in known)


class Groups:
    """The groups that can use accounts of one holdings, in sentences."""

    def __init__(self, holdings: Holdings) -> None:
        self._reasons = Reasons(holdings)

    def told(self, account: str, coalitions: Coalitions, *, ever: bool = False) -> Iterator[str]:
        """A reason for each of the first ways in, and how many other coalitions there are.

        Coalitions that use the same things are told as one.
        """
        if isinstance(coalitions, Uncounted):
            yield (
                f"{account}: the groups of people who {'could' if ever else 'can'} use it were not"
                " counted: too many safes that share many of their openers give it together"
            )
            return
        if isinstance(coalitions, Cut):
            yield f"{account}: {_counted(coalitions)}: too many to list, here is one"
            smallest = min(coalitions.examples.values(), key=lambda it: (len(it), it))
            yield self._reasons.of(account, smallest, ever=ever)
            return
        if not coalitions:
            yield f"Nobody {'could' if ever else 'can'} use {account}, even all together"
        patterns = self._patterns(account, coalitions, ever=ever)
        told = set[Pattern]()
        for alike in self._by_way_in(account, patterns, ever=ever)[:MOST]:
            told |= {*alike[:MOST]}
            others = "; ".join(map(_any_of, alike[:MOST]))
            one = sum(len(patterns[it]) for it in alike) == 1
            first = self._reasons.of(account, patterns[alike[0]][0], ever=ever)
            yield first if one else f"{first} (in this way: {others})"
        rest = [it for pattern in patterns if pattern not in told for it in patterns[pattern]]
        if rest:
            sizes = sorted({len(rest[0]), len(rest[-1])})
            more = f"{count_of(len(rest), 'other group')} of {_people(sizes)}"
            yield f"{more} {'could' if ever else 'can'} use {account} too"

    def _patterns(
        self, account: str, coalitions: Iterable[tuple[str, ...]], *, ever: bool
    ) -> dict[Pattern, list[tuple[str, ...]]]:
        """The coalitions, the smallest first, by the classes that their members are of."""
        class_of = self._reasons.equals(account, ever=ever)
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
            uses = self._reasons.uses(account, members, ever=ever) or ()
            found[frozenset(use.item.id for use in uses)].append(pattern)
        return list(found.values())


def _people(sizes: list[int]) -> str:
    """'1 person', '2 people', '2 to 3 people'."""
    *least, most = sizes
    return "".join(f"{it} to " for it in least) + count_of(most, "person", "people")


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


# --- What survives


def what_survives(holdings: Holdings, analysis: Analysis) -> tuple[str, ...]:
    """What is left when something is lost or somebody is away (S35, S37)."""
    usable_now = usable(holdings, holdings.acting)
    if not usable_now:
        return ()
    return (
        *_losses(analysis, usable_now),
        *_away(analysis, usable_now),
        *_both(analysis, usable_now),
    )


def _losses(analysis: Analysis, usable_now: Collection[str]) -> Iterator[str]:
    for word, left in (
        ("site", analysis.site_loss),
        ("safe", analysis.safe_loss),
        ("item", analysis.item_loss),
    ):
        hurt = [
            (f"With {word} {unit} lost", _gone(usable_now, its))
            for unit, its in left.items()
            if len(its) < len(usable_now)
        ]
        yield from _told(hurt, f"With {_one_other(len(hurt) - MOST, word)} lost")
        if left and not hurt:
            yield f"Any one {word} may be lost: {listed(usable_now)} can still be used"


def _away(analysis: Analysis, usable_now: Collection[str]) -> Iterator[str]:
    absent = analysis.one_person_absent
    hurt = [
        (f"With {person} away", _gone(usable_now, its))
        for person, its in absent.items()
        if len(its) < len(usable_now)
    ]
    yield from _told(hurt, f"With {_one_other(len(hurt) - MOST, 'person', 'people')} away")
    if absent and not hurt:
        yield f"Any one person may be away: {listed(usable_now)} can still be used"
    pairs = locking_out_together(analysis)
    for one, other in pairs[:MOST]:
        yield f"With {one} and {other} away, no account can be used"
    if len(pairs) > MOST:
        yield f"With {_one_other(len(pairs) - MOST, 'pair')} away, no account can be used, either"
    if len(absent) > 1 and not analysis.any_two_absent_that_lock_out_everything:
        yield "Any two people may be away: an account can still be used"


def _both(analysis: Analysis, usable_now: Collection[str]) -> Iterator[str]:
    hurt = [
        (f"With site {site} lost and {person} away", [it for it in usable_now if it in gone])
        for site, person, gone in costing_together(analysis)
    ]
    more = count_of(len(hurt) - MOST, "other case")
    yield from _told(hurt, f"In {more} of a lost site and an absent person")
    both = analysis.site_loss_and_one_absent.values()
    if any(both) and all(set(its) == set(usable_now) for left in both for its in left.values()):
        still = f"{listed(usable_now)} can still be used"
        yield f"Any one site may be lost and any one person away: {still}"


def locking_out_together(analysis: Analysis) -> list[tuple[str, str]]:
    """The pairs without whom no account can be used, and of whom neither alone is missed so."""
    alone = {person for person, left in analysis.one_person_absent.items() if not left}
    pairs = analysis.any_two_absent_that_lock_out_everything
    return [pair for pair in pairs if not alone & {*pair}]


def costing_together(analysis: Analysis) -> Iterator[Absent]:
    """Where a lost site and an absent person together cost what neither of them does alone."""
    for site, people in analysis.site_loss_and_one_absent.items():
        for person, left in people.items():
            apart = {*analysis.site_loss[site]} & {*analysis.one_person_absent[person]}
            if gone := apart - {*left}:
                yield site, person, tuple(sorted(gone))


def _gone(usable_now: Collection[str], left: Collection[str]) -> list[str]:
    return [it for it in usable_now if it not in left]


def _told(hurt: list[tuple[str, list[str]]], more: str) -> Iterator[str]:
    """What is lost with what, the first few of them; and that there are more."""
    for when, gone in hurt[:MOST]:
        yield f"{when}, {listed(gone)} cannot be used any more"
    if len(hurt) > MOST:
        yield f"{more}, an account cannot be used any more, either"


def _one_other(number: int, noun: str, plural: str = "") -> str:
    """'1 other site', 'any one of 7 other sites'."""
    others = count_of(number, f"other {noun}", f"other {plural or f'{noun}s'}")
    return others if number == 1 else f"any one of {others}"


# --- By the calendar


def thin_days_told(it: ThinDays) -> str:
    """'2026-12-24 to 2026-12-31: bg1, its keys: dave alone, while carol is away' (S37)."""
    when = f"{it.first}" if it.first == it.last else f"{it.first} to {it.last}"
    who = f"{listed(it.people)} alone" if it.people else "nobody"
    verb = "is" if len(it.away) == 1 else "are"
    away = f", while {listed(it.away)} {verb} away" if it.away else ""
    return f"{when}: {it.account}, its {it.what}: {who}{away}"


def untold_told(people: Collection[str]) -> str:
    """That it is not known when these people will be away; without a full stop."""
    return f"On which days {listed(people)} will be away is not known: a row of it is gone"
