"""`keyvault due`: the list, JSON and calendar of what is due."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from icalendar import Calendar

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.commands import due as verb
from keyvault_kit.cli.due_dates import calendar_of
from keyvault_kit.cli.main import run
from keyvault_kit.custody.schedule import Due, Task, due

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]
Asked = Callable[..., tuple[int, str]]

USED = date(2026, 1, 5)
"""The day that a rehearsal from a seed tells, on which bg1 was used."""


def noon(days: int) -> datetime:
    return datetime(USED.year, USED.month, USED.day, 12, tzinfo=UTC) + timedelta(days=days)


@pytest.fixture
def asked(
    finished_rehearsal: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Asked:
    """From words, and days after the rehearsal, to exit status and standard output of `due`."""

    def ask(*words: str, days: int = 0) -> tuple[int, str]:
        monkeypatch.setattr(verb, "now_of", lambda _: noon(days))
        status = run(["due", *words, "--ledger", str(finished_rehearsal / "ledger.db")])
        return status, capsys.readouterr().out

    return ask


# --- The list


def test_what_is_due_is_told_soonest_first_with_trigger_days_and_people(asked: Asked) -> None:
    status, out = asked()

    assert status == 0
    first, about, *_ = out.splitlines()
    assert re.split(r"\s{2,}", first) == [
        "2026-01-05",
        "today",
        "change and seal the password of bg1 anew",
    ]
    assert about.strip() == "S32: it was used. Who: two officers."
    days = re.findall(r"^\d{4}-\d\d-\d\d", out, re.MULTILINE)
    assert days == sorted(days)
    assert (
        out.splitlines()[-1] == f"{len(json.loads(asked('--json')[1]))} duties, 0 of them overdue."
    )


def test_people_who_are_to_be_trained_by_the_same_day_are_told_together(asked: Asked) -> None:
    lines = asked()[1].splitlines()

    (at,) = [number for number, line in enumerate(lines) if "train " in line]
    told = " ".join(" ".join(lines[at : at + 3]).split())
    assert told.endswith(
        "train alice, bob, carol, dave, erin, frank, grace, heidi, ivan, judy and kate"
        " S59: 30 days since the authority began. Who: each of them."
    )


def test_no_line_is_wider_than_a_terminal_of_80_columns(asked: Asked) -> None:
    assert max(map(len, asked()[1].splitlines())) <= 80


def test_the_status_is_1_once_something_is_overdue(asked: Asked) -> None:
    status, out = asked(days=3)

    assert status == 1
    assert "2026-01-05  OVERDUE 3 d  " in out
    assert out.splitlines()[-1].endswith("duties, 1 of them overdue.")


def test_within_leaves_out_what_comes_later_and_nothing_that_is_overdue(asked: Asked) -> None:
    def subjects(*words: str, days: int = 0) -> list[tuple[str, int]]:
        return [(it["duty"], it["days_left"]) for it in json.loads(asked(*words, days=days)[1])]

    assert subjects("--within", "0", "--json") == [("password", 0)]
    assert subjects("--within", "0", "--json", days=7) == [("password", -7), ("post-mortem", 0)]
    within_a_month = {it[0] for it in subjects("--within", "30", "--json")}
    assert within_a_month == {"password", "post-mortem", "training"}
    assert len(subjects("--within", "366", "--json")) == len(subjects("--json"))


def test_the_json_is_complete_also_when_something_is_overdue(
    asked: Asked, finished_rehearsal: Path
) -> None:
    register = open_book(finished_rehearsal / "ledger.db").register

    status, out = asked("--json", days=1)

    assert status == 1
    first = json.loads(out)[0]
    assert first["since"] == f"{USED}T{first['since'][11:19]}Z"
    assert {**first, "since": ""} == {
        "duty": "password",
        "subject": "bg1",
        "what": "change and seal the password of bg1 anew",
        "trigger": "it was used",
        "since": "",
        "day": "2026-01-05",
        "days_left": -1,
        "overdue": True,
        "who": [],
        "requirement": "S32",
    }
    combination = next(it for it in json.loads(out) if it["subject"] == "hq-keys")
    assert combination["who"] == list(register.safes["hq-keys"].openers)


def test_where_nothing_is_due_that_is_said(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "due", lambda *_: ())

    assert asked() == (0, "Nothing is due.\n")
    assert asked("--json") == (0, "[]\n")


def test_an_option_before_the_second_word_is_refused_and_not_lost(
    desk: "Desk", refusal: Refusal
) -> None:
    done = desk.ask("due", "--ledger", "other.db", "done", "review", "bg1", *desk.by)

    assert done.returncode == 2
    assert "options follow the word 'done'" in done.stderr
    assert not refusal(done, 0)


# --- The calendar


def events_of(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def unfolded(data: bytes) -> list[str]:
    """The content lines, read without the library: RFC 5545, section 3.1."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    return data.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]


def test_the_calendar_holds_each_duty_as_a_day_with_an_alarm(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "due.ics"

    status, out = asked("--ics", str(file), "--json", days=1)

    listed, found = json.loads(out), events_of(file.read_bytes())
    assert status == 1
    assert [str(it["summary"]).lower() for it in found] == [it["what"].lower() for it in listed]
    for it, row in zip(found, listed, strict=True):
        day = date.fromisoformat(row["day"])
        assert (it.decoded("dtstart"), it.decoded("dtend")) == (day, day + timedelta(days=1))
        assert it.decoded("dtstamp") == noon(1)
        who = ", ".join(row["who"]) or "two officers"
        assert it["description"] == f"{row['requirement']}: {row['trigger']}. Who: {who}."
        (alarm,) = it.walk("VALARM")
        assert (alarm["action"], alarm.decoded("trigger")) == ("DISPLAY", timedelta(days=-7))
        assert alarm["description"] == it["summary"]


def test_a_second_reading_of_the_calendars_text_finds_the_same(
    asked: Asked, tmp_path: Path
) -> None:
    file = tmp_path / "due.ics"
    listed = json.loads(asked("--ics", str(file), "--json")[1])

    lines = unfolded(file.read_bytes())

    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert lines[1:3] == ["VERSION:2.0", f"PRODID:{lines[2].removeprefix('PRODID:')}"]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(listed)
    assert lines.count("BEGIN:VALARM") == lines.count("TRIGGER:-P7D") == len(listed)
    days = [it.removeprefix("DTSTART;VALUE=DATE:") for it in lines if it.startswith("DTSTART")]
    assert days == [it["day"].replace("-", "") for it in listed]


def test_a_duty_keeps_its_uid_and_counts_up_when_the_ledger_grows(
    asked: Asked, tmp_path: Path, finished_rehearsal: Path
) -> None:
    book = open_book(finished_rehearsal / "ledger.db")
    register_id = book.ledger.register_id

    def events(days: int) -> dict[str, int]:
        file = tmp_path / f"{days}.ics"
        asked("--ics", str(file), days=days)
        return {str(it["uid"]): it["sequence"] for it in events_of(file.read_bytes())}

    assert events(0) == events(40)
    duties = due(book.register, noon(0))
    expected = {f"{it.task}-{it.subject}@{register_id}" for it in duties}
    assert (set(events(1)), len(expected)) == (expected, len(duties))
    assert set(events(2).values()) == {book.register.size}


def test_no_name_of_a_person_stands_in_the_calendar(
    asked: Asked, tmp_path: Path, finished_rehearsal: Path
) -> None:
    file = tmp_path / "due.ics"
    asked("--ics", str(file))

    text = " ".join(unfolded(file.read_bytes()))

    book = open_book(finished_rehearsal / "ledger.db")
    people = book.register.people
    names = [part for it in people.values() for part in book.name_behind(it.details).split()]
    assert len(names) == 22
    family = names[1::2]
    assert not [name for name in family if name in text]
    assert "carol" in text


def test_texts_with_signs_of_the_format_and_long_ones_come_through() -> None:
    what = "look, again; at \\ the «дело» " + "и снова " * 20
    it = Due(
        task=Task.DECISION,
        subject="C6",
        what=what.strip(),
        since=noon(0),
        day=USED,
        who=("alice",),
        requirement="C1 to C8",
        trigger="its day of review",
    )

    data = calendar_of([it], "ab" * 32, entries=1, now=noon(0))

    (event,) = events_of(data)
    assert str(event["summary"]).casefold() == it.what.casefold()
    (line,) = [line for line in unfolded(data) if line.startswith("SUMMARY:")]
    assert "\\, again\\; at \\\\ the" in line


def test_a_calendar_is_a_new_file(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "due.ics"
    file.write_text("mine")

    status, out = asked("--ics", str(file))

    assert (status, out, file.read_text()) == (2, "", "mine")
