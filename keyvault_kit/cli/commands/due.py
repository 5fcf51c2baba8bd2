"""`keyvault due`: what is due by the register, as a table or a calendar; and what was done."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.due_dates import calendar_of
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import ID, KEPT, TEXT, by_option, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.duties import PROCESS, SUBJECTS
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.register import known
from keyvault_kit.custody.schedule import Due, Task, days_left, due, overdue
from keyvault_kit.custody.triggers import NOTED
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.host.files import write_new

_DONE: Final = {
    Duty.REVIEW: "account {} was reviewed",
    Duty.DRILL: "the use of account {} was practised",
    Duty.COMBINATION: "the combination of safe {} was changed",
    Duty.TRAINING: "{} was trained",
    Duty.DOCUMENT: "the {} document was read and is up to date",
}
"""What is entered of a duty, in words."""


_ASKED: Final = {
    Duty.REVIEW: "name the account that was reviewed",
    Duty.DRILL: "name the account that was practised with",
    Duty.COMBINATION: "name the safe whose combination was changed",
    Duty.TRAINING: "name the person who was trained",
}
"""What is asked for where it was not named."""

_UNDER: Final = " " * len("2026-01-31  ")
"""Before what stands below a day."""


@click.group("due", invoke_without_command=True)
@click.option(
    "--within",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Only what is due in so many days, and what is overdue.",
)
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file: the same as a calendar (RFC 5545).",
)
@ledger_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, within: int | None, ics: Path | None, ledger: Path, *, as_json: bool
) -> int:
    """List what is due within a year and overdue, soonest first; enter what was done.

    What each duty is, and what sets it off, stands in docs/due.md. Days are those of UTC. Exit
    status 1 when something is overdue.
    """
    if ctx.invoked_subcommand:
        _demand_no_options(ctx)
        return 0
    book = open_book(ledger)
    register, now = book.register, now_of(book)
    duties = [it for it in due(register, now) if within is None or days_left(it, now) <= within]
    if ics:
        size, register_id = register.size, book.ledger.register_id
        write_new(ics, calendar_of(duties, register_id, entries=size, now=now))
    if as_json:
        print_json([_fields(it, now) for it in duties])
    else:
        _tell(duties, now)
    return EXIT_FINDINGS if any(overdue(it, now) for it in duties) else 0


def _demand_no_options(ctx: click.Context) -> None:
    """An option before the second word would be that of the list, and is not passed on."""
    for name in ctx.params:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"options follow the word {ctx.invoked_subcommand!r}")


def _fields(it: Due, now: datetime) -> dict[str, object]:
    return {
        "duty": it.task,
        "subject": it.subject,
        "what": it.what,
        "trigger": it.trigger,
        "since": it.since.strftime(TIME_FORMAT),
        "day": it.day.isoformat(),
        "days_left": days_left(it, now),
        "overdue": overdue(it, now),
        "who": list(it.who),
        "requirement": it.requirement,
    }


def _tell(duties: Sequence[Due], now: datetime) -> None:
    """Each duty on a line with its day, and below it what set it off and who does it."""
    if not duties:
        say("Nothing is due.")
        return
    for _, alike in groupby(duties, key=_folded):
        its = tuple(alike)
        who = "each of them" if len(its) > 1 else listed(its[0].who) or "two officers"
        say(wrapped(_what(its), first=f"{its[0].day}  {_left(its[0], now):<15}", then=_UNDER))
        about = f"{its[0].requirement}: {its[0].trigger}. Who: {who}."
        say(wrapped(about, first=_UNDER, then=_UNDER))
    late = sum(overdue(it, now) for it in duties)
    say(f"\n{count_of(len(duties), 'duty', 'duties')}, {late} of them overdue.")


def _folded(it: Due) -> tuple[object, ...]:
    """What trainings have in common that are told as one; any other duty is told alone."""
    alone = "" if it.task is Task.TRAINING else it.subject
    return it.day, it.task, it.trigger, it.requirement, alone


def _what(its: Sequence[Due]) -> str:
    return its[0].what if len(its) == 1 else f"train {listed(it.subject for it in its)}"


def _left(it: Due, now: datetime) -> str:
    left = days_left(it, now)
    return f"OVERDUE {-left} d" if left < 0 else f"{left} d" if left else "today"


# --- Entering


@command.command("done")
@click.argument("duty", type=click.Choice([str(it) for it in Duty]))
@click.argument("subject", type=ID, required=False)
@click.option("--note", type=TEXT, help="What came of it; kept in an erasable row.")
@by_option
@ledger_option
def done(
    duty: str, subject: str | None, note: str | None, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Enter that a duty was done now; two sign it.

    SUBJECT is the account of a review or drill, the safe of a combination, the person who was
    trained; the process document needs none.
    """
    which = Duty(duty)
    about = subject or (PROCESS if which is Duty.DOCUMENT else "")
    if not about:
        raise click.UsageError(_ASKED[which])
    if which is Duty.DOCUMENT and about != PROCESS:
        raise click.UsageError("there is one process document, which is not named")

    def act(work: Work) -> list[ev.Fact]:
        details = _write_down(work, duty, about, note) if note else None
        return [ev.DutyDone(duty=which, subject=about, details=details)]

    told = _DONE[which].format(about)
    with at_work(ledger) as it:
        if which in SUBJECTS:
            word, things = SUBJECTS[which]
            known(getattr(it.register, things), about, word)  # before anybody reads the time
        it.change(f"Enter that {told}{f', and note: {note}' if note else ''}", by, act)


@command.command("note")
@click.argument("trigger", type=click.Choice([str(it) for it in Trigger]))
@click.option("--why", type=TEXT, required=True, help="What happened; kept in an erasable row.")
@by_option
@ledger_option
def note_trigger(trigger: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Enter what sets off a review of every account; two officers sign it.

    The ledger does not see it by itself. staff: the IT staff changed; subscription: the tenant's
    subscriptions changed; relocation: a safe or a site moved.
    """

    def act(work: Work) -> list[ev.Fact]:
        details = _write_down(work, "trigger", trigger, why)
        return [ev.TriggerNoted(trigger=Trigger(trigger), details=details)]

    with at_work(ledger) as it:
        it.change(f"Enter that {NOTED[Trigger(trigger)]}: {why}", by, act)


def _write_down(work: Work, what: str, subject: str, words: str) -> str:
    row = {"duty": f"{what} {subject}", "note": words}
    return work.write_down(row, keep_until=work.station.clock().date() + KEPT)
