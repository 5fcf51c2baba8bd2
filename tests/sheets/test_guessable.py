"""The sheets of a password and of a PIN: groups, check letters, the salt, odd characters."""

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets.characters import secret_rows
from keyvault_kit.sheets.codes import SheetCode
from keyvault_kit.sheets.content import Sort, read
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import password, pin
from keyvault_kit.sheets.pages.password import PasswordSheet
from keyvault_kit.sheets.pages.pin import PinSheet
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes
from tests.sheets.reading import rows_read

PASSWORD = "7gBJ2vQmXnR5kTzW9pLdHf3sYcEa4uNj8xVbM6tKwP1Q"
SALT = bytes(range(0xA0, 0xB0))
FEW = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]


@pytest.fixture
def make_password(make_heading: MakeHeading) -> Callable[[str], PasswordSheet]:
    return lambda text: PasswordSheet(
        heading=make_heading(number=1, count=1),
        set_id="bg1-pw-1",
        password=Secret.from_text(text),
        salt=Secret(SALT),
    )


@pytest.fixture
def make_pin(make_heading: MakeHeading) -> Callable[..., PinSheet]:
    def make(text: str, **fields: Any) -> PinSheet:
        usual: dict[str, Any] = {
            "heading": make_heading(number=1, count=1),
            "set_id": "KEY-01-pin-1",
            "key_tag": "KEY-01",
            "serial": 21873344,
            "pin": Secret.from_text(text),
            "salt": Secret(SALT),
        }
        return PinSheet(**(usual | fields))

    return make


def test_a_password_is_printed_in_eleven_groups_with_a_check_letter_a_row(
    paper: Paper, make_password: Callable[[str], PasswordSheet], pieces: Pieces
) -> None:
    found = [piece.text for piece in pieces(password.render(make_password(PASSWORD), paper))]

    groups = [PASSWORD[at : at + 4] for at in range(0, 44, 4)]
    assert [text for text in found if text in groups] == groups
    for number, at in enumerate(range(0, 44, 16), start=1):
        row = PASSWORD[at : at + 16]
        after = found[found.index(f"Row {number}") :]
        assert check_letter(number, row) in after[: len(row) // 4 + 2]


LONG = "".join(chr(33 + at * 7 % 94) for at in range(256))


@pytest.mark.parametrize("length", [4, 16, 17, 44, 64, 128, 160, 256])
def test_a_password_of_any_length_stands_in_rows_that_can_be_read(
    length: int,
    paper: Paper,
    make_password: Callable[[str], PasswordSheet],
    pieces: Pieces,
    assert_tidy: Callable[[bytes, Paper], None],
) -> None:
    sheet = make_password(LONG[:length])

    pdf = password.render(sheet, paper)

    assert_tidy(pdf, paper)
    prove(pdf, password.payload(sheet), copies=2)
    rows = rows_read(pieces(pdf))
    assert "".join(row.text for row in rows) == LONG[:length]
    assert [row.number for row in rows] == list(range(1, -(-length // 16) + 1))
    assert [row.check for row in rows] == [check_letter(row.number, row.text) for row in rows]
    tallest = max(it.box.height for it in pieces(pdf) if it.text in LONG and len(it.text) == 4)
    assert tallest > 2.2  # millimetres of a capital: 9 points
    codes = find_codes(pdf)
    assert [round(code.box.width) for code in codes] == [50, 50]


@pytest.mark.parametrize("text", ["abcd 1234", "  lead", "trail  ", "a    b"])
def test_every_blank_is_marked(
    text: str, paper: Paper, make_password: Callable[[str], PasswordSheet]
) -> None:
    pdf = password.render(make_password(text), paper)

    other = password.render(make_password(text.replace(" ", "_")), paper)
    drawn, plain = (sum(it.sort is Sort.PATH for it in read(pdf).pieces) for pdf in (pdf, other))
    assert drawn - plain == 3 * text.count(" ")


SIGNS = ["vertical bar", "grave accent", "semicolon", "underscore", "curly brackets", "blank"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_password_with_signs_has_a_key_to_them_too(
    sign: str,
    paper: Paper,
    make_password: Callable[[str], PasswordSheet],
    text_of: Callable[[bytes], str],
) -> None:
    assert sign in text_of(password.render(make_password("7gBJ|2vQ"), paper))
    assert sign not in text_of(password.render(make_password(PASSWORD), paper))


@pytest.mark.parametrize("glyph", ["digit zero", "capital o", "small L", "capital i", "digit one"])
def test_it_has_a_key_to_glyphs_that_look_alike(
    glyph: str,
    paper: Paper,
    make_password: Callable[[str], PasswordSheet],
    text_of: Callable[[bytes], str],
) -> None:
    assert glyph in text_of(password.render(make_password(PASSWORD), paper))


def test_the_salt_is_printed_and_in_the_code(
    paper: Paper, make_pin: Callable[..., PinSheet], text_of: Callable[[bytes], str]
) -> None:
    sheet = make_pin("48213907")

    text = text_of(pin.render(sheet, paper))

    assert SALT.hex() in text.replace(" ", "").replace("\n", "")
    code = SheetCode.parse(pin.payload(sheet))
    assert code.salt == Secret(SALT)
    assert code.content == Secret.from_text("48213907")


def test_a_pin_stands_in_large_digits_beside_its_key(
    paper: Paper, make_pin: Callable[..., PinSheet], pieces: Pieces
) -> None:
    found = pieces(pin.render(make_pin("48213907"), paper))

    (first,) = (piece for piece in found if piece.text == "4821")
    (second,) = (piece for piece in found if piece.text == "3907")
    assert first.box.height > 9  # millimetres
    assert first.box.right < second.box.x
    texts = [piece.text for piece in found]
    assert "KEY-01" in texts
    assert "21873344" in texts


def test_a_key_without_a_serial_number_says_so(
    paper: Paper, make_pin: Callable[..., PinSheet], text_of: Callable[[bytes], str]
) -> None:
    assert "none" in text_of(pin.render(make_pin("482139", serial=None), paper)).split("\n")


def test_only_a_pin_with_letters_has_the_key_to_glyphs(
    paper: Paper, make_pin: Callable[..., PinSheet], text_of: Callable[[bytes], str]
) -> None:
    assert "Glyphs that look alike" in text_of(pin.render(make_pin("48Z13907"), paper))
    assert "Glyphs that look alike" not in text_of(pin.render(make_pin("48213907"), paper))


@FEW
@given(
    text=st.text(
        st.sampled_from("aZ0OlI1 _-|.,;:!?#%&@éßЖλ'\"\\/<>{}[]()~^`$*+="),
        min_size=1,
        max_size=256,
    )
)
def test_any_printable_password_is_printed_and_read_back_exactly(
    text: str,
    paper: Paper,
    make_password: Callable[[str], PasswordSheet],
) -> None:
    sheet = make_password(text)

    pdf = password.render(sheet, paper)

    prove(pdf, password.payload(sheet), copies=2)
    content = SheetCode.parse(password.payload(sheet)).content
    assert content is not None
    assert content.expose_text() == text


@FEW
@given(text=st.text(st.sampled_from("48213907aZ"), min_size=4, max_size=63))
def test_a_pin_of_any_length_that_a_key_takes_fits(
    text: str, paper: Paper, make_pin: Callable[..., PinSheet], pieces: Pieces
) -> None:
    sheet = make_pin(text)

    pdf = pin.render(sheet, paper)

    prove(pdf, pin.payload(sheet), copies=2)
    rows = rows_read(pieces(pdf))
    assert "".join(row.text for row in rows) == text
    assert [row.check for row in rows] == [check_letter(row.number, row.text) for row in rows]


def test_the_rows_of_a_secret_join_to_it_and_show_nothing() -> None:
    rows = secret_rows(Secret.from_text(PASSWORD), "the password")

    assert "".join(group for row in rows for group in row.groups) == PASSWORD
    assert "7gBJ" not in repr(rows)
    assert [row.__rich_repr__() for row in rows] == [[], [], []]


@pytest.mark.parametrize("text", ["qwer\ntyui", "qwex\u0327tyui", "яшерт\u202e", "密碼"])
def test_a_secret_that_cannot_be_printed_is_refused_and_not_told(
    text: str, paper: Paper, make_password: Callable[[str], PasswordSheet]
) -> None:
    with pytest.raises(InputError, match=r"character \d+ of the password") as refused:
        password.render(make_password(text), paper)

    assert text[:3] not in str(refused.value)


def test_a_secret_too_long_for_paper_is_refused_and_not_told(
    paper: Paper, make_password: Callable[[str], PasswordSheet]
) -> None:
    with pytest.raises(InputError) as refused:
        password.render(make_password("qwer" * 200), paper)

    assert "qwer" not in str(refused.value)
