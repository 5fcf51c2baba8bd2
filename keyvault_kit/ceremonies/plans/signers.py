"""Signers: add, replace or revoke, by two who are trusted (a lost key has a way back).

Whose key is lost or doubted does not vouch for what becomes of it. Where fewer than two others are
left, the ledger is founded again against its last paper (:mod:`refounding`).
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Signer
from keyvault_kit.custody.register import Register


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signature is to count from now on, or no more.

    Attributes:
        enrol: People who enrol a key of their own now, in the place of an older one if they have.
        revoke: People whose key counts no more.
        why: In a word; for replacing and revoking: `lost`, `stolen`, `broken`, `left`, `renewed`.
        signers: Two who are trusted, and sign it.
    """

    enrol: tuple[str, ...] = ()
    revoke: tuple[str, ...] = ()
    why: str = "renewed"
    signers: tuple[str, ...]
    number: int


def ceremony(request: Request) -> Ceremony:
    """The ceremony that changes who signs."""
    others = sorted(set(request.enrol) - set(request.signers))
    return Ceremony(
        id=f"signers-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(*request.signers, *others),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """An enrolment each, then the change that two sign."""
    it = msgspec.convert(request, Request)
    changed = ", ".join((*it.enrol, *(f"{person} no more" for person in it.revoke)))
    return (
        *(
            Step(
                id=f"enrol-{person}",
                activity=f"{person} enrols a signing credential on a key of their own",
                by=(person,),
                act=functools.partial(_enrol, it, person),
            )
            for person in it.enrol
        ),
        Step(
            id="enter",
            activity=f"Enter whose signatures count: {changed}",
            by=it.signers,
            act=functools.partial(_enter, it),
            signed=True,
            needs=tuple(f"signer-{person}" for person in it.enrol),
            restart=f"enrol-{it.enrol[0]}" if it.enrol else None,
        ),
    )


PLAN = Plan("signers", steps)


def _enrol(it: Request, person: str, work: Work) -> Sequence[ev.Fact]:
    """The credential is public; it is held until two have signed it, and made anew if lost."""
    held = (f"signer-{each}" for each in it.enrol)
    new = [work.hands.thing(name, Signer) for name in held if name in work.hands]
    known = (*work.register.signers.values(), *new)
    others = tuple(signer for signer in known if signer.person != person)
    signer = signing.enrol_signer(work, person, others=others)
    work.hands.take(f"signer-{person}", signer)
    return []


def _enter(it: Request, work: Work) -> Sequence[ev.Fact]:
    facts: list[ev.Fact] = []
    for person in it.enrol:
        signer = work.hands.thing(f"signer-{person}", Signer)
        if person in work.register.signers:
            facts.append(ev.SignerReplaced(signer=signer, why=it.why))
        else:
            facts.append(ev.SignerAdded(signer=signer))
    facts += [ev.SignerRevoked(person=person, why=it.why) for person in it.revoke]
    return facts
