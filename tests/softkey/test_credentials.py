"""Credentials: made, attested, used, listed, deleted; python-fido2 verifies."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from fido2.cose import CoseKey
from fido2.ctap import CtapError
from fido2.ctap2.credman import CredentialManagement

if TYPE_CHECKING:
    from collections.abc import Callable

    from fido2.ctap2.base import AttestationResponse

    from tests.softkey.conftest import Bench, Platform

    IdOf = Callable[[AttestationResponse], bytes]

ERR = CtapError.ERR
MC, GA, CM = 0x01, 0x02, 0x04
SHA256_OF_RP = hashlib.sha256(b"example.com").digest()


def refusal(call: Callable[..., object], *args: Any, **more: Any) -> ERR:
    with pytest.raises(CtapError) as caught:
        call(*args, **more)
    return caught.value.code


def test_an_assertion_verifies_with_and_without_pin(platform: Platform, id_of: IdOf) -> None:
    made = platform.make()
    for with_pin, flags in ((False, 0x01), (True, 0x05)):
        signed = platform.sign(id_of(made), with_pin=with_pin)
        platform.verify(made, signed)
        assert signed.auth_data.flags == flags
        assert signed.auth_data.rp_id_hash == SHA256_OF_RP


def test_without_touch_and_pin_the_flags_are_zero_and_the_finger_rests(
    bench: Bench, platform: Platform, id_of: IdOf
) -> None:
    for level in (None, 1, 2):
        extensions = {"credProtect": level} if level else None
        made = platform.make(extensions=extensions)
        touches = len(bench.touched)
        signed = platform.sign(id_of(made), options={"up": False})
        platform.verify(made, signed)
        assert signed.auth_data.flags == 0
        assert len(bench.touched) == touches


def test_cred_protect_hides_credentials_by_level(platform: Platform, id_of: IdOf) -> None:
    made = {n: platform.make(bytes([n]), extensions={"credProtect": n}) for n in (1, 2, 3)}
    assert [one.auth_data.extensions for one in made.values()] == [{"credProtect": n} for n in made]
    assert refusal(platform.sign, id_of(made[3])) == ERR.NO_CREDENTIALS
    platform.verify(made[2], platform.sign(id_of(made[2])))
    found = platform.sign()
    platform.verify(made[1], found)
    assert found.number_of_credentials is None
    platform.verify(made[3], platform.sign(id_of(made[3]), with_pin=True))
    newest = platform.sign(with_pin=True)
    platform.verify(made[3], newest)
    assert newest.number_of_credentials == 3
    assert refusal(platform.make, extensions={"credProtect": 4}) == ERR.INVALID_OPTION


def test_discovery_hands_out_the_newest_first_and_names_only_to_the_pin(
    bench: Bench, platform: Platform
) -> None:
    made = [platform.make(user) for user in (b"a", b"b", b"c")]
    signed = platform.ctap.get_assertions(platform.RP, platform.HASH)
    for one, other in zip(reversed(made), signed, strict=True):
        platform.verify(one, other)
    assert [one.user for one in signed] == [{"id": b"c"}, {"id": b"b"}, {"id": b"a"}]
    assert refusal(platform.ctap.get_next_assertion) == ERR.NOT_ALLOWED
    assert platform.sign(with_pin=True).user == {
        "id": b"c",
        "name": "63@example.com",
        "displayName": "Somebody",
    }
    platform.ctap.get_info()
    assert refusal(platform.ctap.get_next_assertion) == ERR.NOT_ALLOWED
    platform.sign()
    bench.now += 31
    assert refusal(platform.ctap.get_next_assertion) == ERR.NOT_ALLOWED


def test_the_counter_grows_with_each_signature_over_all_credentials(
    platform: Platform, id_of: IdOf
) -> None:
    one, two = platform.make(b"a"), platform.make(b"b")
    counts = [platform.sign(id_of(made)).auth_data.counter for made in (one, two, one)]
    assert counts == [3, 4, 5]


def test_a_discoverable_credential_replaces_the_accounts_former_one(
    platform: Platform, id_of: IdOf
) -> None:
    old, new = platform.make(b"a"), platform.make(b"a")
    plain = platform.make(b"a", options={"rk": False})
    assert refusal(platform.sign, id_of(old)) == ERR.NO_CREDENTIALS
    platform.verify(new, platform.sign())
    answer = platform.sign(id_of(plain))
    platform.verify(plain, answer)
    assert answer.user is None


def test_an_excluded_credential_is_told_after_a_touch(
    bench: Bench, platform: Platform, id_of: IdOf
) -> None:
    open_one, hidden = platform.make(b"a"), platform.make(b"b", extensions={"credProtect": 3})

    def listed(made: AttestationResponse) -> dict[str, Any]:
        return {"exclude_list": [{"type": "public-key", "id": id_of(made)}]}

    touches = len(bench.touched)
    assert refusal(platform.make, **listed(open_one)) == ERR.CREDENTIAL_EXCLUDED
    assert refusal(platform.make, **listed(hidden)) == ERR.CREDENTIAL_EXCLUDED
    assert len(bench.touched) == touches + 2
    plain: dict[str, Any] = {"with_pin": False, "options": {}}
    assert refusal(platform.make, **listed(open_one), **plain) == ERR.CREDENTIAL_EXCLUDED
    platform.make(b"c", **listed(hidden), **plain)
    platform.make(b"d", rp="other.example", **listed(open_one))


def test_no_finger_no_credential(bench: Bench, platform: Platform) -> None:
    made = platform.make()
    bench.finger = lambda _: False
    assert refusal(platform.make) == ERR.USER_ACTION_TIMEOUT
    assert refusal(platform.sign) == ERR.USER_ACTION_TIMEOUT
    assert refusal(platform.ctap.selection) == ERR.USER_ACTION_TIMEOUT
    assert bench.touched[-1] == "K1"
    bench.finger = lambda _: True
    platform.ctap.selection()
    platform.verify(made, platform.sign())


def test_a_discoverable_credential_needs_the_pin_and_others_do_not(platform: Platform) -> None:
    assert refusal(platform.make, with_pin=False) == ERR.PUAT_REQUIRED
    made = platform.make(with_pin=False, options={"rk": False})
    assert made.auth_data.flags == 0x41


def test_an_empty_parameter_finds_the_key_by_touch(bench: Bench, fresh: Platform) -> None:
    for status in (ERR.PIN_NOT_SET, ERR.PIN_INVALID):
        assert refusal(fresh.make, with_pin=False, pin_uv_param=b"") == status
        assert refusal(fresh.sign, pin_uv_param=b"") == status
        if status is ERR.PIN_NOT_SET:
            fresh.pin.set_pin(fresh.PIN)
    assert len(bench.touched) == 4


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"options": {"up": False}}, ERR.INVALID_OPTION),
        ({"options": {"uv": True}}, ERR.INVALID_OPTION),
        ({"options": {"rk": 1}}, ERR.CBOR_UNEXPECTED_TYPE),
        ({"enterprise_attestation": 1}, ERR.INVALID_PARAMETER),
        ({"exclude_list": [7]}, ERR.CBOR_UNEXPECTED_TYPE),
        ({"exclude_list": [{"type": "public-key"}]}, ERR.MISSING_PARAMETER),
        ({"user": b"x" * 65}, ERR.INVALID_PARAMETER),
        ({"pin_uv_param": b"x" * 16}, ERR.MISSING_PARAMETER),
        ({"pin_uv_param": b"x" * 16, "pin_uv_protocol": 9}, ERR.INVALID_PARAMETER),
        ({"pin_uv_param": b"x" * 16, "pin_uv_protocol": 1}, ERR.PIN_AUTH_INVALID),
    ],
)
def test_what_is_wrong_with_a_creation(fresh: Platform, more: dict[str, Any], status: ERR) -> None:
    assert refusal(fresh.make, with_pin=False, **more) == status


def test_what_is_wrong_with_the_members_of_a_creation(fresh: Platform) -> None:
    good = (fresh.HASH, {"id": "a"}, {"id": b"u"}, [{"type": "public-key", "alg": -7}])
    for position, bad, status in (
        (0, b"short", ERR.INVALID_PARAMETER),
        (0, None, ERR.MISSING_PARAMETER),
        (1, {"name": "a"}, ERR.MISSING_PARAMETER),
        (2, "user", ERR.CBOR_UNEXPECTED_TYPE),
        (3, [{"type": "public-key", "alg": -257}], ERR.UNSUPPORTED_ALGORITHM),
    ):
        members: list[Any] = [*good]
        members[position] = bad
        assert refusal(fresh.ctap.make_credential, *members) == status


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"options": {"rk": True}}, ERR.UNSUPPORTED_OPTION),
        ({"options": {"uv": True}}, ERR.INVALID_OPTION),
        ({"rp": "other.example"}, ERR.NO_CREDENTIALS),
    ],
)
def test_what_is_wrong_with_an_assertion(
    platform: Platform, more: dict[str, Any], status: ERR
) -> None:
    platform.make()
    assert refusal(platform.sign, **more) == status


def test_a_full_key_refuses_more(make_bench: type[Bench], make_platform: type[Platform]) -> None:
    bench = make_bench("other")
    platform = make_platform(bench.plug())
    for n in range(bench.key.profile.capacity):
        platform.make(bytes([n]), with_pin=False)
    assert platform.ctap.get_info().remaining_disc_creds == 0
    assert refusal(platform.make, b"one more", with_pin=False) == ERR.KEY_STORE_FULL
    platform.make(bytes([0]), with_pin=False)
    platform.make(b"plain", with_pin=False, options={})


def management(platform: Platform, rp_id: str | None = None) -> CredentialManagement:
    return CredentialManagement(platform.ctap, platform.pin.protocol, platform.token(CM, rp_id))


def test_what_lies_on_the_key_is_listed_and_deleted(platform: Platform, id_of: IdOf) -> None:
    result = CredentialManagement.RESULT
    assert management(platform).enumerate_rps() == []
    made = [platform.make(b"a"), platform.make(b"b"), platform.make(b"c", rp="other.example")]
    platform.make(b"unlisted", options={})
    manager = management(platform)
    assert manager.get_metadata() == {
        result.EXISTING_CRED_COUNT: 3,
        result.MAX_REMAINING_COUNT: 97,
    }
    rps = manager.enumerate_rps()
    assert [rp[result.RP]["id"] for rp in rps] == ["example.com", "other.example"]
    assert rps[0][result.RP_ID_HASH] == SHA256_OF_RP
    found = manager.enumerate_creds(SHA256_OF_RP)
    assert [one[result.CREDENTIAL_ID]["id"] for one in found] == [id_of(m) for m in made[:2]]
    assert [one[result.USER]["id"] for one in found] == [b"a", b"b"]
    for one, other in zip(found, made, strict=False):
        data = other.auth_data.credential_data
        assert data is not None
        assert CoseKey.parse(one[result.PUBLIC_KEY]) == data.public_key
    manager.delete_cred({"type": "public-key", "id": id_of(made[0])})  # type: ignore[arg-type]
    assert len(manager.enumerate_creds(SHA256_OF_RP)) == 1
    assert refusal(platform.sign, id_of(made[0])) == ERR.NO_CREDENTIALS


def test_an_account_is_renamed(platform: Platform, id_of: IdOf) -> None:
    named = {"type": "public-key", "id": id_of(platform.make(b"a"))}
    manager = management(platform)
    manager.update_user_info(named, {"id": b"a", "name": "new"})  # type: ignore[arg-type]
    assert platform.sign(with_pin=True).user == {"id": b"a", "name": "new"}
    other = {"id": b"z", "name": "new"}
    manager = management(platform)
    assert refusal(manager.update_user_info, named, other) == ERR.INVALID_PARAMETER


def test_management_needs_its_permission_and_keeps_to_its_relying_party(
    platform: Platform, id_of: IdOf
) -> None:
    mine, other = platform.make(b"a"), platform.make(b"b", rp="other.example")
    manager = CredentialManagement(platform.ctap, platform.pin.protocol, platform.token(GA))
    assert refusal(manager.get_metadata) == ERR.PIN_AUTH_INVALID
    manager = management(platform, "example.com")
    assert refusal(manager.get_metadata) == ERR.PIN_AUTH_INVALID
    assert refusal(manager.enumerate_rps) == ERR.PIN_AUTH_INVALID
    assert len(manager.enumerate_creds(SHA256_OF_RP)) == 1
    hash_of_other = hashlib.sha256(b"other.example").digest()
    assert refusal(manager.enumerate_creds, hash_of_other) == ERR.PIN_AUTH_INVALID
    for made, status in ((other, ERR.PIN_AUTH_INVALID), (None, ERR.NO_CREDENTIALS)):
        named = {"type": "public-key", "id": id_of(made) if made else b"nobody"}
        assert refusal(manager.delete_cred, named) == status
    manager.delete_cred({"type": "public-key", "id": id_of(mine)})  # type: ignore[arg-type]
    assert refusal(platform.ctap.credential_mgmt, 1) == ERR.PUAT_REQUIRED
    assert refusal(platform.ctap.credential_mgmt, 3) == ERR.NOT_ALLOWED
    assert refusal(platform.ctap.credential_mgmt, 9) == ERR.INVALID_SUBCOMMAND
