"""What a handler is: it changes the state by one fact, or refuses."""

from collections.abc import Callable
from typing import Any

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.register import Register

Handlers = dict[type[ev.Fact], Callable[[Register, Any, Entry], None]]
"""Kind of fact -> handler. Only the fold calls one, on a state of its own."""
