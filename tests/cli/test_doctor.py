"""`keyvault doctor`: findings in words, as JSON, and as an exit status."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from keyvault_kit.cli.commands import doctor
from keyvault_kit.cli.main import run
from keyvault_kit.errors import DeviceError
from keyvault_kit.host.doctor import Machine
from keyvault_kit.keys.hid import HidBus

Captured = pytest.CaptureFixture[str]
FIDO = bytes.fromhex("06d0f10901a101")


class OneKey:
    """A bus with one key, which opens or does not."""

    def __init__(self, *, opens: bool) -> None:
        self.opens = opens

    def enumerate(self) -> list[dict[str, object]]:
        return [
            {"path": b"/dev/hidraw0", "product_string": "A key", "usage_page": 0xF1D0, "usage": 1}
        ]

    def open(self, path: bytes) -> SimpleNamespace:
        if self.opens:
            return SimpleNamespace(close=lambda: None)
        raise DeviceError(f"{path.decode()} cannot be opened", mend="Run the kit as Administrator.")


@pytest.fixture
def on_bus(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    return lambda bus: monkeypatch.setattr(doctor, "plugged_in_keys", lambda: bus)


@pytest.fixture
def workstation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_bus: Callable[[HidBus], None]
) -> Path:
    """A Linux workstation where a key is plugged in that root alone may open."""
    device = tmp_path / "sys/class/hidraw/hidraw0"
    (device / "device").mkdir(parents=True)
    (device / "device/report_descriptor").write_bytes(FIDO)
    (device / "device/uevent").write_text("HID_ID=0003:00001050:00000407\nHID_NAME=A key\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/hidraw0").touch()
    machine = Machine(1000, lambda _: False, tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(doctor, "this_machine", lambda: machine)
    on_bus(SimpleNamespace(enumerate=list))
    return tmp_path


@pytest.mark.usefixtures("workstation")
def test_a_key_that_cannot_be_opened_is_a_finding_with_a_why_and_a_mend(capsys: Captured) -> None:
    assert run(["doctor", "keys"]) == 1

    out = capsys.readouterr().out.splitlines()
    assert "A key at /dev/hidraw0 CANNOT be opened." in out
    assert any(line.startswith("  Why: udev does not run") for line in out)
    assert any(line.startswith("  Mend: Start systemd-udevd") for line in out)


@pytest.mark.usefixtures("workstation")
def test_json_holds_keys_and_findings(capsys: Captured) -> None:
    assert run(["doctor", "keys", "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["keys"] == [{"product": "A key", "node": "/dev/hidraw0", "openable": False}]
    assert [finding.keys() for finding in found["findings"]] == [{"what", "why", "mend"}]


def test_a_good_workstation_misses_nothing(
    workstation: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(1000, lambda _: True, workstation)
    monkeypatch.setattr(doctor, "this_machine", lambda: machine)

    assert run(["doctor", "keys"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "A key at /dev/hidraw0 can be opened.",
        "Nothing is missing.",
    ]


@pytest.mark.usefixtures("workstation")
def test_a_missing_hidapi_is_a_finding_beside_the_others(
    capsys: Captured, on_bus: Callable[[object], None]
) -> None:
    def fail() -> None:
        raise DeviceError("the module hidraw of hidapi cannot be loaded", mend="Install it.")

    on_bus(SimpleNamespace(enumerate=fail))

    assert run(["doctor", "keys", "--json"]) == 1

    whats = [finding["what"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert len(whats) == 2
    assert whats[1] == "the module hidraw of hidapi cannot be loaded"


@pytest.mark.parametrize(("opens", "status"), [(True, 0), (False, 1)])
def test_where_no_files_tell_each_key_is_tried(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    on_bus: Callable[[object], None],
    opens: bool,  # noqa: FBT001 - a case
    status: int,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    on_bus(OneKey(opens=opens))

    assert run(["doctor", "keys", "--json"]) == status

    found = json.loads(capsys.readouterr().out)
    assert found["keys"] == [{"product": "A key", "node": "/dev/hidraw0", "openable": opens}]
    assert [finding["mend"] for finding in found["findings"]] == (
        [] if opens else ["Run the kit as Administrator."]
    )


@pytest.mark.usefixtures("workstation")
def test_a_machine_that_does_not_tell_its_media_is_a_finding(capsys: Captured) -> None:
    assert run(["doctor", "media"]) == 1

    out = capsys.readouterr().out
    assert "Which media are plugged in is not told" in out
    assert "Why: /sys/block is missing" in out

    assert run(["doctor", "media", "--json"]) == 1
    assert [it["why"] for it in json.loads(capsys.readouterr().out)] == ["/sys/block is missing"]


def test_a_machine_that_tells_its_media_misses_nothing(workstation: Path, capsys: Captured) -> None:
    (workstation / "sys/block").mkdir()
    (workstation / "proc/self").mkdir(parents=True)
    (workstation / "proc/self/mountinfo").write_text("")

    assert run(["doctor", "media"]) == 0

    assert capsys.readouterr().out == "Nothing is missing.\n"
