"""Software keys in ports, and python-fido2 as the platform that talks to them."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from fido2.ctap2.base import AssertionResponse, AttestationResponse, Ctap2
from fido2.ctap2.pin import ClientPin, PinProtocol, PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus, SoftHandle
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState

NOT_BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
AUTHORITY = AttestationAuthority(seed=b"\x07" * 32, not_before=NOT_BEFORE)
READ_LIMIT_MS = 5000


class Connection(CtapHidConnection):
    """python-fido2's packets over a handle."""

    def __init__(self, handle: SoftHandle) -> None:
        self.handle = handle

    def write_packet(self, data: bytes) -> None:
        assert self.handle.write(b"\0" + data) == 65

    def read_packet(self) -> bytes:
        packet = bytes(self.handle.read(64, READ_LIMIT_MS))
        if not packet:
            raise OSError("the software key is silent")
        return packet

    def close(self) -> None:
        self.handle.close()


class Bench:
    """One software key, its port, its finger and its clock, all in the test's hand."""

    def __init__(self, profile: str = "five", seed: bytes = b"\x01" * 32) -> None:
        self.bus = SoftBus()
        self.now = 100.0
        self.finger: Callable[[str], bool] = lambda _: True
        self.touched: list[str] = []
        self.saved: list[bytes] = []
        self.state = KeyState.new(profile, label="K1", serial=12345678, seed=seed)
        self.key = self._make(self.state)
        self.path = b""

    def _make(self, state: KeyState) -> SoftKey:
        return SoftKey(
            state,
            authority=AUTHORITY,
            touch=self._touch,
            clock=lambda: self.now,
            save=self.saved.append,
        )

    def _touch(self, label: str) -> bool:
        self.touched.append(label)
        return self.finger(label)

    def plug(self) -> CtapHidDevice:
        """Plug the key in, or pull it and plug it in again."""
        if self.path:
            self.bus.unplug(self.path)
        self.path = self.bus.plug(self.key)
        return self.device()

    def reborn(self) -> CtapHidDevice:
        """Throw the key away and make another of what it saved last."""
        self.bus.unplug(self.path)
        self.path = b""
        saved = KeyState.from_json(self.saved[-1]) if self.saved else self.state
        self.key = self._make(saved)
        return self.plug()

    def device(self) -> CtapHidDevice:
        """The key in its port, opened once more."""
        descriptor = HidDescriptor(self.path, 0x1050, 0x0407, 64, 64, "soft", None)
        return CtapHidDevice(descriptor, Connection(self.bus.open(self.path)))

    def last_state(self) -> KeyState:
        """What the key saved last."""
        return KeyState.from_json(self.saved[-1])


class Platform:
    """A platform that knows the PIN and asks for what it needs, by one PIN protocol."""

    HASH = b"\x5a" * 32
    PIN = "31415926"
    RP = "example.com"

    def __init__(
        self,
        device: CtapHidDevice,
        protocol: PinProtocol | None = None,
        *,
        strict_cbor: bool = True,
    ) -> None:
        self.device = device
        self.ctap = Ctap2(device, strict_cbor)
        self.pin = ClientPin(self.ctap, protocol)

    def token(self, permissions: int, rp_id: str | None = RP) -> bytes:
        return self.pin.get_pin_token(self.PIN, ClientPin.PERMISSION(permissions), rp_id)

    def proof(self, permissions: int, message: bytes = HASH, rp_id: str | None = RP) -> bytes:
        """A pinUvAuthParam by a fresh token."""
        return self.pin.protocol.authenticate(self.token(permissions, rp_id), message)

    def make(
        self, user: bytes = b"user", *, rp: str = RP, with_pin: bool = True, **more: Any
    ) -> AttestationResponse:
        """Make a credential; discoverable where the options do not say otherwise."""
        more.setdefault("options", {"rk": True})
        if with_pin:
            more["pin_uv_param"] = self.proof(1, rp_id=rp)
            more["pin_uv_protocol"] = self.pin.protocol.VERSION
        names = {"name": f"{user.hex()}@{rp}", "displayName": "Somebody"}
        parameters: list[Mapping[str, Any]] = [{"type": "public-key", "alg": -7}]
        return self.ctap.make_credential(
            self.HASH, {"id": rp, "name": "RP"}, {"id": user, **names}, parameters, **more
        )

    def sign(
        self, *allowed: bytes, rp: str = RP, with_pin: bool = False, **more: Any
    ) -> AssertionResponse:
        """Ask for an assertion, of one of these credentials or of any."""
        if with_pin:
            more["pin_uv_param"] = self.proof(2, rp_id=rp)
            more["pin_uv_protocol"] = self.pin.protocol.VERSION
        listed: list[Mapping[str, Any]] = [{"type": "public-key", "id": one} for one in allowed]
        return self.ctap.get_assertion(rp, self.HASH, listed or None, **more)

    def verify(self, made: AttestationResponse, signed: AssertionResponse) -> None:
        """Check the signature with the public key that came with the credential."""
        made_data = made.auth_data.credential_data
        assert made_data is not None
        assert signed.credential["id"] == made_data.credential_id
        signed.verify(self.HASH, made_data.public_key)


def credential_id(made: AttestationResponse) -> bytes:
    assert made.auth_data.credential_data is not None
    return made.auth_data.credential_data.credential_id


@pytest.fixture(scope="session")
def make_bench() -> type[Bench]:
    """For tests that need several keys, or one for each example."""
    return Bench


@pytest.fixture(scope="session")
def authority() -> AttestationAuthority:
    return AUTHORITY


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def device(bench: Bench) -> Iterator[CtapHidDevice]:
    with bench.plug() as device:
        yield device


@pytest.fixture(scope="session")
def id_of() -> Callable[[AttestationResponse], bytes]:
    return credential_id


@pytest.fixture(scope="session")
def make_platform() -> type[Platform]:
    return Platform


@pytest.fixture
def fresh(device: CtapHidDevice) -> Platform:
    """At a key without a PIN."""
    return Platform(device)


@pytest.fixture
def platform(fresh: Platform) -> Platform:
    """At a key with the platform's PIN."""
    fresh.pin.set_pin(fresh.PIN)
    return fresh


@pytest.fixture(params=[PinProtocolV1, PinProtocolV2])
def protocol(request: pytest.FixtureRequest) -> PinProtocol:
    chosen: PinProtocol = request.param()
    return chosen
