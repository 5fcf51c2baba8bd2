"""Records, reports, checkpoints and labels: tables over many pages, and what stands in them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import audit, checkpoint, envelope, record
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]


def ceremony(heading: Heading, steps: int, activity: str = "Print share") -> record.CeremonyRecord:
    return record.CeremonyRecord(
        heading=heading,
        title="Seal the password of bg1",
        under="As planned",
        steps=tuple(
            record.RecordStep(
                number=number,
                activity=f"{activity} {number}",
                by="anna",
                time=NOON + timedelta(seconds=number),
            )
            for number in range(1, steps + 1)
        ),
        participants=(record.Participant(role="Officer", name="Anna Berg", id="anna"),),
    )


def test_a_long_record_goes_on_over_pages_and_loses_no_step(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    sheet = ceremony(make_heading(rehearsal=True), 120, "Read back, in full and aloud, " * 6)

    pdf = record.render(sheet, paper)

    found = pieces(pdf)
    pages = max(piece.page for piece in found)
    assert pages > 3
    for page in range(1, pages + 1):
        texts = [piece.text for piece in found if piece.page == page]
        assert f"Page {page} of {pages}" in texts
        assert sum(text.startswith("REHEARSAL ·") for text in texts) == 2
        assert "3f9c 1ab2" in texts
    left = min(piece.box.x for piece in found if piece.text == "1")
    numbers = [p.text for p in found if p.text.isdecimal() and abs(p.box.x - left) < 2]
    assert numbers == [str(number) for number in range(1, 121)]
    floor = paper.height - 18
    rows = [piece for piece in found if piece.text.startswith("2026-03-02 12:0")]
    assert len(rows) == 120
    assert all(row.box.bottom < floor for row in rows)
    prove(pdf, record.payload(sheet))


def test_a_record_tells_exceptions_or_that_there_were_none(
    paper: Paper, make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    sheet = ceremony(make_heading(), 2)
    jam = record.RecordException(
        step=2, time=NOON, expected="A sheet", happened="Paper jam", decided="Printed again"
    )

    assert "None." in text_of(record.render(sheet, paper))
    told = text_of(record.render(msgspec.structs.replace(sheet, exceptions=(jam,)), paper))
    assert "None." not in told
    for said in ("A sheet", "Paper jam", "Printed again", "12:00:00"):
        assert said in told


def test_the_heading_of_a_section_is_not_left_alone_at_the_foot(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    for steps in range(15, 30):
        found = pieces(record.render(ceremony(make_heading(), steps), paper))
        (title,) = (piece for piece in found if piece.text == "Attestation")
        (name,) = (piece for piece in found if piece.text == "Anna Berg")
        assert title.page == name.page


def test_a_row_higher_than_a_page_is_refused(paper: Paper, make_heading: MakeHeading) -> None:
    with pytest.raises(InputError, match="row 1 of a table"):
        record.render(ceremony(make_heading(), 2, "again and again " * 500), paper)


def test_an_audit_report_tells_verdicts_findings_and_who_signs(
    paper: Paper, make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    report = audit.AuditReport(
        heading=make_heading(),
        scope="All safes",
        checkpoint=1,
        root="Zm9v" * 10 + "abc=",
        verdicts=(
            audit.KeyVerdict(tag="KEY-01", product="P", serial=7, verdict="genuine", how="signed"),
        ),
        findings=(),
        signatures=(audit.Signature(role="Auditor", name="Zoë Müller"),),
    )
    found = audit.AuditFinding(subject="KEY-01", rule="stranger", what="Not it", mend="Ask")

    clean = text_of(audit.render(report, paper))
    dirty = text_of(audit.render(msgspec.structs.replace(report, findings=(found,)), paper))

    assert "1 key, 0 findings; the ledger then held 1 entry" in clean
    assert "None." in clean
    assert "1 key, 1 finding; the ledger then held 1 entry" in dirty
    for said in ("KEY-01", "genuine", "signed", "stranger", "Not it", "Ask", "Zoë Müller"):
        assert said in dirty


def a_checkpoint(heading: Heading, **fields: Any) -> checkpoint.CheckpointSheet:
    usual: dict[str, Any] = {
        "heading": heading,
        "text": f"keyvault-kit/{heading.register}\n142\n{'Zm9v' * 10}abc=\n",
        "words": tuple(f"word{number}" for number in range(32)),
        "signers": (checkpoint.CheckpointSigner("Anna Berg", "SHA256:abc"),),
    }
    return checkpoint.CheckpointSheet(**(usual | fields))


def test_a_checkpoint_s_code_is_its_exact_bytes_and_its_words_are_in_order(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    sheet = a_checkpoint(make_heading())

    pdf = checkpoint.render(sheet, paper)

    (code,) = find_codes(pdf)
    assert code.text == sheet.text
    texts = [piece.text for piece in pieces(pdf)]
    assert [text for text in texts if text.startswith("word")] == list(sheet.words)
    for line in sheet.text.splitlines():
        assert line in texts
    assert {"Anna Berg", "SHA256:abc"} <= set(texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keyvault-kit/{register}\n142\n{root}",
        "keyvault-kit/{register}\n142\n{root}\n\n",
        "keyvault-kit/{register}\n0142\n{root}\n",
        "keyvault-kit/{register}\r\n142\r\n{root}\r\n",
        "keyvault-kit/{other}\n142\n{root}\n",
    ],
)
def test_what_is_no_checkpoint_of_this_register_is_refused(
    text: str, make_heading: MakeHeading
) -> None:
    heading = make_heading()
    filled = text.format(register=heading.register, other="0" * 64, root="Zm9v" * 10 + "abc=")

    with pytest.raises(InputError, match="checkpoint"):
        a_checkpoint(heading, text=filled)


def test_many_signers_go_on_over_pages(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    signers = tuple(checkpoint.CheckpointSigner(f"P{n}", f"SHA256:{n}") for n in range(40))
    sheet = a_checkpoint(make_heading(), signers=signers)

    pdf = checkpoint.render(sheet, paper)

    texts = [piece.text for piece in pieces(pdf)]
    assert all(signer.name in texts for signer in signers)
    prove(pdf, sheet.text)


def test_a_label_tells_where_it_goes_above_the_cut(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    label = envelope.EnvelopeLabel(
        heading=make_heading(),
        contents="Share 2 of 3",
        set_id="bg1-pw-1",
        safe="hq-safe-1",
        site="Hamburg",
    )

    pdf = envelope.render(label, paper)

    above = [it.text for it in pieces(pdf) if it.box.bottom < paper.folds[0] and it.box.y > 50]
    for said in ("Share 2 of 3", "bg1-pw-1", "hq-safe-1", "Hamburg", "BAG NUMBER"):
        assert said in above
    (code,) = find_codes(pdf)
    assert code.box.bottom < paper.folds[0]
    assert code.text == "KVK1 ENVELOPE 3f9c1ab2 bg1-pw-1-2 2"  # the envelope, not its set
