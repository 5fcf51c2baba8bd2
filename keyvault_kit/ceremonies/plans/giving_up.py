"""Give up a ceremony that nobody will end: destroy its sheets, void its sets, count, close it.

People leave, and keys are lost: a ceremony that only they could end must not stand in the way of
the next one. What is in force, or may be, is never given up by this.
"""

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import handling, secret_sheets
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import CeremonyRecord
from keyvault_kit.custody.changes.ceremonies import check_pages
from keyvault_kit.custody.model import SecretSet, SetState
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError

PLANS: Final = ("seal", "rotate", "identity", "card")
"""Plans whose ceremonies can be given up: all that they make is paper."""

WHY: Final = "the ceremony was given up"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which ceremony, and the two who give it up: not those who began it, perhaps."""

    ceremony: str
    officers: tuple[str, str]


def ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony that gives another one up.

    Raises:
        RefusedError: That is closed, or of another plan, or its secret is in force.
    """
    check(register, request.ceremony)
    return Ceremony(
        id=f"give-up-{request.ceremony}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def check(register: Register, given_up: str) -> None:
    """Check that a ceremony can be given up.

    Raises:
        RefusedError: It is closed, of another plan, or its secret is in force.
    """
    its = known(register.ceremonies, given_up, "ceremony")
    if its.closed:
        raise RefusedError(f"ceremony {its.id} is closed already")
    if its.plan not in PLANS:
        raise RefusedError(
            f"a ceremony of the plan {its.plan} is not given up", mend="Run it again; it goes on."
        )
    for made in _sets(register, its):
        if made.state is SetState.IN_FORCE:
            raise RefusedError(
                f"the {made.purpose} of set {made.id} is in force",
                mend="End the ceremony: its envelopes have yet to be deposited.",
            )


def _steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    it = msgspec.convert(request, Request)
    return (
        Step(
            id="destroy",
            activity=f"Destroy what ceremony {it.ceremony} has printed, and void its sets",
            by=it.officers,
            act=functools.partial(_destroy, it),
            signed=True,
        ),
        Step(
            id="close",
            activity=f"Count the pages of ceremony {it.ceremony}, and close it",
            by=it.officers,
            act=functools.partial(_close, it),
        ),
    )


PLAN = Plan("give-up", _steps)


def _sets(register: Register, its: CeremonyRecord) -> list[SecretSet]:
    return [made for made in register.sets.values() if made.ceremony == its.id]


def _destroy(it: Request, work: Work) -> Sequence[ev.Fact]:
    register = work.register
    check(register, it.ceremony)
    facts: list[ev.Fact] = []
    for made in _sets(register, register.ceremonies[it.ceremony]):
        if made.state is SetState.MADE:
            _demand_unused(made, work)
            live = secret_sheets.shred_set(work, made)
            facts += [ev.EnvelopeSpoiled(envelope=e.id, why=WHY) for e in live]
            facts.append(ev.SetVoided(set=made.id, why=WHY))
    return facts


def _demand_unused(made: SecretSet, work: Work) -> None:
    """Check that the tenant has not a password of which both halves were shown.

    Raises:
        RefusedError: It has.
    """
    shown = {it.half for it in work.register.exposures if it.set == made.id and it.half}
    question = f"Did the tenant take the password of set {made.id} for {made.subject}?"
    if shown == {1, 2} and handling.ask_outcome(work, question, made.subject):
        raise RefusedError(
            f"the tenant has the password of set {made.id}",
            mend="End the ceremony that made it, or change the password there first.",
        )


def _close(it: Request, work: Work) -> Sequence[ev.Fact]:
    closed = ev.CeremonyClosed(ceremony=it.ceremony)
    if not work.register.ceremonies[it.ceremony].printed:
        return [closed]
    counted = handling.pages_of(work, it.ceremony)
    check_pages(work.register, counted)
    return [counted, closed]
