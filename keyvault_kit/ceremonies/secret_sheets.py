"""Secret sheets of a set: drawn, looked at as finished PDFs, and printed one at a time.

Before a PDF goes to paper, its codes are decoded and the boxes of its secrets are read out of it:
what the window of an envelope would show, or a liner not cover, is never printed.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.paperwork import heading, paper_at, sheet_name, today
from keyvault_kit.ceremonies.plan import GoBack, Work
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope, Form, Purpose, SecretSet, SecurityKey
from keyvault_kit.custody.organisation import IDENTITY
from keyvault_kit.errors import RefusedError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import parts
from keyvault_kit.sharing.policy import Policy
from keyvault_kit.sharing.proofs import SALT_SIZE, share_proof, sheet_proof
from keyvault_kit.sheets import proof, window
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import identity, part, password, pin, share
from keyvault_kit.sheets.printing.errors import PrinterError

KINDS: Final = {Form.SHARES: "share", Form.PARTS: "part", Form.WHOLE: "password"}
"""Form of a password -> what its sheets are called."""

_CODES: Final = 2
"""Codes on a secret sheet: one crease or stain spares the other."""


class Place(msgspec.Struct, frozen=True):
    """Where a sheet belongs: in which envelope, and that envelope in which safe."""

    envelope: str
    safe: str


class _Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A finished sheet, what of it must not show, and what it says of itself."""

    pdf: bytes
    payload: str
    secrets: tuple[Secret, ...]
    public: tuple[str, ...]
    proof: str

    def __repr__(self) -> str:
        return f"_Sheet({self.proof})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("proof", self.proof)]


def print_password_sheet(
    work: Work, its_set: SecretSet, number: int, content: Secret, place: Place, *, policy: Policy
) -> ev.EnvelopePrinted:
    """Print sheet `number` of a password: a share, a part or the whole of it.

    Args:
        content: What stands on it: the words of a share, a part, or the password.
        policy: What the password was drawn by.

    Raises:
        GoBack: The printer failed, and the sheet may have come out: it is entered as printed, and
            the set is void.
        DeviceError: The printer failed, and nothing came out.
        MismatchError: The finished PDF is not what was meant.
    """
    kind = KINDS[its_set.form]
    holds = f"{kind}:{its_set.subject}"
    sheet = _password_sheet(work.station, its_set, number, content, place, policy)
    fact = ev.EnvelopePrinted(
        envelope=place.envelope,
        holds=holds if its_set.form is Form.WHOLE else f"{holds}:{number}",
        set=its_set.id,
        number=number,
        proof=sheet.proof,
        ceremony=work.ceremony,
    )
    return _print(work, kind, sheet, fact, place)


def demand_room(
    station: Station,
    its_set: SecretSet,
    contents: Sequence[Secret],
    safes: Sequence[str],
    policy: Policy,
) -> None:
    """Check, before anything is begun, that each sheet has room on the paper of its site.

    Args:
        contents: What could stand on the sheets, drawn to be thrown away.

    Raises:
        InputError: One has not; says which, and on which paper.
    """
    for number, (content, safe) in enumerate(zip(contents, safes, strict=True), 1):
        place = Place(f"{its_set.id}-{number}", safe)
        _password_sheet(station, its_set, number, content, place, policy)


def _password_sheet(
    station: Station,
    its_set: SecretSet,
    number: int,
    content: Secret,
    place: Place,
    policy: Policy,
) -> _Sheet:
    top = heading(
        station.book,
        label=f"Password of {its_set.subject}",
        sheet_id=place.envelope,
        day=station.clock().date(),
        number=number,
        count=its_set.count,
    )
    salt, paper = Secret(station.random(SALT_SIZE)), paper_at(station.book.register, place.safe)
    if its_set.form is Form.SHARES:
        return _share(top, its_set, content, paper)
    if its_set.form is Form.PARTS:
        bits = parts.bits_left(policy, its_set.count)
        return _part(top, its_set, content, salt, bits, paper)
    return _whole(top, its_set, content, salt, paper)


def print_pin_mailer(
    work: Work, its_set: SecretSet, key: SecurityKey, secret: Secret, salt: Secret, place: Place
) -> ev.EnvelopePrinted:
    """Print the PIN mailer of a key.

    Raises:
        GoBack, DeviceError, MismatchError: As `print_password_sheet`.
    """
    top = heading(
        work.station.book, label=f"PIN of key {key.id}", sheet_id=place.envelope, day=today(work)
    )
    sheet = pin.PinSheet(
        heading=top,
        set_id=its_set.id,
        key_tag=key.id,
        serial=key.serial,
        pin=secret,
        salt=salt,
    )
    paper = paper_at(work.register, place.safe)
    finished = _salted(
        pin.render(sheet, paper),
        pin.payload(sheet),
        secret,
        salt,
        _public(top, its_set, key.id, str(key.serial or "")),
    )
    return _print(work, "pin", finished, _alone(work, its_set, f"pin:{key.id}", finished), place)


def print_identity(
    work: Work, its_set: SecretSet, secret: Secret, salt: Secret, recipient: str, place: Place
) -> ev.EnvelopePrinted:
    """Print the sheet of the station's age identity.

    Raises:
        GoBack, DeviceError, MismatchError: As `print_password_sheet`.
    """
    top = heading(
        work.station.book,
        label="Identity of the station",
        sheet_id=place.envelope,
        day=today(work),
    )
    sheet = identity.IdentitySheet(
        heading=top,
        set_id=its_set.id,
        identity=secret,
        salt=salt,
        recipient=recipient,
    )
    paper = paper_at(work.register, place.safe)
    finished = _salted(
        identity.render(sheet, paper),
        identity.payload(sheet),
        secret,
        salt,
        _public(top, its_set, recipient),
    )
    return _print(work, "identity", finished, _alone(work, its_set, IDENTITY, finished), place)


# --- Finished sheets


def _share(top: Heading, its_set: SecretSet, words: Secret, paper: Paper) -> _Sheet:
    sheet = share.ShareSheet(
        heading=top, set_id=its_set.id, threshold=its_set.threshold, mnemonic=words
    )
    return _Sheet(
        pdf=share.render(sheet, paper),
        payload=share.payload(sheet),
        secrets=(words,),
        public=_public(top, its_set),
        proof=share_proof(words.expose_text()),
    )


def _part(
    top: Heading, its_set: SecretSet, piece: Secret, salt: Secret, bits: float, paper: Paper
) -> _Sheet:
    sheet = part.PartSheet(heading=top, set_id=its_set.id, part=piece, salt=salt, bits_left=bits)
    return _salted(
        part.render(sheet, paper), part.payload(sheet), piece, salt, _public(top, its_set)
    )


def _whole(top: Heading, its_set: SecretSet, text: Secret, salt: Secret, paper: Paper) -> _Sheet:
    sheet = password.PasswordSheet(heading=top, set_id=its_set.id, password=text, salt=salt)
    return _salted(
        password.render(sheet, paper), password.payload(sheet), text, salt, _public(top, its_set)
    )


def _salted(
    pdf: bytes, payload: str, secret: Secret, salt: Secret, public: tuple[str, ...]
) -> _Sheet:
    """A finished sheet with what can be guessed, and its salt."""
    found = sheet_proof(salt.expose(), secret)
    return _Sheet(pdf=pdf, payload=payload, secrets=(secret, salt), public=public, proof=found)


def _public(top: Heading, its_set: SecretSet, *more: str) -> tuple[str, ...]:
    """What a sheet says of itself: a word of it may be one of the secret's by chance."""
    return (*top.said, its_set.id, *filter(None, more))


# --- Out of the printer


def _alone(work: Work, its_set: SecretSet, holds: str, sheet: _Sheet) -> ev.EnvelopePrinted:
    """The fact about the one sheet of a set."""
    return ev.EnvelopePrinted(
        envelope=f"{its_set.id}-1",
        holds=holds,
        set=its_set.id,
        number=1,
        proof=sheet.proof,
        ceremony=work.ceremony,
    )


def _print(
    work: Work, kind: str, sheet: _Sheet, fact: ev.EnvelopePrinted, place: Place
) -> ev.EnvelopePrinted:
    """Look at the finished PDF, print it, and say what is to be entered of it.

    What may have come out of a printer that failed is entered at once: it is counted in the end.
    """
    name = sheet_name(kind, place.envelope)
    proof.prove(sheet.pdf, sheet.payload, sheet=f"sheet {name}", copies=_CODES)
    paper = paper_at(work.register, place.safe)
    window.prove_hidden(sheet.pdf, sheet.secrets, paper, public=sheet.public)
    try:
        work.station.paper.put(name, sheet.pdf)
    except PrinterError as error:
        if error.may_be_on_paper:
            work.observe(fact)
            raise GoBack(f"sheet {name} may have come out of the printer: {error.what}") from error
        raise
    return fact


def shred_set(work: Work, its_set: SecretSet) -> tuple[Envelope, ...]:
    """Have all sheets of a set destroyed; two people see to it.

    Those, too, of which nobody knows whether they came out: that one was about to lie open was
    entered before it was printed.

    Returns:
        The envelopes of those that the ledger knows as printed.

    Raises:
        RefusedError: They do not say that one is destroyed.
    """
    live = work.register.live_envelopes(its_set.id)
    known = {it.number: it for it in live}
    begun = {it.number for it in work.register.exposures if it.set == its_set.id and it.number}
    for number in sorted({*known, *begun} - {None}, key=lambda it: it or 0):
        its = known.get(number)
        kind = KINDS[its_set.form] if its_set.purpose is Purpose.PASSWORD else its_set.purpose
        shred(work, str(kind), f"{its_set.id}-{number}", its.bag if its else None)
    return live


def shred(work: Work, kind: str, envelope: str, bag: str | None) -> None:
    """Have a sheet destroyed, with what was printed with it; two people see to it.

    Raises:
        RefusedError: They do not say that it is destroyed.
    """
    for name in (kind, "label", "liner", "recovery"):
        work.station.paper.shred(sheet_name(name, envelope))
    where = f", in bag {bag}," if bag else ""
    text = f"Shred the sheet of envelope {envelope}{where} and all of its pieces. Is it destroyed?"
    if not work.interaction.confirm(Prompt(topic=Topic.SHRED, text=text, subject=envelope)):
        raise RefusedError(
            f"the sheet of envelope {envelope} is not destroyed",
            mend="Find it, shred it before the two of you, and go on with the same command.",
        )
