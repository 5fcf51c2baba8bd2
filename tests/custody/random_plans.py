"""Random plans, small enough to try every group of people, with every feature of the format.

The same seed gives the same plan. `FEATURES` says of a plan which features it has, so that a test
can count that each was there.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from random import Random
from typing import Any, Final, TypeVar

from tests.custody.brute_force import Plan, listed

PEOPLE: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")
SITES: Final = ("headquarters", "northern", "branch", "bank")
ACCOUNTS: Final = ("bg1", "bg2", "bg3")
KINDS: Final = ("key", "pin", "password", "share", "part")
UV: Final = (None, None, None, "none", "pin", "required")
"""Absent as often as not."""

Item = dict[str, Any]
T = TypeVar("T")


def random_plan(seed: int) -> Plan:
    """A plan that the format allows, drawn by this seed."""
    return _Draw(seed).plan()


def bigger_plan(seed: int) -> Plan:
    """As :func:`random_plan`, with 15 to 25 people: too many to try every group of them."""
    return _Draw(seed, [f"person-{n:02}" for n in range(1, 16 + seed % 11)], least=3).plan()


class _Draw:
    """One plan, drawn piece by piece.

    Args:
        people: Who there is; drawn, and few, if nobody is named.
        least: How many safes, openers of each, keys and sets there are at least.
    """

    def __init__(self, seed: int, people: Sequence[str] = (), *, least: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311 - the same plans each time
        self._people = [*people] or self._some(PEOPLE, self._number(1, 2, 3, 4, 5, 6, 6, 4))
        self._least = least
        count = least + self._number(1, 2, 4, 5, 4, 2)
        self._safes = {f"safe-{n}": self._safe() for n in range(count)}
        self._accounts = self._some(ACCOUNTS, 1 + self._number(4, 3, 2))

    def plan(self) -> Plan:
        items = self._items()
        drawn: Plan = {
            "people": self._people,
            "sites": self._sites(),
            "safes": self._safes,
            "accounts": self._said_of_accounts(),
            "items": items,
            "remembered": self._remembered(items),
        }
        for field in ("accounts", "remembered"):
            if self._chance(0.2):
                del drawn[field]
        fields = list(drawn)
        self._random.shuffle(fields)
        return {field: drawn[field] for field in fields}

    # --- Places

    def _safe(self) -> dict[str, Any]:
        """Openers and how many it needs; now and then more than there are."""
        openers = self._some(self._people, self._least + self._number(1, 3, 5, 4, 3))
        need = 1 + self._number(4, 3, 2)
        return {
            "openers": openers,
            "need": need if self._chance(0.1) else min(need, len(openers)),
        } | ({} if openers else {"need": 1})

    def _sites(self) -> dict[str, list[str]]:
        """The safes at sites, of which some are empty; now and then a safe is at none."""
        sites: dict[str, list[str]] = {it: [] for it in SITES[: self._number(1, 2, 4, 4, 2)]}
        for safe in self._safes:
            if sites and not self._chance(0.05):
                sites[self._random.choice(list(sites))].append(safe)
        return sites

    def _place(self) -> Item:
        """In a safe or, one time in six, in somebody's hands."""
        if self._people and (not self._safes or self._chance(0.16)):
            return {"holder": self._random.choice(self._people)}
        return {"safe": self._random.choice(list(self._safes))}

    # --- Items

    def _items(self) -> list[Item]:
        if not self._people and not self._safes:
            return []  # there is no place for an item
        keys = [self._key(f"K{n}") for n in range(self._least + self._number(2, 3, 4, 3, 2))]
        names = [it["id"] for it in keys]
        items = [*keys, *self._pins(names), *self._passwords()]
        for n in range(self._least + self._number(3, 4, 3, 1)):
            items += self._set(f"S{n}", names)
        self._random.shuffle(items)
        return items

    def _key(self, name: str) -> Item:
        uv = self._random.choice(UV)
        of = {"id": name, "kind": "key", "account": self._names(self._accounts)}
        return of | ({"uv": uv} if uv else {}) | self._place()

    def _pins(self, keys: list[str]) -> Iterator[Item]:
        """Of each key none, one or two; or one that is for several keys."""
        for key in keys:
            for n in range(self._number(3, 5, 1)):
                names = self._names(keys) if self._chance(0.2) else key
                yield {"id": f"{key}-pin-{n}", "kind": "pin", "for": names} | self._place()

    def _passwords(self) -> Iterator[Item]:
        for n in range(self._number(5, 2, 1)):
            names = self._names(self._accounts)
            yield {"id": f"password-{n}", "kind": "password", "account": names} | self._place()

    def _set(self, name: str, keys: list[str]) -> Iterator[Item]:
        """The shares or parts of a password, or of the PIN of keys."""
        count = 1 + self._number(1, 4, 4, 2, 2, 1)
        for_keys = bool(keys) and self._chance(0.3)
        of_what = (
            {"for": self._names(keys)} if for_keys else {"account": self._names(self._accounts)}
        )
        how = self._shares(count) if self._chance(0.65) else self._parts(count)
        for n in range(1, count + 1):
            yield {"id": f"{name}-{n}", "set": name} | how | of_what | self._place()

    def _shares(self, count: int) -> Item:
        threshold = min(1 + self._number(2, 5, 3, 2), count)
        of = {"of": count} if self._chance(0.5) else {}
        return {"kind": "share", "threshold": threshold} | of

    def _parts(self, count: int) -> Item:
        threshold = {"threshold": count} if self._chance(0.3) else {}
        return {"kind": "part", "of": count} | threshold

    # --- What is known beside

    def _said_of_accounts(self) -> dict[str, dict[str, bool]]:
        """Of each account whether its password signs in, or nothing; also of one without items."""
        said: dict[str, dict[str, bool]] = {}
        for account in (*self._accounts, "idle"):
            if self._chance(0.8):
                signs_in = self._random.choice((True, False, None))
                said[account] = {} if signs_in is None else {"password_signs_in": signs_in}
        return said

    def _remembered(self, items: list[Item]) -> list[dict[str, str]]:
        pairs = [(person, it["id"]) for person in self._people for it in items]
        chosen = self._some(pairs, self._number(3, 3, 2, 2, 1))
        return [
            {"person": person, "item": item} | ({"note": "saw it"} if self._chance(0.5) else {})
            for person, item in chosen
        ]

    # --- Chance

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _number(self, *weights: int) -> int:
        """From 0 on, each with its weight."""
        return self._random.choices(range(len(weights)), weights)[0]

    def _some(self, things: Sequence[T], most: int) -> list[T]:
        return self._random.sample(things, min(most, len(things)))

    def _names(self, names: list[str]) -> str | list[str]:
        """One name as it is, or in a list; or several."""
        chosen = self._some(names, 1 if self._chance(0.7) else 2)
        return chosen[0] if len(chosen) == 1 and self._chance(0.7) else chosen


# --- Which features a plan has


def _kinds(*kinds: str) -> Callable[[Plan], list[Item]]:
    return lambda plan: [it for it in plan["items"] if it["kind"] in kinds]


_keys, _pins, _passwords = _kinds("key"), _kinds("pin"), _kinds("password")
_shares, _parts, _pieces = _kinds("share"), _kinds("part"), _kinds("share", "part")


def _pins_of(plan: Plan) -> Counter[str]:
    """How many PINs each key has, sets of them among these."""
    whole = [key for it in _pins(plan) for key in listed(it, "for")]
    split = {(it["set"], key) for it in _pieces(plan) for key in listed(it, "for")}
    counted = Counter(whole + [key for _, key in split])
    return Counter({it["id"]: counted[it["id"]] for it in _keys(plan)})


def _sets_of(plan: Plan) -> Counter[str]:
    """How many sets each account has."""
    sets = {(it["set"], name) for it in _pieces(plan) for name in listed(it, "account")}
    return Counter(name for _, name in sets)


def _equals(plan: Plan) -> bool:
    """Whether two people who open something open, hold and remember the same."""
    does = {
        person: (
            [safe for safe, it in plan["safes"].items() if person in it["openers"]],
            [it["id"] for it in plan["items"] if it.get("holder") == person],
            sorted(it["item"] for it in plan.get("remembered", []) if it["person"] == person),
        )
        for person in plan["people"]
    }
    return any(does[one] == does[other] and does[one][0] for one, other in combinations(does, 2))


def _signs_in(plan: Plan) -> list[object]:
    """What is said of the accounts: true, false or nothing."""
    return [it.get("password_signs_in") for it in plan.get("accounts", {}).values()]


def _named(plan: Plan) -> set[str]:
    return {name for it in plan["items"] for name in listed(it, "account")}


def _threshold(number: int) -> Callable[[Plan], bool]:
    return lambda plan: any(share["threshold"] == number for share in _shares(plan))


def _held(kind: str) -> Callable[[Plan], bool]:
    return lambda plan: any("holder" in it for it in _kinds(kind)(plan))


def _memory_of(kind: str) -> Callable[[Plan], bool]:
    def is_there(plan: Plan) -> bool:
        items = {it["id"] for it in _kinds(kind)(plan)}
        return any(memory["item"] in items for memory in plan.get("remembered", []))

    return is_there


FEATURES: Final[dict[str, Callable[[Plan], object]]] = {
    "nobody": lambda it: not it["people"],
    "one person": lambda it: len(it["people"]) == 1,
    "seven people": lambda it: len(it["people"]) == 7,
    "people with equal openings": _equals,
    "no sites": lambda it: not it["sites"],
    "four sites": lambda it: len(it["sites"]) == 4,
    "an empty site": lambda it: [] in it["sites"].values(),
    "a safe at no site": lambda it: len(it["safes"]) > sum(map(len, it["sites"].values())),
    "no safes": lambda it: not it["safes"],
    "a safe without openers": lambda it: any(not safe["openers"] for safe in it["safes"].values()),
    "a safe for two": lambda it: any(
        safe["need"] == 2 <= len(safe["openers"]) for safe in it["safes"].values()
    ),
    "a safe for three": lambda it: any(
        safe["need"] == 3 <= len(safe["openers"]) for safe in it["safes"].values()
    ),
    "a safe that needs more than its openers": lambda it: any(
        safe["need"] > len(safe["openers"]) > 0 for safe in it["safes"].values()
    ),
    "no items": lambda it: not it["items"],
    "a key of one account": lambda it: any(isinstance(key["account"], str) for key in _keys(it)),
    "a key of several accounts": lambda it: any(
        len(listed(key, "account")) > 1 for key in _keys(it)
    ),
    "an account of several keys": lambda it: (
        max(
            Counter(name for key in _keys(it) for name in listed(key, "account")).values(),
            default=0,
        )
        > 1
    ),
    "a key without user verification": lambda it: any(key.get("uv") == "none" for key in _keys(it)),
    "a key with a known user verification": lambda it: any(
        key.get("uv", "none") != "none" for key in _keys(it)
    ),
    "a key of which nothing is known": lambda it: any("uv" not in key for key in _keys(it)),
    "a key with several PINs": lambda it: max(_pins_of(it).values(), default=0) > 1,
    "a key without a PIN": lambda it: 0 in _pins_of(it).values(),
    "a PIN for several keys": lambda it: any(len(listed(pin, "for")) > 1 for pin in _pins(it)),
    "a password": _passwords,
    "a password of several accounts": lambda it: any(
        len(listed(password, "account")) > 1 for password in _passwords(it)
    ),
    **{f"shares of a threshold of {n}": _threshold(n) for n in (1, 2, 3, 4)},
    "shares that say how many": lambda it: any("of" in share for share in _shares(it)),
    "shares that do not say how many": lambda it: any("of" not in share for share in _shares(it)),
    "more shares than it takes": lambda it: any(
        sum(other["set"] == share["set"] for other in _shares(it)) > share["threshold"]
        for share in _shares(it)
    ),
    "parts": _parts,
    "a single part": lambda it: any(part["of"] == 1 for part in _parts(it)),
    "parts with a threshold": lambda it: any("threshold" in part for part in _parts(it)),
    "a PIN in shares": lambda it: any("for" in share for share in _shares(it)),
    "a PIN in parts": lambda it: any("for" in part for part in _parts(it)),
    "a PIN in pieces of several keys": lambda it: any(
        len(listed(piece, "for")) > 1 for piece in _pieces(it)
    ),
    "pieces of several accounts": lambda it: any(
        len(listed(piece, "account")) > 1 for piece in _pieces(it)
    ),
    "two sets of one account": lambda it: max(_sets_of(it).values(), default=0) > 1,
    **{f"a holder of a {kind}": _held(kind) for kind in KINDS},
    **{f"a remembered {kind}": _memory_of(kind) for kind in KINDS},
    "a note on a memory": lambda it: any("note" in memory for memory in it.get("remembered", [])),
    "a memory without a note": lambda it: any(
        "note" not in memory for memory in it.get("remembered", [])
    ),
    "nothing said of memories": lambda it: "remembered" not in it,
    "nothing said of accounts": lambda it: "accounts" not in it,
    "a password that signs in": lambda it: True in _signs_in(it),
    "a password that does not sign in": lambda it: False in _signs_in(it),
    "an account of which nothing is said": lambda it: None in _signs_in(it),
    "an account without items": lambda it: it.get("accounts", {}).keys() - _named(it),
    "an item of an account that is not listed": lambda it: (
        "accounts" in it and _named(it) - it["accounts"].keys()
    ),
}
"""What it is -> whether a plan has it."""
