"""The liner: a sheet of camouflage, folded in before a secret so that no light shows it (S29).

It hides from whoever holds an envelope against a lamp, and from no laboratory.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import small_code, steps
from keyvault_kit.sheets.camouflage import camouflage
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import FOOT_HEIGHT, Heading, compose

_CELL: Final = 0.75
"""Millimetres: less than a module of any code on a sheet."""

_EDGE: Final = 10.0
"""Millimetres between the pattern and the sides of the paper; fold marks stand there."""

_ABOVE: Final = 3.0
"""How far it reaches above the part where secrets begin: sheets are not laid on exactly."""

_CODE: Final = 32.0


class LinerSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A liner; nothing on it is secret.

    Attributes:
        heading: Its `number` and `count` are those of the sheet that it lies before.
        set_id: The secret set of that sheet.
    """

    heading: Heading
    set_id: str


def payload(sheet: LinerSheet) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.LINER,
        register8=sheet.heading.register8,
        set_id=sheet.set_id,
        number=sheet.heading.number,
    ).encode()


def cover(paper: Paper) -> Box:
    """What the pattern of a liner covers."""
    columns, rows = _cells(paper)
    width, height = columns * _CELL, rows * _CELL
    return Box((paper.width - width) / 2, paper.panel_edges[0] - _ABOVE, width, height)


def _cells(paper: Paper) -> tuple[int, int]:
    """Columns and rows of the pattern."""
    width = paper.width - 2 * _EDGE
    height = paper.height - FOOT_HEIGHT - 1 - (paper.panel_edges[0] - _ABOVE)
    return int(width / _CELL), int(height / _CELL)


def render(sheet: LinerSheet, paper: Paper) -> bytes:
    """The finished PDF: a page with what to do at the top, and the pattern over all the rest.

    Raises:
        InputError: The sheet cannot be laid out on that paper, or a text cannot be printed.
    """
    return compose(sheet.heading, "Liner", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: LinerSheet) -> None:
    first, paper = drawing.panels[0], drawing.paper
    room = Box(first.x, first.y, first.width, cover(paper).y - first.y - 1)
    side = min(_CODE, room.height)
    small_code(drawing, Box(room.right - side, room.y, side, side), payload(sheet))
    steps(drawing, Box(room.x, room.y, room.width - side - 6, room.height), _use(paper))
    columns, rows = _cells(paper)
    drawing.pattern(cover(paper), camouflage(columns, rows, payload(sheet)))


def _use(paper: Paper) -> tuple[str, ...]:
    together = (
        "fold both together at the marks" if paper.folds else "put both into the envelope together"
    )
    return (
        (
            "Lay it on the sheet whose set and number it bears, pattern to print and edges flush,"
            f" and {together}."
        ),
        (
            "Hold the envelope against a lamp, both ways round, before it is sealed. If anything"
            " can be read, take a second liner too."
        ),
        (
            "Nothing on it is secret when it is new; later, print may have come off on it. It is"
            " destroyed with the sheet."
        ),
    )
