"""Papers and envelopes: folds, windows, and what does not go together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.model import ENVELOPES
from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import A4, FORMATS, LETTER, PAPERS, Box, Paper, paper_for

SIZES = st.floats(-50, 300, allow_nan=False)
BOXES = st.builds(Box, SIZES, SIZES, st.floats(0.1, 300), st.floats(0.1, 300))


@pytest.mark.parametrize(
    ("size", "envelope", "folds"),
    [
        ("A4", "DL", (105, 210)),
        ("A4", "DL-A", (87, 192)),
        ("A4", "C5", (148.5,)),
        ("A4", "C4", ()),
        ("Letter", "#10", (93.1, 186.3)),
    ],
)
def test_paper_is_folded_as_its_envelope_wants(
    size: str, envelope: str, folds: tuple[float, ...]
) -> None:
    paper = paper_for(size, envelope)

    assert paper.folds == folds
    assert (paper.name, paper.envelope) == (size, envelope)
    assert paper is FORMATS[size, envelope]


@pytest.mark.parametrize(
    ("size", "envelope", "left", "right", "top", "bottom"),
    [
        # By hand: the window, moved by as much as the packet is smaller than its envelope.
        ("A4", "DL", 10, 110, 45, 95),
        ("A4", "DL-A", 10, 110, 27, 77),
        ("A4", "C5", 1, 110, 43.5, 102),
        ("A4", "C4", 1, 110, 30, 112),
        ("Letter", "#10", 0, 136.5, 51.8, 92.1),
    ],
)
def test_a_window_shows_what_slides_behind_it(
    size: str, envelope: str, left: float, right: float, top: float, bottom: float
) -> None:
    window = paper_for(size, envelope).window

    edges = (window.x, window.right, window.y, window.bottom)
    assert edges == pytest.approx((left, right, top, bottom), abs=0.05)


@pytest.mark.parametrize("paper", list(FORMATS.values()), ids=lambda paper: paper.envelope)
def test_secrets_begin_below_the_window_and_codes_are_not_folded(paper: Paper) -> None:
    upper, lower = paper.panel_edges

    assert paper.window.bottom < upper < lower < paper.height - 70
    assert not any(fold > lower for fold in paper.folds)


@pytest.mark.parametrize(
    "format_", [key for key, paper in FORMATS.items() if paper.folds], ids=lambda it: it[1]
)
def test_the_folded_packet_goes_into_its_envelope(format_: tuple[str, str]) -> None:
    paper = FORMATS[format_]
    height, width = {
        "DL": (110, 220),
        "DL-A": (110, 220),
        "C5": (162, 229),
        "#10": (104.8, 241.3),
    }[paper.envelope]

    panels = [bottom - top for top, bottom in pairwise((0, *paper.folds, paper.height))]

    assert max(panels) < height
    assert paper.width < width


def test_every_size_has_a_usual_envelope() -> None:
    assert paper_for("A4") is A4
    assert paper_for("Letter") is LETTER
    assert list(PAPERS) == ["A4", "Letter"]


def test_the_ledger_knows_the_same_formats() -> None:
    known = {(str(size), str(it)) for size, fitting in ENVELOPES.items() for it in fitting}

    assert known == set(FORMATS)
    for size, fitting in ENVELOPES.items():
        assert paper_for(size) is paper_for(size, fitting[0])


@pytest.mark.parametrize(
    ("size", "envelope", "because"),
    [
        ("A4", "#10", "A4 paper is not folded for an envelope #10. Choose one of DL, DL-A, C5, C4"),
        ("Letter", "DL", "Letter paper is not folded for an envelope DL. Choose one of #10"),
        ("Letter", "C5", "Letter paper is not folded for an envelope C5"),
        ("A4", "dl", "A4 paper is not folded for an envelope dl"),
        ("A5", "", "there is no paper 'A5'. Choose one of A4, Letter"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(
    size: str, envelope: str, because: str
) -> None:
    with pytest.raises(InputError) as refused:
        paper_for(size, envelope)

    assert because in str(refused.value)


@given(BOXES, BOXES)
def test_boxes_overlap_both_ways_or_not_at_all(one: Box, other: Box) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    assert one.overlaps(one)
    assert one.overlaps(one.grown(1))
