"""The record of a closed ceremony, from the ledger: printed when it closes, and later as often."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import exceptions
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.paperwork import heading, name_of, role_of, sheet_name, usual_paper
from keyvault_kit.ceremonies.plan import Step
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import Agreement, CeremonyRecord, Exceptional, Return
from keyvault_kit.custody.entries import Entry, decode
from keyvault_kit.custody.register import known
from keyvault_kit.errors import KeyvaultError, RefusedError
from keyvault_kit.sheets.forms import Participant
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import record

_BAGGED = (ev.EnvelopeBagged, ev.EnvelopeSealed, ev.EnvelopeResealed)
ERASED: Final = "(erased)"
"""In place of words whose row was erased."""

_MARKS = (ev.CeremonyStepped, ev.CeremonyReturned, ev.CeremonyClosed)


class _Told(msgspec.Struct, frozen=True):
    """What the entries tell of a ceremony beside what the register keeps of it.

    Attributes:
        by: Step -> who did it.
        bags: Envelope and number of each bag that was used, in order.
        closed: The entry that closed it.
    """

    by: dict[str, tuple[str, ...]]
    bags: tuple[tuple[str, str], ...]
    closed: Entry


def print_at_close(
    station: Station, interaction: Interaction, ceremony: str, steps: Sequence[Step]
) -> None:
    """Print the record of a ceremony that the ledger has as closed: whatever fails is but said.

    A ceremony of one step leaves none: its entry says it all, and `sheets record` prints it.
    """
    if len(steps) == 1:
        return
    book = station.book
    try:
        pdf = record_of(book, ceremony, steps, usual_paper(book.register))
        station.paper.put(sheet_name("record", ceremony), pdf)
    except KeyvaultError as error:
        told = (
            f"Ceremony {ceremony} is closed, and its record is not printed: {error.what}."
            f" Print it later: 'keyvault sheets record {ceremony}'."
        )
        interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=ceremony))


def record_of(book: Book, ceremony: str, steps: Sequence[Step], paper: Paper) -> bytes:
    """The record of a ceremony as a PDF.

    Args:
        steps: Those of its plan; what the plan does not know stands there by its id alone.

    Raises:
        RefusedError: There is no such ceremony, or it is not closed.
        InputError: A name on it cannot be printed.
    """
    its = known(book.register.ceremonies, ceremony, "ceremony")
    if not its.closed:
        raise RefusedError(
            f"ceremony {its.id} is not closed", mend="Its record is printed when it is."
        )
    told = _told(book, its)
    planned = {step.id: step.activity for step in steps}
    names = [*planned, *(it for it in its.done if it not in planned)]
    people = {*its.people, *(person for step in its.done for person in told.by[step])}
    sheet = record.CeremonyRecord(
        heading=heading(
            book, label=f"Ceremony {its.plan}", sheet_id=its.id, day=told.closed.time.date()
        ),
        title=f"{its.plan.capitalize()}: {its.id}",
        under=_under(its, len(planned), told.closed),
        steps=tuple(
            record.RecordStep(
                number=names.index(step) + 1,
                activity=planned.get(step, f"Step '{step}' (the ledger has its name alone)"),
                by=", ".join(told.by[step]),
                time=time,
            )
            for step, time in zip(its.done, its.times, strict=True)
        ),
        exceptions=_exceptions(book, its, names),
        said=tuple(_said(book, it) for it in its.agreements),
        participants=tuple(
            Participant(role=role_of(book.register, it), name=name_of(book, it), id=it)
            for it in sorted(people)
        ),
        pages=its.pages,
        bags=tuple(
            record.UsedBag(it, contents_in(book.register, book.register.envelopes[it]), bag)
            for it, bag in told.bags
        ),
    )
    return record.render(sheet, paper)


def _told(book: Book, its: CeremonyRecord) -> _Told:
    """Read the entries of a ceremony: those before each of its marks, back to the mark before."""
    by: dict[str, tuple[str, ...]] = {}
    bags: dict[tuple[str, str], None] = {}
    since: list[tuple[str, str]] = []
    for entry in map(decode, book.ledger.bodies(its.started)):
        fact = entry.fact
        if isinstance(fact, _BAGGED):
            since.append((fact.envelope, fact.bag))
        if not isinstance(fact, _MARKS):
            continue
        if fact.ceremony == its.id:
            bags |= dict.fromkeys(since)
            if isinstance(fact, ev.CeremonyStepped):
                by[fact.step] = entry.by
            if isinstance(fact, ev.CeremonyClosed):
                return _Told(by, tuple(bags), entry)
        since = []
    raise RefusedError(f"ceremony {its.id} is not closed")


def _under(its: CeremonyRecord, planned: int, closed: Entry) -> str:
    done = len(its.done)
    gone = f"{done} {'step' if done == 1 else 'steps'}"
    if done < planned:
        gone = f"Given up: {done} of {planned} steps"
    return f"{gone}; closed at {closed.time:%Y-%m-%d %H:%M:%S} UTC"


def _said(book: Book, it: Agreement) -> str:
    """What a participant said of the record, in a sentence."""
    if it.agrees:
        return f"{it.person}: I agree."
    row = book.row_behind(it.details) if it.details else {}
    return f"{it.person}: I do not agree, because: {row.get('why', ERASED)}"


def _exceptions(
    book: Book, its: CeremonyRecord, names: Sequence[str]
) -> tuple[record.RecordException, ...]:
    """What went otherwise than planned, as people said it, and each return, oldest first."""
    found = [*(_noted(book, it, names) for it in its.exceptions)]
    found += [_returned(it, names) for it in its.returns]
    return tuple(sorted(found, key=lambda it: it.time))


def _noted(book: Book, it: Exceptional, names: Sequence[str]) -> record.RecordException:
    row = book.row_behind(it.details)
    told = {name: row.get(name, ERASED) for name in exceptions.QUESTIONS}
    return record.RecordException(step=_number(it.step, names), time=it.time, **told)


def _returned(back: Return, names: Sequence[str]) -> record.RecordException:
    return record.RecordException(
        step=_number(back.to, names),
        time=back.time,
        expected="to go on",
        happened=back.why,
        decided=f"went back to step {back.to}; what was half-made was destroyed",
    )


def _number(step: str, names: Sequence[str]) -> int:
    """The number of a step; of one that is none of the plan's, as the closing, the next one."""
    return names.index(step) + 1 if step in names else len(names) + 1
