"""The sheet of a share: every word, number and check letter, for all lengths of SLIP-39."""

from collections.abc import Callable
from io import BytesIO
from itertools import groupby
from typing import Protocol

import pytest
from PIL import Image

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import share
from keyvault_kit.sheets.pages.share import ShareSheet
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes, rasterise

LENGTHS = [20, 33, 34, 35, 46, 59]


class Piece(Protocol):
    text: str
    box: Box
    baseline: float
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeSheet = Callable[[int], ShareSheet]


@pytest.fixture
def make_share(
    make_heading: Callable[..., Heading], make_mnemonic: Callable[[int], Secret]
) -> MakeSheet:
    return lambda words: ShareSheet(
        heading=make_heading(), set_id="bg1-pw-1", threshold=2, mnemonic=make_mnemonic(words)
    )


def lines(found: list[Piece]) -> list[str]:
    """What stands on a baseline, from left to right, from the top down."""
    ordered = sorted(found, key=lambda piece: (round(piece.baseline, 1), piece.box.x))
    by_line = groupby(ordered, key=lambda piece: round(piece.baseline, 1))
    return [" ".join(piece.text for piece in line) for _, line in by_line]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_row_reads_place_word_number_and_check_letter(
    length: int, paper: Paper, make_share: MakeSheet, pieces: Pieces
) -> None:
    sheet = make_share(length)
    words = sheet.mnemonic.expose_text().split(" ")

    read = "\n".join(lines(pieces(share.render(sheet, paper))))

    for number, at in enumerate(range(0, length, 2), start=1):
        pair = words[at : at + 2]
        row = [
            f"{at + place} {word[:4].upper()} {word[4:].upper()}".strip() + f" {index(word)}"
            for place, word in enumerate(pair, start=1)
        ]
        assert " ".join([*row, check_letter(number, "".join(pair))]) in read


@pytest.mark.parametrize("length", LENGTHS)
def test_all_words_fit_on_one_page_between_the_folds(
    length: int, paper: Paper, make_share: MakeSheet, pieces: Pieces
) -> None:
    sheet = make_share(length)

    found = pieces(share.render(sheet, paper))

    starts = {word[:4].upper() for word in sheet.mnemonic.expose_text().split(" ")}
    words = [piece for piece in found if piece.text in starts]
    assert len(words) == length
    upper, lower = paper.folds
    assert all(word.page == 1 and upper < word.box.y < word.box.bottom < lower for word in words)
    assert min(word.box.height for word in words) > 1.9  # millimetres of a capital


def test_it_says_how_many_are_needed_and_its_proof(
    paper: Paper, make_share: MakeSheet, text_of: Callable[[bytes], str]
) -> None:
    sheet = make_share(33)

    text = text_of(share.render(sheet, paper))

    proof = share_proof(sheet.mnemonic.expose_text())
    assert "Share 2 of 3" in text
    assert "2 of 3 needed" in text
    assert "bg1-pw-1" in text
    assert f"{proof[:4]} {proof[4:8]}" in text
    assert proof[:16] not in text.replace(" ", "")


@pytest.mark.parametrize(("length", "hint"), [(33, "base58"), (46, "UTF-8 text")])
def test_it_says_how_the_secret_comes_back_without_the_kit(
    length: int,
    hint: str,
    paper: Paper,
    make_share: MakeSheet,
    text_of: Callable[[bytes], str],
) -> None:
    assert hint in text_of(share.render(make_share(length), paper))


@pytest.mark.parametrize("length", LENGTHS)
def test_each_code_can_be_read_without_the_other(
    length: int, paper: Paper, make_share: MakeSheet
) -> None:
    sheet = make_share(length)
    pdf, dpi = share.render(sheet, paper), 200
    one, other = find_codes(pdf, dpi=dpi)
    assert abs(one.box.width - 50) < 0.5
    assert one.text == other.text == share.payload(sheet)
    (page,) = rasterise(pdf, dpi)
    for side in ((0, 0, page.width // 2, page.height), (page.width // 2, 0, *page.size)):
        (left,) = find_codes(_png(page.crop(side)))
        assert left.text == share.payload(sheet)


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("width_mm", [1.0, 2.0])
@pytest.mark.parametrize("across", [0.3, 0.5, 0.7])
def test_a_crease_through_a_code_does_no_harm(
    width_mm: float, across: float, paper: Paper, make_share: MakeSheet
) -> None:
    sheet = make_share(33)
    pdf, dpi = share.render(sheet, paper), 200
    (page,) = rasterise(pdf, dpi)
    for code in find_codes(pdf, dpi=dpi):
        top = code.box.y + across * code.box.height
        rows = [round(y * dpi / 25.4) for y in (top, top + width_mm)]
        page.paste(255, (0, rows[0], page.width, rows[1]))

    assert {code.text for code in find_codes(_png(page))} == {share.payload(sheet)}


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_a_threshold_that_cannot_be_is_refused(
    threshold: int, make_heading: Callable[..., Heading], make_mnemonic: Callable[[int], Secret]
) -> None:
    with pytest.raises(InputError, match="3 shares"):
        ShareSheet(
            heading=make_heading(), set_id="a", threshold=threshold, mnemonic=make_mnemonic(33)
        )


def test_a_long_set_id_still_leaves_room(
    paper: Paper,
    make_heading: Callable[..., Heading],
    make_mnemonic: Callable[[int], Secret],
    text_of: Callable[[bytes], str],
) -> None:
    set_id = "emergency-access-account-number-1-pw-12"
    sheet = ShareSheet(
        heading=make_heading(number=16, count=16),
        set_id=set_id,
        threshold=16,
        mnemonic=make_mnemonic(59),
    )

    pdf = share.render(sheet, paper)

    assert set_id in text_of(pdf).replace("\n", "")
    prove(pdf, share.payload(sheet), copies=2)
