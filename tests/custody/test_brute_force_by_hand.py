"""The brute force itself, on plans whose answers were worked out by hand.

One plan for each sentence of the format: if the brute force reads it wrongly, so may the program.
"""

from typing import Any

from tests.custody.brute_force import Plan, answer

TWO_SAFES = {
    "hq": {"openers": ["alice", "bob"], "need": 1},
    "north": {"openers": ["bob", "carol"], "need": 1},
}


def plan(*items: dict[str, Any], **more: Any) -> Plan:
    """Alice and bob open the safe at hq, bob and carol the one in the north, each alone."""
    sites = {"headquarters": ["hq"], "northern": ["north"]}
    base = {"people": ["alice", "bob", "carol"], "sites": sites, "safes": TWO_SAFES}
    return base | {"items": list(items)} | more


def key(name: str, safe: str, account: str | list[str] = "bg1", **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "key", "account": account, "safe": safe} | more


def pin(name: str, safe: str, *keys: str) -> dict[str, Any]:
    return {"id": name, "kind": "pin", "for": list(keys), "safe": safe}


def password(name: str, safe: str, account: str = "bg1") -> dict[str, Any]:
    return {"id": name, "kind": "password", "account": account, "safe": safe}


def share(name: str, safe: str, threshold: int, **more: Any) -> dict[str, Any]:
    of = {"id": name, "kind": "share", "set": "P", "threshold": threshold, "safe": safe}
    return of | (more or {"account": "bg1"})


def part(name: str, safe: str, of: int, **more: Any) -> dict[str, Any]:
    whole = {"id": name, "kind": "part", "set": "P", "of": of, "safe": safe}
    return whole | (more or {"account": "bg1"})


def coalitions(it: Plan, account: str = "bg1", when: str = "now") -> list[list[str]]:
    found: list[list[str]] = answer(it)[f"minimal_coalitions_{when}"][account]
    return found


# --- Keys and PINs


def test_a_key_and_its_pin_take_whoever_can_reach_both() -> None:
    it = plan(key("K1", "hq"), pin("K1-pin", "north", "K1"))
    assert coalitions(it) == [["alice", "carol"], ["bob"]]


def test_a_key_without_its_pin_is_of_no_use() -> None:
    assert coalitions(plan(key("K1", "hq"))) == []


def test_a_key_without_user_verification_needs_no_pin() -> None:
    assert coalitions(plan(key("K1", "hq", uv="none"))) == [["alice"], ["bob"]]


def test_any_other_user_verification_needs_the_pin() -> None:
    assert coalitions(plan(key("K1", "hq", uv="required"))) == []


def test_a_pin_of_another_key_does_not_help() -> None:
    it = plan(key("K1", "hq"), key("K2", "north", "bg2"), pin("K2-pin", "hq", "K2"))
    assert coalitions(it) == []
    assert coalitions(it, "bg2") == [["alice", "carol"], ["bob"]]


def test_either_of_two_notes_of_a_pin_will_do() -> None:
    it = plan(key("K1", "hq"), pin("note-1", "north", "K1"), pin("note-2", "hq", "K1"))
    assert coalitions(it) == [["alice"], ["bob"]]


def test_one_pin_may_be_for_several_keys_and_one_key_for_several_accounts() -> None:
    it = plan(key("K1", "hq", ["bg1", "bg2"]), key("K2", "north"), pin("pin", "north", "K1", "K2"))
    assert coalitions(it, "bg1") == [["bob"], ["carol"]]
    assert coalitions(it, "bg2") == [["alice", "carol"], ["bob"]]


# --- Safes and holders


def test_a_safe_for_two_takes_two_of_its_openers() -> None:
    safes = TWO_SAFES | {"hq": {"openers": ["alice", "bob", "carol"], "need": 2}}
    it = plan(password("P", "hq"), safes=safes)
    assert coalitions(it) == [["alice", "bob"], ["alice", "carol"], ["bob", "carol"]]


def test_nobody_opens_a_safe_that_needs_more_openers_than_it_has() -> None:
    it = plan(password("P", "hq"), safes=TWO_SAFES | {"hq": {"openers": ["alice"], "need": 2}})
    assert coalitions(it) == []
    assert answer(it)["one_person_absent"] == {"alice": [], "bob": [], "carol": []}


def test_what_somebody_holds_they_have_and_it_is_gone_with_them() -> None:
    held = {"id": "K1", "kind": "key", "account": "bg1", "holder": "carol", "uv": "none"}
    it = answer(plan(held))
    assert it["minimal_coalitions_now"] == {"bg1": [["carol"]]}
    assert it["one_person_absent"] == {"alice": ["bg1"], "bob": ["bg1"], "carol": []}
    assert it["site_loss"] == {"headquarters": ["bg1"], "northern": ["bg1"]}


# --- Passwords, shares and parts


def test_a_threshold_of_shares_is_the_password() -> None:
    it = plan(share("P-1", "hq", 2), share("P-2", "north", 2), share("P-3", "north", 2))
    assert coalitions(it) == [["bob"], ["carol"]]


def test_shares_of_two_sets_do_not_add_up() -> None:
    other = share("Q-1", "north", 2) | {"set": "Q"}
    assert coalitions(plan(share("P-1", "hq", 2), other)) == []


def test_a_single_share_of_a_threshold_of_one_is_the_password() -> None:
    assert coalitions(plan(share("P-1", "hq", 1), share("P-2", "hq", 1))) == [["alice"], ["bob"]]


def test_parts_are_the_password_only_all_together() -> None:
    it = plan(part("P-1", "hq", 3), part("P-2", "north", 3), part("P-3", "north", 3))
    assert coalitions(it) == [["alice", "carol"], ["bob"]]


def test_pieces_for_a_key_are_its_pin_and_nothing_more() -> None:
    halves = (part("P-1", "hq", 2, **{"for": "K1"}), part("P-2", "north", 2, **{"for": "K1"}))
    assert coalitions(plan(*halves, key("K1", "north"))) == [["alice", "carol"], ["bob"]]
    shares = (share("P-1", "hq", 1, **{"for": "K1"}), share("P-2", "north", 1, **{"for": "K1"}))
    assert coalitions(plan(*shares, key("K1", "north"))) == [["bob"], ["carol"]]


# --- Memories, misuse and survival


def test_what_was_seen_counts_in_ever_and_neither_now_nor_in_survival() -> None:
    it = plan(
        *(key("K1", "hq"), pin("K1-pin", "north", "K1")),
        remembered=[{"person": "alice", "item": "K1-pin", "note": "typed it in March"}],
    )
    assert coalitions(it, when="now") == [["alice", "carol"], ["bob"]]
    assert coalitions(it, when="ever") == [["alice"], ["bob"]]
    assert answer(it)["item_loss"]["K1-pin"] == []


def test_a_password_that_signs_nobody_in_counts_for_misuse_alone() -> None:
    it = plan(password("P", "hq"), accounts={"bg1": {"password_signs_in": False}})
    assert coalitions(it) == [["alice"], ["bob"]]
    assert answer(it)["one_person_absent"] == {"alice": [], "bob": [], "carol": []}
    put_together = plan(share("P-1", "hq", 1), accounts={"bg1": {"password_signs_in": False}})
    assert coalitions(put_together) == [["alice"], ["bob"]]
    assert answer(put_together)["safe_loss"] == {"hq": [], "north": []}


def test_a_password_signs_in_unless_it_is_said_that_it_does_not() -> None:
    said: list[dict[str, Any]] = [{}, {"bg1": {}}, {"bg1": {"password_signs_in": True}}]
    for accounts in said:
        it = plan(password("P", "hq"), accounts=accounts)
        assert answer(it)["safe_loss"] == {"hq": [], "north": ["bg1"]}


def test_the_pin_of_a_key_counts_where_the_password_signs_nobody_in() -> None:
    halves = (share("P-1", "hq", 1, **{"for": "K1"}), key("K1", "north"))
    it = plan(*halves, accounts={"bg1": {"password_signs_in": False}})
    assert answer(it)["one_person_absent"] == {"alice": ["bg1"], "bob": ["bg1"], "carol": ["bg1"]}


def test_an_account_without_items_is_left_out() -> None:
    it = answer(plan(password("P", "hq"), accounts={"bg1": {}, "bg9": {}}))
    assert it["minimal_coalitions_now"] == it["minimal_coalitions_ever"]
    assert it["minimal_coalitions_now"] == {"bg1": [["alice"], ["bob"]]}


def test_losing_a_safe_a_site_or_an_item_leaves_what_lies_elsewhere() -> None:
    it = answer(plan(password("P", "hq"), password("Q", "north", "bg2"), password("R", "hq")))
    assert it["site_loss"] == {"headquarters": ["bg2"], "northern": ["bg1"]}
    assert it["safe_loss"] == {"hq": ["bg2"], "north": ["bg1"]}
    assert it["item_loss"] == {"P": ["bg1", "bg2"], "Q": ["bg1"], "R": ["bg1", "bg2"]}


def test_two_absent_lock_everything_out_when_no_account_is_left() -> None:
    it = answer(plan(password("P", "hq"), password("Q", "north", "bg2")))
    assert it["any_two_absent_that_lock_out_everything"] == []  # the third opens one of the two
    it = answer(plan(password("P", "hq")))
    assert it["any_two_absent_that_lock_out_everything"] == [["alice", "bob"]]


def test_a_lost_site_and_an_absent_person_come_together() -> None:
    safes = TWO_SAFES | {"north": {"openers": ["bob"], "need": 1}}
    it = answer(plan(password("P", "hq"), password("Q", "north", "bg2"), safes=safes))
    assert it["site_loss_and_one_absent"] == {
        "headquarters": {"alice": ["bg2"], "bob": [], "carol": ["bg2"]},
        "northern": {"alice": ["bg1"], "bob": ["bg1"], "carol": ["bg1"]},
    }


def test_an_organisation_of_nobody_and_nothing_has_an_answer() -> None:
    it = answer({"people": [], "sites": {}, "safes": {}, "accounts": {}, "items": []})
    assert it.pop("any_two_absent_that_lock_out_everything") == []
    assert set(map(str, it.values())) == {"{}"}
