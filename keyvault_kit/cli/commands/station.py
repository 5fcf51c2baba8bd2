"""`keyvault station`: the machine, what it starts from, its printer and its media under custody."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import demand_paper, open_book
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies import media
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.paperwork import paper_at
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import packing, taking_out
from keyvault_kit.cli.at_work import at_work, both, one, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import (
    ID,
    TEXT,
    by_option,
    json_option,
    ledger_option,
    occurred_option,
    paper_options,
    transfer_option,
)
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.items import item_in_service
from keyvault_kit.custody.items import Item, ItemKind
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import EXIT_FINDINGS, InputError, RefusedError
from keyvault_kit.host.files import read_file
from keyvault_kit.host.media import blind, plugged_in

FILE_LIMIT: Final = 1 << 26
"""Bytes of a file that leaves; those of ours are far smaller."""

_one_option = click.option("--by", type=ID, required=True, help="Who does it.")
_KINDS: Final = click.Choice([str(it) for it in ItemKind])


@click.group("station")
def command() -> None:
    """The station itself is custody: workstation, boot medium, printer, volume, transfer media."""


# --- What there is


@command.command("list")
@ledger_option
@json_option
def list_items(ledger: Path, *, as_json: bool) -> None:
    """List the items of the station, where each is, and the media that this machine sees."""
    book = open_book(ledger)
    items = book.register.items.values()
    seen, why_not = plugged_in(ledger.resolve()), blind()
    if as_json:
        told = [_fields(book, it) for it in items]
        print_json({"items": told, "plugged_in": list(seen), "not_told": why_not or None})
        return
    rows = [(it.id, str(it.kind), _where(book, it), _what(book, it)) for it in items]
    say(table(("id", "kind", "where", "what"), rows) if rows else "There is no item yet.")
    if why_not:
        say(f"This system does not tell which media are plugged in: {why_not}.")
    else:
        say(f"Plugged in here, beside what the work needs: {listed(seen) or 'no medium'}.")


def _fields(book: Book, it: Item) -> dict[str, object]:
    return {
        "id": it.id,
        "kind": str(it.kind),
        "envelope": media.bag_with(book.register, it.id) or None,
        "logged_in": it.logged_in and it.logged_in.isoformat(),
        "retired": it.retired,
        "details": book.row_behind(it.details),
    }


def _where(book: Book, it: Item) -> str:
    packed = book.register.envelopes.get(media.bag_with(book.register, it.id))
    if it.retired:
        return f"retired ({it.retired})"
    if it.logged_in:
        return f"logged in since {it.logged_in:%Y-%m-%d %H:%M} UTC"
    if packed is None:
        return "in use"
    return f"bag {packed.bag or '-'}, safe {packed.safe}" if packed.safe else f"bag {packed.bag}"


def _what(book: Book, it: Item) -> str:
    row = book.row_behind(it.details)
    return ", ".join(row[name] for name in ("make", "serial", "note") if name in row) or "(erased)"


# --- Items come and go


@command.command("add")
@click.argument("item", type=ID)
@click.option("--kind", type=_KINDS, required=True)
@click.option("--make", type=TEXT, required=True, help="Maker and model.")
@click.option("--serial", type=TEXT, help="As it stands on it.")
@click.option("--note", type=TEXT, help="What else it is known by.")
@by_option
@ledger_option
def add(
    item: str,
    kind: str,
    make: str,
    serial: str | None,
    note: str | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Put an ITEM of the station under custody; two sign it. What it is lies in an erasable row."""
    row = {"item": item, "make": make}
    row |= {name: text for name, text in (("serial", serial), ("note", note)) if text}

    def act(work: Work) -> list[ev.Fact]:
        details = work.write_down(row)
        return [ev.ItemAdded(item=item, item_kind=ItemKind(kind), details=details)]

    with at_work(ledger) as it:
        if item in it.register.items:
            raise RefusedError(f"there is an item {item!r} already", mend="Choose another id.")
        told = ", ".join(text for text in (make, serial, note) if text)
        it.change(f"Put {kind} {item} ({told}) under custody", by, act)


@command.command("retire")
@click.argument("item", type=ID)
@click.option("--why", type=ID, required=True, help="In a word: broken, lost, replaced, tampered.")
@by_option
@ledger_option
def retire(item: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Take an ITEM out of service for good; two sign it."""
    with at_work(ledger) as it:
        if item_in_service(it.register, item).logged_in:
            raise RefusedError(f"item {item} is logged in", mend="Log it out: 'station media out'.")
        fact = ev.ItemRetired(item=item, why=why)
        it.change(f"Take {item} out of service ({why})", by, lambda _: [fact])


# --- Bags


@command.command("pack")
@click.argument("items", type=ID, nargs=-1, required=True)
@click.option("--safe", type=ID, required=True, help="Where all of it goes.")
@by_option
@paper_options
@conduct_options
@ledger_option
def pack(
    items: tuple[str, ...],
    safe: str,
    *,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Pack ITEMS each into a bag of its own, and lock them away, when work is over."""
    with at_work(ledger, onto=onto) as it:
        request = packing.Request(items=items, safe=safe, officers=two(both(it.register, by)))
        ceremony = packing.next_ceremony(it.register, request)
        if ceremony.id not in it.register.ceremonies:
            packing.check(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how, paper_at(it.register, safe))
        demand_paper(it.station)
        it.run(ceremony)
        say(f"Switch everything off now. Into their bags and safe {safe}: {listed(items)}.")
        return 0


@command.command("take-out")
@click.argument("items", type=ID, nargs=-1, required=True)
@click.option("--why", type=ID, default="work", show_default=True, help="In a word.")
@occurred_option
@by_option
@conduct_options
@ledger_option
def take_out(
    items: tuple[str, ...],
    why: str,
    occurred: datetime | None,
    *,
    by: tuple[str, ...],
    how: Conduct,
    ledger: Path,
) -> int:
    """Take ITEMS out of their bags, each inspected and compared; it never waits for anything.

    Exit status 1 where a bag was missing, damaged or another one.
    """
    with at_work(ledger) as it:
        officers = two(both(it.register, by))
        request = taking_out.Request(items=items, officers=officers, why=why)
        ceremony = taking_out.next_ceremony(it.register, request, occurred)
        if ceremony.id not in it.register.ceremonies:
            taking_out.check(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        register = it.run(ceremony)
        started = register.ceremonies[ceremony.id].started
        return EXIT_FINDINGS if any(f.seq > started for f in register.open_findings()) else 0


# --- Transfer media


@command.group("media")
def media_group() -> None:
    """Transfer media: logged in and out; absent while a secret is in memory."""


@media_group.command("in")
@_one_option
@ledger_option
def log_in(*, by: str, ledger: Path) -> None:
    """Enter that a transfer medium was plugged in."""
    with at_work(ledger) as it:
        person = one(it.register, (by,))
        if not media.in_service(it.register):
            raise RefusedError(
                "no transfer medium is under custody",
                mend="Add it: 'station add ITEM --kind transfer-medium'.",
            )
        if inside := media.logged_in(it.register):
            raise RefusedError(f"{listed(inside)} is logged in already", mend="Log it out first.")
        it.change_alone("Log a transfer medium in", person, media.log_in)


@media_group.command("out")
@click.option(
    "--files",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file that leaves on it, or a folder of them; give it once for each.",
)
@transfer_option
@_one_option
@paper_options
@ledger_option
def log_out(
    paths: tuple[Path, ...],
    transfer: Path | None,
    *,
    by: str,
    onto: Onto,
    ledger: Path,
) -> None:
    """Enter that the transfer medium was taken out; files of ours on it are listed on paper.

    Their names and hashes stand in the ledger and on the list, which goes along. With --transfer,
    files are looked for in that folder.
    """
    files = [each for path in paths for each in _files((transfer or Path()) / path)]
    if len({name for name, _ in files}) < len(files):
        raise InputError("two of the files have one name", mend="Name one folder of them all.")
    hashes = [(name, hashlib.sha256(data).hexdigest()) for name, data in files]

    def act(work: Work) -> Sequence[ev.Fact]:
        if files:
            media.print_outgoing(work, files)
        return media.log_out(work, hashes)

    with at_work(ledger, onto=onto) as it:
        person = one(it.register, (by,))
        if not media.logged_in(it.register):
            raise RefusedError("no transfer medium is logged in", mend="Look at 'station list'.")
        if files:
            demand_paper(it.station)
        it.change_alone("Log the transfer medium out", person, act)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of a file, or of all in a folder, by their names in it."""
    if not path.is_dir():
        yield media.checked(path.name), read_file(path, "file", FILE_LIMIT)
        return
    for each in sorted(it for it in path.rglob("*") if it.is_file()):
        yield media.checked(each.relative_to(path).as_posix()), read_file(each, "file", FILE_LIMIT)
