"""Sign a checkpoint: people's own keys sign size and root of the ledger, and it is printed.

What the ledger was then can no longer be changed without the paper giving it away.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import paperwork, signing
from keyvault_kit.ceremonies.engine import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.custody.register import Register
from keyvault_kit.ledger.verify import verify_signers


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, and the paper that it is printed on."""

    signers: tuple[str, ...]
    paper: PaperSize
    number: int


def ceremony(request: Request) -> Ceremony:
    """The signing of one checkpoint."""
    return Ceremony(
        id=f"checkpoint-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.signers)),
    )


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """A signature each over the ledger as it was before this ceremony, then the sheet."""
    it = msgspec.convert(request, Request)
    size = register.size
    return (
        *(
            Step(
                id=f"sign-{person}",
                activity=f"{person} signs the checkpoint of {size} entries with a personal key",
                by=(person,),
                act=functools.partial(_sign, size),
            )
            for person in it.signers
        ),
        Step(
            id="print",
            activity="Print the checkpoint with its signers and its words",
            by=it.signers,
            act=functools.partial(_print, it, size),
        ),
    )


PLAN = Plan("checkpoint", steps)


def _sign(size: int, work: Work) -> Sequence[ev.Fact]:
    person = work.step.by[0]
    ledger = work.station.book.ledger
    if person not in ledger.signatures(size):
        ledger.add_signature(size, person, signing.sign_checkpoint(work, person, size))
    verify_signers(ledger, work.register, size)
    return []


def _print(it: Request, size: int, work: Work) -> Sequence[ev.Fact]:
    checkpoint = work.station.book.ledger.checkpoint(size)
    paperwork.print_checkpoint(work, checkpoint, it.signers, paper=it.paper, number=it.number)
    signed = ev.CheckpointSigned(size=size, root=checkpoint.root.hex(), signers=it.signers)
    return [signed]
