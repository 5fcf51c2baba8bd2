"""The software keys of a rehearsal: made once, kept in a folder, plugged in and out."""

import hmac
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import msgspec

from keyvault_kit.assembly.seeded import SeededRandom
from keyvault_kit.errors import InputError
from keyvault_kit.host.files import make_folder, read_file, write_atomically
from keyvault_kit.keys.pin import generate_pin
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.profiles import PROFILES
from keyvault_kit.softkey.state import KeyState

SOFTWARE_MODELS: Final = tuple(PROFILES)
"""The models of software key that a rehearsal's organisation file can name."""

SOFT_KEYS: Final = "softkeys"
"""The folder beside a rehearsal's ledger with its software keys."""

PERSONAL: Final = "personal-"
PERSONAL_MODEL: Final = "five"

_BENCH: Final = "bench.json"


class _Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What software keys were begun with: seed in hex, and when."""

    seed: str
    began: datetime


class Bench:
    """The software keys of a rehearsal: made once, kept in a folder, plugged in and out.

    Args:
        folder: Where each key's state is kept; a key outlives the process.
        seed: 32 bytes; keys and their attestation follow from it.
        not_before: When the makers' certificates of the test CA become valid.

    Attributes:
        touch: The finger on a key that waits for a touch: its name in, True where it came; at once
            unless another is put here.
    """

    def __init__(self, folder: Path, *, seed: bytes, not_before: datetime) -> None:
        self._folder = folder
        self._seed = seed
        self._authority = AttestationAuthority(
            seed=hmac.digest(seed, b"attestation", "sha256"), not_before=not_before
        )
        self.bus = SoftBus()
        self.touch: Callable[[str], bool] = lambda _: True
        self._keys: dict[str, SoftKey] = {}
        self._paths: dict[str, bytes] = {}
        self._in_place_of: dict[str, str] = {}

    @classmethod
    def begin(cls, folder: Path, *, seed: bytes, now: datetime) -> Self:
        """New software keys in a new folder; what they were begun with stays there.

        Raises:
            InputError: The folder cannot be written.
        """
        make_folder(folder)
        began = now.replace(microsecond=0)
        write_atomically(folder / _BENCH, msgspec.json.encode(_Begun(seed.hex(), began)))
        return cls(folder, seed=seed, not_before=began)

    @staticmethod
    def begun(folder: Path) -> bool:
        """Whether there are software keys in that folder."""
        return (folder / _BENCH).exists()

    @classmethod
    def again(cls, folder: Path) -> Self:
        """The software keys of a folder, as they were left.

        Raises:
            InputError: There are none, or what they were begun with cannot be read.
        """
        file = folder / _BENCH
        try:
            begun = msgspec.json.decode(read_file(file, "software keys"), type=_Begun)
            return cls(folder, seed=bytes.fromhex(begun.seed), not_before=begun.began)
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The root certificates that vouch for these keys, DER."""
        return (self._authority.root_certificate,)

    def add(self, name: str, model: str, *, claimed: str = "") -> None:
        """Make the key of that name, or take it from the folder.

        Args:
            model: The name of a software key's profile.
            claimed: The key whose serial number it has; its own where empty.
        """
        file = self._folder / f"{name}.json"
        if file.exists():
            state = _kept(file)
        else:
            state = KeyState.new(
                model,
                label=name,
                serial=_serial(self._seed, claimed or name),
                seed=hmac.digest(self._seed, b"key " + name.encode(), "sha256"),
            )
        self._keys[name] = SoftKey(
            state,
            authority=self._authority,
            touch=self._touched,
            clock=time.monotonic,
            save=lambda data: write_atomically(file, data),
        )

    def put_in_place_of(self, name: str, stranger: str) -> None:
        """From now on whoever reaches for the key of that name takes the stranger."""
        self.unplug(name)
        self._in_place_of[name] = stranger

    def plug(self, name: str) -> None:
        """Plug the key in; one that is in already is unplugged first, so it is powered anew."""
        self.unplug(name)
        self._paths[name] = self.bus.plug(self._lying(name))

    def fetch(self, name: str) -> None:
        """Plug in the key of that name out of the folder; a new one where there is none yet."""
        if name not in self._keys:
            self.add(name, PERSONAL_MODEL)
        self.plug(name)

    def plug_personal(self, person: str) -> None:
        """Plug in a person's own key; the last person takes theirs away first."""
        self.unplug_personal()
        self.fetch(PERSONAL + person)

    def personal_pin(self, person: str) -> Secret:
        """The PIN that a person chose for the software key of their own."""
        return generate_pin(SeededRandom(self._seed, b"pin of " + person.encode()))

    def unplug_personal(self) -> None:
        """Whoever has a key of their own plugged in takes it away."""
        for name in [name for name in self._paths if name.startswith(PERSONAL)]:
            self.unplug(name)

    def unplug(self, name: str) -> None:
        """Pull the key out, if it is in."""
        path = self._paths.pop(name, None)
        if path is not None:
            self.bus.unplug(path)

    def plugged_in(self) -> tuple[str, ...]:
        """The names whose keys are plugged in."""
        return tuple(self._paths)

    def path(self, name: str) -> bytes:
        """Where the key is plugged in."""
        return self._paths[name]

    def serial(self, name: str) -> int | None:
        """The serial number on its label."""
        return self._lying(name).serial

    def winks(self, name: str) -> int:
        """How often it has blinked since it was plugged in."""
        return self._lying(name).winks

    def _touched(self, label: str) -> bool:
        return self.touch(label)

    def _lying(self, name: str) -> SoftKey:
        return self._keys[self._in_place_of.get(name, name)]


def _kept(file: Path) -> KeyState:
    try:
        return KeyState.from_json(read_file(file, "software key"))
    except InputError as error:
        raise InputError(f"{file}: {error.what}", mend=error.mend) from error


def _serial(seed: bytes, name: str) -> int:
    """Eight digits, as on a label."""
    digest = hmac.digest(seed, b"serial " + name.encode(), "sha256")
    return 10_000_000 + int.from_bytes(digest[:8], "big") % 90_000_000
