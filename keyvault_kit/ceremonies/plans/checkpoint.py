"""Sign a checkpoint: people's own keys sign size and root of the ledger, and it is printed.

What the ledger was then can no longer be changed without the paper giving it away.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, signing
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize, Signature
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs what, and the paper that it is printed on.

    Attributes:
        size: How many entries the checkpoint covers: those at hand when it is asked for, or fewer
            where more people sign an earlier one.
        witness: Reads the time beside a signer who is alone; empty where several sign.
    """

    signers: tuple[str, ...]
    paper: PaperSize
    number: int
    size: int
    witness: str = ""


def ceremony(request: Request) -> Ceremony:
    """The signing of one checkpoint."""
    return Ceremony(
        id=f"checkpoint-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(*request.signers, *([request.witness] if request.witness else [])),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """A signature each over the ledger as it was before this ceremony, then the sheet."""
    it = msgspec.convert(request, Request)
    return (
        *(
            Step(
                id=f"sign-{person}",
                activity=f"{person} signs the checkpoint of {it.size} entries with a personal key",
                by=(person,),
                act=functools.partial(_sign, it),
            )
            for person in it.signers
        ),
        Step(
            id="print",
            activity="Print the checkpoint with its signers and its words, and keep the signatures",
            by=it.signers,
            act=functools.partial(_print, it),
            needs=tuple(_in_hand(person) for person in it.signers),
            restart=f"sign-{it.signers[0]}",
        ),
    )


PLAN = Plan("checkpoint", steps)


def _in_hand(person: str) -> str:
    return f"signature-{person}"


def _sign(it: Request, work: Work) -> Sequence[ev.Fact]:
    """A signature is in hand until the ledger says that it was made: they are kept together."""
    person = work.step.by[0]
    for each in it.signers:
        known(work.register.signers, each, "signer")
    ledger = work.station.book.ledger
    if person in ledger.signatures(it.size):
        raise RefusedError(
            f"{person} has signed the checkpoint of {it.size} entries already",
            mend="Leave them out, or sign a newer checkpoint.",
        )
    signature = Signature(person=person, armored=signing.sign_checkpoint(work, person, it.size))
    message = ledger.checkpoint(it.size).text()
    acts.check([signature], message, CHECKPOINT_NAMESPACE, work.register.signers)
    work.hands.take(_in_hand(person), signature)
    return []


def _print(it: Request, work: Work) -> Sequence[ev.Fact]:
    ledger, register = work.station.book.ledger, work.register
    checkpoint = ledger.checkpoint(it.size)
    before = [person for person in ledger.signatures(it.size) if person in register.signers]
    everybody = tuple(sorted({*before, *it.signers}))
    documents.print_checkpoint(work, checkpoint, everybody, paper=it.paper, number=it.number)
    for person in it.signers:
        armored = work.hands.thing(_in_hand(person), Signature).armored
        work.checkpoint_signatures.append((it.size, person, armored))
    return [ev.CheckpointSigned(size=it.size, root=checkpoint.root.hex(), signers=it.signers)]
