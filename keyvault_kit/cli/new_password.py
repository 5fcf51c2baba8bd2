"""What `seal` and `rotate` say before a new password is made, and after."""

from keyvault_kit.cli.at_work import AtWork
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.output import say
from keyvault_kit.custody.model import Purpose, SetState
from keyvault_kit.sharing.policy import policy_named, weaknesses


def say_strength(policy: str) -> None:
    """Say how strong a password of that policy is, and what speaks against it (S28)."""
    drawn_by = policy_named(policy)
    say(f"A password of {policy} is one of 2 to the power of {drawn_by.entropy_bits:.0f}.")
    for weakness in weaknesses(drawn_by):
        say(f"Note: {weakness}")


def say_outcome(it: AtWork, account: str, ceremony: str) -> int:
    """Say what became of the password that a ceremony made.

    Returns:
        The exit status: 1 where the tenant refused it, or something was found.
    """
    register = it.register
    made = [its for its in register.sets_of(account, Purpose.PASSWORD) if its.ceremony == ceremony]
    if made[-1].state is SetState.VOID:
        before = register.accounts[account].password_set
        holds = f"that of {before} holds" if before else "it has none now"
        say(f"The tenant refused the new password of {account}: its sheets are gone, {holds}.")
    else:
        count = len(register.live_envelopes(made[-1].id))
        say(f"The password of {account} is set, sealed and deposited: {count} envelopes.")
    found = any(x.seq > register.ceremonies[ceremony].started for x in register.open_findings())
    return tell_found(register, ceremony) if found else 0
