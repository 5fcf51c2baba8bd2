"""The runbook of the twelve steps on paper, from the same text as its Markdown (S61)."""

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.paperwork import heading
from keyvault_kit.entra.artefacts import runbook as text
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import runbook as page


def runbook(book: Book, it: Wanted, paper: Paper) -> bytes:
    """The runbook as a PDF; nothing in it is secret.

    Args:
        it: What the files beside it are made from.

    Raises:
        InputError: The files that it names cannot be made, or a name cannot be printed.
    """
    written = text.runbook(it)
    sheet = page.RunbookSheet(
        heading=heading(book, label="Twelve steps", sheet_id="runbook", day=it.now.date()),
        made=written.made,
        evidence=written.evidence,
        accounts=written.accounts,
        before=_sections(written.before),
        steps=tuple(map(_step, written.steps)),
        after=_sections(written.after),
    )
    return page.render(sheet, paper)


def _sections(sections: tuple[text.Section, ...]) -> tuple[page.RunbookSection, ...]:
    return tuple(page.RunbookSection(it.title, it.items) for it in sections)


def _step(it: text.Step) -> page.RunbookStep:
    files = (f"With: {', '.join(it.takes)}",) if it.takes else ()
    return page.RunbookStep(
        number=it.number,
        title=it.title,
        does=it.does,
        notes=(*files, f"Least role: {it.roles}."),
        proofs=tuple(f"{caption}: {told}" for caption, told in it.proofs()),
    )
