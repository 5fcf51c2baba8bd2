"""A key and its PIN lie apart: in two safes that nobody opens alone (S36, S38).

Two officers may decide otherwise for the organisation: C6.
"""

from datetime import datetime
from typing import Final

from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.reach import alone_in
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import RefusedError

WITH_KEY: Final = "with-key"
"""The position in C6 by which a PIN may lie with its key."""


def check_apart(register: Register, key: str, key_safe: str, pin_safe: str, now: datetime) -> None:
    """Check that a key and its PIN would lie apart.

    Args:
        key: Asset tag.
        key_safe: Where the key goes; in the register.
        pin_safe: Where its PIN goes; in the register.
        now: Aware.

    Raises:
        RefusedError: Both would lie in one safe, or somebody opens both safes alone.
    """
    if position(register, "C6", now) == WITH_KEY:
        return
    both = sorted(alone_in(register, key_safe) & alone_in(register, pin_safe))
    if key_safe == pin_safe:
        what = f"key {key} and its PIN would both lie in safe {key_safe}"
    elif both:
        what = f"{listed(both)} alone would come to key {key} (safe {key_safe}) and to its PIN"
        what += f" (safe {pin_safe})"
    else:
        return
    raise RefusedError(
        what,
        mend="Name another safe for one of them, with other openers; or two decide otherwise:"
        f" 'decide make C6 {WITH_KEY}'.",
    )
