"""The certificate of destruction, from what the ledger has of a ceremony (S32)."""

from collections.abc import Iterator, Sequence

from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.paperwork import (
    heading,
    name_of,
    role_of,
    sheet_name,
    today,
    usual_paper,
)
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.sheets.forms import Participant
from keyvault_kit.sheets.pages import certificate


def print_certificate(work: Work, envelopes: Sequence[str]) -> None:
    """Print which of these envelopes' sheets were destroyed in this ceremony, and which were not.

    Args:
        envelopes: Those that were to be destroyed.

    Raises:
        InputError: A name on it cannot be printed.
    """
    book, register = work.station.book, work.register
    destroyed = tuple(_destroyed(work, envelopes))
    gone = {EnvelopeState.DESTROYED, EnvelopeState.SPOILED}
    left = (register.envelopes[it] for it in envelopes)
    sheet = certificate.Certificate(
        heading=heading(book, label="Sheets destroyed", sheet_id=work.ceremony, day=today(work)),
        destroyed=destroyed,
        missing=tuple(
            certificate.Missing(
                envelope=it.id,
                holds=contents_in(register, it),
                bag=it.bag or "",
                safe=it.safe or "",
            )
            for it in left
            if it.state not in gone
        ),
        signers=tuple(
            Participant(role=role_of(register, it), name=name_of(book, it), id=it)
            for it in work.step.by
        ),
    )
    pdf = certificate.render(sheet, usual_paper(register))
    work.station.paper.put(sheet_name("certificate", work.ceremony), pdf)


def _destroyed(work: Work, envelopes: Sequence[str]) -> Iterator[certificate.Destroyed]:
    """What was entered as destroyed since the ceremony began, with who did it and when."""
    register = work.register
    started = register.ceremonies[work.ceremony].started
    for entry in map(decode, work.station.book.ledger.bodies(started)):
        if isinstance(entry.fact, ev.EnvelopeDestroyed) and entry.fact.envelope in envelopes:
            its = register.envelopes[entry.fact.envelope]
            yield certificate.Destroyed(
                envelope=its.id,
                holds=contents_in(register, its),
                bag=its.bag or "",
                time=entry.time,
                by=", ".join(entry.by),
            )
