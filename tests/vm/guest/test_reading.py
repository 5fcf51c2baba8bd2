"""What the kit reads of keys over the kernel's own hidraw."""

import json
from uuid import UUID

from keyvault_kit.softkey.profiles import PROFILES
from tests.vm.guest.client import Board
from tests.vm.guest.conftest import Program
from tests.vm.guest.orders import Plug

YUBIKEY_TRANSACTIONS = 3  # a greeting, authenticatorGetInfo, the configuration


def test_two_keys_are_listed_at_once_with_serial_and_model(board: Board, program: Program) -> None:
    plugged = [board.plug(Plug(name=name)) for name in ("K1", "K4")]

    done = program("keys", "list", "--json")

    assert done.status == 0, done.err
    read = {row["path"]: row for row in json.loads(done.out)}
    for key, model in zip(plugged, ("five", "other"), strict=True):
        row = read.pop(key.node)
        assert row["serial"] == key.serial
        assert row["aaguid"] == str(UUID(bytes=PROFILES[model].aaguid))
    assert not read


def test_a_key_tells_how_many_attempts_at_its_pin_are_left(board: Board, program: Program) -> None:
    board.plug(Plug(name="K1"))

    (row,) = json.loads(program("keys", "list", "--json").out)

    assert (row["pin_set"], row["pin_retries"]) == (True, 8)


def test_a_key_without_a_serial_number_is_listed_too(board: Board, program: Program) -> None:
    board.plug(Plug(name="K3"))

    (row,) = json.loads(program("keys", "list", "--json").out)

    assert row["serial"] is None
    assert row["product"] == PROFILES["security-key"].product


def test_a_reading_asks_three_things_of_a_new_yubikey(board: Board, program: Program) -> None:
    board.plug(Plug(name="N1"))

    program("keys", "list", "--json")

    assert board.look("N1").transactions == YUBIKEY_TRANSACTIONS
