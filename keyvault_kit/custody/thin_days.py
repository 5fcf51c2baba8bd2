"""Thin days: when too few people can reach keys, PINs or enough shares (S37)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final

import msgspec

from keyvault_kit.custody.holdings import Holdings, Item, Kind
from keyvault_kit.custody.register import Register

TWO: Final = 2
"""So many people must be able to, at all times, holidays included (S37)."""

YEAR: Final = 365


class Absence(msgspec.Struct, frozen=True):
    """A person is away, from the first day to the last."""

    person: str
    first: date
    last: date


class ThinDays(msgspec.Struct, frozen=True):
    """Days in a row on which fewer than two people can reach something of an account.

    Attributes:
        what: `keys`, `PINs` or `shares`.
        people: Who is left that can.
        away: Who could, and is away.
    """

    first: date
    last: date
    account: str
    what: str
    people: tuple[str, ...]
    away: tuple[str, ...]


class _Need(msgspec.Struct, frozen=True):
    """Something that two people must be able to reach: so many of these items."""

    account: str
    what: str
    items: tuple[Item, ...]
    enough: int = 1


def validity(register: Register) -> tuple[Absence, ...]:
    """The days on which people of the register have no authority yet, or no more."""
    day = timedelta(days=1)
    found = []
    for it in register.people.values():
        if it.since and it.since > date.min:
            found.append(Absence(it.id, date.min, it.since - day))
        if it.until and it.until < date.max:
            found.append(Absence(it.id, it.until + day, date.max))
    return tuple(found)


def thin_days(
    holdings: Holdings, absences: Sequence[Absence], first: date, days: int = YEAR
) -> tuple[ThinDays, ...]:
    """The days from `first` on when fewer than two people can reach something they must.

    Somebody can reach a key or a PIN if enough openers of its safe are there, and they are one of
    them. Of shares, enough for the secret must be in reach of those who are there.
    """
    needs = tuple(_needs(holdings))
    dates = [first + timedelta(days=n) for n in range(days)]
    away_on = [
        frozenset(it.person for it in absences if it.first <= day <= it.last) for day in dates
    ]
    found: list[ThinDays] = []
    for away, run in groupby(zip(dates, away_on, strict=True), key=lambda pair: pair[1]):
        these = [day for day, _ in run]
        for need in needs:
            people = _reach(need, holdings, away)
            if len(people) < TWO:
                missing = tuple(sorted(_reach(need, holdings, frozenset()) & away))
                left = tuple(sorted(people))
                found.append(ThinDays(these[0], these[-1], need.account, need.what, left, missing))
    return tuple(_joined(found))


def _needs(holdings: Holdings) -> Iterator[_Need]:
    counted = [it for it in holdings.items if it.counts]
    for account in holdings.accounts:
        keys = [it for it in counted if it.kind is Kind.KEY and account in it.accounts]
        tags = {it.id for it in keys if not it.pinless}
        if any(it.kind is Kind.KEY and account in it.accounts for it in holdings.items):
            yield _Need(account, "keys", tuple(keys))
        if tags:
            pins = tuple(it for it in counted if tags & set(it.keys) and it.kind is Kind.PIN)
            pieces = [it for it in counted if tags & set(it.keys) and it.set]
            if pins or not pieces:
                yield _Need(account, "PINs", pins)
            else:
                yield from (_Need(account, "PINs", its, its[0].threshold) for its in _sets(pieces))
        shares = [it for it in counted if account in it.accounts and it.set]
        yield from (_Need(account, "shares", its, its[0].threshold) for its in _sets(shares))


def _sets(pieces: Iterable[Item]) -> list[tuple[Item, ...]]:
    by_set = sorted(pieces, key=lambda it: it.set)
    return [tuple(its) for _, its in groupby(by_set, key=lambda it: it.set)]


def _reach(need: _Need, holdings: Holdings, away: frozenset[str]) -> frozenset[str]:
    """Who of those that are there can reach it; nobody where it is not enough."""
    there = frozenset(holdings.people) - away
    reaching = [
        frozenset[str]().union(
            *(way.people & there for way in it.now if len(way.people & there) >= way.need)
        )
        for it in need.items
    ]
    in_reach = [people for people in reaching if people]
    return frozenset[str]().union(*in_reach) if len(in_reach) >= need.enough else frozenset()


def _joined(found: list[ThinDays]) -> Iterator[ThinDays]:
    """Runs of days that differ in nothing but their dates, joined where they touch."""
    open_runs: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], ThinDays] = {}
    done: list[ThinDays] = []
    for it in found:
        key = (it.account, it.what, it.people, it.away)
        run = open_runs.get(key)
        if run and run.last + timedelta(days=1) == it.first:
            open_runs[key] = msgspec.structs.replace(run, last=it.last)
            continue
        if run:
            done.append(run)
        open_runs[key] = it
    yield from sorted(
        [*done, *open_runs.values()], key=lambda it: (it.first, it.account, it.what, it.last)
    )
