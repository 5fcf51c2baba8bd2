"""`keyvault recover` with the codes of whole passwords, PIN mailers and literal parts."""

from pathlib import Path
from typing import Final

import pytest

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import parts, passwords
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets.codes import Kind, SheetCode
from tests.cli.shares import PASSWORD, words_on
from tests.cli.terminal import OTHER_SCREEN, Terminal

PART: Final = "(its characters, or scan its code; not shown)"


def code(kind: Kind, content: str, number: int = 1, set_id: str = "bg1-pw1") -> str:
    return SheetCode(
        kind=kind,
        register8="0123abcd",
        set_id=set_id,
        number=number,
        salt=Secret(bytes(16)),
        content=Secret.from_text(content),
    ).encode()


def test_the_code_of_a_whole_password_shows_it() -> None:
    terminal = Terminal("recover")
    terminal.wait_for("Next share")
    terminal.type(code(Kind.PASSWORD, PASSWORD))

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert PASSWORD[:8] not in terminal.left


def test_a_pin_mailer_among_the_sheets_shows_the_pin(finished_rehearsal: Path) -> None:
    sheet = next((finished_rehearsal / "sheets").glob("pin-K1-*.pdf"))
    pin = SheetCode.parse(words_on(sheet)).content
    ledger = finished_rehearsal / "ledger.db"
    terminal = Terminal("recover", str(sheet), "--ledger", str(ledger))

    assert terminal.hide() == 0
    assert pin is not None
    assert pin.expose_text() in terminal.secret_screen
    assert "This is the PIN of set" in terminal.left


@pytest.mark.parametrize("count", [2, 3])
def test_parts_are_joined_by_their_numbers(count: int) -> None:
    pieces = [it.expose_text() for it in parts.split(Secret.from_text(PASSWORD), count)]
    codes = [code(Kind.PART, piece, number) for number, piece in enumerate(pieces, 1)]
    terminal = Terminal("recover", "--parts", str(count))
    steps = (
        (codes[-1], f"1 of {count} parts are there; part 1 is missing."),
        (codes[-1], f"part {count} is there already"),
        (code(Kind.PART, "abcd", 1, "bg2-pw1"), "this is a part of set bg2-pw1, not of bg1-pw1"),
        (code(Kind.PART, "abcd", count + 1), f"Run it again with --parts {count + 1}."),
        (code(Kind.PIN, "12345678"), "a sheet of kind PIN, and no part"),
    )
    for number, (given, told) in enumerate(steps, 1):
        terminal.wait_for(PART, times=number)
        terminal.type(given)
        terminal.wait_for(told)
    for number, given in enumerate(codes[:-1], len(steps) + 1):
        terminal.wait_for(PART, times=number)
        terminal.type(given)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert not any(piece in terminal.left for piece in pieces)


def test_parts_that_are_typed_are_compared_by_their_check_letters() -> None:
    first, second = (it.expose_text() for it in parts.split(Secret.from_text(PASSWORD), 2))
    terminal = Terminal("recover", "--parts", "2")
    typed = ((first[:-1] + "x", "n"), (" ".join(passwords.groups(first)), "y"), (second, "y"))
    for number, (piece, answer) in enumerate(typed, 1):
        terminal.wait_for(PART, times=number)
        terminal.type(piece)
        terminal.wait_for("Does the sheet say so?", times=number)
        terminal.type(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "this part was typed wrong. Type it again." in terminal.left
    letters = ", ".join(check_letter(at, first[16 * at - 16 : 16 * at]) for at in (1, 2))
    assert f"The check letters of its rows are {letters}." in terminal.left


@pytest.mark.parametrize(
    ("lines", "said"),
    [("AAAABBBB\n", "standard input has ended"), ("AAAABBBB\n \n", "nothing was typed")],
)
def test_no_line_is_no_part(lines: str, said: str) -> None:
    done = Terminal("recover", "--parts", "2", piped=lines.encode())

    assert done.end() == 2
    assert said in done.left
    assert OTHER_SCREEN.search(done.printed) is None


def test_an_empty_line_for_a_part_is_asked_for_again() -> None:
    first, second = (it.expose_text() for it in parts.split(Secret.from_text(PASSWORD), 2))
    terminal = Terminal("recover", "--parts", "2")
    for typed in ("", first):
        terminal.answer(PART, typed)
    terminal.answer("Does the sheet say so?", "y")
    terminal.wait_for_next("1 of 2 parts are there; part 2 is missing.")
    for typed in ("", second):
        terminal.answer(PART, typed)
    terminal.answer("Does the sheet say so?", "y")

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen


def test_a_part_in_place_of_a_share_is_told_what_to_do() -> None:
    done = Terminal("recover", piped=f"{code(Kind.PART, 'abcd', 2)}\n".encode())

    assert done.end() == 2
    assert "this is part 2 of set bg1-pw1, and no share" in done.left
    assert "--parts 2" in done.left
