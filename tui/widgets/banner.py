"""The line on top of every place: where one is, and whether any of it is real."""

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui.state import state_of

REHEARSAL: Final = "REHEARSAL: nothing here is real"


class Banner(Horizontal):
    """The name of the place on the left, live or rehearsal on the right."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Two halves."""
        yield Static(f"keyvault-kit  {self._title}", markup=False)
        yield Static("", id="mode", markup=False)

    def on_mount(self) -> None:
        """Follow the desk: what a ledger is for is known only when it was opened."""
        self.watch(self.app, "desk", self._show_mode)

    def _show_mode(self) -> None:
        state = state_of(self)
        self.set_class(state.is_rehearsal, "rehearsal")
        live = "live" if state.desk else ""
        self.query_one("#mode", Static).update(REHEARSAL if state.is_rehearsal else live)
