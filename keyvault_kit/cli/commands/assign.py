"""`keyvault custody assign`: which safes the shares of a password should go to."""

from pathlib import Path
from typing import Final

import click
import msgspec
from click.core import ParameterSource

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.holdings import Holdings, Kind
from keyvault_kit.custody.placing.proposal import Proposal, propose
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.reach import knowing
from keyvault_kit.errors import EXIT_FINDINGS, InputError
from keyvault_kit.host.files import read_text

_LARGEST: Final = 16 << 20
"""Bytes of a plan that is read."""
_USUAL: Final = (2, 3)
"""Threshold and shares of an account that has none yet."""


@click.command("assign")
@click.argument("account")
@click.option("--threshold", type=click.IntRange(2, 16), help="How many shares give the password.")
@click.option("--shares", "count", type=click.IntRange(2, 16), help="How many shares there are.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The safes of a plan (TOML or JSON, see docs/custody.md) instead of a ledger.",
)
@ledger_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    account: str,
    *,
    threshold: int | None,
    count: int | None,
    plan: Path | None,
    ledger: Path,
    as_json: bool,
) -> int:
    """Propose the safes for the shares of a new password of ACCOUNT.

    Nobody gets two of them alone. Of all that survive the loss of any one site and the absence of
    any two people, it is the one for whose misuse most people are needed. Threshold and number are
    those of the account's shares now, or 2 of 3. Exit status 1 where nothing survives.
    """
    if plan is not None:
        if ctx.get_parameter_source("ledger") is not ParameterSource.DEFAULT:
            raise click.UsageError("--plan and --ledger do not go together")
        holdings, known_by = parse(read_text(plan, "plan", _LARGEST), str(plan)), None
    else:
        book = open_book(ledger)
        holdings = holdings_of(book.register, now_of(book).date())
        known_by = {safe: knowing(book.register, safe) for safe in book.register.safes}
    least, many = _shares_of(holdings, account)
    its = propose(holdings, account, threshold or least, count or many, knowing=known_by)
    if as_json:
        print_json(msgspec.to_builtins(its))
    else:
        _tell(its)
    return 0 if its.survives else EXIT_FINDINGS


def _shares_of(holdings: Holdings, account: str) -> tuple[int, int]:
    """Threshold and number of an account's shares; of several sets, those of the last by id."""
    if account not in (*holdings.accounts, *holdings.signs_in):
        raise InputError(
            f"there is no account {account!r}", mend="Look at how it is spelled in ledger or plan."
        )
    mine = [it for it in holdings.items if it.kind is Kind.SHARE and account in it.accounts]
    last = [it for it in mine if it.set == max(each.set for each in mine)]
    return (last[0].threshold, len(last)) if last else _USUAL


def _tell(its: Proposal) -> None:
    of = f"{its.threshold} of {its.count} shares of {its.account}"
    if its.survives:
        say(f"{of}: they survive the loss of any one site, and the absence of any two people.")
    else:
        say(f"{of}: no assignment survives the loss of any one site and the absence of any two.")
        say("What would help, each by itself, or else what stands against it:")
        say("\n".join(f"- {it}." for it in its.wanted))
    if not its.safes:
        say("There is none at all in which nobody has two shares alone.")
        return
    for number, safe in enumerate(its.safes, 1):
        say(f"  share {number}: safe {safe}")
    sites = ", ".join(its.sites)
    say(f"They lie at {sites}. To misuse them takes {its.smallest} people at least.")
    if its.survives:
        safes = " ".join(f"--safe {safe}" for safe in its.safes)
        say(f"keyvault seal {its.account} --threshold {its.threshold} {safes}")
