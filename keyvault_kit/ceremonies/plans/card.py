"""The card of a site: printed anew, sealed and deposited; the one before it is destroyed.

It says what lies where, so it is sealed as secrets are, and every move of an envelope dates it.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, handling, secret_sheets, site_cards
from keyvault_kit.ceremonies.paperwork import paper_at, sheet_name, today
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope, EnvelopeState
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card is made.

    Attributes:
        safe: Where it goes; it stands at that site.
        number: Of the ceremony, among those that made cards.
    """

    site: str
    safe: str
    officers: tuple[str, str]
    number: int = 1


def check(register: Register, request: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        RefusedError: There is no such safe, or it does not stand at the site.
    """
    if known(register.safes, request.safe, "safe").site != request.site:
        raise RefusedError(f"safe {request.safe} does not stand at site {request.site}")


def ceremony(request: Request) -> Ceremony:
    """The ceremony that makes the card of a site."""
    return Ceremony(
        id=f"card-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def _steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    it = msgspec.convert(request, Request)
    doing = [
        ("pack", f"Print the card of {it.site} and put it into an envelope", _pack, False),
        ("seal", "Seal it in a bag", _seal, True),
        ("deposit", f"Deposit it in safe {it.safe}", _deposit, False),
    ]
    return (
        *(
            Step(
                id=name,
                activity=activity,
                by=it.officers,
                act=functools.partial(act, it),
                signed=signed,
            )
            for name, activity, act, signed in doing
        ),
        *(_destroying(it, old) for old in live_cards(register, it.site)),
    )


PLAN = Plan("card", _steps)


def live_cards(register: Register, site: str) -> tuple[Envelope, ...]:
    """The envelopes with cards of the site that are not destroyed, oldest first.

    With them those of other sites that lie there: a safe brought its card when it moved.
    """
    gone = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
    live = (it for it in register.envelopes.values() if it.state not in gone)
    cards = (it for it in live if it.holds.startswith("card:"))
    return tuple(it for it in cards if it.holds == f"card:{site}" or _site(register, it) == site)


def _site(register: Register, it: Envelope) -> str:
    return register.safes[it.safe].site if it.safe else ""


def _destroying(it: Request, old: Envelope) -> Step:
    return Step(
        id=f"destroy-{old.id}",
        activity=f"Take out the card before it, envelope {old.id}, and destroy it",
        by=it.officers,
        act=functools.partial(_destroy, old.id),
        signed=True,
    )


def _pack(it: Request, work: Work) -> Sequence[ev.Fact]:
    envelope = handling.next_id(f"card-{it.site}-", work.register.envelopes)
    pdf = site_cards.card_of(
        work.station.book,
        it.site,
        paper_at(work.register, it.safe),
        day=today(work),
        envelope=envelope,
    )
    work.station.paper.put(sheet_name("card", envelope), pdf)
    return [ev.CardPacked(envelope=envelope, holds=f"card:{it.site}", site=it.site)]


def _packed(register: Register, it: Request) -> str:
    """The newest card of the site: the one that this ceremony makes."""
    return register.envelopes_holding(f"card:{it.site}")[-1].id


def _seal(it: Request, work: Work) -> Sequence[ev.Fact]:
    envelope = _packed(work.register, it)
    documents.print_label(work, envelope, f"card:{it.site}", it.safe)
    sealed = handling.seal(work, envelope)
    work.station.paper.let_go(sheet_name("card", envelope))
    return [sealed]


def _deposit(it: Request, work: Work) -> Sequence[ev.Fact]:
    return [handling.deposit(work, _packed(work.register, it), it.safe)]


def _destroy(old: str, work: Work) -> Sequence[ev.Fact]:
    its = work.register.envelopes[old]
    if its.state in (EnvelopeState.PRINTED, EnvelopeState.PROVEN):  # it never got into a bag
        secret_sheets.shred(work, "card", old, its.bag)
        return [ev.EnvelopeSpoiled(envelope=old, why="a new card is there")]
    opened = handling.open_envelope(work, old, "a new card is there")
    secret_sheets.shred(work, "card", old, its.bag)
    return [opened, ev.EnvelopeDestroyed(envelope=old, why="replaced")]
