"""`keyvault people`: who may act, until when, with which signing key; absences; erasing names."""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.paperwork import person_row
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import erasing, signers
from keyvault_kit.cli.at_work import at_work, both
from keyvault_kit.cli.options import (
    DAY,
    ID,
    KEPT,
    NAME,
    TEXT,
    by_option,
    json_option,
    ledger_option,
)
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Person, Role
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import RefusedError
from keyvault_kit.ledger.sshsig import PublicKey

ROLES: Final = click.Choice([str(role) for role in Role])
ABSENCE_KEPT: Final = timedelta(days=365)
"""How long the reason of an absence is kept after its end."""

_role_option = click.option(
    "--role", "roles", type=ROLES, multiple=True, required=True, help="Give it once for each role."
)
_since_option = click.option("--since", type=DAY, help="First day of the authority.")
_until_option = click.option("--until", type=DAY, help="Last day of the authority.")


@click.group("people")
def command() -> None:
    """Who may act: roles, validity, absences, signing keys, names."""


# --- Reading


@command.command("list")
@ledger_option
@json_option
def list_people(ledger: Path, *, as_json: bool) -> None:
    """List everybody with roles, validity, absences and signing key."""
    book = open_book(ledger)
    people = book.register.people.values()
    if as_json:
        print_json([_fields(book, person) for person in people])
        return
    heads = ("id", "name", "roles", "authority", "absences", "signing key")
    say(table(heads, [_row(book, person) for person in people]))


def _fields(book: Book, person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "name": book.name_behind(person.details),
        "roles": [str(role) for role in person.roles],
        "since": person.since and person.since.isoformat(),
        "until": person.until and person.until.isoformat(),
        "absences": [book.row_behind(absence) for absence in person.absences],
        "key": _fingerprint(book.register, person.id),
    }


def _row(book: Book, person: Person) -> tuple[str, ...]:
    absences = (book.row_behind(absence) for absence in person.absences)
    away = "; ".join(f"{row['from']} to {row['until']}" for row in absences if row)
    validity = (
        f"{person.since or ''} - {person.until or ''}" if person.since or person.until else ""
    )
    return (
        person.id,
        book.name_behind(person.details),
        ", ".join(person.roles),
        validity or "-",
        away or "-",
        _fingerprint(book.register, person.id) or "-",
    )


def _fingerprint(register: Register, person: str) -> str | None:
    signer = register.signers.get(person)
    return PublicKey.parse(signer.public_key).fingerprint() if signer else None


# --- Changes


def _told(roles: tuple[str, ...], since: date | None, until: date | None) -> str:
    """Roles and validity in words, for those who confirm them."""
    parts = [listed(roles)] if roles else []
    parts += [f"from {since}"] if since else []
    parts += [f"until {until}"] if until else []
    return " ".join(parts)


@command.command("add")
@click.argument("person", type=ID)
@click.option("--name", type=NAME, required=True, help="Kept in an erasable row, not in the log.")
@click.option("--contact", type=TEXT, help="Kept as the name is.")
@_role_option
@_since_option
@_until_option
@by_option
@ledger_option
def add(
    person: str,
    name: str,
    contact: str | None,
    roles: tuple[str, ...],
    since: date | None,
    until: date | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Add a person; two officers sign it."""

    def act(work: Work) -> list[ev.Fact]:
        kept = until + KEPT if until else None
        details = work.write_down(person_row(person, name, contact or ""), keep_until=kept)
        fact = ev.PersonAdded(
            person=person,
            roles=tuple(Role(role) for role in roles),
            details=details,
            since=since,
            until=until,
        )
        return [fact]

    with at_work(ledger) as it:
        known_as = f"{name}, {contact}" if contact else name
        it.change(f"Add {person} ({known_as}) as {_told(roles, since, until)}", by, act)


@command.command("change")
@click.argument("person", type=ID)
@click.option("--name", type=NAME, help="The new name; the row of the old one is erased.")
@click.option("--contact", type=TEXT, help="The new contact; with --name.")
@click.option("--role", "roles", type=ROLES, multiple=True, help="All roles from now on.")
@_since_option
@_until_option
@by_option
@ledger_option
def change(
    person: str,
    name: str | None,
    contact: str | None,
    roles: tuple[str, ...],
    since: date | None,
    until: date | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Change name, roles or validity of a person; two officers sign it. What is not named stays."""
    if contact is not None and name is None:
        raise click.UsageError("--contact goes with --name")
    if not (name or roles or since or until):
        raise click.UsageError("name what changes: --name, --role, --since, --until")

    def act(work: Work) -> list[ev.Fact]:
        before = known(work.register.people, person, "person")
        facts: list[ev.Fact] = []
        details = before.details
        if name is not None:
            details = work.write_down(person_row(person, name, contact or ""))
            if work.station.book.ledger.detail(before.details):
                work.erase.append(before.details)
                facts.append(ev.DetailsErased(commitments=(before.details,), person=person))
        changed = ev.PersonChanged(
            person=person,
            roles=tuple(Role(role) for role in roles) or before.roles,
            details=details,
            since=since or before.since,
            until=until or before.until,
        )
        return [changed, *facts]

    with at_work(ledger) as it:
        told = [f"name {name}"] if name else []
        told += [f"contact {contact}"] if contact else []
        if roles or since or until:
            told.append(_told(roles, since, until))
        it.change(f"Change {person}: {', '.join(told) or 'nothing'}", by, act)


@command.command("absent")
@click.argument("person", type=ID)
@click.option("--from", "first", type=DAY, required=True, help="First day.")
@click.option("--until", "last", type=DAY, required=True, help="Last day.")
@click.option("--why", type=TEXT, help="Kept in an erasable row.")
@by_option
@ledger_option
def absent(
    person: str,
    first: date,
    last: date,
    why: str | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Note that a person is away. The days and the reason are kept for a year after the end."""
    if last < first:
        raise click.UsageError("the absence would end before it begins")

    def act(work: Work) -> list[ev.Fact]:
        row = {"person": person, "from": first.isoformat(), "until": last.isoformat()}
        row |= {"why": why} if why else {}
        details = work.write_down(row, keep_until=last + ABSENCE_KEPT)
        return [ev.AbsenceNoted(person=person, details=details)]

    with at_work(ledger) as it:
        told = f" ({why})" if why else ""
        it.change(f"Note that {person} is away from {first} to {last}{told}", by, act)


# --- Erasing


@command.command("erase")
@click.argument("person", type=ID, required=False)
@click.option("--expired", is_flag=True, help="All rows whose retention time is over.")
@by_option
@ledger_option
def erase(person: str | None, *, expired: bool, by: tuple[str, ...], ledger: Path) -> None:
    """Erase the name, contact and absences of a person, or what is kept no longer.

    The log keeps its entries and verifies as before; what they commit to can no longer be told.
    """
    if (person is None) != expired:
        raise click.UsageError("name a person, or --expired")
    with at_work(ledger) as it:
        who = both(it.register, by)
        if person is not None:
            ceremony = erasing.of_person(it.station.book, person, who)
        else:
            ceremony = erasing.of_expired(it.station.book, it.station.clock().date(), who)
        it.run(ceremony)
        say("Erased. Copies in backups live on: erase them with the backups.")


# --- Signing keys


def _change_signers(ledger: Path, by: tuple[str, ...], **fields: object) -> None:
    with at_work(ledger) as it:
        request = msgspec.convert(
            {"signers": both(it.register, by), "number": 0, **fields}, signers.Request
        )
        number = handling.number_for(it.register, "signers", msgspec.to_builtins(request))
        request = msgspec.structs.replace(request, number=number)
        it.run(signers.ceremony(request))
        say(f"Signers are now {', '.join(sorted(it.register.signers))}.")


@command.command("enrol")
@click.argument("people", type=ID, nargs=-1, required=True)
@by_option
@ledger_option
def enrol(people: tuple[str, ...], *, by: tuple[str, ...], ledger: Path) -> None:
    """Enrol a signing key of their own for each of PEOPLE; two signers vouch for it."""
    have = [it for it in people if it in open_book(ledger).register.signers]
    if have:
        raise RefusedError(f"{listed(have)} can sign already", mend="A lost key: 'people replace'.")
    _change_signers(ledger, by, enrol=people)


_why_option = click.option(
    "--why", type=ID, required=True, help="In a word: lost, stolen, broken, left, renewed."
)


@command.command("replace")
@click.argument("person", type=ID)
@_why_option
@by_option
@ledger_option
def replace(person: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Replace the signing key that PERSON lost; two other signers vouch for the new one."""
    known(open_book(ledger).register.signers, person, "signer")
    _change_signers(ledger, by, enrol=(person,), why=why)


@command.command("revoke")
@click.argument("person", type=ID)
@_why_option
@by_option
@ledger_option
def revoke(person: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """End the signing of PERSON; two other signers vouch for that."""
    _change_signers(ledger, by, revoke=(person,), why=why)
