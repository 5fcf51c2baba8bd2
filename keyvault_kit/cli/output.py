"""Everything that the command line prints: one module owns it."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from keyvault_kit.errors import InputError, KeyvaultError


def report(error: KeyvaultError) -> None:
    """One error, for people, on stderr."""
    click.echo(f"keyvault: {error.what}", err=True)
    if error.mend:
        click.echo(f"  {error.mend}", err=True)


def say(text: str = "", *, as_json: bool = False) -> None:
    """A line for people: on stdout, or on stderr where stdout carries JSON."""
    click.echo(text, err=as_json)


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
