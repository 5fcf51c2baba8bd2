"""Symbols: read back by a decoder that had no part in making them."""

from collections.abc import Callable

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sheets import codes, qr


def image(matrix: qr.Matrix) -> Image.Image:
    """The symbol with its quiet zone, four pixels a module."""
    side = len(matrix) + 2 * qr.QUIET_ZONE
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + qr.QUIET_ZONE, y + qr.QUIET_ZONE), 0)
    return picture.resize((side * 4, side * 4), Image.Resampling.NEAREST)


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_text_is_read_back(text: str) -> None:
    (barcode,) = zxingcpp.read_barcodes(image(qr.matrix(text)))

    assert barcode.bytes.decode() == text
    assert barcode.ec_level == "M"


@pytest.mark.parametrize(("words", "version"), [(33, 9), (39, 10), (59, 13)])
def test_a_share_takes_the_dense_mode(
    words: int, version: int, make_mnemonic: Callable[[int], Secret]
) -> None:
    # A byte-mode symbol of the same words would be three versions larger.
    matrix = qr.matrix(codes.encode_share(make_mnemonic(words)))

    assert len(matrix) <= 17 + 4 * version


@pytest.mark.parametrize("length", [998, 3000, 10_000])
def test_a_text_too_long_for_paper_is_refused_and_not_told(length: int) -> None:
    with pytest.raises(InputError) as refused:
        qr.matrix("s" * length)

    assert str(length) in str(refused.value)
    assert "sss" not in str(refused.value)
