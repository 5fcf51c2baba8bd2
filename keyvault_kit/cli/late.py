"""What happened outside of a ceremony, entered afterwards by whoever saw it: never refused."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from keyvault_kit.assembly import observe, open_book
from keyvault_kit.cli.output import say
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.wording import listed


def enter(
    ledger: Path,
    by: tuple[str, ...],
    what: str,
    facts: Sequence[ev.Fact],
    occurred: datetime | None,
) -> None:
    """Enter it, and say so, with what it sets off.

    Args:
        what: What happened, in words without a full stop.

    Raises:
        UsageError: Nobody was named who says so.
    """
    if not by:
        raise click.UsageError("name who says so with --by PERSON")
    found = len(open_book(ledger).register.findings)
    observe(ledger, by, facts, occurred)
    register = open_book(ledger).register
    when = f" at {occurred.strftime(TIME_FORMAT)}" if occurred else ""
    say(f"Entered by {listed(by)}: {what}{when}. The ledger has {register.size} entries.")
    for finding in register.findings[found:]:
        say(f"Found: {finding.what}. {finding.mend}")
    say("'keyvault due' says what is to be done now.")
