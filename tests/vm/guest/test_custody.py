"""The custodian's work on a rehearsal's ledger, with the keys in real ports."""

import json
import threading
import time
from hashlib import sha256
from pathlib import Path

from keyvault_kit.assembly import open_book
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.errors import DeviceError, RefusedError
from keyvault_kit.keys.credentials import AssertionRequest, CredentialRequest
from keyvault_kit.keys.hid import HidapiBus
from keyvault_kit.keys.metadata import verify_assertion
from keyvault_kit.keys.pin import set_pin
from keyvault_kit.keys.session import open_session
from keyvault_kit.secret import Secret
from tests.vm.guest.client import Board, Plugged
from tests.vm.guest.conftest import Program
from tests.vm.guest.orders import Plug

RIGHT, WRONG = "48213907", "48213906"
DO_NOT_TRY_AGAIN = "n"


def test_a_key_of_the_ledger_proves_in_a_real_port_that_it_is_the_one(
    board: Board, program: Program
) -> None:
    board.plug(Plug(name="K1"))

    done = program("keys", "verify", "--tag", "K1", "--by", "carol", "--in-ports")

    assert done.status == 0, done.err


def test_a_new_key_is_registered_and_proven_genuine(
    board: Board, program: Program, ledger: Path
) -> None:
    key = board.plug(Plug(name="R1"))

    done = program(*register("R1"), typed=(str(key.serial),))

    assert done.status == 0, done.err
    registered = keys_of(ledger)["R1"]
    assert registered.serial == key.serial
    assert registered.custody_credential


def test_a_key_pulled_out_while_it_is_registered_leaves_the_register_as_it_was(
    board: Board, program: Program, ledger: Path
) -> None:
    before = keys_of(ledger)
    key = board.plug(Plug(name="R2", patient=True))

    def pull_when_it_waits() -> None:
        while not board.look("R2").waiting:
            time.sleep(0.1)
        board.pull("R2")

    pulling = threading.Thread(target=pull_when_it_waits, daemon=True)
    pulling.start()
    done = program(*register("R2"), typed=(str(key.serial), DO_NOT_TRY_AGAIN))
    pulling.join()

    assert done.status == DeviceError.exit_status
    assert "unplugged" in done.err
    assert keys_of(ledger) == before


def register(tag: str) -> tuple[str, ...]:
    words = ("keys", "register", tag, "--account", "bg1", "--use", "backup", "--by", "carol")
    return (*words, "--in-ports")


def keys_of(ledger: Path) -> dict[str, SecurityKey]:
    book = open_book(ledger)
    with book.ledger:
        return dict(book.register.keys)


def test_a_pin_is_set_and_a_wrong_one_and_the_right_one_are_told_apart(
    board: Board, program: Program
) -> None:
    named = ("--serial", str(board.plug(Plug(name="P1")).serial), "--in-ports")

    was_set = program("keys", "set-pin", *named, typed=(RIGHT, RIGHT))
    assert was_set.status == 0, was_set.err

    wrong = program("keys", "check-pin", *named, typed=(WRONG,))
    assert wrong.status == DeviceError.exit_status
    assert "7" in wrong.err

    right = program("keys", "check-pin", *named, "--json", typed=(RIGHT,))
    assert right.status == 0, right.err
    assert json.loads(right.out)["retries"] == 8


def test_a_third_wrong_pin_in_a_row_is_sent_only_after_the_key_was_replugged(
    board: Board, program: Program
) -> None:
    def check(typed: str) -> int:
        named = ("--serial", str(key.serial), "--in-ports")
        return program("keys", "check-pin", *named, typed=(typed,)).status

    key = board.plug(Plug(name="P2"))
    with open_session(HidapiBus(), key.key) as session:
        set_pin(session, Secret.from_text(RIGHT))
    assert [check(WRONG), check(WRONG)] == [DeviceError.exit_status] * 2

    assert check(RIGHT) == RefusedError.exit_status
    assert retries(key) == 6

    key = board.plug(Plug(name="P2"))
    assert check(RIGHT) == 0
    assert retries(key) == 8


def retries(key: Plugged) -> int | None:
    with open_session(HidapiBus(), key.key) as session:
        return session.pin_state().retries


def test_a_passkey_is_made_with_the_pin_and_signs(board: Board) -> None:
    key = board.plug(Plug(name="P3")).key
    challenge = sha256(b"a sign-in").digest()
    request = CredentialRequest(
        client_data_hash=challenge,
        rp_id="login.example",
        rp_name="Example",
        user_id=b"bg1",
        user_name="bg1@example",
        user_display_name="Emergency access 1",
    )
    ask = AssertionRequest(rp_id=request.rp_id, client_data_hash=challenge)
    pin = Secret.from_text(RIGHT)
    with open_session(HidapiBus(), key) as session:
        set_pin(session, pin)
        made = session.make_credential(request, pin=pin)
        signed = session.get_assertion(ask, pin=pin)
        (resident,) = session.credentials(pin)

    verify_assertion(made.public_key, request.rp_id, challenge, signed)
    assert signed.user_present
    assert signed.user_verified
    assert resident.credential_id == made.credential_id == signed.credential_id
