"""Records, reports and tags: what became of pages and bags, and who attests it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
import pytest

from keyvault_kit.custody.ceremonies import PageCount
from keyvault_kit.errors import InputError
from keyvault_kit.sheets.forms import Participant
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import audit, key_tag, record


class Example(Protocol):
    data: Any


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]
MakeExample = Callable[[str, Heading], Example]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_record(heading: Heading, **fields: Any) -> record.CeremonyRecord:
    usual: dict[str, Any] = {
        "title": "Seal",
        "under": "1 step",
        "steps": (record.RecordStep(number=1, activity="Print", by="anna", time=NOON),),
        "participants": (Participant(role="Officer", name="Anna Berg", id="anna"),),
    }
    return record.CeremonyRecord(heading=heading, **(usual | fields))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((12, 10, 1, 1), "12 10 1 1 agrees"),
        ((12, 9, 1, 1), "12 9 1 1 DOES NOT AGREE: 1 missing; the ceremony is not closed"),
        ((12, 12, 1, 1), "12 12 1 1 DOES NOT AGREE: 2 too many; the ceremony is not closed"),
        ((0, 0, 0, 0), "0 0 0 0 agrees"),
    ],
)
def test_a_record_reconciles_the_pages_that_were_printed(
    counts: tuple[int, int, int, int],
    said: str,
    make_heading: MakeHeading,
    text_of: Callable[[bytes], str],
) -> None:
    printed, sealed, spoiled, destroyed = counts
    pages = PageCount(printed=printed, sealed=sealed, spoiled=spoiled, destroyed=destroyed)

    text = text_of(record.render(a_record(make_heading(), pages=pages), A4))

    assert "PRINTED = SEALED + SPOILED + DESTROYED" in text
    assert said in " ".join(text.split())


def test_a_record_without_secret_pages_or_bags_leaves_those_parts_out(
    make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    bag = record.UsedBag("bg1-pw-1-2", "Share 2 of 3", "A 004712")

    without = text_of(record.render(a_record(make_heading()), A4))
    having = text_of(record.render(a_record(make_heading(), bags=(bag,)), A4))

    assert "Pages with a secret" not in without
    assert "BAG NUMBER" not in without
    for said in ("BAG NUMBER", "bg1-pw-1-2", "Share 2 of 3", "A 004712"):
        assert said in having


def test_a_record_says_in_ten_years_whose_step_it_was_and_on_which_day(
    make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    midnight = NOON + timedelta(hours=12)
    steps = (
        record.RecordStep(number=1, activity="Print", by="anna", time=NOON),
        record.RecordStep(number=2, activity="Seal", by="anna", time=midnight),
    )

    text = " ".join(text_of(record.render(a_record(make_heading(), steps=steps), A4)).split())

    assert "1 Print anna 2026-03-02 12:00:00" in text
    assert "2 Seal anna 2026-03-03 00:00:00" in text
    assert "Officer Anna Berg anna" in text


def test_an_audit_report_tells_bags_and_the_root_it_started_from(
    make_example: MakeExample, make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    report = make_example("audit", make_heading()).data
    bag = audit.BagVerdict(
        envelope="bg1-pw-1-2", safe="hq-safe-1", bag="A 004712", verdict="damaged"
    )
    more = msgspec.structs.replace(report, bags=(bag,))

    plain, full = (text_of(audit.render(sheet, A4)) for sheet in (report, more))

    assert "Envelopes and bags" not in plain
    assert "bg1-pw-1-2 hq-safe-1 A 004712 damaged" in " ".join(full.split())
    assert "2 keys, 1 bag, 1 finding; the ledger then held 142 entries" in full
    assert "root Zm9vZm9vZm9v..." in full


@pytest.mark.parametrize("root", ["", "Zm9v", "Zm9v" * 11, "5d" * 32])
def test_a_root_hash_that_is_none_is_refused(
    root: str, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    report = make_example("audit", make_heading()).data

    with pytest.raises(InputError, match="root hash of an audit report"):
        msgspec.structs.replace(report, root=root)


def test_a_key_tag_that_was_cut_out_still_says_whose_register_it_is_of(
    paper: Paper, make_example: MakeExample, make_heading: MakeHeading, pieces: Pieces
) -> None:
    example = make_example("key_tag", make_heading())

    found = pieces(key_tag.render(example.data, paper))

    below = [piece.text for piece in found if piece.box.y > paper.panel_edges[0]]
    assert below.count("Register 3f9c1ab2, 2026-03-02") == 2
    assert below.count("KEY-01") == 2
