"""The founding sheet as text: exactly one way to write it, and what it says of a ledger."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.ledger.verify import verify
from keyvault_kit.sheets.scan import read_codes

REGISTER = "ab" * 32
KEY = "SHA256:" + "A" * 43
TRUST = Trust(REGISTER, 0, (("alice", KEY), ("bob", KEY)))
TEXT = f"keyvault-kit/{REGISTER}\nfounding 0\nalice {KEY}\nbob {KEY}\n"

people = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True),
    min_size=2,
    max_size=5,
    unique=True,
)


def test_the_text_is_exactly_this() -> None:
    assert TRUST.text() == TEXT
    assert Trust.parse(TEXT) == TRUST


@given(people, st.integers(min_value=0, max_value=10**18 - 1))
def test_what_is_written_is_read(names: list[str], since: int) -> None:
    founders = tuple((name, KEY) for name in sorted(names))
    trust = Trust(REGISTER, since, founders, leaf="cd" * 32 if since else "")
    assert Trust.parse(trust.text()) == trust


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (TEXT.rstrip("\n"), "each line ended by LF"),
        (TEXT + "\n", "line 5 is no founder"),
        (TEXT.replace("\n", "\r\n"), "line 1"),
        (TEXT.replace("keyvault-kit/", "other/"), "line 1"),
        (TEXT.replace("ab", "AB"), "line 1"),
        (TEXT.replace("founding 0", "founding 00"), "line 2"),
        (TEXT.replace("founding 0", "founding -1"), "line 2"),
        (TEXT.replace("founding 0", "founding 7"), "line 2"),
        (TEXT.replace("founding 0", f"founding 0 {REGISTER}"), "line 2"),
        (TEXT.replace(f"alice {KEY}", f"alice  {KEY}"), "line 3 is no founder"),
        (TEXT.replace("bob", "b*b"), "line 4 is no founder"),
        (TEXT.replace("alice", "zoe"), "not in order"),
        (TEXT.replace("alice", "bob"), "one stands twice"),
        (TEXT.replace(f"bob {KEY}\n", ""), "two founders at least"),
        ("", "two founders at least"),
    ],
)
def test_every_other_text_is_refused(changed: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Trust.parse(changed)


# --- Against a ledger


@pytest.fixture
def founded(finished_rehearsal: Path, tmp_path: Path) -> Iterator[Ledger]:
    """A copy of the ledger of a finished rehearsal."""
    file = tmp_path / "ledger.db"
    shutil.copy(finished_rehearsal / "ledger.db", file)
    with Ledger.open(file) as ledger:
        yield ledger


@pytest.fixture
def paper(finished_rehearsal: Path) -> Trust:
    """The founding sheet of that ledger, read back from its printed page."""
    (code,) = read_codes((finished_rehearsal / "sheets" / "founding-hq.pdf").read_bytes())
    return Trust.parse(code)


def test_a_ledger_verifies_by_its_printed_founding_sheet(founded: Ledger, paper: Trust) -> None:
    report = verify(founded, trust=paper)

    assert report.trusted
    assert dict(paper.founders).items() <= report.signers.items()
    assert set(report.signers) > dict(paper.founders).keys()  # those whom the founders vouched for
    assert not verify(founded).trusted


def test_another_founding_sheet_does_not_vouch_for_it(founded: Ledger, paper: Trust) -> None:
    (alice, key), bob = paper.founders
    last = "A" if key[-1] != "A" else "B"
    forged = msgspec.structs.replace(paper, founders=((alice, key[:-1] + last), bob))
    with pytest.raises(LedgerError, match="not those on the founding sheet"):
        verify(founded, trust=forged)

    elsewhere = msgspec.structs.replace(paper, register=REGISTER)
    with pytest.raises(LedgerError, match="of register abababab, this is"):
        verify(founded, trust=elsewhere)

    later = msgspec.structs.replace(paper, since=7)
    with pytest.raises(LedgerError, match="of which this ledger knows nothing"):
        verify(founded, trust=later)
