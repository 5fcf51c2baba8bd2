"""A sheet on which something would be printed over something else is never finished."""

from collections.abc import Callable

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.blocks import small_code
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.scan import find_codes
from keyvault_kit.sheets.text import RoomError

MakeHeading = Callable[..., Heading]
Draw = Callable[[Drawing], None]

CODE = qr.matrix("HELLO")


def code(x: float, y: float) -> Draw:
    def draw(drawing: Drawing) -> None:
        drawing.code(Box(x, y, 50, 50), CODE)

    return draw


def text(x: float, y: float, size: float = 9) -> Draw:
    return lambda drawing: drawing.text(x, y, "Nordwind", size=size)


def tint(x: float, y: float, width: float, height: float) -> Draw:
    return lambda drawing: drawing.fill_box(Box(x, y, width, height), 0.9)


def frame(x: float, y: float, side: float) -> Draw:
    return lambda drawing: drawing.frame_box(Box(x, y, side, side))


def line(drawing: Drawing) -> None:
    drawing.line((50, -1), (60, 1), weight=1)


def drawn(*draws: Draw) -> Draw:
    def draw(drawing: Drawing) -> None:
        for each in draws:
            each(drawing)

    return draw


NEAR = "printed on a code or too near"
OFF = "printed off its edge"
FOLDED = "a code would be folded"

FAULTS: dict[str, tuple[tuple[Draw, ...], str]] = {
    "text on text": ((text(50, 150), text(60, 150)), "two texts would be printed on each other"),
    "text off the left": ((text(1, 150),), OFF),
    "text off the right": ((text(200, 150),), OFF),
    "text off the bottom": ((text(50, 296),), OFF),
    "a tint off the right": ((tint(190, 150, 30, 5),), OFF),
    "a line off the top": ((line,), OFF),
    "a code off the bottom": ((code(20, 270),), OFF),
    "text on a code": ((code(20, 150), text(30, 170)), NEAR),
    "a tint below a code": ((tint(15, 140, 80, 65), code(20, 145)), NEAR),
    "a frame in a quiet zone": ((code(30, 145), frame(29, 144, 52)), NEAR),
    "a code on a code": ((code(20, 145), code(60, 145)), NEAR),
    "a code on a fold": ((code(20, 190),), FOLDED),
    "a code that touches a fold": ((code(20, 210.5),), FOLDED),
    "a text nobody can read": ((text(50, 150, 4),), "too small to read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_layout_is_an_error_that_names_the_sheet(
    fault: str, make_heading: MakeHeading
) -> None:
    draws, message = FAULTS[fault]

    with pytest.raises(InputError, match=message) as refused:
        compose(make_heading(), "Trial", A4, drawn(*draws))

    assert "the sheet 'Trial' cannot be laid out on A4 paper" in str(refused.value)


def test_a_fault_on_an_earlier_page_is_found_too(make_heading: MakeHeading) -> None:
    def draw(drawing: Drawing) -> None:
        drawing.text(1, 150, "Nordwind")
        drawing.new_page()

    with pytest.raises(InputError, match="off its edge"):
        compose(make_heading(), "Trial", A4, draw)


FINE: dict[str, tuple[Draw, ...]] = {
    "texts side by side": (text(50, 150), text(66, 150)),
    "texts below each other": (text(50, 150), text(50, 154)),
    "a frame outside a quiet zone": (code(40, 140), frame(20, 120, 88)),
    "a code beside a fold": (code(40, 155),),
    "text on a tint": (tint(40, 150, 50, 8), text(42, 155)),
}


@pytest.mark.parametrize("case", FINE)
def test_what_lies_apart_is_printed(case: str, make_heading: MakeHeading) -> None:
    assert compose(make_heading(), "Trial", A4, drawn(*FINE[case])).startswith(b"%PDF")


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_small_code_steps_aside_from_a_fold(at: float, make_heading: MakeHeading) -> None:
    fold = 140 + 40 * at
    paper = Paper("A4", 210, 297, (fold,), Box(0, 0, 1, 1), (105, 210))
    rims: list[Box] = []

    def draw(drawing: Drawing) -> None:
        rims.append(small_code(drawing, Box(100, 140, 40, 40), "HELLO"))

    pdf = compose(make_heading(), "Trial", paper, draw)

    (code,) = find_codes(pdf)
    assert code.text == "HELLO"
    assert code.box.bottom < fold - 1 or code.box.y > fold + 1
    assert rims[-1].right == pytest.approx(140)
    assert rims[-1].width > 16


def test_a_small_code_that_finds_no_room_beside_a_fold_is_refused(
    make_heading: MakeHeading,
) -> None:
    paper = Paper("A4", 210, 297, (145,), Box(0, 0, 1, 1), (105, 210))

    def draw(drawing: Drawing) -> None:
        small_code(drawing, Box(100, 140, 10, 10), "HELLO" * 20)

    with pytest.raises(InputError, match="a code would be too small to be read"):
        compose(make_heading(), "Trial", paper, draw)


def test_a_page_without_room_for_its_parts_is_refused(make_heading: MakeHeading) -> None:
    low = Paper("A4", 210, 297, (), Box(0, 0, 1, 1), (50, 210))

    def draw(drawing: Drawing) -> None:
        assert len(drawing.panels) == 3

    with pytest.raises(InputError, match="its three parts do not fit"):
        compose(make_heading(), "Trial", low, draw)


def test_want_of_room_is_an_input_error() -> None:
    assert issubclass(RoomError, InputError)
