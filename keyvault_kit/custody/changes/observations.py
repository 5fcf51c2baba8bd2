"""Use, exposure and findings."""

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Exposure, Finding
from keyvault_kit.custody.register import Register, note_contradiction
from keyvault_kit.errors import RefusedError


def _used(state: Register, fact: ev.AccountUsed, entry: Entry) -> None:
    account = state.accounts.get(fact.account)
    if account is None:
        note_contradiction(state, fact.account, "an account was used that is not in the register")
        return
    state.accounts[account.id] = msgspec.structs.replace(account, used=entry.time)


def _exposed(state: Register, fact: ev.SecretExposed, _: Entry) -> None:
    if fact.set not in state.sets or fact.person not in state.people:
        note_contradiction(state, fact.set, f"{fact.person} saw a secret: one is unknown here")
    state.exposures.append(
        Exposure(person=fact.person, set=fact.set, number=fact.number, half=fact.half)
    )


def _share_verified(state: Register, fact: ev.ShareVerified, _: Entry) -> None:
    if fact.envelope not in state.envelopes:
        note_contradiction(state, fact.envelope, "a sheet was verified that is not in the register")


def _recovered(state: Register, fact: ev.PasswordRecovered, _: Entry) -> None:
    account = state.accounts.get(fact.account)
    if account:
        changed = msgspec.structs.replace(account, recovered=fact.accepted)
        state.accounts[account.id] = changed
    else:
        note_contradiction(state, fact.account, "a password of an unknown account was recovered")
    if not fact.accepted:
        note_contradiction(
            state, fact.account, f"the tenant refused the password of set {fact.set}"
        )


def _finding(state: Register, fact: ev.FindingMade, entry: Entry) -> None:
    finding = Finding(
        rule=fact.rule, subject=fact.subject, what=fact.what, mend=fact.mend, seq=entry.seq
    )
    state.findings.append(finding)


def _checkpoint(state: Register, fact: ev.CheckpointSigned, entry: Entry) -> None:
    if fact.size < 1 or not fact.signers:
        raise RefusedError("a checkpoint covers an entry at least, and is signed")
    if fact.size > entry.seq:
        raise RefusedError(f"a checkpoint of {fact.size} entries is ahead of this ledger")
    unknown = set(fact.signers) - set(state.signers)
    if unknown:
        raise RefusedError(f"{', '.join(sorted(unknown))} cannot sign for this ledger")
    state.checkpoints[fact.size] = fact.signers


HANDLERS: Handlers = {
    ev.CheckpointSigned: _checkpoint,
    ev.AccountUsed: _used,
    ev.SecretExposed: _exposed,
    ev.ShareVerified: _share_verified,
    ev.PasswordRecovered: _recovered,
    ev.FindingMade: _finding,
}
