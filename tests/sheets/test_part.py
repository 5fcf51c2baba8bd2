"""The sheet of a literal part: what it says of the others, and of what is left to guess."""

from collections.abc import Callable
from typing import Protocol

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.parts import bits_left, join, split
from keyvault_kit.sharing.policy import BASE58_44
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import part
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.reading import rows_read

PASSWORD = "7gBJ2vQmXnR5kTzW9pLdHf3sYcEa4uNj8xVbM6tKwP1Q"
SALT = bytes(range(0xA0, 0xB0))


class Piece(Protocol):
    text: str


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]


def sheets(count: int, make_heading: MakeHeading) -> list[part.PartSheet]:
    return [
        part.PartSheet(
            heading=make_heading(number=number, count=count),
            set_id="bg1-pw-1",
            part=piece,
            bits_left=bits_left(BASE58_44, count),
            salt=Secret(SALT),
        )
        for number, piece in enumerate(split(Secret.from_text(PASSWORD), count), start=1)
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_the_parts_of_a_password_are_typed_and_scanned_to_it(
    count: int, paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdfs = [part.render(sheet, paper) for sheet in sheets(count, make_heading)]

    typed = "".join(row.text for pdf in pdfs for row in rows_read(pieces(pdf)))
    codes = [SheetCode.parse(text) for pdf in pdfs for text in read_codes(pdf)]

    assert typed == PASSWORD
    assert [code.kind for code in codes] == [Kind.PART] * count
    assert [code.number for code in codes] == list(range(1, count + 1))
    contents = [code.content for code in codes if code.content is not None]
    assert join(contents) == Secret.from_text(PASSWORD)


@pytest.mark.parametrize(("count", "bits", "order"), [(2, 127, "1, 2"), (3, 82, "1, 2, 3")])
def test_it_says_that_all_are_needed_and_what_the_others_leave(
    count: int,
    bits: int,
    order: str,
    paper: Paper,
    make_heading: MakeHeading,
    text_of: Callable[[bytes], str],
) -> None:
    for sheet in sheets(count, make_heading):
        text = text_of(part.render(sheet, paper)).replace("\n", " ")

        assert f"Password part {sheet.heading.number} of {count}" in text
        assert f"{count} of {count} needed" in text
        assert f"All {count} are needed" in text
        assert f"about {bits} bits left to guess" in text
        assert f"{bits} bits" in text
        assert f"type parts {order} in this order" in text


@pytest.mark.parametrize("count", [1, 4])
def test_other_numbers_of_parts_are_refused(count: int, make_heading: MakeHeading) -> None:
    with pytest.raises(InputError, match=f"2 or 3 parts, not {count}"):
        part.PartSheet(
            heading=make_heading(number=1, count=count),
            set_id="bg1-pw-1",
            part=Secret.from_text("7gBJ"),
            bits_left=20.0,
            salt=Secret(SALT),
        )
