"""All that is known of one key."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class KeyDetails(VerticalScroll):
    """A title, and a line for each fact; what a key says of itself is never taken for markup."""

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        yield Static(id="about")

    def show(self, title: str, facts: Iterable[tuple[str, str]] = (), *, note: str = "") -> None:
        """Show a key, or a note in its place."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, value in facts:
            grid.add_row(Text(name), Text(value, overflow="fold"))
        text = Text(title, style="bold")
        if note:
            text.append(f"\n{note}", style="not bold")
        whole = Table.grid()
        whole.add_row(text)
        whole.add_row(grid)
        self.query_one("#about", Static).update(whole)
