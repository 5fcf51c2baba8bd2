"""`keyvault enroll`: keys one after the other, the script for online, and what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.sheets.scan import read_codes
from tests.ceremonies.enrolling import UPN, options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Desk

K1, K2 = "K1:bg1:primary:hq-2:hq-1", "K2:bg1:backup:hq-2:vault-1"
PIN_PEOPLE = ("--pin-person", "alice", "--pin-person", "bob")
PEOPLE = ("--custodian", "carol", "--witness", "bob", *PIN_PEOPLE)


def lay_ready(desk: Desk, *tags: str, folder: str = ".") -> None:
    """Keys on the table, and options for each on the transfer medium."""
    expires = datetime.now(UTC) + timedelta(hours=12)
    (desk.folder / folder).mkdir(exist_ok=True)
    for tag in tags:
        desk.put_key(tag, "five")
        (desk.folder / folder / f"options-{tag}.json").write_text(options(expires))


def typed(desk: Desk, tag: str) -> tuple[str, ...]:
    """What people type at an enrolment, the time first and their agreement last."""
    now, label = desk.now(), str(desk.key(tag).serial)
    pages = ("1", "1", "0")
    pin, key = ("P-" + tag,) * 2, ("Q-" + tag,) * 2
    return (now, now, label, "", *pin, *pages, *key, "y", "y", "1", "1", "1")


def enrol(desk: Desk, *keys: str) -> None:
    tags = [it.partition(":")[0] for it in keys]
    lines = [line for tag in tags for line in typed(desk, tag)]
    done = desk.ask("enroll", "keys", *keys, *PEOPLE, typed=tuple(lines))
    assert done.returncode == 0, done.stderr


def answers(desk: Desk, **fields: Any) -> Path:
    """What the script would write of the passkey of K1."""
    (made,) = [it.fact for it in desk.entries if isinstance(it.fact, ev.PasskeyEnrolled)]
    event = {
        "time": f"{datetime.now(UTC) - timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}",
        "action": "register",
        "account": UPN,
        "key": "K1",
        "ok": True,
        "methodId": "method-1",
        "answerSha256": made.answer,
    }
    file = desk.folder / "evidence.json"
    events = [event | fields]
    file.write_text(json.dumps({"format": "keyvault-kit/evidence/v1", "events": events}))
    return file


# --- Keys


def test_two_keys_are_enrolled_one_after_the_other(desk: Desk) -> None:
    lay_ready(desk, "K1", "K2")

    enrol(desk, K1, K2)

    keys = desk.register.keys
    assert keys["K1"].credential
    assert keys["K1"].user == keys["K2"].user
    assert (desk.folder / "registration-K2.json").exists()
    assert {"outgoing-enrol-K1-hand-over", "record-enrol-K2"} <= desk.sheets()


def test_what_was_cut_short_goes_on_and_what_is_done_is_passed_over(desk: Desk) -> None:
    lay_ready(desk, "K1", "K2")
    lines = (*typed(desk, "K1"), *typed(desk, "K2")[:4])
    cut = desk.ask("enroll", "keys", K1, K2, *PEOPLE, typed=lines)
    assert cut.returncode == 130
    assert desk.register.keys["K2"].pin_set is None
    first = desk.register.keys["K1"]

    shredded, now, pages = "y", (desk.now(),) * 2, ("2", "1", "1")
    lines = (shredded, *now, "", *("P-9",) * 2, *pages, *("Q-9",) * 2, "y", "y", *("1",) * 3)
    again = desk.ask("enroll", "keys", K1, K2, *PEOPLE, typed=lines)

    assert again.returncode == 0, again.stderr
    assert "Key K1 is enrolled already." in again.stdout
    assert desk.register.keys["K1"] == first
    assert desk.register.keys["K2"].credential


def test_the_transfer_medium_is_named(desk: Desk) -> None:
    lay_ready(desk, "K1", folder="stick")

    done = desk.ask("enroll", "keys", K1, *PEOPLE, "--transfer", "stick", typed=typed(desk, "K1"))

    assert done.returncode == 0, done.stderr
    assert (desk.folder / "stick" / "registration-K1.json").exists()
    assert not (desk.folder / "registration-K1.json").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((K1, K1, *PEOPLE), 2, "named twice"),
        (("K1:bg1:primary:hq-2", *PEOPLE), 2, "is not TAG:ACCOUNT:USE:KEY-SAFE:PIN-SAFE"),
        (("K1:bg1:third:hq-2:hq-1", *PEOPLE), 2, "no use of a key"),
        (("K1:bg9:primary:hq-2:hq-1", *PEOPLE), 5, "no account 'bg9'"),
        (("K1:bg1:primary:moon:hq-1", *PEOPLE), 5, "no safe 'moon'"),
        ((K1, *PEOPLE, "--pin-person", "erin"), 2, "3 were named"),
        ((K1, K2, *PEOPLE, "--script", "script.pdf"), 2, "one ceremony"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_begun(
    desk: Desk, words: tuple[str, ...], status: int, said: str
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.ask("enroll", "keys", *words)

    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert desk.ledger.read_bytes() == before


def test_an_enrolment_is_told_dry_and_printed_before(desk: Desk) -> None:
    before = desk.ledger.read_bytes()

    dry = desk.read("enroll", "keys", K1, K2, *PEOPLE, "--dry-run")
    desk.read("enroll", "keys", K1, *PEOPLE, "--script", "script.pdf")

    assert dry.count("nothing stands in the way") == 2
    assert any("enrol-K1" in it for it in read_codes((desk.folder / "script.pdf").read_bytes()))
    assert desk.ledger.read_bytes() == before


# --- The script


def test_the_script_is_written_for_the_accounts_and_marked(desk: Desk) -> None:
    told = desk.read("enroll", "script", "--out", "stick", "--key", "K1:bg1", "--json")

    file = desk.folder / "stick" / "Enroll.ps1"
    assert json.loads(told) == {"file": "stick/Enroll.ps1"}
    text = file.read_text("ascii")
    assert text.startswith("# REHEARSAL")
    assert "Tags = @('K1')" in text
    assert desk.ask("enroll", "script", "--out", "stick").returncode == 2  # it is there already


def test_a_key_without_its_account_is_refused(desk: Desk) -> None:
    done = desk.ask("enroll", "script", "--out", "stick", "--key", "K1")

    assert (done.returncode, "is not TAG:ACCOUNT" in done.stderr) == (2, True)
    assert not (desk.folder / "stick").exists()


# --- Evidence


@pytest.fixture(scope="session")
def with_passkey(founded: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """K1 is enrolled. To be read only."""
    desk = founded.copy(tmp_path_factory.mktemp("enrolled") / "desk")
    lay_ready(desk, "K1")
    enrol(desk, K1)
    return desk


@pytest.fixture
def enrolled(with_passkey: Desk, tmp_path: Path) -> Desk:
    """A copy of that, for one test alone."""
    return with_passkey.copy(tmp_path / "enrolled")


def test_what_the_tenant_took_is_entered_once(enrolled: Desk) -> None:
    answers(enrolled)

    told = enrolled.read("enroll", "evidence", "evidence.json", "--by", "carol")

    key = enrolled.register.keys["K1"]
    (evidence,) = enrolled.register.evidence
    assert "K1: taken by the tenant." in told
    assert (key.method, key.confirmed) == ("method-1", evidence.sha256)
    assert evidence.taken < evidence.entered
    before = enrolled.ledger.read_bytes()
    again = enrolled.read("enroll", "evidence", "evidence.json", "--by", "carol", "--json")
    assert json.loads(again)["entered"] == 0
    assert enrolled.ledger.read_bytes() == before


def test_a_file_that_went_on_growing_enters_what_is_new_alone(enrolled: Desk) -> None:
    answers(enrolled)
    enrolled.read("enroll", "evidence", "evidence.json", "--by", "carol")
    file = json.loads((enrolled.folder / "evidence.json").read_text())
    file["events"].append(file["events"][0] | {"key": None, "action": "setPassword"})
    (enrolled.folder / "evidence.json").write_text(json.dumps(file))
    since = len(enrolled.entries)

    enrolled.read("enroll", "evidence", "evidence.json", "--by", "carol")

    assert enrolled.kinds(since) == ["evidence.taken"]


def test_a_refused_passkey_is_a_finding_and_said_with_its_reason(enrolled: Desk) -> None:
    answers(enrolled, ok=False, error="Forbidden:\x1b[2J attestation")

    done = enrolled.ask("enroll", "evidence", "evidence.json", "--by", "carol")
    again = enrolled.ask("enroll", "evidence", "evidence.json", "--by", "carol")

    assert (done.returncode, again.returncode) == (1, 1)
    assert "K1: REFUSED: Forbidden:?[2J attestation." in done.stdout
    assert [it.subject for it in enrolled.register.open_findings()] == ["K1"]
    assert enrolled.register.keys["K1"].confirmed is None


def test_a_registration_that_was_not_made_here_is_said(enrolled: Desk) -> None:
    answers(enrolled, answerSha256="cd" * 32)

    done = enrolled.ask("enroll", "evidence", "evidence.json", "--by", "carol", "--json")

    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["keys"] == [{"key": "K1", "taken": None, "what": "the file says nothing of it"}]
    assert len(told["strangers"]) == 1
    assert enrolled.register.keys["K1"].confirmed is None


def test_a_clock_online_that_is_ahead_does_no_harm(enrolled: Desk) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    answers(enrolled, time=f"{ahead:%Y-%m-%dT%H:%M:%SZ}")

    enrolled.read("enroll", "evidence", "evidence.json", "--by", "carol")

    assert enrolled.register.keys["K1"].confirmed


def test_what_is_no_evidence_file_and_who_is_nobody_are_refused(
    enrolled: Desk, refusal: Callable[..., bool]
) -> None:
    answers(enrolled)
    before = enrolled.ledger.read_bytes()
    words = ("enroll", "evidence")

    assert refusal(enrolled.ask(*words, "options-K1.json", "--by", "carol"), 2, "no evidence file")
    assert refusal(enrolled.ask(*words, "evidence.json", "--by", "mallory"), 5, "mallory")

    assert enrolled.ledger.read_bytes() == before
