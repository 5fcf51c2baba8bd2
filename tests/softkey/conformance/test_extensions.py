"""The extensions credProtect (12.1) and hmac-secret (12.5); attestation (WebAuthn level 2, 8)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from tests.softkey.conformance.client import HASH, AuthData, verify
from tests.softkey.conformance.makes import OPEN, makes
from tests.softkey.conformance.spec import Cmd, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client, Fields
    from tests.softkey.conformance.conftest import Rig

PROTECTS = makes(lambda profile: "credProtect" in profile.extensions)
PROTECTS_OPENLY = makes(
    lambda profile: (
        "credProtect" in profile.extensions and profile.always_uv.value in ("unknown", "off")
    )
)
ONE, TWO = b"\x11" * 32, b"\x22" * 32
SALT_ENC, SALT_AUTH, PROTOCOL = 2, 3, 4


@PROTECTS
@pytest.mark.parametrize("level", [1, 2, 3])
def test_12_1_the_level_is_told_back(known: Client, level: int) -> None:
    made = known.make(extensions={"credProtect": level})
    assert made.extensions == {"credProtect": level}


@PROTECTS
@pytest.mark.parametrize(
    ("level", "status"),
    [
        (0, Status.INVALID_OPTION),
        (4, Status.INVALID_OPTION),
        ("userVerificationRequired", Status.CBOR_UNEXPECTED_TYPE),
    ],
)
def test_12_1_there_are_three_levels(
    rig: Rig, known: Client, level: object, status: Status
) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | {6: {"credProtect": level}}
    assert known.status(Cmd.MAKE_CREDENTIAL, fields) is status
    assert rig.touches == 0


@PROTECTS_OPENLY
@pytest.mark.parametrize(
    ("level", "by_id", "discovered"),
    [
        (1, Status.OK, Status.OK),
        (2, Status.OK, Status.NO_CREDENTIALS),
        (3, Status.NO_CREDENTIALS, Status.NO_CREDENTIALS),
    ],
)
def test_12_1_levels_hide_a_credential_from_whoever_gives_no_pin(
    known: Client, level: int, by_id: Status, discovered: Status
) -> None:
    made = known.make(extensions={"credProtect": level})
    for options in ({}, {"up": False}):
        fields = known.assert_fields(made.credential_id) | {5: options}
        assert known.status(Cmd.GET_ASSERTION, fields) is by_id
        fields = known.assert_fields() | {5: options}
        assert known.status(Cmd.GET_ASSERTION, fields) is discovered
    known.sign()
    known.sign(made.credential_id)


@makes(lambda profile: "credProtect" not in profile.extensions)
def test_12_1_a_key_without_it_ignores_it(known: Client) -> None:
    assert known.make(extensions={"credProtect": 3}).extensions == {}
    known.ok(Cmd.GET_ASSERTION, known.assert_fields())


@pytest.mark.parametrize("name", ["credProtect", "hmac-secret", "minPinLength"])
def test_6_1_2_an_extension_of_a_wrong_type_makes_no_credential(
    rig: Rig, known: Client, name: str
) -> None:
    fields = known.make_fields(token=known.token(May.MAKE)) | {6: {name: "please"}}
    knows = name in rig.profile.extensions
    expected = Status.CBOR_UNEXPECTED_TYPE if knows else Status.OK
    assert known.status(Cmd.MAKE_CREDENTIAL, fields) is expected
    assert rig.touches == (not knows)
    found = known.assert_fields(token=known.token(May.ASSERT))
    expected = Status.NO_CREDENTIALS if knows else Status.OK
    assert known.status(Cmd.GET_ASSERTION, found) is expected


def asked(client: Client, salts: bytes) -> tuple[Fields, Any]:
    """The extension's input, and the secret shared with the key."""
    shared = client.agree()
    encrypted = shared.encrypt(salts)
    fields = {1: shared.cose, 2: encrypted, 3: shared.mac(encrypted), 4: client.protocol}
    return fields, shared


def secrets(client: Client, credential_id: bytes, salts: bytes) -> bytes:
    """What the credential makes of the salts, with the PIN."""
    fields, shared = asked(client, salts)
    _, data = client.sign(credential_id, extensions={"hmac-secret": fields})
    answer: bytes = shared.decrypt(data.extensions["hmac-secret"])
    return answer


def test_12_5_a_credential_is_made_for_secrets(known: Client) -> None:
    for wanted in (True, False):
        made = known.make(extensions={"hmac-secret": wanted})
        assert made.extensions == {"hmac-secret": wanted}
    fields = known.make_fields(token=known.token(May.MAKE)) | {6: {"hmac-secret": 1}}
    assert known.status(Cmd.MAKE_CREDENTIAL, fields) is Status.CBOR_UNEXPECTED_TYPE


def test_12_5_each_salt_and_each_credential_has_a_secret_of_its_own(known: Client) -> None:
    made = [known.make(user, extensions={"hmac-secret": True}) for user in (b"a", b"b")]
    both = secrets(known, made[0].credential_id, ONE + TWO)
    assert len(both) == 64
    assert both[:32] != both[32:]
    assert secrets(known, made[0].credential_id, ONE) == both[:32]
    assert secrets(known, made[0].credential_id, TWO) == both[32:]
    assert secrets(known, made[1].credential_id, ONE) not in (both[:32], both[32:])


@OPEN
def test_12_5_with_the_pin_the_secret_is_another(known: Client) -> None:
    made = known.make(extensions={"hmac-secret": True})
    fields, shared = asked(known, ONE)
    request = known.assert_fields(made.credential_id) | {4: {"hmac-secret": fields}}
    data = AuthData(known.ok(Cmd.GET_ASSERTION, request)[2])
    without = shared.decrypt(data.extensions["hmac-secret"])
    assert without != secrets(known, made.credential_id, ONE)


def test_12_5_other_credentials_have_none(known: Client) -> None:
    made = known.make()
    fields, _ = asked(known, ONE)
    _, data = known.sign(made.credential_id, extensions={"hmac-secret": fields})
    assert data.extensions == {}


@makes(lambda profile: 1 in profile.pin_protocols)
def test_12_5_without_a_number_protocol_one_is_meant(rig: Rig, known: Client) -> None:
    made = known.make(extensions={"hmac-secret": True})
    by_one = rig.client(1)
    fields, shared = asked(by_one, ONE)
    del fields[PROTOCOL]
    _, data = by_one.sign(made.credential_id, extensions={"hmac-secret": fields})
    assert shared.decrypt(data.extensions["hmac-secret"]) == secrets(known, made.credential_id, ONE)


@pytest.mark.parametrize("size", [16, 48, 80, 96])
def test_12_5_salts_are_one_or_two(known: Client, size: int) -> None:
    known.make(extensions={"hmac-secret": True})
    fields, _ = asked(known, bytes(size))
    request = known.assert_fields(token=known.token(May.ASSERT)) | {4: {"hmac-secret": fields}}
    assert known.status(Cmd.GET_ASSERTION, request) is Status.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({SALT_AUTH: bytes(32)}, Status.PIN_AUTH_INVALID),
        ({SALT_ENC: bytes(32)}, Status.PIN_AUTH_INVALID),
        ({PROTOCOL: 9}, Status.INVALID_PARAMETER),
        ({1: None}, Status.MISSING_PARAMETER),
        ({SALT_ENC: None}, Status.MISSING_PARAMETER),
        ({SALT_AUTH: None}, Status.MISSING_PARAMETER),
        ({SALT_ENC: "salt"}, Status.CBOR_UNEXPECTED_TYPE),
    ],
)
def test_12_5_what_is_wrong_with_salts(known: Client, change: Fields, status: Status) -> None:
    known.make(extensions={"hmac-secret": True})
    fields, _ = asked(known, ONE)
    spoiled = {n: value for n, value in (fields | change).items() if value is not None}
    request = known.assert_fields(token=known.token(May.ASSERT)) | {4: {"hmac-secret": spoiled}}
    assert known.status(Cmd.GET_ASSERTION, request) is status


def test_12_5_a_secret_wants_a_touch(known: Client) -> None:
    known.make(extensions={"hmac-secret": True})
    fields, _ = asked(known, ONE)
    request = known.assert_fields(token=known.token(May.ASSERT))
    request |= {4: {"hmac-secret": fields}, 5: {"up": False}}
    assert known.status(Cmd.GET_ASSERTION, request) is Status.UNSUPPORTED_OPTION


def attestation(rig: Rig, client: Client) -> tuple[Fields, AuthData, x509.Certificate]:
    """An attested credential, the certificate checked against the maker's root."""
    answer = client.ok(Cmd.MAKE_CREDENTIAL, client.make_fields(token=client.token(May.MAKE)))
    [certificate] = answer[3]["x5c"]
    leaf = x509.load_der_x509_certificate(certificate)
    root = x509.load_der_x509_certificate(rig.authority.root_certificate)
    leaf.verify_directly_issued_by(root)
    return answer, AuthData(answer[2]), leaf


def signed_by(leaf: x509.Certificate, signature: bytes, data: bytes) -> None:
    numbers = leaf.public_key().public_numbers()  # type: ignore[union-attr]
    x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)  # type: ignore[union-attr]
    verify({-2: x, -3: y}, signature, data)


@makes(lambda profile: profile.attestation == "packed")
def test_webauthn_8_2_a_packed_attestation_names_the_model(rig: Rig, known: Client) -> None:
    answer, data, leaf = attestation(rig, known)
    assert (answer[1], answer[3]["alg"]) == ("packed", -7)
    signed_by(leaf, answer[3]["sig"], data.bytes + HASH)
    assert data.aaguid == rig.profile.aaguid
    extension = leaf.extensions.get_extension_for_oid(
        x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
    )
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    assert (extension.critical, extension.value.value) == (False, b"\x04\x10" + data.aaguid)


@makes(lambda profile: profile.attestation == "fido-u2f")
def test_webauthn_8_6_an_attestation_of_fido_u2f_names_none(rig: Rig, known: Client) -> None:
    answer, data, leaf = attestation(rig, known)
    assert answer[1] == "fido-u2f"
    assert set(answer[3]) == {"sig", "x5c"}
    point = b"\x04" + data.public_key[-2] + data.public_key[-3]
    rp_id_hash = hashlib.sha256(b"example.com").digest()
    signed_by(leaf, answer[3]["sig"], b"\0" + rp_id_hash + HASH + data.credential_id + point)
    assert data.aaguid == bytes(16)
