"""The recovery sheet: what is read off the finished PDF is the program, and can be checked."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets import recovery_program
from keyvault_kit.sheets.geometry import FORMATS, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages.recovery import RecoverySheet, render
from keyvault_kit.sheets.scan import rasterise
from tests.sheets.programs import Line, Piece, as_typed, on_paper, printed, run, typed

MakeHeading = Callable[..., Heading]
Pieces = Callable[[bytes], list[Piece]]
PYTHON_3_6 = (3, 6)
INCH = 25.4
NINE_POINTS = 9 * 0.6 * INCH / 72
"""Width of a character of the monospaced face at 9 points, in millimetres."""


@pytest.fixture(params=FORMATS.values(), ids=lambda paper: f"{paper.name}-{paper.envelope}")
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


@pytest.fixture
def sheet(paper: Paper, make_heading: MakeHeading, pieces: Pieces) -> list[Piece]:
    return pieces(render(RecoverySheet(heading=make_heading()), paper))


@pytest.fixture
def lines(sheet: list[Piece]) -> list[Line]:
    _, recover = on_paper(sheet)
    return recover


@pytest.fixture
def folder(sheet: list[Piece], tmp_path: Path) -> Path:
    """A folder with both programs, typed from the sheet."""
    check, recover = on_paper(sheet)
    (tmp_path / "check.py").write_text(typed(check))
    (tmp_path / "recover.py").write_text(typed(recover))
    return tmp_path


def checked(folder: Path) -> list[str]:
    """The lines that the checker prints."""
    command = [sys.executable, "-I", "-S", "-W", "error", "check.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_is_read_off_the_paper_is_the_program(sheet: list[Piece]) -> None:
    check, recover = on_paper(sheet)

    assert typed(check) == recovery_program.CHECK
    assert typed(recover) == recovery_program.RECOVER


def test_the_sheet_is_one_piece_of_paper(sheet: list[Piece]) -> None:
    assert {piece.page for piece in sheet} == {1, 2}


def test_a_line_is_large_enough_to_read_and_on_no_fold(lines: list[Line], paper: Paper) -> None:
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        box = line.code.box
        assert box.width > 0.97 * NINE_POINTS * (len(line.code.text) - 1)
        assert not any(box.y < fold < box.bottom for fold in paper.folds)


def test_a_grey_line_marks_each_step_of_indentation(
    make_heading: MakeHeading, lines: list[Line], paper: Paper
) -> None:
    dpi = 300
    pages = rasterise(render(RecoverySheet(heading=make_heading()), paper), dpi)
    left = min(line.code.box.x for line in lines)
    for line in lines:
        box, page = line.code.box, pages[line.code.page - 1]
        middle = round((box.y + box.height / 2) / INCH * dpi)
        before = (round((left - 0.4) / INCH * dpi), round((box.x - 0.6) / INCH * dpi))
        dark = [grey < 200 for grey in page.tobytes()[middle * page.width :][slice(*before)]]
        marks = sum(now and not last for last, now in pairwise([False, *dark]))
        assert marks == round((box.x - left) / NINE_POINTS / 4), line


def test_the_program_is_plain_and_for_python_3_6() -> None:
    for program in (recovery_program.RECOVER, recovery_program.CHECK):
        tree = ast.parse(program, feature_version=PYTHON_3_6)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"l", "O", "I"}
        assert program.isascii()
        for line in program.splitlines():
            assert len(line) <= 72
            assert line.strip() == " ".join(line.split())  # two blanks look like one
            assert (len(line) - len(line.lstrip())) % 4 == 0
    imports = [
        it for it in ast.walk(ast.parse(recovery_program.RECOVER)) if isinstance(it, ast.Import)
    ]
    assert [name.name for it in imports for name in it.names] == ["hashlib", "hmac"]


def test_the_letters_on_paper_are_those_that_every_sheet_has(lines: list[Line]) -> None:
    for line in lines:
        assert line.check == check_letter(line.number, line.code.text)


def test_the_checker_prints_what_stands_on_the_sheet(
    folder: Path, lines: list[Line], sheet: list[Piece]
) -> None:
    *letters, whole = checked(folder)

    assert letters == [f"{line.number} {line.check}" for line in lines]
    assert any(piece.text.endswith(f": {whole}") for piece in sheet)


def test_the_checker_finds_the_line_that_was_typed_wrong(folder: Path) -> None:
    right = checked(folder)
    recover = folder / "recover.py"
    recover.write_text(recover.read_text().replace("0x3838100", "0x3838180"))

    wrong = checked(folder)

    differing = [
        place for place, both in enumerate(zip(right, wrong, strict=True)) if len(set(both)) > 1
    ]
    assert differing == [3, len(right) - 1]


def test_the_last_line_of_the_checker_sees_indentation(folder: Path) -> None:
    *letters, whole = checked(folder)
    recover = folder / "recover.py"
    text = recover.read_text()
    recover.write_text(text.replace("    return bytes(total)", "        return bytes(total)"))

    *others, other = checked(folder)

    assert others == letters
    assert other != whole


def test_how_an_editor_ends_lines_and_files_does_not_matter(folder: Path) -> None:
    expected = checked(folder)
    recover = folder / "recover.py"
    text = recover.read_text()
    for other in (text.rstrip("\n"), text.replace("\n", "  \n"), text.replace("\n", "\r\n")):
        recover.write_bytes(other.encode())

        assert checked(folder) == expected


def test_the_example_on_paper_gives_the_result_on_paper(
    sheet: list[Piece], lines: list[Line]
) -> None:
    rows = [
        [int(number) for number in piece.text.split()]
        for piece in sheet
        if re.fullmatch(r"\d{1,4}( \d{1,4}){9,}", piece.text)
    ]
    shares = [rows[0] + rows[1], rows[2] + rows[3]]
    assert [len(share) for share in shares] == [33, 33]

    done = run(typed(lines), as_typed(shares))

    texts = [piece.text for piece in sheet]
    assert printed(done, "Bytes") == bytes(range(32)).hex()
    assert f"Bytes: {printed(done, 'Bytes')}" in texts
    assert f"Password: {printed(done, 'Password')}" in texts
