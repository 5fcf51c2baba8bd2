"""Take the station's own things out of their bags: each bag is inspected and compared first.

It never waits: the machine is needed before anything can be entered on it.
"""

import functools
from collections.abc import Sequence
from datetime import datetime

import msgspec

from keyvault_kit.ceremonies import carrying, handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.media import bag_with
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.walking import BAG_MISSING
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken out.

    Attributes:
        why: In a word.
        number: Of the ceremony, among those that took something out.
    """

    items: tuple[str, ...]
    officers: tuple[str, str]
    why: str = "work"
    number: int = 1


def check(register: Register, request: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: An item is named twice, or none is.
        RefusedError: There is no such item, or it lies in no bag.
    """
    if not request.items or len(set(request.items)) < len(request.items):
        raise InputError("name each item that is taken out, once")
    for item in request.items:
        known(register.items, item, "item")
        if not bag_with(register, item):
            raise RefusedError(f"item {item} lies in no bag", mend="Look at 'station list'.")


def ceremony(request: Request, occurred: datetime | None = None) -> Ceremony:
    """The ceremony that takes these items out.

    Args:
        occurred: When that was, aware, where it is entered afterwards.
    """
    return Ceremony(
        id=f"take-out-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
        occurred=occurred,
    )


def next_ceremony(
    register: Register, request: Request, occurred: datetime | None = None
) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number), occurred)


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: a bag each."""
    it = msgspec.convert(request, Request)
    return tuple(
        Step(
            id=f"open-{item}",
            activity=f"Inspect the bag of {item}, compare its number, and open it ({it.why})",
            by=it.officers,
            act=functools.partial(_open, item, bag_with(register, item), it.why),
        )
        for item in it.items
    )


PLAN = Plan("take-out", steps, clock=False)


def _open(item: str, envelope: str, why: str, work: Work) -> Sequence[ev.Fact]:
    found = carrying.compare(work, envelope, _where(work.register, envelope))
    if found:
        text = (
            f"WARNING: {found[0].what}. Somebody may have had {item}: make no secret with it. Take"
            f" another, and retire it ('station retire {item}'), or have it looked into."
        )
        work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=item))
    if any(it.rule == BAG_MISSING for it in found):
        return found
    return [ev.EnvelopeOpened(envelope=envelope, why=why, intact=not found), *found]


def _where(register: Register, envelope: str) -> str:
    safe = register.envelopes[envelope].safe
    return f"in safe {safe}" if safe else "at the station"
