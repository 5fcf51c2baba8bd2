"""The state of the application, and the one place that changes it: handlers of workers' messages.

Screens watch these reactive attributes, and never each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from textual import on
from textual.dom import DOMNode
from textual.reactive import reactive

from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import DeclinedError, KeyvaultError
from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.reading import Reading, Unreadable
from tui.crash import SafeCrashApp
from tui.desk import Desk, Say
from tui.devices import Devices
from tui.messages import (
    DeskFailed,
    DeskOpened,
    KeyKnown,
    KeyRead,
    KeysSeen,
    LedgerFailed,
    LedgerGrew,
    LedgerRead,
    LedgerVerified,
    NotEntered,
    Progressed,
)
from tui.standing import Standing, read_standing, verdict_on


class KeyRow(msgspec.Struct, frozen=True):
    """A key that is plugged in now.

    Attributes:
        result: What it said; None while it is being asked.
        tag: The asset tag that it has, though it tells no serial number; empty where it has none.
    """

    plugged: PluggedKey
    result: Reading | Unreadable | None = None
    tag: str = ""

    @property
    def id(self) -> str:
        """Tells this plugging of this key from all others."""
        return f"{self.plugged.path!r} {self.plugged.plugging}"


class StatefulApp(SafeCrashApp):
    """What the application knows.

    Args:
        prepare: Opens the desk, on a thread of its own.
        rehearsal: Whether a rehearsal was asked for; another is one by its ledger.

    Attributes:
        activity: What is being prepared; empty when nothing is.
        desk: What is worked on; None while it is being prepared.
        keys: The keys that are plugged in, in the order of the bus.
        bus_trouble: Why the keys cannot be listed; empty while they can.
        standing: What the ledger says; None before it was read, or where there is none.
        ledger_trouble: Why the ledger, or the desk, cannot be used; empty while it can.
        verdict: Whether the ledger verifies, in words; empty while that is looked at.
    """

    activity: reactive[str] = reactive("Opening")
    desk: reactive[Desk | None] = reactive[Desk | None](None)
    keys: reactive[tuple[KeyRow, ...]] = reactive[tuple[KeyRow, ...]](())
    bus_trouble: reactive[str] = reactive("")
    standing: reactive[Standing | None] = reactive[Standing | None](None)
    ledger_trouble: reactive[str] = reactive("")
    verdict: reactive[str] = reactive("")

    def __init__(self, prepare: Callable[[Say], Desk], *, rehearsal: bool = False) -> None:
        super().__init__()
        self._prepare = prepare
        self._rehearsal = rehearsal
        self.devices: Devices | None = None

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing here is real."""
        return self._rehearsal or (self.desk is not None and self.desk.mode is Mode.REHEARSAL)

    def key(self, plugged: PluggedKey) -> KeyRow | None:
        """The row of a key; None where it is not plugged in any more."""
        return next((row for row in self.keys if row.plugged == plugged), None)

    def tag_of(self, row: KeyRow) -> str:
        """The asset tag under which the register knows a key; empty where it does not.

        By the serial number that it claims or, where it tells none, by its registered credential.
        """
        if self.standing is None or not isinstance(row.result, Reading):
            return ""
        serial = row.result.serial
        return row.tag if serial is None else self.standing.register.serials.get(serial, "")

    def tags(self) -> dict[str, str]:
        """Row id -> asset tag, of the keys that the register knows."""
        return {row.id: self.tag_of(row) for row in self.keys if isinstance(row.result, Reading)}

    def _recognise(self, rows: tuple[KeyRow, ...]) -> None:
        """Have keys that tell no serial number asked which of the registered ones they are."""
        if self.standing and self.devices:
            for row in rows:
                if isinstance(row.result, Reading) and row.result.serial is None:
                    self.devices.recognise(row.result, self.standing.register)

    def on_mount(self) -> None:
        """Open the desk."""
        self.run_worker(self._open_desk, name="open the desk", thread=True)

    async def _shutdown(self) -> None:
        """Keep nobody waiting at the end, however it came."""
        if self.devices:
            self.devices.stop()
        await super()._shutdown()

    def read_ledger(self) -> None:
        """Read the ledger, if there is one; it is verified unless it is as it was."""
        if self.desk and self.desk.ledger:
            self._with_ledger(self._read_ledger, self.desk.ledger)

    def verify_ledger(self) -> None:
        """Read and verify the ledger anew, if there is one."""
        self.verdict = ""
        self.read_ledger()

    def _with_ledger(self, work: Callable[[Path], None], path: Path) -> None:
        self.run_worker(partial(work, path), group="ledger", thread=True)

    # --- On threads of their own

    def _open_desk(self) -> None:
        try:
            self.post_message(DeskOpened(self._prepare(self._say)))
        except KeyvaultError as error:
            self.post_message(DeskFailed(str(error)))

    def _say(self, line: str) -> None:
        if not self.is_running:
            raise DeclinedError("the application was ended meanwhile")
        self.post_message(Progressed(line.strip()))

    def _read_ledger(self, path: Path) -> None:
        try:
            self.post_message(LedgerRead(read_standing(path, datetime.now(UTC))))
        except KeyvaultError as error:
            self.post_message(LedgerFailed(str(error)))

    def _verify_ledger(self, path: Path) -> None:
        try:
            self.post_message(LedgerVerified(*verdict_on(path)))
        except KeyvaultError as error:
            self.post_message(LedgerFailed(str(error)))

    # --- What they told

    @on(Progressed)
    def _progressed(self, message: Progressed) -> None:
        self.activity = message.activity

    @on(DeskOpened)
    def _desk_opened(self, message: DeskOpened) -> None:
        self.desk, self.activity = message.desk, ""
        self.devices = Devices(self, message.desk)
        self.devices.start()
        self.read_ledger()

    @on(DeskFailed)
    def _desk_failed(self, message: DeskFailed) -> None:
        self.ledger_trouble, self.activity = message.error, ""

    @on(KeysSeen)
    def _keys_seen(self, message: KeysSeen) -> None:
        known = {row.plugged: row for row in self.keys}
        self.bus_trouble = message.trouble
        self.keys = tuple(known.get(key) or KeyRow(key) for key in message.present)
        if self.devices:
            for key in message.present:
                if key not in known:
                    self.devices.read(key)

    @on(KeyRead)
    def _key_read(self, message: KeyRead) -> None:
        before = self.key(message.key)
        new = KeyRow(message.key, message.result, before.tag if before else "")
        self.keys = tuple(new if row.plugged == message.key else row for row in self.keys)
        self._recognise((new,))

    @on(KeyKnown)
    def _key_known(self, message: KeyKnown) -> None:
        self.keys = tuple(
            KeyRow(row.plugged, row.result, message.tag) if row.plugged == message.key else row
            for row in self.keys
        )

    @on(LedgerGrew)
    def _ledger_grew(self) -> None:
        self.read_ledger()

    @on(NotEntered)
    def _not_entered(self, message: NotEntered) -> None:
        self.notify(message.text, severity="error", timeout=15, markup=False)

    @on(LedgerRead)
    def _ledger_read(self, message: LedgerRead) -> None:
        before, now = self.standing, message.standing
        if before is None or (before.size, before.root) != (now.size, now.root):
            self.verdict = ""
        self.ledger_trouble, self.standing = "", now
        if before is None:
            self._recognise(self.keys)
        if not self.verdict:
            self._with_ledger(self._verify_ledger, now.ledger)

    @on(LedgerVerified)
    def _ledger_verified(self, message: LedgerVerified) -> None:
        self.verdict = message.verdict
        if not message.holds:
            self.notify(message.verdict, severity="error", timeout=15, markup=False)

    @on(LedgerFailed)
    def _ledger_failed(self, message: LedgerFailed) -> None:
        self.standing, self.verdict, self.ledger_trouble = None, "", message.error


def state_of(node: DOMNode) -> StatefulApp:
    """The application of a screen or widget, as what it is."""
    app = node.app
    if not isinstance(app, StatefulApp):
        raise TypeError(f"{type(app).__name__} is no application of ours")
    return app
