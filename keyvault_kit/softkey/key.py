"""A software security key, as it lies in a drawer or sits in a port."""

import threading
from collections.abc import Callable

from keyvault_kit.errors import DeviceError
from keyvault_kit.softkey.attestation import AttestationAuthority, Attesters
from keyvault_kit.softkey.port import Body, Port
from keyvault_kit.softkey.profiles import Profile, profile_named
from keyvault_kit.softkey.state import KeyState, Memory


class SoftKey:
    """A software security key.

    Args:
        state: What it keeps without power.
        authority: The maker, who certifies its attestation key.
        touch: The person's finger: called with the key's label, True where it came.
        clock: Monotonic seconds.
        save: Takes the state as JSON (see `KeyState.from_json`) before any answer that depends on
            it leaves the key. If it raises, the key is broken until it is plugged in again.
        pace: Called before each CTAP2 command; it makes a slow key by taking its time.

    Raises:
        InputError: The state names a profile that there is not.
    """

    def __init__(
        self,
        state: KeyState,
        *,
        authority: AttestationAuthority,
        touch: Callable[[str], bool],
        clock: Callable[[], float],
        save: Callable[[bytes], None],
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self.profile: Profile = profile_named(state.profile)
        self._memory = Memory(state, save)
        self._body = Body(
            profile=self.profile,
            memory=self._memory,
            attesters=_attesters(authority, self.profile, state.serial),
            touch=lambda: touch(self.label),
            pace=pace,
            clock=clock,
            chip=threading.Lock(),
        )
        self._port: Port | None = None

    @property
    def label(self) -> str:
        """What is written on it."""
        return self._memory.state.label

    @property
    def serial(self) -> int | None:
        """The serial number on its label; None for a make that has none."""
        return self._memory.state.serial

    @property
    def winks(self) -> int:
        """How often it has blinked since it was plugged in."""
        return self._port.winks if self._port else 0

    def power_on(self) -> Port:
        """Give it power.

        Raises:
            DeviceError: It has power already.
        """
        if self._port:
            raise DeviceError(f"the software key {self.label} is plugged in already")
        self._port = Port(self._body)
        return self._port

    def power_off(self) -> None:
        """Take its power away, if it has any."""
        if self._port:
            self._port.unplug()
            self._port = None

    def __repr__(self) -> str:
        return f"SoftKey({self.label!r}, profile={self.profile.name!r})"


def _attesters(authority: AttestationAuthority, profile: Profile, serial: int | None) -> Attesters:
    """The attestation keys; one of its own for a key that an enterprise may tell from others."""
    make = authority.attester(profile)
    if not profile.enterprise or serial is None:
        return Attesters(make)
    return Attesters(make, authority.enterprise_attester(profile, serial))
