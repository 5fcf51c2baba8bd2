"""authenticatorClientPIN (6.5): retries, agreement, setting, changing, tokens and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.softkey.conformance.client import OTHER_PIN, PIN, RP
from tests.softkey.conformance.makes import CONFIGURED, SCOPED, UNSCOPED, makes, tells
from tests.softkey.conformance.pin import pin_hash
from tests.softkey.conformance.spec import Cmd, Config, Info, May, Pin, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig

ASK = Cmd.CLIENT_PIN
WRONG = "00000000"
MAC, PIN_HASH = 4, 6


@pytest.fixture(params=[1, 2])
def client(request: pytest.FixtureRequest, rig: Rig) -> Client:
    """By the protocol of that number; by the one that the make has, where it lacks that."""
    protocol = request.param if request.param in rig.profile.pin_protocols else None
    return rig.client(protocol)


def test_6_5_5_a_subcommand_is_needed_and_known(client: Client) -> None:
    assert client.status(ASK, {1: client.protocol}) is Status.MISSING_PARAMETER
    assert client.status(ASK, {1: client.protocol, 2: "set"}) is Status.CBOR_UNEXPECTED_TYPE
    for subcommand in (0, Pin.UV_TOKEN, Pin.UV_RETRIES, 8, 0x0A, 0x7F):
        fields = {1: client.protocol, 2: subcommand}
        assert client.status(ASK, fields) is Status.INVALID_SUBCOMMAND


@UNSCOPED
def test_6_5_5_7_2_a_key_without_pinuvauthtoken_gives_no_permissions(known: Client) -> None:
    fields = {**known.token_fields(known.agree(), May.ASSERT), 2: 9, 9: 2, 10: RP}
    assert known.status(ASK, fields) is Status.INVALID_SUBCOMMAND


def test_6_5_5_2_retries_are_eight_at_first(rig: Rig, client: Client) -> None:
    fields = {1: client.protocol, 2: Pin.RETRIES}
    before = Status.OK if rig.profile.tells_retries_unset else Status.PIN_NOT_SET
    assert client.status(ASK, fields) is before
    client.set_pin()
    answer = client.ok(ASK, {2: Pin.RETRIES})
    assert answer == {3: 8} | ({4: False} if rig.profile.tells_power_cycle else {})


def test_6_5_5_4_the_key_agreement_key_is_on_the_curve_and_stays(client: Client) -> None:
    fields = {1: client.protocol, 2: Pin.KEY_AGREEMENT}
    first, second = client.ok(ASK, fields)[1], client.ok(ASK, fields)[1]
    assert first == second
    assert {n: first[n] for n in (1, 3, -1)} == {1: 2, 3: -25, -1: 1}
    assert (len(first[-2]), len(first[-3])) == (32, 32)
    assert client.status(ASK, {2: Pin.KEY_AGREEMENT}) is Status.MISSING_PARAMETER


def test_6_5_5_4_a_power_cycle_gives_another_key(rig: Rig, client: Client) -> None:
    fields = {1: client.protocol, 2: Pin.KEY_AGREEMENT}
    before = client.ok(ASK, fields)
    assert rig.replug().ok(ASK, fields) != before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({1: 1}, Status.INVALID_PARAMETER),  # another kind of key
        ({-1: 2}, Status.INVALID_PARAMETER),  # another curve
        ({-2: b"\1" * 32}, Status.INVALID_PARAMETER),  # off the curve
        ({-2: "x"}, Status.CBOR_UNEXPECTED_TYPE),
    ],
)
def test_6_5_6_a_platform_key_off_the_curve_is_refused(
    client: Client, change: dict[int, Any], status: Status
) -> None:
    fields = client.set_pin_fields()
    assert client.status(ASK, fields | {3: fields[3] | change}) is status


@pytest.mark.parametrize("missing", [1, 3, 4, 5])
def test_6_5_5_5_setting_needs_its_parameters(client: Client, missing: int) -> None:
    fields = client.set_pin_fields()
    del fields[missing]
    assert client.status(ASK, fields) is Status.MISSING_PARAMETER
    assert client.options()["clientPin"] is False


@pytest.mark.parametrize("change", [{1: "2"}, {3: b"key"}, {4: "mac"}, {5: 5}])
def test_6_5_5_5_setting_needs_the_right_types(client: Client, change: dict[int, Any]) -> None:
    fields = client.set_pin_fields() | change
    assert client.status(ASK, fields) is Status.CBOR_UNEXPECTED_TYPE


def test_6_5_5_5_a_pin_is_set_once(client: Client) -> None:
    client.set_pin()
    assert client.options()["clientPin"] is True
    assert client.status(ASK, client.set_pin_fields(OTHER_PIN)) is Status.PIN_AUTH_INVALID
    assert client.try_pin() is Status.OK


def test_6_5_5_5_a_wrong_mac_sets_nothing(client: Client) -> None:
    fields = client.set_pin_fields()
    for wrong in (bytes(32), b"", fields[MAC][:-1]):
        assert client.status(ASK, fields | {MAC: wrong}) is Status.PIN_AUTH_INVALID
    assert client.options()["clientPin"] is False


@pytest.mark.parametrize(
    ("padded", "status"),
    [
        (PIN.encode().ljust(48, b"\0"), Status.INVALID_PARAMETER),
        (PIN.encode().ljust(80, b"\0"), Status.INVALID_PARAMETER),
        (bytes(64), Status.PIN_POLICY_VIOLATION),
        (b"abc".ljust(64, b"\0"), Status.PIN_POLICY_VIOLATION),
        ("éàü".encode().ljust(64, b"\0"), Status.PIN_POLICY_VIOLATION),  # three code points
        (b"31415926" * 8, Status.PIN_POLICY_VIOLATION),  # 64 bytes
        (b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8".ljust(64, b"\0"), Status.PIN_POLICY_VIOLATION),
        (b"31415926" * 7 + b"3141592\0", Status.OK),  # 63 bytes
        ("schlüßel".encode().ljust(64, b"\0"), Status.OK),
    ],
)
def test_6_5_5_5_a_pin_is_padded_to_64_bytes_and_keeps_the_policy(
    client: Client, padded: bytes, status: Status
) -> None:
    shared = client.agree()
    new = shared.encrypt(padded)
    fields = {1: client.protocol, 2: Pin.SET, 3: shared.cose, 4: shared.mac(new), 5: new}
    assert client.status(ASK, fields) is status
    assert client.options()["clientPin"] is (status is Status.OK)


@tells(Info.MIN_PIN_LENGTH)
def test_6_5_5_5_the_minimum_counts_code_points(client: Client) -> None:
    least = client.info()[Info.MIN_PIN_LENGTH]
    too_short, enough = "ñüéøåßæ"[: least - 1], "ñüéøåßæþ"[:least]
    status = client.status(ASK, client.set_pin_fields(too_short))
    assert status is Status.PIN_POLICY_VIOLATION
    client.set_pin(enough)


@makes(lambda profile: profile.pin_complexity)
@pytest.mark.parametrize("simple", ["11111111", "12345678", "87654321", "password", "aaaaaaaaaa"])
def test_ctap_2_2_a_complexity_policy_refuses_simple_pins(client: Client, simple: str) -> None:
    status = client.status(ASK, client.set_pin_fields(simple))
    assert status is Status.PIN_POLICY_VIOLATION
    client.set_pin()
    change = client.change_pin_fields(PIN, simple)
    assert client.status(ASK, change) is Status.PIN_POLICY_VIOLATION


@pytest.mark.parametrize("missing", [1, 3, 4, 5, 6])
def test_6_5_5_6_changing_needs_its_parameters(known: Client, missing: int) -> None:
    fields = known.change_pin_fields()
    del fields[missing]
    assert known.status(ASK, fields) is Status.MISSING_PARAMETER
    assert known.retries() == 8


def test_6_5_5_6_without_a_pin_none_is_changed(client: Client) -> None:
    assert client.status(ASK, client.change_pin_fields()) is Status.PIN_NOT_SET


def test_6_5_5_6_a_pin_is_changed_by_whoever_knows_it(known: Client) -> None:
    assert known.status(ASK, known.change_pin_fields(WRONG)) is Status.PIN_INVALID
    assert known.retries() == 7
    known.ok(ASK, known.change_pin_fields())
    assert known.retries() == 8
    assert known.try_pin() is Status.PIN_INVALID
    assert known.try_pin(OTHER_PIN) is Status.OK


def test_6_5_5_6_a_wrong_mac_counts_for_no_attempt(known: Client) -> None:
    fields = known.change_pin_fields()
    assert known.status(ASK, fields | {MAC: bytes(32)}) is Status.PIN_AUTH_INVALID
    assert known.retries() == 8


def test_6_5_5_6_a_new_pin_against_the_policy_leaves_the_old_one(known: Client) -> None:
    status = known.status(ASK, known.change_pin_fields(PIN, "abc"))
    assert status is Status.PIN_POLICY_VIOLATION
    assert known.try_pin() is Status.OK


def test_6_5_5_6_a_change_ends_all_tokens(known: Client) -> None:
    token = known.token(May.MAKE)
    known.ok(ASK, known.change_pin_fields())
    status = known.status(Cmd.MAKE_CREDENTIAL, known.make_fields(token=token))
    assert status is Status.PIN_AUTH_INVALID


@pytest.mark.parametrize("missing", [1, 3, 6])
def test_6_5_5_7_1_a_token_needs_its_parameters(known: Client, missing: int) -> None:
    shared = known.agree()
    fields = {1: known.protocol, 2: 5, 3: shared.cose, 6: shared.encrypt(pin_hash(PIN))}
    del fields[missing]
    assert known.status(ASK, fields) is Status.MISSING_PARAMETER


def test_6_5_5_7_1_a_plain_token_is_asked_for_without_permissions(known: Client) -> None:
    shared = known.agree()
    plain = {1: known.protocol, 2: 5, 3: shared.cose, 6: shared.encrypt(pin_hash(PIN))}
    assert known.status(ASK, plain | {9: 1}) is Status.INVALID_PARAMETER
    assert known.status(ASK, plain | {10: RP}) is Status.INVALID_PARAMETER
    assert len(shared.decrypt(known.ok(ASK, plain)[2])) == 32


@SCOPED
def test_6_5_5_7_1_a_plain_token_is_for_credentials_of_the_first_relying_party(
    known: Client,
) -> None:
    token = known.plain_token()
    manage = known.manage_fields(1, token=token)
    assert known.status(Cmd.CREDENTIAL_MANAGEMENT, manage) is Status.PIN_AUTH_INVALID
    silent = known.assert_fields(token=token) | {5: {"up": False}}
    assert known.status(Cmd.GET_ASSERTION, silent) is Status.NO_CREDENTIALS
    other = known.make_fields(rp="other.example", token=token)
    assert known.status(Cmd.MAKE_CREDENTIAL, other) is Status.PIN_AUTH_INVALID
    assert known.status(Cmd.MAKE_CREDENTIAL, known.make_fields(token=token)) is Status.OK


def test_6_5_5_7_without_a_pin_there_is_no_token(client: Client) -> None:
    assert client.try_pin() is Status.PIN_NOT_SET


@SCOPED
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({9: None}, Status.MISSING_PARAMETER),
        ({9: 0}, Status.INVALID_PARAMETER),
        ({9: -1}, Status.INVALID_PARAMETER),
        ({9: "mc"}, Status.CBOR_UNEXPECTED_TYPE),
        ({9: May.MAKE, 10: None}, Status.MISSING_PARAMETER),
        ({9: May.ASSERT | May.MANAGE, 10: None}, Status.MISSING_PARAMETER),
        ({9: May.MAKE, 10: 7}, Status.CBOR_UNEXPECTED_TYPE),
        ({9: May.ENROL}, Status.UNAUTHORIZED_PERMISSION),
        ({9: May.WRITE_BLOBS | May.MAKE}, Status.UNAUTHORIZED_PERMISSION),
    ],
)
def test_6_5_5_7_2_permissions_that_cannot_be_had_cost_no_attempt(
    known: Client, change: dict[int, Any], status: Status
) -> None:
    fields = known.token_fields(known.agree(), May.ASSERT) | change
    fields = {n: value for n, value in fields.items() if value is not None}
    assert known.status(ASK, fields) is status
    assert known.retries() == 8


@SCOPED
def test_6_5_5_7_2_permissions_follow_the_options(known: Client) -> None:
    options = known.options()
    for may, option in ((May.MANAGE, "credMgmt"), (May.CONFIGURE, "authnrCfg")):
        expected = Status.OK if options.get(option) else Status.UNAUTHORIZED_PERMISSION
        fields = known.token_fields(known.agree(), may, None)
        assert known.status(ASK, fields) is expected


def test_6_5_5_7_a_wrong_pin_costs_an_attempt_and_a_right_one_gives_them_back(
    known: Client,
) -> None:
    for _ in range(3):
        assert known.try_pin(WRONG) is Status.PIN_INVALID
        assert known.try_pin(WRONG) is Status.PIN_INVALID
        assert known.retries() == 6
        assert known.try_pin() is Status.OK
        assert known.retries() == 8


def test_6_5_5_7_a_wrong_pin_gives_another_key_agreement_key(known: Client) -> None:
    fields = {1: known.protocol, 2: Pin.KEY_AGREEMENT}
    before = known.ok(ASK, fields)
    known.try_pin(WRONG)
    assert known.ok(ASK, fields) != before


def test_6_5_5_7_a_garbled_pin_hash_is_a_wrong_pin(known: Client) -> None:
    for garbled in (b"", b"odd", bytes(16), bytes(64)):
        fields = known.token_fields(known.agree(), May.ASSERT) | {PIN_HASH: garbled}
        assert known.status(ASK, fields) is Status.PIN_INVALID
        assert known.retries() == 7
        assert known.try_pin() is Status.OK


def test_6_5_5_7_three_wrong_pins_in_a_row_want_a_power_cycle(rig: Rig, known: Client) -> None:
    wrong = [known.try_pin(WRONG) for _ in range(3)]
    assert wrong == [Status.PIN_INVALID, Status.PIN_INVALID, Status.PIN_AUTH_BLOCKED]
    assert known.try_pin() is Status.PIN_AUTH_BLOCKED
    assert known.status(ASK, known.change_pin_fields()) is Status.PIN_AUTH_BLOCKED
    answer = known.ok(ASK, {1: known.protocol, 2: Pin.RETRIES})
    assert answer == {3: 5} | ({4: True} if rig.profile.tells_power_cycle else {})
    again = rig.replug()
    assert again.retries() == 5
    assert again.try_pin() is Status.OK
    assert again.retries() == 8


def test_6_5_5_7_wrong_pins_count_across_subcommands(known: Client) -> None:
    known.try_pin(WRONG)
    assert known.status(ASK, known.change_pin_fields(WRONG)) is Status.PIN_INVALID
    assert known.try_pin(WRONG) is Status.PIN_AUTH_BLOCKED


def test_6_5_5_7_the_eighth_wrong_pin_blocks_until_a_reset(rig: Rig, known: Client) -> None:
    client, last = known, Status.OK
    for n in range(8):
        client = rig.replug() if n in (3, 6) else client
        last = client.try_pin(WRONG)
    assert last is Status.PIN_BLOCKED
    client = rig.replug()
    assert client.retries() == 0
    assert client.try_pin() is Status.PIN_BLOCKED
    assert client.status(ASK, client.change_pin_fields()) is Status.PIN_BLOCKED
    client.ok(Cmd.RESET)
    client.set_pin()
    assert client.retries() == 8


@makes(lambda profile: profile.sets_pin_length)
def test_6_5_5_7_a_forced_change_is_told_by_another_code_to_each_way_of_asking(
    known: Client,
) -> None:
    assert known.configure(Config.MIN_PIN_LENGTH, {3: True}) is Status.OK
    assert known.try_pin() is Status.PIN_POLICY_VIOLATION
    shared = known.agree()
    plain = {1: known.protocol, 2: 5, 3: shared.cose, 6: shared.encrypt(pin_hash(PIN))}
    assert known.status(ASK, plain) is Status.PIN_INVALID
    assert known.retries() == 8
    same = known.status(ASK, known.change_pin_fields(PIN, PIN))
    assert same is Status.PIN_POLICY_VIOLATION
    known.ok(ASK, known.change_pin_fields())
    assert known.try_pin(OTHER_PIN) is Status.OK


@CONFIGURED
def test_6_5_2_1_one_token_at_a_time(known: Client) -> None:
    old = known.token(May.MAKE)
    known.token(May.CONFIGURE, None)
    status = known.status(Cmd.MAKE_CREDENTIAL, known.make_fields(token=old))
    assert status is Status.PIN_AUTH_INVALID


@SCOPED
def test_6_5_2_1_a_token_not_used_within_thirty_seconds_is_over(rig: Rig, known: Client) -> None:
    made = known.make()
    for waits, status in ((30.0, Status.OK), (30.5, Status.PIN_AUTH_INVALID)):
        fields = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
        rig.now += waits
        assert known.status(Cmd.GET_ASSERTION, fields) is status


@SCOPED
def test_6_5_2_1_a_token_in_use_lasts_ten_minutes(rig: Rig, known: Client) -> None:
    made = known.make()
    fields = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
    silent = fields | {5: {"up": False}}
    for waits, status in ((20.0, Status.OK), (580.0, Status.OK), (0.5, Status.PIN_AUTH_INVALID)):
        rig.now += waits
        assert known.status(Cmd.GET_ASSERTION, silent) is status


def test_6_5_2_1_a_token_dies_with_the_power(rig: Rig, known: Client) -> None:
    fields = known.make_fields(token=known.token(May.MAKE))
    assert rig.replug().status(Cmd.MAKE_CREDENTIAL, fields) is Status.PIN_AUTH_INVALID
