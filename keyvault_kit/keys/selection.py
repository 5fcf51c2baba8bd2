"""Which of several keys is it? The one that is touched (CTAP 2.1, 6.9)."""

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.failures import CancelledAtKeyError, TouchTimeoutError
from keyvault_kit.keys.hid import Clock, HidBus, PluggedKey
from keyvault_kit.keys.session import TOUCH_LIMIT_S, open_session

_LONGEST_S: Final = TOUCH_LIMIT_S + 30
_LETTING_GO_S: Final = 1.0
"""How long the others have to stop blinking; one that hangs delays nobody for longer."""

_Outcome = tuple[PluggedKey, DeviceError | None]


def touched(
    bus: HidBus,
    keys: Sequence[PluggedKey],
    *,
    on_waiting: Callable[[], None],
    cancel: Event | None = None,
    clock: Clock = time.monotonic,
) -> PluggedKey:
    """The key that somebody touches; all of them blink until then.

    Args:
        bus: Where they are plugged in.
        keys: Among which one is chosen.
        on_waiting: Called once, on this thread, when the wait begins.
        cancel: Set from elsewhere, it ends the wait; it is set when a key was touched, too.
        clock: Monotonic seconds.

    Raises:
        TouchTimeoutError: Nobody touched one in time.
        CancelledAtKeyError: It was called off.
        DeviceError: No key is there, or none can be asked.
    """
    if not keys:
        raise DeviceError("no security key is plugged in", mend="Plug the key in.")
    over = cancel or Event()
    ended: SimpleQueue[_Outcome] = SimpleQueue()
    threads = [
        Thread(target=_wait_at, args=(bus, key, over, clock, ended), daemon=True) for key in keys
    ]
    for thread in threads:
        thread.start()
    on_waiting()
    errors: list[DeviceError] = []
    for _ in threads:
        try:
            key, error = ended.get(timeout=_LONGEST_S)
        except Empty:
            break
        if error is None:
            over.set()
            _let_go(threads)
            return key
        if not isinstance(error, CancelledAtKeyError):
            errors.append(error)
    if errors:
        # A touch that did not come is the plainest thing to say, whatever else went wrong.
        raise min(errors, key=lambda error: not isinstance(error, TouchTimeoutError))
    raise CancelledAtKeyError("nobody chose a key: it was called off")


def _wait_at(
    bus: HidBus, key: PluggedKey, over: Event, clock: Clock, ended: "SimpleQueue[_Outcome]"
) -> None:
    try:
        with open_session(bus, key, cancel=over, clock=clock) as session:
            session.selection()
    except DeviceError as error:
        ended.put((key, error))
    else:
        ended.put((key, None))


def _let_go(threads: Sequence[Thread]) -> None:
    end = time.monotonic() + _LETTING_GO_S
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
