"""`keyvault safes`: containers, who opens them, and how many of them it takes."""

from pathlib import Path

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.options import ID, by_option, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.placing.guard import check_openers
from keyvault_kit.custody.register import Register, known

_opener_option = click.option(
    "--opener", "openers", type=ID, multiple=True, help="Give it once for each."
)


@click.group("safes")
def command() -> None:
    """Containers and who opens them."""


@command.command("list")
@ledger_option
@json_option
def list_safes(ledger: Path, *, as_json: bool) -> None:
    """List all safes with their openers and the envelopes that lie in them."""
    register = open_book(ledger).register
    safes = register.safes.values()
    if as_json:
        print_json(
            [
                {
                    "id": safe.id,
                    "site": safe.site,
                    "openers": list(safe.openers),
                    "need": safe.need,
                    "envelopes": _lying(register, safe.id),
                }
                for safe in safes
            ]
        )
        return
    rows = [
        (
            safe.id,
            safe.site,
            f"{safe.need} of {', '.join(safe.openers)}",
            str(len(_lying(register, safe.id))),
        )
        for safe in safes
    ]
    say(table(("id", "site", "opened by", "envelopes"), rows))


def _lying(register: Register, safe: str) -> list[str]:
    lying = (e for e in register.envelopes.values() if e.safe == safe)
    return [e.id for e in lying if e.state is EnvelopeState.DEPOSITED]


@command.command("add")
@click.argument("safe", type=ID)
@click.option("--site", type=ID, required=True)
@_opener_option
@click.option("--need", type=click.IntRange(1, 16), default=1, show_default=True)
@by_option
@ledger_option
def add(
    safe: str, site: str, openers: tuple[str, ...], need: int, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Add a safe; two officers sign it."""
    if not openers:
        raise click.UsageError("name who opens it with --opener")
    fact = ev.SafeAdded(safe=safe, site=site, openers=openers, need=need)
    with at_work(ledger) as it:
        it.change(
            f"Add safe {safe} at {site}, opened by {need} of {', '.join(openers)}",
            by,
            lambda _: [fact],
        )


@command.command("change")
@click.argument("safe", type=ID)
@_opener_option
@click.option("--need", type=click.IntRange(1, 16), help="How many of them it takes.")
@by_option
@ledger_option
def change(
    safe: str, openers: tuple[str, ...], need: int | None, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Change who opens a safe, or how many it takes; two officers sign it. The rest stays.

    Refused where a new opener alone would have a second sheet of a secret.
    """
    if not (openers or need):
        raise click.UsageError("name what changes: --opener, --need")

    what = f"by {', '.join(openers)}" if openers else "by the same people"
    if need:
        what += f", {need} of whom it takes"
    with at_work(ledger) as it:
        before = known(it.register.safes, safe, "safe")
        after = ev.SafeChanged(
            safe=safe, openers=openers or before.openers, need=need or before.need
        )
        check_openers(it.register, safe, after.openers, after.need, it.station.clock().date())
        it.change(f"Let safe {safe} be opened {what}", by, lambda _: [after])
