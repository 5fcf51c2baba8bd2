"""The window proof: every sheet passes, and every mutant of a finished sheet is caught."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Protocol

import pypdfium2
import pytest
from pypdfium2 import raw

from keyvault_kit.errors import MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets import camouflage, content, window
from keyvault_kit.sheets.geometry import A4, FORMATS, LETTER, Box, Paper, paper_for
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import liner, password, pin, share
from keyvault_kit.sheets.window import prove_hidden

MM = 72 / 25.4
SALT = bytes(range(0xA0, 0xB0))
IN_WINDOW, OFF_COVER = "could show through the window", "lies off the cover of a liner"
SECRET = ("share", "password", "part", "pin", "identity")


class Example(Protocol):
    data: Any

    def render(self, paper: Paper, /) -> bytes: ...


MakeExample = Callable[[str, Heading], Example]
MakeHeading = Callable[..., Heading]


def secrets_of(example: Example) -> list[Secret]:
    """All fields of a sheet that are secrets."""
    found = [getattr(example.data, name) for name in example.data.__struct_fields__]
    return [it for it in found if isinstance(it, Secret)]


def mutant(pdf: bytes, pick: Callable[[Any], bool], to: tuple[float, float]) -> bytes:
    """The finished PDF with the first object that is picked moved to a place, mm from top left."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    moved = next(it for it in page.get_objects(textpage=page.get_textpage()) if pick(it))
    left, _, _, top = moved.get_bounds()
    matrix = moved.get_matrix()
    moved.set_matrix(matrix.translate(to[0] * MM - left, page.get_height() - to[1] * MM - top))
    page.gen_content()
    out = BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def text(wanted: str) -> Callable[[Any], bool]:
    return lambda it: it.type == raw.FPDF_PAGEOBJ_TEXT and it.extract().strip() == wanted


def is_code(it: Any) -> bool:
    return bool(it.type == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPath_CountSegments(it) > 500)


@pytest.fixture(params=list(FORMATS.values()), ids=lambda paper: str(paper.envelope))
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


@pytest.fixture(params=SECRET)
def sheet(
    request: pytest.FixtureRequest, make_example: MakeExample, make_heading: MakeHeading
) -> Example:
    return make_example(str(request.param), make_heading())


def test_every_sheet_hides_its_secret_in_every_format(sheet: Example, paper: Paper) -> None:
    prove_hidden(sheet.render(paper), secrets_of(sheet), paper)


def test_a_share_of_any_length_hides_it(
    paper: Paper, make_heading: MakeHeading, make_mnemonic: Callable[[int], Secret]
) -> None:
    for length in (20, 33, 34, 35, 46, 59):
        mnemonic = make_mnemonic(length)
        sheet = share.ShareSheet(
            heading=make_heading(), set_id="bg1-pw-1", threshold=2, mnemonic=mnemonic
        )
        prove_hidden(share.render(sheet, paper), [mnemonic], paper)


def test_a_password_of_any_signs_hides_it(paper: Paper, make_heading: MakeHeading) -> None:
    signs = "".join(map(chr, range(33, 127)))
    for text_ in (signs, f"{signs}{signs[:50]} a  b", "Keep it sealed, it is mine", "x" * 256):
        sheet = password.PasswordSheet(
            heading=make_heading(),
            set_id="bg1-pw-1",
            password=Secret.from_text(text_),
            salt=Secret(SALT),
        )
        pdf = password.render(sheet, paper)
        if text_.startswith("Keep"):  # its groups are words of the sheet's own sentences
            with pytest.raises(MismatchError):
                prove_hidden(pdf, [sheet.password, sheet.salt], paper)
        else:
            prove_hidden(pdf, [sheet.password, sheet.salt], paper)


def window_of(paper: Paper) -> tuple[float, float]:
    return paper.window.x + 20, paper.window.y + paper.window.height / 2


def foot_of(paper: Paper) -> tuple[float, float]:
    return 70, paper.height - 12


MUTANTS = {
    "share": ("ACAD", "BELI", "160"),
    "password": ("7gBJ", "wP1Q"),
    "part": ("8xVb", "nR5k"),
    "pin": ("4821", "3907", "a0a1 a2a3 a4a5 a6a7"),
    "identity": ("PT38", "XER8"),
}


@pytest.mark.parametrize(
    ("name", "wanted"), [(name, it) for name, some in MUTANTS.items() for it in some]
)
@pytest.mark.parametrize(("where", "why"), [(window_of, IN_WINDOW), (foot_of, OFF_COVER)])
def test_a_piece_of_a_secret_in_the_window_or_off_the_cover_is_caught(
    name: str,
    wanted: str,
    where: Callable[[Paper], tuple[float, float]],
    why: str,
    paper: Paper,
    make_example: MakeExample,
    make_heading: MakeHeading,
) -> None:
    example = make_example(name, make_heading())
    pdf = mutant(example.render(paper), text(wanted), where(paper))

    with pytest.raises(MismatchError, match=why) as refused:
        prove_hidden(pdf, secrets_of(example), paper)

    assert wanted not in re.sub(r"on page.*top", "", str(refused.value))


@pytest.mark.parametrize(("where", "why"), [(window_of, IN_WINDOW), (foot_of, OFF_COVER)])
def test_a_code_in_the_window_or_off_the_cover_is_caught(
    where: Callable[[Paper], tuple[float, float]], why: str, sheet: Example, paper: Paper
) -> None:
    x, y = where(paper)
    pdf = mutant(sheet.render(paper), is_code, (x, y if where is window_of else y - 45))

    with pytest.raises(MismatchError, match=why):
        prove_hidden(pdf, secrets_of(sheet), paper)


def test_a_code_that_cannot_be_read_any_more_is_caught_in_the_window(sheet: Example) -> None:
    """Half of it lies under the other one's modules: nothing decodes it, and yet it tells."""
    pdf = mutant(sheet.render(A4), is_code, (60, 70))
    document = pypdfium2.PdfDocument(pdf)
    codes = [it for it in document[0].get_objects() if is_code(it)]

    assert len(codes) == 2
    with pytest.raises(MismatchError, match=IN_WINDOW):
        prove_hidden(pdf, secrets_of(sheet), A4)


LEAKS = [
    ("share", "The first word is ACADEMIC"),
    ("share", "academic amuse believe burning"),
    ("share", "ACAD AMUS"),
    ("password", "It begins with 7gBJ, they say"),
    ("password", "7gBJ2vQmXnR5kTzW"),
    ("password", "gBJ2 vQmX nR5k"),
    ("pin", "PIN: 4821 3907."),
    ("pin", "48213907"),
    ("pin", "a0a1a2a3a4a5"),
    ("identity", "age-secret-key-1pt38rfz5mak75kwd"),
]


@pytest.mark.parametrize(("name", "leak"), LEAKS)
@pytest.mark.parametrize("at", [(30.0, 80.0), (30.0, 285.0)])
def test_a_secret_within_a_longer_text_is_caught(
    name: str,
    leak: str,
    at: tuple[float, float],
    make_example: MakeExample,
    make_heading: MakeHeading,
) -> None:
    """The label is what a careless caller would put a secret into."""
    example = make_example(name, make_heading(label=leak, organisation="Nordwind"))
    moved = mutant(example.render(A4), text(leak), at)

    for pdf in (moved, example.render(A4)):
        with pytest.raises(MismatchError):
            prove_hidden(pdf, secrets_of(example), A4)


def test_what_is_public_is_no_secret(make_heading: MakeHeading) -> None:
    fields: dict[str, Any] = {"set_id": "4821", "key_tag": "4821", "serial": 48213907}
    sheet = pin.PinSheet(
        heading=make_heading(),
        pin=Secret.from_text("48213907"),
        salt=Secret(SALT),
        **fields,
    )
    pdf = pin.render(sheet, A4)

    with pytest.raises(MismatchError):
        prove_hidden(pdf, [sheet.pin, sheet.salt], A4)
    prove_hidden(pdf, [sheet.pin, sheet.salt], A4, public=("4821", "48213907"))


def test_a_group_that_is_one_of_the_registers_is_public_there_and_secret_elsewhere(
    paper: Paper, make_heading: MakeHeading
) -> None:
    heading = make_heading(register="7777" + "0123456789abcdef" * 3 + "0123456789ab")
    sheet = pin.PinSheet(
        heading=heading,
        set_id="bg1-pin-1",
        key_tag="K1",
        serial=None,
        pin=Secret.from_text("40717777"),
        salt=Secret(SALT),
    )
    pdf, hidden = pin.render(sheet, paper), [sheet.pin, sheet.salt]

    with pytest.raises(MismatchError, match=OFF_COVER):
        prove_hidden(pdf, hidden, paper)
    prove_hidden(pdf, hidden, paper, public=heading.said)
    for place, why in ((window_of, IN_WINDOW), (foot_of, OFF_COVER)):
        moved = mutant(pdf, text("7777"), place(paper))
        with pytest.raises(MismatchError, match=why):
            prove_hidden(moved, hidden, paper, public=heading.said)


def test_no_word_of_the_list_stands_by_itself_where_a_sheet_is_seen(
    sheet: Example, paper: Paper
) -> None:
    """Or shares with that word would be refused for what the sheet says anyway."""
    upper = {word.upper() for word in WORDS} | {word[:4].upper() for word in WORDS}
    pieces = content.read(sheet.render(paper)).pieces
    seen = [it.text for it in pieces if it.box.y < paper.panel_edges[0]]
    seen += [it.text for it in pieces if it.box.y > paper.height - 20]

    assert len(seen) > 10
    for it in seen:
        assert not upper & set(it.split())
        assert it.lower() not in WORDS
        assert not it.isdecimal() or int(it) > 1023


def test_a_secret_that_is_not_found_proves_nothing(sheet: Example) -> None:
    pdf = sheet.render(A4)

    for absent in ("another one, which is not there", "99999999"):
        with pytest.raises(MismatchError, match="nothing is proved"):
            prove_hidden(pdf, [Secret.from_text(absent)], A4)
    with pytest.raises(MismatchError, match="nothing is proved"):
        prove_hidden(pdf, [], A4)


def test_a_sheet_for_other_paper_is_refused(sheet: Example) -> None:
    with pytest.raises(MismatchError, match="not Letter paper"):
        prove_hidden(sheet.render(A4), secrets_of(sheet), LETTER)


def test_a_sheet_for_one_envelope_may_show_in_another(
    make_example: MakeExample, make_heading: MakeHeading
) -> None:
    """In C4 the window reaches lower than the words of a sheet for DL begin."""
    example = make_example("share", make_heading())

    with pytest.raises(MismatchError, match="an envelope C4"):
        prove_hidden(example.render(A4), secrets_of(example), paper_for("A4", "C4"))


@pytest.fixture
def liner_with_a_hole(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    window._liner.cache_clear()
    dark = camouflage.camouflage

    def holed(columns: int, rows: int, seed: str) -> tuple[tuple[bool, ...], ...]:
        """The same but for a square of 9 mm in the middle of its height, at the left."""
        return tuple(
            tuple(cell and not (10 <= x < 22 and 60 <= y < 72) for x, cell in enumerate(row))
            for y, row in enumerate(dark(columns, rows, seed))
        )

    monkeypatch.setattr(liner, "camouflage", holed)
    yield
    window._liner.cache_clear()


@pytest.mark.usefixtures("liner_with_a_hole")
def test_a_hole_in_a_liner_is_found_in_the_finished_liner(
    make_example: MakeExample, make_heading: MakeHeading
) -> None:
    """What `liner.cover` says has not changed: it is the PDF that is looked at."""
    example = make_example("share", make_heading())

    assert liner.cover(A4).overlaps(Box(20, 150, 5, 5))
    with pytest.raises(MismatchError, match=OFF_COVER):
        prove_hidden(example.render(A4), secrets_of(example), A4)


def test_pieces_show_nothing(sheet: Example) -> None:
    pieces = content.read(sheet.render(A4)).pieces

    for secret in secrets_of(sheet):
        if secret.expose().isascii():
            assert secret.expose_text()[:4].upper() not in repr(pieces).upper()
    assert {name for name, _ in pieces[0].__rich_repr__()} == {"sort", "page", "box"}
