"""The sheet of a station's age identity: rows, codes, and stock age that opens with them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import identity
from keyvault_kit.sheets.pages.identity import IdentitySheet
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.reading import rows_read

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])

SALT = bytes(range(0xA0, 0xB0))
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

# Made by `age-keygen` for these tests.
IDENTITY = "AGE-SECRET-KEY-1PT38RFZ5MAK75KWDLDXU7S76EA8FC4NFPRE0SQZFLQE98RL67KZSXER8SM"
RECIPIENT = "age1a55fdnqe0pady2wv0wxmhc4lqxtfnwakvkerqc3d5tukrqpzr9eqcmfuyd"


class Piece(Protocol):
    text: str
    box: Box
    baseline: float


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]
MakeSheet = Callable[..., IdentitySheet]


@pytest.fixture
def make_identity(make_heading: MakeHeading) -> MakeSheet:
    def make(text: str = IDENTITY, **fields: Any) -> IdentitySheet:
        usual: dict[str, Any] = {
            "heading": make_heading(number=1, count=1),
            "set_id": "station-age-1",
            "identity": Secret(text.encode()),
            "salt": Secret(SALT),
            "recipient": RECIPIENT,
        }
        return IdentitySheet(**(usual | fields))

    return make


def typed(pdf: bytes, pieces: Pieces) -> str:
    """What somebody types who reads the rows."""
    return "".join(row.text for row in rows_read(pieces(pdf)))


def test_it_is_printed_in_rows_of_four_groups_with_check_letters(
    paper: Paper, make_identity: MakeSheet, pieces: Pieces
) -> None:
    found = [piece.text for piece in pieces(identity.render(make_identity(), paper))]

    start = found.index("Row 1")
    for number, at in enumerate(range(0, 74, 16), start=1):
        row = IDENTITY[at : at + 16]
        groups = [row[group : group + 4] for group in range(0, len(row), 4)]
        expected = [f"Row {number}", *groups, check_letter(number, row), "check"]
        assert found[start : start + len(expected)] == expected
        start += len(expected)


def test_its_codes_hold_the_identity_and_the_salt(paper: Paper, make_identity: MakeSheet) -> None:
    (text,) = read_codes(identity.render(make_identity(), paper))

    assert text == f"KVK1 IDENTITY 3f9c1ab2 station-age-1 1 {SALT.hex()} {IDENTITY}"
    code = SheetCode.parse(text)
    assert (code.kind, code.set_id) == (Kind.IDENTITY, "station-age-1")
    assert code.salt == Secret(SALT)
    assert code.content == Secret.from_text(IDENTITY)


@FEW
@given(rest=st.text(st.sampled_from(BECH32), min_size=58, max_size=58))
def test_any_identity_is_read_back_exactly_from_code_and_rows(
    rest: str, paper: Paper, make_identity: MakeSheet, pieces: Pieces
) -> None:
    text = f"AGE-SECRET-KEY-1{rest}"
    sheet = make_identity(text)

    pdf = identity.render(sheet, paper)

    prove(pdf, identity.payload(sheet), copies=2)
    assert identity.payload(sheet).endswith(f" {text}")
    assert typed(pdf, pieces) == text


def test_the_recipient_is_printed_small_and_outside_the_codes(
    paper: Paper, make_identity: MakeSheet, pieces: Pieces
) -> None:
    sheet = make_identity()

    found = pieces(identity.render(sheet, paper))

    lines = [it for it in found if it.text and it.text in RECIPIENT and it.box.width > 20]
    assert "".join(line.text for line in lines) == RECIPIENT
    assert all(line.box.height < 3 and line.box.bottom < paper.folds[0] for line in lines)
    assert RECIPIENT not in identity.payload(sheet)


@pytest.mark.needs("age")
@pytest.mark.parametrize("way", ["scanned", "typed"])
def test_stock_age_opens_with_it_as_the_sheet_says(
    way: str, tmp_path: Path, make_identity: MakeSheet, pieces: Pieces
) -> None:
    sheet = make_identity()
    pdf = identity.render(sheet, A4)
    (code,) = read_codes(pdf)
    read = {"scanned": code.split(" ")[-1], "typed": typed(pdf, pieces)}[way]
    sealed, opened = tmp_path / "in.age", tmp_path / "out"

    encrypt = ("age", "-r", sheet.recipient, "-o", str(sealed))
    subprocess.run(encrypt, input=b"a bundle", check=True)
    decrypt = ("age", "-d", "-i", "-", "-o", str(opened), str(sealed))
    subprocess.run(decrypt, input=f"{read}\n".encode(), check=True)

    assert opened.read_bytes() == b"a bundle"


@pytest.mark.parametrize(
    "said",
    [
        "Keep it sealed",
        "keyvault ledger accept",
        "keyvault ledger restore",
        "Never type it into a file",
        "age -d -i - -o OUT IN",
        "seal it in a new bag",
        "make a new identity",
    ],
)
def test_it_says_what_to_do(
    said: str, paper: Paper, make_identity: MakeSheet, text_of: Callable[[bytes], str]
) -> None:
    assert said in text_of(identity.render(make_identity(), paper)).replace("\n", " ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        IDENTITY.lower(),
        IDENTITY[:-1],
        f"{IDENTITY}Q",
        f"{IDENTITY}\n",
        f" {IDENTITY}",
        IDENTITY.replace("PT38", "BT38"),
        IDENTITY.replace("PT38", "1T38"),
        IDENTITY.replace("PT38", "pt38"),
        IDENTITY.replace("SECRET", "PUBLIC"),
        IDENTITY.replace("PT38", "ÄT38"),
        RECIPIENT,
    ],
)
def test_what_is_no_identity_is_refused_and_not_told(text: str, make_identity: MakeSheet) -> None:
    with pytest.raises(InputError, match="no age identity") as refused:
        make_identity(text)

    assert "RFZ5" not in str(refused.value).upper()


def test_bytes_that_are_no_text_are_refused_and_not_told(make_identity: MakeSheet) -> None:
    spoilt = Secret(IDENTITY.encode()[:-1] + b"\xff")

    with pytest.raises(InputError, match="no age identity") as refused:
        make_identity(identity=spoilt)

    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    "recipient",
    ["", RECIPIENT.upper(), RECIPIENT[:-1], f"{RECIPIENT}\n", f"{RECIPIENT}q", IDENTITY],
)
def test_what_is_no_recipient_is_refused_and_not_told(
    recipient: str, make_identity: MakeSheet
) -> None:
    with pytest.raises(InputError, match="no age recipient") as refused:
        make_identity(recipient=recipient)

    assert "RFZ5" not in str(refused.value)
