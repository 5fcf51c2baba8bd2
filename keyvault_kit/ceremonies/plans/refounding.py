"""Found a ledger again, where fewer than two signers are left: against its last paper.

The ledger goes on, and its register id stays. What vouches for it from here on are new founding
sheets, signed in ink; what vouches for what was before is the last checkpoint on paper.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, handling, signing
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Signer
from keyvault_kit.custody.register import Register
from keyvault_kit.ledger.checkpoint import Checkpoint


class Request(msgspec.Struct, frozen=True):
    """Who founds it again, and against which paper: its number of entries and its root, hex."""

    founders: tuple[str, ...]
    size: int
    root: str


def ceremony(register: Register, founders: tuple[str, ...], paper: Checkpoint) -> Ceremony:
    """The founding anew.

    Args:
        founders: Two or more people of the register; each enrols a key.
        paper: The last checkpoint on paper, which the ledger must extend.
    """
    root = paper.root.hex()
    return Ceremony(
        id=handling.unfinished(register, PLAN.name, "refounding-"),
        plan=PLAN,
        request={"founders": founders, "size": paper.size, "root": root},
        people=founders,
    )


def _steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    it = msgspec.convert(request, Request)
    by = it.founders
    return (
        Step(
            id="found",
            activity=f"{' and '.join(by)} enrol keys and found the ledger again, against the paper"
            f" of {it.size} entries",
            by=by,
            act=functools.partial(_found, it),
        ),
        Step(
            id="print",
            activity="Print new founding sheets, compare the fingerprints and sign them in ink",
            by=by,
            act=_print,
        ),
    )


PLAN = Plan("refounding", _steps, clock=False)


def _found(it: Request, work: Work) -> Sequence[ev.Fact]:
    what = (
        f"All {len(work.register.signers)} signers count no more, and the founding sheets of before"
        f" vouch no more; the ledger goes on from the paper of {it.size} entries"
    )
    handling.demand_words(work.interaction, Topic.CHANGE, what, "found again")
    signers: list[Signer] = []
    for person in work.step.by:
        signers.append(signing.enrol_signer(work, person, others=tuple(signers)))
    nonce = work.station.random(32).hex()
    return [ev.LedgerRefounded(founders=tuple(signers), nonce=nonce, size=it.size, root=it.root)]


def _print(work: Work) -> Sequence[ev.Fact]:
    documents.print_founding(work, {site.id: site.paper for site in work.register.sites.values()})
    return []
