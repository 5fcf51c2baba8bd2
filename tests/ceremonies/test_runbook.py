"""The runbook on paper says what its Markdown says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.ceremonies.runbook import runbook
from keyvault_kit.entra.artefacts.runbook import runbook as text_of_runbook
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.scan import read_codes
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


def squeezed(text: str) -> str:
    """Without blanks: lines of paper are broken wherever they are full."""
    return "".join(text.split())


def test_every_sentence_of_the_runbook_is_on_paper(desk: Desk) -> None:
    it = Wanted(register=desk.book.register, now=desk.time.true, evidence="5f" * 32)

    pdf = runbook(desk.book, it, A4)

    printed, text = squeezed(text_of(pdf)), text_of_runbook(it)
    sentences = [
        text.made,
        text.evidence,
        *(item for its in (*text.before, *text.after) for item in its.items),
    ]
    for step in text.steps:
        proofs = (f"{caption}: {told}" for caption, told in step.proofs())
        sentences += [f"{step.number}. {step.title}", *step.does, *step.takes, *proofs]
    assert len(sentences) > 80
    for sentence in sentences:
        assert squeezed(sentence) in printed, sentence
    for row in text.accounts:
        assert squeezed("".join(row)) in printed
    (code,) = read_codes(pdf)
    assert code.startswith("KVK1 RUNBOOK ")


def test_a_rehearsal_says_so_on_every_page(desk: Desk) -> None:
    it = Wanted(register=desk.book.register, now=desk.time.true)

    text = text_of(runbook(desk.book, it, A4))

    assert it.rehearsal
    assert text.count("REHEARSAL · NOTHING ON THIS SHEET IS REAL") == 2 * text.count("Page ")
    assert "REHEARSAL-bg1" in text
