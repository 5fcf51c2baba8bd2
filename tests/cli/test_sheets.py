"""`keyvault sheets`: each form comes out of a real ledger, and says what the register knows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from keyvault_kit.cli.main import CJK_FONT
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.fonts import cjk
from keyvault_kit.sheets.scan import read_codes
from tests.cli.shares import MINE, PASSWORD
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Desk

FONT = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")

FORMS = {
    ("recovery",): ("RECOVERY", "recover.py"),
    ("liner",): ("LINER", "Liner"),
    ("exception",): ("EXCEPTION", "Expected"),
    ("exception", "founding"): ("EXCEPTION", "Founding: founding"),
    ("exception", "founding", "--number", "3"): ("EXCEPTION", "Exception sheet 3"),
    ("record", "founding"): ("RECORD", "Ceremony record"),
    ("record", "signers-1"): ("RECORD", "Carol Carter carol"),
    ("transfer",): ("TRANSFER", "Custody transfer"),
    ("transfer", "station-id1-1", "--to", "hq-1"): ("TRANSFER", "safe hq-1, hq"),
    ("drill", "bg1"): ("DRILL", "bg1@example.onmicrosoft.com"),
    ("opening",): ("OPENING", "Opening"),
    ("opening", "bg1"): ("OPENING", "bg1@example.onmicrosoft.com"),
    ("inventory", "vault-1"): ("INVENTORY", "station-id1-1"),
    ("chart", "--from", "2027-01-01"): ("CHART", "January"),
    ("card", "hq"): ("SITE", "bg1@example.onmicrosoft.com"),
    ("custody",): ("CUSTODY", "Who could use which account"),
}


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return "\n".join(texts)


@pytest.mark.parametrize("words", FORMS, ids="-".join)
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_each_form_comes_out_with_its_code_and_what_the_register_knows(
    founded: Desk, tmp_path: Path, words: tuple[str, ...], paper: str
) -> None:
    kind, said = FORMS[words]
    out = tmp_path / "form.pdf"

    told = founded.read("sheets", *words, "--out", str(out), "--paper", paper)

    pdf = out.read_bytes()
    (code,) = read_codes(pdf)
    assert code.split()[:2] == ["KVK1", kind]
    assert said in text_of(pdf)
    assert "Small Organisation" in text_of(pdf)
    assert str(out) in told
    assert out.stat().st_mode & 0o77 == 0


def test_a_file_that_is_there_is_not_written_over(
    founded: Desk, tmp_path: Path, refusal: Callable[..., bool]
) -> None:
    out = tmp_path / "form.pdf"
    out.write_text("mine")

    assert refusal(founded.ask("sheets", "liner", "--out", str(out)), 2, "form.pdf")
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("drill", "bg9"), 5, "bg9"),
        (("inventory", "moon"), 5, "moon"),
        (("card", "moon"), 5, "moon"),
        (("exception", "nothing"), 5, "nothing"),
        (("record", "nothing"), 5, "nothing"),
        (("transfer", "nothing"), 5, "nothing"),
        (("liner", "--paper", "A4", "--envelope", "#10"), 2, "A4 paper is not folded"),
    ],
)
def test_what_the_register_does_not_know_is_said(
    founded: Desk,
    tmp_path: Path,
    refusal: Callable[..., bool],
    words: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    out = tmp_path / "form.pdf"

    assert refusal(founded.ask("sheets", *words, "--out", str(out)), status, said)
    assert not out.exists()


@pytest.mark.parametrize("words", [(), ("--out", "a.pdf", "--printer", "q"), ("--tray", "x")])
def test_a_sheet_goes_to_one_place(founded: Desk, words: tuple[str, ...]) -> None:
    done = founded.ask("sheets", "liner", *words)

    assert done.returncode == 2
    assert "--printer" in done.stderr


# --- The optional font


@pytest.fixture
def without_font() -> Iterator[None]:
    yield
    fonts.use_cjk(None)


def test_the_variable_is_the_one_that_the_fonts_name() -> None:
    assert CJK_FONT == cjk.VARIABLE


@pytest.mark.needs(str(FONT))
@pytest.mark.usefixtures("without_font")
def test_a_name_in_chinese_takes_the_optional_font(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("people", "add", "wang", "--name", "王小明", "--role", "witness")
    assert CJK_FONT in desk.ask(*words, *desk.by).stderr

    monkeypatch.setenv(CJK_FONT, str(FONT))
    desk.do(*words, typed=("y",))

    assert "王小明" in desk.read("people", "list")


def test_a_font_that_is_none_is_warned_of_in_a_line_and_keeps_nobody(
    founded: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "font.ttf").write_text("no font")
    (tmp_path / "torn.ttf").write_bytes(b"\x00\x01\x00\x00torn")
    for name, why in (
        ("font.ttf", "no TrueType font"),
        ("torn.ttf", "damaged"),
        ("nowhere.ttf", "cannot read the CJK font"),
    ):
        monkeypatch.setenv(CJK_FONT, str(tmp_path / name))
        for words in (("people", "list"), ("ledger", "show"), ("ledger", "--help")):
            done = founded.ask(*words)
            assert (done.returncode, done.stdout != "") == (0, True)
            assert done.stderr.startswith(f"Warning: {CJK_FONT}: ")
            assert why in done.stderr
            assert done.stderr.count("\n") == 1


def test_without_its_font_a_name_is_refused_when_it_comes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CJK_FONT, "/nowhere.ttf")
    words = ("people", "add", "wang", "--name", "王小明", "--role", "witness")

    done = desk.ask(*words, *desk.by)

    assert done.returncode == 2
    assert "cannot be printed on a sheet: it takes a CJK font" in done.stderr


def test_help_and_the_verbs_that_open_do_not_even_look_at_the_font(
    founded: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "font.ttf")  # whoever opens it waits for ever
    monkeypatch.setenv(CJK_FONT, str(tmp_path / "font.ttf"))

    for words in ((), ("--help",), ("recover", "--help"), ("share", "--help"), ("doctor", "-h")):
        done = founded.ask(*words)
        assert done.returncode == 0 or not words
        assert CJK_FONT not in done.stderr
    assert founded.ask("share", "verify", typed=(MINE[0],)).returncode == 1
    terminal = Terminal("recover", piped="\n".join(MINE[:2]).encode())
    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
