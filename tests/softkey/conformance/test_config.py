"""authenticatorConfig (6.11), and what it switches on: enterprise attestation and always-UV (7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from keyvault_kit.softkey.profiles import VENDOR_RP_ID
from tests.softkey.conformance.client import HASH, OTHER_PIN, PIN, AuthData, verify
from tests.softkey.conformance.makes import ALWAYS_UV, CONFIGURED, makes
from tests.softkey.conformance.spec import Cmd, Config, Info, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client, Fields
    from tests.softkey.conformance.conftest import Rig

ENTERPRISE = makes(lambda profile: profile.enterprise)
TOGGLES = makes(lambda profile: profile.always_uv.value in ("on", "off"))
LENGTH = makes(lambda profile: profile.sets_pin_length)
FREELY = makes(lambda profile: profile.sets_pin_length and profile.always_uv.value != "locked")
SERIAL_OID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.2")


@CONFIGURED
def test_6_11_a_subcommand_is_needed_and_known(rig: Rig, known: Client) -> None:
    assert known.status(Cmd.CONFIG, {}) is Status.MISSING_PARAMETER
    assert known.status(Cmd.CONFIG, {1: b"3"}) is Status.CBOR_UNEXPECTED_TYPE
    for subcommand in (0, *Config, 4, 0xFF):
        knows = subcommand in {int(command) for command in rig.profile.config_commands}
        expected = Status.PUAT_REQUIRED if knows else Status.INVALID_SUBCOMMAND
        assert known.status(Cmd.CONFIG, {1: subcommand}) is expected


@CONFIGURED
def test_6_11_with_a_pin_everything_needs_it(known: Client) -> None:
    good = known.config_fields(3, {1: 10}, known.token(May.CONFIGURE, None))
    for change, status in (
        ({3: 9}, Status.INVALID_PARAMETER),
        ({4: bytes(32)}, Status.PIN_AUTH_INVALID),
        ({4: b""}, Status.PIN_AUTH_INVALID),
        ({2: {1: 12}}, Status.PIN_AUTH_INVALID),
        ({2: 5}, Status.CBOR_UNEXPECTED_TYPE),
    ):
        assert known.status(Cmd.CONFIG, good | change) is status
    assert known.status(Cmd.CONFIG, {1: 3, 2: {1: 10}, 4: good[4]}) is Status.MISSING_PARAMETER
    assert known.status(Cmd.CONFIG, {1: 3, 2: {1: 10}}) is Status.PUAT_REQUIRED
    assert known.status(Cmd.CONFIG, good) is Status.OK


@CONFIGURED
def test_6_11_a_token_needs_the_acfg_permission(known: Client) -> None:
    token = known.token(May.MAKE | May.ASSERT | May.MANAGE)
    fields = known.config_fields(3, {1: 10}, token)
    assert known.status(Cmd.CONFIG, fields) is Status.PIN_AUTH_INVALID


@LENGTH
def test_6_11_without_a_pin_it_is_open_but_under_always_uv(client: Client) -> None:
    is_shut = client.options().get("alwaysUv", False)
    status = client.status(Cmd.CONFIG, {1: Config.MIN_PIN_LENGTH, 2: {1: 12}})
    assert status is (Status.PUAT_REQUIRED if is_shut else Status.OK)
    assert (client.info()[Info.MIN_PIN_LENGTH] == 12) is not is_shut


@LENGTH
def test_6_11_4_the_minimum_grows_and_never_shrinks(rig: Rig, known: Client) -> None:
    least = rig.profile.min_pin_length
    for length, status in (
        (least - 1, Status.PIN_POLICY_VIOLATION),
        (least, Status.OK),
        (64, Status.PIN_POLICY_VIOLATION),
        (len(PIN), Status.OK),
        (len(PIN) - 1, Status.PIN_POLICY_VIOLATION),
    ):
        assert known.configure(Config.MIN_PIN_LENGTH, {1: length}) is status
    assert known.info()[Info.MIN_PIN_LENGTH] == len(PIN)


@LENGTH
def test_6_11_4_a_pin_that_became_too_short_must_be_changed(known: Client) -> None:
    assert known.configure(Config.MIN_PIN_LENGTH, {1: len(PIN)}) is Status.OK
    assert known.info()[Info.FORCE_PIN_CHANGE] is False
    assert known.configure(Config.MIN_PIN_LENGTH, {1: 10}) is Status.OK
    assert known.info()[Info.FORCE_PIN_CHANGE] is True
    short = known.status(Cmd.CLIENT_PIN, known.change_pin_fields(PIN, OTHER_PIN))
    assert short is Status.PIN_POLICY_VIOLATION
    known.ok(Cmd.CLIENT_PIN, known.change_pin_fields(PIN, "2718281828"))
    assert known.info()[Info.FORCE_PIN_CHANGE] is False


@FREELY
def test_6_11_4_a_change_is_forced_of_a_pin_that_there_is(rig: Rig, client: Client) -> None:
    if client.options().get("alwaysUv"):
        assert client.status(Cmd.CONFIG, {1: Config.ALWAYS_UV}) is Status.OK
    force = {1: Config.MIN_PIN_LENGTH, 2: {3: True}}
    assert client.status(Cmd.CONFIG, force) is Status.PIN_NOT_SET
    assert client.info()[Info.MIN_PIN_LENGTH] == rig.profile.min_pin_length
    client.set_pin()
    assert client.configure(Config.MIN_PIN_LENGTH, {3: True}) is Status.OK
    assert client.info()[Info.FORCE_PIN_CHANGE] is True


@LENGTH
@pytest.mark.parametrize("params", [{1: "10"}, {1: True}, {2: "example.com"}, {3: 1}])
def test_6_11_4_parameters_have_their_types(known: Client, params: Fields) -> None:
    status = known.configure(Config.MIN_PIN_LENGTH, params)
    assert status is Status.CBOR_UNEXPECTED_TYPE


@makes(lambda profile: "minPinLength" in profile.extensions)
def test_12_4_the_minimum_is_told_to_the_relying_parties_that_may_know(known: Client) -> None:
    asked: dict[str, Any] = {"minPinLength": True}
    assert known.make(b"a", extensions=asked).extensions == {}
    room = known.info()[Info.MAX_RP_IDS]
    many = [f"{n}.example" for n in range(room + 1)]
    assert known.configure(Config.MIN_PIN_LENGTH, {2: many}) is Status.KEY_STORE_FULL
    assert known.configure(Config.MIN_PIN_LENGTH, {2: [7]}) is Status.CBOR_UNEXPECTED_TYPE
    assert known.configure(Config.MIN_PIN_LENGTH, {2: ["example.com"]}) is Status.OK
    least = known.info()[Info.MIN_PIN_LENGTH]
    assert known.make(b"a", extensions=asked).extensions == {"minPinLength": least}
    assert known.make(b"a", "other.example", extensions=asked).extensions == {}
    assert known.make(b"a").extensions == {}
    assert known.make(b"a", extensions={"minPinLength": False}).extensions == {}


@makes(lambda profile: profile.sets_pin_length and "minPinLength" not in profile.extensions)
def test_6_11_4_a_key_without_the_extension_takes_no_relying_parties(known: Client) -> None:
    status = known.configure(Config.MIN_PIN_LENGTH, {2: ["example.com"]})
    assert status is Status.INVALID_PARAMETER


@TOGGLES
def test_6_11_2_always_uv_is_toggled(rig: Rig, known: Client) -> None:
    for _ in range(2):
        before = known.options()["alwaysUv"]
        assert known.configure(Config.ALWAYS_UV) is Status.OK
        options = known.options()
        assert options["alwaysUv"] is not before
        assert options["makeCredUvNotRqd"] is before
        fields = known.make_fields(rk=False)
        wanted = Status.OK if before else Status.PUAT_REQUIRED
        assert known.status(Cmd.MAKE_CREDENTIAL, fields) is wanted
    assert rig.touches == 1


@TOGGLES
def test_7_2_always_uv_exempts_silent_assertions_where_the_make_does(
    rig: Rig, known: Client
) -> None:
    if not known.options()["alwaysUv"]:
        known.configure(Config.ALWAYS_UV)
    made = known.make(rk=False)
    fields = known.assert_fields(made.credential_id) | {5: {"up": False}}
    expected = Status.PUAT_REQUIRED if rig.profile.silent_needs_uv else Status.OK
    assert known.status(Cmd.GET_ASSERTION, fields) is expected
    assert known.status(Cmd.GET_ASSERTION, fields | {5: {}}) is Status.PUAT_REQUIRED


@makes(lambda profile: profile.always_uv.value == "on")
def test_6_11_2_without_a_pin_always_uv_can_be_switched_off(client: Client) -> None:
    assert client.status(Cmd.CONFIG, {1: Config.ALWAYS_UV}) is Status.OK
    assert client.options()["alwaysUv"] is False


@makes(lambda profile: profile.always_uv.value == "locked")
def test_6_11_2_where_always_uv_cannot_be_disabled_the_operation_is_denied(
    known: Client,
) -> None:
    assert known.configure(Config.ALWAYS_UV) is Status.OPERATION_DENIED
    assert known.options()["alwaysUv"] is True


@ALWAYS_UV
def test_7_2_always_uv_leaves_selection_and_reset_to_the_finger(client: Client) -> None:
    assert client.status(Cmd.SELECTION) is Status.OK
    assert client.status(Cmd.RESET) is Status.OK


def attested(client: Client, kind: object, rp: str = "example.com") -> Fields:
    """The whole answer to a creation with enterprise attestation of that kind."""
    fields = client.make_fields(b"u", rp, token=client.token(May.MAKE, rp))
    return client.ok(Cmd.MAKE_CREDENTIAL, fields | ({} if kind is None else {10: kind}))


def serial_of(answer: Fields) -> int | None:
    """The serial number in the attestation certificate, whose signature is checked."""
    certificate = answer[3]["x5c"][0]
    leaf = x509.load_der_x509_certificate(certificate)
    key = leaf.public_key().public_numbers()  # type: ignore[union-attr]
    cose = {-2: key.x.to_bytes(32), -3: key.y.to_bytes(32)}  # type: ignore[union-attr]
    verify(cose, answer[3]["sig"], answer[2] + HASH)
    try:
        value = leaf.extensions.get_extension_for_oid(SERIAL_OID).value
    except x509.ExtensionNotFound:
        return None
    assert isinstance(value, x509.UnrecognizedExtension)
    return int.from_bytes(value.value[2:])


@makes(lambda _: True)
@pytest.mark.parametrize("kind", [1, 2, 3])
def test_6_1_2_step_9_enterprise_attestation_that_is_off_or_unknown_is_refused(
    known: Client, kind: int
) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | {10: kind}
    assert known.status(Cmd.MAKE_CREDENTIAL, fields) is Status.INVALID_PARAMETER


@ENTERPRISE
def test_6_11_1_enterprise_attestation_is_enabled_and_stays(rig: Rig, known: Client) -> None:
    assert known.options()["ep"] is False
    for _ in range(2):
        assert known.configure(Config.ENTERPRISE) is Status.OK
        assert known.options()["ep"] is True
    assert rig.replug().options()["ep"] is True


@ENTERPRISE
def test_6_1_2_step_9_there_are_two_kinds_of_enterprise_attestation(known: Client) -> None:
    known.configure(Config.ENTERPRISE)
    for kind in (0, 3, -1):
        fields = known.make_fields(token=known.token(May.MAKE)) | {10: kind}
        assert known.status(Cmd.MAKE_CREDENTIAL, fields) is Status.INVALID_OPTION


@ENTERPRISE
def test_7_1_an_enterprise_attestation_names_the_key(rig: Rig, known: Client) -> None:
    known.configure(Config.ENTERPRISE)
    for kind, rp in ((2, "example.com"), (2, VENDOR_RP_ID), (1, VENDOR_RP_ID)):
        answer = attested(known, kind, rp)
        assert answer[4] is True
        assert serial_of(answer) == rig.key.serial


@ENTERPRISE
def test_7_1_other_relying_parties_get_the_ordinary_attestation(known: Client) -> None:
    known.configure(Config.ENTERPRISE)
    for answer in (attested(known, None), attested(known, 1)):
        assert 4 not in answer
        assert serial_of(answer) is None
        assert AuthData(answer[2]).aaguid.startswith(b"keyvault-kit")
