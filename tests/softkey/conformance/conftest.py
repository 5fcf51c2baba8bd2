"""A software key of each make, its port, its finger, its pace and its clock."""

import datetime as dt
from collections.abc import Callable

import pytest

from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.profiles import PROFILES
from keyvault_kit.softkey.state import KeyState
from tests.softkey.conformance.client import Client
from tests.softkey.conformance.spec import Status
from tests.softkey.conformance.wire import Wire

AUTHORITY = AttestationAuthority(
    seed=b"\x0c" * 32, not_before=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
)
SERIAL = 20461537


class Rig:
    """One software key in the test's hand."""

    def __init__(self, name: str) -> None:
        self.profile = PROFILES[name]
        self.authority = AUTHORITY
        self.now = 1000.0
        self.finger: Callable[[], bool] = lambda: True
        self.pace: Callable[[], None] = lambda: None
        self.touches = 0
        self.bus = SoftBus()
        self.key = SoftKey(
            KeyState.new(name, label="K", serial=SERIAL, seed=b"\x0d" * 32),
            authority=AUTHORITY,
            touch=self._touch,
            clock=lambda: self.now,
            save=lambda _: None,
            pace=self._compute,
        )
        self.path = self.bus.plug(self.key)

    @property
    def untouched(self) -> Status:
        """What this make says where no touch came: the text's word, or that the time was over."""
        return Status(self.profile.untouched)

    def _touch(self, _: str) -> bool:
        self.touches += 1
        return self.finger()

    def _compute(self) -> None:
        self.pace()

    def wire(self) -> Wire:
        """The key opened once more, on a channel of its own."""
        return Wire(self.bus.open(self.path))

    def client(self, protocol: int | None = None) -> Client:
        """A platform at the key."""
        chosen = protocol or self.profile.pin_protocols[0]
        return Client(self.wire(), chosen, scoped=self.profile.scoped_tokens)

    def replug(self) -> Client:
        """The key without power, and with power again."""
        self.bus.unplug(self.path)
        self.path = self.bus.plug(self.key)
        return self.client()


@pytest.fixture(params=sorted(PROFILES))
def rig(request: pytest.FixtureRequest) -> Rig:
    return Rig(request.param)


@pytest.fixture
def client(rig: Rig) -> Client:
    """A platform at a key without a PIN."""
    return rig.client()


@pytest.fixture
def known(client: Client) -> Client:
    """A platform at a key with the PIN that it knows."""
    client.set_pin()
    return client
