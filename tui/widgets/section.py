"""A titled part of a place."""

from textual.widgets import Static


class Section(Static):
    """Lines of plain text under a title; text from keys and files is never taken for markup."""

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__("", id=id, markup=False)
        self.border_title = title

    def show(self, *lines: str) -> None:
        """Show these lines in place of those before."""
        self.update("\n".join(lines))
