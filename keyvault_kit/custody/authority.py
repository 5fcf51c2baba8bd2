"""Who may act: the acts that need two people, and that every act is by people who are known."""

from typing import Final

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

NEED_TWO: Final = (
    ev.SetMade,
    ev.EnvelopeSealed,
    ev.PasswordSet,
)
"""Acts that nobody does alone (S38)."""


def check(state: Register, entry: Entry) -> None:
    """Check the people of an act; an observation is taken from anybody.

    Raises:
        RefusedError: Somebody is not in the register, or one person is too few.
    """
    if isinstance(entry.fact, ev.Observation):
        return
    named = set(entry.by)
    if isinstance(entry.fact, ev.CeremonyStarted):
        named |= set(entry.fact.people)
    unknown = named - set(state.people) - set(state.signers)
    if unknown:
        raise RefusedError(f"there is no person {', '.join(sorted(unknown))} in the register")
    if isinstance(entry.fact, NEED_TWO) and len(named) < 2:  # noqa: PLR2004 - the rule itself
        raise RefusedError("this act needs two people", mend="Nobody does it alone (S38).")
