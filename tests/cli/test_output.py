"""How wide people's lines are."""

import os
import pty
import sys
import termios
from collections.abc import Iterator
from io import StringIO
from typing import TextIO

import pytest

from keyvault_kit.cli.output import table, tables, width, wrapped


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A terminal to write on."""
    ours, its = pty.openpty()
    with os.fdopen(its, "w", encoding="utf-8") as out:
        yield out
    os.close(ours)


@pytest.mark.parametrize(
    ("columns", "expected"), [(72, 72), (100, 100), (300, 100), (10, 40), (0, 80)]
)
def test_lines_are_as_wide_as_the_terminal_within_what_can_be_read(
    columns: int, expected: int, terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    termios.tcsetwinsize(terminal, (24, columns))
    monkeypatch.setattr(sys, "stdout", terminal)

    assert width() == expected


def test_without_a_terminal_lines_have_80_characters_whatever_columns_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert width() == 80
    monkeypatch.setattr(sys, "stdout", None)
    assert width() == 80


def test_words_and_ids_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", StringIO())
    name = "an-id-" * 20

    lines = wrapped(f"{'word ' * 20}{name} end", first="- ", then="  ").splitlines()

    assert lines[0].startswith("- word ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert f"  {name}" in lines
    assert all(len(line) <= 80 for line in lines if name not in line)


def test_a_table_that_is_too_wide_is_told_in_several_with_the_first_column_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", StringIO())
    heads = ("people", *(f"emergency-access-{n}" for n in range(10)))
    rows = [(who, *(str(n) for n in range(10))) for who in ("alice", "bob")]

    blocks = [block.splitlines() for block in tables(heads, rows).split("\n\n")]

    assert all(len(line) <= 80 for block in blocks for line in block)
    assert all(block[0].startswith("people") for block in blocks)
    assert [name for block in blocks for name in block[0].split()[1:]] == [*heads[1:]]
    assert [cell for block in blocks for cell in block[2].split()[1:]] == [*rows[1][1:]]
    assert len(blocks) == 4
    assert tables(heads[:3], [row[:3] for row in rows]) == table(
        heads[:3], [row[:3] for row in rows]
    )
