"""`keyvault share verify`: one secret sheet alone, right, damaged, strange or over."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from msgspec import structs

from keyvault_kit.assembly import open_book
from keyvault_kit.cli import known
from keyvault_kit.cli.main import run
from keyvault_kit.custody.model import EnvelopeState, Mode, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import slip39
from keyvault_kit.sharing.words import WORDS
from keyvault_kit.sheets.codes import SheetCode
from keyvault_kit.sheets.scan import read_codes
from tests.cli.shares import told

COMMAND: Final = (sys.executable, "-m", "keyvault_kit.cli.main", "share", "verify")

Verify = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sheets(finished_rehearsal: Path) -> Path:
    return finished_rehearsal / "sheets"


@pytest.fixture
def verify(finished_rehearsal: Path) -> Verify:
    """Runs the verb over the rehearsal's ledger, with a line on standard input."""

    def running(line: str, *words: str) -> subprocess.CompletedProcess[str]:
        ledger = str(finished_rehearsal / "ledger.db")
        return subprocess.run(
            [*COMMAND, *words, "--ledger", ledger],
            input=f"{line}\n",
            capture_output=True,
            text=True,
            check=False,
        )

    return running


def text_on(sheets: Path, pattern: str) -> str:
    return read_codes(next(sheets.glob(pattern)).read_bytes())[0]


def words_on(sheets: Path, pattern: str) -> list[str]:
    return text_on(sheets, pattern).lower().split()


def another(word: str) -> str:
    return WORDS[(WORDS.index(word) + 1) % len(WORDS)]


def test_a_typed_share_is_told_whose_it_is_in_whichever_form(verify: Verify, sheets: Path) -> None:
    words = words_on(sheets, "share-bg2-*-2.pdf")
    forms = (
        " ".join(words).upper(),
        "\u2003\t".join(word[:4] for word in words),
        " ".join(str(WORDS.index(word)) for word in words),
    )
    for line in forms:
        done = verify(line)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Right: this is share 2 of 3 of set bg2")
        assert "2 of 3 recover the password of bg2." in done.stdout
        assert told(" ".join(words), done.stdout + done.stderr) == set()


@pytest.mark.parametrize(
    ("pattern", "what"),
    [("pin-K1-*.pdf", "the PIN of set K1-pin1"), ("identity-*.pdf", "the identity of set station")],
)
def test_a_salted_sheet_is_verified_by_its_code(
    verify: Verify, sheets: Path, pattern: str, what: str
) -> None:
    code = text_on(sheets, pattern)
    content = SheetCode.parse(code).content
    assert content is not None
    for done in (verify(code), verify("", str(next(sheets.glob(pattern))))):
        assert done.returncode == 0, done.stderr
        assert f"Right: this is {what}" in done.stdout
        assert content.expose_text() not in done.stdout + done.stderr

    fields = json.loads(verify(code, "--json").stdout)
    assert (fields["number"], fields["count"], fields["set_state"]) == (1, 1, "in force")


def test_a_salted_sheet_with_another_content_or_number_is_a_mismatch(
    verify: Verify, sheets: Path
) -> None:
    fields = text_on(sheets, "pin-K1-*.pdf").split(" ")
    for place, value, answer in (
        (6, "00000000", "no sheet in this ledger has the proof"),
        (5, "00" * 16, "no sheet in this ledger has the proof"),
        (4, "2", "the sheet says that it is number 2 of set K1-pin1"),
        (3, "K2-pin1", "Somebody made this sheet by hand"),
        (2, "01234567", "this sheet is of register 01234567, and the ledger is"),
    ):
        done = verify(" ".join([*fields[:place], value, *fields[place + 1 :]]))
        assert done.returncode == 1
        assert answer in done.stderr
        assert fields[6] not in done.stdout + done.stderr


def test_one_wrong_word_is_found_and_the_ledger_says_which_share_it_is(
    verify: Verify, sheets: Path
) -> None:
    words = words_on(sheets, "share-bg2-*-2.pdf")
    wrong = [*words[:12], another(words[12]), *words[13:]]

    done = verify(" ".join(wrong))

    assert done.returncode == 1
    finding = "Row 7: word 13 is another one; with it the words are share 2 of 3 of set bg2"
    assert finding in done.stderr
    assert done.stdout == ""
    assert told(" ".join([*words, *wrong]), done.stderr) == set()


def test_swapped_words_are_found_too_and_what_nobody_confirms_is_only_perhaps_so(
    verify: Verify, sheets: Path
) -> None:
    words = words_on(sheets, "share-bg2-*-2.pdf")
    done = verify(" ".join([*words[:9], words[10], words[9], *words[11:]]))
    assert done.returncode == 1
    assert "Row 5 and 6: words 10 and 11 change places; with it" in done.stderr

    made = slip39.split(Secret(bytes(32)), threshold=2, count=2, random=bytes, exponent=0)
    stranger = made[0].mnemonic().split()
    done = verify(" ".join([*stranger[:4], another(stranger[4]), *stranger[5:]]))
    assert done.returncode == 1
    assert "Row 3: word 5 is another one, perhaps: no proof in the ledger" in done.stderr


def test_a_share_of_nobody_is_a_mismatch_and_no_share_a_usage_error(verify: Verify) -> None:
    made = slip39.split(Secret(bytes(32)), threshold=2, count=2, random=bytes, exponent=0)
    for line, status, answer in (
        (made[0].mnemonic(), 1, "no sheet in this ledger has the proof"),
        ("academic acid", 2, "no share has 2 words"),
        (
            "abandon ability able about above absent absorb abstract absurd abuse access accident",
            2,
            "another list",
        ),
        ("x" * 3000, 2, "this is no code of a sheet"),
        ("https://example.org/", 2, "it looks like a web address"),
        ("KVK1 ENVELOPE 01234567 e1 1", 2, "with nothing secret on it"),
        ("", 2, "nothing was typed"),
    ):
        done = verify(line)
        assert (done.returncode, done.stdout) == (status, "")
        assert answer in done.stderr
        assert done.stderr.count("keyvault: ") == 1


@pytest.fixture
def changed(finished_rehearsal: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Changes what the ledger says, and gives its path."""

    def changing(change: Callable[[Register], Any]) -> str:
        book = open_book(finished_rehearsal / "ledger.db")
        register = book.register.copy()
        change(register)
        other = SimpleNamespace(ledger=book.ledger, register=register)
        monkeypatch.setattr(known, "open_book", lambda _: other)
        return str(finished_rehearsal / "ledger.db")

    return changing


@pytest.mark.parametrize("state", [SetState.DEAD, SetState.VOID])
def test_a_share_of_a_set_that_is_over_is_right_and_a_finding(
    changed: Callable[..., str],
    sheets: Path,
    capsys: pytest.CaptureFixture[str],
    state: SetState,
) -> None:
    def end(register: Register) -> None:
        it = register.sets["bg2-pw1"]
        register.sets[it.id] = structs.replace(it, state=state)

    ledger = changed(end)
    sheet = str(next(sheets.glob("share-bg2-*-1.pdf")))

    assert run(["share", "verify", sheet, "--ledger", ledger]) == 1
    out = capsys.readouterr().out
    assert "Right: this is share 1 of 3" in out
    assert f"Set bg2-pw1 is {state}: this sheet opens nothing now." in out
    assert run(["share", "verify", sheet, "--json", "--ledger", changed(end)]) == 1
    assert json.loads(capsys.readouterr().out)["set_state"] == str(state)


def test_a_sheet_that_was_destroyed_by_the_ledger_is_said_so(
    changed: Callable[..., str], sheets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def destroy(register: Register) -> None:
        it = register.envelopes["bg2-pw1-1"]
        register.envelopes[it.id] = structs.replace(it, state=EnvelopeState.DESTROYED)

    ledger = changed(destroy)
    sheet = str(next(sheets.glob("share-bg2-*-1.pdf")))

    assert run(["share", "verify", sheet, "--ledger", ledger]) == 0
    warning = "Envelope bg2-pw1-1 was destroyed by the ledger, and its sheet is here."
    assert warning in capsys.readouterr().out


def test_an_image_on_a_disk_is_warned_of_where_it_is_no_rehearsals(
    changed: Callable[..., str],
    sheets: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("keyvault_kit.host.memory.IN_MEMORY", ())  # wherever tests run
    sheet = str(next(sheets.glob("share-bg2-*-1.pdf")))
    for mode, warned in ((Mode.LIVE, True), (Mode.REHEARSAL, False)):
        ledger = changed(lambda register, mode=mode: setattr(register, "mode", mode))
        assert run(["share", "verify", sheet, "--ledger", ledger]) == 0
        assert (f"Warning: {sheet} is an image" in capsys.readouterr().err) is warned
