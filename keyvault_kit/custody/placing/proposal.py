"""Which safes the shares of a password go to: the best assignment, by exact search (S34, S37, S38).

One share goes to a safe, and nobody gets two of them alone. Among the assignments that survive the
loss of any one site, and the absence of any two people, the best is the one of which the fewest
people who could misuse it are most; then the one at most sites; then the first by name.

Every loss is a *blow*: the set of safes that it takes. Of the chosen ones a blow may take as many
as there are shares to spare, which is quickly seen of a partial choice, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, combinations_with_replacement, product
from math import inf
from typing import Final

import msgspec

from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.errors import InputError

AWAY: Final = 2
"""How many people may be away at once."""
FRESH: Final = AWAY + 1
"""Openers of a safe that is thought of."""
FREE: Final = "*"
"""Whoever, wherever is none of those that there are; no id is like it."""
SITES: Final = "sites"
PEOPLE: Final = "people"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Where the shares of a password should go.

    Attributes:
        safes: One for each share, by name; none where somebody would always get two alone.
        sites: Those of the safes.
        smallest: How many people the smallest coalition takes that could gather enough shares.
        survives: Whether the password can be had after the loss of any one site, and whichever two
            people are away.
        wanted: Where it does not: the changes each of which would be enough by itself.
        against: Where no one change would be: what stands against it. Both are sentences without a
            full stop.
    """

    account: str
    threshold: int
    count: int
    safes: tuple[str, ...]
    sites: tuple[str, ...]
    smallest: int | None
    survives: bool
    wanted: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


Group = tuple[frozenset[str], int]
"""People, and how many of them open a safe."""


class Place(msgspec.Struct, frozen=True):
    """A safe as shares see it.

    Attributes:
        named: Who stands on its list: they are told a new combination.
        openers: Those of them who have authority: on them survival counts.
        need: How many of those it takes.
        knowing: Everybody who could open it, with how many it takes of those who could with no more
            than that: with them misuse counts (ADR 15).
    """

    safe: str
    site: str
    named: frozenset[str]
    openers: frozenset[str]
    need: int
    knowing: frozenset[tuple[str, int]]

    @property
    def alone(self) -> frozenset[str]:
        """Who could open it without anybody else."""
        return frozenset(person for person, need in self.knowing if need == 1)

    def groups(self) -> tuple[Group, ...]:
        """Of whom it takes how many, the fewest first: any one of these opens the safe."""
        needs = sorted({need for _, need in self.knowing})
        return tuple((frozenset(it for it, n in self.knowing if n <= need), need) for need in needs)


def propose(
    holdings: Holdings,
    account: str,
    threshold: int,
    count: int,
    *,
    knowing: Mapping[str, Mapping[str, int]] | None = None,
) -> Proposal:
    """The best assignment of so many shares, or what is wanting for one that survives.

    Args:
        knowing: Safe -> person who could open it, those who only know its combination included ->
            how many it takes (`Register.knowing`); its openers, and what it takes of them, where
            absent.

    Raises:
        InputError: No set has so many shares with that threshold.
    """
    if not 1 < threshold <= count:
        raise InputError(
            f"{count} shares with a threshold of {threshold} keep nothing apart",
            mend="Take a threshold of 2 or more, and at least as many shares.",
        )
    places = _places(holdings, knowing or {})
    acting = tuple(sorted(holdings.acting))
    best = _Search(places, acting, threshold, count).best()
    wanted: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    survives = best is not None
    if best is None:
        wanted = tuple(_wanted(places, acting, threshold, count))
        against = () if wanted else tuple(_obstacles(places, acting, threshold, count))
        best = _Search(places, acting, threshold, count, blows=()).best()
    chosen, smallest = best or ((), None)
    return Proposal(
        account=account,
        threshold=threshold,
        count=count,
        safes=tuple(it.safe for it in chosen),
        sites=tuple(sorted({it.site for it in chosen})),
        smallest=smallest,
        survives=survives,
        wanted=wanted,
        against=against,
    )


def _places(holdings: Holdings, knowing: Mapping[str, Mapping[str, int]]) -> tuple[Place, ...]:
    """The safes that people with authority can open, by name."""
    site_of = {safe: site for site, safes in holdings.sites.items() for safe in safes}
    found = []
    for safe, it in sorted(holdings.safes.items()):
        openers = it.openers & holdings.acting
        if len(openers) >= it.need:
            needs = {**dict.fromkeys(it.openers, it.need), **knowing.get(safe, {})}
            known = frozenset(needs.items())
            found.append(Place(safe, site_of.get(safe, ""), it.openers, openers, it.need, known))
    return tuple(found)


# --- The search


Chosen = tuple[tuple[Place, ...], int]
"""The safes of an assignment, and how many people its smallest coalition takes."""


class _Search:
    """All assignments of a number of shares to safes.

    Args:
        blows: Which losses it must survive; that nobody gets two shares alone always holds.
    """

    def __init__(
        self,
        places: Sequence[Place],
        acting: Sequence[str],
        threshold: int,
        count: int,
        *,
        blows: Sequence[str] = (SITES, PEOPLE),
    ) -> None:
        self._places = places
        self._like = [msgspec.structs.replace(it, safe="") for it in places]
        self._threshold = threshold
        self._count = count
        spare = count - threshold
        limits = [(mask, 1) for mask in _alone(places)]
        limits += [(mask, spare) for mask in _sites(places) if SITES in blows]
        limits += [(mask, spare) for mask in _absences(places, acting) if PEOPLE in blows]
        told = [(mask, most) for mask, most in _strongest(limits) if mask.bit_count() > most]
        self._limits = [[it for it in told if it[0] >> i & 1] for i in range(len(places))]
        self._groups = [it.groups() for it in places]
        self._least = [groups[0][1] for groups in self._groups]
        self._most = max(self._least, default=0)
        self._all_sites = _many_sites(places)
        self._gathered: dict[tuple[int, ...], float] = {}
        self._best: Chosen | None = None
        self._rank = (0.0, 0)

    def best(self) -> Chosen | None:
        """The best of them; None where there is none."""
        self._go(0, ())
        return self._best

    def possible(self, *, with_first: bool = False) -> bool:
        """Whether there is any; with the first safe, if that is asked."""
        if with_first:
            return bool(self._places) and self._any(1, (0,))
        return self._any(0, ())

    def _any(self, first: int, chosen: tuple[int, ...]) -> bool:
        return len(chosen) == self._count or any(
            self._any(i + 1, (*chosen, i)) for i in self._next(first, chosen)
        )

    def _go(self, first: int, chosen: tuple[int, ...]) -> None:
        promise = self._promise(chosen)
        if promise <= self._rank:
            return
        if len(chosen) == self._count:
            self._rank = promise
            self._best = tuple(self._places[i] for i in chosen), int(promise[0])
            return
        for i in self._next(first, chosen):
            self._go(i + 1, (*chosen, i))

    def _next(self, first: int, chosen: tuple[int, ...]) -> Iterator[int]:
        """The safes that may come next; of equal ones the first alone."""
        tried = set()
        mask = sum(1 << i for i in chosen)
        for i in range(first, len(self._places) - (self._count - len(chosen)) + 1):
            if self._like[i] not in tried:
                tried.add(self._like[i])
                now = mask | 1 << i
                if all((now & blow).bit_count() <= most for blow, most in self._limits[i]):
                    yield i

    def _promise(self, chosen: tuple[int, ...]) -> tuple[float, int]:
        """The smallest coalition and the sites that a choice has; if partial, has at the best."""
        left = self._count - len(chosen)
        needs = sorted([self._least[i] for i in chosen] + [self._most] * left)
        fewest: float = sum(needs[: self._threshold])
        for some in combinations(chosen, self._threshold):
            fewest = min(fewest, self._gather(some))
        sites = _many_sites(self._places[i] for i in chosen) + left
        return fewest, min(sites, self._all_sites)

    def _gather(self, some: tuple[int, ...]) -> float:
        """How few people open all of these."""
        if some not in self._gathered:
            ways = product(*(self._groups[i] for i in some))
            self._gathered[some] = min(map(_together, ways))
        return self._gathered[some]


def _many_sites(chosen: Iterable[Place]) -> int:
    return len({it.site for it in chosen})


def _mask(places: Sequence[Place], taken: Iterable[Place]) -> int:
    gone = set(taken)
    return sum(1 << i for i, it in enumerate(places) if it in gone)


def _sites(places: Sequence[Place]) -> Iterator[int]:
    for site in {it.site for it in places}:
        yield _mask(places, (it for it in places if it.site == site))


def _absences(places: Sequence[Place], acting: Sequence[str]) -> Iterator[int]:
    """What cannot be opened while two people are away; or one, where there is but one."""
    tight = [it for it in places if len(it.openers) < it.need + AWAY]
    relevant = sorted({person for it in tight for person in it.openers} & set(acting))
    for pair in combinations_with_replacement(relevant, AWAY):
        yield _mask(places, (it for it in tight if len(it.openers - set(pair)) < it.need))


def _alone(places: Sequence[Place]) -> Iterator[int]:
    for person in {person for it in places for person in it.alone}:
        yield _mask(places, (it for it in places if person in it.alone))


def _strongest(limits: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The limits from which all the others follow."""
    kept: list[tuple[int, int]] = []
    for mask, most in sorted(set(limits), key=lambda it: (it[1], -it[0].bit_count(), it[0])):
        if not any(mask & ~larger == 0 and least <= most for larger, least in kept):
            kept.append((mask, most))
    return kept


# --- Misuse


def _together(safes: Sequence[Group]) -> float:
    """How few people open all of these safes, of each the people and how many it still needs."""
    left = [(people, need) for people, need in safes if need > 0]
    if any(len(people) < need for people, need in left):
        return inf
    opens = {person: 0 for people, _ in left for person in people}
    for i, (people, _) in enumerate(left):
        for person in people:
            opens[person] |= 1 << i
    most = max(opens, key=lambda it: (opens[it].bit_count(), it), default="")
    if not most or opens[most].bit_count() == 1:
        return sum(need for _, need in left)
    alike = frozenset(it for it in opens if opens[it] == opens[most])
    taken = [(people - {most}, need - (most in people)) for people, need in left]
    spared = [(people - alike, need) for people, need in left]
    return min(1 + _together(taken), _together(spared))


# --- What is wanting


def _wanted(
    places: Sequence[Place], acting: Sequence[str], threshold: int, count: int
) -> Iterator[str]:
    """Each one change of safes after which an assignment survives."""
    if threshold == count:
        return
    enough: dict[str, list[str]] = {}
    for told, thing, first, others in _changes(places):
        people = sorted({*acting, *first.openers})
        search = _Search((first, *others), people, threshold, count)
        if search.possible(with_first=True):  # there was none before, so it has the changed one
            enough.setdefault(told, []).append(thing)
    for told, things in enough.items():
        yield told.format(_either(things))


_SHOWN: Final = 5


def _either(things: Sequence[str]) -> str:
    """'a, b or c'; of many, the first and how many more."""
    shown = [*things[:_SHOWN], *([f"{len(things) - _SHOWN} more"] if things[_SHOWN:] else [])]
    return " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


_Change = tuple[str, str, Place, Sequence[Place]]
"""What to do, to what, the safe that is new by it, and all the others."""


def _changes(places: Sequence[Place]) -> Iterator[_Change]:
    fresh = frozenset(f"{FREE}{n}" for n in range(FRESH))
    new = _newly_known(Place(FREE, FREE, fresh, fresh, 1, frozenset()))
    for it, others in _each(places):
        yield "a new combination of safe {}", it.safe, _newly_known(it), others
    of_its_own = f"with {FRESH} openers who open no other"
    yield f"another safe at another site, {of_its_own}", "", new, places
    for site in sorted({it.site for it in places}):
        beside = msgspec.structs.replace(new, site=site)
        yield f"another safe, {of_its_own}, at site {{}}", site, beside, places
    instead = "somebody who opens no other safe in the place of {}, and a new combination there"
    for it, others in _each(places):
        moved = msgspec.structs.replace(it, site=FREE)
        yield "another site for safe {}", it.safe, moved, others
        yield "another opener of safe {}", it.safe, _opened(it), others
        for person in sorted(it.openers):
            place = _newly_known(_opened(it, person))
            yield instead, f"{person} at {it.safe}", place, others


def _each(places: Sequence[Place]) -> Iterator[tuple[Place, Sequence[Place]]]:
    """Each safe, and all the others."""
    for i, it in enumerate(places):
        yield it, (*places[:i], *places[i + 1 :])


def _opened(it: Place, instead_of: str = "") -> Place:
    """A safe with somebody new on its list; who was taken off it knows the combination."""
    return msgspec.structs.replace(
        it,
        named=(it.named | {FREE}) - {instead_of},
        openers=(it.openers | {FREE}) - {instead_of},
        knowing=it.knowing | {(FREE, it.need)},
    )


def _newly_known(it: Place) -> Place:
    """A safe of which those on its list, and nobody else, know a new combination."""
    return msgspec.structs.replace(it, knowing=frozenset((who, it.need) for who in it.named))


def _obstacles(
    places: Sequence[Place], acting: Sequence[str], threshold: int, count: int
) -> Iterator[str]:
    """What stands against it by itself; if nothing does, all of it together."""
    if threshold == count:
        yield f"all {count} shares are needed, so nothing may be lost: take a lower threshold"
        return
    told: dict[tuple[str, ...], str] = {
        (): f"there are no {count} safes of which nobody opens two alone",
        (SITES,): f"there are too few sites: none may hold more than {count - threshold} of the"
        f" {count} shares",
        (PEOPLE,): f"the safes have too few openers: while two are away, {threshold} of the {count}"
        " shares must be in reach",
    }
    found = [
        what
        for blows, what in told.items()
        if not _Search(places, acting, threshold, count, blows=blows).possible()
    ]
    yield from found or ("each loss could be survived, but not all: it takes more than one change",)
