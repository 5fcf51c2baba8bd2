"""authenticatorReset (6.6) and authenticatorSelection (6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.softkey.conformance.makes import ALWAYS_UV, makes
from tests.softkey.conformance.spec import Cmd, Config, Info, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig


def is_whole(client: Client, credential_id: bytes) -> bool:
    client.sign(credential_id)
    return client.options()["clientPin"]


def test_6_6_a_reset_leaves_a_key_as_from_the_factory(rig: Rig, known: Client) -> None:
    at_first = rig.client().info()[Info.OPTIONS] | {"clientPin": False}
    made, plain = known.make(b"a"), known.make(b"b", rk=False)
    client = rig.replug()
    touches = rig.touches
    assert client.ok(Cmd.RESET) == {}
    assert rig.touches == touches + 1
    assert client.options() == at_first
    client.set_pin()
    for old in (made, plain):
        fields = client.assert_fields(old.credential_id, token=client.token(May.ASSERT))
        assert client.status(Cmd.GET_ASSERTION, fields) is Status.NO_CREDENTIALS


def test_6_6_a_reset_ends_tokens_and_wrong_attempts(rig: Rig, known: Client) -> None:
    token = known.token(May.MAKE)
    for _ in range(3):
        known.try_pin("00000000")
    known.ok(Cmd.RESET)
    known.set_pin()
    assert known.retries() == 8
    status = known.status(Cmd.MAKE_CREDENTIAL, known.make_fields(token=token))
    assert status is Status.PIN_AUTH_INVALID
    assert rig.touches == 1
    assert known.try_pin() is Status.OK


def test_6_6_a_reset_comes_soon_after_the_power(rig: Rig, known: Client) -> None:
    made = known.make()
    rig.now += rig.profile.reset_window_s + 0.1
    assert known.status(Cmd.RESET) is Status.NOT_ALLOWED
    assert is_whole(known, made.credential_id)
    client = rig.replug()
    rig.now += rig.profile.reset_window_s
    assert client.status(Cmd.RESET) is Status.OK


def test_6_6_a_reset_without_a_touch_changes_nothing(rig: Rig, known: Client) -> None:
    made = known.make()
    rig.finger = lambda: False
    assert known.status(Cmd.RESET) is Status.USER_ACTION_TIMEOUT
    rig.finger = lambda: True
    assert is_whole(known, made.credential_id)


@makes(lambda profile: profile.sets_pin_length and profile.enterprise)
def test_6_6_a_reset_takes_the_configuration_back(rig: Rig, known: Client) -> None:
    known.configure(Config.MIN_PIN_LENGTH, {1: 10, 2: ["example.com"], 3: True})
    known.ok(Cmd.CLIENT_PIN, known.change_pin_fields(new="3141592653"))
    client = rig.replug()
    client.ok(Cmd.RESET)
    info = client.info()
    assert info[Info.MIN_PIN_LENGTH] == rig.profile.min_pin_length
    assert info[Info.FORCE_PIN_CHANGE] is False
    assert info[Info.OPTIONS]["ep"] is False


@ALWAYS_UV
def test_6_6_a_reset_brings_always_uv_back(rig: Rig, client: Client) -> None:
    rig.replug().ok(Cmd.RESET)
    assert rig.client().options()["alwaysUv"] is True
    status = rig.client().status(Cmd.GET_ASSERTION, client.assert_fields())
    assert status is Status.PUAT_REQUIRED


@makes(lambda profile: profile.speaks_ctap_2_1)
def test_6_9_selection_waits_for_a_touch(rig: Rig, client: Client) -> None:
    assert client.ok(Cmd.SELECTION) == {}
    assert rig.touches == 1
    rig.finger = lambda: False
    assert client.status(Cmd.SELECTION) is Status.USER_ACTION_TIMEOUT
