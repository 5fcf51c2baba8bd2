"""Whether people may do what a ceremony will ask of them, before anything is begun."""

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE, roles_of
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError


def may(register: Register, person: str, act: type[ev.Fact]) -> bool:
    """Whether somebody has a role that may do something.

    Raises:
        RefusedError: There is no such person.
    """
    return bool(set(roles_of(register, person)) & set(TABLE[act].roles))


def demand_may(register: Register, person: str, act: type[ev.Fact]) -> None:
    """Check that somebody has a role that may do something; the entry itself is checked as well.

    Raises:
        RefusedError: There is no such person, or none of their roles may.
    """
    if not may(register, person, act):
        rule, roles = TABLE[act], roles_of(register, person)
        raise RefusedError(
            f"{person} is {' and '.join(roles)}: to {rule.act} takes {' or '.join(rule.roles)}",
            mend="Name somebody else.",
        )
