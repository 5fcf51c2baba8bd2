"""Which of the plugged-in keys is it? Known before anything is written to one.

A key is named by the tag that the register has for it, by the serial number typed from its label,
or by a touch. A serial number is a claim: a key that has none, or whose number two keys claim, is
found by what only its private key can do.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.recognition import holds
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import DeviceError, InputError, RefusedError
from keyvault_kit.keys.hid import HidBus, PluggedKey, plugged
from keyvault_kit.keys.reading import Reading, Unreadable, read_all, read_one
from keyvault_kit.keys.selection import touched
from keyvault_kit.keys.session import KeySession, open_session

_SERIAL: Final = "[0-9]{1,15}"
ANOTHER: Final = "Plug it in, or look at the number on its label again."


class TwinKeysError(RefusedError):
    """Two keys claim one serial number: one of them is a stranger."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody names a key; one of the three.

    Attributes:
        tag: The asset tag under which it is registered.
        serial: The serial number on its label.
        touch: It is the one that is touched next.
    """

    tag: str = ""
    serial: int | None = None
    touch: bool = False

    def __str__(self) -> str:
        if self.tag:
            return f"key {self.tag}"
        return "the key that is touched" if self.touch else f"the key with number {self.serial}"


class Finder:
    """Finds keys on a bus.

    Args:
        bus: Where keys are plugged in.
        register: What is known of them; an empty one knows none.
        random: For challenges.
        interaction: The people; they plug in what is not there yet.
        person: Who is asked.
    """

    def __init__(
        self,
        bus: HidBus,
        register: Register,
        random: Callable[[int], bytes],
        interaction: Interaction,
        person: str = "",
    ) -> None:
        self._bus = bus
        self._register = register
        self._random = random
        self._interaction = interaction
        self._person = person

    def find(self, named: Named) -> Reading:
        """The key, read.

        Raises:
            RefusedError: The register has no such tag.
            TwinKeysError: Several keys claim the serial number.
            DeviceError: No plugged-in key fits, or the one that does cannot be read.
        """
        if named.touch:
            return self._touched(plugged(self._bus))
        if named.tag:
            return self._registered(known(self._register.keys, named.tag, "key"))
        if named.serial is None:
            raise InputError("no key is named", mend="Name it by tag, serial number or touch.")
        tag = self._register.serials.get(named.serial)
        if tag:
            return self._registered(self._register.keys[tag])
        return only(self._with_serial(named.serial), named.serial, "")

    def tag_of(self, reading: Reading) -> str:
        """The tag under which a key is registered; empty for a stranger.

        By its serial number or, where it has none, by a credential that only it holds.

        Raises:
            DeviceError: The key failed when it was asked for that.
        """
        return tag_of(self._bus, self._register, reading, self._random)

    def _registered(self, key: SecurityKey) -> Reading:
        fitting = self._fitting(key)
        if not fitting:
            text = f"Plug in key {key.id}"
            prompt = Prompt(topic=Topic.PLUG, text=text, person=self._person, subject=key.id)
            self._interaction.wait_for_key(prompt)
            fitting = self._fitting(key)
        if key.serial is not None:
            return only(fitting, key.serial, key.id)
        if not fitting:
            raise DeviceError(f"no plugged-in key is like key {key.id}", mend="Plug it in.")
        answering = self._holding(fitting, key)
        return answering or self._touched([it.plugged for it in fitting])

    def _fitting(self, key: SecurityKey) -> list[Reading]:
        if key.serial is not None:
            return self._with_serial(key.serial)
        return [it for it in self._read() if _looks_like(it, key)]

    def _holding(self, fitting: Sequence[Reading], key: SecurityKey) -> Reading | None:
        """The one that holds a registered credential; one that fails spoils nothing."""
        for it in fitting:
            with suppress(DeviceError):
                if self._holds(it, key):
                    return it
        return None

    def _holds(self, reading: Reading, key: SecurityKey) -> bool:
        with open_session(self._bus, reading.plugged) as session:
            return holds(session, key, self._random)

    def _with_serial(self, serial: int) -> list[Reading]:
        return [it for it in self._read() if it.serial == serial]

    def _read(self) -> list[Reading]:
        return [it for it in read_all(self._bus) if isinstance(it, Reading)]

    def _touched(self, among: Sequence[PluggedKey]) -> Reading:
        prompt = Prompt(
            topic=Topic.TOUCH, text="Touch the key that is meant; all of them blink", person=""
        )
        chosen = touched(self._bus, among, on_waiting=lambda: self._interaction.touch(prompt))
        read = read_one(self._bus, chosen)
        if isinstance(read, Unreadable):
            raise DeviceError(read.error)
        return read


def tag_of(
    bus: HidBus, register: Register, reading: Reading, random: Callable[[int], bytes]
) -> str:
    """The tag under which a key is registered; empty for a stranger.

    By the serial number that it claims or, where it tells none, by a credential that only it holds.

    Raises:
        DeviceError: The key failed when it was asked for that.
    """
    if reading.serial is not None:
        return register.serials.get(reading.serial, "")
    like = [it for it in register.keys.values() if _looks_like(reading, it)]
    if not like:
        return ""
    with open_session(bus, reading.plugged) as session:
        return next((it.id for it in like if holds(session, it, random)), "")


def _looks_like(reading: Reading, key: SecurityKey) -> bool:
    """Whether a key that tells no serial number could be a registered one."""
    return reading.serial is None and reading.aaguid == key.aaguid and key.retired is None


def only(fitting: Sequence[Reading], serial: int, tag: str) -> Reading:
    """The one key that has a serial number.

    Raises:
        DeviceError: None has it.
        TwinKeysError: Several claim it.
    """
    of_key = f" of key {tag}" if tag else ""
    if not fitting:
        raise DeviceError(f"no plugged-in key has the serial number {serial}{of_key}", mend=ANOTHER)
    if len(fitting) > 1:
        raise TwinKeysError(
            f"{len(fitting)} plugged-in keys claim the serial number {serial}{of_key}",
            mend="One of them is a stranger: plug in one at a time.",
        )
    return fitting[0]


# --- In ceremonies


def find_key(work: Work, tag: str) -> PluggedKey:
    """The plugged-in key that is, or claims to be, the one with this tag.

    By the serial number that the register has or, for a key that is new, that is typed from its
    label; a key without one blinks, and a person says whether it is the one. Where none fits, it is
    asked for.

    Raises:
        DeviceError: No plugged-in key fits.
        TwinKeysError: Several claim the same serial number.
    """
    registered, person = work.register.keys.get(tag), work.step.by[0]
    serial = registered.serial if registered else ask_serial(work.interaction, person, tag)
    fitting = _with_number(work, serial)
    if registered and not fitting:
        text = f"Plug in key {tag}"
        prompt = Prompt(topic=Topic.PLUG, text=text, person=person, subject=tag)
        work.interaction.wait_for_key(prompt)
        fitting = _with_number(work, serial)
    return _blinking(work, tag, fitting) if serial is None else only(fitting, serial, tag).plugged


def _with_number(work: Work, serial: int | None) -> list[Reading]:
    readings = (it for it in read_all(work.station.bus) if isinstance(it, Reading))
    return [it for it in readings if it.serial == serial]


def ask_serial(people: Interaction, person: str, tag: str) -> int | None:
    """The serial number on a key's label, typed by a person; None where it has none.

    Raises:
        InputError: What was typed is none.
    """
    text = f"Type the serial number on the label of key {tag}; nothing if it has none"
    prompt = Prompt(topic=Topic.SERIAL, text=text, person=person, subject=tag)
    answer = people.ask(prompt).strip()
    return _serial_number(answer) if answer else None


def _serial_number(typed: str) -> int:
    if not re.fullmatch(_SERIAL, typed):
        raise InputError(f"{typed[:20]!r} is no serial number", mend="Type the digits alone.")
    return int(typed)


def _blinking(work: Work, tag: str, candidates: Sequence[Reading]) -> PluggedKey:
    for reading in candidates:
        with open_session(work.station.bus, reading.plugged) as session:
            session.wink()
        text = f"A key blinks. Is it the one with tag {tag}?"
        prompt = Prompt(topic=Topic.BLINKING, text=text, person=work.step.by[0], subject=tag)
        if work.interaction.confirm(prompt):
            return reading.plugged
    raise DeviceError(
        f"key {tag} is not among the plugged-in keys without a serial number",
        mend="Plug it in and begin the step again.",
    )


@contextmanager
def key_session(work: Work, tag: str) -> Iterator[KeySession]:
    """A session with the key of this tag; its holder is told when it wants a touch."""
    text = f"Touch key {tag}, which blinks"
    prompt = Prompt(topic=Topic.TOUCH, text=text, person=work.step.by[0], subject=tag)

    def on_touch() -> None:
        work.interaction.touch(prompt)

    bus, guard = work.station.bus, work.station.guard
    with open_session(bus, find_key(work, tag), on_touch=on_touch, guard=guard) as session:
        yield session
