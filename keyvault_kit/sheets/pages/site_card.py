"""The site card: what an opening needs when nothing but paper is at hand (S34 to S38, S43, S62).

One lies sealed at each site. It says where everything of the accounts lies, who opens it and how
they are reached, the two ways in, step by step, and it carries the form that the opening is written
on. No secret is on it, and yet it is for few: it tells a thief where to go.
"""

from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    USED,
    WHY,
    Field,
    bags_taken,
    checklist,
    choice,
    code_text,
    fields,
    lines,
    listing,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.text import baseline, line_height, wrap

_USE: Final = (
    "Keep it sealed, in a bag of its own: it tells what lies where and who can reach it (S43).",
    "Open it for an opening, a drill or a review alone. Then it is printed anew and sealed again.",
    "Choose a way below, collect the envelopes, and write what you do on the form at the end.",
    "Compare each bag's number before you open it. A bag that is not intact is reported.",
)
_BY_KEY: Final = (
    "Collect a key and the PIN mailer of the same key; they lie apart.",
    (
        "Take any workstation with a USB port, the registered one if you can reach it. Open a"
        " private window of a current browser at https://portal.azure.com or"
        " https://entra.microsoft.com."
    ),
    (
        "Type the account's sign-in name. Where a password is asked for, choose another way to sign"
        " in: 'security key', 'passkey', or 'face, fingerprint, PIN or security key'."
    ),
    "Put the key in. Type its PIN when the browser asks for it, and touch the key when it blinks.",
    (
        "A wrong PIN costs a try. After three in a row the key must be taken out and put in again;"
        " after eight in all it is dead. Stop after two, and read the mailer with somebody else."
    ),
    "Do what you came for, sign out and close the window. Key and PIN go into new bags, apart.",
)
_BY_PASSWORD: Final = (
    "Collect as many envelopes of a set as the table says; fewer shares tell nothing.",
    (
        "At the offline workstation run 'keyvault recover' and scan or type the shares. Where it is"
        " dead, follow the recovery sheet that lies in each envelope with a share: any computer"
        " with Python does. A whole password, or one in parts, is read from its sheets as it"
        " stands."
    ),
    (
        "Type the password at the sign-in page, as above. Capitals matter; the gaps between its"
        " groups of four are no part of it."
    ),
    (
        "Where the tenant demands a security key of this account, its password alone signs nobody"
        " in: take the way by key."
    ),
)
_AFTER: Final = (
    "The opening, entered in the ledger as late; who saw or could see a secret",
    "Every bag opened, spoiled or sealed anew, with its number",
    "The password is changed, split and sealed anew (S32)",
    "The PIN of each opened key is changed and sealed anew",
    "This card is printed anew and sealed; the old one is destroyed",
)

_WHERE: Final = (
    Column("ENVELOPE", 0.19, Face.BOLD),
    Column("HOLDS", 0.23),
    Column("BAG", 0.14, Face.MONO),
    Column("SITE AND SAFE", 0.19),
    Column("OPENED BY", 0.25),
)
_KEYS: Final = (
    Column("KEY", 0.25, Face.BOLD),
    Column("MODEL", 0.27),
    Column("ITS ENVELOPE", 0.24),
    Column("ENVELOPE OF ITS PIN", 0.24),
)
_PEOPLE: Final = (
    Column("NAME", 0.28, Face.BOLD),
    Column("OPENS", 0.32),
    Column("HOW TO REACH THEM", 0.40),
)
_UNKNOWN: Final = "not on record"
_SETS: Final = (
    Column("SET", 0.25, Face.BOLD),
    Column("NEEDED", 0.27),
    Column("ITS ENVELOPES", 0.48),
)

_NAME: Final = 6.0
_STEP_SIZE: Final = 9.0
_BAG_ROWS: Final = 5
_WRITTEN: Final = 122.0
"""Height of what is written down while an opening lasts."""

_SIGNERS: Final = (("Decided", ""), ("Decided", ""), ("Opened", ""), ("Opened", ""))


class CardSafe(msgspec.Struct, frozen=True):
    """A safe, and who opens it.

    Attributes:
        openers: Their names.
        needed: How many of them it takes.

    Raises:
        InputError: It takes none, or more than there are.
    """

    safe: str
    site: str
    openers: tuple[str, ...]
    needed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= len(self.openers):
            raise InputError(
                f"safe {self.safe} cannot take {self.needed} of {len(self.openers)} openers",
                mend="Enter who opens it.",
            )


class CardPerson(msgspec.Struct, frozen=True):
    """Somebody who is called for an opening.

    Attributes:
        opens: The safes that they open.
        contact: How they are reached; empty where nothing is on record.
    """

    name: str
    opens: tuple[str, ...]
    contact: str = ""


class CardEnvelope(msgspec.Struct, frozen=True):
    """An envelope of an account.

    Attributes:
        holds: What is inside, in public words: 'PIN of KEY-01'.
        bag: Number of its bag, as the register has it.
    """

    envelope: str
    holds: str
    bag: str
    safe: CardSafe


class CardKey(msgspec.Struct, frozen=True):
    """A security key and where it and its PIN lie, by the ids of the envelopes."""

    tag: str
    product: str
    envelope: str
    pin_envelope: str


class CardSet(msgspec.Struct, frozen=True):
    """A password by the ids of its envelopes, any `threshold` of which are needed: of parts all."""

    set_id: str
    threshold: int
    envelopes: tuple[str, ...]


class CardAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account, everything that belongs to it, and where that lies.

    Attributes:
        sign_in: Its user principal name.

    Raises:
        InputError: A key or a set lies in an envelope that is not listed, or a set needs more
            envelopes than it has.
    """

    account: str
    sign_in: str
    envelopes: tuple[CardEnvelope, ...]
    keys: tuple[CardKey, ...] = ()
    sets: tuple[CardSet, ...] = ()

    def __post_init__(self) -> None:
        listed = {it.envelope for it in self.envelopes}
        used = [it for key in self.keys for it in (key.envelope, key.pin_envelope)]
        used += [it for group in self.sets for it in group.envelopes]
        for envelope in used:
            if envelope not in listed:
                raise InputError(
                    f"the site card says nothing of where envelope {envelope} of account"
                    f" {self.account} lies"
                )
        for group in self.sets:
            if not 1 <= group.threshold <= len(group.envelopes):
                raise InputError(
                    f"set {group.set_id} cannot need {group.threshold} of"
                    f" {len(group.envelopes)} envelopes"
                )


class SiteCard(msgspec.Struct, frozen=True, kw_only=True):
    """The card of a site; nothing on it is secret, and all of it is confidential.

    Attributes:
        heading: Its `sheet_id` is the card's id, or that of its envelope.
        site: Where this copy lies.
        people: Who opens the safes in which something of the accounts lies.
    """

    heading: Heading
    site: str
    accounts: tuple[CardAccount, ...]
    people: tuple[CardPerson, ...] = ()


def payload(sheet: SiteCard) -> str:
    """The text of the sheet's QR code: it names the card and tells nothing of what it says."""
    return code_text(Kind.SITE, sheet.heading)


def render(sheet: SiteCard, paper: Paper) -> bytes:
    """The finished PDF: what lies where, the ways in, the form of an opening.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Site card", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: SiteCard) -> None:
    about = "Confidential: how to use the emergency accounts"
    y = opening(drawing, payload(sheet), about, f"Sealed copy of site {sheet.site}", _USE)
    for account in sheet.accounts:
        y = _account(drawing, y + 2, account)
    if sheet.people:
        y = heading(drawing, y + 3, "Whom to call")
        y = table(drawing, y, _PEOPLE, [_person(it) for it in sheet.people])
    y = _way(drawing, y + 3, "By key and PIN, at any workstation", _BY_KEY)
    y = _way(drawing, y + 3, "By password, from its shares", _BY_PASSWORD)
    _form(drawing, y + 5)


def _account(drawing: Drawing, y: float, account: CardAccount) -> float:
    y = heading(drawing, y, f"Account {account.account}", room=36)
    name = Box(drawing.body.x, y, drawing.body.width, _NAME)
    drawing.fitted(name, f"Sign-in name: {account.sign_in}", largest=11)
    y = listing(drawing, name.bottom, _WHERE, [_place(it) for it in account.envelopes])
    if account.keys:
        rows = [(it.tag, it.product, it.envelope, it.pin_envelope) for it in account.keys]
        y = table(drawing, y + 2, _KEYS, rows)
    if account.sets:
        y = table(drawing, y + 2, _SETS, [_set(it) for it in account.sets])
    return y


def _place(it: CardEnvelope) -> tuple[str, ...]:
    return (it.envelope, it.holds, it.bag, f"{it.safe.site}, {it.safe.safe}", _who_opens(it.safe))


def _who_opens(safe: CardSafe) -> str:
    if safe.needed == 1:
        return " or ".join(safe.openers)
    if safe.needed == len(safe.openers):
        return f"{' and '.join(safe.openers)}, together"
    return f"any {safe.needed} of {', '.join(safe.openers)}"


def _set(it: CardSet) -> tuple[str, ...]:
    count = len(it.envelopes)
    needed = f"all {count}" if it.threshold == count else f"any {it.threshold} of {count}"
    return (it.set_id, needed, ", ".join(it.envelopes))


def _person(it: CardPerson) -> tuple[str, ...]:
    return (it.name, ", ".join(it.opens), it.contact or _UNKNOWN)


def _way(drawing: Drawing, y: float, title: str, texts: tuple[str, ...]) -> float:
    """Draw numbered steps, kept together on a page."""
    indent, size = 6.0, _STEP_SIZE
    room = drawing.body.width - indent
    broken = [wrap(text, room, Face.REGULAR, size) for text in texts]
    height = sum(len(it) * line_height(size) + 1 for it in broken)
    y = heading(drawing, y, title, room=height)
    for number, step in enumerate(broken, start=1):
        line = baseline(y, line_height(size), size)
        drawing.text(drawing.body.x, line, f"{number}.", size=size, face=Face.BOLD)
        y = drawing.lines(Box(drawing.body.x + indent, y, room, 0), step, size=size) + 1
    return y


def _form(drawing: Drawing, y: float) -> None:
    """The form of an opening; what is written while it lasts stands together on a page."""
    y = heading(drawing, y, "Opening: write here what you do", room=_WRITTEN)
    decided = (Field("DECIDED BY", 0.34), Field("AND BY", 0.34), Field("DATE, TIME (UTC)", 0.32))
    used = (Field("ACCOUNT", 0.34), Field("WORKSTATION", 0.34), Field("SIGNED OUT AT (UTC)", 0.32))
    y = fields(drawing, fields(drawing, y, decided), used)
    y = choice(drawing, y + 1, "Why", WHY)
    y = lines(drawing, y, "In words", 1)
    y = bags_taken(drawing, y + 2, (), spare=_BAG_ROWS)
    y = choice(drawing, y + 2, "What was used", USED)
    y = lines(drawing, y, "What was done, and when; who saw what", 3)
    y = heading(drawing, y + 2, "To enter and to do afterwards", room=60)
    y = checklist(drawing, y, _AFTER)
    signatures(drawing, y, _SIGNERS)
