"""Verify a ledger: recompute everything, and hold it against signatures and papers.

A ledger file alone proves only that it agrees with itself. What nobody can change unseen is what a
signed checkpoint, or a checkpoint on paper, covers; the rest is counted and said.
"""

from collections.abc import Sequence

import msgspec

from keyvault_kit.custody.commitments import commit_bytes
from keyvault_kit.custody.entries import Entry, decode
from keyvault_kit.custody.fold import fold
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import sshsig
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE, Checkpoint
from keyvault_kit.ledger.store import Ledger


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified.

    Attributes:
        root: Root hash of all entries, 32 bytes.
        signed: Size of each signed checkpoint -> ids of its signers.
        papers: Sizes of the given checkpoints, each of which the ledger extends.
        uncovered: Entries after the last signed or given checkpoint.
    """

    register_id: str
    size: int
    root: bytes
    signed: dict[int, tuple[str, ...]]
    papers: tuple[int, ...]
    uncovered: int


def verify(ledger: Ledger, *, papers: Sequence[Checkpoint] = ()) -> Report:
    """Verify a whole ledger.

    Args:
        papers: Checkpoints from outside of it, which it must extend.

    Raises:
        LedgerError: The first thing that is wrong: an entry, a signature, or that the ledger is
            not the one, or no longer the one, on a paper.
    """
    ledger.check()
    register = fold(_entries(ledger))
    _verify_details(ledger, register)
    signed = {size: verify_signers(ledger, register, size) for size in ledger.signed_sizes()}
    for size, people in register.checkpoints.items():
        if not set(people) <= set(signed.get(size, ())):
            raise LedgerError(
                f"the checkpoint of {size} entries lacks a signature that the ledger says it has",
                mend="Somebody removed it: look for the copy on paper.",
            )
    for paper in papers:
        _verify_extends(ledger, paper)
    sizes = tuple(paper.size for paper in papers)
    return Report(
        register_id=ledger.register_id,
        size=ledger.size,
        root=ledger.root(),
        signed=signed,
        papers=sizes,
        uncovered=ledger.size - max([0, *signed, *sizes]),
    )


def _entries(ledger: Ledger) -> list[Entry]:
    entries = []
    for seq, body in enumerate(ledger.bodies()):
        try:
            entries.append(decode(body))
        except LedgerError as error:
            raise LedgerError(f"entry {seq} is damaged: {error.what}") from error
    return entries


def _verify_details(ledger: Ledger, register: Register) -> None:
    """Check each name that was not erased against its commitment in the log."""
    for person in register.people.values():
        detail = ledger.detail(person.details)
        if detail and commit_bytes(detail.salt, detail.row) != person.details:
            raise LedgerError(
                f"the name of {person.id} was changed: it is not the one that was entered",
                mend="Restore the newest backup that verifies, or erase the name.",
            )


def verify_signers(ledger: Ledger, register: Register, size: int) -> tuple[str, ...]:
    """Verify every signature on the checkpoint of that size.

    Returns:
        Ids of the signers.

    Raises:
        LedgerError: A signature does not hold; names whose.
    """
    message = ledger.checkpoint(size).text()
    allowed = {
        signer.person: (sshsig.PublicKey.parse(signer.public_key),)
        for signer in register.signers.values()
    }
    for person, armored in ledger.signatures(size).items():
        try:
            signer = sshsig.verify(armored, message, CHECKPOINT_NAMESPACE, allowed)
        except LedgerError as error:
            raise LedgerError(
                f"the signature of {person} on {size} entries is wrong: {error.what}",
                mend="The entries up to there were changed, or the signature was.",
            ) from error
        if signer != person:
            raise LedgerError(f"the signature of {person} on {size} entries is {signer}'s")
    return tuple(ledger.signatures(size))


def _verify_extends(ledger: Ledger, paper: Checkpoint) -> None:
    mend = "Do not use this ledger: find the copy that the paper belongs to."
    if paper.register != ledger.register_id:
        raise LedgerError(
            f"the paper is of register {paper.register[:8]}, this is {ledger.register_id[:8]}",
            mend=mend,
        )
    if paper.size > ledger.size:
        raise LedgerError(
            f"the paper covers {paper.size} entries and the ledger has {ledger.size}: its end is"
            " missing, or it is an older copy",
            mend=mend,
        )
    if ledger.checkpoint(paper.size).root != paper.root:
        raise LedgerError(
            f"the first {paper.size} entries are not those that the paper was made from", mend=mend
        )
