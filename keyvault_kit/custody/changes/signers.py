"""Who vouches for the log: founders, signers, and the signatures that acts stand under."""

from collections.abc import Sequence

import msgspec

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.secret_sets import bring_into_force
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import (
    STATION,
    Finding,
    Purpose,
    Role,
    Signature,
    Signer,
)
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.signing import SignerTerm, Warrant
from keyvault_kit.errors import RefusedError

_REFOUND = "Below two signers a ledger is founded again, against its last paper: 'init --refound'."


# --- Founding


def _check_founders(founders: Sequence[Signer]) -> None:
    if len({f.person for f in founders}) < max(TWO, len(founders)):
        raise RefusedError("a ledger is founded by two people or more")
    if len({f.public_key for f in founders}) < len(founders):
        raise RefusedError("two founders have one key", mend="Each enrols a key of their own.")


def _founded(state: Register, fact: ev.LedgerFounded, _: Entry) -> None:
    _check_founders(fact.founders)
    state.mode = fact.mode
    for founder in fact.founders:
        _admit(state, founder)


def _refounded(state: Register, fact: ev.LedgerRefounded, entry: Entry) -> None:
    """Trust begins anew, on paper. It leaves a finding, for whoever did not know of it."""
    _check_founders(fact.founders)
    if {founder.person for founder in fact.founders} != set(entry.by):
        raise RefusedError("those who found the ledger again do it themselves, all of them")
    newest = max(state.checkpoints, default=0)
    if fact.size < newest:
        raise RefusedError(
            f"a paper of {fact.size} entries is not the last: {newest} are signed",
            mend="Take the newest checkpoint on paper.",
        )
    if fact.size > entry.seq:
        raise RefusedError(f"a paper of {fact.size} entries is ahead of this ledger")
    for founder in fact.founders:
        known(state.people, founder.person, "person")
    for person in list(state.signers):
        _end(state, person)
    for founder in fact.founders:
        _admit(state, founder)
        _make_officer(state, founder.person)
    state.trusted_from = entry.seq
    what = "the ledger was founded again: only the new founding sheet says whether rightly"
    mend = "Compare the new founding sheet, signed in ink, with this ledger."
    state.findings.append(
        Finding(rule="refounded", subject="ledger", what=what, mend=mend, seq=entry.seq)
    )


def _make_officer(state: Register, person: str) -> None:
    """Who founds a ledger is an officer in it: else nobody might be left who can change it."""
    known_as = state.people[person]
    if Role.OFFICER not in known_as.roles:
        roles = (*known_as.roles, Role.OFFICER)
        state.people[person] = msgspec.structs.replace(known_as, roles=roles)


# --- Signers


def _admit(state: Register, signer: Signer) -> None:
    if any(term.signer.public_key == signer.public_key for term in state.terms):
        raise RefusedError(
            f"the key of {signer.person} was enrolled before", mend="Enrol a credential anew."
        )
    state.signers[signer.person] = signer
    state.terms.append(SignerTerm(signer=signer, since=state.size))


def _end(state: Register, person: str) -> None:
    """From here on the key counts no more, for what is left of its own signatures either."""
    signer = state.signers.pop(person)
    if state.warrant:
        left = tuple(it for it in state.warrant.signers if it != person)
        state.warrant = msgspec.structs.replace(state.warrant, signers=left)
    for i, term in enumerate(state.terms):
        if term.signer == signer and term.until is None:
            state.terms[i] = msgspec.structs.replace(term, until=state.size)


def _check_others(state: Register, person: str, verb: str, entry: Entry) -> None:
    """Whose key is lost or doubted does not vouch for what becomes of it: two others do."""
    signed = set(state.warrant.signers if state.warrant else ())
    others = (signed & set(entry.by)) - {person}
    if len(others) < TWO:
        raise RefusedError(
            f"to {verb} the key of {person} takes the signatures of two other signers",
            mend=_REFOUND,
        )


def _added(state: Register, fact: ev.SignerAdded, _: Entry) -> None:
    person = fact.signer.person
    known(state.people, person, "person")
    if person in state.signers:
        raise RefusedError(f"{person} is a signer already", mend="Replace the key instead.")
    _admit(state, fact.signer)


def _replaced(state: Register, fact: ev.SignerReplaced, entry: Entry) -> None:
    person = fact.signer.person
    known(state.signers, person, "signer")
    _check_others(state, person, "replace", entry)
    _end(state, person)
    _admit(state, fact.signer)


def _revoked(state: Register, fact: ev.SignerRevoked, entry: Entry) -> None:
    known(state.signers, fact.person, "signer")
    _check_others(state, fact.person, "revoke", entry)
    _end(state, fact.person)
    authority.check_two_can_act(state, entry)


# --- Signatures


def _warrant(
    state: Register, signatures: Sequence[Signature], left: int, *, proposed: bool = False
) -> None:
    people = tuple(signature.person for signature in signatures)
    if not people or len(set(people)) < len(people):
        raise RefusedError("nobody signed, or somebody twice")
    for person in people:
        known(state.signers, person, "signer")
    state.warrant = Warrant(signers=people, left=left, proposed=proposed)


def _signed(state: Register, fact: ev.ActsSigned, _: Entry) -> None:
    _warrant(state, fact.signatures, fact.count)


def _accepted(state: Register, fact: ev.ProposalAccepted, entry: Entry) -> None:
    if fact.proposal in state.proposals:
        raise RefusedError(
            f"proposal {fact.proposal[:8]} was accepted before, as entry"
            f" {state.proposals[fact.proposal]}",
            mend="It is a copy: nothing is to do.",
        )
    if fact.size > entry.seq:
        raise RefusedError("the proposal was made from a ledger that is ahead of this one")
    _warrant(state, fact.signatures, fact.count, proposed=True)
    state.proposals[fact.proposal] = entry.seq


def _refused(_: Register, __: ev.ProposalRefused, ___: Entry) -> None:
    """It stands in the log; the register is as it was."""


def _checkpoint(state: Register, fact: ev.CheckpointSigned, entry: Entry) -> None:
    if fact.size < 1 or not fact.signers:
        raise RefusedError("a checkpoint covers an entry at least, and is signed")
    if fact.size > entry.seq:
        raise RefusedError(f"a checkpoint of {fact.size} entries is ahead of this ledger")
    for person in fact.signers:
        known(state.signers, person, "signer")
        state.checkpoint_entries.setdefault(f"{fact.size}:{person}", entry.seq)
    before = state.checkpoints.get(fact.size, ())
    state.checkpoints[fact.size] = tuple(sorted({*before, *fact.signers}))


# --- The station's identity


def _recipient(state: Register, fact: ev.RecipientSet, entry: Entry) -> None:
    bring_into_force(state, fact.set, Purpose.IDENTITY, STATION, entry)
    state.recipient = fact.recipient


HANDLERS: Handlers = {
    ev.LedgerFounded: _founded,
    ev.LedgerRefounded: _refounded,
    ev.SignerAdded: _added,
    ev.SignerReplaced: _replaced,
    ev.SignerRevoked: _revoked,
    ev.ActsSigned: _signed,
    ev.ProposalAccepted: _accepted,
    ev.ProposalRefused: _refused,
    ev.CheckpointSigned: _checkpoint,
    ev.RecipientSet: _recipient,
}
