"""What people typed into dialogs, handed on to be used once."""

import msgspec

from keyvault_kit.secret import Secret


class TypedPin(msgspec.Struct, frozen=True):
    """A PIN for one attempt.

    Attributes:
        pin: Whoever takes it wipes it.
        override: The words that allow one of the last attempts, as they were typed.
        person: Id of who typed it; empty for a key that is not registered.
    """

    pin: Secret
    override: str = ""
    person: str = ""
