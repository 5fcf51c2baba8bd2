"""The custody map: people against accounts, and the reason of the cell under the cursor."""

from collections.abc import Callable
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Static

from keyvault_kit.custody.matrix import ALONE, NOT_NEEDED, UNCOUNTED, Matrix, MatrixRow

Reason = Callable[[str, str, bool], str]
"""Person, account, whether memories count -> why it is so: :class:`Explained`.

It is asked where a cell says 'alone' or a number.
"""

MARK: Final = "*"
"""Behind a cell that says something else with memories than without."""

_NAMES: Final = ("NOW, as things lie and are held.", "EVER, with what was seen before, too.")
_LEGEND: Final = (
    "alone: needs nobody else. 2, 3: in a group of so many. -: no group needs this person."
    f" {MARK}: NOW and EVER differ."
)
_EMPTY: Final = "There are no people, or no accounts, to show."
_LONGEST: Final = 18
"""Characters of a name in the table; the whole one stands below it."""

_NARROWEST: Final = len(ALONE + MARK)


class CustodyMap(Vertical):
    """Who could use which account, a row for each person; `e` adds what people remember.

    What files and registers say is shown as plain text, never as markup.
    """

    DEFAULT_CSS = """
    CustodyMap { height: 1fr; }
    CustodyMap > Static { height: auto; padding: 0 1; }
    CustodyMap > DataTable { height: 1fr; min-height: 4; }
    CustodyMap > VerticalScroll { height: 6; padding: 0 1; border-top: solid $secondary; }
    CustodyMap > VerticalScroll:focus { border-top: heavy $accent; }
    CustodyMap > VerticalScroll > Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "toggle_ever", "Now or ever", tooltip="Leave out, or add, what people saw"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._rows: dict[str, MatrixRow] = {}
        self._accounts: tuple[str, ...] = ()
        self._reason: Reason = lambda *_: ""
        self._ever = False

    def compose(self) -> ComposeResult:
        """What is shown and what it means, the table, the reason."""
        yield Static(self._meaning(), id="meaning")
        yield DataTable[Text](id="cells", cursor_type="cell", zebra_stripes=False)
        with VerticalScroll():
            yield Static(id="reason")

    def show(self, matrix: Matrix, reason: Reason) -> None:
        """Show this map; the cursor stays where it was, if that is still there."""
        self._accounts, self._reason = matrix.accounts, reason
        self._rows = {it: row for row in matrix.rows for it in row.people}
        before = self._table.cursor_coordinate
        self._table.clear(columns=True)
        for account in matrix.accounts:
            self._table.add_column(_short(account), key=account, width=_width(account))
        for person in sorted(self._rows):
            self._table.add_row(*self._cells(person), key=person, label=_short(person))
        self._table.cursor_coordinate = before  # which the table keeps within its bounds
        self._show_reason()

    @property
    def ever(self) -> bool:
        """Whether memories count in what is shown."""
        return self._ever

    def action_toggle_ever(self) -> None:
        """Add what people remember, or leave it out again."""
        self._ever = not self._ever
        self.query_one("#meaning", Static).update(self._meaning())
        for row, person in enumerate(sorted(self._rows)):
            for column, cell in enumerate(self._cells(person)):
                self._table.update_cell_at(Coordinate(row, column), cell)
        self._show_reason()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#cells", DataTable)

    def _meaning(self) -> Text:
        return Text.assemble((_NAMES[self._ever], "bold"), f" {_LEGEND}")

    def _value(self, person: str, account: str) -> str:
        row = self._rows[person]
        return (row.ever if self._ever else row.cells)[self._accounts.index(account)]

    def _cells(self, person: str) -> list[Text]:
        row = self._rows[person]
        shown = row.ever if self._ever else row.cells
        return [
            _cell(it, differs=now != ever)
            for it, now, ever in zip(shown, row.cells, row.ever, strict=True)
        ]

    @on(DataTable.CellHighlighted)
    def _show_reason(self) -> None:
        self.query_one("#reason", Static).update(self._about())

    def _about(self) -> Text:
        """The cell under the cursor in words: who, what, why, and for whom else."""
        table = self._table
        if not table.is_valid_coordinate(table.cursor_coordinate):
            return Text(_EMPTY)
        key = table.coordinate_to_cell_key(table.cursor_coordinate)
        person, account = key.row_key.value or "", key.column_key.value or ""
        title, why = self._worded(person, account)
        others = [it for it in self._rows[person].people if it != person]
        text = Text.assemble((title, "bold"), f"\n{why}")
        if others:
            text.append(f"\nThe same holds for {', '.join(others)}.")
        return text

    def _worded(self, person: str, account: str) -> tuple[str, str]:
        value = self._value(person, account)
        when = "ever" if self._ever else "now"
        if value == NOT_NEEDED:
            why = f"Whoever can use {account} can do so without {person}."
            return f"{person}, {account}, {when}: not needed", why
        if value == UNCOUNTED:
            why = "Too many safes that share many of their openers give it together."
            return f"{person}, {account}, {when}: not alone, not counted", why
        how = ALONE if value == ALONE else f"in a group of {value}"
        return f"{person}, {account}, {when}: {how}", self._reason(person, account, self._ever)


def _cell(value: str, *, differs: bool) -> Text:
    """The cell; 'alone' is set off by being reversed, which no theme takes away."""
    style = "bold reverse" if value == ALONE else ""
    return Text.assemble((value, style), MARK if differs else "")


def _short(name: str) -> Text:
    """The name, or its beginning and its end: ids that are alike differ there."""
    half = _LONGEST // 2
    return Text(name if len(name) <= _LONGEST else f"{name[: half - 1]}…{name[-half:]}")


def _width(account: str) -> int:
    return max(_NARROWEST, min(len(account), _LONGEST))
