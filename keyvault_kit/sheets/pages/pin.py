"""The PIN mailer of a security key (S19, S35, S36)."""

from typing import Final

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sheets.blocks import captioned, salted_codes, steps
from keyvault_kit.sheets.characters import draw_rows, look_alikes, secret_rows
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose

GROUPS_IN_ROW: Final = 4
"""Groups of four characters that share a check letter."""

_SIDE: Final = 58.0


class PinSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A security key's PIN on paper.

    Attributes:
        set_id: The secret set.
        key_tag: The key's asset tag.
        serial: The serial number on the key; None where it has none.
        salt: The 16 bytes of its proof, which stand on this sheet alone.
    """

    heading: Heading
    set_id: str
    key_tag: str
    serial: int | None
    pin: Secret
    salt: Secret


def payload(sheet: PinSheet) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.PIN,
        register8=sheet.heading.register8,
        set_id=sheet.set_id,
        number=sheet.heading.number,
        salt=sheet.salt,
        content=sheet.pin,
    ).encode()


def render(sheet: PinSheet, paper: Paper) -> bytes:
    """The finished PDF: a page whose three panels hold heading, PIN and codes.

    Raises:
        InputError: A character cannot be printed (its position is told, not the character), or a
            text does not fit.
    """
    return compose(sheet.heading, "PIN mailer", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: PinSheet) -> None:
    first, second, third = drawing.panels
    _use(drawing, first, sheet)
    _pin(drawing, second, sheet)
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _pin(drawing: Drawing, panel: Box, sheet: PinSheet) -> None:
    """The PIN in large characters; letters need the key to glyphs that look alike."""
    rows = secret_rows(sheet.pin, "the PIN", groups=GROUPS_IN_ROW)
    room = Box(panel.x, panel.y + 4, panel.width, panel.height - 36)
    height = min(room.height, 24 + 18.0 * len(rows))
    frame = Box(room.x, room.y + (room.height - height) / 2, room.width, height)
    drawing.frame_box(frame, weight=1.6)
    draw_rows(drawing, frame.grown(-4), rows, largest=60)
    if not sheet.pin.expose_text().isdecimal():
        look_alikes(drawing, Box(panel.x, panel.bottom - 28, panel.width, 26))


def _use(drawing: Drawing, box: Box, sheet: PinSheet) -> None:
    texts = (
        "Keep it sealed, and apart from the key: whoever has both can sign in.",
        (
            "Before typing, compare tag and serial number with those on the key. Type the PIN"
            " without the space. A wrong PIN costs one of few attempts: after two, stop and ask."
        ),
        "After use the PIN is changed, and this sheet is destroyed.",
    )
    left = Box(box.x, box.y, box.width - _SIDE - 6, box.height)
    steps(drawing, left, texts)
    x = box.right - _SIDE
    captioned(drawing, Box(x, box.y + 0.5, _SIDE, 11), "KEY", sheet.key_tag, size=20)
    serial = "none" if sheet.serial is None else str(sheet.serial)
    captioned(drawing, Box(x, box.y + 12, _SIDE, 9), "SERIAL NUMBER", serial, size=14)
    captioned(drawing, Box(x, box.y + 21.5, _SIDE, 9), "SET", sheet.set_id, size=14)
