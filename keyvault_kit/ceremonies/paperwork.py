"""What all paper of ceremonies has in common: names, headings, the paper of a site."""

from datetime import date

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody.model import Mode, PaperSize
from keyvault_kit.custody.register import Register
from keyvault_kit.sheets.geometry import Paper, paper_for
from keyvault_kit.sheets.heading import Heading


def sheet_name(kind: str, what: str) -> str:
    """The neutral name under which a sheet is printed."""
    return f"{kind}-{what}"


def name_of(book: Book, person: str) -> str:
    """A person's name from the erasable table; the id where it was erased."""
    known = book.register.people.get(person)
    return book.name_behind(known.details) if known else person


def role_of(register: Register, person: str) -> str:
    """A person's roles, in words; nothing for somebody who is not in the register."""
    known = register.people.get(person)
    return ", ".join(known.roles) if known else ""


def person_row(person: str, name: str, contact: str = "") -> dict[str, str]:
    """The erasable row of a person; a contact only where there is one."""
    return {"person": person, "name": name} | ({"contact": contact} if contact else {})


def heading(
    book: Book, *, label: str, sheet_id: str, day: date, number: int = 1, count: int = 1
) -> Heading:
    """What a sheet of this ledger says about itself."""
    return Heading(
        organisation=book.register.organisation,
        register=book.ledger.register_id,
        label=label,
        date=day,
        sheet_id=sheet_id,
        number=number,
        count=count,
        rehearsal=book.register.mode is Mode.REHEARSAL,
    )


def today(work: Work) -> date:
    """The day of the station's clock (UTC)."""
    return work.station.clock().date()


def usual_paper(register: Register) -> Paper:
    """The paper of the organisation's first site: for what is kept with its records."""
    return paper_for(next((it.paper for it in register.sites.values()), PaperSize.A4))


def paper_at(register: Register, safe: str) -> Paper:
    """The paper of the site where a safe stands, in that site's envelope."""
    site = register.sites[register.safes[safe].site]
    return paper_for(site.paper, site.envelope or "")
