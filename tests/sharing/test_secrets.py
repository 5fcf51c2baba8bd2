"""Proofs, check letters and single words: their formats, by hand."""

import hashlib
import itertools

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import share_proof, sheet_proof, short_proof
from keyvault_kit.sharing.rows import LETTERS, check_letter
from keyvault_kit.sharing.words import index, nearest


def test_proofs_are_as_the_format_says() -> None:
    assert (
        share_proof(" Academic\tACID ")
        == hashlib.sha256(b"keyvault-kit/share/v1\nacademic acid").hexdigest()
    )
    salt = bytes(range(16))
    proof = sheet_proof(salt, Secret.from_text("3141 5926"))
    assert proof == hashlib.sha256(b"keyvault-kit/sheet/v1\n" + salt + b"31415926").hexdigest()
    assert short_proof(proof) == proof[:8]
    with pytest.raises(InputError, match="16 bytes, not 15"):
        sheet_proof(salt[:15], Secret.from_text("1"))


def test_check_letters_are_as_the_format_says() -> None:
    digest = hashlib.sha256(b"keyvault-kit/row/v1\n2\nABCDEFGH").digest()

    assert check_letter(2, "ABCD EFGH") == LETTERS[digest[0] % 24]
    assert "I" not in LETTERS
    assert "O" not in LETTERS
    rows = itertools.product(range(1, 12), ("ABCD", "ABCE", "ABDC"))
    assert len({check_letter(n, row) for n, row in rows}) > 10


def test_words_are_found_by_four_letters_and_near_misses_named() -> None:
    assert index("academic") == index("ACAD") == index("acade") == 0
    assert index("zero") == 1023
    for wrong in ("aca", "academy", ""):
        with pytest.raises(InputError):
            index(wrong)
    assert "academic" in nearest("acedemic")
