"""`keyvault envelopes`: what lies where, each bag's history, and what two people do with a bag."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.late import enter
from keyvault_kit.cli.options import (
    ID,
    KEPT,
    TEXT,
    by_option,
    json_option,
    ledger_option,
    occurred_option,
)
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import TIME_FORMAT, Entry, decode
from keyvault_kit.custody.model import Envelope, EnvelopeState
from keyvault_kit.custody.placing.guard import check_move, found_in
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import RefusedError

_GONE: Final = (EnvelopeState.DESTROYED, EnvelopeState.SPOILED)


@click.group("envelopes")
def command() -> None:
    """Envelopes: where they lie, their history, moving and destroying them."""


@command.command("list")
@click.option("--safe", type=ID, help="Only those in this safe.")
@click.option("--all", "everything", is_flag=True, help="Destroyed and spoiled ones too.")
@ledger_option
@json_option
def list_envelopes(ledger: Path, safe: str | None, *, everything: bool, as_json: bool) -> None:
    """List the envelopes that there are, and where they lie."""
    register = open_book(ledger).register
    if safe is not None:
        known(register.safes, safe, "safe")
    found = [
        e
        for e in register.envelopes.values()
        if (everything or e.state not in _GONE) and safe in (None, e.safe)
    ]
    if as_json:
        print_json([msgspec.to_builtins(e) for e in found])
        return
    heads = ("id", "holds", "state", "bag", "safe", "site")
    rows = []
    for e in found:
        site = register.safes[e.safe].site if e.safe else "-"
        rows.append((e.id, e.holds, str(e.state), e.bag or "-", e.safe or "-", site))
    say(table(heads, rows))


@command.command("history")
@click.argument("envelope", type=ID)
@ledger_option
@json_option
def history(envelope: str, ledger: Path, *, as_json: bool) -> None:
    """Tell the whole life of an envelope, from its sheet's print on."""
    book = open_book(ledger)
    known(book.register.envelopes, envelope, "envelope")
    entries = [decode(body) for body in book.ledger.bodies()]
    mine = [e for e in entries if getattr(e.fact, "envelope", None) == envelope]
    if as_json:
        print_json([msgspec.json.decode(book.ledger.body(e.seq)) for e in mine])
        return
    rows = [(str(e.seq), e.when.strftime(TIME_FORMAT), _what(e), ", ".join(e.by)) for e in mine]
    say(table(("entry", "time", "what", "by"), rows))


def _what(entry: Entry) -> str:
    """The kind of entry, with its bag or safe."""
    kind = str(type(entry.fact).__struct_config__.tag).removeprefix("envelope.")
    places = (f"{name} {getattr(entry.fact, name, None)}" for name in ("bag", "safe"))
    return " ".join([kind, *(place for place in places if not place.endswith("None"))])


@command.command("move")
@click.argument("envelope", type=ID)
@click.option("--to", "safe", type=ID, required=True, help="The safe in which it lies now.")
@by_option
@ledger_option
def move(envelope: str, safe: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Move an unopened envelope to another safe; two sign it.

    Refused where somebody who opens that safe alone has another sheet of the same secret.
    """
    with at_work(ledger) as it:
        check_move(it.register, envelope, safe, it.station.clock().date())
        fact = ev.EnvelopeMoved(envelope=envelope, safe=safe)
        it.change(f"Move envelope {envelope} to safe {safe}", by, lambda _: [fact])


@command.command("destroy")
@click.argument("envelope", type=ID)
@click.option("--why", type=ID, default="dead", show_default=True, help="In a word.")
@by_option
@ledger_option
def destroy(envelope: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Enter that a sheet of a dead set was destroyed before two people, who sign it."""
    fact = ev.EnvelopeDestroyed(envelope=envelope, why=why)
    with at_work(ledger) as it:
        it.change(
            f"Enter that envelope {envelope} with its sheet was destroyed",
            by,
            lambda _: [fact],
            words=f"destroy {envelope}",
        )


@command.command("correct")
@click.argument("envelope", type=ID)
@click.option("--state", type=click.Choice([str(it) for it in EnvelopeState]))
@click.option("--bag", type=ID)
@click.option("--safe", type=ID)
@click.option("--why", type=TEXT, required=True, help="Kept in an erasable row.")
@by_option
@ledger_option
def correct(
    envelope: str,
    state: str | None,
    bag: str | None,
    safe: str | None,
    why: str,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Correct what the register says of an envelope; two sign it. What is not named stays.

    What is so is entered. Where somebody has a second sheet of a secret by it, that is a finding.
    """
    if not (state or bag or safe):
        raise click.UsageError("name what was wrong: --state, --bag, --safe")
    if safe and state not in (None, str(EnvelopeState.DEPOSITED)):
        raise click.UsageError(f"an envelope that is {state} lies in no safe")

    def act(work: Work) -> list[ev.Fact]:
        keep_until = work.station.clock().date() + KEPT
        details = work.write_down({"envelope": envelope, "why": why}, keep_until=keep_until)
        return [msgspec.structs.replace(fact, details=details), *found]

    wrong = {"state": state, "bag": bag, "safe": safe}
    told = ", ".join(f"{name} {value}" for name, value in wrong.items() if value)
    with at_work(ledger) as it:
        fact = _correction(it.register, envelope, state, bag, safe)
        found = found_in(it.register, fact, it.station.clock().date())
        for each in found:
            text = f"WARNING: {each.what}. It is entered with that finding."
            it.people.show(Prompt(topic=Topic.NOTE, text=text, subject=envelope))
        it.change(f"Correct envelope {envelope}: {told}, because: {why}", by, act)
    for each in found:
        say(f"Found: {each.what}. {each.mend}")


def _correction(
    register: Register, envelope: str, state: str | None, bag: str | None, safe: str | None
) -> ev.EnvelopeCorrected:
    """What would be so; why is written down once it was confirmed."""
    before: Envelope = known(register.envelopes, envelope, "envelope")
    now = EnvelopeState(state) if state else before.state
    lies = now is EnvelopeState.DEPOSITED
    return ev.EnvelopeCorrected(
        envelope=envelope,
        state=now,
        bag=bag or before.bag,
        safe=(safe or before.safe) if lies else None,
        details="",
    )


# --- What happened outside of a ceremony


@command.command("opened")
@click.argument("envelope", type=ID)
@click.option("--why", type=ID, required=True, help="In a word: emergency, drill, inspection.")
@click.option("--damaged", is_flag=True, help="The bag was not intact, or had another number.")
@click.option("--seen-by", type=ID, multiple=True, help="Who else saw what was in it.")
@occurred_option
@by_option
@ledger_option
def opened(
    envelope: str,
    why: str,
    seen_by: tuple[str, ...],
    occurred: datetime | None,
    *,
    damaged: bool,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Enter that ENVELOPE was opened; who opened it saw its sheet, and so did those --seen-by."""
    its = known(open_book(ledger).register.envelopes, envelope, "envelope")
    facts: list[ev.Fact] = [ev.EnvelopeOpened(envelope=envelope, why=why, intact=not damaged)]
    facts += _exposures(its, (*by, *seen_by))
    enter(ledger, by, f"Envelope {envelope} was opened ({why})", facts, occurred)


@command.command("seen")
@click.argument("envelope", type=ID)
@click.argument("people", type=ID, nargs=-1, required=True)
@occurred_option
@by_option
@ledger_option
def seen(
    envelope: str,
    people: tuple[str, ...],
    occurred: datetime | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Enter that PEOPLE saw the sheet of ENVELOPE: it counts until its secret is changed."""
    its = known(open_book(ledger).register.envelopes, envelope, "envelope")
    facts = _exposures(its, people)
    if not facts:
        raise RefusedError(
            f"envelope {envelope} holds {its.holds}, and no sheet with a secret",
            mend="A key that was out of its bag: 'envelopes opened'.",
        )
    enter(ledger, by, f"{listed(people)} saw the sheet of {envelope}", facts, occurred)


def _exposures(its: Envelope, people: Iterable[str]) -> list[ev.SecretExposed]:
    if its.set is None:
        return []
    return [
        ev.SecretExposed(person=person, set=its.set, number=its.number)
        for person in dict.fromkeys(people)
    ]
