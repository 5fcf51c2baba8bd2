"""authenticatorGetAssertion (6.2) by its steps, and authenticatorGetNextAssertion (6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.softkey.conformance.client import HASH, RP, AuthData, rp_hash, verify
from tests.softkey.conformance.makes import ALWAYS_UV, OPEN, SCOPED, UNSCOPED, makes
from tests.softkey.conformance.spec import Cmd, Flag, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig

ASSERT = Cmd.GET_ASSERTION
NEXT = Cmd.GET_NEXT_ASSERTION


def test_6_2_an_assertion_is_signed_by_the_credential(rig: Rig, known: Client) -> None:
    made = known.make()
    touches = rig.touches
    answer, data = known.sign(made.credential_id)
    assert answer[1] == {"type": "public-key", "id": made.credential_id}
    assert data.flags == Flag.UP | Flag.UV
    assert data.rp_id_hash == rp_hash()
    verify(made.public_key, answer[3], data.bytes + HASH)
    assert rig.touches == touches + 1


def test_6_2_the_signature_counter_grows(known: Client) -> None:
    made = known.make()
    counts = [known.sign(made.credential_id)[1].count for _ in range(3)]
    assert made.count < counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("missing", [1, 2])
def test_6_2_mandatory_parameters_are_missed(known: Client, missing: int) -> None:
    fields = known.assert_fields(token=known.token(May.ASSERT))
    del fields[missing]
    assert known.status(ASSERT, fields) is Status.MISSING_PARAMETER


@pytest.mark.parametrize(
    "change",
    [
        {1: b"example.com"},
        {2: "text"},
        {3: {"id": b"x"}},
        {3: [b"x" * 32]},
        {3: [{"type": "public-key", "id": "text"}]},
        {4: ["hmac-secret"]},
        {5: [True]},
        {5: {"up": 0}},
        {6: "text"},
        {7: "one"},
    ],
)
def test_6_2_parameters_have_their_types(known: Client, change: dict[int, Any]) -> None:
    fields = known.assert_fields(token=known.token(May.ASSERT)) | change
    assert known.status(ASSERT, fields) is Status.CBOR_UNEXPECTED_TYPE


@pytest.mark.parametrize("size", [0, 31, 33])
def test_6_2_the_hash_has_its_size(known: Client, size: int) -> None:
    fields = known.assert_fields(token=known.token(May.ASSERT)) | {2: b"x" * size}
    assert known.status(ASSERT, fields) is Status.INVALID_PARAMETER


def test_6_2_2_step_1_an_empty_pinuvauthparam_finds_the_key_by_touch(
    rig: Rig, client: Client
) -> None:
    fields = client.assert_fields() | {6: b"", 7: client.protocol}
    assert client.status(ASSERT, fields) is Status.PIN_NOT_SET
    client.set_pin()
    assert client.status(ASSERT, fields) is Status.PIN_INVALID
    assert rig.touches == 2
    rig.finger = lambda: False
    assert client.status(ASSERT, fields) is rig.untouched


def test_6_2_2_step_2_the_protocol_of_a_pinuvauthparam_is_known_and_told(known: Client) -> None:
    fields = known.assert_fields() | {6: b"x" * 32}
    assert known.status(ASSERT, fields) is Status.MISSING_PARAMETER
    assert known.status(ASSERT, fields | {7: 9}) is Status.INVALID_PARAMETER


def test_6_2_2_step_4_options(known: Client) -> None:
    made = known.make()
    bare = known.assert_fields(made.credential_id)
    assert known.status(ASSERT, bare | {5: {"uv": True}}) is Status.INVALID_OPTION
    for rk in (False, True):
        assert known.status(ASSERT, bare | {5: {"rk": rk}}) is Status.UNSUPPORTED_OPTION
    for options in ({"up": True}, {"uv": True}, {"new": True}):
        fields = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
        assert known.status(ASSERT, fields | {5: options}) is Status.OK


@ALWAYS_UV
def test_6_2_2_step_5_a_key_with_always_uv_wants_the_pin_and_exempts_silence_where_it_says_so(
    rig: Rig, client: Client
) -> None:
    fields = client.assert_fields()
    assert client.status(ASSERT, fields) is Status.PUAT_REQUIRED
    client.set_pin()
    made = client.make()
    touches = rig.touches
    fields = client.assert_fields(made.credential_id)
    assert client.status(ASSERT, fields) is Status.PUAT_REQUIRED
    silent = Status.PUAT_REQUIRED if rig.profile.silent_needs_uv else Status.OK
    assert client.status(ASSERT, fields | {5: {"up": False}}) is silent
    assert rig.touches == touches
    client.sign(made.credential_id, options={"up": False})


def test_6_2_2_step_6_a_wrong_pinuvauthparam_is_refused(known: Client) -> None:
    made = known.make()
    good = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
    for wrong in (bytes(len(good[6])), good[6][:-1], good[6] + b"\0"):
        assert known.status(ASSERT, good | {6: wrong}) is Status.PIN_AUTH_INVALID
    assert known.status(ASSERT, good | {2: b"\xa5" * 32}) is Status.PIN_AUTH_INVALID
    assert known.status(ASSERT, good) is Status.OK


@SCOPED
def test_6_2_2_step_6_a_token_needs_the_ga_permission_and_its_relying_party(
    known: Client,
) -> None:
    made = known.make()
    for may, rp in ((May.MAKE, RP), (May.MANAGE, RP), (May.ASSERT, "other.example")):
        fields = known.assert_fields(made.credential_id, token=known.token(may, rp))
        assert known.status(ASSERT, fields) is Status.PIN_AUTH_INVALID


@makes(lambda profile: len(profile.pin_protocols) > 1)
def test_6_2_2_step_6_a_token_belongs_to_its_protocol(rig: Rig, known: Client) -> None:
    known.make()
    token = known.token(May.ASSERT)
    other = rig.client(next(n for n in rig.profile.pin_protocols if n != known.protocol))
    fields = other.assert_fields(token=token)
    assert other.status(ASSERT, fields) is Status.PIN_AUTH_INVALID


@OPEN
def test_6_2_2_step_6_without_a_pin_the_user_is_not_verified(known: Client) -> None:
    made = known.make()
    answer = known.ok(ASSERT, known.assert_fields(made.credential_id))
    data = AuthData(answer[2])
    assert data.flags == Flag.UP
    verify(made.public_key, answer[3], data.bytes + HASH)


@OPEN
def test_6_2_2_step_6_a_silent_assertion_has_no_flags(rig: Rig, known: Client) -> None:
    made = known.make()
    rig.finger = lambda: False
    answer = known.ok(ASSERT, known.assert_fields(made.credential_id) | {5: {"up": False}})
    data = AuthData(answer[2])
    assert data.flags == Flag(0)
    verify(made.public_key, answer[3], data.bytes + HASH)


def test_6_2_2_step_7_what_the_key_does_not_hold_is_not_found(rig: Rig, known: Client) -> None:
    made = known.make()
    touches = rig.touches
    for rp, ids in (("other.example", []), (RP, [b"x" * 32]), ("other.example", [made])):
        names = [each.credential_id if isinstance(each, AuthData) else each for each in ids]
        fields = known.assert_fields(*names, rp=rp, token=known.token(May.ASSERT, rp))
        assert known.status(ASSERT, fields) is Status.NO_CREDENTIALS
    assert rig.touches == touches


def test_6_2_2_step_7_of_a_list_one_answers_and_other_types_are_ignored(known: Client) -> None:
    made = [known.make(user) for user in (b"a", b"b")]
    ids = [one.credential_id for one in made]
    answer, _ = known.sign(b"unknown", *ids)
    assert answer[1]["id"] in ids
    assert 5 not in answer
    fields = known.assert_fields(token=known.token(May.ASSERT))
    fields[3] = [{"type": "other", "id": ids[0]}, {"type": "public-key", "id": ids[1]}]
    assert known.ok(ASSERT, fields)[1]["id"] == ids[1]


def test_6_2_2_step_9_without_a_touch_nothing_is_signed(rig: Rig, known: Client) -> None:
    made = known.make()
    rig.finger = lambda: False
    fields = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
    assert known.status(ASSERT, fields) is rig.untouched
    rig.finger = lambda: True
    _, data = known.sign(made.credential_id)
    assert data.count == made.count + 1


@SCOPED
def test_6_2_2_step_9_a_touch_spends_the_token_and_silence_does_not(known: Client) -> None:
    made = known.make()
    fields = known.assert_fields(made.credential_id, token=known.token(May.ASSERT))
    for _ in range(2):
        assert known.status(ASSERT, fields | {5: {"up": False}}) is Status.OK
    assert known.status(ASSERT, fields) is Status.OK
    assert known.status(ASSERT, fields | {5: {"up": False}}) is Status.PIN_AUTH_INVALID


@UNSCOPED
def test_ctap_2_0_a_token_opens_everything_until_another_is_given(rig: Rig, known: Client) -> None:
    token = known.plain_token()
    for rp in (RP, "other.example"):
        known.ok(Cmd.MAKE_CREDENTIAL, known.make_fields(rp=rp, token=token))
        rig.now += 3600
        assert known.status(ASSERT, known.assert_fields(rp=rp, token=token)) is Status.OK
    known.plain_token()
    assert known.status(ASSERT, known.assert_fields(token=token)) is Status.PIN_AUTH_INVALID


def test_6_2_2_step_12_names_are_told_to_whoever_gave_the_pin(known: Client) -> None:
    known.make(b"me")
    answer, _ = known.sign()
    assert answer[4] == {"id": b"me", "name": "6d65@example.com", "displayName": "Somebody"}


@OPEN
def test_6_2_2_step_12_names_are_told_to_nobody_else(known: Client) -> None:
    known.make(b"me")
    assert known.ok(ASSERT, known.assert_fields())[4] == {"id": b"me"}


def test_6_3_the_newest_comes_first_and_the_others_follow(known: Client) -> None:
    made = [known.make(user) for user in (b"a", b"b", b"c")]
    known.make(b"d", "other.example")
    first, _ = known.sign()
    assert first[5] == 3
    answers = [first, known.ok(NEXT), known.ok(NEXT)]
    for one, answer in zip(reversed(made), answers, strict=True):
        assert answer[1]["id"] == one.credential_id
        verify(one.public_key, answer[3], answer[2] + HASH)
    assert all(5 not in answer for answer in answers[1:])
    assert known.status(NEXT) is Status.NOT_ALLOWED


def test_6_3_without_an_assertion_there_is_no_next_one(known: Client) -> None:
    assert known.status(NEXT) is Status.NOT_ALLOWED
    known.make(b"a")
    known.sign()
    assert known.status(NEXT) is Status.NOT_ALLOWED


def test_6_3_another_command_in_between_ends_the_sequence(known: Client) -> None:
    for user in (b"a", b"b"):
        known.make(user)
    known.sign()
    known.info()
    assert known.status(NEXT) is Status.NOT_ALLOWED


def test_6_3_the_next_one_waits_thirty_seconds(rig: Rig, known: Client) -> None:
    for user in (b"a", b"b", b"c"):
        known.make(user)
    known.sign()
    rig.now += 29.0
    known.ok(NEXT)
    rig.now += 31.0
    assert known.status(NEXT) is Status.NOT_ALLOWED


def test_6_3_a_power_cycle_ends_the_sequence(rig: Rig, known: Client) -> None:
    for user in (b"a", b"b"):
        known.make(user)
    known.sign()
    assert rig.replug().status(NEXT) is Status.NOT_ALLOWED
