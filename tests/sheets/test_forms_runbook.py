"""The runbook on paper: each line of each step has its box, its time and two initials."""

from collections.abc import Callable
from typing import Protocol

from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import runbook
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.examples_entra import a_runbook
from tests.sheets.ticked import boxes


class Piece(Protocol):
    text: str
    box: Box
    page: int


MakeHeading = Callable[..., Heading]


def words(text: str) -> str:
    return " ".join(text.split())


def test_it_has_the_accounts_and_each_step_with_its_lines(
    paper: Paper, make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    pdf = runbook.render(a_runbook(make_heading()), paper)

    text = words(text_of(pdf))
    for said in (
        "bg1 bg1@nordwind.onmicrosoft.com 11111111-2222-4333-8444-555555555555",
        "How to work TO KNOW Two people, each signed in as themselves.",
        "12. Step that is called 12 DONE WHAT TIME (UTC) INITIALS INITIALS",
        "With: ./Deploy.ps1 -Step 12, graph/01-group.json",
        "Afterwards TO KNOW Every 90 days a review.",
        "ROLE NAME DATE, TIME (UTC) SIGNATURE Administrator Officer",
    ):
        assert said in text, said
    assert read_codes(pdf) == ("KVK1 RUNBOOK 3f9c1ab2 bg1-pw-1-2 2",)


def test_what_is_done_and_what_proves_it_is_ticked_and_notes_are_not(
    make_heading: MakeHeading,
) -> None:
    sheet = a_runbook(make_heading())

    found = boxes(runbook.render(sheet, A4))

    assert len(found) == sum(len(step.does) + len(step.proofs) for step in sheet.steps)


def test_a_title_never_stands_alone_at_the_end_of_a_page(
    paper: Paper, make_heading: MakeHeading, pieces: Callable[[bytes], list[Piece]]
) -> None:
    found = pieces(runbook.render(a_runbook(make_heading()), paper))

    for at, piece in enumerate(found):
        if "Step that is called" in piece.text:
            (first, *_) = (it for it in found[at:] if it.text.startswith("Look at it first"))
            assert first.page == piece.page
