"""Sheets to look at, and what stands on a finished PDF: its texts with their places."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any, NamedTuple

import pypdfium2
import pytest
from pypdfium2 import raw

from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets.geometry import A4, LETTER, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import (
    audit,
    checkpoint,
    envelope,
    founding,
    identity,
    key_tag,
    password,
    pin,
    record,
    share,
)
from tests.sheets import (
    examples_custody,
    examples_destroyed,
    examples_entra,
    examples_forms,
    examples_recovery,
    examples_reviews,
    examples_secret,
    examples_station,
)
from tests.sheets.example import Example

REGISTER = "3f9c1ab2" + "5d" * 28
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
INCH = 25.4
SLACK = 0.15
"""Millimetres that rounding may take."""

PGP = "aardvark adroitness absurd adviser accrue aftermath acme aggregate".split() * 4


class Piece(NamedTuple):
    """A text object of a PDF page: the box of its glyphs and its baseline, mm from the top left."""

    text: str
    box: Box
    baseline: float
    page: int


MakeHeading = Callable[..., Heading]
MakeExample = Callable[[str, Heading], Example]


@pytest.fixture
def make_heading() -> MakeHeading:
    def make(**fields: Any) -> Heading:
        usual: dict[str, Any] = {
            "organisation": "Nordwind Energie AG",
            "register": REGISTER,
            "label": "bg1@nordwind.onmicrosoft.com",
            "date": date(2026, 3, 2),
            "sheet_id": "bg1-pw-1-2",
            "number": 2,
            "count": 3,
        }
        return Heading(**(usual | fields))

    return make


def mnemonic(length: int) -> Secret:
    """As many words of the list, spread over it; no valid share, which sheets do not ask for."""
    return Secret.from_text(" ".join(WORDS[i * 37 % len(WORDS)] for i in range(length)))


@pytest.fixture
def make_mnemonic() -> Callable[[int], Secret]:
    return mnemonic


SALT = bytes(range(0xA0, 0xB0))


def _share(heading: Heading) -> Example:
    data = share.ShareSheet(heading=heading, set_id="bg1-pw-1", threshold=2, mnemonic=mnemonic(33))
    words = data.mnemonic.expose_text().upper()
    secrets = tuple(dict.fromkeys(word[:4] for word in words.split(" ")))
    return Example(lambda paper: share.render(data, paper), share.payload(data), 2, secrets, data)


def _password(heading: Heading) -> Example:
    text = "7gBJ2vQmXnR5kTzW9pLdHf3sYcEa4uNj8xVbM6tKwP1Q"
    data = password.PasswordSheet(
        heading=heading, set_id="bg1-pw-1", password=Secret.from_text(text), salt=Secret(SALT)
    )
    groups = tuple(text[at : at + 4] for at in range(0, 44, 4))
    return Example(
        lambda paper: password.render(data, paper), password.payload(data), 2, groups, data
    )


def _pin(heading: Heading) -> Example:
    data = pin.PinSheet(
        heading=heading,
        set_id="KEY-01-pin-1",
        key_tag="KEY-01",
        serial=21873344,
        pin=Secret.from_text("48213907"),
        salt=Secret(SALT),
    )
    return Example(
        lambda paper: pin.render(data, paper), pin.payload(data), 2, ("4821", "3907"), data
    )


def _key_tag(heading: Heading) -> Example:
    data = key_tag.KeyTag(
        heading=heading,
        tag="KEY-01",
        product="YubiKey 5 NFC",
        aaguid="2fc0579f-8113-47ea-b116-bb5a8db9202a",
        serial=21873344,
        account="bg1",
        use="in use",
    )
    return Example(lambda paper: key_tag.render(data, paper), key_tag.payload(data), 2, (), data)


def _envelope(heading: Heading) -> Example:
    data = envelope.EnvelopeLabel(
        heading=heading,
        contents="Share 2 of 3 of bg1, any 2 needed",
        set_id="bg1-pw-1",
        safe="hq-safe-1",
        site="Hamburg",
    )
    return Example(lambda paper: envelope.render(data, paper), envelope.payload(data), 1, (), data)


def _record(heading: Heading) -> Example:
    data = record.CeremonyRecord(
        heading=heading,
        title="Seal the password of bg1",
        under="4 steps",
        steps=tuple(
            record.RecordStep(
                number=number, activity=f"Print share {number}", by="anna, zoya", time=NOON
            )
            for number in range(1, 5)
        ),
        exceptions=(
            record.RecordException(
                step=2,
                time=NOON,
                expected="The printer prints",
                happened="Paper jam",
                decided="Shredded the rest, printed again",
            ),
        ),
        participants=(
            record.Participant(role="Officer", name="Anna Berg", id="anna"),
            record.Participant(role="Witness", name="Зоя Иванова", id="zoya"),
        ),
    )
    return Example(lambda paper: record.render(data, paper), record.payload(data), 1, (), data)


def _checkpoint(heading: Heading) -> Example:
    data = checkpoint.CheckpointSheet(
        heading=heading,
        text=f"keyvault-kit/{REGISTER}\n142\n{'Zm9v' * 10}abc=\n",
        words=tuple(PGP),
        signers=(
            checkpoint.CheckpointSigner("Anna Berg", f"SHA256:{'uNiVztksCsD' * 4}"[:50]),
            checkpoint.CheckpointSigner("Boris Novák", f"SHA256:{'HcC0u9e8Brs' * 4}"[:50]),
        ),
    )
    return Example(
        lambda paper: checkpoint.render(data, paper), checkpoint.payload(data), 1, (), data
    )


def _audit(heading: Heading) -> Example:
    data = audit.AuditReport(
        heading=heading,
        scope="All safes",
        checkpoint=142,
        root="Zm9v" * 10 + "abc=",
        verdicts=(
            audit.KeyVerdict(
                tag="KEY-01",
                product="YubiKey 5 NFC",
                serial=21873344,
                verdict="genuine",
                how="Fresh assertion",
            ),
            audit.KeyVerdict(
                tag="KEY-03", product="Titan", serial=None, verdict="stranger", how="No assertion"
            ),
        ),
        findings=(
            audit.AuditFinding(
                subject="KEY-03",
                rule="key-assertion",
                what="Another key lies in the bag",
                mend="Open an incident",
            ),
        ),
        signatures=(audit.Signature(role="Auditor", name="Zoë Müller"),),
    )
    return Example(lambda paper: audit.render(data, paper), audit.payload(data), 1, (), data)


def _founding(heading: Heading) -> Example:
    founders = (
        founding.Founder("anna", "Anna Berg", f"SHA256:{'uNiVztksCsD' * 4}"[:50]),
        founding.Founder("boris", "Boris Novák", f"SHA256:{'HcC0u9e8Brs' * 4}"[:50]),
        founding.Founder("zoya", "Зоя Иванова", f"SHA256:{'p7Q/d+3kLmw' * 4}"[:50]),
    )
    lines = (f"keyvault-kit/{heading.register}", "founding 0")
    named = (f"{it.person} {it.fingerprint}" for it in founders)
    data = founding.FoundingSheet(
        heading=heading,
        text="".join(f"{line}\n" for line in (*lines, *named)),
        founders=founders,
        words=tuple(PGP),
        copy_for="hamburg",
    )
    return Example(lambda paper: founding.render(data, paper), founding.payload(data), 1, (), data)


IDENTITY = "AGE-SECRET-KEY-1PT38RFZ5MAK75KWDLDXU7S76EA8FC4NFPRE0SQZFLQE98RL67KZSXER8SM"
RECIPIENT = "age1a55fdnqe0pady2wv0wxmhc4lqxtfnwakvkerqc3d5tukrqpzr9eqcmfuyd"
"""Made by `age-keygen` for these tests."""


def _identity(heading: Heading) -> Example:
    data = identity.IdentitySheet(
        heading=heading,
        set_id="station-age-1",
        identity=Secret.from_text(IDENTITY),
        salt=Secret(SALT),
        recipient=RECIPIENT,
    )
    groups = tuple(IDENTITY[at : at + 4] for at in range(16, 74, 4))
    return Example(
        lambda paper: identity.render(data, paper), identity.payload(data), 2, groups, data
    )


_PAGES: dict[str, Callable[[Heading], Example]] = {
    "share": _share,
    "password": _password,
    "pin": _pin,
    "key_tag": _key_tag,
    "envelope": _envelope,
    "record": _record,
    "checkpoint": _checkpoint,
    "audit": _audit,
    "founding": _founding,
    "identity": _identity,
    **examples_destroyed.PAGES,
    **examples_entra.PAGES,
    **examples_forms.PAGES,
    **examples_recovery.PAGES,
    **examples_reviews.PAGES,
    **examples_secret.PAGES,
    **examples_station.PAGES,
    **examples_custody.PAGES,
}


@pytest.fixture
def make_example() -> MakeExample:
    return lambda name, heading: _PAGES[name](heading)


@pytest.fixture
def make_sheet(page_name: str, make_heading: MakeHeading) -> Callable[..., Example]:
    """Each page in turn, from the fields of its heading that matter to a test."""
    return lambda **fields: _PAGES[page_name](make_heading(**fields))


@pytest.fixture(params=_PAGES)
def page_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def example(make_sheet: Callable[..., Example]) -> Example:
    return make_sheet()


@pytest.fixture(params=[A4, LETTER], ids=lambda paper: str(paper.name))
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


@pytest.fixture
def pieces() -> Callable[[bytes], list[Piece]]:
    """The text objects of a PDF: what was drawn with one call, and where its glyphs are."""
    return _pieces


def _pieces(pdf: bytes) -> list[Piece]:
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for number, page in enumerate(document, start=1):
        height = page.get_height()
        textpage = page.get_textpage()
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=textpage):
            left, bottom, right, top = item.get_bounds()
            mm = INCH / 72
            box = Box(left * mm, (height - top) * mm, (right - left) * mm, (top - bottom) * mm)
            # pdfium reports a hyphen at the end of a line as U+0002, and may add a blank.
            text = item.extract().replace("\x02", "-").strip()
            found.append(Piece(text, box, (height - item.get_matrix().f) * mm, number))
    document.close()
    return found


@pytest.fixture
def text_of(pieces: Callable[[bytes], list[Piece]]) -> Callable[[bytes], str]:
    """Everything that is written on a PDF, each piece on a line of its own."""
    return lambda pdf: "\n".join(piece.text for piece in pieces(pdf))


@pytest.fixture
def assert_tidy() -> Callable[[bytes, Paper], None]:
    """All text of a PDF is on the page, and none lies on other text."""
    return _assert_tidy


def _assert_tidy(pdf: bytes, paper: Paper) -> None:
    found = _pieces(pdf)
    for piece in found:
        assert piece.box.x > 14, piece
        assert piece.box.right < paper.width - 14, piece
        assert piece.box.y > 5, piece
        assert piece.box.bottom < paper.height - 4, piece
    inner = [(piece, piece.box.grown(-SLACK)) for piece in found]
    for (one, box), (other, other_box) in combinations(inner, 2):
        assert one.page != other.page or not box.overlaps(other_box), (one, other)
