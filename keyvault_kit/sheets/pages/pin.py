"""The PIN mailer of a security key (S19, S35, S36)."""

from typing import Final

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sheets.blocks import Known, Use, salted_codes, secret_use
from keyvault_kit.sheets.characters import draw_secret
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose

_LARGEST: Final = 40.0
"""Points of a short PIN's digits: read at arm's length, beside the key, and not through a liner."""


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
        InputError: A character cannot be printed (its position is told, not the character), or the
            sheet cannot be laid out on that paper.
    """
    return compose(sheet.heading, "PIN mailer", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: PinSheet) -> None:
    first, second, third = drawing.panels
    secret_use(drawing, first, _use(sheet))
    draw_secret(drawing, second, sheet.pin, "the PIN", largest=_LARGEST)
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _use(sheet: PinSheet) -> Use:
    return Use(
        texts=(
            "Keep it sealed, and apart from the key: whoever has both can sign in.",
            (
                "Before typing, compare tag and serial number with those on the key. Type the PIN"
                " without the space. A wrong PIN costs one of few attempts: after two, stop and"
                " ask."
            ),
            "After use the PIN is changed, and this sheet is destroyed.",
        ),
        set_id=sheet.set_id,
        needed="1 of 1",
        facts=(
            Known("KEY", sheet.key_tag),
            Known("SERIAL NUMBER", "none" if sheet.serial is None else str(sheet.serial)),
        ),
    )
