"""Sheets read back from paper: scanned, typed, or an image of them; and what they must say.

A rehearsal's paper is a folder, and the kit reads it by itself. What a printer put out can only be
read by people: with a hand-held scanner that types, from an image in memory, or by typing it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.secret_sheets import KINDS
from keyvault_kit.custody.model import Envelope, Form
from keyvault_kit.errors import InputError, MismatchError, RefusedError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import SALT_SIZE, share_proof, sheet_proof
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets import typed
from keyvault_kit.sheets.codes import MAGIC, SheetCode

SPOIL: Final = (
    "Scan it again, by the system's own keyboard layout. If it stays so, destroy the sheet: end the"
    " ceremony, and the same command makes a new one."
)

_LEAST_CODE: Final = 20
"""Characters; no code of a secret sheet is shorter."""

_BEGINS: Final = "kvk"
"""How they begin, whatever the scanner's keyboard makes of digits and capitals."""


def content(
    work: Work, form: Form, envelope: Envelope, mend: str = SPOIL
) -> AbstractContextManager[Secret]:
    """What stands on a sheet of a password: the words of a share, a part, or the password.

    Raises:
        InputError, MismatchError: As `share` and `salted`.
    """
    if form is Form.SHARES:
        return share(work, envelope, mend)
    return salted(work, KINDS[form], envelope, mend)


@contextmanager
def share(work: Work, envelope: Envelope, mend: str = SPOIL) -> Iterator[Secret]:
    """The words on a printed share, read back and compared with the proof in the ledger.

    Args:
        mend: What to do where it does not agree.

    Raises:
        InputError: The sheet is not there, or what is on it is no share.
        MismatchError: It is not the share that was made for this envelope.
    """
    with _text(work, "share", envelope, mend) as text:
        mnemonic = Share.parse(text.expose_text()).mnemonic()
    if share_proof(mnemonic) != envelope.proof:
        raise MismatchError(f"the share of envelope {envelope.id} is another one", mend=mend)
    with Secret.from_text(mnemonic) as secret:
        yield secret


@contextmanager
def salted(work: Work, kind: str, envelope: Envelope, mend: str = SPOIL) -> Iterator[Secret]:
    """What can be guessed (a PIN, a part, a password), read back and compared with its proof.

    Raises:
        InputError: The sheet is not there, or what is on it is no such code.
        MismatchError: It is not the sheet that was made for this envelope.
    """
    with _text(work, kind, envelope, mend) as text:
        salt, content = _salt_and_content(work, text, kind, envelope, mend)
    with salt, content:
        if sheet_proof(salt.expose(), content) != envelope.proof:
            raise MismatchError(f"the {kind} of envelope {envelope.id} is another one", mend=mend)
        yield content


def _salt_and_content(
    work: Work, text: Secret, kind: str, envelope: Envelope, mend: str
) -> tuple[Secret, Secret]:
    """From the sheet's code; or typed by hand, the secret first and its salt after it."""
    if not text.expose_text().startswith(f"{MAGIC} "):
        said = f"Now the salt of the {kind} of envelope {envelope.id}: its 32 digits"
        prompt = Prompt(topic=Topic.READ_BACK, text=said, subject=envelope.id)
        with work.interaction.read_sheet(prompt, words=False) as digits:
            return _salt(digits), Secret(text.expose())
    code = SheetCode.parse(text.expose_text())
    if code.salt is None or code.content is None or code.set_id != envelope.set:
        raise MismatchError(f"the sheet of envelope {envelope.id} is another one", mend=mend)
    return code.salt, code.content


def _salt(digits: Secret) -> Secret:
    try:
        salt = bytes.fromhex(digits.expose_text())
    except ValueError:
        salt = b""
    if len(salt) != SALT_SIZE:
        # Not chained: that error carries what was typed.
        raise InputError("a salt is 32 digits, 0 to 9 and a to f", mend="Type it again.")
    return Secret(salt)


@contextmanager
def _text(work: Work, kind: str, envelope: Envelope, mend: str) -> Iterator[Secret]:
    """The text of the sheet's code, or what was typed from the sheet."""
    name, paper = sheet_name(kind, envelope.id), work.station.paper
    if paper.read_by_people:
        _demand_printed(work, name, envelope)
        said = f"Scan a code of sheet {name}, or type what is on it"
        prompt = Prompt(topic=Topic.READ_BACK, text=said, subject=envelope.id)
        with work.interaction.read_sheet(prompt, words=kind == "share") as text:
            yield _exact(text)
        return
    codes = paper.read(name)
    if len(codes) != 1:
        raise MismatchError(f"sheet {name} shows {len(codes)} different codes, not 1", mend=mend)
    with Secret.from_text(codes[0]) as text:
        yield text


def _demand_printed(work: Work, name: str, envelope: Envelope) -> None:
    """What waits in a folder is printed by people, and gone before they read the paper.

    Else the file could be read in the place of the sheet, and would prove nothing of it.

    Raises:
        RefusedError: They do not say that it is printed.
    """
    if not work.station.paper.waits(name):
        return
    text = f"Print sheet {name}. Does it lie before you, and is it whole? Its file is removed then"
    if not work.interaction.confirm(Prompt(topic=Topic.PRINTED, text=text, subject=envelope.id)):
        raise RefusedError(
            f"sheet {name} is not printed", mend="Print it, or end the ceremony and begin anew."
        )
    work.station.paper.let_go(name)


def _exact(text: Secret) -> Secret:
    """A code as it was printed, whatever the scanner added; what people typed is theirs."""
    given = text.expose_text()
    if len(given) < _LEAST_CODE or not given.strip().count(" "):
        return text
    try:
        return Secret.from_text(typed.read(given))
    except InputError:
        if _BEGINS in given[:_LEAST_CODE].casefold():
            raise
        return text  # words with numbers, a password with blanks: for others to judge
