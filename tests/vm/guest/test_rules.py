"""The project's udev rules: the person at the console may open security keys, and nobody else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyvault_kit.errors import EXIT_FINDINGS, DeviceError
from keyvault_kit.keys.hid import HidapiBus
from keyvault_kit.keys.reading import Unreadable, read_all
from tests.vm.guest.client import Board
from tests.vm.guest.conftest import RULES, Program, Udev
from tests.vm.guest.orders import Plug

FIDO_ID = "/usr/lib/udev/fido_id"
SEAT = "/run/systemd/seats/seat0"
STRANGER = 4712


def may_open(node: str) -> bool:
    return os.access(node, os.R_OK | os.W_OK)


def test_the_person_may_open_two_keys_at_once_and_the_rule_is_why(board: Board) -> None:
    for name, model in (("K1", "five"), ("K4", "other")):
        node = board.plug(Plug(name=name, model=model)).node

        tags = board.run(f"udevadm info --query=property --property=CURRENT_TAGS {node}").output
        assert ":uaccess:" in tags
        acl = board.run(f"getfacl --absolute-names --omit-header --numeric {node}").output.split()
        assert acl == [
            "user::rw-",
            f"user:{os.getuid()}:rw-",
            "group::---",
            "mask::rw-",
            "other::---",
        ]
        assert may_open(node)
    assert [type(it).__name__ for it in read_all(HidapiBus())] == ["Reading", "Reading"]


def test_another_user_may_not_open_it(board: Board) -> None:
    node = board.plug(Plug(name="K1")).node

    as_stranger = f"setpriv --reuid {STRANGER} --regid {STRANGER} --clear-groups"
    refused = board.run(f"{as_stranger} sh -c ': <>{node}'")

    assert refused.status != 0
    assert "Permission denied" in refused.output


def test_without_the_rule_nobody_but_root_may_and_the_kit_says_what_to_do(
    board: Board, udev: Udev, program: Program
) -> None:
    udev.take_away(RULES)
    node = board.plug(Plug(name="K1")).node

    assert not may_open(node)
    with pytest.raises(DeviceError, match="install the udev rules"):
        HidapiBus().open(node.encode())
    (row,) = read_all(HidapiBus())
    assert isinstance(row, Unreadable)
    listed = program("keys", "list")
    assert listed.status == DeviceError.exit_status
    assert "install the udev rules" in listed.err
    doctor = program("doctor", "keys")
    assert doctor.status == EXIT_FINDINGS
    assert "no udev rule gives security keys to the person at the console" in doctor.out


@pytest.fixture
def nobody_seated(board: Board) -> Iterator[None]:
    board.run(f"mv {SEAT} /run/seated && echo IS_SEAT0=1 >{SEAT}")
    yield
    board.run(f"mv /run/seated {SEAT}")


@pytest.mark.usefixtures("nobody_seated")
def test_without_a_person_at_the_console_nobody_may(board: Board, program: Program) -> None:
    node = board.plug(Plug(name="K1")).node

    assert not may_open(node)
    assert "does not sit at seat0: nobody does" in program("doctor", "keys").out


def test_a_device_of_the_same_maker_that_is_no_security_key_gets_nothing(board: Board) -> None:
    node, _ = board.plug_unseen(Plug(name="D1", decoy=True))

    assert Path(node).exists()
    assert not may_open(node)


def test_where_udev_cannot_tell_keys_the_makers_are_known_by_name(board: Board, udev: Udev) -> None:
    udev.take_away(FIDO_ID)

    known = board.plug(Plug(name="K1")).node
    unknown = board.plug(Plug(name="K4", model="other")).node

    assert may_open(known)
    assert not may_open(unknown)


def test_a_key_that_is_in_already_can_be_opened_after_the_rule_is_installed(
    board: Board, udev: Udev
) -> None:
    udev.take_away(RULES)
    node = board.plug(Plug(name="K1")).node
    assert not may_open(node)

    udev.restore()
    board.run("udevadm trigger --settle --subsystem-match=hidraw")

    assert may_open(node)
