"""Work on one key, named first: PIN, credentials, proof, reset. A ledger is no part of it.

What was seen is handed out at once, as observations under the key's tag: where there is a ledger
they are entered, and every wrong PIN among them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from keyvault_kit.ceremonies.handling import demand_words
from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.recognition import (
    SAME_KEY,
    Credential,
    credentials_of,
    finding,
    recognise,
    signs,
)
from keyvault_kit.ceremonies.station import Anchors, Station
from keyvault_kit.ceremonies.which_key import Finder, Named
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import roles_of
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, InputError, RefusedError
from keyvault_kit.keys.failures import (
    GarbledReplyError,
    UnreachableKeyError,
)
from keyvault_kit.keys.guard import OVERRIDE_WORDS, PinGuard, SawPin
from keyvault_kit.keys.hid import HidBus, PluggedKey, plugged
from keyvault_kit.keys.reading import Reading, Unreadable, read_one
from keyvault_kit.keys.relying_party import RP_ID, throw_away
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.secret import Secret

REPLUG_LIMIT_S: Final = 60.0
_POLL_S: Final = 0.1

Observe = Callable[[ev.Fact], None]


def unseen(fact: ev.Fact) -> None:
    """There is no ledger that would take it."""


@contextmanager
def counting(session: KeySession, saw: SawPin) -> Iterator[None]:
    """Every PIN that is sent within the block is told of; one that the guard held back was not."""
    session.saw_pin = saw
    try:
        yield
    finally:
        session.saw_pin = None


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What work on keys takes.

    Attributes:
        bus: Where keys are plugged in.
        guard: Stands before every PIN.
        random: That many random bytes.
        now: The time, aware, UTC.
        people: Who is asked, and told.
        anchors: What attestations are judged by.
        register: What is known of keys; an empty one where there is no ledger.
        observe: Takes what was seen of a registered key.
        person: Who works on it; empty where nobody is named.
        sleep: Waits that many seconds.
    """

    bus: HidBus
    guard: PinGuard
    random: Callable[[int], bytes]
    now: Callable[[], datetime]
    people: Interaction
    anchors: Callable[[], Anchors]
    register: Register = field(default_factory=Register)
    observe: Observe = unseen
    person: str = ""
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, station: Station, people: Interaction, person: str, observe: Observe) -> Self:
        """The desk of a station.

        Args:
            people: Who is asked, and told.
            person: Who works on the key.
            observe: Takes what was seen.
        """
        return cls(
            bus=station.bus,
            guard=station.guard,
            random=station.random,
            now=station.clock,
            people=people,
            anchors=station.anchors,
            register=station.book.register,
            observe=observe,
            person=person,
        )

    @property
    def finder(self) -> Finder:
        """Finds the key that somebody named."""
        return Finder(self.bus, self.register, self.random, self.people, self.person)

    def find(self, named: Named) -> "AtKey":
        """The key, read, with its tag where it is registered.

        Raises:
            RefusedError: The register has no such tag, or two keys claim one serial number.
            DeviceError: No plugged-in key fits.
        """
        reading = self.finder.find(named)
        return AtKey(self, reading, named.tag or self.finder.tag_of(reading))


@dataclass(frozen=True, slots=True)
class AtKey:
    """One key that was found, and what may be done to it.

    Attributes:
        reading: What it said of itself.
        tag: Its asset tag; empty for a key that is not registered.
    """

    desk: KeyDesk
    reading: Reading
    tag: str

    @property
    def name(self) -> str:
        """The key for people."""
        return f"key {self.tag}" if self.tag else self.reading.plugged.name

    def saw(self, make: Callable[[str], ev.Fact]) -> None:
        """Hand out an observation about the key, if it is registered.

        Args:
            make: From the tag to the fact.
        """
        if self.tag:
            self.desk.observe(make(self.tag))

    def unregistered(self) -> "AtKey":
        """The same key, of which nothing is entered: what it claims to be, it is not."""
        return AtKey(self.desk, self.reading, "")

    def prompt(self, topic: Topic, text: str) -> Prompt:
        """A prompt about this key, for the person who works on it."""
        return Prompt(topic=topic, text=text, person=self.desk.person, subject=self.tag)

    @contextmanager
    def session(self) -> Iterator[KeySession]:
        """A session with the key; a touch that it wants is said."""
        touch = self.prompt(Topic.TOUCH, f"Touch {self.name}, which blinks")
        with open_session(
            self.desk.bus,
            self.reading.plugged,
            on_touch=lambda: self.desk.people.touch(touch),
            guard=self.desk.guard,
            name=self.name,
        ) as session:
            yield session

    # --- The very key

    def demand_same(self, session: KeySession, *, writes: bool = False) -> None:
        """Check, before a PIN is typed for it, that a registered key is the registered one.

        A key that signs with its PIN only is known by its serial number alone, and that is said.

        Args:
            writes: Whether something at the key is about to change.

        Raises:
            RefusedError: It is another key, or was reset; the finding was entered. Or who works on
                it is neither custodian nor officer.
            DeviceError: The key failed.
        """
        key = self.desk.register.keys.get(self.tag)
        if key is None:
            return
        if writes:
            self._demand_role()
        fact = recognise(session, key, self.reading, self.desk.random)
        if isinstance(fact, ev.KeySeen):
            told = f"{self.name}: {fact.why}, so that it is known by its serial number alone."
            self.desk.people.show(self.prompt(Topic.NOTE, told[:1].upper() + told[1:]))
        elif isinstance(fact, ev.FindingMade):
            self.desk.observe(fact)
            if fact.rule not in SAME_KEY:
                raise RefusedError(f"nothing was sent to this key: {fact.what}", mend=fact.mend)

    def _demand_role(self) -> None:
        roles = roles_of(self.desk.register, self.desk.person)
        if not set(roles) & {Role.CUSTODIAN, Role.OFFICER}:
            raise RefusedError(
                f"{self.desk.person} is {' and '.join(roles)}: custodians and officers change keys",
                mend="Have one of them do it.",
            )

    # --- PINs

    @contextmanager
    def pin(self, session: KeySession) -> Iterator[Secret]:
        """Its PIN, typed; before that the words that go below the guard's floor, where it is so.

        Raises:
            PinError: There is no PIN, or it is blocked.
            RefusedError: One of the last attempts would be spent, and the words were not typed.
        """
        state = session.pin_state()
        self.desk.guard.check(self.reading.plugged, state, OVERRIDE_WORDS)
        if self.desk.guard.wants_words(state):
            demand_words(
                self.desk.people,
                Topic.OVERRULE,
                f"A wrong PIN now is one of the last for {self.name} ({state})",
                OVERRIDE_WORDS,
                person=self.desk.person,
            )
            session.override = OVERRIDE_WORDS
        told = self.prompt(Topic.KEY_PIN, f"The PIN of {self.name} ({state})")
        with self.desk.people.ask_pin(told) as secret:
            yield secret

    def new_pin(self) -> Secret:
        """A new PIN, typed twice.

        Raises:
            InputError: The two differ.
        """
        ask = self.desk.people.ask_pin
        chosen = ask(self.prompt(Topic.NEW_PIN, f"A new PIN for {self.name}"))
        return self.again(chosen, "The same PIN again", "the two PINs differ")

    def again(self, chosen: Secret, text: str, otherwise: str) -> Secret:
        """A new PIN that is typed once more; it is wiped unless it is the same.

        Raises:
            InputError: It is another one.
        """
        with ExitStack() as unless_same:
            unless_same.callback(chosen.wipe)
            with self.desk.people.ask_pin(self.prompt(Topic.NEW_PIN, text)) as typed:
                is_same = typed == chosen
            if is_same:
                unless_same.pop_all()
                return chosen
        raise InputError(otherwise, mend="Begin again.")

    @contextmanager
    def counted(self, session: KeySession) -> Iterator[None]:
        """Whether a PIN that is sent within the block was right is an observation."""

        def saw(retries: int | None, *, right: bool | None) -> None:
            self.saw(lambda tag: ev.PinChecked(key=tag, right=right, retries=retries))

        with counting(session, saw):
            yield

    @contextmanager
    def in_doubt(self, what: str, mend: str) -> Iterator[None]:
        """Something at the key changes within the block; if that is broken off, it is a finding.

        Args:
            what: What may have happened to the key, to follow 'it'.
            mend: How to find out.
        """
        try:
            yield
        except (UnreachableKeyError, GarbledReplyError, KeyboardInterrupt):
            told = f"did not answer to the end: it {what}, or it did not come to that"
            self.saw(lambda tag: finding("key-doubt", tag, f"key {tag} {told}", mend=mend))
            raise

    def demand_out_of_custody(self, what: str, words: str) -> None:
        """Have exact words typed where the register counts on what is about to change.

        Raises:
            DeclinedError: They were not.
        """
        key = self.desk.register.keys.get(self.tag)
        if key and key.pin_set:
            demand_words(self.desk.people, Topic.CHANGE, what, words, person=self.desk.person)

    # --- The same key again

    def replugged(self) -> "AtKey":
        """Have the key unplugged and plugged in again; it must be the same one that comes back.

        What a key says of itself must be the same, and where it can sign without its PIN, the
        private key as well: a serial number is a claim, and some keys have none.

        Raises:
            DeviceError: It was not unplugged, did not come back in time, or could not be read.
            RefusedError: The key that came back is another one.
        """
        mark = self._mark()
        people, before = self.desk.people, set(plugged(self.desk.bus))
        people.wait_for_key(self.prompt(Topic.RESET, f"Unplug {self.name}"))
        people.show(self.prompt(Topic.NOTE, f"Now plug {self.name} in again"))
        for _ in range(round(REPLUG_LIMIT_S / _POLL_S)):
            present = set(plugged(self.desk.bus))
            arrived = present - before
            before &= present  # what was pulled out may come back on the same path
            if arrived and self.reading.plugged not in before:
                return self._same(arrived, mark)
            self.desk.sleep(_POLL_S)
        raise DeviceError(
            f"{self.name} was not unplugged and plugged in again in time",
            mend="Nothing was done. Begin again.",
        )

    def _mark(self) -> Credential | None:
        """A credential that the key signs with, without its PIN: registered, or made for this."""
        key = self.desk.register.keys.get(self.tag)
        with self.session() as session:
            for it in credentials_of(key) if key else ():
                if signs(session, it, self.desk.random):
                    return it
            if session.makes_only_with_pin:
                return None
            made = session.make_credential(throw_away(self.desk.random), pin=None)
            mine = Credential(RP_ID, made.credential_id, made.public_key)
            return mine if signs(session, mine, self.desk.random) else None

    def _same(self, arrived: set[PluggedKey], mark: Credential | None) -> "AtKey":
        if len(arrived) > 1:
            raise DeviceError("several keys were plugged in", mend="Plug in one alone.")
        again = read_one(self.desk.bus, arrived.pop())
        if isinstance(again, Unreadable):
            raise DeviceError(again.error)
        self.desk.guard.replugged(again.plugged)
        it = AtKey(self.desk, again, self.tag)
        if _looks(again) != _looks(self.reading) or not it._signs_as(mark):
            raise RefusedError(
                f"another key came back in the place of {self.name}: {again.plugged.name}",
                mend="Nothing was done. Begin again with the right key.",
            )
        return it

    def _signs_as(self, mark: Credential | None) -> bool:
        if mark is None:
            return True
        with self.session() as session:
            return signs(session, mark, self.desk.random)


def _looks(reading: Reading) -> tuple[object, ...]:
    """What a key must say of itself to pass for the same one."""
    return reading.serial, reading.aaguid, reading.firmware, reading.usb_serial, reading.pin_set
