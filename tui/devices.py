"""All work at devices, each piece on a thread of its own; what came of it is posted.

The screens never wait for a key. A key that hangs keeps its own thread and nothing else; one that
is pulled out ends its work with an error that names it. At the end every wait is over at once.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Lock
from typing import Final

from textual.app import App
from textual.message import Message

from keyvault_kit.assembly import observe
from keyvault_kit.ceremonies.at_keys import counting
from keyvault_kit.ceremonies.recognition import SAME_KEY, recognise
from keyvault_kit.ceremonies.which_key import tag_of
from keyvault_kit.custody.events import Fact, FindingMade, PinChecked
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, InputError, KeyvaultError, RefusedError
from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.pin import check_pin
from keyvault_kit.keys.reading import Reading, read_one
from keyvault_kit.keys.selection import touched
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.keys.watch import Watch
from tui.desk import Desk
from tui.messages import (
    KeyBlinked,
    KeyKnown,
    KeyRead,
    KeysSeen,
    LedgerGrew,
    NotEntered,
    PinAnswered,
    TouchEnded,
)
from tui.typed import TypedPin

POLL_S: Final = 1 / 3
"""How often the bus is listed."""

THREADS: Final = 40
"""Keys at work at once, and a few more; threads are made when they are needed."""

_EXPECTED: Final = (DeviceError, RefusedError, InputError)


class Devices:
    """The keys of a desk, for an application.

    Args:
        app: Gets the messages, and keeps the workers.
        desk: Whose keys these are.
    """

    def __init__(self, app: App[None], desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._ending = Event()
        self._locks: dict[PluggedKey, Lock] = {}
        self._waits: set[Event] = set()

    def start(self) -> None:
        """Begin to watch the bus; called on the thread of the application."""
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="device")
        asyncio.get_running_loop().set_default_executor(threads)
        self._work("watch the keys", self._watch)

    def stop(self) -> None:
        """Let every wait end now."""
        self._ending.set()
        for wait in tuple(self._waits):
            wait.set()

    def read(self, key: PluggedKey) -> None:
        """Ask a key what it is; answered by `KeyRead`."""
        self._work("read a key", partial(self._read, key))

    def recognise(self, it: Reading, register: Register) -> None:
        """Ask a key which of the registered ones it is; answered by `KeyKnown`."""
        self._work("recognise a key", partial(self._recognise, it, register))

    def check_pin(self, it: Reading, typed: TypedPin, registered: SecurityKey | None) -> None:
        """Have a key judge a PIN, which is wiped then; answered by `PinAnswered`.

        Args:
            it: What the key said of itself.
            registered: What the register has of it: it must be that key, and what came of the PIN
                is entered, right or wrong.
        """
        self._work("check a PIN", partial(self._check_pin, it, typed, registered))

    def blink(self, key: PluggedKey) -> None:
        """Make a key blink; answered by `KeyBlinked`."""
        self._work("blink", partial(self._blink, key))

    def await_touch(self, keys: tuple[PluggedKey, ...]) -> Event:
        """Wait until one of the keys is touched; answered by `TouchEnded`.

        Returns:
            What ends the wait when it is set, and tells this wait from others.
        """
        wait = Event()
        self._waits.add(wait)
        self._work("wait for a touch", partial(self._await_touch, keys, wait))
        return wait

    # --- On threads of their own

    def _watch(self) -> None:
        watch = Watch(self._desk.bus)
        last: KeysSeen | None = None
        while not self._ending.is_set():
            now = self._look(watch, last.present if last else ())
            if last is None or (now.present, now.trouble) != (last.present, last.trouble):
                self._post(now)
            last = now
            self._ending.wait(POLL_S)

    def _look(self, watch: Watch, before: tuple[PluggedKey, ...]) -> KeysSeen:
        try:
            seen = watch.look()
        except DeviceError as error:
            return KeysSeen(before, str(error))
        for key in seen.gone:
            self._desk.guard.replugged(key)
        return KeysSeen(seen.present)

    def _read(self, key: PluggedKey) -> None:
        with self._alone(key):
            self._post(KeyRead(key, read_one(self._desk.bus, key, clock=self._clock)))

    def _recognise(self, it: Reading, register: Register) -> None:
        bus, key = self._desk.bus, it.plugged
        with self._locks[key]:
            try:
                tag = tag_of(bus, register, it, os.urandom)
            except DeviceError:
                return  # its row says what is wrong with it
        self._post(KeyKnown(key, tag))

    def _check_pin(self, it: Reading, typed: TypedPin, registered: SecurityKey | None) -> None:
        bus, guard, key = self._desk.bus, self._desk.guard, it.plugged
        with typed.pin, self._locks[key]:
            try:
                with open_session(bus, key, guard=guard, clock=self._clock) as session:
                    if registered:
                        self._demand_same(session, registered, it, typed.person)
                    tag = registered.id if registered else ""
                    with counting(session, partial(self._saw_pin, tag, typed.person)):
                        state = check_pin(session, typed.pin, override=typed.override)
            except _EXPECTED as error:
                self._post(PinAnswered(key, right=False, text=_plain(error)))
            else:
                self._post(PinAnswered(key, right=True, text=f"The PIN is right: {state}."))
        self._read(key)

    def _demand_same(
        self, session: KeySession, registered: SecurityKey, it: Reading, person: str
    ) -> None:
        """No PIN goes to a stranger: what the key shows without one is judged first."""
        fact = recognise(session, registered, it, os.urandom)
        if isinstance(fact, FindingMade):
            self._enter(person, fact)
            if fact.rule not in SAME_KEY:
                raise RefusedError(f"nothing was sent to this key: {fact.what}", mend=fact.mend)

    def _saw_pin(self, tag: str, person: str, retries: int | None, *, right: bool | None) -> None:
        if tag:
            self._enter(person, PinChecked(key=tag, right=right, retries=retries))

    def _enter(self, person: str, fact: Fact) -> None:
        """What was seen at a registered key goes into the ledger."""
        if self._desk.ledger is None:
            return
        try:
            observe(self._desk.ledger, (person,), [fact])
        except KeyvaultError as error:
            self._post(NotEntered(f"What was seen at a key was not entered. {error}"))
        else:
            self._post(LedgerGrew())

    def _blink(self, key: PluggedKey) -> None:
        with self._alone(key):
            try:
                with open_session(self._desk.bus, key, clock=self._clock) as session:
                    session.wink()
            except DeviceError as error:
                self._post(KeyBlinked(key, _plain(error)))
            else:
                self._post(KeyBlinked(key))

    def _await_touch(self, keys: tuple[PluggedKey, ...], wait: Event) -> None:
        try:
            key = touched(self._desk.bus, keys, on_waiting=_nothing, cancel=wait)
        except DeviceError as error:
            self._post(TouchEnded(wait, None, _plain(error)))
        else:
            self._post(TouchEnded(wait, key))
        finally:
            self._waits.discard(wait)

    def _alone(self, key: PluggedKey) -> Lock:
        """Held by whoever talks to the key: to another program's eyes we are one."""
        return self._locks.setdefault(key, Lock())

    def _clock(self) -> float:
        """Monotonic seconds; at the end of the application every deadline has passed."""
        return math.inf if self._ending.is_set() else time.monotonic()

    def _work(self, name: str, work: Callable[[], None]) -> None:
        self._app.run_worker(work, name=name, group="device", thread=True)

    def _post(self, message: Message) -> None:
        self._app.post_message(message)


def _plain(error: KeyvaultError) -> str:
    """What happened and what to do, on a line each."""
    what = f"{error.what[:1].upper()}{error.what[1:]}."
    return f"{what}\n{error.mend}" if error.mend else what


def _nothing() -> None:
    """The wait for a touch began: the dialog has said so already."""
