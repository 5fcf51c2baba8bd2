"""A key's PIN: drawn, printed, proven, sealed, and only then put on the key (S36, S38)."""

from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import Final

import msgspec

from keyvault_kit.ceremonies import (
    documents,
    genuineness,
    handling,
    key_work,
    reading_back,
    secret_sheets,
)
from keyvault_kit.ceremonies.at_keys import AtKey, KeyDesk
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.secret_sheets import Place
from keyvault_kit.ceremonies.which_key import find_key, key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import Purpose, SecretSet, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, RefusedError
from keyvault_kit.keys import pin
from keyvault_kit.keys.reading import Unreadable, read, read_one
from keyvault_kit.secret import Secret

SECRETS: Final = ("pin", "salt")
"""What the hands call the PIN and the salt of its sheet."""
PIN_LENGTH: Final = 8


class KeyPin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose PIN is made.

    Attributes:
        key: Asset tag.
        custodian: Who holds the key.
        safe: Where the mailer goes.
    """

    key: str
    custodian: str
    safe: str


def set_of(register: Register, key: str) -> SecretSet:
    """The key's newest PIN set: the one that is being made."""
    return register.set_being_made(key, Purpose.PIN)


def mailer_of(register: Register, key: str) -> str:
    """Id of the envelope of that set's one sheet."""
    return f"{set_of(register, key).id}-1"


_LAST_BEFORE: Final = {"enrol": "count-pages", "pin": "read-pin"}
"""Plan -> its last step before the key is given the PIN."""


def told_since(book: Book, made: SecretSet) -> Iterator[ev.Fact]:
    """What the ledger tells since a set was made in a ceremony."""
    its = book.register.ceremonies.get(made.ceremony or "")
    facts = (decode(body).fact for body in book.ledger.bodies(its.started if its else 0))
    return dropwhile(lambda it: not isinstance(it, ev.SetMade) or it.set != made.id, facts)


def may_have(book: Book, made: SecretSet) -> bool:
    """Whether a key may have got the PIN of a set that is not in force: nobody can say it.

    A key that was reset since, or got another PIN, has it no more.
    """
    its = book.register.ceremonies.get(made.ceremony or "")
    last, may = _LAST_BEFORE.get(its.plan if its else ""), False
    for fact in told_since(book, made):
        match fact:
            case ev.CeremonyStepped(ceremony=made.ceremony, step=step) if step == last:
                may = True
            case ev.KeyReset(key=made.subject) | ev.PinChanged(key=made.subject):
                may = False
    return may


def make(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Draw a PIN for the key, and hold it.

    Raises:
        RefusedError: The key has a PIN that is not on record.
        DeviceError: The key failed.
    """
    with key_session(work, it.key) as session:
        reading = read(session)
        if reading.pin_set and genuineness.TEMPORARY not in work.hands:
            raise RefusedError(
                f"key {it.key} has a PIN that is not on record",
                mend="Reset the key first ('keys reset'); whatever it holds is lost by that.",
            )
    length = max(PIN_LENGTH, reading.min_pin_length)
    work.hands.take("pin", pin.generate_pin(work.station.random, length, serial=reading.serial))
    work.hands.take("salt", Secret(work.station.random(16)))
    made = ev.SetMade(
        set=handling.next_id(f"{it.key}-pin", work.register.sets),
        purpose=Purpose.PIN,
        subject=it.key,
        threshold=1,
        count=1,
        ceremony=work.ceremony,
    )
    return [made]


def give_up(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """The PIN is lost, or is to be: destroy its mailer, reset the key if it has it, void the set.

    No hand holds it any more.
    """
    lost = set_of(work.register, it.key)
    live = secret_sheets.shred_set(work, lost)
    why = "the PIN was lost before the key was enrolled"
    facts: list[ev.Fact] = []
    if _reset_if_locked(it, work) or work.register.keys[it.key].pin_set:
        facts.append(ev.KeyReset(key=it.key, why=why))
    if lost.state is SetState.IN_FORCE:  # and dead by the reset: two sign that its sheet is gone
        facts += [ev.EnvelopeDestroyed(envelope=e.id, why="lost") for e in live]
    else:
        facts += [ev.EnvelopeSpoiled(envelope=e.id, why=why) for e in live]
    if lost.state is SetState.MADE:
        facts.append(ev.SetVoided(set=lost.id, why=why))
    for name in SECRETS:
        work.hands.drop(name)
    return facts


def _reset_if_locked(it: KeyPin, work: Work) -> bool:
    reading = read_one(work.station.bus, find_key(work, it.key))
    if isinstance(reading, Unreadable):
        raise DeviceError(reading.error)
    if not reading.pin_set:
        return False
    what = (
        f"Key {it.key} has a PIN that was lost before it was enrolled; a reset takes that PIN and"
        " every passkey off the key"
    )
    desk = KeyDesk.of(work.station, work.interaction, it.custodian, work.observe)
    key_work.wipe(AtKey(desk, reading, it.key), what)
    work.hands.drop(genuineness.TEMPORARY)
    return True


def print_mailer(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Print the PIN mailer; who stands by while it lies open is recorded before."""
    secret, salt = work.hands.secret("pin"), work.hands.secret("salt")
    pin_set, envelope = set_of(work.register, it.key), mailer_of(work.register, it.key)
    key, place = work.register.keys[it.key], Place(envelope, it.safe)
    work.lay_open(pin_set.id, 1)
    return [secret_sheets.print_pin_mailer(work, pin_set, key, secret, salt, place)]


def prove_mailer(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Read the mailer back, and compare it with its proof.

    Raises:
        MismatchError: It is not what was printed.
    """
    envelope = work.register.envelopes[mailer_of(work.register, it.key)]
    with reading_back.salted(work, "pin", envelope):
        pass
    return [ev.EnvelopeProven(envelope=envelope.id)]


def seal_mailer(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Seal the mailer in a bag."""
    envelope = mailer_of(work.register, it.key)
    documents.print_companions(work, work.register.envelopes[envelope], it.safe)
    sealed = handling.seal(work, envelope)
    work.station.paper.let_go(sheet_name("pin", envelope))
    return [sealed]


def put_on_key(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Give the key its PIN: the sealed one is in force from now on.

    Raises:
        DeviceError: The key failed, or refuses it.
    """
    with key_session(work, it.key) as session:
        if genuineness.TEMPORARY in work.hands:
            temporary = work.hands.secret(genuineness.TEMPORARY)
            pin.change_pin(session, temporary, work.hands.secret("pin"))
            work.hands.drop(genuineness.TEMPORARY)
        else:
            pin.set_pin(session, work.hands.secret("pin"))
    return [ev.PinSet(key=it.key, set=set_of(work.register, it.key).id)]


def try_wrong(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Type a PIN that is surely wrong: the right one with its digits turned by one."""
    digits = work.hands.secret("pin").expose_text()
    wrong = Secret.from_text("".join(str((int(digit) + 1) % 10) for digit in digits))
    with wrong, key_session(work, it.key) as session:
        try:
            pin.check_pin(session, wrong)
        except pin.WrongPinError as error:
            told = f"Wrong PIN on key {it.key}: {error.retries} attempts are left."
            work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=it.key))
            return [ev.PinChecked(key=it.key, right=False, retries=error.retries)]
    raise RefusedError(f"key {it.key} accepted a wrong PIN", mend="Do not use this key.")


def check(it: KeyPin, work: Work) -> Sequence[ev.Fact]:
    """Check the PIN on the key.

    Raises:
        PinError: The key does not take it.
        DeviceError: The key failed.
    """
    with key_session(work, it.key) as session:
        left = pin.check_pin(session, work.hands.secret("pin"))
    return [ev.PinChecked(key=it.key, right=True, retries=left.retries)]
