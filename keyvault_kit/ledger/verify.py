"""Verify a ledger: recompute everything, and hold it against signatures and papers.

A ledger file alone proves only that it agrees with itself. What nobody can change unseen is what a
signed checkpoint, or a checkpoint on paper, covers; the rest is counted and said. Whose signatures
count is taken from the founding sheet, and from changes that two who counted have signed.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.commitments import commit_bytes
from keyvault_kit.custody.entries import Entry, decode
from keyvault_kit.custody.fold import walk
from keyvault_kit.custody.model import Signature, Signer
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.signing import SignerTerm
from keyvault_kit.custody.snapshot import decode_register
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE, Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash
from keyvault_kit.ledger.sshsig import PublicKey
from keyvault_kit.ledger.store import Detail, Ledger
from keyvault_kit.ledger.trail import Trail
from keyvault_kit.ledger.trust import Trust


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified.

    Attributes:
        root: Root hash of all entries, 32 bytes.
        trusted: Whether the signers are those of a founding sheet, and not only of the ledger.
        signers: Fingerprint of each key that counts now, by its person.
        acts: Entries that stand under signatures, all of which hold.
        signed: Size of each signed checkpoint -> ids of its signers who count.
        founded_again: The entry by which the ledger was founded again; 0 if it never was.
        papers: Sizes of the given checkpoints, each of which the ledger extends.
        uncovered: Entries after the last checkpoint that two signed, or that was given on paper.
        findings: Open findings in the register.
    """

    register_id: str
    size: int
    root: bytes
    trusted: bool
    signers: dict[str, str]
    acts: int
    signed: dict[int, tuple[str, ...]]
    founded_again: int
    papers: tuple[int, ...]
    uncovered: int
    findings: int


def verify(
    ledger: Ledger, *, papers: Sequence[Checkpoint] = (), trust: Trust | None = None
) -> Report:
    """Verify a whole ledger.

    Args:
        papers: Checkpoints from outside of it, which it must extend.
        trust: The founding sheet, by which its signers are judged.

    Raises:
        LedgerError: The first thing that is wrong: an entry, a signature, or that the ledger is
            not the one, or no longer the one, on a paper.
    """
    ledger.check()
    register, trail = Register(), Trail(ledger)
    snapshot = ledger.snapshot()
    for entry in walk(_entries(ledger), register):
        trail.follow(entry, register)
        if snapshot and snapshot[0] == register.size:
            _verify_snapshot(snapshot[1], register)
    trail.end()
    _verify_details(ledger, trail)
    if trust:
        _verify_trust(ledger, register, trust)
    signed = {size: verify_signers(ledger, register, size) for size in ledger.signed_sizes()}
    _verify_recorded(register, signed)
    for paper in papers:
        _verify_extends(ledger, paper)
    sizes = tuple(paper.size for paper in papers)
    covered = [size for size, people in signed.items() if len(people) >= TWO]
    return Report(
        register_id=ledger.register_id,
        size=ledger.size,
        root=ledger.root(),
        trusted=trust is not None,
        signers={
            person: PublicKey.parse(signer.public_key).fingerprint()
            for person, signer in sorted(register.signers.items())
        },
        acts=trail.acts,
        signed=signed,
        founded_again=register.trusted_from,
        papers=sizes,
        uncovered=ledger.size - max([0, *covered, *sizes]),
        findings=len(register.open_findings()),
    )


def _entries(ledger: Ledger) -> Iterator[Entry]:
    for seq, body in enumerate(ledger.bodies()):
        try:
            yield decode(body)
        except LedgerError as error:
            raise LedgerError(f"entry {seq} is damaged: {error.what}") from error


def _verify_snapshot(state: bytes, register: Register) -> None:
    """What a ledger opens with must be what its entries say; another program's is not opened."""
    try:
        kept = decode_register(state)
    except LedgerError:
        return
    if kept != register:
        raise LedgerError(
            f"the snapshot of the register at {register.size} entries was changed",
            mend="Do not act on what the kit shows of this file; restore the newest backup.",
        )


_PUT_BACK: Final = "Restore the newest backup that verifies."


def _verify_details(ledger: Ledger, trail: Trail) -> None:
    """Check each erasable row against its commitment; one that is gone must have been erased."""
    rows = {detail.commitment: detail for detail in ledger.details()}
    for commitment, detail in rows.items():
        seq = trail.commitments.get(commitment)
        if seq is None:
            raise LedgerError("there is a name or text that no entry speaks of", mend=_PUT_BACK)
        where = f"entry {seq}"
        if commitment in trail.erased:
            raise LedgerError(
                f"the name or text of {where} is there, and an entry says that it was erased",
                mend=_PUT_BACK,
            )
        if commit_bytes(detail.salt, detail.row) != commitment:
            raise LedgerError(
                f"the name or text of {where} was changed: it is not the one that was entered",
                mend="Restore the newest backup that verifies, or erase the row.",
            )
        if detail.keep_until != _kept_until(detail):
            raise LedgerError(
                f"the day until which the text of {where} is kept was changed",
                mend="Restore the newest backup that verifies.",
            )
    for commitment, seq in trail.commitments.items():
        if commitment not in rows and commitment not in trail.erased:
            raise LedgerError(
                f"the name or text of entry {seq} is gone, and no entry says that it was erased",
                mend="Restore the newest backup that verifies.",
            )


def _kept_until(detail: Detail) -> str | None:
    """The day that the row itself names: the one that its commitment covers."""
    return msgspec.json.decode(detail.row, type=dict[str, str]).get("keep_until")


def _verify_trust(ledger: Ledger, register: Register, trust: Trust) -> None:
    mend = "Do not use this ledger before the paper and the file are compared by two people."
    if trust.register != ledger.register_id:
        raise LedgerError(
            f"the founding sheet is of register {trust.register[:8]}, this is"
            f" {ledger.register_id[:8]}",
            mend=mend,
        )
    if trust.since < register.trusted_from:
        raise LedgerError(
            f"the founding sheet vouches from entry {trust.since} on, and the ledger was founded"
            f" again at entry {register.trusted_from}",
            mend="Ask those who signed your sheet whether they know of it, before anything else.",
        )
    if trust.since > register.trusted_from:
        raise LedgerError(
            f"the founding sheet is of a founding at entry {trust.since}, of which this ledger"
            " knows nothing: it is an older copy, or another",
            mend=mend,
        )
    if trust.since and leaf_hash(ledger.body(trust.since)).hex() != trust.leaf:
        raise LedgerError("the founding anew is not the one on the founding sheet", mend=mend)
    founders = {term.signer.person: term.signer for term in register.terms_from_trust()}
    if Trust.of(trust.register, trust.since, founders, leaf=trust.leaf) != trust:
        raise LedgerError("the founders' keys are not those on the founding sheet", mend=mend)


# --- Checkpoints


def verify_signers(ledger: Ledger, register: Register, size: int) -> tuple[str, ...]:
    """Verify every signature on the checkpoint of that size.

    Returns:
        Ids of the signers who count. A key that was revoked since counts only where the ledger
        itself says, before the revocation, that it had signed: a thief signs what is old, too.

    Raises:
        LedgerError: A signature does not hold; names whose.
    """
    message = ledger.checkpoint(size).text()
    counting = []
    for person, armored in ledger.signatures(size).items():
        signature = Signature(person=person, armored=armored)
        try:
            counts = _counts(register, signature, message, size)
        except LedgerError as error:
            raise LedgerError(
                f"the checkpoint of {size} entries: {error.what}",
                mend="The entries up to there were changed, or the signature was.",
            ) from error
        if counts:
            counting.append(person)
    return tuple(counting)


def _counts(register: Register, signature: Signature, message: bytes, size: int) -> bool:
    """Whether a signature counts; one that holds by a key of before does only if it is on record.

    Raises:
        LedgerError: It holds by no key that the person ever had, or not by the one on record.
    """
    person = signature.person
    terms = [term for term in register.terms if term.signer.person == person]
    recorded = register.checkpoint_entries.get(f"{size}:{person}")
    if recorded is not None:
        terms = [
            term
            for term in terms
            if term.since < recorded and (term.until is None or recorded < term.until)
        ]
    for term in reversed(terms):
        if _holds(signature, message, term.signer):
            return recorded is not None or term.until is None
    acts.check([signature], message, CHECKPOINT_NAMESPACE, _only(terms, person))
    return False


def _holds(signature: Signature, message: bytes, signer: Signer) -> bool:
    try:
        acts.check([signature], message, CHECKPOINT_NAMESPACE, {signer.person: signer})
    except LedgerError:
        return False
    return True


def _only(terms: list[SignerTerm], person: str) -> dict[str, Signer]:
    """The last of the keys, by which the reason is told that no key holds."""
    return {person: terms[-1].signer} if terms else {}


def _verify_recorded(register: Register, signed: dict[int, tuple[str, ...]]) -> None:
    for size, people in register.checkpoints.items():
        if not set(people) <= set(signed.get(size, ())):
            raise LedgerError(
                f"the checkpoint of {size} entries lacks a signature that the ledger says it has",
                mend="Somebody removed it: look for the copy on paper.",
            )


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
