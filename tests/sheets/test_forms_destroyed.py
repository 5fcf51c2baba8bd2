"""The certificate of destruction: what went, what is missing, and who saw it."""

from collections.abc import Callable
from typing import Protocol

import pytest

from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import certificate
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.examples_destroyed import a_certificate


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
TextOf = Callable[[bytes], str]
MakeHeading = Callable[..., Heading]


def words(text: str) -> str:
    return " ".join(text.split())


def test_it_says_what_was_destroyed_how_when_and_before_whom(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    pdf = certificate.render(a_certificate(make_heading()), paper)

    text = words(text_of(pdf))
    for said in (
        "2 sheets destroyed, 1 not",
        "bg1-pw-1-1 Share 1 of 2 of bg1, any 2 needed A 004701 2026-03-02 12:01:00 anna, zoya",
        "K1-pin1-1 PIN of key K1 none hq-safe-1",
        "cross-cut, DIN 66399 P-4 or finer",
        "was destroyed before my eyes",
        "officer Anna Berg (anna)",
        "officer Зоя Иванова (zoya)",
    ):
        assert said in text
    assert read_codes(pdf) == ("KVK1 CERTIFICATE 3f9c1ab2 bg1-pw-1-2 2",)


@pytest.mark.parametrize("sheets", [0, 1, 60])
@pytest.mark.parametrize("missing", [0, 25])
def test_any_number_of_sheets_has_room_and_none_is_lost(
    sheets: int, missing: int, paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    sheet = a_certificate(make_heading(), sheets, missing)

    pdf = certificate.render(sheet, paper)

    text = words(text_of(pdf))
    assert all(text.count(f"{it.envelope} Share") == 1 for it in sheet.destroyed)
    assert all(text.count(f"{it.envelope} PIN") == 1 for it in sheet.missing)
    assert text.count("None.") == (sheets == 0) + (missing == 0)
    prove(pdf, certificate.payload(sheet))


@pytest.mark.parametrize("sheets", range(0, 40, 3))
def test_who_signs_sees_what_they_sign_on_the_same_page(
    sheets: int, paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    found = pieces(certificate.render(a_certificate(make_heading(), sheets), paper))

    (stated,) = [it.page for it in found if it.text == "Statement"]
    (signed,) = [it.page for it in found if it.text == "SIGNATURE"]
    assert stated == signed == max(it.page for it in found)


def test_a_practised_destruction_is_marked(make_heading: MakeHeading, text_of: TextOf) -> None:
    sheet = a_certificate(make_heading(rehearsal=True))

    assert "REHEARSAL" in text_of(certificate.render(sheet, A4))
