"""What the commands of a key work with, from one power-up to the next."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

import msgspec

from keyvault_kit.softkey.attestation import Attester
from keyvault_kit.softkey.cbor import Key, Map
from keyvault_kit.softkey.client_pin import ClientPin
from keyvault_kit.softkey.parameters import optional, required
from keyvault_kit.softkey.pin_token import Permission, PinToken
from keyvault_kit.softkey.profiles import Profile
from keyvault_kit.softkey.state import Credential, KeyState, Memory
from keyvault_kit.softkey.status import CtapError, Status

NEXT_LIMIT_S: Final = 30.0


class Sequel(Enum):
    """Commands that hand out, one by one, what an earlier one found."""

    ASSERTIONS = "assertions"
    RELYING_PARTIES = "relying parties"
    CREDENTIALS = "credentials"


class Pending(msgspec.Struct, frozen=True):
    """Answers still to be fetched, and since when they wait."""

    sequel: Sequel
    answers: Iterator[Map]
    since: float


class Core:
    """The parts of a powered key.

    Args:
        profile: Its make.
        memory: What it keeps without power.
        attester: The make's attestation key.
        presence: Waits for a touch; False where none came.
        clock: Monotonic seconds.

    Attributes:
        pin: The PIN and its token.
        pending: What the next command may fetch. Any other command drops it (CTAP 2.1, 6).
        powered_at: When the key came to power, on its clock.
    """

    def __init__(
        self,
        profile: Profile,
        memory: Memory,
        attester: Attester,
        presence: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.profile = profile
        self.memory = memory
        self.attester = attester
        self.clock = clock
        self.pin = ClientPin(profile, memory, clock)
        self.pending: Pending | None = None
        self.powered_at = clock()
        self._presence = presence

    @property
    def state(self) -> KeyState:
        """The state as the running command has made it."""
        return self.memory.state

    def require_touch(self) -> None:
        """Wait for the person's finger.

        Raises:
            CtapError: USER_ACTION_TIMEOUT: it did not come; KEEPALIVE_CANCEL: the platform
                called the command off.
        """
        if not self._presence():
            raise CtapError(Status.USER_ACTION_TIMEOUT)

    def authorize(
        self, fields: Map, mac_at: Key, protocol_at: Key, message: bytes, permission: Permission
    ) -> PinToken | None:
        """Check the pinUvAuthParam of a request, where it has one.

        Args:
            fields: The request.
            mac_at: Where its pinUvAuthParam stands.
            protocol_at: Where its pinUvAuthProtocol stands.
            message: What the parameter authenticates.
            permission: What the token must be good for.

        Returns:
            The token; None for a request without the parameter.

        Raises:
            CtapError: The parameter is wrong, or half of it is missing. An empty one asks for a
                touch and then whether there is a PIN: platforms find the key so (6.1.2 step 1).
        """
        mac = optional(fields, mac_at, bytes)
        if mac is None:
            return None
        if not mac:
            self.require_touch()
            raise CtapError(Status.PIN_INVALID if self.state.pin_hash else Status.PIN_NOT_SET)
        protocol = self.pin.protocol(required(fields, protocol_at, int))
        token = self.pin.token
        if token is None:
            raise CtapError(Status.PIN_AUTH_INVALID)
        token.verify(protocol, message, mac)
        token.permit(permission)
        return token

    def begin(self, sequel: Sequel, answers: Iterator[Map]) -> Map:
        """The first of several answers; the others wait to be fetched."""
        self.pending = Pending(sequel, answers, self.clock())
        return next(answers)

    def fetch(self, pending: Pending | None, sequel: Sequel) -> Map:
        """The next answer of a sequel that waited.

        Raises:
            CtapError: NOT_ALLOWED: nothing of the kind waits, or it waited too long.
        """
        if pending is None or pending.sequel is not sequel:
            raise CtapError(Status.NOT_ALLOWED)
        if self.clock() - pending.since > NEXT_LIMIT_S:
            raise CtapError(Status.NOT_ALLOWED)
        answer = next(pending.answers, None)
        if answer is None:
            raise CtapError(Status.NOT_ALLOWED)
        self.pending = msgspec.structs.replace(pending, since=self.clock())
        return answer

    def count_signature(self) -> int:
        """Step the signature counter and give its new value."""
        self.memory.change(sign_count=(self.state.sign_count + 1) % (1 << 32))
        return self.state.sign_count

    def discoverable(self, rp_id_hash: bytes | None = None) -> list[Credential]:
        """The discoverable credentials, of one relying party or of all, the oldest first."""
        return [
            credential
            for credential in self.state.credentials
            if credential.discoverable and rp_id_hash in (None, credential.rp_id_hash)
        ]
