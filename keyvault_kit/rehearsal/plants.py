"""Plants: what an audit must find, put there on purpose.

A stranger with the same serial number takes the place of one key, and another key is reset.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.assembly import Bench, SeededRandom
from keyvault_kit.custody.model import Finding
from keyvault_kit.custody.organisation import KeyPlan
from keyvault_kit.errors import InternalError
from keyvault_kit.keys.hid import HidBus, PluggedKey, plugged
from keyvault_kit.keys.pin import generate_pin, set_pin
from keyvault_kit.keys.reading import read
from keyvault_kit.keys.session import open_session

STRANGER_RULE: Final = "key-stranger"
RESET_RULE: Final = "key-reset"


class Plants(msgspec.Struct, frozen=True):
    """Which key a stranger replaces, and which one is reset."""

    stranger: str
    reset: str

    def expected(self) -> set[tuple[str, str]]:
        """The findings, by rule and subject, that an audit must come to, and no others."""
        return {(STRANGER_RULE, self.stranger), (RESET_RULE, self.reset)}

    def found(self, findings: list[Finding]) -> set[tuple[str, str]]:
        """The findings that an audit came to, by rule and subject."""
        return {(finding.rule, finding.subject) for finding in findings}


def choose(keys: Sequence[KeyPlan]) -> Plants:
    """Two different keys: backups where there are two of them."""
    backups = [key.tag for key in keys if key.use == "backup"]
    tags = [*backups, *(key.tag for key in keys if key.tag not in backups)]
    return Plants(stranger=tags[0], reset=tags[1])


def plant(plants: Plants, keys: Sequence[KeyPlan], bench: Bench, seed: bytes) -> None:
    """Put both plants in place; doing it again changes nothing more.

    Raises:
        DeviceError: A software key failed.
    """
    (mine,) = (key for key in keys if key.tag == plants.stranger)
    _put_stranger(mine, bench, seed)
    bench.plug(plants.reset)
    with open_session(bench.bus, _at(bench.bus, bench.path(plants.reset))) as session:
        session.reset()


def _put_stranger(key: KeyPlan, bench: Bench, seed: bytes) -> None:
    """Another key of the same model that claims the same serial number and has a PIN of its own."""
    name = f"{key.tag}-stranger"
    bench.add(name, key.model, claimed=key.tag)
    bench.put_in_place_of(key.tag, name)
    bench.plug(key.tag)
    with open_session(bench.bus, _at(bench.bus, bench.path(key.tag))) as session:
        if not read(session).pin_set:
            set_pin(session, generate_pin(SeededRandom(seed, b"stranger")))


def _at(bus: HidBus, path: bytes) -> PluggedKey:
    for key in plugged(bus):
        if key.path == path:
            return key
    raise InternalError(f"no software key at {path!r}")
