"""The application: its places, its keys and its look. What it knows is in `state`."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from keyvault_kit.keys.hid import PluggedKey
from tui.messages import KeyBlinked, PinAnswered, TouchEnded
from tui.prompts import Help, Notice, TouchPrompt
from tui.screens.home import Home
from tui.screens.keys import Keys
from tui.state import KeyRow, StatefulApp
from tui.wording import which


class Entrance(NamedTuple):
    """A place and how one gets there.

    Attributes:
        mode: Its name inside.
        key: The key that leads there.
        title: Its name for people.
    """

    mode: str
    key: str
    title: str
    screen: Callable[[], Screen[None]]


ENTRANCES: Final = (
    Entrance("home", "1", "Home", Home),
    Entrance("keys", "2", "Keys", Keys),
)
"""All places. A new one is a file in `screens` and a line here."""


class KeyvaultApp(StatefulApp):
    """keyvault-tui."""

    TITLE = "keyvault-kit"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        it.mode: it.screen for it in ENTRANCES
    }
    DEFAULT_MODE = ENTRANCES[0].mode
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(it.key, f"switch_mode('{it.mode}')", it.title) for it in ENTRANCES),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("ctrl+t", "toggle_light", "Light or dark", show=False, tooltip="Light or dark"),
        Binding("ctrl+q", "quit", "Quit", key_display="^q", priority=True),
    ]

    def on_mount(self) -> None:
        """End in good order, too, where the terminal is closed or the system goes down."""
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The command palette: every place, and Textual's own without the screenshot.

        No picture of a screen is ever written: one day it would hold a secret.
        """
        for it in ENTRANCES:
            go = lambda mode=it.mode: self.switch_mode(mode)  # noqa: E731 - bound to this entrance
            yield SystemCommand(f"Go to {it.title}", f"Show {it.title}", go)
        for command in super().get_system_commands(screen):
            if command.title != "Screenshot":
                yield command

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:  # noqa: ARG002
        """Refuse: no picture of a screen is ever written."""
        self.notify("No picture of a screen is written.", severity="warning", markup=False)

    def action_toggle_light(self) -> None:
        """Change between the dark and the light theme."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_help(self) -> None:
        """What this place is for, and its keys."""
        bindings = [it.binding for it in self.screen.active_bindings.values()]
        keys = [
            (self.get_key_display(it), it.tooltip or it.description)
            for it in bindings
            if it.show or it.tooltip
        ]
        self.push_screen(Help(self.screen.HELP or "", [*keys, ("tab", "To the next part")]))

    def which(self, key: PluggedKey) -> str:
        """Which key it is, for people, even if it is gone by now."""
        row = self.key(key) or KeyRow(key)
        return which(row, self.tags().get(row.id, ""))

    # --- What came of work at a key, told wherever one is by then

    @on(PinAnswered)
    def _pin_answered(self, message: PinAnswered) -> None:
        title = "The PIN is right" if message.right else "The PIN was NOT accepted"
        self.push_screen(Notice(title, f"{self.which(message.key)}\n\n{message.text}"))

    @on(KeyBlinked)
    def _key_blinked(self, message: KeyBlinked) -> None:
        if message.error:
            self.notify(message.error, severity="warning", markup=False)
        else:
            self.notify(f"{self.which(message.key)}: blinks now.", markup=False)

    @on(TouchEnded)
    def _touch_ended(self, message: TouchEnded) -> None:
        if isinstance(self.screen, TouchPrompt):
            self.screen.end(message)
