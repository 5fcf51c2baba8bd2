"""A crash that tells its type and place, and nothing of what was in memory.

Textual ends a crash with a traceback that prints the local variables of each frame: a PIN among
them would stand in the terminal's scroll-back. (Source: `textual.app.App._fatal_error`, 8.2.)
"""

import asyncio
import traceback
from typing import Any, Final

from textual.app import App
from textual.driver import Driver
from textual.worker import WorkerFailed

from keyvault_kit.errors import EXIT_INTERNAL
from tui.drawing import lasting

_OURS: Final = ("tui.", "keyvault_kit.")


def fault_of(error: BaseException) -> str:
    """One line for people: what kind of error it was and where; its text might quote a secret."""
    while isinstance(error, WorkerFailed):
        error = error.error
    return f"keyvault-tui: our own fault: {type(error).__name__} in {_place(error)}"


def _place(error: BaseException) -> str:
    """The innermost line of ours."""
    frames = list(traceback.walk_tb(error.__traceback__))
    ours = [it for it in frames if it[0].f_globals.get("__name__", "").startswith(_OURS)]
    if not frames:
        return "an unknown place"
    frame, line = (ours or frames)[-1]
    return f"{frame.f_globals.get('__name__')}, {frame.f_code.co_qualname}, line {line}"


class SafeCrashApp(App[None]):
    """An application that ends after a fault of its own without printing a local variable.

    Attributes:
        fault: What went wrong, in one line; empty while nothing did.
    """

    fault: str = ""

    def get_driver_class(self) -> type[Driver]:
        """Textual's own driver, on a terminal that may go away."""
        return lasting(super().get_driver_class())

    def _on_load(self) -> None:
        """Faults of tasks that nobody waits for end the application like all others."""
        asyncio.get_running_loop().set_exception_handler(self._on_stray_fault)

    def _on_stray_fault(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """End the application; the first fault is the one that is told."""
        self._return_code = EXIT_INTERNAL
        self.fault = self.fault or fault_of(error)
        if self._exception is None:  # what a test's pilot raises again
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def panic(self, *_: object) -> None:
        """End the application; what it was asked to print is left out."""
        self._return_code = EXIT_INTERNAL
        self.fault = self.fault or "keyvault-tui: our own fault: the terminal's input broke down"
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Print nothing: whoever started the application tells its `fault`."""
        self._exit_renderables.clear()
