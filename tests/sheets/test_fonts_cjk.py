"""Names in Chinese, Japanese and Korean, by a font that is given; and fonts that will not do."""

import struct
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.fonts import Face, require, require_secret, runs, use_cjk, width
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import password
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.window import prove_hidden

FONT = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
"""Droid Sans Fallback (Debian: fonts-droid-fallback), TrueType outlines, Apache-2.0."""

LATIN = Path(__file__).parents[2] / "keyvault_kit/sheets/fonts/NotoSans-Regular.ttf"

needs_font = pytest.mark.needs(str(FONT))

NAMES = [
    "株式会社ノルドウィンド",
    "北风能源（集团）有限公司",
    "Nordwind 能源 AG · Зоя Ελένη",
    "東京・大阪",
    "山田 太郎",
]


class Piece(Protocol):
    text: str
    box: Box


class Example(Protocol):
    payload: str
    copies: int

    def render(self, paper: Paper, /) -> bytes: ...


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]


@pytest.fixture(autouse=True)
def _no_font_stays() -> Iterator[None]:
    yield
    use_cjk(None)


@pytest.fixture
def cjk() -> None:
    use_cjk(FONT.read_bytes())


@needs_font
@pytest.mark.usefixtures("cjk")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("page", ["share", "pin", "envelope", "record"])
def test_a_name_is_printed_and_read_from_the_finished_sheet(
    name: str,
    page: str,
    make_example: Callable[[str, Heading], Example],
    make_heading: MakeHeading,
    pieces: Pieces,
    assert_tidy: Callable[..., None],
) -> None:
    sheet = make_example(page, make_heading(organisation=name, label=name))

    pdf = sheet.render(A4)

    written = "".join(piece.text for piece in pieces(pdf)).replace(" ", "")
    assert written.count(unicodedata.normalize("NFC", name).replace(" ", "")) >= 2
    assert_tidy(pdf, A4)
    prove(pdf, sheet.payload, copies=sheet.copies)
    assert pdf == sheet.render(A4)


@pytest.mark.parametrize("name", ["Ελένη Παπαδοπούλου", "Зоя Иванова", "Łódź Kraków"])
def test_greek_cyrillic_and_latin_are_read_from_the_finished_sheet(
    name: str,
    make_example: Callable[[str, Heading], Example],
    make_heading: MakeHeading,
    pieces: Pieces,
) -> None:
    pdf = make_example("share", make_heading(organisation=name)).render(A4)

    assert name in [piece.text for piece in pieces(pdf)]


@needs_font
@pytest.mark.usefixtures("cjk")
def test_a_text_is_as_wide_as_its_runs() -> None:
    text = "Ab株式Зоя"

    assert [run for _, run in runs(text, Face.BOLD)] == ["Ab", "株式", "Зоя"]
    assert width(text, Face.BOLD, 10) == pytest.approx(
        sum(width(run, Face.BOLD, 10) for run in ("Ab", "株式", "Зоя"))
    )
    assert width("株式", Face.MONO, 10) == width("株式", Face.BOLD, 10) > 6.5


@needs_font
@pytest.mark.usefixtures("cjk")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\N{CJK UNIFIED IDEOGRAPH-2A6D6}", "the CJK font lacks it"),
        ("か\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK}\u3099", "over or under another"),
        ("葛\U000e0100", "over or under another"),
        ("שלום", "takes shaping"),
    ],
)
def test_what_the_font_lacks_or_cannot_place_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        require(text)


@needs_font
@pytest.mark.usefixtures("cjk")
def test_a_secret_is_never_printed_in_it(make_heading: MakeHeading) -> None:
    with pytest.raises(InputError, match="character 2 of the password"):
        require_secret("x密", "the password")
    sheet = password.PasswordSheet(
        heading=make_heading(organisation=NAMES[0]),
        set_id="bg1-pw-1",
        password=Secret(b"7gBJ2vQm"),
        salt=Secret(bytes(range(0xA0, 0xB0))),
    )
    prove_hidden(password.render(sheet, A4), [sheet.password, sheet.salt], A4)


@needs_font
def test_without_the_font_the_name_is_refused_again() -> None:
    use_cjk(FONT.read_bytes())
    assert require("株") == "株"
    use_cjk(None)

    with pytest.raises(InputError, match="it takes a CJK font"):
        require("株")


@needs_font
def test_the_first_font_of_a_collection_is_taken() -> None:
    use_cjk(collection(FONT.read_bytes()))

    assert [run for _, run in runs("A株", Face.REGULAR)] == ["A", "株"]


def collection(font: bytes) -> bytes:
    """A TrueType collection of one font (OpenType 1.9, 'Font Collections')."""
    head = struct.pack(">4sLLL", b"ttcf", 0x00010000, 1, 16)
    tables = struct.unpack(">H", font[4:6])[0]
    moved = bytearray(font)
    for at in range(12 + 8, 12 + 16 * tables, 16):
        (offset,) = struct.unpack(">L", moved[at : at + 4])
        moved[at : at + 4] = struct.pack(">L", offset + len(head))
    return head + bytes(moved)


def without_table(font: bytes, tag: bytes) -> bytes:
    """The font, one of its tables under another name."""
    assert font.count(tag, 0, 400) == 1
    return font.replace(tag, b"none", 1)


def postscript() -> bytes:
    """The head of an OpenType font with PostScript outlines before the tables of another."""
    return b"OTTO" + LATIN.read_bytes()[4:]


BAD: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "is no TrueType font"),
    ("a text", lambda: b"hello, world", "is no TrueType font"),
    ("PostScript outlines", postscript, "PostScript outlines"),
    ("a collection of those", lambda: collection(postscript()), "PostScript outlines"),
    ("no outlines", lambda: without_table(LATIN.read_bytes(), b"glyf"), "PostScript outlines"),
    ("cut short", lambda: LATIN.read_bytes()[:3000], "damaged"),
    ("noise", lambda: b"\x00\x01\x00\x00" + b"\xff" * 500, "damaged"),
    ("an empty collection", lambda: b"ttcf" + bytes(60), "damaged"),
    ("Latin alone", LATIN.read_bytes, "has no Chinese, Japanese or Korean characters"),
]


@pytest.mark.parametrize(("make", "why"), [it[1:] for it in BAD], ids=[it[0] for it in BAD])
def test_a_font_that_will_not_do_is_refused_with_the_reason(
    make: Callable[[], bytes], why: str
) -> None:
    with pytest.raises(InputError, match=why) as refused:
        use_cjk(make())

    assert "KEYVAULT_CJK_FONT" in refused.value.mend
    with pytest.raises(InputError, match="it takes a CJK font"):
        require("株")


@needs_font
def test_a_font_that_will_not_do_leaves_the_one_before_in_use() -> None:
    use_cjk(FONT.read_bytes())

    with pytest.raises(InputError):
        use_cjk(b"hello, world")

    assert require("株") == "株"
