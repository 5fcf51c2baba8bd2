"""The 90-day review of accounts: point by point, told from the register and answered.

A no is a finding and holds nothing up: in the end the accounts are reviewed, and what is not right
stands on the report (S40, S54, S55, S57 to S60).
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import handling, review_papers, reviewing
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.reviewing import Check
from keyvault_kit.ceremonies.who_may import demand_may
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts are reviewed, and by whom."""

    accounts: tuple[str, ...]
    officers: tuple[str, str]
    number: int


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: No account is named.
        RefusedError: An account is not in the register; or one of them may not sign what is done.
    """
    if not it.accounts:
        raise InputError("there is no account to review", mend="Add one first: 'accounts add'.")
    for account in it.accounts:
        known(register.accounts, account, "account")
    for person in it.officers:
        demand_may(register, person, ev.DutyDone)


def ceremony(request: Request) -> Ceremony:
    """The review of these accounts."""
    return Ceremony(
        id=f"{PLAN.name}-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The review of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def checks(accounts: Sequence[str]) -> tuple[Check, ...]:
    """The points of a review, in order."""
    return (
        *reviewing.of_organisation(accounts),
        *(point for account in accounts for point in reviewing.of_account(account)),
        reviewing.at_the_end(accounts),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """A step for each point; then both sign that the accounts are reviewed; then the report."""
    it = msgspec.convert(request, Request)
    points = checks(it.accounts)
    return (
        *(
            Step(
                id=point.step,
                activity=f"{point.requirement}: {point.statement}",
                by=it.officers,
                act=functools.partial(reviewing.act, point),
                signed=point.duty is not None,
            )
            for point in points
        ),
        *(
            Step(
                id=f"reviewed-{account}",
                activity=f"Sign that account {account} was reviewed",
                by=it.officers,
                act=functools.partial(_reviewed, account),
                signed=True,
            )
            for account in it.accounts
        ),
        Step(
            id="report",
            activity="Print the report; both sign it in ink",
            by=it.officers,
            act=functools.partial(_report, it),
        ),
    )


PLAN = Plan("review", steps)


def _reviewed(account: str, _: Work) -> Sequence[ev.Fact]:
    return [ev.DutyDone(duty=Duty.REVIEW, subject=account)]


def _report(it: Request, work: Work) -> Sequence[ev.Fact]:
    review_papers.print_report(
        work, it.accounts, checks(it.accounts), people=it.officers, number=it.number
    )
    return []
