"""What the sheets can print, and that the rest is refused by name."""

import hashlib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import Face, printable, require, require_secret, width


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
