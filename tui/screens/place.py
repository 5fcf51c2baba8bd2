"""What every place has: the banner on top, the keys at the bottom."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer

from tui.widgets.banner import Banner


class Place(Screen[None]):
    """A full screen for one task.

    Subclasses give `TITLE`, `HELP` (Markdown) and :meth:`content`.
    """

    def compose(self) -> ComposeResult:
        """Banner, content, keys."""
        yield Banner(self.TITLE or "")
        yield from self.content()
        yield Footer(show_command_palette=False)

    def content(self) -> ComposeResult:
        """What the place is for."""
        raise NotImplementedError
