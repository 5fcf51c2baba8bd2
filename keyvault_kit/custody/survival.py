"""Survival: which accounts can still be used when something is lost, or somebody is away.

One reading of the conditions answers all questions about a single loss: for each condition, what is
*vital*, that is without which single thing it would not be met any more. Of 'at least two of these'
something is vital if it is vital to so many that fewer than two are left.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property

from keyvault_kit.custody.conditions import Condition, Have, conditions
from keyvault_kit.custody.holdings import Holdings, Item, Way

Accounts = tuple[str, ...]
"""Ids of accounts that can be used, sorted."""

Vital = frozenset[str] | None
"""What it would not be met without; None if it is not met at all."""

Leaf = Callable[[Item], Vital]
"""What is vital to have an item."""

_NOTHING = frozenset[str]()


class Survival:
    """What survives of holdings; each answer is worked out once, when it is first asked for."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._conditions = conditions(holdings, for_survival=True)

    def usable(self, people: Collection[str], *, lost: Collection[str] = ()) -> Accounts:
        """The accounts that people can use together.

        Args:
            lost: Ids of items that are gone.
        """
        leaf = self._by_people(frozenset(people), frozenset(lost))
        return tuple(sorted(account for account, _ in self._vital(leaf)))

    @cached_property
    def everybody(self) -> Accounts:
        """The accounts that all who may act can use together."""
        return self.usable(self._holdings.acting)

    @cached_property
    def site_loss(self) -> dict[str, Accounts]:
        """Site -> the accounts that can be used when all in its safes is lost (S34, S35)."""
        site_of = {safe: site for site, safes in self._holdings.sites.items() for safe in safes}
        return self._without_each(self._holdings.sites, lambda it: site_of.get(it.safe, ""))

    @cached_property
    def safe_loss(self) -> dict[str, Accounts]:
        """Safe -> the accounts that can be used when all in it is lost."""
        return self._without_each(self._holdings.safes, lambda it: it.safe)

    @cached_property
    def item_loss(self) -> dict[str, Accounts]:
        """Item -> the accounts that can be used when it is lost."""
        return self._without_each((it.id for it in self._holdings.items), lambda it: it.id)

    @cached_property
    def one_person_absent(self) -> dict[str, Accounts]:
        """Person -> the accounts that the others can use (S37)."""
        return self._one_absent(_NOTHING)

    @cached_property
    def two_absent_lock_out(self) -> tuple[tuple[str, str], ...]:
        """The pairs of people without whom no account can be used, sorted."""
        everybody, pairs = self._holdings.acting, set[tuple[str, str]]()
        reaching = {it for item in self._holdings.items for way in item.now for it in way.people}
        idle: frozenset[str] | None = None
        for person in self._holdings.people:
            if person in reaching or idle is None:
                needed = self._needed_by_all(everybody - {person})
                idle = idle if person in reaching else needed
            else:
                needed = idle  # all who reach nothing are equally dispensable
            pairs |= {(min(person, it), max(person, it)) for it in needed - {person}}
        return tuple(sorted(pairs))

    @cached_property
    def site_loss_and_one_absent(self) -> dict[str, dict[str, Accounts]]:
        """Site -> person -> the accounts that the others can use without what lies there."""
        return {
            site: self._one_absent(in_site(self._holdings, site)) for site in self._holdings.sites
        }

    # --- What is vital

    def _one_absent(self, lost: frozenset[str]) -> dict[str, Accounts]:
        leaf = self._by_people(self._holdings.acting, lost)
        return _left(self._holdings.people, dict(self._vital(leaf)))

    def _needed_by_all(self, present: frozenset[str]) -> frozenset[str]:
        """Those without whom the rest of these people can use no account."""
        needed = frozenset(self._holdings.people)
        for _, vital in self._vital(self._by_people(present, _NOTHING)):
            needed &= vital
            if not needed:
                break
        return needed

    def _by_people(self, present: frozenset[str], lost: frozenset[str]) -> Leaf:
        """Item -> those of these people without whom the others could not have it."""
        by_ways: dict[tuple[Way, ...], Vital] = {}  # most items lie with others in one safe

        def leaf(it: Item) -> Vital:
            if it.id in lost:
                return None
            if it.now not in by_ways:
                by_ways[it.now] = _needed(it.now, present)
            return by_ways[it.now]

        return leaf

    def _without_each(
        self, units: Iterable[str], unit_of: Callable[[Item], str]
    ) -> dict[str, Accounts]:
        """Unit -> the accounts that everybody together can use when all items of it are lost."""
        everybody = self._holdings.acting

        def leaf(it: Item) -> Vital:
            reached = any(len(way.people & everybody) >= way.need for way in it.now)
            return frozenset((unit_of(it),)) if reached else None

        return _left(units, dict(self._vital(leaf)))

    def _vital(self, leaf: Leaf) -> Iterator[tuple[str, frozenset[str]]]:
        """Account that can be used -> what is vital to it."""
        found: dict[str, Vital] = {}

        def of(condition: Condition) -> Vital:
            if not isinstance(condition, Have):
                return _of_several(condition.need, [of(it) for it in condition.of])
            it = condition.item
            if it.id not in found:
                found[it.id] = leaf(it)
            return found[it.id]

        for account, condition in self._conditions.items():
            vital = of(condition)
            if vital is not None:
                yield account, vital


def usable(holdings: Holdings, people: Collection[str], *, lost: Collection[str] = ()) -> Accounts:
    """The accounts that people can use together: :meth:`Survival.usable`."""
    return Survival(holdings).usable(people, lost=lost)


def in_site(holdings: Holdings, site: str) -> frozenset[str]:
    """Ids of the items in the safes of a site."""
    safes = frozenset(holdings.sites[site])
    return frozenset(it.id for it in holdings.items if it.safe in safes)


def _left(units: Iterable[str], vital: dict[str, frozenset[str]]) -> dict[str, Accounts]:
    accounts = sorted(vital)
    return {
        unit: tuple(account for account in accounts if unit not in vital[account])
        for unit in sorted(units)
    }


def _needed(ways: tuple[Way, ...], present: frozenset[str]) -> Vital:
    """The people without whom the others could not go any of these ways."""
    going = [(way.people & present, way.need) for way in ways]
    vital = [
        people if len(people) == need else _NOTHING for people, need in going if len(people) >= need
    ]
    return frozenset.intersection(*vital) if vital else None


def _of_several(need: int, several: list[Vital]) -> Vital:
    met = [it for it in several if it is not None]
    if len(met) < need:
        return None
    spare = len(met) - need
    votes = Counter(unit for it in met for unit in it)
    return frozenset(unit for unit, many in votes.items() if many > spare)
