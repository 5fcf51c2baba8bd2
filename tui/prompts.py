"""Dialogs: each asks one thing and is dismissed with its typed answer; None is 'called off'."""

from threading import Event
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Markdown, Static

from keyvault_kit.keys.guard import OVERRIDE_WORDS
from keyvault_kit.keys.hid import PluggedKey
from tui.messages import TouchEnded
from tui.state import state_of
from tui.typed import TypedPin
from tui.widgets.secret_input import SecretInput

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A box over the place one is at. Escape calls it off.

    Args:
        title: In the frame.
        text: What is asked or told, in plain words; never taken for markup.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "call_off", "Cancel")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The text, what is asked, and the buttons; a box too high for the terminal scrolls."""
        with VerticalScroll(id="box", can_focus=self.AUTO_FOCUS == "#box") as box:
            box.border_title = self._title.replace("[", "\\[")
            box.border_subtitle = "REHEARSAL" if state_of(self).is_rehearsal else ""
            yield Static(self._text, id="text", markup=False)
            yield from self.questions()
            with Horizontal(id="buttons"):
                yield from self.buttons()

    def questions(self) -> ComposeResult:
        """Fields between the text and the buttons."""
        yield from ()

    def buttons(self) -> ComposeResult:
        """The harmless one comes first, and has the focus where there is no field."""
        yield Button("Cancel", id="cancel")

    @on(Button.Pressed, "#cancel")
    def action_call_off(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Notice(Dialog[None]):
    """Tells something that must not be overlooked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "call_off", "Close")]

    def buttons(self) -> ComposeResult:
        """Nothing to choose."""
        yield Button("Close", id="cancel")


class Help(Notice):
    """What a place is for; longer than a small terminal, so it is the text that has the focus.

    Args:
        markdown: The place's own words.
        keys: Key and what it does.
    """

    AUTO_FOCUS = "#box"

    def __init__(self, markdown: str, keys: list[tuple[str, str]]) -> None:
        super().__init__("Help", "\n".join(f"{key:<8}{what}" for key, what in keys))
        self._markdown = markdown

    def questions(self) -> ComposeResult:
        """The words, below the keys."""
        yield Markdown(self._markdown)


class PinPrompt(Dialog[TypedPin | None]):
    """Asks for the PIN of one key; gone as soon as the key is.

    Args:
        key: Which one.
        text: Which one in words, and how many attempts it has left.
        wants_words: Whether one of the last attempts would be spent.
        people: Ids of those who may type it, where the key is registered: what comes of it is
            entered under one of them.
    """

    def __init__(
        self, key: PluggedKey, text: str, *, wants_words: bool, people: tuple[str, ...] = ()
    ) -> None:
        if wants_words:
            text += f"\n\nThis would be one of the last attempts. Type exactly: {OVERRIDE_WORDS}"
        super().__init__("Check a PIN", text)
        self._key = key
        self._wants_words = wants_words
        self._people = people

    def questions(self) -> ComposeResult:
        """Who it is and the words where they are wanted, and the PIN."""
        if self._people:
            yield Input(placeholder="your id, for the ledger", id="person")
        if self._wants_words:
            yield Input(placeholder="the words", id="words")
        yield SecretInput(id="pin")

    def buttons(self) -> ComposeResult:
        """Cancel, and go on."""
        yield from super().buttons()
        yield Button("Check", id="check", variant="primary")

    def on_mount(self) -> None:
        """Nobody types a PIN for a key that is gone."""
        self.watch(self.app, "keys", self._close_without_key, init=False)

    @on(Button.Pressed, "#check")
    @on(Input.Submitted)
    def _check(self) -> None:
        field = self.query_one("#pin", SecretInput)
        words = self.query_one("#words", Input).value if self._wants_words else ""
        person = self.query_one("#person", Input).value.strip() if self._people else ""
        if self._people and person not in self._people:
            self.notify(
                f"The key is registered: type who you are, one of {', '.join(self._people)}.",
                severity="warning",
                markup=False,
            )
            self.query_one("#person", Input).focus()
        elif self._wants_words and words != OVERRIDE_WORDS:
            self.notify("These are not the exact words.", severity="warning", markup=False)
            self.query_one("#words", Input).focus()
        elif not field.value:
            field.focus()
        else:
            self.dismiss(TypedPin(field.take(), words, person))

    def _close_without_key(self) -> None:
        if state_of(self).key(self._key) is None and self.is_current:
            self.notify("The key was unplugged: no PIN was sent.", markup=False)
            self.dismiss(None)


class TouchPrompt(Dialog[PluggedKey | None]):
    """Waits until one of several keys is touched.

    Args:
        keys: Those that are asked.
    """

    def __init__(self, keys: tuple[PluggedKey, ...]) -> None:
        super().__init__("Which key is it?", f"{len(keys)} keys blink. Touch the one you mean.")
        self._keys = keys
        self._wait: Event | None = None

    def on_mount(self) -> None:
        """Begin to wait: the keys blink."""
        devices = state_of(self).devices
        self._wait = devices.await_touch(self._keys) if devices else None

    def on_unmount(self) -> None:
        """Whatever ended it, the keys stop blinking."""
        if self._wait:
            self._wait.set()

    def end(self, message: TouchEnded) -> None:
        """A wait is over; perhaps this one."""
        if message.wait is not self._wait:
            return
        if message.error:
            self.notify(message.error, severity="warning", markup=False)
        self.dismiss(message.key)
