"""What the sheets can print, and that the rest is refused by name."""

import hashlib
import unicodedata
from importlib import resources
from io import BytesIO
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import Face, printable, require, require_secret, runs, width
from keyvault_kit.sheets.scan import rasterise


@pytest.mark.parametrize(
    "name",
    [
        "Nordwind Energie AG",
        "Łódź Kraków Příbram Győr",
        "Ελένη Παπαδοπούλου",
        "Зоя Иванова, ул. Ленина № 5",
        "O’Brien & Söhne – 100 %",
        "Đặng Thị Hương",
    ],
)
def test_latin_greek_and_cyrillic_are_printed(name: str) -> None:
    assert require(name) == name


def test_what_can_be_composed_is_composed() -> None:
    assert require(unicodedata.normalize("NFD", "Řehoř Müller")) == "Řehoř Müller"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("שלום", "HEBREW LETTER SHIN"),
        ("سلام", "ARABIC LETTER SEEN"),
        ("नमस्ते", "DEVANAGARI LETTER NA"),
        ("株式会社", "CJK UNIFIED IDEOGRAPH-682A"),
        ("key 🔑", "KEY"),
        ("x\u0327\u0301", "COMBINING CEDILLA"),
        ("two\nlines", "U+000A"),
        ("tab\there", "U+0009"),
        ("bg1\u202e1gb", "RIGHT-TO-LEFT OVERRIDE"),
        ("a\u200bb", "ZERO WIDTH SPACE"),
        ("a\u00adb", "SOFT HYPHEN"),
        ("\ue000", "U+E000"),
        ("\ud800", "U+D800"),
    ],
)
def test_other_characters_are_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(InputError) as refused:
        require(text)

    assert named in str(refused.value)
    str(refused.value).encode()


@given(st.text())
def test_what_is_printed_is_a_glyph_of_its_own(text: str) -> None:
    try:
        shown = require(text)
    except InputError:
        return
    assert shown == unicodedata.normalize("NFC", text)
    for char in shown:
        assert unicodedata.category(char)[0] in "LNPSZ"
        assert unicodedata.combining(char) == 0
        for face in Face:
            assert width(char, face, 10) > 0


REASONS = [
    ("ש", "takes shaping"),
    ("ส", "takes shaping"),
    ("न", "takes shaping"),
    ("\N{HANGUL CHOSEONG KIYEOK}", "takes shaping"),
    ("\N{COMBINING CEDILLA}", "over or under another sign"),
    ("\N{VARIATION SELECTOR-16}", "over or under another sign"),
    ("\N{KEY}", "no font of the sheets has it"),
    ("Ա", "no font of the sheets has it"),
    ("\N{ZERO WIDTH JOINER}", "controls or joins"),
    ("\N{RIGHT-TO-LEFT OVERRIDE}", "controls or joins"),
    ("\n", "controls or joins"),
    ("\ue000", "Unicode has no such sign"),
    ("\u0378", "Unicode has no such sign"),
    ("株", "it takes a CJK font. Let KEYVAULT_CJK_FONT name a TrueType font that has it"),
    ("한", "it takes a CJK font"),
]


@pytest.mark.parametrize(("char", "reason"), REASONS)
def test_a_refusal_says_why(char: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        require(f"Nordwind {char}")

    assert f"U+{ord(char):04X}" in str(refused.value)
    assert reason in str(refused.value)


def bitmap(char: str, size: float, dpi: int) -> int:
    """A glyph of the monospaced face as pixels, a bit each, all in one place."""
    out = BytesIO()
    page = 60.0
    canvas = Canvas(out, pagesize=(page, page), invariant=1)
    (font, run), *_ = runs(char, Face.MONO)
    canvas.setFont(font, size)
    canvas.drawString(10, 20, run)
    canvas.save()
    (image,) = rasterise(out.getvalue(), dpi)
    return int.from_bytes(image.convert("1", dither=Image.Dither.NONE).tobytes())


@pytest.mark.parametrize("size", [9, 36])
def test_no_two_printable_characters_of_ascii_look_the_same(size: int) -> None:
    """At the least size of a secret on a 300 dpi printer: three dots across differ at least."""
    glyphs = {char: bitmap(char, size, 300) for char in map(chr, range(32, 127))}

    differences = {
        f"{one}{other}": (glyphs[one] ^ glyphs[other]).bit_count()
        for one, other in combinations(glyphs, 2)
    }

    assert min(differences.values()) >= 9, min(differences, key=lambda pair: differences[pair])


def test_a_secret_that_cannot_be_printed_is_not_told() -> None:
    with pytest.raises(InputError) as refused:
        require_secret("hunter2ש", "the password")

    assert "character 8 of the password" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "SHIN" not in str(refused.value)


def test_a_secret_is_printed_as_it_is_or_not_at_all() -> None:
    # The ohm sign becomes a Greek omega in NFC: another character than the one in the code.
    assert not printable("\N{OHM SIGN}")
    with pytest.raises(InputError):
        require_secret("4\N{OHM SIGN}", "the PIN")


def test_the_font_files_are_the_ones_the_readme_names() -> None:
    folder = resources.files("keyvault_kit.sheets.fonts")
    readme = folder.joinpath("README.md").read_text()
    for face in Face:
        digest = hashlib.sha256(folder.joinpath(f"{face}.ttf").read_bytes()).hexdigest()
        assert f"`{face}.ttf`" in readme
        assert f"`{digest}`" in readme
    assert "SIL OPEN FONT LICENSE" in folder.joinpath("OFL.txt").read_text()
