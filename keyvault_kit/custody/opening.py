"""What opens: of the register's secrets and keys, which may, which do for certain, and what."""

from keyvault_kit.custody.changes.keys import STILL_GOOD
from keyvault_kit.custody.holdings import Kind
from keyvault_kit.custody.model import Purpose, SecretSet, SecurityKey, SetState
from keyvault_kit.custody.register import Register


def may_open(register: Register, it: SecretSet) -> bool:
    """Whether the secret of a set may open something.

    It does while the set is in force; it may when a set that is not was offered to the tenant, or
    its PIN was put on paper and perhaps on the key; and when the tenant took what should be dead,
    or took it for another account.
    """
    if it.purpose is Purpose.IDENTITY:
        return False
    pending = it.state is SetState.MADE and (it.offered or it.purpose is Purpose.PIN)
    taken = any(account.taken == it.id for account in register.accounts.values())
    return it.state is SetState.IN_FORCE or pending or it.lives is not None or taken


def opens(register: Register, its: SecretSet) -> bool:
    """Whether a secret opens something for certain: not where the tenant took, or has, another."""
    account = register.accounts.get(its.subject)
    others = register.sets_of(its.subject, its.purpose)
    taken = account is not None and account.taken is not None
    doubtful = taken or any(it.lives or (it.offered and it.state is SetState.MADE) for it in others)
    return its.state is SetState.IN_FORCE and not doubtful


def kind_of(its: SecretSet) -> Kind:
    """What the whole secret of a set is."""
    return Kind.PIN if its.purpose is Purpose.PIN else Kind.PASSWORD


def accounts_of(register: Register, its: SecretSet) -> tuple[str, ...]:
    """What a password opens: its account, and those for which the tenant took it as well."""
    if its.purpose is not Purpose.PASSWORD:
        return ()
    taken = (it.id for it in register.accounts.values() if it.taken == its.id)
    return (its.subject, *taken)


def keys_of(its: SecretSet) -> tuple[str, ...]:
    """The key that a PIN is for; none of a password."""
    return (its.subject,) if its.purpose is Purpose.PIN else ()


def is_good(register: Register, key: SecurityKey) -> bool:
    """Whether the passkey of a retired key still signs in, as far as anybody has said."""
    said = (STILL_GOOD, key.id, None)
    return any((it.rule, it.subject, it.settled) == said for it in register.findings)
