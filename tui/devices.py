"""All work at devices, each piece on a thread of its own; what came of it is posted.

The screens never wait for a key. A key that hangs keeps its own thread and nothing else; one that
is pulled out ends its work with an error that names it. At the end every wait is over at once.
"""

import asyncio
import math
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
from keyvault_kit.custody.events import PinChecked
from keyvault_kit.errors import DeviceError, InputError, KeyvaultError, RefusedError
from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.pin import check_pin
from keyvault_kit.keys.reading import read_one
from keyvault_kit.keys.selection import touched
from keyvault_kit.keys.session import open_session
from keyvault_kit.keys.watch import Watch
from tui.desk import Desk
from tui.messages import (
    KeyBlinked,
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

    def check_pin(self, key: PluggedKey, typed: TypedPin, tag: str = "") -> None:
        """Have a key judge a PIN, which is wiped then; answered by `PinAnswered`.

        Args:
            tag: The asset tag of a registered key: what came of it is entered, right or wrong.
        """
        self._work("check a PIN", partial(self._check_pin, key, typed, tag))

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

    def _check_pin(self, key: PluggedKey, typed: TypedPin, tag: str) -> None:
        guard, bus = self._desk.guard, self._desk.bus
        with typed.pin, self._locks[key]:
            try:
                with (
                    open_session(bus, key, guard=guard, clock=self._clock) as session,
                    counting(session, partial(self._enter, tag, typed.person)),
                ):
                    state = check_pin(session, typed.pin, override=typed.override)
            except _EXPECTED as error:
                self._post(PinAnswered(key, right=False, text=_plain(error)))
            else:
                self._post(PinAnswered(key, right=True, text=f"The PIN is right: {state}."))
        self._read(key)

    def _enter(self, tag: str, person: str, retries: int | None, *, right: bool) -> None:
        """What became of the PIN of a registered key goes into the ledger."""
        if tag and self._desk.ledger:
            fact = PinChecked(key=tag, right=right, retries=retries)
            try:
                observe(self._desk.ledger, person, [fact])
            except KeyvaultError as error:
                self._post(NotEntered(f"The attempt on key {tag} was not entered. {error}"))
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
