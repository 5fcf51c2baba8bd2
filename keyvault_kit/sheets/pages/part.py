"""The sheet of a literal part: a password cut in two or three, all of which are needed (S30)."""

from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.parts import COUNTS
from keyvault_kit.sheets.blocks import Known, Use, salted_codes, secret_use
from keyvault_kit.sheets.characters import draw_secret
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose

_ORDER: Final = {2: "1, 2", 3: "1, 2, 3"}


class PartSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A literal part of a password on paper.

    Attributes:
        heading: Its `number` and `count` are the part's.
        set_id: The secret set.
        part: Its characters, without group spaces.
        bits_left: Bits left to guess for whoever has all parts but the one that leaves fewest
            (`sharing.parts.bits_left`).
        salt: The 16 bytes of its proof, which stand on this sheet alone.

    Raises:
        InputError: A password is not cut into so many parts.
    """

    heading: Heading
    set_id: str
    part: Secret
    bits_left: float
    salt: Secret

    def __post_init__(self) -> None:
        if self.heading.count not in COUNTS:
            raise InputError(f"a password is cut into 2 or 3 parts, not {self.heading.count}")


def payload(sheet: PartSheet) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.PART,
        register8=sheet.heading.register8,
        set_id=sheet.set_id,
        number=sheet.heading.number,
        salt=sheet.salt,
        content=sheet.part,
    ).encode()


def render(sheet: PartSheet, paper: Paper) -> bytes:
    """The finished PDF: a page whose three panels hold heading, part and codes.

    Raises:
        InputError: A character cannot be printed (its position is told, not the character), or the
            sheet cannot be laid out on that paper.
    """
    title = f"Password part {sheet.heading.number} of {sheet.heading.count}"
    return compose(sheet.heading, title, paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: PartSheet) -> None:
    first, second, third = drawing.panels
    secret_use(drawing, first, _use(sheet))
    draw_secret(drawing, second, sheet.part, "the part")
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _use(sheet: PartSheet) -> Use:
    count = sheet.heading.count
    bits = int(sheet.bits_left)  # rounded down: never more than there are
    return Use(
        texts=(
            (
                f"Keep it sealed, apart from the other parts. All {count} are needed: if one is"
                " lost, so is the password."
            ),
            (
                "It is a piece of the password, as it is: whoever has read all parts but one has"
                f" about {bits} bits left to guess."
            ),
            (
                f"To open, type parts {_ORDER[count]} in this order, without any spaces, upper and"
                " lower case as printed. Check letters are not part of it."
            ),
            "After use the password is changed, and this sheet is destroyed.",
        ),
        set_id=sheet.set_id,
        needed=f"{count} of {count}",
        facts=(
            Known("HOLDS", f"{len(sheet.part.expose_text())} characters"),
            Known("LEFT TO GUESS", f"{bits} bits"),
        ),
    )
