"""What every command has in common (6 and 8): the encoding, unknown commands, what is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.softkey.conformance import cbor
from tests.softkey.conformance.makes import makes
from tests.softkey.conformance.spec import Cmd, Info, Pin, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig

ASKS_RETRIES = bytes([Cmd.CLIENT_PIN])


@pytest.mark.parametrize(
    "command", [0x00, 0x03, 0x05, Cmd.BIO_ENROLLMENT, Cmd.LARGE_BLOBS, 0x0E, 0x40, 0x42, 0xBF, 0xFF]
)
def test_8_1_a_command_that_the_key_lacks_is_refused(client: Client, command: int) -> None:
    assert client.status(command) is Status.INVALID_COMMAND
    assert client.status(command, {1: 1}) is Status.INVALID_COMMAND


@pytest.mark.parametrize(
    ("encoded", "what"),
    [
        ("a2 02 01", "cut short"),
        ("a2 02 01 01 01", "keys out of order"),
        ("a2 01 01 01 02", "a key twice"),
        ("a2 18 01 01 02 01", "a head longer than need be"),
        ("a2 01 01 02 18 01", "an integer longer than need be"),
        ("bf 01 01 02 01 ff", "a map of indefinite length"),
        ("a2 01 01 02 01 00", "a byte left over"),
        ("a1 01 f6", "null"),
        ("a1 01 f9 3c 00", "a float"),
        ("a1 01 c1 00", "a tag"),
        ("a1 01 62 ff fe", "text that is no UTF-8"),
        ("a1 01 81 81 81 81 80", "nested too deep"),
    ],
)
def test_8_only_canonical_cbor_is_read(client: Client, encoded: str, what: str) -> None:
    answer = client.raw(ASKS_RETRIES + bytes.fromhex(encoded))
    assert answer == bytes([Status.INVALID_CBOR]), what


@pytest.mark.parametrize("fields", [[1, 2], 1, "text", b"bytes", True])
def test_6_parameters_are_a_map(client: Client, fields: object) -> None:
    for command in (Cmd.CLIENT_PIN, Cmd.MAKE_CREDENTIAL, Cmd.GET_ASSERTION):
        assert client.status(command, fields) is Status.CBOR_UNEXPECTED_TYPE


def test_6_without_parameters_the_first_one_is_missing(client: Client) -> None:
    for command in (Cmd.CLIENT_PIN, Cmd.MAKE_CREDENTIAL, Cmd.GET_ASSERTION):
        assert client.status(command) is Status.MISSING_PARAMETER
        assert client.status(command, {}) is Status.MISSING_PARAMETER


def test_8_parameters_that_nobody_knows_are_ignored(client: Client) -> None:
    fields = {1: client.protocol, 2: Pin.KEY_AGREEMENT, 0x7F: "new", "x": b""}
    assert client.status(Cmd.CLIENT_PIN, fields) is Status.OK


def test_8_a_message_longer_than_the_key_takes_is_refused(client: Client) -> None:
    limit = client.info().get(Info.MAX_MSG_SIZE, 1024)
    head = bytes([Cmd.GET_INFO])
    fits = cbor.encode({1: b"x" * (limit - 1 - 5)})
    assert len(head + fits) == limit
    assert client.raw(head + fits)[0] == Status.OK
    assert client.raw(head + cbor.encode({1: b"x" * limit})) == bytes([Status.REQUEST_TOO_LARGE])


def test_8_answers_are_canonical_but_for_getinfo_of_an_untidy_make(rig: Rig, known: Client) -> None:
    token = known.token(0x01)
    answers = {
        bytes([Cmd.MAKE_CREDENTIAL]): known.make_fields(token=token),
        bytes([Cmd.GET_INFO]): {},
    }
    for command, fields in answers.items():
        answer = known.raw(command + cbor.encode(fields))
        assert answer[0] == Status.OK
        is_canonical = cbor.encode(cbor.decode(answer[1:])) == answer[1:]
        assert is_canonical == (rig.profile.canonical or command[0] != Cmd.GET_INFO)


@makes(lambda profile: not profile.speaks_ctap_2_1)
def test_6_9_selection_came_with_ctap_2_1(client: Client) -> None:
    assert client.status(Cmd.SELECTION) is Status.INVALID_COMMAND


@makes(lambda profile: not profile.config_commands)
def test_6_11_a_key_without_authnrcfg_knows_no_configuration(client: Client) -> None:
    assert client.status(Cmd.CONFIG, {1: 3}) is Status.INVALID_COMMAND
    assert "authnrCfg" not in client.options()


@makes(lambda profile: not profile.management.value)
def test_6_8_a_key_without_credmgmt_manages_no_credentials(client: Client) -> None:
    for command in (Cmd.CREDENTIAL_MANAGEMENT, Cmd.CREDENTIAL_MANAGEMENT_PREVIEW):
        assert client.status(command, {1: 1}) is Status.INVALID_COMMAND
