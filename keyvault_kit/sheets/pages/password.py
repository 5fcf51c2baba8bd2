"""The sheet of a whole password, in groups to read and type (S28, S29)."""

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


class PasswordSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A whole password on paper.

    Attributes:
        set_id: The secret set.
        password: Without group spaces.
        salt: The 16 bytes of its proof, which stand on this sheet alone.
    """

    heading: Heading
    set_id: str
    password: Secret
    salt: Secret


def payload(sheet: PasswordSheet) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.PASSWORD,
        register8=sheet.heading.register8,
        set_id=sheet.set_id,
        number=sheet.heading.number,
        salt=sheet.salt,
        content=sheet.password,
    ).encode()


def render(sheet: PasswordSheet, paper: Paper) -> bytes:
    """The finished PDF: a page whose three panels hold heading, password and codes.

    Raises:
        InputError: A character cannot be printed (its position is told, not the character), or a
            text does not fit.
    """
    return compose(sheet.heading, "Password", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: PasswordSheet) -> None:
    first, second, third = drawing.panels
    _use(drawing, first, sheet)
    rows = secret_rows(sheet.password, "the password", groups=GROUPS_IN_ROW)
    room = Box(second.x, second.y + 3, second.width, second.height - 34)
    draw_rows(drawing, room, rows, largest=36)
    look_alikes(drawing, Box(second.x, second.bottom - 28, second.width, 26))
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _use(drawing: Drawing, box: Box, sheet: PasswordSheet) -> None:
    texts = (
        (
            "Keep it sealed. Whoever reads this sheet has the password: who opens it is entered in"
            " the ledger, at once or afterwards."
        ),
        (
            "Type the groups without the spaces between them, upper and lower case as printed. The"
            " check letter of a row is not part of it."
        ),
        "After use the password is changed, and this sheet is destroyed.",
    )
    left = Box(box.x, box.y, box.width - _SIDE - 6, box.height)
    steps(drawing, left, texts)
    x = box.right - _SIDE
    captioned(drawing, Box(x, box.y + 0.5, _SIDE, 13), "SET", sheet.set_id, size=22)
    length = f"{len(sheet.password.expose_text())} characters"
    captioned(drawing, Box(x, box.y + 15.5, _SIDE, 10), "LENGTH", length, size=14)
