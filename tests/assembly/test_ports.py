"""Several buses as one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from keyvault_kit.assembly import Bench
from keyvault_kit.assembly.ports import Ports
from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.hid import HidHandle, plugged
from keyvault_kit.keys.reading import Reading, read_all

START = datetime(2026, 1, 1, tzinfo=UTC)


class Apart:
    """A bus whose paths are not those of another one."""

    def __init__(self, bench: Bench) -> None:
        self._bus = bench.bus

    def enumerate(self) -> list[dict[str, object]]:
        return [entry | {"path": b"there" + _path(entry)} for entry in self._bus.enumerate()]

    def open(self, path: bytes) -> HidHandle:
        return self._bus.open(path.removeprefix(b"there"))


def _path(entry: dict[str, object]) -> bytes:
    path = entry["path"]
    assert isinstance(path, bytes)
    return path


class Closed:
    """A bus that the system does not list."""

    def enumerate(self) -> list[dict[str, object]]:
        raise DeviceError("the HID devices of this machine cannot be listed")

    def open(self, path: bytes) -> NoReturn:
        raise DeviceError(f"{path.decode()} cannot be opened")


@pytest.fixture
def benches(tmp_path: Path) -> tuple[Bench, Bench]:
    """Two benches with one key each; both count their paths from the same number."""

    def bench(name: str, model: str) -> Bench:
        folder = tmp_path / name
        folder.mkdir()
        it = Bench(folder, seed=name.encode().ljust(32), not_before=START)
        it.add(name, model)
        it.plug(name)
        return it

    return bench("here", "five"), bench("there", "other")


def test_keys_of_both_are_listed_and_each_is_opened_where_it_is(
    benches: tuple[Bench, Bench],
) -> None:
    here, there = benches
    ports = Ports((here.bus, Apart(there)))

    serials = [it.serial for it in read_all(ports) if isinstance(it, Reading)]

    assert serials == [here.serial("here"), there.serial("there")]


def test_a_key_that_was_pulled_out_is_said_to_be_gone(benches: tuple[Bench, Bench]) -> None:
    here, there = benches
    ports = Ports((here.bus, Apart(there)))
    (_, key) = plugged(ports)
    there.unplug("there")

    with pytest.raises(DeviceError, match="the key is gone") as caught:
        ports.open(key.path)
    assert caught.value.mend == "Plug it in again."


def test_a_bus_that_cannot_be_listed_is_said_and_not_left_out(
    benches: tuple[Bench, Bench],
) -> None:
    with pytest.raises(DeviceError, match="cannot be listed"):
        plugged(Ports((benches[0].bus, Closed())))


def test_no_bus_is_no_key() -> None:
    assert plugged(Ports(())) == ()
