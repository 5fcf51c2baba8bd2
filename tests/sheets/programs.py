"""Programs read off a finished sheet, as a person reads them, and run as a person would."""

import base64
import hashlib
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

from keyvault_kit.sharing.rows import LETTERS
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets.geometry import Box

DATA = Path(__file__).parents[1] / "data"
SLIP39_JS = (
    "XWPeAofN5SSffrAw11HIjBWL+lcRmZMOYR/N8QPYKHh2wwAE5dVTw2EOBtl2atUojcssApsoVw0F2AvQVnGZdQ=="
)
"""SHA-512 of slip39 0.1.9, the integrity that npm publishes."""

NUMBER_TEXT_CHECK = 3
INDENT = 4


class Piece(Protocol):
    text: str
    box: Box
    baseline: float
    page: int


class Line(NamedTuple):
    """A line of a program on paper: the number before it, the letter behind it."""

    number: int
    code: Piece
    check: str


def on_paper(pieces: Iterable[Piece]) -> list[list[Line]]:
    """The programs on a sheet, in the order of reading."""
    programs: list[list[Line]] = []
    for line in filter(None, map(_line, _rows(pieces))):
        if line.number == 1:
            programs.append([])
        programs[-1].append(line)
    return programs


def _rows(pieces: Iterable[Piece]) -> Iterable[list[Piece]]:
    def row(piece: Piece) -> tuple[int, float]:
        return piece.page, round(piece.baseline, 1)

    for _, found in groupby(sorted(pieces, key=row), key=row):
        yield sorted(found, key=lambda piece: piece.box.x)


def _line(row: Sequence[Piece]) -> Line | None:
    if len(row) != NUMBER_TEXT_CHECK or not row[0].text.isdigit() or row[2].text not in LETTERS:
        return None
    return Line(int(row[0].text), row[1], row[2].text)


def typed(lines: Sequence[Line]) -> str:
    """What somebody types who sees these lines: each begins as far to the right as it stands."""
    widest = max((line.code for line in lines), key=lambda piece: len(piece.text))
    advance = widest.box.width / len(widest.text)
    left = min(line.code.box.x for line in lines)
    steps = (round((line.code.box.x - left) / advance / INDENT) for line in lines)
    return "".join(
        f"{' ' * INDENT * step}{line.code.text}\n" for step, line in zip(steps, lines, strict=True)
    )


def run(
    program: str, typing: str, interpreter: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """A program run on what somebody types, with the standard library alone and no warning."""
    return subprocess.run(
        [interpreter, "-I", "-S", "-W", "error", "-c", program],
        input=typing,
        capture_output=True,
        encoding="utf-8",
        env={"LC_ALL": "C.UTF-8"},
        check=False,
    )


def numbers(mnemonic: str) -> list[int]:
    return [index(word) for word in mnemonic.split()]


def as_typed(shares: Iterable[Sequence[int]]) -> str:
    """Shares as numbers: two in a row, an empty row behind each, and another at the end."""
    rows = "".join(f"{_two_in_a_row(share)}\n" for share in shares)
    return f"{rows}\n"


def _two_in_a_row(share: Sequence[int]) -> str:
    pairs = (share[at : at + 2] for at in range(0, len(share), 2))
    return "".join(f"{' '.join(map(str, pair))}\n" for pair in pairs)


def printed(done: subprocess.CompletedProcess[str], what: str) -> str | None:
    """What a run printed behind 'Bytes:', 'Password:' or 'Text:'."""
    _, found, rest = done.stdout.partition(f"{what}: ")
    return rest.split("\n")[0] if found else None


def transcript(command: Sequence[str], typing: Sequence[str], prompt: str, folder: Path) -> str:
    """What stands on the screen of somebody who runs a command and types these lines.

    Args:
        prompt: A pattern of what the command asks with, each time.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        input="".join(f"{line}\n" for line in typing),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = iter(typing)
    seen = re.sub(prompt, lambda asked: f"{asked[0]}{next(answers)}\n", done.stdout)
    return "\n".join(line.rstrip() for line in seen.splitlines())


def slip39_js(folder: Path) -> Path:
    """The package slip39 as npm publishes it, unpacked where node looks for it."""
    archive = DATA / "slip39-0.1.9.tgz"
    digest = hashlib.sha512(archive.read_bytes()).digest()
    assert base64.b64encode(digest).decode() == SLIP39_JS
    with tarfile.open(archive) as package:
        package.extractall(folder / "node_modules", filter="data")
    return (folder / "node_modules" / "package").rename(folder / "node_modules" / "slip39")
