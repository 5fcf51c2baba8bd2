"""Secret sets: made, in force, void or dead."""

from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.ceremonies import open_ceremony
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import (
    STATION,
    Account,
    Envelope,
    EnvelopeState,
    Form,
    Purpose,
    SecretSet,
    SetState,
)
from keyvault_kit.custody.register import Register, add, also, known, note_contradiction
from keyvault_kit.errors import RefusedError

_PARTS: Final = (2, 3)
_OWNERS: Final = {
    Purpose.PASSWORD: ("account", "accounts"),
    Purpose.PIN: ("key", "keys"),
}


def _set_made(state: Register, fact: ev.SetMade, entry: Entry) -> None:
    if fact.purpose in _OWNERS:
        word, things = _OWNERS[fact.purpose]
        known(getattr(state, things), fact.subject, word)
    elif fact.subject != STATION:
        raise RefusedError(f"an identity is that of the {STATION}, not of {fact.subject}")
    if fact.threshold > fact.count:
        raise RefusedError(f"set {fact.set} has fewer sheets than its threshold")
    form = fact.form or (Form.WHOLE if fact.count == 1 else Form.SHARES)
    if fact.ceremony:
        open_ceremony(state, fact.ceremony)
    _check_form(fact, form)
    if fact.length is not None and fact.purpose is Purpose.PASSWORD:
        check_length(state, fact.length, entry.when)
    made = SecretSet(
        id=fact.set,
        purpose=fact.purpose,
        subject=fact.subject,
        threshold=fact.threshold,
        count=fact.count,
        form=form,
        alphabet=fact.alphabet,
        length=fact.length,
        ceremony=fact.ceremony,
    )
    add(state.sets, fact.set, made, "secret set")
    also(state.made, f"{fact.purpose}:{fact.subject}", fact.set)


def _check_form(fact: ev.SetMade, form: Form) -> None:
    """A whole secret is one sheet; of parts all are needed; a share of one would be the whole."""
    fits = {
        Form.WHOLE: fact.count == 1,
        Form.PARTS: fact.count in _PARTS and fact.threshold == fact.count,
        Form.SHARES: fact.threshold > 1,
    }
    if not fits[form]:
        raise RefusedError(
            f"set {fact.set} cannot be {form}, {fact.threshold} of {fact.count}",
            mend="One sheet is the whole; 2 or 3 parts are all needed; of shares at least two.",
        )


def check_length(state: Register, length: int, now: datetime) -> None:
    """Check that a password is as long as was decided (C3), 40 characters where nobody decided.

    Args:
        now: Aware; a decision that was to be looked at again before does not count.

    Raises:
        RefusedError: It is shorter.
    """
    least = int(position(state, "C3", now))
    if length < least:
        raise RefusedError(
            f"a password of {length} characters is shorter than {least}",
            mend="Make it longer; or let two people decide on C3 first: 'decide make C3'.",
        )


def _set_voided(state: Register, fact: ev.SetVoided, _: Entry) -> None:
    it = known(state.sets, fact.set, "secret set")
    if it.state is not SetState.MADE:
        raise RefusedError(f"set {it.id} is {it.state}: only one never in force becomes void")
    if state.live_envelopes(it.id):
        raise RefusedError(f"set {it.id} still has envelopes", mend="Spoil or destroy them first.")
    state.sets[it.id] = msgspec.structs.replace(it, state=SetState.VOID)


def bring_into_force(
    state: Register, set_id: str, purpose: Purpose, subject: str, entry: Entry
) -> None:
    """Make a set the one in force for its account or key, and the one before it dead.

    Raises:
        RefusedError: It is for something else, not new, or not all of its sheets are sealed.
    """
    it = known(state.sets, set_id, "secret set")
    if (it.purpose, it.subject) != (purpose, subject):
        raise RefusedError(f"set {set_id} is not for the {purpose} of {subject}")
    if it.state is not SetState.MADE:
        raise RefusedError(f"set {set_id} is {it.state}: only a new set can come into force")
    sealed = [e for e in state.live_envelopes(set_id) if _was_sealed(e, purpose)]
    if len(sealed) != it.count:
        raise RefusedError(
            f"set {set_id} has {len(sealed)} of {it.count} envelopes sealed",
            mend="Nothing goes live before its paper is proven and sealed.",
        )
    before = state.in_force.get(f"{purpose}:{subject}")
    retire(state, purpose, subject)
    state.in_force[f"{purpose}:{subject}"] = set_id
    state.sets[set_id] = msgspec.structs.replace(
        it,
        state=SetState.IN_FORCE,
        since=entry.when,
        since_seq=entry.seq,
        lives=None,
        before=before,
    )


def _was_sealed(it: Envelope, purpose: Purpose) -> bool:
    """Whether a sheet is sealed; that of a PIN may be out again, to be tried on its key."""
    tried = purpose is Purpose.PIN and it.state is EnvelopeState.OPENED
    return tried or it.state is EnvelopeState.SEALED


def retire(state: Register, purpose: Purpose, subject: str) -> None:
    """What was in force for an account or key is dead: its secret was changed, or is gone."""
    before = state.in_force.pop(f"{purpose}:{subject}", None)
    if before is not None:
        state.sets[before] = msgspec.structs.replace(state.sets[before], state=SetState.DEAD)
    end_lives(state, purpose, subject)


def end_lives(state: Register, purpose: Purpose, subject: str) -> None:
    """No other secret opens it any more: what lived on against the register was changed at last."""
    for it in state.sets_of(subject, purpose):
        if it.lives:
            state.sets[it.id] = msgspec.structs.replace(it, lives=None)


def _password_offered(state: Register, fact: ev.PasswordOffered, _: Entry) -> None:
    if fact.set not in state.sets or fact.account not in state.accounts:
        note_contradiction(state, fact.set, "a password was offered: set or account is unknown")
        return
    state.sets[fact.set] = msgspec.structs.replace(state.sets[fact.set], offered=True)


def _password_set(state: Register, fact: ev.PasswordSet, entry: Entry) -> None:
    account = known(state.accounts, fact.account, "account")
    bring_into_force(state, fact.set, Purpose.PASSWORD, fact.account, entry)
    changed = msgspec.structs.replace(
        account, password_set=fact.set, used=None, taken=None, taken_at=None
    )
    state.accounts[account.id] = changed


def take(state: Register, set_id: str, evidence: str) -> None:
    """There is evidence that the tenant took the password of a set."""
    state.sets[set_id] = msgspec.structs.replace(state.sets[set_id], evidence=evidence)


def refuse(state: Register, account: Account, entry: Entry) -> None:
    """The password in force never was: its set is void, and the one before it in force again."""
    refused = state.sets[account.password_set or ""]
    state.sets[refused.id] = msgspec.structs.replace(refused, state=SetState.VOID)
    name = f"{Purpose.PASSWORD}:{account.id}"
    state.in_force.pop(name, None)
    before = state.sets.get(refused.before or "")
    again = before.id if before and state.live_envelopes(before.id) else None
    if before and again:
        state.in_force[name] = again
        state.sets[again] = msgspec.structs.replace(before, state=SetState.IN_FORCE)
    used = [it for it in state.uses.get(account.id, ()) if before and it >= (before.since or it)]
    state.accounts[account.id] = msgspec.structs.replace(
        account, password_set=again, used=max(used, default=entry.when)
    )


HANDLERS: Handlers = {
    ev.SetMade: _set_made,
    ev.SetVoided: _set_voided,
    ev.PasswordOffered: _password_offered,
    ev.PasswordSet: _password_set,
}
