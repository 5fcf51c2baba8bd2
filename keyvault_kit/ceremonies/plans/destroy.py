"""Destroy sheets that open nothing any more: compared, shredded before two, and certified (S32)."""

import msgspec

from keyvault_kit.ceremonies import destroying, handling
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is destroyed, and by whom.

    Attributes:
        envelopes: Their ids, in the order in which they are fetched.
        people: Two, who see it and sign.
        number: Of the ceremony, among those that destroy.
    """

    envelopes: tuple[str, ...]
    people: tuple[str, str]
    number: int = 1


def all_doomed(register: Register) -> tuple[str, ...]:
    """All envelopes whose sheets open nothing any more."""
    return tuple(it.id for it in destroying.doomed(register))


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        RefusedError: Nothing is to be destroyed; or one of them is not in the register, is gone, or
            opens something still.
    """
    if not it.envelopes:
        raise RefusedError("there is no sheet that opens nothing any more")
    for envelope in it.envelopes:
        destroying.check(register, envelope)


def ceremony(request: Request) -> Ceremony:
    """The ceremony that destroys these sheets."""
    return Ceremony(
        id=f"destroy-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.people)),
    )


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


def begun(register: Register) -> Request | None:
    """The request of the newest such ceremony, if it was not ended; None without one."""
    mine = [it for it in register.ceremonies.values() if it.plan == PLAN.name]
    return msgspec.convert(mine[-1].request, Request) if mine and not mine[-1].closed else None


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """A step for each sheet, and the certificate."""
    it = msgspec.convert(request, Request)
    return destroying.steps_for([register.envelopes[each] for each in it.envelopes], it.people)


PLAN = Plan("destroy", steps)
