"""`keyvault recover` among forged and foreign sheets: the true ones open all the same."""

import os
from pathlib import Path
from typing import Final

import pytest
import qrcode
from msgspec import structs

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import container, parts
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets.codes import MAGIC, Kind
from tests.cli.shares import MINE, PASSWORD, password_of, sheets_of, split, words_on
from tests.cli.terminal import Terminal
from tests.cli.test_recover_codes import PART, code

FORGED: Final = split(Secret(b"\x07" * 32), threshold=1, count=1)[0]
SHORT: Final = split(Secret(bytes(16)), threshold=1, count=1)[0]
"""What no program of ours can have split, in a share that is enough alone."""

ALONE: Final = "One share alone is enough for it, and this kit makes no such shares."


def images(folder: Path, *texts: str) -> list[str]:
    """Images of codes with these texts."""
    found = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.png"
        qrcode.make(text if text.startswith(MAGIC) else text.upper()).save(path)
        found.append(str(path))
    return found


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_shares_that_give_nothing_are_put_aside_and_the_others_are_kept(term: str) -> None:
    terminal = Terminal("recover", term=term)
    steps = (
        (MINE[0], "1 more"),
        (SHORT, "the shares give 16 bytes"),
        (MINE[2], "Enter hides it"),
    )
    for number, (given, answer) in enumerate(steps, 1):
        terminal.wait_for("Next share", times=number if term == "dumb" else 1)
        terminal.type(given)
        terminal.wait_for(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "They are put aside." in terminal.left


def test_shares_that_give_nothing_do_not_stand_before_true_ones(tmp_path: Path) -> None:
    foreign = split(Secret(bytes(16)))
    named = images(tmp_path, *foreign[:2], SHORT, *MINE[:2])
    terminal = Terminal("recover", *named)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "the shares give 16 bytes" in terminal.left


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_share_that_is_enough_alone_is_shown_only_to_whoever_insists(term: str) -> None:
    terminal = Terminal("recover", term=term)
    terminal.answer("Next share", MINE[0])
    terminal.wait_for_next("1 more")
    if term == "dumb":
        terminal.wait_for_next("Next share")
    for answer in ("", "n"):
        terminal.type(FORGED)
        terminal.answer("[y/N]", answer)
        terminal.wait_for_next("Next share")
    assert ALONE in terminal.left
    assert password_of([FORGED])[:8] not in terminal.printed
    terminal.type(MINE[1])

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "Careful" not in terminal.secret_screen
    assert "It is put aside, and all else is kept." in terminal.left


def test_whoever_insists_sees_it_and_why_to_be_careful() -> None:
    terminal = Terminal("recover")
    terminal.answer("Next share", FORGED)
    terminal.answer("Show it all the same?", "y")

    assert terminal.hide() == 0
    assert password_of([FORGED]) in terminal.secret_screen
    assert f"Careful: {ALONE}".replace(" ", "") in terminal.secret_screen


def test_where_nobody_can_be_asked_the_title_says_it() -> None:
    terminal = Terminal("recover", piped=FORGED.encode())

    assert terminal.hide() == 0
    assert f"Careful: {ALONE}".replace(" ", "") in terminal.secret_screen


def test_what_the_ledger_does_not_know_waits_for_a_yes(finished_rehearsal: Path) -> None:
    sheets = sheets_of(finished_rehearsal, "bg2")
    ledger = str(finished_rehearsal / "ledger.db")
    terminal = Terminal("recover", str(sheets[1]), "--ledger", ledger)
    terminal.answer("Next share", MINE[0])
    terminal.wait_for_next("of another set than those before")
    terminal.type(MINE[1])
    terminal.answer("The ledger does not know its shares. It may be forged.", "n")
    terminal.answer("Next share", words_on(sheets[0]))

    assert terminal.hide() == 0
    assert password_of([words_on(it) for it in sheets[:2]]) in terminal.secret_screen
    assert PASSWORD not in terminal.printed


def test_what_the_ledger_knows_comes_before_what_it_does_not(
    finished_rehearsal: Path, tmp_path: Path
) -> None:
    sheets = sheets_of(finished_rehearsal, "bg2")[:2]
    forged = images(tmp_path, FORGED, *MINE[:2], code(Kind.PASSWORD, "0" * 12))
    ledger = str(finished_rehearsal / "ledger.db")
    terminal = Terminal("recover", *forged, *map(str, sheets), "--ledger", ledger)

    assert terminal.hide() == 0
    assert password_of([words_on(it) for it in sheets]) in terminal.secret_screen
    assert "Careful" not in terminal.secret_screen
    assert "[y/N]" not in terminal.printed


def test_a_share_of_a_group_that_is_not_there_completes_nothing() -> None:
    true = Share.parse(MINE[0])
    forged = structs.replace(true, group_index=5, member_index=0, member_threshold=1)
    terminal = Terminal("recover")
    for given, answer in (
        (MINE[0], "1 more"),
        (forged.mnemonic(), "it is of a group that is not there"),
        ("\x0b\x0b" + MINE[1], "Enter hides it"),
    ):
        terminal.type(given)
        terminal.wait_for(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen


def test_shares_in_groups_are_shown_only_to_whoever_insists() -> None:
    true = Share.parse(FORGED)
    one_of_two = structs.replace(true, group_count=2)
    terminal = Terminal("recover")
    terminal.answer("Next share", one_of_two.mnemonic())

    terminal.wait_for("Its shares are in groups, and this kit makes no groups.")
    terminal.answer("[y/N]", "n")
    terminal.wait_for_next("Next share")


@pytest.mark.parametrize("whole", [True, False])
def test_a_code_that_the_ledger_does_not_know_waits_for_a_yes(
    finished_rehearsal: Path, *, whole: bool
) -> None:
    pieces = [it.expose_text() for it in parts.split(Secret.from_text(PASSWORD), 2)]
    codes = [code(Kind.PART, piece, number) for number, piece in enumerate(pieces, 1)]
    given = [code(Kind.PASSWORD, PASSWORD)] if whole else codes
    ledger = str(finished_rehearsal / "ledger.db")
    terminal = Terminal("recover", *(() if whole else ("--parts", "2")), "--ledger", ledger)
    for answer in ("n", "y"):
        for each in given:
            terminal.answer("Next share" if whole else PART, each)
        terminal.wait_for_next("The ledger does not know sheet 1 of set bg1-pw1.")
        terminal.answer("[y/N]", answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "Careful:Theledgerdoesnotknowsheet1" in terminal.secret_screen


# --- What a forged sheet would do to the terminal


ODD: Final = "aé\x1bc\u202ed\x9b31x\u0301\u00ad"


def test_what_a_terminal_would_obey_is_shown_by_its_number() -> None:
    terminal = Terminal("recover", piped=code(Kind.PASSWORD, ODD).encode())

    assert terminal.hide() == 0
    screen = terminal.secret_screen
    assert "aé<U+001B>c<U+202E>d<U+009B>31x<U+0301><U+00AD>" in screen
    assert "<U+...>isonecharacter" in screen
    assert not {*"\u202e\x9b\u0301\u00ad"} & {*terminal.printed}
    assert "\x1bc" not in terminal.printed
    rows = terminal.printed.rpartition("from")[2].splitlines()
    assert max(len(row) for row in rows if row.startswith("    ")) <= 40


def test_what_the_terminals_encoding_lacks_is_shown_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    terminal = Terminal("recover", piped=b"KVK1 PIN 0123abcd K1-pin1 1 " + b"0" * 32 + b" 12 34")
    assert terminal.hide() == 0
    assert "12_34" in terminal.secret_screen

    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    shares = split(container.wrap(Secret.from_text("pässwörd€"), os.urandom))[:2]
    terminal = Terminal("recover", piped="\n".join(shares).encode())
    assert terminal.hide() == 0
    assert "<U+20AC>" in terminal.secret_screen
