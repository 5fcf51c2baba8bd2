"""What a software key keeps without power, as one JSON document."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Final, Self

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.softkey.profiles import AlwaysUv, SerialPlace, profile_named

PIN_RETRIES: Final = 8
SEED_SIZE: Final = 32
SERIAL_LIMIT: Final = 1 << 32

_Natural = Annotated[int, msgspec.Meta(ge=0)]
_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Credential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One credential.

    A real key wraps a credential that is not discoverable into its id; a software key keeps all.

    Attributes:
        id: The credential id, 32 bytes.
        rp_id: The relying party.
        user_id: The account there, at most 64 bytes.
        user_name: Its name.
        user_display_name: Its name for people.
        private_key: The scalar on P-256, 32 bytes big-endian.
        discoverable: Whether it is found without its id.
        protection: The credProtect level, 1 to 3.
        hmac_secret: Whether it was made with the hmac-secret extension.
    """

    id: _Bytes32
    rp_id: str
    user_id: bytes
    user_name: str | None
    user_display_name: str | None
    private_key: _Bytes32
    discoverable: bool
    protection: Annotated[int, msgspec.Meta(ge=1, le=3)]
    hmac_secret: bool

    @property
    def rp_id_hash(self) -> bytes:
        """SHA-256 of the relying party's id."""
        return hashlib.sha256(self.rp_id.encode()).digest()

    def __repr__(self) -> str:
        return f"Credential({self.id.hex()}, rp_id={self.rp_id!r})"


class KeyState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The non-volatile memory of a key.

    Attributes:
        label: What is written on it; handed to whoever touches it.
        profile: The name of its profile.
        serial: Its serial number; None for a make that has none.
        seed: All its randomness follows from these 32 bytes.
        drawn: How many blocks of 32 bytes were drawn from the generator.
        min_pin_length: In code points.
        pin_hash: LEFT(SHA-256(PIN), 16), or None (CTAP 2.1, 6.5.5.5).
        pin_length: In code points; 0 without a PIN.
        pin_retries: How many wrong PINs are left.
        force_pin_change: Whether the PIN must be changed before it opens anything.
        min_pin_length_rp_ids: Who may ask for the minimum PIN length (CTAP 2.1, 12.4).
        always_uv: Whether it wants the PIN always (CTAP 2.1, 7.2).
        enterprise_attestation: Whether that was enabled (CTAP 2.1, 7.1).
        reset_blocked: Whether another application of the key forbids a reset.
        sign_count: One counter for all credentials.
        credentials: In the order of their making.
    """

    label: str
    profile: str
    serial: Annotated[int, msgspec.Meta(ge=0, lt=SERIAL_LIMIT)] | None
    seed: _Bytes32
    min_pin_length: _Natural
    drawn: _Natural = 0
    pin_hash: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)] | None = None
    pin_length: _Natural = 0
    pin_retries: Annotated[int, msgspec.Meta(ge=0, le=PIN_RETRIES)] = PIN_RETRIES
    force_pin_change: bool = False
    min_pin_length_rp_ids: tuple[str, ...] = ()
    always_uv: bool = False
    enterprise_attestation: bool = False
    reset_blocked: bool = False
    sign_count: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)] = 0
    credentials: tuple[Credential, ...] = ()

    @classmethod
    def new(cls, profile: str, *, label: str, serial: int | None, seed: bytes) -> Self:
        """A key as it leaves the factory.

        Args:
            profile: The name of a profile.
            label: What is written on it.
            serial: Its serial number; left out for a make that has none.
            seed: 32 bytes.

        Raises:
            InputError: There is no such profile, or the serial number or the seed has another size.
        """
        make = profile_named(profile)
        if len(seed) != SEED_SIZE:
            raise InputError(f"the seed of a software key has {SEED_SIZE} bytes, not {len(seed)}")
        if serial is not None and not 0 <= serial < SERIAL_LIMIT:
            raise InputError(f"the serial number {serial} does not fit into 32 bits")
        numbered = make.serial_place is not SerialPlace.NOWHERE
        return cls(
            label=label,
            profile=profile,
            serial=serial if numbered else None,
            seed=seed,
            min_pin_length=make.min_pin_length,
            always_uv=make.always_uv in (AlwaysUv.ON, AlwaysUv.LOCKED),
        )

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The state that :meth:`to_json` wrote.

        Raises:
            InputError: It is anything else, be it by a space or a doubled field.
        """
        try:
            state = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            # The cause quotes nothing of the document but the place, so it may be shown.
            raise InputError(f"this is no software key's state: {error}") from error
        profile_named(state.profile)
        if state.to_json() != data:
            raise InputError(
                "this software key's state is not as this version of the kit writes it",
                mend="Make the key anew.",
            )
        return state

    def to_json(self) -> bytes:
        """The state as a JSON document, the same bytes for the same state."""
        return msgspec.json.encode(self)

    def __repr__(self) -> str:
        return f"KeyState({self.label!r}, profile={self.profile!r})"


class Memory:
    """A key's state while commands change it.

    A command changes :attr:`state` at will; :meth:`commit` hands the outcome to `save` before the
    answer leaves the key, so a key that dies at any moment has lost nothing that it acknowledged.

    Args:
        state: The state to start from.
        save: Takes the state's JSON document; it returns once that is safe.
    """

    def __init__(self, state: KeyState, save: Callable[[bytes], None]) -> None:
        self.state = state
        self._saved = state
        self._save = save

    def change(self, **fields: object) -> None:
        """Set fields of the state."""
        self.state = msgspec.structs.replace(self.state, **fields)

    def random(self, size: int) -> bytes:
        """The next bytes of the key's generator: HMAC-SHA256 of a counter under the seed."""
        first, blocks = self.state.drawn, -(-size // 32)
        self.change(drawn=first + blocks)
        stream = b"".join(
            hmac.digest(self.state.seed, n.to_bytes(8), "sha256")
            for n in range(first, first + blocks)
        )
        return stream[:size]

    def commit(self) -> None:
        """Save what was changed; whatever `save` raises comes through."""
        if self.state is not self._saved:
            self._save(self.state.to_json())
            self._saved = self.state

    def revert(self) -> None:
        """Forget what was not saved."""
        self.state = self._saved
