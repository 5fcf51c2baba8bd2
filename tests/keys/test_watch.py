"""Hot-plug is seen at the next look, and nothing is opened to see it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.keys.conftest import ScriptedBus

INFO = b"\x00\xa1\x01\x81\x68FIDO_2_0"


def answer(_: int, __: bytes) -> bytes:
    return INFO


def test_at_the_first_look_every_key_has_arrived(bus: ScriptedBus) -> None:
    first, _ = bus.plug_answer(answer)
    second, _ = bus.plug_answer(answer)
    seen = Watch(bus).look()
    assert seen.present == seen.arrived == (first, second)
    assert seen.gone == ()


def test_later_looks_tell_what_came_and_what_went(bus: ScriptedBus) -> None:
    watch = Watch(bus)
    assert watch.look().present == ()
    key, _ = bus.plug_answer(answer)
    assert watch.look().arrived == (key,)
    quiet = watch.look()
    assert (quiet.present, quiet.arrived, quiet.gone) == ((key,), (), ())
    bus.entries.clear()
    last = watch.look()
    assert (last.present, last.arrived, last.gone) == ((), (), (key,))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every plugging has its own path")
def test_a_replug_between_two_looks_is_seen(bus: ScriptedBus, tmp_path: Path) -> None:
    node, again = tmp_path / "hidraw0", tmp_path / "again"
    node.touch()
    again.touch()
    bus.entries = [{"path": bytes(node), "usage_page": 0xF1D0, "usage": 1}]
    watch = Watch(bus)
    before = watch.look().present
    again.replace(node)  # as devtmpfs does: the same name, another inode
    seen = watch.look()
    assert seen.gone == before
    assert seen.arrived == seen.present
    assert seen.arrived != before


def test_looking_opens_nothing(bus: ScriptedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    bus.plug_answer(answer)

    def refuse(path: bytes) -> None:
        pytest.fail(f"{path!r} was opened")

    monkeypatch.setattr(bus, "open", refuse)
    watch = Watch(bus)
    for _ in range(3):
        watch.look()


def test_a_bus_that_fails_for_a_moment_loses_no_key(
    bus: ScriptedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = bus.plug_answer(answer)
    watch = Watch(bus)
    watch.look()
    with monkeypatch.context() as broken:

        def fail() -> list[dict[str, object]]:
            raise OSError("no such device")

        broken.setattr(bus, "enumerate", fail)
        with pytest.raises(DeviceError, match="cannot be listed"):
            watch.look()
    seen = watch.look()
    assert (seen.present, seen.arrived, seen.gone) == ((key,), (), ())
