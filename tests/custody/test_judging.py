"""What is wrong with holdings, requirement by requirement; each by what sets it apart from good."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from keyvault_kit.custody import judging
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.holdings import Container, Holdings, Item, Kind, Source, Way
from keyvault_kit.custody.survival import Survival

Change = Callable[[Holdings], Holdings]
Found = tuple[str, Severity, str]

SAFES = {
    "HQ-1": Container(frozenset({"alice", "bob", "erin"}), 1),
    "HQ-2": Container(frozenset({"carol", "dave", "frank"}), 1),
    "DR-1": Container(frozenset({"alice", "bob", "erin"}), 1),
    "DR-2": Container(frozenset({"carol", "dave", "frank"}), 1),
}


def put(item: Item, safe: str) -> Item:
    openers = SAFES[safe]
    way = Way(openers.openers, openers.need, f"opens safe {safe}")
    return msgspec.structs.replace(item, safe=safe, now=(way,))


def key(name: str, safe: str) -> Item:
    return put(Item(id=name, kind=Kind.KEY, accounts=("bg1",)), safe)


def pin(of: str, safe: str) -> Item:
    return put(Item(id=f"pin-{of}", kind=Kind.PIN, keys=(of,)), safe)


GOOD = Holdings(
    people=("alice", "bob", "carol", "dave", "erin", "frank"),
    sites={"HQ": ("HQ-1", "HQ-2"), "DR": ("DR-1", "DR-2")},
    safes=SAFES,
    signs_in={},
    items=(key("K1", "HQ-1"), pin("K1", "HQ-2"), key("K2", "DR-1"), pin("K2", "DR-2")),
)
"""Two keys at two sites, their PINs with two other people."""


def replaced(*items: Item) -> Change:
    """The same with other items in the place of those of these ids."""
    new = {it.id: it for it in items}
    return lambda its: msgspec.structs.replace(
        its, items=tuple(new.get(it.id, it) for it in its.items)
    )


def without(*names: str) -> Change:
    return lambda its: msgspec.structs.replace(
        its, items=tuple(it for it in its.items if it.id not in names)
    )


def opened_by(safe: str, openers: str, need: int = 1) -> Change:
    """The same with other openers of a safe."""
    people = frozenset(openers.split())
    way = Way(people, need, f"opens safe {safe}")

    def change(its: Holdings) -> Holdings:
        items = (
            msgspec.structs.replace(it, now=(way,)) if it.safe == safe else it for it in its.items
        )
        safes = its.safes | {safe: Container(people, need)}
        return msgspec.structs.replace(its, items=tuple(items), safes=safes)

    return change


def remembered(name: str, person: str) -> Change:
    way = Way(frozenset({person}), 1, "remembers it")
    return lambda its: replaced(
        *(msgspec.structs.replace(it, before=(way,)) for it in its.items if it.id == name)
    )(its)


def remarked(its: Holdings) -> Holdings:
    return msgspec.structs.replace(its, remarks=("safe X needs more openers than it has",))


def told(found: Iterator[RuleFinding] | tuple[RuleFinding, ...]) -> set[Found]:
    return {(it.rule, it.severity, it.subject) for it in found}


def test_good_holdings_have_no_finding() -> None:
    assert judging.judge_holdings(GOOD) == ()


HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW

BAD: dict[str, tuple[Change, set[Found]]] = {
    "all at one site": (
        lambda its: msgspec.structs.replace(its, sites={"HQ": tuple(its.safes), "DR": ()}),
        {("S34", HIGH, ""), ("S35", HIGH, "bg1"), ("S35", MEDIUM, "bg1")},
    ),
    "both keys in one safe": (
        replaced(key("K2", "HQ-1")),
        {("S35", HIGH, "bg1"), ("S35", MEDIUM, "bg1")},
    ),
    "both PINs in one safe": (
        replaced(pin("K2", "HQ-2")),
        {("S35", HIGH, "bg1"), ("S35", MEDIUM, "bg1")},
    ),
    "a PIN beside its key": (
        replaced(pin("K1", "HQ-1")),
        {("S36", HIGH, "K1"), *(("S38", HIGH, it) for it in ("alice", "bob", "erin"))},
    ),
    "one opener for all keys": (
        lambda its: opened_by("DR-1", "alice")(opened_by("HQ-1", "alice")(its)),
        {("S37", HIGH, "alice"), ("S38", LOW, "bg1")},
    ),
    "a key that nobody can reach": (opened_by("DR-1", "alice", need=2), {("S35", HIGH, "bg1")}),
    "a PIN that is gone": (
        without("pin-K1", "pin-K2"),
        {("S37", HIGH, "bg1"), ("S38", LOW, "bg1")},
    ),
    "somebody who opens both": (
        opened_by("HQ-2", "carol dave frank alice"),
        {("S38", HIGH, "alice")},
    ),
    "somebody who remembers a PIN": (remembered("pin-K1", "alice"), {("S39", HIGH, "alice")}),
    "something odd": (remarked, {("plan", LOW, "")}),
    "nothing at all": (
        without("K1", "K2", "pin-K1", "pin-K2"),
        {("plan", LOW, "")},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_found_by_name_and_nothing_else(name: str) -> None:
    change, expected = BAD[name]
    assert told(judging.judge_holdings(change(GOOD))) == expected


def test_two_whose_absence_locks_out_are_named_and_those_alone_needed_are_not() -> None:
    few = opened_by("HQ-1", "alice bob")(without("K2", "pin-K2")(GOOD))
    pairs = [it.what for it in judging.s37(few, Survival(few)) if "away" in it.what]
    assert pairs == ["no account can be used while two are away: alice and bob"]
    fewer = opened_by("HQ-2", "carol")(few)
    told_of = {it.subject: it.what for it in judging.s37(fewer, Survival(fewer))}
    assert told_of["carol"] == "without carol, bg1 cannot be used"
    assert told_of[""] == "no account can be used while two are away: alice and bob"


def test_a_pin_in_pieces_is_beside_its_key_only_where_enough_of_it_is() -> None:
    pieces = tuple(
        put(Item(id=f"S{n}", kind=Kind.SHARE, keys=("K1",), set="s", threshold=2), safe)
        for n, safe in enumerate(("HQ-1", "HQ-2", "DR-2"))
    )
    apart = msgspec.structs.replace(without("pin-K1")(GOOD), items=(*GOOD.items[:1], *pieces))
    assert told(judging.s36(apart)) == set()
    beside = msgspec.structs.replace(
        apart, items=(*GOOD.items[:1], pieces[0], put(pieces[1], "HQ-1"), pieces[2])
    )
    assert told(judging.s36(beside)) == {("S36", HIGH, "K1")}


def test_the_worst_comes_first() -> None:
    its = remarked(replaced(pin("K1", "HQ-1"))(GOOD))
    severities = [it.severity for it in judging.judge_holdings(its)]
    assert severities == sorted(severities, key=list(Severity).index)
    assert severities[-1] is LOW


def test_every_finding_says_what_is_so_why_and_what_to_do() -> None:
    for change, _ in BAD.values():
        for it in judging.judge_holdings(change(GOOD)):
            assert not it.what.endswith(".")
            assert it.why.endswith(".")
            assert it.mend.endswith(".")


# --- The words


def only(found: Iterator[RuleFinding], subject: str) -> RuleFinding:
    (it,) = [it for it in found if it.subject == subject]
    return it


def test_somebody_who_opens_all_is_told_with_the_reason_and_the_safe() -> None:
    its = only(judging.s38(replaced(pin("K1", "HQ-1"))(GOOD)), "alice")

    assert its.what == "alice alone can use bg1: its key K1 and pin-K1 lie in safe HQ-1"
    assert its.mend.startswith("Have safe HQ-1 take two openers")
    two = only(judging.s38(opened_by("HQ-2", "carol dave frank alice")(GOOD)), "alice")
    assert two.mend.startswith("Have one of safes HQ-1 and HQ-2 take two openers")


def test_from_somebody_who_has_it_in_hand_it_is_taken_and_no_safe_is_blamed() -> None:
    way = Way(frozenset({"alice"}), 1, "had it in hand last")
    loose = Item(id="S1", kind=Kind.PASSWORD, accounts=("bg1",), holder="alice", now=(way,))
    its = only(judging.s38(msgspec.structs.replace(GOOD, items=(*GOOD.items, loose))), "alice")

    assert its.what == "alice alone can use bg1: alice had its password S1 in hand last"
    assert its.mend == (
        "Take from alice what they have in hand (S1): change the secret of each sheet that lay"
        " open, and deposit the rest where others open."
    )


def test_of_several_accounts_each_has_its_reason() -> None:
    both = tuple(
        put(Item(id=f"W{n}", kind=Kind.PASSWORD, accounts=(f"bg{n}",)), "HQ-1") for n in (1, 2)
    )
    its = only(judging.s38(msgspec.structs.replace(GOOD, items=both)), "bob")

    assert its.what == (
        "bob alone can use bg1 (its password W1 lies in safe HQ-1)"
        " and bg2 (its password W2 lies in safe HQ-1)"
    )


def test_too_few_people_for_keys_or_pins_are_named_with_what_they_alone_reach() -> None:
    def told_of(change: Change) -> list[str]:
        return [it.what for it in judging.s38(change(GOOD)) if it.severity is LOW]

    alone = opened_by("DR-1", "alice")
    assert told_of(lambda its: alone(opened_by("HQ-1", "alice")(its))) == [
        "only alice can reach the keys of bg1"
    ]
    assert told_of(lambda its: opened_by("HQ-2", "carol")(opened_by("DR-2", "carol")(its))) == [
        "only carol, of those who reach no key of bg1, can reach its PINs"
    ]
    assert told_of(without("pin-K1", "pin-K2")) == [
        "nobody, of those who reach no key of bg1, can reach its PINs"
    ]


def test_what_is_odd_in_a_register_is_its_own_rule_with_a_mend_that_fits() -> None:
    (in_plan,) = judging.odd(remarked(GOOD))
    (its,) = judging.odd(msgspec.structs.replace(remarked(GOOD), source=Source.REGISTER))

    assert (in_plan.rule, its.rule) == ("plan", "register")
    assert in_plan.what == its.what
    assert "taken as it stands" not in its.why
    assert its.mend.startswith("Find out what became of it ('decide findings')")
    assert its.mend.index("decide findings") < its.mend.index("deposit what is whole")


def test_one_pair_more_than_are_named_is_one_pair() -> None:
    people = tuple(f"p{n}" for n in range(6))
    survival = Survival(GOOD)
    survival.__dict__["one_person_absent"] = dict.fromkeys(people, ("bg1",))
    survival.__dict__["two_absent_lock_out"] = tuple((people[0], it) for it in people)
    (its,) = [it for it in judging.s37(GOOD, survival) if "two are away" in it.what]

    assert its.what.endswith("; and 1 more pair")
