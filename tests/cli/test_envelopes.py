"""`keyvault envelopes`: what lies where, and what two people may say of it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

BAG: Final = "station-id1-1"
"""The envelope of the station's identity: deposited in vault-1, in bag BAG-1."""


def envelope(desk: "Desk", *words: str) -> dict[str, Any]:
    """What the list says of the identity's envelope."""
    (its,) = json.loads(desk.read("envelopes", "list", "--json", *words))
    assert isinstance(its, dict)
    return its


def correct(desk: "Desk", *words: str) -> None:
    desk.do("envelopes", "correct", BAG, *words, "--why", "misread at the founding")


# --- What lies where


def test_envelopes_are_listed_with_where_they_lie(founded: "Desk") -> None:
    its = envelope(founded)
    assert (its["id"], its["holds"], its["set"]) == (BAG, "identity:station", "station-id1")
    assert (its["state"], its["bag"], its["safe"]) == ("deposited", "BAG-1", "vault-1")
    rows = [line.split() for line in founded.read("envelopes", "list").splitlines()]
    assert rows[1:] == [[BAG, "identity:station", "deposited", "BAG-1", "vault-1", "vault"]]
    assert envelope(founded, "--safe", "vault-1")["id"] == BAG
    assert json.loads(founded.read("envelopes", "list", "--json", "--safe", "hq-1")) == []


def test_a_safe_that_there_is_not_holds_nothing_and_is_said_so(
    founded: "Desk", refusal: Refusal
) -> None:
    assert refusal(founded.ask("envelopes", "list", "--safe", "moon-1"), 5, "no safe 'moon-1'")


def test_the_history_tells_the_whole_life(desk: "Desk", refusal: Refusal) -> None:
    desk.do("envelopes", "move", BAG, "--to", "hq-1")

    entries = json.loads(desk.read("envelopes", "history", BAG, "--json"))
    table = desk.read("envelopes", "history", BAG)
    assert [it["kind"].removeprefix("envelope.") for it in entries] == [
        *("printed", "proven", "sealed", "deposited", "moved")
    ]
    for told in ("sealed bag BAG-1", "deposited safe vault-1", "moved safe hq-1"):
        assert told in table
    assert refusal(desk.ask("envelopes", "history", "nothing"), 5, "no envelope 'nothing'")


# --- Moving


def test_an_envelope_is_moved(desk: "Desk") -> None:
    told = desk.do("envelopes", "move", BAG, "--to", "hq-1").stderr

    assert f"Move envelope {BAG} to safe hq-1: is that right?" in told
    its = envelope(desk)
    assert (its["safe"], its["state"], its["bag"]) == ("hq-1", "deposited", "BAG-1")


# --- Correcting


def test_bag_safe_and_state_are_corrected(desk: "Desk") -> None:
    correct(desk, "--bag", "BAG-7", "--safe", "hq-2")
    its = envelope(desk)
    assert (its["bag"], its["safe"], its["state"]) == ("BAG-7", "hq-2", "deposited")
    correct(desk, "--state", "opened")
    its = envelope(desk)
    assert (its["safe"], its["state"]) == ("hq-2", "opened")
    correct(desk, "--state", "deposited", "--safe", "vault-1", "--bag", "BAG-1")

    its = envelope(desk)
    assert (its["bag"], its["safe"], its["state"]) == ("BAG-1", "vault-1", "deposited")
    assert "misread" not in desk.read("ledger", "show", "--raw")
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


@pytest.mark.parametrize("state", ["printed", "proven"])
def test_no_correction_buries_a_sheet_in_force(desk: "Desk", state: str) -> None:
    words = ("envelopes", "correct", BAG, "--why", "a slip", *desk.by)

    desk.sit(*words, "--state", state)
    desk.sit(*words, "--state", "deposited", "--safe", "vault-1", "--bag", "BAG-1")

    its = envelope(desk)
    assert (its["state"], its["safe"], its["bag"]) == ("deposited", "vault-1", "BAG-1")


def test_a_correction_says_something_that_holds_together(desk: "Desk") -> None:
    before = desk.ledger.read_bytes()

    for words in ((), ("--state", "sealed", "--safe", "hq-1")):
        done = desk.sit("envelopes", "correct", BAG, *words, "--why", "x", *desk.by)
        assert done.returncode == 2, done.stdout
    assert desk.ledger.read_bytes() == before


def test_an_identity_that_was_corrected_to_opened_finds_its_safe_again(desk: "Desk") -> None:
    correct(desk, "--state", "opened")
    finding = {"kind": "finding.made", "rule": "r", "subject": "hq-1", "what": "w", "mend": "m"}
    (desk.folder / "seen.json").write_text(json.dumps([finding]))
    desk.read("ledger", "propose", "seen.json", "--out", "seen.age", "--by", "carol")

    done = desk.sit(
        *("ledger", "accept", "seen.age", *desk.identity, *desk.by),
        typed=("y", "BAG-2", "BAG-2", "y", "1", "1"),
    )

    assert done.returncode == 0, done.stderr
    assert envelope(desk)["state"] == "deposited"


# --- Destroying


def test_a_sheet_in_force_is_not_destroyed(desk: "Desk", refusal: Refusal) -> None:
    done = desk.sit("envelopes", "destroy", BAG, *desk.by, typed=(f"destroy {BAG}",))

    assert refusal(done, 5, "station-id1 is in force: its sheets are still wanted")
    assert envelope(desk)["state"] == "deposited"


@pytest.mark.parametrize("typed", ["y", f"Destroy {BAG}"])
def test_only_the_exact_words_destroy(desk: "Desk", typed: str, refusal: Refusal) -> None:
    before = len(desk.entries)

    done = desk.sit("envelopes", "destroy", BAG, *desk.by, typed=(typed, "n", "n"))

    assert refusal(done, 5, "the words were not typed", f"destroy {BAG}"), done.stderr
    assert set(desk.kinds(before)) <= {"clock.checked"}


# --- Refusals


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("move", BAG, "--to", "vault-1"), "lies in safe vault-1 already"),
        (("move", BAG, "--to", "moon-1"), "no safe 'moon-1'"),
        (("move", "nothing", "--to", "hq-1"), "no envelope 'nothing'"),
        (("correct", "nothing", "--bag", "B", "--why", "x"), "no envelope 'nothing'"),
        (("correct", BAG, "--safe", "moon-1", "--why", "x"), "no safe 'moon-1'"),
        (("correct", BAG, "--state", "destroyed", "--why", "x"), "in force"),
        (("correct", BAG, "--state", "spoiled", "--why", "x"), "in force"),
    ],
)
def test_what_cannot_be_is_refused(
    desk: "Desk", words: tuple[str, ...], message: str, refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.sit("envelopes", *words, *desk.by, typed=("y", "n"))

    assert refusal(done, 5, message), done.stderr
    assert set(desk.kinds(before)) <= {"clock.checked"}


def test_an_opened_envelope_is_not_moved(desk: "Desk", refusal: Refusal) -> None:
    correct(desk, "--state", "opened")

    moved = desk.sit("envelopes", "move", BAG, "--to", "hq-1", *desk.by)

    assert refusal(moved, 5, "is opened, not deposited", "'envelopes history'"), moved.stderr


def test_auditors_handle_no_envelope_and_custodians_do(desk: "Desk", refusal: Refusal) -> None:
    by_auditor = ("--by", "carol", "--by", "erin")
    done = desk.sit("envelopes", "move", BAG, "--to", "hq-1", *by_auditor)
    assert refusal(done, 5, "erin is auditor: to move an envelope")

    done = desk.sit("envelopes", "move", BAG, "--to", "hq-1", "--by", "carol", "--by", "alice")
    assert done.returncode == 0, done.stderr
    assert envelope(desk)["safe"] == "hq-1"
