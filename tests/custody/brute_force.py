"""What a plan answers, found by trying every group of people: slow, and easy to believe.

Written from the description of the format alone, and apart from the program, which it is there to
check: it imports nothing of the kit, and reads the plan as it stands in its file.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations
from typing import Any

Plan = dict[str, Any]
Items = list[dict[str, Any]]
Group = frozenset[str]


def answer(plan: Plan) -> dict[str, Any]:
    """The document that `custody analyse --json` prints, without its findings."""
    people = plan["people"]
    return {
        "minimal_coalitions_now": _minimal_coalitions(plan, ever=False),
        "minimal_coalitions_ever": _minimal_coalitions(plan, ever=True),
        "site_loss": {site: _survive(plan, people, _in_site(plan, site)) for site in plan["sites"]},
        "safe_loss": {safe: _survive(plan, people, _in_safe(plan, safe)) for safe in plan["safes"]},
        "item_loss": {it["id"]: _survive(plan, people, {it["id"]}) for it in plan["items"]},
        "one_person_absent": {one: _survive(plan, _without(plan, one)) for one in people},
        "any_two_absent_that_lock_out_everything": sorted(
            sorted(pair)
            for pair in combinations(people, 2)
            if not _survive(plan, _without(plan, *pair))
        ),
        "site_loss_and_one_absent": {
            site: {one: _survive(plan, _without(plan, one), _in_site(plan, site)) for one in people}
            for site in plan["sites"]
        },
    }


# --- Who could: misuse


def _minimal_coalitions(plan: Plan, *, ever: bool) -> dict[str, list[list[str]]]:
    """Every account that an item names -> the groups that can use it, of whom all are needed."""
    able = {group: can_use(plan, group, ever=ever) for group in _groups(plan["people"])}
    return {
        account: sorted(map(sorted, smallest(it for it in able if account in able[it])))
        for account in {name for it in plan["items"] for name in listed(it, "account")}
    }


def can_use(plan: Plan, group: Collection[str], *, ever: bool) -> set[str]:
    """The accounts that a group can use, passwords counted always."""
    return _usable(plan, _had(plan, group, ever=ever))


def smallest(able: Iterable[Group]) -> list[Group]:
    """Those groups of which no smaller part is able."""
    found: list[Group] = []
    for group in sorted(able, key=len):
        if not any(part < group for part in found):
            found.append(group)
    return found


def _groups(people: Collection[str]) -> Iterator[Group]:
    """Every group of people, nobody among them."""
    for size in range(len(people) + 1):
        yield from map(frozenset, combinations(people, size))


# --- Who still can: survival


def _survive(plan: Plan, people: Collection[str], lost: Collection[str] = ()) -> list[str]:
    """The accounts that these people can use together when these items are lost."""
    left = [it for it in _had(plan, people) if it["id"] not in lost]
    return sorted(_usable(plan, left, survival=True))


def _without(plan: Plan, *absent: str) -> list[str]:
    return [it for it in plan["people"] if it not in absent]


def _in_safe(plan: Plan, safe: str) -> set[str]:
    return {it["id"] for it in plan["items"] if it.get("safe") == safe}


def _in_site(plan: Plan, site: str) -> set[str]:
    return {item for safe in plan["sites"][site] for item in _in_safe(plan, safe)}


# --- What a group has, and what that opens


def _had(plan: Plan, group: Collection[str], *, ever: bool = False) -> Items:
    """What lies in the safes that they open, what they hold and, if that counts, remember."""
    opened = {
        safe
        for safe, it in plan["safes"].items()
        if len(set(it["openers"]) & set(group)) >= it["need"]
    }
    remembered = {it["item"] for it in plan.get("remembered", []) if ever and it["person"] in group}
    return [
        it
        for it in plan["items"]
        if it.get("safe") in opened or it.get("holder") in group or it["id"] in remembered
    ]


def _usable(plan: Plan, had: Items, *, survival: bool = False) -> set[str]:
    """The accounts that can be used with these items."""
    pins = _whole(had, "pin", "for") | _put_together(had, "for")
    passwords = _whole(had, "password", "account") | _put_together(had, "account")
    if survival:
        passwords = {it for it in passwords if _signs_in(plan, it)}
    ready = [
        it for it in had if it["kind"] == "key" and (it.get("uv") == "none" or it["id"] in pins)
    ]
    return passwords | {account for key in ready for account in listed(key, "account")}


def _whole(had: Items, kind: str, field: str) -> set[str]:
    """What the PINs or passwords among the items are of."""
    return {name for it in had if it["kind"] == kind for name in listed(it, field)}


def _put_together(had: Items, field: str) -> set[str]:
    """What the sets are of that there are enough shares of, or all parts of."""
    pieces = [it for it in had if it["kind"] in ("share", "part")]
    return {
        name
        for piece in pieces
        if sum(it["set"] == piece["set"] for it in pieces) >= _enough(piece)
        for name in listed(piece, field)
    }


def _enough(piece: dict[str, Any]) -> int:
    enough: int = piece["threshold"] if piece["kind"] == "share" else piece["of"]
    return enough


def _signs_in(plan: Plan, account: str) -> bool:
    signs_in: bool = plan.get("accounts", {}).get(account, {}).get("password_signs_in", True)
    return signs_in


def listed(item: dict[str, Any], field: str) -> list[str]:
    """A field that is one name or a list of names, or absent, as a list."""
    names = item.get(field, [])
    return [names] if isinstance(names, str) else names
