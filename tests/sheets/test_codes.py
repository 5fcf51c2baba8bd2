"""The texts of the QR codes: strict both ways, silent about what they hold."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.codes import SECRET_KINDS, Kind, SheetCode, encode_share, parse_share

SALT = bytes(range(16))
PLAIN = "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1"
PIN = f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT.hex()} 48213907"

contents = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", fullmatch=True)


@given(
    kind=st.sampled_from(sorted(SECRET_KINDS)),
    set_id=ids,
    number=st.integers(1, 999_999),
    salt=st.binary(min_size=16, max_size=16),
    content=contents,
)
def test_a_secret_code_comes_back_whatever_its_content(
    kind: Kind, set_id: str, number: int, salt: bytes, content: str
) -> None:
    code = SheetCode(
        kind=kind,
        register8="3f9c1ab2",
        set_id=set_id,
        number=number,
        salt=Secret(salt),
        content=Secret(content.encode()),
    )

    parsed = SheetCode.parse(code.encode())

    assert parsed == code
    assert parsed.content is not None
    assert parsed.content.expose_text() == content


@given(kind=st.sampled_from(sorted(set(Kind) - SECRET_KINDS)), set_id=ids)
def test_a_plain_code_comes_back(kind: Kind, set_id: str) -> None:
    code = SheetCode(kind=kind, register8="00000000", set_id=set_id, number=7)

    assert SheetCode.parse(code.encode()) == code
    assert code.encode() == f"KVK1 {kind} 00000000 {set_id} 7"


def test_the_texts_are_as_they_are_documented() -> None:
    assert SheetCode.parse(PLAIN).encode() == PLAIN
    assert SheetCode.parse(PIN).encode() == PIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "KVK1",
        "KVK2 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1",
        "kvk1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1",
        "KVK1 BANANA 3f9c1ab2 bg1-pw-1-2 1",
        "KVK1 ENVELOPE 3F9C1AB2 bg1-pw-1-2 1",
        "KVK1 ENVELOPE 3f9c1ab bg1-pw-1-2 1",
        "KVK1 ENVELOPE 3f9c1ab2 -bg1 2",
        "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 0",
        "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 02",
        "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 ٢",
        "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1\n",
        "KVK1  ENVELOPE 3f9c1ab2 bg1-pw-1-2 1",
        " KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 1",
        f"{PLAIN} {SALT.hex()} 48213907",
        f"{PLAIN} {SALT.hex()}",
        "KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1",
        f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT.hex()}",
        f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT.hex()} ",
        f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT.hex().upper()} 48213907",
        f"KVK1 PIN 3f9c1ab2 KEY-01-pin-1 1 {SALT.hex()[:-2]} 48213907",
    ],
)
def test_whatever_is_not_exactly_a_code_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        SheetCode.parse(text)

    assert "48213907" not in str(refused.value)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_salt_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InputError, match="16 bytes"):
        SheetCode(
            kind=Kind.PIN,
            register8="3f9c1ab2",
            set_id="a",
            salt=Secret(bytes(size)),
            content=Secret(b"1"),
        )


def test_a_code_shows_no_secret() -> None:
    code = SheetCode.parse(PIN)

    assert "48213907" not in repr(code)
    assert SALT.hex() not in repr(code)


def test_a_share_is_its_words_alone_in_upper_case(make_mnemonic: Callable[[int], Secret]) -> None:
    mnemonic = make_mnemonic(33)

    text = encode_share(mnemonic)

    assert text.split(" ") == [word.upper() for word in mnemonic.expose_text().split(" ")]
    assert parse_share(text) == mnemonic


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda text: text + " ",
        lambda text: text + "\n",
        lambda text: text.replace(" ", "  ", 1),
        lambda text: text.replace(" ", "\t", 1),
        lambda text: " ".join(text.split(" ")[:19]),
        lambda text: text.replace("A", "Ä", 1),
        lambda text: text.replace("A", "4", 1),
    ],
)
def test_a_share_in_any_other_form_is_refused(
    change: Callable[[str], str], make_mnemonic: Callable[[int], Secret]
) -> None:
    text = encode_share(make_mnemonic(20))

    with pytest.raises(InputError) as refused:
        parse_share(change(text))

    assert text[:8].lower() not in str(refused.value).lower()


def test_words_that_are_no_mnemonic_are_not_encoded() -> None:
    with pytest.raises(InputError):
        encode_share(Secret.from_text("academic acid"))
