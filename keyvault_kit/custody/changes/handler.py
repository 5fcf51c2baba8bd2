"""What a handler is: it changes the state by one fact, or refuses."""

from collections.abc import Callable
from typing import Any

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.register import Register

Change = Callable[[Register, Any, Entry], None]
"""What one kind of fact does to the state. Only the fold calls one, on a state of its own."""

Handlers = dict[type[ev.Fact], Change]
"""Kind of fact -> its handler."""
