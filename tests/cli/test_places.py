"""`keyvault sites`, `safes` and `accounts`."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

OBJECT: Final = "0a1b2c3d-0000-4000-8000-00000000000a"


def listed(desk: "Desk", verb: str, name: str) -> dict[str, Any]:
    """What `VERB list --json` says of one of them."""
    (its,) = [it for it in json.loads(desk.read(verb, "list", "--json")) if it["id"] == name]
    assert isinstance(its, dict)
    return its


def test_sites_are_added_changed_and_listed(desk: "Desk") -> None:
    desk.do("sites", "add", "north", "--paper", "Letter")
    added = {"id": "north", "paper": "Letter", "envelope": "#10", "safes": []}
    assert listed(desk, "sites", "north") == added
    desk.do("sites", "change", "north", "--paper", "A4")

    assert listed(desk, "sites", "north")["paper"] == "A4"
    lines = [line.split() for line in desk.read("sites", "list").splitlines()]
    assert lines == [
        ["id", "paper", "envelope", "safes"],
        ["hq", "A4", "DL", "hq-1,", "hq-2"],
        ["vault", "Letter", "#10", "vault-1"],
        ["north", "A4", "DL", "-"],
    ]


def test_a_site_folds_its_paper_into_the_envelope_that_was_named(desk: "Desk") -> None:
    desk.do("sites", "add", "north", "--envelope", "C5")
    assert listed(desk, "sites", "north")["envelope"] == "C5"
    told = desk.do("sites", "change", "north", "--envelope", "DL-A").stderr
    its = listed(desk, "sites", "north")
    assert (its["paper"], its["envelope"]) == ("A4", "DL-A")
    assert "Let site north print on its paper for DL-A envelopes: is that right?" in told

    desk.do("sites", "change", "north", "--paper", "Letter")

    its = listed(desk, "sites", "north")
    assert (its["paper"], its["envelope"]) == ("Letter", "#10")


def test_safes_are_added_changed_and_listed(desk: "Desk") -> None:
    openers = ("--opener", "alice", "--opener", "carol")
    told = desk.do("safes", "add", "hq-3", "--site", "hq", *openers, "--need", "2").stderr
    assert "Add safe hq-3 at hq, opened by 2 of alice, carol: is that right?" in told
    added = listed(desk, "safes", "hq-3")
    assert (added["site"], added["openers"], added["need"]) == ("hq", ["alice", "carol"], 2)
    desk.do("safes", "change", "hq-3", "--opener", "bob", "--need", "1")

    changed = listed(desk, "safes", "hq-3")
    assert (changed["site"], changed["openers"], changed["need"]) == ("hq", ["bob"], 1)
    assert listed(desk, "safes", "vault-1")["envelopes"] == ["station-id1-1"]
    assert listed(desk, "sites", "hq")["safes"] == ["hq-1", "hq-2", "hq-3"]
    lines = [line.split() for line in desk.read("safes", "list").splitlines()]
    assert ["vault-1", "vault", "1", "of", "bob", "1"] in lines
    assert ["hq-3", "hq", "1", "of", "bob", "0"] in lines


def test_the_rest_of_a_safe_stays(desk: "Desk") -> None:
    desk.do("safes", "change", "hq-1", "--opener", "alice", "--opener", "bob")
    desk.do("safes", "change", "hq-1", "--need", "2")

    changed = listed(desk, "safes", "hq-1")
    assert (changed["openers"], changed["need"]) == (["alice", "bob"], 2)


def test_accounts_are_added_changed_and_listed(desk: "Desk") -> None:
    upn = "bg2@example.onmicrosoft.com"
    desk.do("accounts", "add", "bg2", upn, "--object-id", OBJECT.upper())
    its = listed(desk, "accounts", "bg2")
    assert (its["upn"], its["object_id"]) == (upn, OBJECT)
    desk.do("accounts", "change", "bg2", "--upn", "new@example.onmicrosoft.com")

    its = listed(desk, "accounts", "bg2")
    assert (its["upn"], its["object_id"]) == ("new@example.onmicrosoft.com", OBJECT)
    assert (its["keys"], its["password_set"], its["used"]) == ([], None, None)
    assert "new@example.onmicrosoft.com" in desk.read("accounts", "list")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sites", "add", "hq"), "there is a site 'hq' already"),
        (("sites", "change", "moon", "--paper", "A4"), "no site 'moon'"),
        (("sites", "change", "moon", "--envelope", "C5"), "no site 'moon'"),
        (("sites", "add", "s", "--envelope", "#10"), "A4 paper is not folded for an envelope #10"),
        (
            ("sites", "change", "vault", "--envelope", "DL"),
            "Letter paper is not folded for an envelope DL",
        ),
        (("safes", "add", "hq-1", "--site", "hq", "--opener", "bob"), "a safe 'hq-1' already"),
        (("safes", "add", "s", "--site", "moon", "--opener", "bob"), "no site 'moon'"),
        (("safes", "add", "s", "--site", "hq", "--opener", "zoe"), "no person 'zoe'"),
        (("safes", "change", "hq-1", "--need", "2"), "needs 2 openers and has fewer"),
        (("accounts", "add", "bg1", "b@example.com"), "account 'bg1' already"),
        (("accounts", "add", "b", "BG1@Example.onmicrosoft.com"), "of account bg1 already"),
        (("safes", "add", "s", "--site", "hq", "--opener", "bob", "--opener", "bob"), "twice"),
    ],
)
def test_what_cannot_be_is_refused(
    desk: "Desk", words: tuple[str, ...], message: str, refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.sit(*words, *desk.by, typed=("y", "n"))

    assert refusal(done, 5, message), done.stderr
    assert set(desk.kinds(before)) <= {"clock.checked"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sites", "add", "no rth"), "'no rth' is no id"),
        (("sites", "add", "north", "--paper", "A5"), "'A5' is not one of"),
        (("sites", "add", "north", "--envelope", "DL-B"), "'DL-B' is not one of"),
        (("sites", "change", "hq"), "--envelope"),
        (("safes", "add", "s", "--opener", "bob"), "--site"),
        (("safes", "add", "s", "--site", "hq"), "--opener"),
        (("safes", "add", "s", "--site", "hq", "--opener", "bob", "--need", "0"), "--need"),
        (("accounts", "add", "b", "nobody"), "'nobody' is no sign-in name"),
        (("accounts", "add", "b", "b\x1b[2J@example.com"), "no sign-in name"),
        (("accounts", "change", "bg1", "--object-id", "12345"), "'12345' is no object id"),
        (("safes", "change", "hq-1"), "--opener"),
        (("accounts", "change", "bg1"), "--upn"),
    ],
)
def test_usage_errors_come_before_anybody_is_asked(
    desk: "Desk", words: tuple[str, ...], message: str
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.ask(*words, *desk.by)

    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "the time from a source" not in done.stderr
    assert desk.ledger.read_bytes() == before


def test_an_object_id_is_one_accounts_alone(desk: "Desk", refusal: Refusal) -> None:
    desk.do("accounts", "change", "bg1", "--object-id", OBJECT)

    done = desk.sit("accounts", "add", "b", "b@example.com", "--object-id", OBJECT, *desk.by)

    assert refusal(done, 5, "bg1"), done.stdout
