"""`keyvault due done` and `keyvault due note`: what two people enter."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]


def entered(desk: "Desk", kind: type[ev.Fact]) -> list[Entry]:
    return [it for it in desk.entries if isinstance(it.fact, kind)]


def row_behind(desk: "Desk", entry: Entry) -> dict[str, str]:
    assert isinstance(entry.fact, ev.DutyDone | ev.TriggerNoted)
    book = open_book(desk.ledger)
    with book.ledger:
        return dict(book.row_behind(entry.fact.details or ""))


@pytest.mark.parametrize(
    ("duty", "subject"),
    [
        ("review", "bg1"),
        ("drill", "bg1"),
        ("combination", "hq-1"),
        ("training", "carol"),
    ],
)
def test_two_enter_that_a_duty_was_done(duty: str, subject: str, desk: "Desk") -> None:
    before = len(desk.entries)

    desk.do("due", "done", duty, subject)

    (entry,) = entered(desk, ev.DutyDone)
    assert desk.register.done == {f"{duty}:{subject}": entry.when}
    assert entry.by == ("alice", "bob")
    assert "acts.signed" in desk.kinds(before)


def test_the_process_document_needs_no_name_and_the_rest_does(desk: "Desk") -> None:
    desk.do("due", "done", "document")
    assert list(desk.register.done) == ["document:process"]

    done = desk.ask("due", "done", "review", *desk.by)

    assert done.returncode == 2
    assert "name the account that was reviewed" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("review", "bg9"), 5, "no account 'bg9'"),
        (("combination", "bg1"), 5, "no safe 'bg1'"),
        (("document", "extra"), 2, "there is one process document"),
    ],
)
def test_what_is_not_there_is_refused_before_anybody_reads_the_time(
    words: tuple[str, str], status: int, message: str, desk: "Desk"
) -> None:
    before = len(desk.entries)

    done = desk.ask("due", "done", *words, *desk.by)

    assert done.returncode == status
    assert message in done.stderr
    assert "YYYY" not in done.stdout + done.stderr
    assert len(desk.entries) == before


def test_what_came_of_a_duty_lies_in_an_erasable_row_alone(desk: "Desk") -> None:
    desk.do("due", "done", "drill", "bg1", "--note", "the alert came after 4 minutes")

    (entry,) = entered(desk, ev.DutyDone)
    row = row_behind(desk, entry)
    assert (row["duty"], row["note"]) == ("drill bg1", "the alert came after 4 minutes")
    assert date.fromisoformat(row["keep_until"]) > entry.time.date() + timedelta(days=3000)
    assert "4 minutes" not in desk.read("ledger", "show", "--raw")


def test_a_review_that_was_done_is_due_again_in_90_days(desk: "Desk") -> None:
    def left() -> int:
        listed = json.loads(desk.read("due", "--json"))
        (found,) = [it for it in listed if (it["duty"], it["subject"]) == ("review", "bg1")]
        return int(found["days_left"])

    assert left() == 90
    why = ("--why", "two administrators left")
    desk.do("due", "note", "staff", *why)
    assert left() == 0
    (noted,) = entered(desk, ev.TriggerNoted)
    assert (noted.by, desk.register.triggers[0].trigger) == (("alice", "bob"), "staff")
    row = row_behind(desk, noted)
    assert (row["duty"], row["note"]) == ("trigger staff", "two administrators left")
    assert "administrators" not in desk.read("ledger", "show", "--raw")
    desk.do("due", "done", "review", "bg1")
    assert left() == 90


@pytest.mark.parametrize("trigger", ["staff", "subscription", "relocation"])
def test_each_trigger_is_told_before_it_is_entered(trigger: str, desk: "Desk") -> None:
    done = desk.do("due", "note", trigger, "--why", "as heard on Monday")

    assert {
        "staff": "Enter that the IT staff changed: as heard on Monday",
        "subscription": "Enter that the subscriptions changed: as heard on Monday",
        "relocation": "Enter that a safe or a site moved: as heard on Monday",
    }[trigger] in done.stdout
    assert [it.trigger for it in desk.register.triggers] == [trigger]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("done", "review", "bg9", "--by", "alice", "--by", "bob"), 5, "no account 'bg9'"),
        (("done", "training", "liz", "--by", "alice", "--by", "bob"), 5, "no person 'liz'"),
        (("done", "review", "bg1", "--by", "alice", "--by", "erin"), 5, "erin is auditor"),
        (("note", "staff", "--why", "x", "--by", "alice", "--by", "carol"), 5, "takes officer"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_entered(
    words: tuple[str, ...], status: int, message: str, desk: "Desk", refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.ask("due", *words, typed=(desk.now(), desk.now(), "y"))

    assert refusal(done, status, message), done.stderr
    assert set(desk.kinds(before)) <= {"clock.checked"}


@pytest.mark.parametrize(
    "words",
    [
        ("done", "review", "bg1", "--by", "alice"),
        ("note", "staff", "--why", "x", "--by", "alice"),
        ("note", "staff", "--by", "alice", "--by", "bob"),
        ("done", "rotation", "bg1", "--by", "alice", "--by", "bob"),
        ("note", "weather", "--why", "x", "--by", "alice", "--by", "bob"),
    ],
)
def test_one_person_alone_and_words_that_are_none_are_usage_errors(
    words: tuple[str, ...], desk: "Desk"
) -> None:
    before = len(desk.entries)

    done = desk.ask("due", *words, typed=(desk.now(), desk.now(), "y"))

    assert done.returncode == 2, done.stderr
    assert len(desk.entries) == before


def test_what_is_not_confirmed_is_not_entered(desk: "Desk", refusal: Refusal) -> None:
    done = desk.sit("due", "done", "review", "bg1", *desk.by, typed=("n",))

    assert refusal(done, 5, "it was not confirmed"), done.stderr
    assert desk.register.done == {}
