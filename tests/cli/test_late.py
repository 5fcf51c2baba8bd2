"""What happened outside of a ceremony, entered afterwards."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.custody.entries import TIME_FORMAT
from tests.cli.sealed import pack_key

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

BAG: Final = "station-id1-1"
"""The envelope of the station's identity: deposited in vault-1."""


def test_a_use_of_an_account_is_entered_by_one_and_its_rotation_falls_due(desk: "Desk") -> None:
    told = desk.read("accounts", "used", "bg1", "--why", "emergency", "--by", "erin")

    assert "Account bg1 was used (emergency)" in told
    assert desk.kinds()[-1] == "account.used"
    due = json.loads(desk.ask("due", "--json").stdout)
    found = [it for it in due if it["subject"] == "bg1" and it["requirement"] == "S32"]
    assert [it["trigger"] for it in found] == ["it was used"]


def test_it_is_entered_when_it_happened_and_marked_late(desk: "Desk") -> None:
    before = desk.register.time
    assert before is not None
    moment = (before - timedelta(minutes=10)).astimezone(UTC)

    desk.read(
        "accounts", "used", "bg1", "--why", "drill", "--by", "alice",
        "--occurred-at", moment.strftime("%Y-%m-%dT%H:%MZ"),
    )  # fmt: skip

    entry = desk.entries[-1]
    assert entry.occurred == moment.replace(second=0)
    assert entry.time >= before
    assert desk.register.accounts["bg1"].used == moment.replace(second=0)


def due_under_s32(desk: "Desk") -> dict[str, str]:
    """Subject -> why its secret is to be changed, of what was used or seen."""
    owed = [it for it in json.loads(desk.ask("due", "--json").stdout) if it["requirement"] == "S32"]
    return {it["subject"]: it["trigger"] for it in owed if not it["trigger"].startswith("a year")}


def test_after_a_use_with_a_key_it_is_the_pin_that_falls_due(desk: "Desk") -> None:
    pack_key(desk)
    words = ("accounts", "used", "bg1", "--why", "emergency", "--key", "K1", "--by", "erin")

    told = desk.read(*words)

    assert "Account bg1 was used with key K1 (emergency)" in told
    assert "Nobody is on record who saw the PIN of key K1" in told
    assert "K1-pin1-1" in told
    assert desk.register.accounts["bg1"].used is None
    assert due_under_s32(desk) == {}

    told = desk.read(*words, "--seen-by", "bob")

    assert "Nobody is on record" not in told
    assert desk.kinds()[-2:] == ["account.used", "secret.exposed"]
    assert due_under_s32(desk) == {"K1": "bob saw it"}
    assert len(desk.register.emergencies["bg1"]) == 2


def test_a_key_of_another_account_and_a_pin_on_no_sheet_are_refused(
    keyed: "Desk", refusal: Refusal
) -> None:
    keyed.do("accounts", "add", "bg2", "bg2@example.onmicrosoft.com")
    used, size = ("accounts", "used"), keyed.register.size
    about = ("--why", "drill", "--key", "K1", "--by", "erin")

    other = keyed.ask(*used, "bg2", *about)
    no_sheet = keyed.ask(*used, "bg1", *about, "--seen-by", "bob")
    no_key = keyed.ask(*used, "bg1", "--why", "drill", "--seen-by", "bob", "--by", "erin")

    assert refusal(other, 5, "key K1 is one of bg1, and does not sign in to bg2")
    assert refusal(no_sheet, 5, "the PIN of key K1 is on no sheet")
    assert (no_key.returncode, "name it with --key" in no_key.stderr) == (2, True)
    assert keyed.register.size == size


def test_an_opening_is_entered_with_who_saw_the_sheet(desk: "Desk") -> None:
    desk.read("envelopes", "opened", BAG, "--why", "drill", "--by", "alice", "--seen-by", "bob")

    assert desk.kinds()[-3:] == ["envelope.opened", "secret.exposed", "secret.exposed"]
    assert desk.register.envelopes[BAG].state == "opened"
    seen = [(it.person, it.set, it.number) for it in desk.register.exposures[-2:]]
    assert seen == [("alice", "station-id1", 1), ("bob", "station-id1", 1)]


def test_a_bag_that_was_damaged_is_a_finding_and_said(desk: "Desk") -> None:
    told = desk.read("envelopes", "opened", BAG, "--why", "inspection", "--damaged", "--by", "bob")

    assert "Found: the bag was not intact when the envelope was opened." in told


def test_whoever_saw_a_sheet_is_entered_by_name(desk: "Desk") -> None:
    desk.read("envelopes", "seen", BAG, "erin", "carol", "--by", "alice")

    assert [it.person for it in desk.register.exposures[-2:]] == ["erin", "carol"]


NONSENSE: Final = {
    "nobody says so": (("accounts", "used", "bg1", "--why", "drill"), 2, "name who says so"),
    "an unknown account": (
        ("accounts", "used", "bg9", "--why", "drill", "--by", "alice"),
        5,
        "no account 'bg9'",
    ),
    "an unknown person": (
        ("accounts", "used", "bg1", "--why", "drill", "--by", "zoe"),
        5,
        "no person 'zoe'",
    ),
    "an unknown envelope": (
        ("envelopes", "seen", "moon-1", "erin", "--by", "alice"),
        5,
        "no envelope 'moon-1'",
    ),
    "a time without a zone": (
        ("accounts", "used", "bg1", "--why", "x", "--by", "alice", "--occurred-at", "2026-01-01"),
        2,
        "is no time",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_and_nothing_entered(founded: "Desk", name: str) -> None:
    words, status, because = NONSENSE[name]
    size = founded.register.size

    done = founded.ask(*words)
    assert done.returncode == status
    assert because in done.stderr
    assert founded.register.size == size


def test_what_would_happen_tomorrow_is_not_entered(founded: "Desk", refusal: Refusal) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime(TIME_FORMAT)
    words = ("accounts", "used", "bg1", "--why", "x", "--by", "alice", "--occurred-at", tomorrow)

    assert refusal(founded.ask(*words), 5, "after it was entered")
