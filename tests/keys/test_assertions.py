"""Assertions against the registered public key."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.keys.credentials import Assertion, p256_point
from keyvault_kit.keys.metadata import verify_assertion

HASH = hashlib.sha256(b"client data").digest()


class Signer:
    """A credential's private key, and assertions by it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        x, y = point.x.to_bytes(32), point.y.to_bytes(32)
        self.public_key = cbor.encode({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def sign(self, rp_id: str, client_data_hash: bytes) -> Assertion:
        auth_data = hashlib.sha256(rp_id.encode()).digest() + bytes(5)
        return Assertion(
            credential_id=b"id",
            auth_data=auth_data,
            signature=self.key.sign(auth_data + client_data_hash, ec.ECDSA(hashes.SHA256())),
            flags=0,
            counter=0,
        )


def test_an_assertion_by_the_registered_key_is_accepted() -> None:
    signer = Signer()
    verify_assertion(signer.public_key, "example.com", HASH, signer.sign("example.com", HASH))


def test_any_difference_is_a_mismatch() -> None:
    signer = Signer()
    assertion = signer.sign("example.com", HASH)
    with pytest.raises(MismatchError, match="not signed by the registered"):
        verify_assertion(Signer().public_key, "example.com", HASH, assertion)
    with pytest.raises(MismatchError, match="not signed by the registered"):
        verify_assertion(signer.public_key, "example.com", bytes(32), assertion)
    with pytest.raises(MismatchError, match="another relying party"):
        verify_assertion(signer.public_key, "example.org", HASH, assertion)


@given(public_key=st.binary(max_size=80))
@settings(deadline=None)
def test_a_damaged_public_key_is_an_input_error(public_key: bytes) -> None:
    with pytest.raises(InputError):
        verify_assertion(public_key, "example.com", HASH, Signer().sign("example.com", HASH))
    with pytest.raises(InputError, match="ES256"):
        p256_point(public_key)


def test_the_point_of_a_public_key_is_uncompressed() -> None:
    signer = Signer()
    point = p256_point(signer.public_key)
    assert len(point) == 65
    same = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    assert same == signer.key.public_key()
