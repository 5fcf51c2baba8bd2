"""Sheets in force that were opened go back into new bags and their safes, as they were (S32).

Each is read back first and compared with its proof: what is not the sheet that was sealed is a
finding, and is not sealed as if it were.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

import msgspec

from keyvault_kit.ceremonies import documents, handling, reading_back
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope, EnvelopeState, Purpose, SetState
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, MismatchError, RefusedError
from keyvault_kit.secret import Secret

UNUSABLE: Final = "sheet-unusable"
"""The rule of the finding that a sheet is not the one that was sealed."""
UNREAD: Final = "sheet-unread"
"""The rule of the finding that a sheet was sealed again without being read back."""

_AGAIN: Final = "Scan it again, or type it."


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed again, and by whom.

    Attributes:
        people: Two officers, who read the sheets back, read the new bags, and sign.
        number: Of the ceremony, among those that seal again.
    """

    envelopes: tuple[str, ...]
    people: tuple[str, str]
    number: int = 1


def opened(register: Register) -> tuple[str, ...]:
    """All envelopes with a sheet in force that were opened, and lie in no bag now."""
    return tuple(
        it.id
        for it in register.envelopes.values()
        if it.state is EnvelopeState.OPENED
        and it.set
        and register.sets[it.set].state is SetState.IN_FORCE
    )


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        RefusedError: There is nothing to seal again; or an envelope is not in the register, holds
            no sheet in force, was not opened, or lay in no safe before.
    """
    if not it.envelopes:
        raise RefusedError("no sheet in force is out of its bag")
    for envelope in it.envelopes:
        _check(register, known(register.envelopes, envelope, "envelope"))


def _check(register: Register, it: Envelope) -> None:
    its = register.sets.get(it.set or "")
    if its is None or its.state is not SetState.IN_FORCE:
        raise RefusedError(
            f"envelope {it.id} holds no sheet of a secret in force: it is not sealed again",
            mend="Destroy a dead sheet ('destroy'); a key is packed anew in an 'audit'.",
        )
    if it.state is not EnvelopeState.OPENED:
        raise RefusedError(f"envelope {it.id} is {it.state}: it was not opened")
    if not it.safe:
        raise RefusedError(
            f"envelope {it.id} never lay in a safe, and it is not known where it belongs",
            mend="Change its secret: 'rotate'.",
        )


def ceremony(request: Request) -> Ceremony:
    """The ceremony that seals these sheets again."""
    return Ceremony(
        id=f"reseal-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.people)),
    )


def begun(register: Register) -> Request | None:
    """The request of the newest such ceremony, if it was not ended; None without one."""
    mine = [it for it in register.ceremonies.values() if it.plan == PLAN.name]
    return msgspec.convert(mine[-1].request, Request) if mine and not mine[-1].closed else None


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one.

    Raises:
        RefusedError: As `check`, where it is a new one.
    """
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    found = ceremony(msgspec.structs.replace(request, number=number))
    if found.id not in register.ceremonies:
        check(register, request)
    return found


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """Three for each sheet: read it back, bag it, deposit it."""
    it = msgspec.convert(request, Request)
    return tuple(
        step for each in it.envelopes for step in _sheet_steps(register.envelopes[each], it.people)
    )


PLAN = Plan("reseal", steps)


def _sheet_steps(its: Envelope, by: tuple[str, str]) -> Iterator[Step]:
    doing = (
        ("verify", f"Read the sheet of envelope {its.id} back and compare it", _verify),
        ("bag", f"Seal the sheet of envelope {its.id} in a new bag", _bag),
        ("deposit", f"Deposit envelope {its.id} in safe {its.safe} again", _deposit),
    )
    for verb, activity, act in doing:
        yield Step(
            id=f"{verb}-{its.id}",
            activity=activity,
            by=by,
            act=partial(act, its.id, its.safe or ""),
            acts=(ev.EnvelopeResealed,) if verb == "bag" else (),
            signed=verb == "bag",
            secret=verb == "verify",
        )


def _verify(envelope: str, _: str, work: Work) -> Sequence[ev.Fact]:
    """That it is the sheet, or the finding that it is not, or was not read."""
    its = work.register.envelopes[envelope]
    work.lay_open(its.set or "", its.number or 1)
    while True:
        try:
            with _read(its, work):
                return [ev.ShareVerified(envelope=envelope)]
        except (InputError, MismatchError) as error:
            text = f"{error.sentences} Try again?"
            prompt = Prompt(topic=Topic.RETRY, text=text, subject=envelope)
            if not work.interaction.confirm(prompt):
                return [_not_verified(envelope, error)]


def _read(its: Envelope, work: Work) -> AbstractContextManager[Secret]:
    its_set = work.register.sets[its.set or ""]
    if its_set.purpose is Purpose.PASSWORD:
        return reading_back.content(work, its_set.form, its, _AGAIN)
    return reading_back.salted(work, str(its_set.purpose), its, _AGAIN)


def _not_verified(envelope: str, error: InputError | MismatchError) -> ev.FindingMade:
    if isinstance(error, MismatchError):
        return ev.FindingMade(
            rule=UNUSABLE,
            subject=envelope,
            what=error.what,
            mend="Find out who had access, and change its secret: 'rotate'.",
        )
    return ev.FindingMade(
        rule=UNREAD,
        subject=envelope,
        what=f"the sheet of envelope {envelope} is sealed again, and was not read back: it could"
        " not be read",
        mend="Change its secret ('rotate'), or verify it in a drill.",
    )


def _is_unusable(work: Work, envelope: str) -> bool:
    started = work.register.ceremonies[work.ceremony].started
    return any(
        (it.rule, it.subject) == (UNUSABLE, envelope) and it.seq > started
        for it in work.register.findings
    )


def _bag(envelope: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    if _is_unusable(work, envelope):
        return []
    documents.print_label(work, envelope, work.register.envelopes[envelope].holds, safe)
    bag = handling.seal(work, envelope).bag
    return [ev.EnvelopeResealed(envelope=envelope, bag=bag)]


def _deposit(envelope: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    return [] if _is_unusable(work, envelope) else [handling.deposit(work, envelope, safe)]
