"""The host's side of the virtual machine, as far as it needs none."""

import shlex
import subprocess
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError
from tests.vm.host import packages
from tests.vm.host.__main__ import command_for
from tests.vm.host.machine import Machine

FAILED = "the virtual machine failed"


def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "_PATH", str(tmp_path))

    with pytest.raises(InputError, match="qemu-system-x86_64") as caught:
        packages.demand_tools()

    assert "apt-get install" in caught.value.mend
    assert "busybox-static" in caught.value.mend


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(InputError, match="no-such-folder"):
        packages.run("ls", "/no-such-folder")


def test_pytests_own_arguments_are_handed_on() -> None:
    words = shlex.split(command_for(["test", "-k", "a or b"]))

    assert words[-3:] == ["-k", "a or b", "tests/vm/guest"]


def test_anything_else_is_refused_with_what_to_say() -> None:
    with pytest.raises(InputError, match="nothing to run"):
        command_for(["fly"])


def test_a_machine_that_does_not_come_up_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = Machine(folder=tmp_path, tree=tmp_path, rehearsal=tmp_path)

    def boot(*_: object, **__: object) -> None:
        (tmp_path / "kernel.log").write_text("no root\nCall Trace: noise", encoding="utf-8")
        raise subprocess.CalledProcessError(1, "qemu")

    monkeypatch.setattr(Machine, "_first_files", lambda *_: tmp_path)
    monkeypatch.setattr(Machine, "_qemu", lambda *_: ["qemu"])
    monkeypatch.setattr(subprocess, "run", boot)

    with pytest.raises(InputError, match=FAILED) as caught:
        machine.run("true")

    assert "no root" in caught.value.mend
    assert "noise" not in caught.value.mend
