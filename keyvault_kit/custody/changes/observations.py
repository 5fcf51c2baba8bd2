"""Use, exposure and findings."""

from collections.abc import Collection

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.keys import STILL_GOOD, drop_pin
from keyvault_kit.custody.changes.secret_sets import end_lives
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.history import PRACTICE, Exposure
from keyvault_kit.custody.model import (
    EnvelopeState,
    Finding,
    Purpose,
    SecretSet,
    SetState,
)
from keyvault_kit.custody.register import Register, also, note_contradiction
from keyvault_kit.errors import RefusedError


def _used(state: Register, fact: ev.AccountUsed, entry: Entry) -> None:
    account = state.accounts.get(fact.account)
    if account is None:
        note_contradiction(state, fact.account, "an account was used that is not in the register")
        return
    also(state.uses, account.id, entry.when)
    if fact.why not in PRACTICE:
        also(state.emergencies, account.id, entry.when)
    if fact.key in state.keys:
        return  # its password was not used: what was seen of its PIN is an exposure
    latest = max(entry.when, account.used or entry.when)
    state.accounts[account.id] = msgspec.structs.replace(account, used=latest)


def _exposed(state: Register, fact: ev.SecretExposed, entry: Entry) -> None:
    if fact.set not in state.sets or fact.person not in state.people:
        note_contradiction(state, fact.set, f"{fact.person} saw a secret: one is unknown here")
    elif fact.number and fact.number > state.sets[fact.set].count:
        note_contradiction(state, fact.set, f"{fact.person} saw a sheet that it does not have")
    state.exposures.append(
        Exposure(
            person=fact.person,
            set=fact.set,
            number=fact.number,
            half=fact.half,
            present=fact.present,
            beside=tuple(it for it in entry.by if fact.present and it != fact.person),
            seq=entry.seq,
            time=entry.when,
        )
    )


def _share_verified(state: Register, fact: ev.ShareVerified, _: Entry) -> None:
    if fact.envelope not in state.envelopes:
        note_contradiction(state, fact.envelope, "a sheet was verified that is not in the register")
    elif state.envelopes[fact.envelope].state in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED):
        note_contradiction(state, fact.envelope, "a sheet was verified that should be destroyed")


def _recovered(state: Register, fact: ev.PasswordRecovered, entry: Entry) -> None:
    account, its = state.accounts.get(fact.account), state.sets.get(fact.set)
    if account:
        changed = msgspec.structs.replace(account, recovered=fact.accepted)
        if its and its.id == account.password_set:
            # only of the password in force does the answer say whether it signs in
            signed_in = entry.when if fact.accepted else None
            changed = msgspec.structs.replace(changed, signed_in=signed_in)
            shown = _is_shown(its, fact, entry, state.people)
            state.sets[its.id] = msgspec.structs.replace(its, shown=shown)
            if fact.accepted:
                changed = msgspec.structs.replace(changed, taken=None, taken_at=None)
                end_lives(state, Purpose.PASSWORD, account.id)
        state.accounts[account.id] = changed
    else:
        note_contradiction(state, fact.account, "a password of an unknown account was recovered")
    if its is None:
        note_contradiction(state, fact.account, f"it was recovered from an unknown set {fact.set}")
    elif fact.accepted and account and _is_over(its, account.id):
        state.sets[its.id] = msgspec.structs.replace(its, lives=entry.when)
        what = f"the tenant took the password of set {its.id}, which is {its.state}"
        note_contradiction(state, fact.account, what)
    elif fact.accepted and account and its.subject != account.id:
        state.accounts[account.id] = msgspec.structs.replace(
            state.accounts[account.id], taken=its.id, taken_at=entry.when
        )
        what = f"the tenant took the password of set {its.id}, which is one of {its.subject}"
        note_contradiction(state, fact.account, what)
    if not fact.accepted:
        note_contradiction(
            state, fact.account, f"the tenant refused the password of set {fact.set}"
        )


def _is_shown(
    its: SecretSet, fact: ev.PasswordRecovered, entry: Entry, people: Collection[str]
) -> bool:
    """Whether two saw, there and then, that the tenant takes it: the word of one shows less."""
    two = len(set(entry.by) & set(people)) >= TWO and entry.occurred is None
    return fact.accepted and (two or its.shown)


def _is_over(its: SecretSet, account: str) -> bool:
    """Whether a set is a password of that account which should not sign in any more, or yet."""
    mine = its.purpose is Purpose.PASSWORD and its.subject == account
    return mine and its.state is not SetState.IN_FORCE


def _finding(state: Register, fact: ev.FindingMade, entry: Entry) -> None:
    finding = Finding(
        rule=fact.rule, subject=fact.subject, what=fact.what, mend=fact.mend, seq=entry.seq
    )
    state.findings.append(finding)


def _settled(state: Register, fact: ev.FindingSettled, entry: Entry) -> None:
    if any((it.seq, it.rule) == (fact.finding, "refounded") for it in state.findings):
        raise RefusedError(
            "that the ledger was founded again is not settled here: paper says whether rightly"
        )
    for i, it in enumerate(state.findings):
        if (it.seq, it.subject, it.settled) == (fact.finding, fact.subject, None):
            state.findings[i] = msgspec.structs.replace(it, settled=entry.seq)
            if it.rule == STILL_GOOD and it.subject in state.keys:
                drop_pin(state, it.subject)
            return
    raise RefusedError(
        f"there is no open finding of entry {fact.finding} about {fact.subject}",
        mend="Look at the findings with 'decide findings'.",
    )


HANDLERS: Handlers = {
    ev.AccountUsed: _used,
    ev.SecretExposed: _exposed,
    ev.ShareVerified: _share_verified,
    ev.PasswordRecovered: _recovered,
    ev.FindingMade: _finding,
    ev.FindingSettled: _settled,
}
