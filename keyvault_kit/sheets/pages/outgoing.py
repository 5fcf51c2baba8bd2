"""The list of files that leave the station: each by its SHA-256, compared where it arrives.

What a medium brings to the online side is what left the station, or it is not used.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import Field, code_text, fields, lines, listing, opening, signatures
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading
from keyvault_kit.sheets.ticks import Ticks

_FILES: Final = (
    Column("FILE", 0.26, Face.BOLD),
    Column("BYTES", 0.10),
    Column("SHA-256", 0.44, Face.MONO),
    Column("WHERE IT ARRIVED", 0.20),
)
_ARRIVED: Final = Ticks(("agrees", "does not"))

_USE: Final = (
    "Nothing but these files of ours is on the medium. No secret is among them.",
    (
        "Where they arrive, work out each hash anew, 'Get-FileHash FILE' or 'sha256sum FILE', and"
        " compare all of its digits with this paper, not with a file beside it."
    ),
    "A file whose hash does not agree is not used: report it at once.",
    "The sheet goes with the medium, and comes back to the records with it.",
)

_GROUP: Final = 8
_ROW: Final = 11.0


class OutgoingFile(msgspec.Struct, frozen=True):
    """A file that leaves.

    Attributes:
        size: In bytes.
        sha256: 64 hex digits.
    """

    name: str
    size: int
    sha256: str


class OutgoingFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files that leave in one step; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` names ceremony and step.
        medium: Id of the medium that carries them; empty where it is to be written in.
        people: Role and name of each who put them onto it.
    """

    heading: Heading
    files: tuple[OutgoingFile, ...]
    medium: str = ""
    people: tuple[tuple[str, str], ...] = ()


def payload(sheet: OutgoingFiles) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.OUTGOING, sheet.heading)


def render(sheet: OutgoingFiles, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the files take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Outgoing files", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: OutgoingFiles) -> None:
    count = len(sheet.files)
    about = f"{count} {'file leaves' if count == 1 else 'files leave'} the station"
    total = sum(it.size for it in sheet.files)
    y = opening(drawing, payload(sheet), about, f"{total} bytes together", _USE)
    carried = (
        Field("ON MEDIUM", 0.30, sheet.medium),
        Field("TAKEN OUT AT (UTC)", 0.30),
        Field("CARRIED BY (NAME)", 0.40),
    )
    y = fields(drawing, y, carried)
    y = heading(drawing, y, "Files")
    rows = [(it.name, str(it.size), _grouped(it.sha256), _ARRIVED) for it in sheet.files]
    y = listing(drawing, y, _FILES, rows, least=_ROW)
    y = lines(drawing, y + 3, "What is not as it should be", 2)
    arrived = ("Compared it where it arrived", "")
    signatures(drawing, y, (*sheet.people, arrived))


def _grouped(digits: str) -> str:
    """Digits that people compare, in groups of eight."""
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))
