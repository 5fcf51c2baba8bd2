"""The sheet of a whole password, in groups to read and type (S28, S29)."""

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sheets.blocks import Known, Use, salted_codes, secret_use
from keyvault_kit.sheets.characters import draw_secret
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose


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
        InputError: A character cannot be printed (its position is told, not the character), or the
            sheet cannot be laid out on that paper.
    """
    return compose(sheet.heading, "Password", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: PasswordSheet) -> None:
    first, second, third = drawing.panels
    secret_use(drawing, first, _use(sheet))
    draw_secret(drawing, second, sheet.password, "the password")
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _use(sheet: PasswordSheet) -> Use:
    return Use(
        texts=(
            (
                "Keep it sealed. Whoever reads this sheet has the password: who opens it is entered"
                " in the ledger, at once or afterwards."
            ),
            (
                "Type the groups without the spaces between them, upper and lower case as printed."
                " The check letter of a row is not part of it."
            ),
            "After use the password is changed, and this sheet is destroyed.",
        ),
        set_id=sheet.set_id,
        needed="1 of 1",
        facts=(Known("HOLDS", f"{len(sheet.password.expose_text())} characters"),),
    )
