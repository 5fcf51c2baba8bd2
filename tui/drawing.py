"""A terminal that goes away while it is drawn on: the application ends, and does not wait for it.

Textual's thread that writes to the terminal dies of the first OSError; the application then waits
for ever for room in its queue. (Source: `textual.drivers._writer_thread`, 8.2.)
"""

from collections.abc import Callable
from typing import IO, Any

from textual.driver import Driver


class LastingFile:
    """A terminal to draw on; what is drawn after it went away is lost.

    Args:
        file: The terminal.
        on_gone: Called whenever it turns out to be gone, on the thread that writes.
    """

    def __init__(self, file: IO[str], on_gone: Callable[[], None]) -> None:
        self._file = file
        self._on_gone = on_gone

    def write(self, text: str) -> None:
        """Write, if there is still something to write on."""
        try:
            self._file.write(text)
        except OSError:
            self._on_gone()

    def flush(self) -> None:
        """Let it out, if there is still somewhere to go."""
        try:
            self._file.flush()
        except OSError:
            self._on_gone()

    def fileno(self) -> int:
        """The number of the terminal's descriptor."""
        return self._file.fileno()


def lasting(driver: Any) -> type[Driver]:  # noqa: ANN401 - one of Textual's drivers, which differ
    """The same driver, on a terminal that may go away."""

    class LastingDriver(driver):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **options)
            self._file: Any = LastingFile(self._file, self._end)

        def _end(self) -> None:
            self._app.call_later(self._app.exit)

    return LastingDriver
