"""A new PIN for a key in service: the old one read, the new one put on the key (S32, S36).

The new PIN lies proven and sealed before the key gets it. Where a run ends while the key takes it,
nobody knows which PIN the key has: the new one is read again from its own mailer, and tried. Only
what the key has taken comes into force; else another one is drawn.
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
from keyvault_kit.custody.model import EnvelopeState, Purpose, SecretSet, SetState
from keyvault_kit.errors import RefusedError
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
REFUSED: Final = "key-pin"
"""The rule of the finding that a key has another PIN than it should."""

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
    if "pin" not in work.hands:
        return _find_out(tag, work)
    with _session(tag, work) as session:
        if not session.info.options.get("clientPin"):
            work.hands.take(OLD, NONE)
            return [ev.KeySeen(key=tag, why=NO_PIN)]
        _demand_unforced(tag, session)
        with _old_pin(tag, envelope, work) as old:
            checked = _checked_old(tag, envelope, session, old, work)
            work.hands.take(OLD, Secret(old.expose()))
    return [checked]


def _find_out(tag: str, work: Work) -> Sequence[ev.Fact]:
    """Have the new PIN read again and tried, where the run before may have ended at the change.

    Raises:
        GoBack: The key never got it, or does not take it.
        InputError, MismatchError: Its mailer cannot be read, or is another one.
    """
    made = key_pin.set_of(work.register, tag)
    if not key_pin.may_have(work.station.book, made):
        raise GoBack(_LOST)
    with _session(tag, work) as session:
        if not session.info.options.get("clientPin"):
            raise GoBack(_LOST)
        with _new_pin(tag, work) as new:
            try:
                checked = _checked(tag, session, new, work)
            except pin.WrongPinError:
                _note_strange(tag, made, work)
                raise GoBack(_LOST) from None
    work.hands.take(OLD, CHANGED)
    told = f"Key {tag} has the new PIN: the run before ended just after that."
    work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=tag))
    return [checked]


@contextmanager
def _new_pin(tag: str, work: Work) -> Iterator[Secret]:
    """The new PIN from its mailer, out of its bag: it goes into a new one when it is deposited."""
    mailer = work.register.envelopes[key_pin.mailer_of(work.register, tag)]
    if mailer.state is not EnvelopeState.OPENED:
        told = f"Take the new PIN mailer, envelope {mailer.id}, out of its bag: it is tried."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=mailer.id))
        work.observe(handling.open_envelope(work, mailer.id, WHY))
    work.lay_open(mailer.set or "", 1)
    with reading_back.salted(work, "pin", mailer, _ANOTHER_WAY) as new:
        yield new


def _note_strange(tag: str, made: SecretSet, work: Work) -> None:
    """A key that had no PIN, and did not take ours, has one that somebody else gave it."""
    if ev.KeySeen(key=tag, why=NO_PIN) in key_pin.told_since(work.station.book, made):
        _note_refused(
            tag, f"key {tag} had no PIN before this ceremony, and has one that is not ours", work
        )


def _note_refused(tag: str, what: str, work: Work) -> None:
    finding = ev.FindingMade(
        rule=REFUSED,
        subject=tag,
        what=what,
        mend="Find out who gave it another one. Who knows that types it; else reset the key: 'keys"
        " reset'.",
    )
    if all((it.rule, it.what) != (REFUSED, what) for it in work.register.open_findings()):
        work.observe(finding)


def _checked_old(
    tag: str, envelope: str, session: KeySession, old: Secret, work: Work
) -> ev.PinChecked:
    """Try the old PIN; that of its proven mailer is no slip of anybody.

    Raises:
        WrongPinError: It is wrong.
    """
    try:
        return _checked(tag, session, old, work)
    except pin.WrongPinError:
        if _on_paper(tag, envelope, work):
            _note_refused(tag, f"key {tag} does not take the PIN of envelope {envelope}", work)
        raise


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
def _old_pin(tag: str, envelope: str, work: Work) -> Iterator[Secret]:
    """The old PIN: from its mailer, which proves it; or typed by who knows it.

    Raises:
        InputError: The mailer cannot be read.
        MismatchError: The mailer is not the one that was printed.
    """
    if _on_paper(tag, envelope, work):
        with reading_back.salted(
            work, "pin", work.register.envelopes[envelope], _ANOTHER_WAY
        ) as old:
            yield old
        return
    knows = work.register.keys[tag].unrecorded
    person = knows.by[0] if knows else work.step.by[0]
    text = f"{person}: type the PIN that key {tag} has until now"
    prompt = Prompt(topic=Topic.KEY_PIN, text=text, person=person, subject=tag)
    with work.interaction.ask_pin(prompt) as old:
        yield old


def _on_paper(tag: str, envelope: str, work: Work) -> bool:
    """Whether the old mailer is at hand, and its PIN is that of the key by the register."""
    its = work.register.envelopes.get(envelope)
    in_force = its and its.set == work.register.keys[tag].pin_set
    return bool(its and in_force and its.state is EnvelopeState.OPENED)


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
