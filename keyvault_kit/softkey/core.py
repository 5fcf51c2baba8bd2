"""What the commands of a key work with, from one power-up to the next."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

import msgspec

from keyvault_kit.softkey.attestation import Attesters
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
        attesters: The make's attestation key, and the key's own where it has one.
        presence: Waits for a touch; False where none came.
        clock: Monotonic seconds.

    Attributes:
        attester: The make's attestation key.
        enterprise: The attestation key of this key alone; None where it has none.
        pin: The PIN and its token.
        pending: What the next command may fetch. Any other command drops it (CTAP 2.1, 6).
        powered_at: When the key came to power, on its clock.
    """

    def __init__(
        self,
        profile: Profile,
        memory: Memory,
        attesters: Attesters,
        presence: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.profile = profile
        self.memory = memory
        self.attester = attesters.make
        self.enterprise = attesters.key
        self.clock = clock
        self.pin = ClientPin(profile, memory, clock)
        self.pending: Pending | None = None
        self.powered_at = clock()
        self._presence = presence

    @property
    def state(self) -> KeyState:
        """The state as the running command has made it."""
        return self.memory.state

    @property
    def room(self) -> int:
        """How many more discoverable credentials there is room for."""
        return self.profile.capacity - len(self.discoverable())

    def touched(self) -> bool:
        """Wait for the person's finger; False where it did not come.

        Raises:
            CtapError: KEEPALIVE_CANCEL: the platform called the command off.
        """
        return self._presence()

    def require_touch(self, untouched: Status = Status.USER_ACTION_TIMEOUT) -> None:
        """Wait for the person's finger.

        Args:
            untouched: The status where it did not come.

        Raises:
            CtapError: It did not come; or KEEPALIVE_CANCEL: the platform called the command off.
        """
        if not self.touched():
            raise CtapError(untouched)

    def answer_probe(self, fields: Map, mac_at: Key, protocol_at: Key) -> None:
        """Let a platform find the key by touch, and look at its PIN protocol (6.1.2 steps 1 and 2).

        Args:
            fields: The request.
            mac_at: Where its pinUvAuthParam stands.
            protocol_at: Where its pinUvAuthProtocol stands.

        Raises:
            CtapError: The pinUvAuthParam is empty: after a touch, whether there is a PIN; or the
                protocol is missing or unknown.
        """
        mac = optional(fields, mac_at, bytes)
        if mac is None:
            return
        if not mac:
            self.require_touch(self.profile.untouched)
            raise CtapError(Status.PIN_INVALID if self.state.pin_hash else Status.PIN_NOT_SET)
        self.pin.protocol(required(fields, protocol_at, int))

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
            CtapError: The parameter is wrong, or half of it is missing.
        """
        mac = optional(fields, mac_at, bytes)
        if mac is None:
            return None
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
