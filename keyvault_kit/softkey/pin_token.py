"""The pinUvAuthToken: what a right PIN opens, for whom and for how long (CTAP 2.1, 6.5.2.1)."""

from collections.abc import Callable
from enum import IntFlag
from typing import Final

from keyvault_kit.softkey.pin_protocol import PinProtocol
from keyvault_kit.softkey.status import CtapError, Status

TOKEN_SIZE: Final = 32
FIRST_USE_LIMIT_S: Final = 30.0
USAGE_LIMIT_S: Final = 600.0


class Permission(IntFlag):
    """What a token may be used for (6.5.5.7)."""

    MAKE_CREDENTIAL = 0x01
    GET_ASSERTION = 0x02
    CREDENTIAL_MANAGEMENT = 0x04
    AUTHENTICATOR_CONFIGURATION = 0x20


class PinToken:
    """A token in use. It is volatile: it dies with the power.

    A token of CTAP 2.0 has no permissions and no end but that; it is asked for without `scope`.

    Args:
        value: 32 random bytes.
        protocol: The protocol by which it was asked for.
        scope: What it may be used for; None for everything.
        rp_id: The only relying party that it may be used for; None until there is one.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        value: bytes,
        protocol: PinProtocol,
        scope: Permission | None,
        rp_id: str | None,
        clock: Callable[[], float],
    ) -> None:
        self.rp_id = rp_id
        self._value = value
        self._protocol = protocol
        self._scope = scope
        self._clock = clock
        self._began = clock()
        self._limit = FIRST_USE_LIMIT_S

    def verify(self, protocol: PinProtocol, message: bytes, mac: bytes) -> None:
        """Check that whoever sent `message` knows the token.

        Raises:
            CtapError: PIN_AUTH_INVALID: wrong MAC or protocol, or the token's time is over.
        """
        if protocol is not self._protocol or self._is_over:
            raise CtapError(Status.PIN_AUTH_INVALID)
        protocol.verify(self._value, message, mac)
        self._limit = USAGE_LIMIT_S

    def permit(self, permission: Permission) -> None:
        """Check that the token is good for this.

        Raises:
            CtapError: PIN_AUTH_INVALID.
        """
        if self._scope is not None and not permission & self._scope:
            raise CtapError(Status.PIN_AUTH_INVALID)

    def bind(self, rp_id: str) -> None:
        """Check that the token is good for this relying party; the first use ties it to one.

        Raises:
            CtapError: PIN_AUTH_INVALID: it belongs to another one.
        """
        if self._scope is None:
            return
        if self.rp_id not in (None, rp_id):
            raise CtapError(Status.PIN_AUTH_INVALID)
        self.rp_id = rp_id

    def spend(self) -> None:
        """A touch was given for it: it opens nothing more (6.1.2 step 14, 6.2.2 step 9)."""
        if self._scope is not None:
            self._scope = Permission(0)

    @property
    def _is_over(self) -> bool:
        return self._scope is not None and self._clock() - self._began > self._limit
