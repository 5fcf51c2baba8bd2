"""Keys: what is plugged in now, in full; check a PIN, and find out which key is which."""

from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import DataTable

from keyvault_kit.custody.register import Register
from keyvault_kit.keys.failures import PinState
from keyvault_kit.keys.reading import Reading, Unreadable
from tui.prompts import Notice, PinPrompt, TouchPrompt
from tui.screens.place import Place
from tui.state import KeyRow, state_of
from tui.widgets.key_details import KeyDetails
from tui.widgets.key_table import KeyTable
from tui.wording import PIN_OBSTACLES, details, pin_word, product, which

_NONE: Final = """No FIDO2 security key is plugged in, or the system shows none.

Plug one in: it appears here within a second."""


class Keys(Place):
    """The keys that are plugged in."""

    TITLE = "Keys"
    HELP = """
# Keys

Every FIDO2 key that is plugged in, as it is plugged in. Reading one spends no PIN attempt and wants
no touch. What a key says of itself is a claim, its serial number too.

**Left**: wrong PINs before the key blocks for good. **Passkeys**: how many more it has room for.
**PIN**: *change* means that it must be changed before it is good for anything; *replug*, that the
key takes none before it was unplugged; *blocked*, for good.

Checking the right PIN gives the key all of its attempts back. A third wrong one in a row is not
sent, and the last three attempts want an exact sentence.
"""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012 - Textual's own form
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "check_pin", "Check PIN", tooltip="Have this key judge its PIN"),
        Binding("b", "blink", "Blink", tooltip="Make this key blink"),
        Binding("t", "touch", "Touch", tooltip="Find the key that is touched"),
        Binding("r", "read_again", "Read again", tooltip="Ask this key again what it is"),
    ]

    def content(self) -> ComposeResult:
        """The table, and all about the key under its cursor."""
        with Container(id="halves"):
            yield KeyTable(id="table")
            yield KeyDetails(id="details")

    def on_mount(self) -> None:
        """Follow what the application knows."""
        for name in ("desk", "keys", "standing", "bus_trouble"):
            self.watch(self.app, name, self._show_keys)
        self.query_one(KeyTable).focus()

    # --- What is shown

    def _show_keys(self) -> None:
        state = state_of(self)
        self.query_one(KeyTable).show(state.keys, state.tags())
        self._show_details()

    @on(DataTable.RowHighlighted)
    def _show_details(self) -> None:
        state, row, panel = state_of(self), self._selected(), self.query_one(KeyDetails)
        if row is None:
            panel.show("No key", note=state.bus_trouble or _NONE)
        elif isinstance(row.result, Reading):
            panel.show(product(row.result), details(row.result, state.tag_of(row)))
        elif isinstance(row.result, Unreadable):
            panel.show(row.plugged.name, note=f"This key could not be read.\n{row.result.error}")
        else:
            panel.show(row.plugged.name, note="This key is being read.")

    def _selected(self) -> KeyRow | None:
        chosen = self.query_one(KeyTable).selected
        return next((row for row in state_of(self).keys if row.id == chosen), None)

    # --- What is done

    def action_read_again(self) -> None:
        """Ask the key once more what it is."""
        state, row = state_of(self), self._selected()
        if row and state.devices:
            state.devices.read(row.plugged)

    def action_blink(self) -> None:
        """Make the key under the cursor blink."""
        state, row = state_of(self), self._selected()
        if row and state.devices:
            state.devices.blink(row.plugged)

    @work
    async def action_touch(self) -> None:
        """Put the cursor on the key that is touched."""
        state = state_of(self)
        keys = tuple(row.plugged for row in state.keys if isinstance(row.result, Reading))
        if not keys:
            self.notify("There is no key to be touched.", severity="warning", markup=False)
            return
        key = await self.app.push_screen_wait(TouchPrompt(keys))
        row = state.key(key) if key else None
        if row:
            self.query_one(KeyTable).select(row.id)
            self.notify(f"It is {which(row, state.tags().get(row.id, ''))}.", markup=False)

    @work
    async def action_check_pin(self) -> None:
        """Ask for the PIN of the key under the cursor, and have the key judge it."""
        state, row = state_of(self), self._selected()
        if row is None or state.desk is None or state.devices is None:
            return
        obstacle = _obstacle(row)
        if obstacle:
            await self.app.push_screen_wait(Notice("No PIN can be checked", obstacle))
            return
        counter = _counter(row)
        text = f"{which(row, state.tags().get(row.id, ''))}\n{counter}."
        if state.desk.practice_pin:
            text += f"\nThe PIN of the practice keys: {state.desk.practice_pin}"
        wants_words = state.desk.guard.wants_words(counter)
        tag = state.tag_of(row)
        register = state.standing.register if state.standing else Register()
        people = tuple(sorted(register.people)) if tag else ()
        typed = await self.app.push_screen_wait(
            PinPrompt(row.plugged, text, wants_words=wants_words, people=people)
        )
        if typed and isinstance(row.result, Reading):
            state.devices.check_pin(row.result, typed, register.keys.get(tag))


def _counter(row: KeyRow) -> PinState:
    it = row.result
    if isinstance(it, Reading):
        return PinState(it.pin_retries, it.power_cycle_needed)
    return PinState(None)


def _obstacle(row: KeyRow) -> str:
    """Why no PIN would be sent to this key now; empty where one would."""
    if not isinstance(row.result, Reading):
        return f"{row.plugged.name} was not read yet, or cannot be read."
    obstacle = PIN_OBSTACLES.get(pin_word(row.result), "")
    return f"{which(row)}\n{obstacle}" if obstacle else ""
