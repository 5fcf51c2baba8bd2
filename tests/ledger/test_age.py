"""age files: the stock programs are the oracle, and every way to fail has a name."""

import os
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import (
    InputError,
    KeyvaultError,
    LedgerError,
    MismatchError,
    RefusedError,
)
from keyvault_kit.ledger import age
from keyvault_kit.secret import Secret

AtATerminal = Callable[[list[str], list[str]], None]

ADA, BOB = age.identity_from(b"A" * 32), age.identity_from(b"B" * 32)
PASSPHRASE = Secret.from_text("gravel tuba oxide lemur quartz nine")
ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


@pytest.fixture(scope="module")
def for_ada() -> bytes:
    """100,000 bytes, so two chunks, encrypted to Ada."""
    return age.encrypt(b"x" * 100_000, [age.recipient_of(ADA)])


@pytest.fixture(scope="module")
def by_passphrase() -> bytes:
    """A short text, encrypted by the passphrase."""
    return age.encrypt_with_passphrase(b"hello", PASSPHRASE)


def run(*command: str, data: bytes = b"") -> bytes:
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


# --- Identities


@given(entropy=st.binary(min_size=32, max_size=32))
def test_the_recipient_is_that_of_the_same_curve_point(entropy: bytes) -> None:
    recipient = age.recipient_of(age.identity_from(entropy))

    point = X25519PrivateKey.from_private_bytes(entropy).public_key().public_bytes_raw()
    number = int.from_bytes(point, "big") << 4
    characters = [ALPHABET[number >> 5 * place & 31] for place in reversed(range(52))]
    assert recipient[:-6] == "age1" + "".join(characters)


@pytest.mark.needs("age-keygen")
@pytest.mark.parametrize("entropy", [bytes(32), b"\xff" * 32, bytes(range(32))])
def test_stock_age_reads_an_identity(entropy: bytes) -> None:
    identity = age.identity_from(entropy)
    told = run("age-keygen", "-y", data=identity.expose())
    assert told.decode().strip() == age.recipient_of(identity)


@pytest.mark.needs("age-keygen")
def test_an_identity_of_stock_age_is_read() -> None:
    written = run("age-keygen").decode().splitlines()
    (recipient,) = (line.split()[-1] for line in written if "public key" in line)
    assert age.recipient_of(age.parse_identity(written[-1])) == recipient


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_identity_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        age.identity_from(bytes(size))


@given(entropy=st.binary(min_size=32, max_size=32), data=st.data())
def test_white_space_and_case_are_forgiven(entropy: bytes, data: st.DataObject) -> None:
    identity = age.identity_from(entropy)
    text = identity.expose_text()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=9)) | {0, len(text)})
    parts = [text[a:b] for a, b in pairwise(cuts)]
    spaces = st.sampled_from([" ", "\n", "\t", "\r\n", "\u00a0"])
    typed = "".join(data.draw(spaces) + data.draw(st.sampled_from([p, p.lower()])) for p in parts)

    assert age.parse_identity(f" {typed}\n") == identity
    recipient = age.recipient_of(identity)
    assert age.parse_recipient(f" {recipient[:9].upper()} {recipient[9:]}\n") == recipient


@given(entropy=st.binary(min_size=32, max_size=32), data=st.data())
def test_up_to_four_misread_characters_are_always_found(
    entropy: bytes, data: st.DataObject
) -> None:
    text = list(age.identity_from(entropy).expose_text())
    places = data.draw(st.sets(st.integers(16, len(text) - 1), min_size=1, max_size=4))
    for place in places:
        other = st.sampled_from([c for c in ALPHABET.upper() if c != text[place]])
        text[place] = data.draw(other)

    with pytest.raises(InputError, match="checksum is wrong") as caught:
        age.parse_identity("".join(text))
    assert "".join(text)[16:] not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: "", "does not begin with AGE-SECRET-KEY-1"),
        (lambda text: text[16:], "does not begin with AGE-SECRET-KEY-1"),
        (lambda _: age.recipient_of(ADA), "does not begin with AGE-SECRET-KEY-1"),
        (lambda text: text[:-1], "has 73 characters, not 74"),
        (lambda text: f"{text}Q", "has 75 characters, not 74"),
        (lambda text: f"{text[:19]}B{text[20:]}", "character 20 of the identity"),
        (lambda text: f"{text[:73]}\N{CYRILLIC CAPITAL LETTER A}", "character 74 of the identity"),
    ],
)
def test_what_is_no_identity_is_named_and_never_repeated(
    change: Callable[[str], str], told: str
) -> None:
    text = ADA.expose_text()
    with pytest.raises(InputError, match=told) as caught:
        age.parse_identity(change(text))
    assert text[20:40] not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None


def test_bits_too_many_in_an_identity_are_found() -> None:
    """The last character of the data has one bit of the key and four zeros; its checksum holds."""
    values = [ALPHABET.upper().index(c) for c in ADA.expose_text()[16:68]]
    values[-1] |= 1
    sum_ = age._groups(age._polymod([*values, *[0] * 6]) ^ 1, 6)
    text = "AGE-SECRET-KEY-1" + "".join(ALPHABET[value] for value in values + sum_).upper()

    with pytest.raises(InputError, match="last bits are not zero"):
        age.parse_identity(text)


@pytest.mark.parametrize("text", ["", "age1", "ssh-ed25519 AAAA", "age1" + "q" * 58])
def test_what_is_no_recipient_is_said_so(text: str) -> None:
    with pytest.raises(InputError, match="no age recipient"):
        age.parse_recipient(text)


def test_an_identity_in_the_place_of_a_recipient_is_not_shown() -> None:
    text = ADA.expose_text()
    with pytest.raises(InputError, match="no age recipient") as caught:
        age.parse_recipient(text)
    assert text[20:].lower() not in str(caught.value).lower()
    assert caught.value.__suppress_context__


# --- To recipients


@settings(max_examples=25)
@given(data=st.binary(max_size=200_000), to=st.sampled_from([[ADA], [ADA, BOB], [BOB, ADA]]))
def test_each_recipient_opens_it(data: bytes, to: list[Secret]) -> None:
    sealed = age.encrypt(data, [age.recipient_of(each) for each in to])
    for each in to:
        assert age.decrypt(sealed, each) == data


@pytest.mark.needs("age")
@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
def test_stock_age_opens_it_and_the_other_way_round(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    key = tmp_path / "key"
    key.write_bytes(ADA.expose())
    recipient = age.recipient_of(ADA)

    sealed = age.encrypt(data, [age.recipient_of(BOB), recipient])
    assert run("age", "-d", "-i", str(key), data=sealed) == data
    assert age.decrypt(run("age", "-r", recipient, data=data), ADA) == data


def test_it_is_encrypted_to_somebody() -> None:
    with pytest.raises(InputError, match="nobody"):
        age.encrypt(b"data", [])
    with pytest.raises(InputError, match="no age recipient"):
        age.encrypt(b"data", [age.recipient_of(ADA), "age1nobody"])


def test_somebody_else_does_not_open_it(for_ada: bytes) -> None:
    with pytest.raises(MismatchError, match="not encrypted to this identity") as caught:
        age.decrypt(for_ada, BOB)
    assert BOB.expose_text() not in str(caught.value)


# --- By passphrase


@pytest.mark.needs("age", "setsid")
def test_stock_age_opens_it_by_the_passphrase(
    at_a_terminal: AtATerminal, tmp_path: Path, by_passphrase: bytes
) -> None:
    sealed, opened = tmp_path / "sealed.age", tmp_path / "opened"
    sealed.write_bytes(by_passphrase)
    at_a_terminal(["age", "-d", "-o", str(opened), str(sealed)], [PASSPHRASE.expose_text()])
    assert opened.read_bytes() == b"hello"


@pytest.mark.needs("age", "setsid")
def test_what_stock_age_encrypts_by_a_passphrase_is_opened(
    at_a_terminal: AtATerminal, tmp_path: Path
) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed.age"
    plain.write_bytes(b"hello")
    at_a_terminal(["age", "-p", "-o", str(sealed), str(plain)], [PASSPHRASE.expose_text()] * 2)
    assert age.decrypt_with_passphrase(sealed.read_bytes(), PASSPHRASE) == b"hello"


def test_the_passphrase_opens_it_and_no_other(by_passphrase: bytes) -> None:
    assert age.decrypt_with_passphrase(by_passphrase, PASSPHRASE) == b"hello"
    with pytest.raises(MismatchError, match="passphrase is wrong"):
        age.decrypt_with_passphrase(by_passphrase, Secret.from_text("gravel tuba oxide"))


@pytest.mark.parametrize("text", ["", "elevenchars", "\N{LATIN SMALL LETTER E WITH ACUTE}" * 11])
def test_a_short_passphrase_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="fewer than 12 characters") as caught:
        age.encrypt_with_passphrase(b"hello", Secret.from_text(text))
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("work", [b"23", b"30", b"64", b"99999999999999999999", b"9" * 5000])
def test_hostile_work_is_refused_at_once(by_passphrase: bytes, work: bytes) -> None:
    hostile = re.sub(rb"(?<=-> scrypt )(\S+) \d+", rb"\1 " + work, by_passphrase, count=1)
    with pytest.raises(InputError, match=r"asks for the work of 2\^\d{2,9}, and 2\^22"):
        age.decrypt_with_passphrase(hostile, PASSPHRASE)


def test_more_work_than_the_computer_does_is_said_so() -> None:
    told = "Excessive work parameter for passphrase.\nDecryption would take around 64 seconds."
    with (
        pytest.raises(InputError, match="more work than this computer does"),
        age._our_errors("the passphrase is wrong"),
    ):
        raise pyrage.DecryptError(told)


# --- Faults


def test_each_secret_is_told_from_the_other(for_ada: bytes, by_passphrase: bytes) -> None:
    with pytest.raises(InputError, match="opens with a passphrase"):
        age.decrypt(by_passphrase, ADA)
    with pytest.raises(InputError, match="opens with an identity"):
        age.decrypt_with_passphrase(for_ada, PASSPHRASE)


def test_the_kind_is_told_before_anything_is_opened(for_ada: bytes, by_passphrase: bytes) -> None:
    age.demand_kind(by_passphrase, passphrase=True)
    age.demand_kind(for_ada, passphrase=False)
    with pytest.raises(InputError, match="opens with a passphrase"):
        age.demand_kind(by_passphrase, passphrase=False)
    with pytest.raises(InputError, match="opens with an identity"):
        age.demand_kind(for_ada, passphrase=True)


@pytest.mark.parametrize("passphrase", [True, False])
def test_what_has_no_kind_is_said_so(for_ada: bytes, *, passphrase: bool) -> None:
    with pytest.raises(InputError, match="no age file"):
        age.demand_kind(b"SQLite format 3\0", passphrase=passphrase)
    with pytest.raises(LedgerError, match="its header has no end"):
        age.demand_kind(for_ada[:60], passphrase=passphrase)


@pytest.mark.parametrize("data", [b"", b"age", b"SQLite format 3\0", b"age-encryption.org/v2\n"])
def test_what_is_no_age_file_is_said_so(data: bytes) -> None:
    with pytest.raises(InputError, match="no age file"):
        age.decrypt(data, ADA)
    with pytest.raises(InputError, match="no age file"):
        age.decrypt_with_passphrase(data, PASSPHRASE)


def test_a_file_cut_anywhere_is_named(for_ada: bytes) -> None:
    end = for_ada.index(b"\n---")
    places = {*range(len(age.INTRO), end + 100, 3), 65_000, 66_000, len(for_ada) - 1}
    for place in places:
        with pytest.raises(LedgerError, match="cut short"):
            age.decrypt(for_ada[:place], ADA)
    for place in range(len(age.INTRO)):
        with pytest.raises(InputError, match="no age file"):
            age.decrypt(for_ada[:place], ADA)


@pytest.mark.parametrize("place", [-1, -17, -40_000, -70_000, -99_990])
def test_a_changed_bit_of_the_content_is_named(for_ada: bytes, place: int) -> None:
    changed = bytearray(for_ada)
    changed[place] ^= 1
    with pytest.raises(LedgerError, match="cut short or changed"):
        age.decrypt(bytes(changed), ADA)


def test_a_file_with_something_after_it_is_named(for_ada: bytes) -> None:
    with pytest.raises(LedgerError, match="cut short or changed"):
        age.decrypt(for_ada + b"\0", ADA)


@settings(max_examples=300)
@given(data=st.data())
def test_a_changed_header_never_gives_another_content(for_ada: bytes, data: st.DataObject) -> None:
    end = for_ada.index(b"\n---") + 60
    changed = bytearray(for_ada)
    place = data.draw(st.integers(0, end))
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(KeyvaultError) as caught:
        age.decrypt(bytes(changed), ADA)
    assert isinstance(caught.value, (InputError, LedgerError, MismatchError))


def test_a_header_without_end_is_not_looked_through() -> None:
    with pytest.raises(LedgerError, match="its header has no end"):
        age.decrypt(age.INTRO + b"-> X25519 a\n" * 10_000 + b"\n--- mac\n", ADA)


@pytest.mark.parametrize("line", [b"-> scrypt", b"-> scrypt salt", b"-> scrypt salt eighteen"])
def test_a_malformed_stanza_is_named(by_passphrase: bytes, line: bytes) -> None:
    malformed = re.sub(rb"-> scrypt .*", line, by_passphrase, count=1)
    with pytest.raises(LedgerError, match="cut short or changed"):
        age.decrypt_with_passphrase(malformed, PASSPHRASE)
    with pytest.raises(InputError, match="opens with a passphrase"):
        age.decrypt(malformed, ADA)
