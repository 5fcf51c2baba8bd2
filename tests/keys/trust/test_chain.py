"""Certificate chains: who has signed for whom, who may, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from tests.keys.trust.conftest import Workshop


def test_a_chain_with_an_intermediate_is_genuine(shop: Workshop) -> None:
    root = shop.certificate("root")
    middle = shop.certificate("middle", root, path_length=0)
    leaf = shop.certificate("leaf", middle, ca=False, extension=b"\x04\x10" + shop.model)
    assert shop.told(shop.packed(leaf, middle), root) == ("genuine", "")


def test_a_root_that_the_key_sent_along_does_not_vouch_for_itself(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False)
    assert shop.told(shop.packed(leaf, root), root)[0] == "genuine"
    assert shop.told(shop.packed(leaf, root))[0] == "unknown maker"
    assert shop.told(shop.packed(leaf, root), shop.certificate("root"))[0] == "unknown maker"


def test_a_root_may_lack_the_right_to_sign_as_real_ones_do(shop: Workshop) -> None:
    root = shop.certificate("root", ca=False)
    leaf = shop.certificate("leaf", root, ca=False)
    assert shop.told(shop.packed(leaf), root)[0] == "genuine"
    assert shop.told(shop.packed(leaf, root), root)[0] == "genuine"


def test_a_leaf_that_is_itself_a_given_root_is_genuine(shop: Workshop) -> None:
    leaf = shop.certificate("leaf", shop.certificate("root"), ca=False)
    assert shop.told(shop.packed(leaf), leaf)[0] == "genuine"


def test_a_leaf_that_is_given_as_a_root_vouches_for_nothing_below_it(shop: Workshop) -> None:
    taken = shop.certificate("taken from a key", shop.certificate("root"), ca=False)
    below = shop.certificate("below", taken, ca=False, extension=b"\x04\x10" + shop.model)
    assert shop.told(shop.packed(below), taken)[0] == "unknown maker"


def test_an_intermediate_that_is_given_as_a_root_vouches_for_what_is_below_it(
    shop: Workshop,
) -> None:
    middle = shop.certificate("middle", shop.certificate("root"))
    leaf = shop.certificate("leaf", middle, ca=False)
    assert shop.told(shop.packed(leaf), middle)[0] == "genuine"


@pytest.mark.parametrize(("ca", "path_length"), [(False, None), (True, 0)])
def test_an_intermediate_without_the_right_to_sign_is_not_genuine(
    ca: bool,  # noqa: FBT001 - a case
    path_length: int | None,
    shop: Workshop,
) -> None:
    root = shop.certificate("root")
    upper = shop.certificate("upper", root, ca=ca, path_length=path_length)
    lower = shop.certificate("lower", upper)
    leaf = shop.certificate("leaf", lower, ca=False)
    told = shop.told(shop.packed(leaf, lower, upper), root)
    assert told[0] == "not genuine"
    assert "may not sign" in told[1]


@pytest.mark.parametrize("may_sign", [True, False])
def test_an_intermediate_whose_key_is_for_other_uses_is_not_genuine(
    may_sign: bool,  # noqa: FBT001 - a case
    shop: Workshop,
) -> None:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=may_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    root = shop.certificate("root")
    middle = shop.certificate("middle", root, usage=usage)
    leaf = shop.certificate("leaf", middle, ca=False)
    expected = "genuine" if may_sign else "not genuine"
    assert shop.told(shop.packed(leaf, middle), root)[0] == expected


def test_a_broken_link_is_not_genuine(shop: Workshop) -> None:
    root, middle = shop.certificate("root"), shop.certificate("middle", shop.certificate("root"))
    stranger = ec.generate_private_key(ec.SECP256R1())
    leaf = shop.certificate("leaf", middle, ca=False, signed_by=stranger)
    assert shop.told(shop.packed(leaf, middle), root)[0] == "not genuine"


def test_the_name_of_a_root_without_its_signature_is_worth_nothing(shop: Workshop) -> None:
    root = shop.certificate("root")
    stranger = ec.generate_private_key(ec.SECP256R1())
    leaf = shop.certificate("leaf", root, ca=False, signed_by=stranger)
    assert shop.told(shop.packed(leaf), root)[0] == "unknown maker"


def test_an_expired_leaf_proves_nothing(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False, until=shop.now - timedelta(days=1))
    told = shop.told(shop.packed(leaf), root)
    assert told[0] == "unknown maker"
    assert "2026-10-31" in told[1]


def test_a_renewed_root_counts_by_its_longest_validity(shop: Workshop) -> None:
    old = shop.certificate("root", until=shop.now - timedelta(days=1))
    leaf = shop.certificate("leaf", old, ca=False)
    renewed = shop.certificate("root", key=old.key)
    assert shop.told(shop.packed(leaf), old)[0] == "unknown maker"
    assert shop.told(shop.packed(leaf), old, renewed)[0] == "genuine"
