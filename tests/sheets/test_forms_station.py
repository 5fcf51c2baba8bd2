"""The list of files that leave the station: what is compared where they arrive."""

import hashlib
from collections.abc import Callable
from typing import Protocol

from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import outgoing
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.examples_station import outgoing_files
from tests.sheets.ticked import boxes, stands_before


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
TextOf = Callable[[bytes], str]
MakeHeading = Callable[..., Heading]
AssertTidy = Callable[[bytes, Paper], None]

TWO = ("registration-KEY-01.json", "graph/01-group.json")


def words(text: str) -> str:
    return " ".join(text.split())


def test_each_file_stands_there_with_its_size_and_all_digits_of_its_hash(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    pdf = outgoing.render(outgoing_files(make_heading(), TWO), paper)

    text = words(text_of(pdf))
    for said in (
        "2 files leave the station",
        "201 bytes together",
        "ON MEDIUM usb-1",
        "FILE BYTES SHA-256 WHERE IT ARRIVED",
        "registration-KEY-01.json 100",
        "graph/01-group.json 101",
        "Get-FileHash FILE",
        "Custodian Anna Berg Officer Зоя Иванова Compared it where it arrived",
    ):
        assert said in text, said
    for name in TWO:
        assert hashlib.sha256(name.encode()).hexdigest() in text.replace(" ", "")
    assert read_codes(pdf) == ("KVK1 OUTGOING 3f9c1ab2 bg1-pw-1-2 2",)


def test_whoever_compares_a_file_ticks_whether_it_agrees(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = outgoing.render(outgoing_files(make_heading(), TWO), paper)

    drawn = boxes(pdf)
    for label in ("agrees", "does not"):
        stand = [piece for piece in pieces(pdf) if piece.text == label]
        assert len(stand) == len(TWO)
        assert all(any(stands_before(it, piece.page, piece.box) for it in drawn) for piece in stand)


def test_one_file_leaves_alone(make_heading: MakeHeading, paper: Paper, text_of: TextOf) -> None:
    pdf = outgoing.render(outgoing_files(make_heading(), TWO[:1]), paper)

    assert "1 file leaves the station" in words(text_of(pdf))


def test_many_files_with_long_names_go_on_over_pages_and_none_is_lost(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces, assert_tidy: AssertTidy
) -> None:
    names = tuple(f"graph/{at:02}-{'conditional-access-' * 4}policy.json" for at in range(60))
    sheet = outgoing_files(make_heading(), names)

    pdf = outgoing.render(sheet, paper)

    text = "".join(piece.text.replace(" ", "") for piece in pieces(pdf))
    assert all(name in text for name in names)
    assert max(piece.page for piece in pieces(pdf)) > 2
    assert_tidy(pdf, paper)
    prove(pdf, outgoing.payload(sheet))
