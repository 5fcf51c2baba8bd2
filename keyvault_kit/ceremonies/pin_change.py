"""A new PIN for a key in service: the old one read, the new one put on the key (S32, S36).

The new PIN lies proven and sealed before the key gets it. Where a run ends while the key takes it,
the key has one of two PINs, and which is found out by the old one: it was right in this ceremony,
so that if it is wrong now, the key has the new one. That costs one attempt, and no more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from keyvault_kit.ceremonies import destroying, handling, key_pin, reading_back, secret_sheets
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_pin import PIN_LENGTH
from keyvault_kit.ceremonies.plan import GoBack, Work
from keyvault_kit.ceremonies.recognition import SAME_KEY, recognise
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import EnvelopeState, Purpose, SetState
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.keys import pin
from keyvault_kit.keys.reading import read
from keyvault_kit.keys.session import KeySession
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import SALT_SIZE

OLD: Final = "old PIN"
"""What the hands call the PIN that the key has; or one of the two words below in its place."""
NONE: Final = "none"
CHANGED: Final = "changed"

WHY: Final = "new PIN"
"""Why key and mailer are taken out of their bags."""
NO_PIN: Final = "it has no PIN"
"""How a key is entered that gets its first PIN here."""

_SENT: Final = "sent"
"""In the hands once a change was sent to the key in this run: it may have been taken."""
_LOST: Final = "the new PIN was lost before it was on the key"


# --- The key, and its old mailer


@contextmanager
def _session(tag: str, work: Work) -> Iterator[KeySession]:
    """A session with the very key: no PIN is sent to another (rule of conduct).

    Raises:
        RefusedError: It is another key, or was reset; the finding was entered.
        DeviceError: It is not there, or it failed.
    """
    with key_session(work, tag) as session:
        _demand_same(tag, session, work)
        yield session


def _demand_same(tag: str, session: KeySession, work: Work) -> ev.Fact:
    key, random = work.register.keys[tag], work.station.random
    fact = recognise(session, key, read(session), random)
    if isinstance(fact, ev.FindingMade) and fact.rule not in SAME_KEY:
        work.observe(fact)
        raise RefusedError(f"nothing was sent to this key: {fact.what}", mend=fact.mend)
    return fact


def challenge(tag: str, work: Work) -> Sequence[ev.Fact]:
    """Challenge the key before anything is made for it.

    Raises:
        RefusedError: It is another key, or was reset; the finding was entered.
        DeviceError: It is not there, or it failed.
    """
    with key_session(work, tag) as session:
        return [_demand_same(tag, session, work)]


def open_mailer(envelope: str, work: Work) -> Sequence[ev.Fact]:
    """Take the old mailer out of its bag; one that is not there is a finding."""
    its = work.register.envelopes[envelope]
    if its.state is EnvelopeState.OPENED:
        return []
    if not destroying.shown(work, its):
        return [destroying.missing(its)]
    opened = handling.open_envelope(work, envelope, WHY)
    seen = (
        ev.SecretExposed(person=person, set=its.set or "", number=its.number)
        for person in work.step.by
    )
    return [opened, *seen]


# --- The new PIN


def make(tag: str, work: Work) -> Sequence[ev.Fact]:
    """Draw the new PIN, and hold it.

    Raises:
        DeviceError: The key failed.
    """
    with key_session(work, tag) as session:
        reading = read(session)
    length = max(PIN_LENGTH, reading.min_pin_length)
    work.hands.take("pin", pin.generate_pin(work.station.random, length, serial=reading.serial))
    work.hands.take("salt", Secret(work.station.random(SALT_SIZE)))
    made = ev.SetMade(
        set=handling.next_id(f"{tag}-pin", work.register.sets),
        purpose=Purpose.PIN,
        subject=tag,
        threshold=1,
        count=1,
        ceremony=work.ceremony,
    )
    return [made]


def give_up(tag: str, work: Work) -> Sequence[ev.Fact]:
    """The new PIN is lost, and the key never had it: destroy its mailer, void its set."""
    lost = key_pin.set_of(work.register, tag)
    if lost.state is not SetState.MADE:
        return []
    live = secret_sheets.shred_set(work, lost)
    spoiled = (ev.EnvelopeSpoiled(envelope=it.id, why=_LOST) for it in live)
    return [*spoiled, ev.SetVoided(set=lost.id, why=_LOST)]


# --- From the old to the new


def read_old(tag: str, envelope: str, work: Work) -> Sequence[ev.Fact]:
    """Have the PIN that the key has read, and see that the key takes it.

    Args:
        envelope: That of the old mailer; empty where there is none, and somebody types the PIN.

    Raises:
        GoBack: The new PIN was lost, and the key does not have it.
        WrongPinError: It is another PIN; says how many attempts are left.
        RefusedError: No PIN is sent to this key, or no attempt to be spent is left.
        DeviceError: The key failed.
    """
    before = _found_before(tag, work)
    if "pin" not in work.hands:
        if not before:
            raise GoBack(_LOST)
        return _find_out(tag, envelope, before, work)
    with _session(tag, work) as session:
        if not session.info.options.get("clientPin"):
            work.hands.take(OLD, NONE)
            return [ev.KeySeen(key=tag, why=NO_PIN)]
        _demand_unforced(tag, session)
        with _old_pin(tag, envelope, work) as old:
            checked = _checked(tag, session, old, work)
            work.hands.take(OLD, Secret(old.expose()))
    return [checked]


def _found_before(tag: str, work: Work) -> str:
    """What was found of the old PIN since the newest set was made; empty for nothing yet."""
    started, found = work.register.ceremonies[work.ceremony].started, ""
    for fact in (decode(body).fact for body in work.station.book.ledger.bodies(started)):
        match fact:
            case ev.SetMade(purpose=Purpose.PIN, subject=subject) if subject == tag:
                found = ""
            case ev.PinChecked(key=key, right=True) if key == tag:
                found = OLD
            case ev.KeySeen(key=key, why=why) if (key, why) == (tag, NO_PIN):
                found = NONE
    return found


def _find_out(tag: str, envelope: str, before: str, work: Work) -> Sequence[ev.Fact]:
    """Which PIN the key has, where the run before may have ended while it was changed.

    Raises:
        GoBack: It has the old one still, and the new one is lost.
    """
    with _session(tag, work) as session:
        has_pin = session.info.options.get("clientPin")
        if before == NONE and not has_pin:
            raise GoBack(_LOST)
        if before == OLD:
            with _old_pin(tag, envelope, work, twice=True) as old:
                _demand_wrong(tag, session, old, work)
    work.hands.take(OLD, CHANGED)
    told = f"Key {tag} has the new PIN, which lies sealed: the run before ended just after that."
    work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=tag))
    return []


def _demand_wrong(tag: str, session: KeySession, old: Secret, work: Work) -> None:
    """Try the old PIN, which was right in this ceremony.

    Raises:
        GoBack: It is right still.
    """
    try:
        _checked(tag, session, old, work)
    except pin.WrongPinError:
        return
    raise GoBack(_LOST)


def _checked(tag: str, session: KeySession, secret: Secret, work: Work) -> ev.PinChecked:
    """Send a PIN; a wrong one is entered at once.

    Raises:
        WrongPinError: It is wrong.
    """
    try:
        left = pin.check_pin(session, secret)
    except pin.WrongPinError as error:
        work.observe(ev.PinChecked(key=tag, right=False, retries=error.retries))
        raise
    return ev.PinChecked(key=tag, right=True, retries=left.retries)


def _demand_unforced(tag: str, session: KeySession) -> None:
    if session.info.force_pin_change:
        raise RefusedError(
            f"key {tag} wants another PIN before it takes even the right one",
            mend="Change it by hand first ('keys change-pin'); then begin this step again.",
        )


@contextmanager
def _old_pin(tag: str, envelope: str, work: Work, *, twice: bool = False) -> Iterator[Secret]:
    """The old PIN: from its mailer, which proves it; or typed by who knows it.

    Args:
        twice: Whether it is typed twice, for a slip would be taken for something else.

    Raises:
        InputError: The mailer cannot be read, or the two differ.
        MismatchError: The mailer is not the one that was printed.
    """
    its = work.register.envelopes.get(envelope)
    if its and its.state is EnvelopeState.OPENED:
        with reading_back.salted(work, "pin", its, _ANOTHER_WAY) as old:
            yield old
        return
    knows = work.register.keys[tag].unrecorded
    person = knows.by[0] if knows else work.step.by[0]

    def asked(text: str) -> Secret:
        prompt = Prompt(topic=Topic.KEY_PIN, text=f"{person}: {text}", person=person, subject=tag)
        return work.interaction.ask_pin(prompt)

    with asked(f"type the PIN that key {tag} has until now") as old:
        if twice:
            with asked("the same PIN again") as again:
                if again != old:
                    raise InputError("the two PINs differ", mend="Begin the step again.")
        yield old


_ANOTHER_WAY: Final = (
    "Scan it again, or type it. Without its PIN, a key is reset and enrolled anew: 'keys reset'."
)


def change(tag: str, work: Work) -> Sequence[ev.Fact]:
    """Put the new PIN on the key, and see that the key takes it: it is in force from now on.

    Raises:
        DeviceError: The key failed, or refuses it; it may have it all the same, and the next try
            looks first.
    """
    facts: list[ev.Fact] = [ev.PinSet(key=tag, set=key_pin.set_of(work.register, tag).id)]
    if not _is_changed(work):
        new = work.hands.secret("pin")
        with _session(tag, work) as session:
            if not (_SENT in work.hands and _has(tag, session, new, work)):
                _put(session, new, work)
            facts.append(_checked(tag, session, new, work))
    for name in (*key_pin.SECRETS, OLD, _SENT):
        work.hands.drop(name)
    return facts


def _is_changed(work: Work) -> bool:
    return "pin" not in work.hands and work.hands.thing(OLD, str) == CHANGED


def _has(tag: str, session: KeySession, new: Secret, work: Work) -> bool:
    """Whether the key took the new PIN although it failed after that."""
    if not session.info.options.get("clientPin"):
        return False
    try:
        _checked(tag, session, new, work)
    except pin.WrongPinError:
        return False
    return True


def _put(session: KeySession, new: Secret, work: Work) -> None:
    work.hands.take(_SENT, "")
    if session.info.options.get("clientPin"):
        pin.change_pin(session, work.hands.secret(OLD), new)
    else:
        pin.set_pin(session, new)
