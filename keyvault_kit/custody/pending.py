"""Passwords that are not safe yet: set at the tenant, but not deposited, or without evidence."""

from keyvault_kit.custody.model import EnvelopeState, Purpose, SecretSet, SetState
from keyvault_kit.custody.register import Register


def pending(register: Register, its: SecretSet) -> tuple[str, ...]:
    """What a password in force still lacks, in words; nothing where it is complete (S29, S32).

    It is complete once every sheet lay in its safe, and evidence says that the tenant took it.
    """
    if its.state is not SetState.IN_FORCE or its.purpose is not Purpose.PASSWORD:
        return ()
    never = [
        it.id
        for it in register.live_envelopes(its.id)
        if it.state is EnvelopeState.SEALED and it.id not in register.stays
    ]
    lacking = [f"envelope {envelope} was not deposited yet" for envelope in never]
    if not has_evidence(its):
        lacking.append(f"no evidence says yet that the tenant took the password of set {its.id}")
    return tuple(lacking)


def has_evidence(its: SecretSet) -> bool:
    """Whether something shows that the tenant took a password: evidence, or a sign-in by two.

    The word of one person, or one that is entered late, makes nothing destroyable.
    """
    return bool(its.evidence) or its.shown


def waiting_for(register: Register, dead: SecretSet) -> SecretSet | None:
    """The set that took the place of a dead one, if nothing shows yet that the tenant took it.

    Where none of several that followed each other has evidence, the tenant may have the first of
    all still. What a key took, it has said itself: only the password of an account waits.
    """
    if dead.purpose is not Purpose.PASSWORD:
        return None
    after = {it.before: it for it in register.sets_of(dead.subject, dead.purpose) if it.before}
    its = after.get(dead.id)
    while its and not has_evidence(its):
        if its.state is SetState.IN_FORCE:
            return its
        its = after.get(its.id)
    return None
