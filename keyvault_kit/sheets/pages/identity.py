"""The station's age identity: what opens bundles of other sites, and backups (sealed, as a PIN is).

An X25519 identity of age (age-encryption.org/v1): `AGE-SECRET-KEY-1` and 58 characters of Bech32
(BIP 173), written in upper case.
"""

import re
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.blocks import Known, Use, salted_codes, secret_use
from keyvault_kit.sheets.characters import draw_secret
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose

_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_IDENTITY: Final = re.compile(rf"AGE-SECRET-KEY-1[{_BECH32.upper()}]{{58}}".encode())
_RECIPIENT: Final = re.compile(rf"age1[{_BECH32}]{{58}}")


class IdentitySheet(msgspec.Struct, frozen=True, kw_only=True):
    """A station's age identity on paper.

    Attributes:
        set_id: The secret set.
        identity: 74 characters, in upper case.
        salt: The 16 bytes of its proof, which stand on this sheet alone.
        recipient: What others encrypt to, `age1...`; public.

    Raises:
        InputError: The identity or the recipient is not of its form; nothing of either is told.
            Whether checksums are right and the two belong together is for whoever made them.
    """

    heading: Heading
    set_id: str
    identity: Secret
    salt: Secret
    recipient: str

    def __post_init__(self) -> None:
        if not _IDENTITY.fullmatch(self.identity.expose()):
            raise InputError(
                "this is no age identity: AGE-SECRET-KEY-1 and 58 characters, in upper case"
            )
        if not _RECIPIENT.fullmatch(self.recipient):
            raise InputError("this is no age recipient: age1 and 58 characters, in lower case")


def payload(sheet: IdentitySheet) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.IDENTITY,
        register8=sheet.heading.register8,
        set_id=sheet.set_id,
        number=sheet.heading.number,
        salt=sheet.salt,
        content=sheet.identity,
    ).encode()


def render(sheet: IdentitySheet, paper: Paper) -> bytes:
    """The finished PDF: a page whose three panels hold heading, identity and codes.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Station identity", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: IdentitySheet) -> None:
    first, second, third = drawing.panels
    secret_use(drawing, first, _use(sheet))
    draw_secret(drawing, second, sheet.identity, "the identity")
    salted_codes(drawing, third, payload(sheet), sheet.salt)


def _use(sheet: IdentitySheet) -> Use:
    return Use(
        texts=(
            (
                "Keep it sealed. It opens what other sites send ('keyvault ledger accept') and"
                " backups ('keyvault ledger restore')."
            ),
            (
                "Scan a code, or type the rows without spaces and check letters. Never type it into"
                " a file. From row 2 on there is no B, I, O or 1."
            ),
            (
                "Without this kit stock age opens both: 'age -d -i - -o OUT IN', then type the"
                " identity, Enter, Ctrl-D."
            ),
            (
                "After use enter it in the ledger and seal it in a new bag. If somebody"
                " unauthorised saw it, make a new identity, and new backups."
            ),
        ),
        set_id=sheet.set_id,
        needed="1 of 1",
        facts=(Known("RECIPIENT (PUBLIC)", sheet.recipient, Face.MONO),),
    )
