"""Every make with python-fido2 as the platform: another reading of the specification than ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from fido2.attestation.base import AttestationVerifier
from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2.base import Ctap2
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import CredProtectExtension, HmacSecretExtension
from fido2.server import Fido2Server
from fido2.webauthn import (
    Aaguid,
    AttestationConveyancePreference,
    AttestationObject,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from keyvault_kit.softkey.profiles import PROFILES, VENDOR_RP_ID, Profile

if TYPE_CHECKING:
    from fido2.attestation.base import AttestationResult
    from fido2.ctap2.base import AttestationResponse
    from fido2.webauthn import AuthenticatorData, PublicKeyCredentialDescriptor

    from keyvault_kit.softkey.attestation import AttestationAuthority
    from tests.softkey.conftest import Bench, Platform

    IdOf = Callable[[AttestationResponse], bytes]

ERR = CtapError.ERR
NEW_PIN = "27182845"
SHA256_OF_RP = hashlib.sha256(b"example.com").digest()


def of(fits: Callable[[Profile], object]) -> pytest.MarkDecorator:
    names = [name for name, profile in sorted(PROFILES.items()) if fits(profile)]
    return pytest.mark.parametrize("name", names)


def granting(platform: Platform, permissions: int, rp_id: str | None = None) -> bytes:
    """A token as the peer's client gets it: with permissions where the key knows them."""
    if platform.ctap.info.options.get("pinUvAuthToken"):
        return platform.token(permissions, rp_id)
    return platform.pin.get_pin_token(platform.PIN)


@pytest.fixture
def bench(make_bench: type[Bench], name: str) -> Bench:
    return make_bench(name)


@pytest.fixture
def fresh(bench: Bench, make_platform: type[Platform]) -> Platform:
    return make_platform(bench.plug(), strict_cbor=bench.key.profile.canonical)


@pytest.fixture
def platform(fresh: Platform) -> Platform:
    fresh.pin.set_pin(fresh.PIN)
    return fresh


class OneRoot(AttestationVerifier):
    def __init__(self, root: bytes) -> None:
        super().__init__()
        self.root = root

    def ca_lookup(self, result: AttestationResult, auth_data: AuthenticatorData) -> bytes:  # noqa: ARG002
        return self.root


class Person(UserInteraction):
    def __init__(self, pin: str) -> None:
        self.pin = pin
        self.prompts = 0

    def prompt_up(self) -> None:
        self.prompts += 1

    def request_pin(self, permissions: object, rp_id: str | None) -> str:  # noqa: ARG002
        return self.pin


@of(lambda _: True)
def test_the_peer_reads_what_a_make_says_of_itself(bench: Bench, fresh: Platform) -> None:
    profile, info = bench.key.profile, fresh.ctap.info
    assert info.aaguid == Aaguid(profile.aaguid)
    assert tuple(info.versions) == profile.versions
    assert tuple(info.extensions) == profile.extensions
    assert tuple(info.pin_uv_protocols) == profile.pin_protocols
    assert Config.is_supported(info) is bool(profile.config_commands)
    assert bench.touched == []


@of(lambda profile: not profile.canonical)
def test_the_peer_refuses_untidy_answers_where_it_is_strict(bench: Bench) -> None:
    with pytest.raises(ValueError, match="canonical"):
        Ctap2(bench.plug(), strict_cbor=True)


@of(lambda _: True)
def test_the_peer_sets_checks_and_changes_the_pin(platform: Platform) -> None:
    pin = platform.pin
    assert platform.ctap.get_info().options["clientPin"] is True
    assert pin.get_pin_retries()[0] == 8
    granting(platform, 2, platform.RP)
    with pytest.raises(CtapError) as caught:
        pin.get_pin_token("00000000")
    assert caught.value.code == ERR.PIN_INVALID
    assert pin.get_pin_retries()[0] == 7
    pin.change_pin(platform.PIN, NEW_PIN)
    assert pin.get_pin_retries()[0] == 8
    assert len(pin.get_pin_token(NEW_PIN)) == 32


def made_and_signed(platform: Platform) -> AttestationResponse:
    """A credential that has signed, by tokens as the key knows them."""
    version = platform.pin.protocol.VERSION

    def proof(permissions: int) -> dict[str, Any]:
        token = granting(platform, permissions, platform.RP)
        param = platform.pin.protocol.authenticate(token, platform.HASH)
        return {"pin_uv_param": param, "pin_uv_protocol": version}

    made = platform.make(with_pin=False, **proof(1))
    platform.verify(made, platform.sign(**proof(2)))
    return made


@of(lambda _: True)
def test_the_attestation_chains_to_the_makers_root(
    bench: Bench, platform: Platform, authority: AttestationAuthority
) -> None:
    made = made_and_signed(platform)
    assert made.fmt == bench.key.profile.attestation
    attestation = AttestationObject.create(made.fmt, made.auth_data, made.att_stmt)
    OneRoot(authority.root_certificate).verify_attestation(attestation, platform.HASH)
    leaf = x509.load_der_x509_certificate(made.att_stmt["x5c"][0])
    root = x509.load_der_x509_certificate(authority.root_certificate)
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.not_valid_before_utc.year == 2026


# The peer's client reads strictly, and takes an untidy key for one of U2F.
@of(lambda profile: profile.canonical)
def test_the_peers_client_registers_and_signs_in(
    platform: Platform, authority: AttestationAuthority
) -> None:
    person = Person(platform.PIN)
    client = Fido2Client(
        platform.device,
        DefaultClientDataCollector("https://example.com"),
        person,
        [CredProtectExtension(), HmacSecretExtension(allow_hmac_secret=True)],  # type: ignore[no-untyped-call]
    )
    server = Fido2Server(
        {"id": "example.com", "name": "Example"},  # type: ignore[arg-type]
        attestation=AttestationConveyancePreference.DIRECT,
        verify_attestation=OneRoot(authority.root_certificate),
    )
    uv = UserVerificationRequirement.REQUIRED
    options, state = server.register_begin(
        {"id": b"me", "name": "me", "displayName": "Me"},  # type: ignore[arg-type]
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=uv,
        extensions={
            "hmacCreateSecret": True,
            "credentialProtectionPolicy": "userVerificationOptional",
        },
    )
    registration = client.make_credential(options.public_key)
    assert registration.client_extension_results["hmacCreateSecret"] is True
    credential = server.register_complete(state, registration).credential_data
    assert credential is not None
    secrets = []
    for _ in range(2):
        options_, state = server.authenticate_begin(
            [credential],
            user_verification=uv,
            extensions={"hmacGetSecret": {"salt1": b"\1" * 32, "salt2": b"\2" * 32}},
        )
        selection = client.get_assertion(options_.public_key)
        response = selection.get_response(0)
        server.authenticate_complete(state, [credential], response)
        secrets.append(dict(response.client_extension_results["hmacGetSecret"]))
    assert secrets[0] == secrets[1]
    assert secrets[0]["output1"] != secrets[0]["output2"]
    assert person.prompts >= 3


def manager_of(platform: Platform) -> CredentialManagement:
    return CredentialManagement(platform.ctap, platform.pin.protocol, granting(platform, 4))


def descriptor(credential_id: bytes) -> PublicKeyCredentialDescriptor:
    return {"type": "public-key", "id": credential_id}  # type: ignore[return-value]


# A key that promises the standard command and knows the preview alone is refused by the peer.
@of(lambda profile: profile.management.value and profile.name != "preview-only")
def test_the_peer_lists_and_deletes_credentials(
    bench: Bench, platform: Platform, id_of: IdOf
) -> None:
    result = CredentialManagement.RESULT
    made = made_and_signed(platform)
    manager = manager_of(platform)
    room = bench.key.profile.capacity - 1
    counts = {result.EXISTING_CRED_COUNT: 1, result.MAX_REMAINING_COUNT: room}
    assert manager.get_metadata() == counts
    [rp] = manager.enumerate_rps()
    assert (rp[result.RP]["id"], rp[result.RP_ID_HASH]) == (platform.RP, SHA256_OF_RP)
    [found] = manager.enumerate_creds(SHA256_OF_RP)
    assert found[result.CREDENTIAL_ID]["id"] == id_of(made)
    manager.delete_cred(descriptor(id_of(made)))
    assert manager.get_metadata()[result.EXISTING_CRED_COUNT] == 0


@of(lambda profile: profile.name == "preview-only")
def test_the_peer_is_led_astray_by_a_false_promise_of_credential_management(
    platform: Platform,
) -> None:
    manager = manager_of(platform)
    with pytest.raises(CtapError) as caught:
        manager.get_metadata()
    assert caught.value.code == ERR.INVALID_COMMAND


@of(lambda profile: not profile.management.value)
def test_the_peer_sees_where_there_is_no_credential_management(platform: Platform) -> None:
    assert not CredentialManagement.is_supported(platform.ctap.info)


def config_of(platform: Platform) -> Config:
    return Config(platform.ctap, platform.pin.protocol, granting(platform, 0x20))


@of(lambda profile: profile.sets_pin_length)
def test_the_peer_raises_the_minimum_and_forces_a_change(platform: Platform) -> None:
    config_of(platform).set_min_pin_length(8)
    assert platform.ctap.get_info().min_pin_length == 8
    config_of(platform).set_min_pin_length(force_change_pin=True)
    assert platform.ctap.get_info().force_pin_change
    platform.pin.change_pin(platform.PIN, NEW_PIN)
    assert not platform.ctap.get_info().force_pin_change


@of(lambda profile: profile.always_uv.value in ("on", "off"))
def test_the_peer_toggles_always_uv(platform: Platform) -> None:
    before = platform.ctap.info.options["alwaysUv"]
    config_of(platform).toggle_always_uv()
    assert platform.ctap.get_info().options["alwaysUv"] is not before


@of(lambda profile: profile.enterprise)
def test_the_peer_gets_an_enterprise_attestation(
    platform: Platform, authority: AttestationAuthority
) -> None:
    config_of(platform).enable_enterprise_attestation()
    assert platform.ctap.get_info().options["ep"] is True
    ordinary = platform.make(b"a")
    made = platform.make(b"b", enterprise_attestation=2)
    vendors = platform.make(b"c", rp=VENDOR_RP_ID, enterprise_attestation=1)
    assert (ordinary.ep_att, made.ep_att, vendors.ep_att) == (None, True, True)
    assert made.att_stmt["x5c"] == vendors.att_stmt["x5c"] != ordinary.att_stmt["x5c"]
    attestation = AttestationObject.create(made.fmt, made.auth_data, made.att_stmt)
    OneRoot(authority.root_certificate).verify_attestation(attestation, platform.HASH)


@of(lambda _: True)
def test_the_peer_resets(platform: Platform) -> None:
    platform.ctap.reset()
    assert platform.ctap.get_info().options["clientPin"] is False
