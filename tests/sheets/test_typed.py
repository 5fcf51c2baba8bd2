"""What scanners send that type, and people paste: the exact code again, or what is set wrong."""

from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39 import Share, split
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets import keyboards, typed
from keyvault_kit.sheets.codes import SheetCode

SALT = bytes(range(0xA0, 0xB0)).hex()
PASSWORD = "7gBJ2vQmXnR5kTzW9pLdHf3sYcEa4uNj8xVbM6tKwP1Q"
FINGERPRINTS = ("SHA256:" + "uNiVztksCsD" * 3 + "uNiVztksCs", "SHA256:" + "HcC0u9e8Br" * 4 + "HcC")
REGISTER = "3f9c1ab2" * 8

SHARE = (
    split(Secret(bytes(range(32))), threshold=2, count=3, random=lambda size: bytes(range(size)))[1]
    .mnemonic()
    .upper()
)
TEXTS = {
    "share": SHARE,
    "password": f"KVK1 PASSWORD 3f9c1ab2 bg1-pw-1 2 {SALT} {PASSWORD}",
    "pin": f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT} 48213907",
    "envelope": "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1",
    "checkpoint": f"keyvault-kit/{REGISTER}\n142\n{'Zm9v' * 10}abc=\n",
    "founding": f"keyvault-kit/{REGISTER}\nfounding 0\nanna {FINGERPRINTS[0]}\n"
    f"boris {FINGERPRINTS[1]}\n",
    "refounding": f"keyvault-kit/{REGISTER}\nfounding 7 {'5d' * 32}\nanna {FINGERPRINTS[0]}\n"
    f"boris {FINGERPRINTS[1]}\n",
}

each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def wrong(text: str) -> InputError:
    """The error, which says nothing of what was typed."""
    with pytest.raises(InputError) as caught:
        typed.read(text)
    said = str(caught.value)
    for secret in (PASSWORD, SALT, "48213907", *SHARE.split()):
        assert secret not in said
    return caught.value


@each_text
def test_a_code_is_itself(text: str) -> None:
    assert typed.read(text) == text


@each_text
@pytest.mark.parametrize(
    "sent",
    [
        lambda text: text + "\r\n",
        lambda text: text + "\t",
        lambda text: f" \t{text}\r",
        lambda text: "]Q1" + text,
        lambda text: " ]Q3" + text + "\n",
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace(" ", "\N{NO-BREAK SPACE}", 3),
        lambda text: text.replace(" ", "\t", 4),
        lambda text: text.replace(" ", "\N{THIN SPACE}\N{ZERO WIDTH SPACE}", 2),
        lambda text: text.replace(" ", "\n", 3),
        lambda text: text.replace(" ", "  ", 4),
    ],
)
def test_what_is_added_on_the_way_is_taken_away(sent: Callable[[str], str], text: str) -> None:
    assert typed.read(sent(text)) == text


@pytest.mark.parametrize(
    "sent",
    [
        SHARE.lower(),
        SHARE.title(),
        SHARE.swapcase(),
        SHARE.replace(" ", ",\n"),
        " ".join(word[:4] for word in SHARE.split()),
        " ".join(str(WORDS.index(word)) for word in SHARE.lower().split()),
    ],
)
def test_a_share_may_be_written_otherwise(sent: str) -> None:
    assert typed.read(sent) == SHARE


def test_a_share_with_another_word_is_still_a_code() -> None:
    other = "ZERO" if not SHARE.endswith("ZERO") else "YOGA"
    damaged = " ".join([*SHARE.split()[:-1], other])

    assert typed.read(damaged) == damaged


def test_dashes_of_a_word_processor_are_those_of_the_id() -> None:
    assert typed.read(TEXTS["envelope"].replace("-", "\N{EN DASH}")) == TEXTS["envelope"]


@pytest.mark.parametrize(
    "content",
    ["two words", "two  blanks", " leading", "dash\N{EN DASH}", "é", "👩\N{ZERO WIDTH JOINER}🚀"],
)
def test_the_content_of_a_code_stays_as_it_is(content: str) -> None:
    text = f"KVK1 PASSWORD 3f9c1ab2 set 1 {SALT} {content}"

    assert typed.read(f"]Q1{text}\r\n") == text


def test_composed_and_decomposed_letters_are_the_same() -> None:
    text = f"KVK1 PASSWORD 3f9c1ab2 set 1 {SALT} Müller"

    assert typed.read(text.replace("ü", "u\N{COMBINING DIAERESIS}")) == text


def through(text: str, scanner: str, system: str) -> str:
    """What arrives from a scanner of one layout at a system of another."""
    layouts = dict(keyboards._LAYOUTS)
    return text.translate(dict(zip(map(ord, layouts[scanner]), layouts[system], strict=True)))


def test_layouts_have_as_many_keys_and_no_character_twice() -> None:
    for keys in keyboards._LAYOUTS.values():
        assert len(keys) == 94
        assert len(set(keys)) == 94
        assert set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-/+=:_") <= set(
            keys
        )


def test_a_german_system_mixes_up_the_letters_of_a_us_scanner() -> None:
    assert through("KEY-01_z/", "US", "German") == "KEZß01?y-"
    assert through("aqzw 12 M,", "US", "French") == "qawz &é ?;"


@pytest.mark.parametrize("name", ["password", "envelope", "checkpoint", "founding"])
@pytest.mark.parametrize(
    ("scanner", "system"),
    [("US", "German"), ("German", "US"), ("US", "French"), ("French", "US"), ("German", "French")],
)
def test_another_keyboard_layout_is_told_and_not_repaired(
    scanner: str, system: str, name: str
) -> None:
    error = wrong(through("]Q1" * (scanner == "US") + TEXTS[name], scanner, system))

    assert error.what == "the scanner's keyboard layout is not this system's"
    assert "set the scanner's 'country' or 'keyboard'" in error.mend


def test_the_layouts_are_named_where_they_can_be_told() -> None:
    assert "set to US, the system to German" in wrong(through(TEXTS["pin"], "US", "German")).mend
    assert "set to US, the system to French" in wrong(through(TEXTS["pin"], "US", "French")).mend


@pytest.mark.parametrize(("scanner", "system"), [*permutations(["US", "German", "French"], 2)])
def test_a_share_is_repaired_where_its_checksum_proves_it_and_that_is_told(
    scanner: str, system: str
) -> None:
    told: list[str] = []
    arrived = through(SHARE, scanner, system)

    assert typed.read(arrived, told.append) == SHARE
    assert "layout is not this system's" in told[0]
    assert not any(word in told[0] for word in SHARE.split())
    assert "layout" in wrong(arrived).what


def test_a_share_of_another_layout_is_not_repaired_without_its_checksum() -> None:
    words = SHARE.split()
    swapped = " ".join([words[1], words[0], *words[2:]])
    told: list[str] = []

    with pytest.raises(InputError, match="layout"):
        typed.read(through(swapped, "US", "German"), told.append)
    assert told == []


@pytest.mark.parametrize("name", ["password", "pin", "envelope", "checkpoint", "founding"])
def test_caps_lock_is_told_and_not_repaired(name: str) -> None:
    error = wrong(TEXTS[name].swapcase())

    assert error.what == "the letters came with their case exchanged"
    assert "Caps Lock" in error.mend


@pytest.mark.parametrize("name", ["password", "envelope"])
@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_a_scanner_that_changes_the_case_is_told(change: Callable[[str], str], name: str) -> None:
    assert wrong(change(TEXTS[name])).what == "capitals and small letters came alike"


@pytest.mark.parametrize("name", ["checkpoint", "founding"])
@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_a_hash_without_its_capitals_is_not_taken(change: Callable[[str], str], name: str) -> None:
    assert "Caps Lock" in wrong(change(TEXTS[name])).mend


@each_text
def test_a_code_that_came_twice_is_told(text: str) -> None:
    assert wrong(f"{text}\n{text}\n").what == "the code came twice"


@each_text
@pytest.mark.parametrize("prefix", ["s", "QR", "J]Q1", "\x1dQ1"])
def test_what_a_scanner_puts_before_the_code_is_told(prefix: str, text: str) -> None:
    if prefix == "\x1dQ1":
        assert typed.read(prefix + text) == text
    else:
        assert wrong(prefix + text).what == "something stands before the code"


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("https://example.org/reset?token=48213907", "a web address"),
        ("WIFI:T:WPA;S=office;P:48213907;;", "wireless"),
        ("BEGIN:VCARD\nVERSION:3.0\nN:Berg;Anna\nEND:VCARD", "visiting card"),
        ("otpauth://totp/x?secret=48213907", "authenticator app"),
        ("]Q3010950600013435210ABC", "GS1"),
        ("FIDO:/0123456789", "FIDO"),
        ("x" * 3000, ""),
        ("Some sentence, with a comma. " * 100, ""),
        ("\x00\x01\x02", ""),
    ],
)
def test_what_is_of_something_else_is_told_in_one_way(text: str, looks: str) -> None:
    error = wrong(text)

    assert error.what.startswith("this is no code of a sheet")
    assert looks in error.what


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing was typed"),
        ("\r\n", "nothing was typed"),
        ("x" * (typed.LONGEST + 1), "10001 characters"),
        ("KVK2 ENVELOPE 3f9c1ab2 a 1", "another version"),
        ("KVK1", "cut short"),
        (f"KVK1 PASSWORD 3f9c1ab2 set 1 {SALT}", "cut short"),
        ("KVK1 POSTCARD 3f9c1ab2 set 1", "kind of sheet"),
        ("KVK1 ENVELOPE 3f9c1ab2 s%t 1", "id"),
        (f"KVK1 PASSWORD 3f9c1ab2 set 1 {SALT} {PASSWORD[:20]}\n{PASSWORD[20:]}", "several lines"),
        (f"keyvault-kit/{REGISTER}\n142\n", "not whole"),
        (" ".join(SHARE.split()[:-1]), "32 words"),
        (" ".join(SHARE.split()[:9]), "9 words"),
        (" ".join([*SHARE.split()[:-1], "XYZZY"]), "word 33"),
        ("abandon " * 23 + "art", "another list"),
        (" ".join(["1024"] * 33), "number 1"),
    ],
)
def test_what_is_broken_is_said_to_be(text: str, said: str) -> None:
    assert said in wrong(text).what


@given(st.text())
def test_only_an_input_error_comes_of_any_text(text: str) -> None:
    for start in ("", "KVK1 ", "KVK1 PIN 3f9c1ab2 a 1 ", "keyvault-kit/", "academic "):
        try:
            read = typed.read(start + text)
        except InputError:
            continue
        assert typed.read(read) == read


@given(
    content=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
    suffix=st.sampled_from(["", "\n", "\r\n", "\t"]),
    prefix=st.sampled_from(["", "]Q1", "]Q3", " "]),
)
def test_any_printable_secret_comes_through(content: str, suffix: str, prefix: str) -> None:
    text = f"KVK1 PASSWORD 3f9c1ab2 set-1 1 {SALT} {content}"

    read = SheetCode.parse(typed.read(prefix + text + suffix))

    assert read.content is not None
    assert read.content.expose_text() == content


def test_what_is_read_of_a_share_parses() -> None:
    assert Share.parse(typed.read(f"]Q1{SHARE}\r\n")).member_threshold == 2
