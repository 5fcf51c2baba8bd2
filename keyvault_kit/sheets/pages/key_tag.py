"""The tag of a security key: a sheet with a small tag to cut out and tie to it (S19, S34)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import captioned, small_code, steps
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose

_WIDTH: Final = 85.6
_HEIGHT: Final = 54.0
"""Width and height of the tag: a card's (ISO/IEC 7810 ID-1)."""


class KeyTag(msgspec.Struct, frozen=True, kw_only=True):
    """A security key's tag; nothing on it is secret.

    Attributes:
        tag: The asset tag.
        use: What the key is for: 'in use', 'spare'.
        serial: What it says its serial number is; None where it has none.
    """

    heading: Heading
    tag: str
    product: str
    aaguid: str
    serial: int | None
    account: str
    use: str


def payload(sheet: KeyTag) -> str:
    """The text of the tag's QR code."""
    return SheetCode(
        kind=Kind.KEY,
        register8=sheet.heading.register8,
        set_id=sheet.tag,
        number=sheet.heading.number,
    ).encode()


def render(sheet: KeyTag, paper: Paper) -> bytes:
    """The finished PDF: a page with two equal tags, one for the key and one for its file.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Key tag", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: KeyTag) -> None:
    first, second, third = drawing.panels
    texts = (
        "Cut out both tags. Tie one to the key, put the other into the key's file.",
        (
            "Compare the serial number with the one on the key itself. It is a claim, not a proof:"
            " 'keyvault keys verify --tag' with this tag proves the key."
        ),
        "Nothing on this sheet is secret. A tag without its key is reported to the custodian.",
    )
    steps(drawing, first, texts)
    for panel in (second, third):
        x = panel.x + (panel.width - _WIDTH) / 2
        _tag(drawing, Box(x, panel.y + 8, _WIDTH, _HEIGHT), sheet)


def _tag(drawing: Drawing, box: Box, sheet: KeyTag) -> None:
    corners = ((box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom))
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        drawing.cut(start, end)
    drawing.circle(box.x + 7, box.y + 7, 2.5)
    drawing.fitted(
        Box(box.x + 13, box.y + 3.5, 69, 6), sheet.heading.organisation, largest=9, least=4.5
    )
    drawing.fitted(Box(box.x + 13, box.y + 9.5, 69, 10), sheet.tag, largest=22, least=7)
    left = Box(box.x + 4, box.y + 20, 44, 0)
    serial = "none" if sheet.serial is None else str(sheet.serial)
    fields = (
        ("SERIAL NUMBER", serial, 12.0, 8.2),
        ("MODEL", sheet.product, 9.0, 10.4),
        ("FOR", f"{sheet.account}, {sheet.use}", 9.0, 7.8),
    )
    y = left.y
    for caption, value, size, height in fields:
        captioned(drawing, Box(left.x, y, left.width, height - 0.2), caption, value, size=size)
        y += height
    small_code(drawing, Box(box.right - 33, box.y + 19, 31, 31), payload(sheet))
    foot = (f"AAGUID {sheet.aaguid}", f"Register {sheet.heading.register8}, {sheet.heading.date}")
    for at, text in enumerate(foot):
        line = Box(box.x + 4, box.bottom - 7.2 + at * 3, 47, 3)
        drawing.fitted(line, text, largest=6, least=5, face=Face.REGULAR)
    if sheet.heading.rehearsal:
        drawing.text(
            box.right - 2, box.bottom - 1.4, "REHEARSAL", size=8, face=Face.BOLD, align="right"
        )
