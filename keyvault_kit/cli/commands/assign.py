"""`keyvault custody assign`: which safes the shares of a password should go to."""

from pathlib import Path
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.cli.plans import plan_of, plan_option
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.holdings import Holdings, Kind
from keyvault_kit.custody.model import Form, Purpose
from keyvault_kit.custody.placing.proposal import Proposal, propose
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.errors import EXIT_FINDINGS, InputError

_USUAL: Final = (2, 3)
"""Threshold and shares of an account that has none yet."""


@click.command("assign")
@click.argument("account")
@click.option("--threshold", type=click.IntRange(2, 16), help="How many shares give the password.")
@click.option("--shares", "count", type=click.IntRange(2, 16), help="How many shares there are.")
@plan_option
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
    those of the account's shares now, or 2 of 3. Exit status 1 where nothing survives; what would
    help, or what stands against it, is told then.
    """
    if plan is not None:
        holdings, known_by = plan_of(ctx, plan, "ledger"), None
        _demand_planned(holdings, account)
        least, many = _planned(holdings, account)
    else:
        book = open_book(ledger)
        known(book.register.accounts, account, "account")
        holdings = holdings_of(book.register, now_of(book).date())
        known_by = {safe: book.register.knowing(safe) for safe in book.register.safes}
        least, many = _in_force(book.register, account)
    its = propose(holdings, account, threshold or least, count or many, knowing=known_by)
    if as_json:
        print_json(msgspec.to_builtins(its))
    else:
        _tell(its)
    return 0 if its.survives else EXIT_FINDINGS


def _demand_planned(holdings: Holdings, account: str) -> None:
    if account not in (*holdings.accounts, *holdings.signs_in):
        raise InputError(
            f"there is no account {account!r} in the plan",
            mend="Look at how it is spelled there.",
        )


def _planned(holdings: Holdings, account: str) -> tuple[int, int]:
    """Threshold and number of an account's shares in a plan; of several sets, the last one's."""
    mine = [it for it in holdings.items if it.kind is Kind.SHARE and account in it.accounts]
    last = [it for it in mine if it.set == mine[-1].set]
    return (last[0].threshold, len(last)) if last else _USUAL


def _in_force(register: Register, account: str) -> tuple[int, int]:
    """Threshold and number of the shares of an account's password in force."""
    its = register.sets.get(register.in_force.get(f"{Purpose.PASSWORD}:{account}", ""))
    return (its.threshold, its.count) if its and its.form is Form.SHARES else _USUAL


_LOSSES: Final = "the loss of any one site, and the absence of any two people"


def _tell(its: Proposal) -> None:
    of = f"{its.threshold} of {its.count} shares of {its.account}"
    if its.survives:
        say(wrapped(f"{of}: they survive {_LOSSES}."))
        _tell_safes(its)
        safes = " ".join(f"--safe {safe}" for safe in its.safes)
        say(f"keyvault seal {its.account} --threshold {its.threshold} {safes}")
        return
    say(wrapped(f"{of}: no assignment survives {_LOSSES}."))
    say("What would help, each by itself:" if its.wanted else "What stands against it:")
    say("\n".join(wrapped(f"{it}.", first="- ", then="  ") for it in its.wanted or its.against))
    if its.safes:
        say("The best without that:")
        _tell_safes(its)
    else:
        say("There is none at all in which nobody has two shares alone.")


def _tell_safes(its: Proposal) -> None:
    for number, safe in enumerate(its.safes, 1):
        say(f"  share {number}: safe {safe}")
    people = count_of(its.smallest or 0, "person", "people")
    say(wrapped(f"They lie at {listed(its.sites)}. To misuse them takes {people} at least."))
