"""A share that is typed or scanned word by word, as on its sheet; rows that are done are hidden."""

from collections.abc import Callable, Collection
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import entry_lines
from keyvault_kit.sharing.entry import Phase, ShareEntry

_TYPED: Final = {"enter": "\r", "tab": "\t"}


class WordEntry(Widget, can_focus=True):
    """A field for one share after the other; what it holds is neither copied nor selected.

    Args:
        proofs: As :class:`ShareEntry` takes them.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    WordEntry { height: 1fr; min-height: 8; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "reveal", "Show all rows"),
        Binding("ctrl+k", "forget", "Forget this share"),
        Binding("ctrl+u", "clear", "Clear the word", show=False),
        Binding("backspace", "back", "Back", show=False),
        Binding("up", "up", "Row before", show=False),
        Binding("down", "down", "Next row", show=False),
        Binding("end", "end", "Last word", show=False),
    ]

    class Completed(Message):
        """A share is there, or the code of another sheet.

        Attributes:
            text: Its mnemonic, or the code: whoever gets it wipes it.
        """

        def __init__(self, field: "WordEntry", text: Secret) -> None:
            super().__init__()
            self.field = field
            self.text = text

        @property
        def control(self) -> "WordEntry":
            """The field that it comes from."""
            return self.field

    def __init__(self, proofs: Collection[str] = (), *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._entry = ShareEntry(proofs)
        self._revealed = False

    def render(self) -> Text:
        """The rows, and below them what is proposed and what is wrong."""
        width, height = self.size
        lines = entry_lines.draw(
            self._entry, width=max(1, width), height=height, revealed=self._revealed
        )
        return Text("\n".join(lines), no_wrap=True)

    def on_unmount(self) -> None:
        """Whatever ended the dialog, nothing that was typed stays here."""
        self._entry.wipe()

    async def _on_key(self, event: events.Key) -> None:
        """Take what is typed; a Tab on an empty place leaves the field, as everywhere."""
        if event.key == "tab" and not self._entry.text:
            return
        typed = _TYPED.get(event.key) or (event.character if event.is_printable else None)
        if typed is None:
            return
        event.stop()
        event.prevent_default()
        self._change(lambda: self._entry.type(typed))

    async def _on_paste(self, event: events.Paste) -> None:
        """Take what is pasted, or what a terminal hands over so."""
        event.stop()
        event.prevent_default()
        self._change(lambda: self._entry.type(event.text))

    def action_reveal(self) -> None:
        """Show the words of all rows, or hide them again."""
        self._revealed = not self._revealed
        self.refresh()

    def action_forget(self) -> None:
        """Forget all words of this share, at the second time."""
        self._change(self._entry.forget)

    def action_clear(self) -> None:
        """Take back all letters of this word."""
        self._change(self._entry.clear)

    def action_back(self) -> None:
        """Take back the last letter."""
        self._change(self._entry.back)

    def action_up(self) -> None:
        """Go to the row before."""
        self._change(self._entry.up)

    def action_down(self) -> None:
        """Go to the next row."""
        self._change(self._entry.down)

    def action_end(self) -> None:
        """Go behind the last word."""
        self._change(self._entry.end)

    def _change(self, act: Callable[[], None]) -> None:
        act()
        if self._entry.phase is Phase.COMPLETE:
            self._revealed = False
            self.post_message(self.Completed(self, self._entry.take()))
        self.refresh()
