"""What labels and forms say of envelopes, and what a script wants to lie ready."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import forms
from keyvault_kit.ceremonies.documents import contents_of
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import change, seal
from keyvault_kit.ceremonies.site_cards import card_of
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Form
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sheets.geometry import A4
from tests.ceremonies.sealing import request, sealing
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.plan import Work
    from tests.ceremonies.conftest import Desk

DAY = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (request(Form.SHARES, 3), "Share 1 of 3 of bg1, any 2 needed"),
        (request(Form.PARTS), "Part 1 of 2 of bg1, all needed"),
        (request(Form.WHOLE, 1), "Whole password of bg1"),
    ],
)
def test_label_and_forms_say_how_many_of_a_set_are_needed(
    desk: Desk, wanted: seal.Request, said: str
) -> None:
    sealing(desk, wanted)
    book, label = desk.book, desk.folder / "sheets" / "label-bg1-pw1-1.pdf"

    papers = {
        "label": label.read_bytes(),
        "opening": forms.opening_form(book, "bg1", A4, day=DAY),
        "inventory": forms.safe_inventory(book, "hq-1", A4, day=DAY),
        "transfer": forms.transfer_form(book, ("bg1-pw1-1",), "vault-1", A4, day=DAY),
        "card": card_of(book, "hq", A4, day=DAY),
        "record": forms.ceremony_record(book, "seal-bg1-1", A4),
    }

    assert [name for name, pdf in papers.items() if said not in text_of(pdf)] == []


def test_what_has_no_set_is_said_without_one() -> None:
    assert contents_of("key:K1") == "Key K1"
    assert contents_of("card:hq") == "Site card of hq"
    assert contents_of("item:ws-1") == "ws-1, of the station"
    assert contents_of("share:bg1:2") == "Share 2 of bg1"


def test_the_script_of_a_sealing_says_what_must_lie_ready(desk: Desk) -> None:
    def script(form: Form) -> str:
        ceremony = seal.ceremony(request(form), number=1)
        return text_of(forms.script_of(desk.book, ceremony, A4, day=DAY))

    shares, parts = script(Form.SHARES), script(Form.PARTS)

    for said in (
        "A clock that is not the workstation's",
        "Signing key of alice",
        "Signing key of bob",
        "each with its label, liner, recovery sheet",
        "tamper-evident bags: 2, and 2 to spare",
        "Envelopes: 2",
        "scanner",
        "Shredder",
        "safe hq-1",
        "safe vault-1",
        "with its liner and recovery sheet",
    ):
        assert said in shares
    assert "recovery sheet" not in parts
    assert f"{desk.book.name_behind(desk.register.people['alice'].details)} alice" in shares


def test_the_chart_names_who_looks_at_a_decision_again(desk: Desk) -> None:
    review = date(2026, 5, 4)

    def decide(work: Work) -> list[ev.DecisionMade]:
        details = work.write_down({"why": "tried out"}, keep_until=review)
        return [ev.DecisionMade(decision="C3", choice="30", review=review, details=details)]

    desk.run(change.ceremony(desk.register, "Decide", ("alice", "bob"), decide))
    used = ev.AccountUsed(account="bg1", why="drill")
    desk.book.record([used], ("alice",))

    text = text_of(forms.wall_chart_from(desk.book, DAY, desk.time.true, A4))

    names = [desk.book.name_behind(desk.register.people[it].details) for it in ("alice", "bob")]
    assert f"look at decision C3 (30) again {', '.join(names)}" in text
    assert "change and seal the password of bg1 anew two officers S32" in text


def test_the_chart_shows_every_duty_of_its_months_and_counts_those_after_them(desk: Desk) -> None:
    duties = due(desk.register, desk.time.true)

    text = text_of(forms.wall_chart_from(desk.book, DAY, desk.time.true, A4))

    shown = [it for it in duties if it.day < date(2027, 3, 1)]
    assert {it.task for it in shown} == {Task.REVIEW, Task.TRAINING}
    assert [it.what for it in shown if it.what not in text] == []
    assert f"{len(duties)} due, 0 of them overdue" in text
    assert f"{len(duties) - len(shown)} more fall due after February 2027." in text


def test_a_chart_of_the_next_year_looks_a_year_ahead_of_its_own_beginning(desk: Desk) -> None:
    first = DAY.replace(year=DAY.year + 1)
    review = first.replace(month=9)

    def decide(work: Work) -> list[ev.DecisionMade]:
        details = work.write_down({"why": "tried out"}, keep_until=review)
        return [ev.DecisionMade(decision="C3", choice="30", review=review, details=details)]

    desk.run(change.ceremony(desk.register, "Decide", ("alice", "bob"), decide))

    def chart(begins: date) -> str:
        return text_of(forms.wall_chart_from(desk.book, begins, desk.time.true, A4))

    assert "look at decision C3" in chart(first)
    assert "look at decision C3" not in chart(DAY)


@pytest.mark.parametrize("number", [1, 3])
def test_exception_sheets_are_numbered(desk: Desk, number: int) -> None:
    pdf = forms.exception_sheet(desk.book, "founding", A4, day=DAY, number=number)

    assert f"Exception sheet {number}" in text_of(pdf)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RefusedError("it does not lie there"), "it does not lie there. Try this step again?"),
        (
            InputError("it cannot be read", mend="Scan it again."),
            "it cannot be read. Scan it again. Try this step again?",
        ),
    ],
)
def test_each_sentence_ends_before_the_next_begins(
    desk: Desk, error: RefusedError | InputError, said: str
) -> None:
    def fails(_: Work) -> list[ev.Fact]:
        raise error

    with pytest.raises(type(error)):
        desk.run(change.alone(desk.register, "Fail", "alice", fails))

    assert desk.people.texts(Topic.RETRY) == [said]
