"""What evidence from the tenant changes: answers, sign-ins, post-mortems."""

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.secret_sets import refuse, take
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.evidence import Classed, Evidence, SeenSignIn
from keyvault_kit.custody.register import Register, also, known, note_contradiction
from keyvault_kit.errors import RefusedError


def _taken(state: Register, fact: ev.EvidenceTaken, entry: Entry) -> None:
    if all(it.sha256 != fact.evidence for it in state.evidence):
        evidence = Evidence(
            sha256=fact.evidence, taken=entry.when, entered=entry.time, facts=fact.details
        )
        state.evidence.append(evidence)


def _sign_in(state: Register, fact: ev.SignInSeen, entry: Entry) -> None:
    if fact.account not in state.accounts:
        note_contradiction(state, fact.account, "an unknown account was signed in to")
        return
    seen = SeenSignIn(
        time=entry.when,
        succeeded=fact.succeeded,
        interactive=fact.interactive,
        evidence=fact.evidence,
        key=fact.key if fact.key in state.keys else None,
    )
    before = state.sign_ins.get(fact.account, ())
    if all(_event(it) != _event(seen) for it in before):
        after = sorted((*before, seen), key=lambda it: it.time)
        state.sign_ins[fact.account] = tuple(after)


def _event(it: SeenSignIn) -> tuple[object, ...]:
    """What makes it the same sign-in in two exports of the log."""
    return it.time, it.succeeded, it.interactive, it.key


def _passkey(state: Register, fact: ev.PasskeyAnswered, _: Entry) -> None:
    key = state.keys.get(fact.key)
    if key is None or key.credential is None:
        note_contradiction(
            state, fact.key, "the tenant answered to a passkey that is not in the register"
        )
        return
    if not fact.taken:
        note_contradiction(state, key.id, f"the tenant did not take the passkey of key {key.id}")
        return
    state.keys[key.id] = msgspec.structs.replace(key, method=fact.method, confirmed=fact.evidence)


def _password(state: Register, fact: ev.PasswordAnswered, entry: Entry) -> None:
    account = known(state.accounts, fact.account, "account")
    if account.password_set != fact.set:
        raise RefusedError(
            f"set {fact.set} is not the password of {account.id} that is in force",
            mend="Look at the day of the evidence: it is about another password.",
        )
    if fact.taken:
        take(state, fact.set, fact.evidence)
        return
    refuse(state, account, entry)
    what = f"evidence says that the tenant did not take the password of set {fact.set}"
    note_contradiction(state, account.id, what)


def _classed(state: Register, fact: ev.UseClassed, entry: Entry) -> None:
    known(state.accounts, fact.account, "account")
    held = Classed(time=entry.when, verdict=fact.verdict, details=fact.details)
    also(state.classed, fact.account, held)


HANDLERS: Handlers = {
    ev.EvidenceTaken: _taken,
    ev.SignInSeen: _sign_in,
    ev.PasskeyAnswered: _passkey,
    ev.PasswordAnswered: _password,
    ev.UseClassed: _classed,
}
