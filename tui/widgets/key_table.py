"""The live table of keys: a row for each, kept in place while others come and go."""

from typing import Final

from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from keyvault_kit.keys.reading import Reading, Unreadable
from tui.state import KeyRow
from tui.wording import number, pin_word, product

HEADS: Final = ("Tag", "Key", "Serial", "Firmware", "PIN", "Left", "Passkeys")
_WIDTHS: Final = (6, None, 10, 8, 7, 4, 8)
_KEY: Final = HEADS.index("Key")
_NARROWEST: Final = 16

Tags = dict[str, str]
"""Row id -> asset tag."""


class KeyTable(DataTable[Text]):
    """The keys that are plugged in; a key that cannot be read says why in its row."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self._shown: dict[str, tuple[KeyRow, str]] = {}

    def on_mount(self) -> None:
        """The columns."""
        for head, width in zip(HEADS, _WIDTHS, strict=True):
            self.add_column(head, key=head, width=width or _NARROWEST)

    def on_resize(self) -> None:
        """The name of the key gets the width that the others leave."""
        others = sum(width or 0 for width in _WIDTHS) + 2 * self.cell_padding * len(HEADS)
        column = self.ordered_columns[_KEY]
        width = max(_NARROWEST, self.scrollable_content_region.width - others)
        if width != column.width:
            column.width = width
            self._fill(tuple(self._shown.values()))

    def show(self, rows: tuple[KeyRow, ...], tags: Tags) -> None:
        """Show these keys; the cursor stays on the key that it was on."""
        wanted = tuple((row, tags.get(row.id, "")) for row in rows)
        if wanted != tuple(self._shown.values()):
            self._fill(wanted)

    @property
    def selected(self) -> str:
        """The id of the row under the cursor; empty where there is none."""
        if not self.row_count:
            return ""
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value or ""

    def select(self, row: str) -> None:
        """Put the cursor on a row, if it is there."""
        if row in self.rows:
            self.move_cursor(row=self.get_row_index(row))

    def _fill(self, wanted: tuple[tuple[KeyRow, str], ...]) -> None:
        before, place = self.selected, self.cursor_coordinate
        self.clear()
        self._shown = {row.id: (row, tag) for row, tag in wanted}
        for row, tag in wanted:
            self.add_row(*map(Text, _cells(row, tag)), key=row.id, height=None)
        if before in self._shown:
            self.select(before)
        elif wanted:
            self.cursor_coordinate = Coordinate(min(place.row, len(wanted) - 1), 0)


def _cells(row: KeyRow, tag: str) -> tuple[str, ...]:
    match row.result:
        case Reading() as it:
            warned = " (advisory)" if it.advisories else ""
            return (
                tag or "-",
                product(it) + warned,
                number(it.serial),
                number(it.firmware),
                pin_word(it),
                number(it.pin_retries),
                number(it.remaining_credentials),
            )
        case Unreadable() as it:
            what = f"{row.plugged.name}\nFAILED: {it.error}"
        case _:
            what = f"{row.plugged.name}\nbeing read"
    return ("-", what, *["-"] * (len(HEADS) - 2))
