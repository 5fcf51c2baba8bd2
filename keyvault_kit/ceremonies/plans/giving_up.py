"""Give up a ceremony that nobody will end: destroy its sheets, void its sets, count, close it.

People leave, and keys are lost: a ceremony that only they could end must not stand in the way of
the next one. A secret that is in force stays so: what its ceremony left undone is a finding. What
a tenant or a key may have is not destroyed.
"""

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import handling, key_pin, secret_sheets
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import CeremonyRecord
from keyvault_kit.custody.changes.ceremonies import check_pages
from keyvault_kit.custody.model import EnvelopeState, Purpose, SecretSet, SetState
from keyvault_kit.custody.pending import has_evidence
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError

PLANS: Final = ("seal", "rotate", "pin", "enrol", "identity", "card")
"""Plans whose ceremonies can be given up: what they make opens nothing until it is in force."""

_HOW_TO_END: Final = {
    "enrol": "End the ceremony. Where nobody can, reset the key ('keys reset'), and enrol it anew.",
    "identity": "End the ceremony: its envelope has yet to be deposited.",
}
"""Plan -> what is done where its secret is in force: of these nobody else goes on from there."""

WHY: Final = "the ceremony was given up"

UNFINISHED: Final = "left-unfinished"
"""The rule of the finding about what a ceremony left undone whose secret is in force."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which ceremony, and the two who give it up: not those who began it, perhaps."""

    ceremony: str
    officers: tuple[str, str]


def ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony that gives another one up.

    Raises:
        RefusedError: As `check`.
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
        RefusedError: It is closed, or of another plan; or its secret is in force, and only those
            who began can end it.
    """
    its = known(register.ceremonies, given_up, "ceremony")
    if its.closed:
        raise RefusedError(f"ceremony {its.id} is closed already")
    if its.plan not in PLANS:
        raise RefusedError(
            f"a ceremony of the plan {its.plan} is not given up", mend="Run it again; it goes on."
        )
    for made in _sets(register, its):
        if made.state is SetState.IN_FORCE and its.plan in _HOW_TO_END:
            raise RefusedError(
                f"the {made.purpose} of set {made.id} is in force", mend=_HOW_TO_END[its.plan]
            )


def _steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    it = msgspec.convert(request, Request)
    return (
        Step(
            id="destroy",
            activity=f"Destroy what ceremony {it.ceremony} made that never came into force; note"
            " what it left undone",
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
        if made.state is SetState.IN_FORCE:
            facts += _undone(register, made)
        if made.state is SetState.MADE:
            _demand_unused(made, work)
            _demand_not_on_key(made, work)
            live = secret_sheets.shred_set(work, made)
            facts += [ev.EnvelopeSpoiled(envelope=e.id, why=WHY) for e in live]
            facts.append(ev.SetVoided(set=made.id, why=WHY))
    return facts


def _undone(register: Register, made: SecretSet) -> list[ev.Fact]:
    """The findings about what a secret in force lacks; nothing of it is given up."""
    its = made.subject
    bag = register.bag_of(its) if made.purpose is Purpose.PIN else None
    things = [*register.live_envelopes(made.id), *([bag] if bag else [])]
    deposit = f"Deposit it, and correct the register ('envelopes correct'); or 'rotate {its}'."
    lacking = [
        (f"envelope {it.id} is {it.state}, and lies in no safe", deposit)
        for it in things
        if it.state is not EnvelopeState.DEPOSITED
    ]
    if made.purpose is Purpose.PASSWORD and not has_evidence(made):
        what = f"no evidence says that the tenant took the password of set {made.id}"
        lacking.append((what, f"'rotate {its}'; or sign in with it, two of you: 'open'."))
    return [
        ev.FindingMade(rule=UNFINISHED, subject=its, what=what, mend=mend) for what, mend in lacking
    ]


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


def _demand_not_on_key(made: SecretSet, work: Work) -> None:
    """Check that a key has not the PIN of a set, as the ledger tells it: people cannot know.

    A key that is out of service needs no PIN any more.

    Raises:
        RefusedError: It may have it.
    """
    key = work.register.keys.get(made.subject)
    if made.purpose is not Purpose.PIN or key is None or key.retired:
        return
    if key_pin.may_have(work.station.book, made):
        raise RefusedError(
            f"key {key.id} may have the PIN of set {made.id}, which lies on its sheet alone",
            mend="End the ceremony that made it: it tries that PIN. Where nobody can, reset the key"
            " ('keys reset'), or retire it as lost ('keys retire'); then this can be given up.",
        )


def _close(it: Request, work: Work) -> Sequence[ev.Fact]:
    closed = ev.CeremonyClosed(ceremony=it.ceremony)
    if not work.register.ceremonies[it.ceremony].printed:
        return [closed]
    counted = handling.pages_of(work, it.ceremony)
    check_pages(work.register, counted)
    return [counted, closed]
