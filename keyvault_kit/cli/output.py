"""Everything that the command line prints: one module owns it."""

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, Final

import click

from keyvault_kit.errors import InputError, KeyvaultError

_PIPED: Final = 80
"""Characters of a line where there is no terminal to ask."""

_NARROWEST, _WIDEST = 40, 100
"""No line is made shorter, or longer: further than that no eye finds the next one."""


def report(error: KeyvaultError) -> None:
    """One error, for people, on stderr."""
    click.echo(f"keyvault: {error.what}", err=True)
    if error.mend:
        click.echo(f"  {error.mend}", err=True)


def say(text: str = "", *, as_json: bool = False) -> None:
    """A line for people: on stdout, or on stderr where stdout carries JSON."""
    click.echo(text, err=as_json)


def width() -> int:
    """Characters of a line for people: those of the terminal, within what can be read."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (AttributeError, OSError, ValueError):  # closed, piped, or not a file at all
        columns = _PIPED
    return max(_NARROWEST, min(columns or _PIPED, _WIDEST))


def wrapped(text: str, *, first: str = "", then: str = "") -> str:
    """A text in lines no longer than :func:`width`, whose words and ids stay whole.

    Args:
        first: What the first line begins with.
        then: What every further line begins with.
    """
    return textwrap.fill(
        text,
        width(),
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def sentence(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def print_bytes(data: bytes) -> None:
    """Exact bytes, on stdout.

    Raises:
        InputError: Standard output is closed.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed", mend="Send it to a file or a pipe.")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON document
    """The one JSON document of a call, on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns of text, as wide as their widest cell, two spaces between."""
    cells = [heads, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def tables(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; where it is wider than a line, several, each with the first column again."""
    widths = [max(len(row[i]) for row in (heads, *rows)) + len("  ") for i in range(len(heads))]
    blocks: list[list[int]] = [[]]
    for column in range(1, len(heads)):
        taken = widths[0] + sum(widths[it] for it in blocks[-1])
        if blocks[-1] and taken + widths[column] - len("  ") > width():
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(
        table(
            tuple(heads[it] for it in (0, *block)),
            [tuple(row[it] for it in (0, *block)) for row in rows],
        )
        for block in blocks
    )
