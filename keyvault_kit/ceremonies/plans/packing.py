"""Pack the station's own things: each into a bag of its own, and into a safe when work is over.

Whoever gets at the machine, or at what it starts from, gets at every secret that is made on it.
"""

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import documents, handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.media import bag_with
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.items import item_in_service
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import Envelope
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, RefusedError

LAST: Final = tuple(it for it in ItemKind if it is not ItemKind.TRANSFER_MEDIUM)
"""What is needed until the ceremony is closed and its record printed, and so goes in after it."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is packed.

    Attributes:
        safe: Where all of it goes.
        number: Of the ceremony, among those that packed.
    """

    items: tuple[str, ...]
    safe: str
    officers: tuple[str, str]
    number: int = 1


def check(register: Register, request: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: An item is named twice, or none is.
        RefusedError: There is no such safe, or no such item in service; it lies in a bag already,
            is logged in, or is what the ledger lies on.
    """
    if not request.items or len(set(request.items)) < len(request.items):
        raise InputError("name each item that is packed, once")
    known(register.safes, request.safe, "safe")
    for item in request.items:
        if item_in_service(register, item).kind is ItemKind.VOLUME:
            raise RefusedError(
                f"the ledger lies on {item}, and is written to until the end",
                mend="Lock the volume, and put it away with the workstation.",
            )
        if item_in_service(register, item).logged_in:
            raise RefusedError(f"item {item} is logged in", mend="Log it out: 'station media out'.")
        if packed := bag_with(register, item):
            raise RefusedError(f"item {item} lies in envelope {packed} already")


def ceremony(request: Request) -> Ceremony:
    """The ceremony that packs these items."""
    return Ceremony(
        id=f"pack-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: a label each, the bags that both sign for, and a deposit each."""
    it = msgspec.convert(request, Request)
    items = sorted(it.items, key=lambda item: _goes_last(register, item))
    return (
        *(
            Step(
                id=f"pack-{item}",
                activity=f"Print the label of {item}, and lay a new bag ready for it",
                by=it.officers,
                act=functools.partial(_pack, it, item),
            )
            for item in items
        ),
        Step(
            id="seal",
            activity=f"Put {listed(items)}, each into its own bag; both read the numbers, sign",
            by=it.officers,
            act=functools.partial(_seal, tuple(items)),
            acts=(ev.EnvelopeSealed, ev.EnvelopeDeposited),
            signed=True,
        ),
        *(
            Step(
                id=f"deposit-{item}",
                activity=f"Deposit {item} in safe {it.safe}",
                by=it.officers,
                act=functools.partial(_deposit, it, item),
            )
            for item in items
        ),
    )


PLAN = Plan("pack", steps)


def _goes_last(register: Register, item: str) -> bool:
    return item in register.items and register.items[item].kind in LAST


def _packed(register: Register, item: str) -> Envelope:
    return register.envelopes_holding(f"item:{item}")[-1]


def _pack(it: Request, item: str, work: Work) -> Sequence[ev.Fact]:
    envelope, holds = handling.next_id(f"item-{item}-", work.register.envelopes), f"item:{item}"
    documents.print_label(work, envelope, holds, it.safe)
    return [ev.ItemPacked(envelope=envelope, holds=holds, item=item)]


def _seal(items: tuple[str, ...], work: Work) -> Sequence[ev.Fact]:
    last = [item for item in items if _goes_last(work.register, item)]
    if last:
        text = (
            f"{listed(last)} can go into a bag only when this ceremony is closed and its record is"
            " printed: read the numbers of the bags that lie ready."
        )
        work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=last[0]))
    sealed = [handling.seal(work, _packed(work.register, item).id) for item in items]
    if len({it.bag for it in sealed}) < len(sealed):
        raise RefusedError("two items would lie in one bag", mend="Take a bag for each.")
    return sealed


def _deposit(it: Request, item: str, work: Work) -> Sequence[ev.Fact]:
    """What the work needs until its end is deposited on the word of both."""
    packed = _packed(work.register, item)
    if not _goes_last(work.register, item):
        return [handling.deposit(work, packed.id, it.safe)]
    text = (
        f"When this ceremony is closed, {item} goes into bag {packed.bag} and safe {it.safe}"
        " before either of you leaves: do you both answer for that?"
    )
    prompt = Prompt(topic=Topic.DEPOSIT, text=text, subject=packed.id)
    if not work.interaction.confirm(prompt):
        raise RefusedError(f"item {item} does not go into safe {it.safe}")
    return [ev.EnvelopeDeposited(envelope=packed.id, safe=it.safe)]
