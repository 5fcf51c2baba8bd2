"""authenticatorMakeCredential (6.1), in the order of its steps."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.softkey.conformance.client import ES256, HASH, RP, AuthData, rp_hash, verify
from tests.softkey.conformance.makes import ALWAYS_UV, OPEN, SCOPED, makes
from tests.softkey.conformance.spec import Cmd, Flag, Info, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig

MAKE = Cmd.MAKE_CREDENTIAL


def listed(*ids: bytes) -> list[dict[str, Any]]:
    return [{"type": "public-key", "id": each} for each in ids]


def test_6_1_a_credential_is_made_for_whom_it_was_asked(rig: Rig, known: Client) -> None:
    made = known.make()
    assert made.flags == Flag.UP | Flag.UV | Flag.AT
    assert made.rp_id_hash == rp_hash()
    assert 0 < len(made.credential_id) <= known.info().get(Info.MAX_ID, 1023)
    assert {n: made.public_key[n] for n in (1, 3, -1)} == {1: 2, 3: -7, -1: 1}
    assert rig.touches == 1


def test_6_1_the_key_is_good_for_assertions(known: Client) -> None:
    made = known.make()
    answer, data = known.sign(made.credential_id)
    verify(made.public_key, answer[3], data.bytes + HASH)


@pytest.mark.parametrize("missing", [1, 2, 3, 4])
def test_6_1_mandatory_parameters_are_missed(known: Client, missing: int) -> None:
    fields = known.make_fields(token=known.token(May.MAKE))
    del fields[missing]
    assert known.status(MAKE, fields) is Status.MISSING_PARAMETER


@pytest.mark.parametrize(
    "change",
    [
        {2: {"name": "Example"}},
        {3: {"name": "somebody"}},
        {4: [{"type": "public-key"}]},
        {4: [{"alg": -7}]},
        {5: [{"type": "public-key"}]},
        {5: [{"id": b"x" * 32}]},
    ],
)
def test_6_1_members_of_parameters_are_missed(known: Client, change: dict[int, Any]) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | change
    assert known.status(MAKE, fields) is Status.MISSING_PARAMETER


@pytest.mark.parametrize(
    "change",
    [
        {1: "text"},
        {2: "example.com"},
        {2: {"id": 7}},
        {3: [b"user"]},
        {3: {"id": "text"}},
        {3: {"id": b"u", "name": 1}},
        {3: {"id": b"u", "displayName": b"x"}},
        {4: {"alg": -7}},
        {4: [7]},
        {4: [{"type": "public-key", "alg": "ES256"}]},
        {5: {"id": b"x"}},
        {5: [b"x" * 32]},
        {5: [{"type": "public-key", "id": "text"}]},
        {6: ["credProtect"]},
        {7: [True]},
        {7: {"rk": 1}},
        {7: {"up": "yes"}},
        {8: "text"},
        {9: b"\2"},
        {10: True},
    ],
)
def test_6_1_parameters_have_their_types(known: Client, change: dict[int, Any]) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | change
    assert known.status(MAKE, fields) is Status.CBOR_UNEXPECTED_TYPE


@pytest.mark.parametrize("change", [{1: b"\x5a" * 31}, {1: b"\x5a" * 33}, {3: {"id": b"u" * 65}}])
def test_6_1_parameters_have_their_sizes(known: Client, change: dict[int, Any]) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | change
    assert known.status(MAKE, fields) is Status.INVALID_PARAMETER


def test_6_1_2_step_1_an_empty_pinuvauthparam_finds_the_key_by_touch(
    rig: Rig, client: Client
) -> None:
    fields = client.make_fields() | {8: b"", 9: client.protocol}
    assert client.status(MAKE, fields) is Status.PIN_NOT_SET
    client.set_pin()
    assert client.status(MAKE, fields) is Status.PIN_INVALID
    # It comes before all other steps, whatever else is wrong.
    assert client.status(MAKE, fields | {4: [], 7: {"up": False}}) is Status.PIN_INVALID
    assert rig.touches == 3
    rig.finger = lambda: False
    assert client.status(MAKE, fields) is rig.untouched


def test_6_1_2_step_2_the_protocol_of_a_pinuvauthparam_is_known_and_told(known: Client) -> None:
    fields = known.make_fields() | {8: b"x" * 32}
    assert known.status(MAKE, fields) is Status.MISSING_PARAMETER
    assert known.status(MAKE, fields | {9: 9}) is Status.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ([], Status.UNSUPPORTED_ALGORITHM),
        ([{"type": "public-key", "alg": -257}], Status.UNSUPPORTED_ALGORITHM),
        ([{"type": "other", "alg": -7}], Status.UNSUPPORTED_ALGORITHM),
        ([{"type": "public-key", "alg": -8}, ES256], Status.OK),
        ([{"type": "other", "alg": -7}, ES256], Status.OK),
    ],
)
def test_6_1_2_step_3_the_first_algorithm_that_the_key_knows_is_taken(
    known: Client, parameters: list[dict[str, Any]], status: Status
) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | {4: parameters}
    assert known.status(MAKE, fields) is status


def test_6_1_2_step_5_options(known: Client) -> None:
    bare = known.make_fields()
    assert known.status(MAKE, bare | {7: {"uv": True}}) is Status.INVALID_OPTION
    assert known.status(MAKE, bare | {7: {"up": False}}) is Status.INVALID_OPTION
    for options in ({"up": True}, {"rk": False, "uv": False}, {"new": True}, {"uv": True}, {}):
        fields = known.make_fields(token=known.token(May.MAKE)) | {7: options}
        assert known.status(MAKE, fields) is Status.OK, options


@ALWAYS_UV
def test_6_1_2_step_6_a_key_with_always_uv_wants_the_pin_for_everything(
    rig: Rig, client: Client
) -> None:
    for rk in (False, True):
        fields = client.make_fields(rk=rk)
        assert client.status(MAKE, fields) is Status.PUAT_REQUIRED
        assert client.status(MAKE, fields | {8: b"x" * 32, 9: 2}) is Status.PUAT_REQUIRED
    client.set_pin()
    for rk in (False, True):
        assert client.status(MAKE, client.make_fields(rk=rk)) is Status.PUAT_REQUIRED
    assert rig.touches == 0
    client.make(rk=False)


@OPEN
def test_6_1_2_steps_7_and_8_a_key_with_a_pin_wants_it_but_spares_it_where_it_says_so(
    rig: Rig, client: Client
) -> None:
    for rk in (False, True):
        assert client.status(MAKE, client.make_fields(rk=rk)) is Status.OK
    client.set_pin()
    assert client.status(MAKE, client.make_fields(rk=True)) is Status.PUAT_REQUIRED
    spared = Status.OK if rig.profile.spares_pin else Status.PUAT_REQUIRED
    assert client.status(MAKE, client.make_fields(rk=False)) is spared


@OPEN
def test_6_1_2_step_11_without_a_pin_nobody_is_verified(client: Client) -> None:
    made = AuthData(client.ok(MAKE, client.make_fields())[2])
    assert made.flags == Flag.UP | Flag.AT


def test_6_1_2_step_11_a_wrong_pinuvauthparam_is_refused(rig: Rig, known: Client) -> None:
    token = known.token(May.MAKE)
    good = known.make_fields(token=token)
    for wrong in (bytes(len(good[8])), good[8][:-1], good[8] + b"\0", good[8][::-1]):
        assert known.status(MAKE, good | {8: wrong}) is Status.PIN_AUTH_INVALID
    assert known.status(MAKE, good | {1: b"\xa5" * 32}) is Status.PIN_AUTH_INVALID
    assert rig.touches == 0
    assert known.status(MAKE, good) is Status.OK


def test_6_1_2_step_11_without_a_token_no_pinuvauthparam_is_right(known: Client) -> None:
    fields = known.make_fields() | {8: known.mac(bytes(32), HASH), 9: known.protocol}
    assert known.status(MAKE, fields) is Status.PIN_AUTH_INVALID


@SCOPED
def test_6_1_2_step_11_a_token_needs_the_mc_permission(known: Client) -> None:
    for may in (May.ASSERT, May.MANAGE, May.ASSERT | May.MANAGE | May.CONFIGURE):
        fields = known.make_fields(token=known.token(may))
        assert known.status(MAKE, fields) is Status.PIN_AUTH_INVALID


@SCOPED
def test_6_1_2_step_11_a_token_is_for_one_relying_party(known: Client) -> None:
    fields = known.make_fields(rp="other.example", token=known.token(May.MAKE, RP))
    assert known.status(MAKE, fields) is Status.PIN_AUTH_INVALID


def test_6_1_2_step_12_an_excluded_credential_is_told_after_a_touch_or_none(
    rig: Rig, known: Client
) -> None:
    old = known.make(b"one")
    touches = rig.touches
    for finger in (True, False):
        rig.finger = lambda finger=finger: finger  # type: ignore[misc]
        fields = known.make_fields(b"two", token=known.token(May.MAKE))
        fields[5] = listed(b"another" * 4, old.credential_id)
        assert known.status(MAKE, fields) is Status.CREDENTIAL_EXCLUDED
    assert rig.touches == touches + 2


def test_6_1_2_step_12_only_credentials_of_the_relying_party_exclude(known: Client) -> None:
    old = known.make(b"one")
    known.make(b"two", "other.example", exclude=listed(old.credential_id))
    known.make(b"two", exclude=[{"type": "other", "id": old.credential_id}])
    known.make(b"three", exclude=listed(b"unknown"))
    known.make(b"four", exclude=[])


@makes(lambda profile: profile.spares_pin and profile.always_uv.value in ("unknown", "off"))
def test_6_1_2_step_12_a_credential_of_level_three_hides_from_whoever_gives_no_pin(
    known: Client,
) -> None:
    hidden = known.make(b"one", extensions={"credProtect": 3})
    fields = known.make_fields(b"two", rk=False) | {5: listed(hidden.credential_id)}
    assert known.status(MAKE, fields) is Status.OK
    with_pin = known.make_fields(b"two", token=known.token(May.MAKE))
    with_pin[5] = listed(hidden.credential_id)
    assert known.status(MAKE, with_pin) is Status.CREDENTIAL_EXCLUDED


def test_6_1_2_step_14_without_a_touch_there_is_no_credential(rig: Rig, known: Client) -> None:
    """The text says OPERATION_DENIED; some makes say that the time was over."""
    rig.finger = lambda: False
    fields = known.make_fields(token=known.token(May.MAKE))
    assert known.status(MAKE, fields) is rig.untouched
    assert rig.untouched in (Status.OPERATION_DENIED, Status.USER_ACTION_TIMEOUT)
    known.token(May.ASSERT)
    fields = known.assert_fields(token=known.token(May.ASSERT))
    assert known.status(Cmd.GET_ASSERTION, fields) is Status.NO_CREDENTIALS


@SCOPED
def test_6_1_2_step_14_a_touch_spends_the_token(known: Client) -> None:
    token = known.token(May.MAKE | May.ASSERT)
    known.ok(MAKE, known.make_fields(token=token))
    assert known.status(MAKE, known.make_fields(token=token)) is Status.PIN_AUTH_INVALID
    fields = known.assert_fields(token=token)
    assert known.status(Cmd.GET_ASSERTION, fields) is Status.PIN_AUTH_INVALID


def test_6_1_2_step_15_unknown_extensions_are_ignored(known: Client) -> None:
    made = known.make(extensions={"new": True, "largeBlobKey": True})
    assert made.extensions == {}


def test_6_1_2_step_17_a_discoverable_credential_replaces_the_accounts_former_one(
    known: Client,
) -> None:
    old, other, new = known.make(b"a"), known.make(b"b"), known.make(b"a")
    fields = known.assert_fields(old.credential_id, token=known.token(May.ASSERT))
    assert known.status(Cmd.GET_ASSERTION, fields) is Status.NO_CREDENTIALS
    for made in (other, new):
        known.sign(made.credential_id)


def test_6_1_2_step_17_a_full_key_takes_no_more_but_replaces(rig: Rig, known: Client) -> None:
    for n in range(rig.profile.capacity):
        known.make(n.to_bytes(2))
    fields = known.make_fields(b"more", token=known.token(May.MAKE))
    assert known.status(MAKE, fields) is Status.KEY_STORE_FULL
    known.make((0).to_bytes(2))
    known.make(b"more", rk=False)


def test_6_1_2_step_18_a_credential_that_is_not_discoverable_is_found_by_its_id(
    known: Client,
) -> None:
    made = known.make(rk=False)
    fields = known.assert_fields(token=known.token(May.ASSERT))
    assert known.status(Cmd.GET_ASSERTION, fields) is Status.NO_CREDENTIALS
    answer, _ = known.sign(made.credential_id)
    assert 4 not in answer


def test_6_1_2_the_relying_partys_id_is_taken_as_it_is(known: Client) -> None:
    made = known.make(b"u", "ssh:keyvault")
    assert made.rp_id_hash == hashlib.sha256(b"ssh:keyvault").digest()
