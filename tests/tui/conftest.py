"""Software keys in ports, and the application over them, driven as by somebody at the keyboard."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import pytest
from textual.pilot import Pilot

from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidBus
from keyvault_kit.keys.reading import Reading
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState
from tui.app import KeyvaultApp
from tui.desk import Desk, Say
from tui.screens.keys import Keys

PIN: Final = "27182845"
PATIENCE_S: Final = 20.0
AUTHORITY: Final = AttestationAuthority(
    seed=b"\x07" * 32, not_before=datetime(2026, 1, 1, tzinfo=UTC)
)


class Ports:
    """Software keys with fingers of their own, and the ports that they are plugged into."""

    def __init__(self) -> None:
        self.bus = SoftBus()
        self.keys: dict[str, SoftKey] = {}
        self.paths: dict[str, bytes] = {}
        self.fingers: dict[str, threading.Event] = {}

    def add(
        self,
        label: str,
        profile: str = "five",
        *,
        pin: str = PIN,
        serial: int | None = None,
        **state: object,
    ) -> None:
        """A key in a port; `state` is what it keeps without power, in place of the usual."""
        seed = hashlib.sha256(label.encode()).digest()
        serial = serial or 10_000_000 + seed[0] * 1000
        fresh = KeyState.new(profile, label=label, serial=serial, seed=seed)
        if pin:
            hashed = hashlib.sha256(pin.encode()).digest()[:16]
            fresh = msgspec.structs.replace(fresh, pin_hash=hashed, pin_length=len(pin))
        finger = self.fingers[label] = threading.Event()
        self.keys[label] = SoftKey(
            msgspec.structs.replace(fresh, **state),
            authority=AUTHORITY,
            touch=lambda _: finger.wait(PATIENCE_S),
            clock=time.monotonic,
            save=lambda _: None,
        )
        self.plug(label)

    def plug(self, label: str) -> None:
        self.paths[label] = self.bus.plug(self.keys[label])

    def unplug(self, label: str) -> None:
        self.bus.unplug(self.paths.pop(label))

    def serial(self, label: str) -> str:
        return str(self.keys[label].serial)


class Seat:
    """Somebody at the keyboard of a running application."""

    def __init__(self, app: KeyvaultApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """What stands on the screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(line.text.rstrip() for line in lines)

    @property
    def words(self) -> str:
        """What stands on the screen, as running text without frames."""
        return " ".join(self.text.replace("┃", " ").split())

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what or 'it did not come'}:\n{self.text}"
            await self.pilot.pause(0.02)

    async def sees(self, *texts: str) -> None:
        """Wait until these texts stand on the screen."""
        for text in texts:
            await self.until(lambda text=text: text in self.words, text)  # type: ignore[misc]

    async def hears(self, text: str) -> None:
        """Wait until a note in the corner says this."""
        await self.until(lambda: any(text in it.message for it in self.app._notifications), text)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def go_to_keys(self, count: int) -> Keys:
        """The Keys screen, when that many keys were read."""
        await self.press("2")
        await self.until(
            lambda: sum(isinstance(it.result, Reading) for it in self.app.keys) >= count
        )
        screen = self.app.screen
        assert isinstance(screen, Keys)
        return screen


Work = Callable[[Seat], Awaitable[None]]


class Room:
    """Ports, and a seat at the application over them.

    Attributes:
        pin: The PIN of the keys, where a test gives them no other.
    """

    pin: Final = PIN

    def __init__(self) -> None:
        self.ports = Ports()
        self.guard = PinGuard()

    def sit(
        self,
        work: Work,
        *,
        ledger: Path | None = None,
        bus: HidBus | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        """Run the application over the ports, or another bus, and do the work at it."""

        def prepare(_: Say) -> Desk:
            return Desk(bus or self.ports.bus, self.guard, ledger=ledger)

        self.sit_at(KeyvaultApp(prepare), work, size=size)

    @staticmethod
    def sit_at(app: KeyvaultApp, work: Work, *, size: tuple[int, int] = (80, 24)) -> None:
        """Run an application of the test's own and do the work at it."""

        async def run() -> None:
            async with app.run_test(size=size, notifications=True) as pilot:
                await work(Seat(app, pilot))

        asyncio.run(run())


@pytest.fixture
def room() -> Room:
    """Ports without a key in them yet."""
    return Room()
