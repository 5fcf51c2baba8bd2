"""The founding sheet: the trust root of a ledger on paper, signed in ink by its founders.

The ledger cannot vouch for itself: whoever verifies it takes the founders' keys from this paper,
and later signers from changes that two trusted signers signed.
"""

import re
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.blocks import captioned, code_and_words, steps
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table

_FOUNDER: Final = r"[A-Za-z0-9][A-Za-z0-9_-]* SHA256:[A-Za-z0-9+/]{43}\n"
_FORM: Final = re.compile(
    rf"keyvault-kit/(?P<register>[0-9a-f]{{64}})\n"
    rf"founding (?:0|[1-9][0-9]{{0,17}} [0-9a-f]{{64}})\n"
    rf"(?P<founders>(?:{_FOUNDER}){{2,}})"
)
_WORDS: Final = 32
"""A word for each byte of the register id."""

_SIDE: Final = 50.0
_FOUNDER_ROW: Final = 10.0
_WITNESS_ROW: Final = 7.5
_WITNESSES: Final = 2

_FOUNDERS: Final = (
    Column("FOUNDER", 0.23),
    Column("FINGERPRINT OF THE FOUNDER'S KEY", 0.32, Face.MONO),
    Column("SIGNATURE IN INK", 0.31),
    Column("DATE", 0.14),
)
_WITNESSED: Final = (
    Column("WITNESS (NAME IN CAPITALS)", 0.55),
    Column("SIGNATURE IN INK", 0.31),
    Column("DATE", 0.14),
)


class Founder(msgspec.Struct, frozen=True):
    """Somebody whose key is trusted from the founding on.

    Attributes:
        person: The person's id.
        fingerprint: Of the signing key, as `ssh-keygen -l` prints it: `SHA256:` and 43 characters.
    """

    person: str
    name: str
    fingerprint: str


class FoundingSheet(msgspec.Struct, frozen=True, kw_only=True):
    r"""The trust root on paper; nothing on it is secret.

    Attributes:
        heading: Its `number` and `count` are those of the copies; a rehearsal's ledger says so.
        text: The exact trust text, each line ended by LF: `keyvault-kit/` and the register id;
            `founding ` and the entry at which this trust begins (0, or that of a re-founding and
            its leaf hash); for each founder, sorted by id, the id and the key's fingerprint.
        words: The register id as PGP words, 32 of them.
        copy_for: Whose copy it is: a site's id, or `auditor`.

    Raises:
        InputError: The text is not of this form, or says something else than the rest of the sheet.
    """

    heading: Heading
    text: str
    founders: tuple[Founder, ...]
    words: tuple[str, ...]
    copy_for: str

    def __post_init__(self) -> None:
        found = _FORM.fullmatch(self.text)
        if found is None:
            raise InputError(
                "this is no trust text: a line of the register, a line of the founding, and a line"
                " of id and fingerprint for each of two founders or more"
            )
        if found["register"] != self.heading.register:
            raise InputError("the trust text is of another register than its sheet")
        if found["founders"] != _lines(self.founders):
            raise InputError(
                "the trust text does not name the founders of its sheet, sorted by id",
                mend="Take both from the same entry of the ledger.",
            )
        if len({founder.person for founder in self.founders}) < len(self.founders):
            raise InputError("a founder stands twice on the founding sheet")
        if len(self.words) != _WORDS:
            raise InputError(f"a register id has {_WORDS} words, not {len(self.words)}")

    @property
    def entry(self) -> int:
        """The entry of the ledger at which this trust begins: 0, unless it was founded again."""
        return int(self.text.split("\n")[1].split(" ")[1])


def _by_id(founders: tuple[Founder, ...]) -> list[Founder]:
    return sorted(founders, key=lambda founder: founder.person)


def _lines(founders: tuple[Founder, ...]) -> str:
    """The founders' part of the trust text."""
    return "".join(f"{it.person} {it.fingerprint}\n" for it in _by_id(founders))


def payload(sheet: FoundingSheet) -> str:
    """The text of the sheet's QR code: the trust text, exactly."""
    return sheet.text


def render(sheet: FoundingSheet, paper: Paper) -> bytes:
    """The finished PDF: heading and use; code, text and words; founders and witnesses.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    title = "Re-founding sheet" if sheet.entry else "Founding sheet"
    return compose(sheet.heading, title, paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: FoundingSheet) -> None:
    first, second, third = drawing.panels
    _use(drawing, first)
    _side(drawing, Box(first.right - _SIDE, first.y + 0.5, _SIDE, first.height), sheet)
    code_and_words(drawing, second, payload(sheet), sheet.words, title="Register id in words")
    y = heading(drawing, third.y + 2, "Founders and witnesses")
    rows = [(f"{it.name} ({it.person})", it.fingerprint, "", "") for it in _by_id(sheet.founders)]
    y = table(drawing, y, _FOUNDERS, rows, least=_FOUNDER_ROW, banded=False)
    blank = ("",) * len(_WITNESSED)
    table(drawing, y, _WITNESSED, [blank] * _WITNESSES, least=_WITNESS_ROW, banded=False)


def _use(drawing: Drawing, box: Box) -> None:
    texts = (
        (
            "Keep it away from the workstation: one copy at each site, one with the auditor, each"
            " signed in ink by the founders."
        ),
        (
            "Compare before trusting a ledger: scan the code, or type the text beside it, and run"
            " 'keyvault ledger verify --trust SHEET'."
        ),
        "Who loses a signing key: two other signers replace it. This sheet stays as it is.",
        (
            "With fewer than two signers left the ledger is founded again, against the last"
            " checkpoint on paper. The new sheet is kept with this one."
        ),
    )
    steps(drawing, Box(box.x, box.y, box.width - _SIDE - 6, box.height), texts)


def _side(drawing: Drawing, box: Box, sheet: FoundingSheet) -> None:
    """Whose copy it is, of what ledger, and where its trust begins."""
    captioned(drawing, Box(box.x, box.y, box.width, 13), "COPY FOR", sheet.copy_for, size=20)
    begins = Box(box.x, box.y + 14.5, box.width, 9)
    captioned(drawing, begins, "TRUST BEGINS AT ENTRY", str(sheet.entry), size=14)
    mode = "of a rehearsal" if sheet.heading.rehearsal else "live"
    captioned(drawing, Box(box.x, box.y + 24, box.width, 9), "LEDGER", mode, size=14)
