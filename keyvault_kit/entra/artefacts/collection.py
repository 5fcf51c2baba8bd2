"""All artefacts of one export: checked, marked in a rehearsal, and with their requirements named.

What allows no comment gets a file `NAME.md` beside it that says what it serves: the body of a
request carries no foreign field.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from types import ModuleType
from typing import Final

from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.rules.accounts import TELLING
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.entra.artefacts import (
    assessments,
    deploy,
    graph,
    kql,
    mailbox,
    monitoring,
    runbook,
)
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import EVIDENCE_LASTS, REHEARSAL, Wanted
from keyvault_kit.errors import InputError, InternalError, RefusedError

MODULES: Final[tuple[ModuleType, ...]] = (
    graph,
    assessments,
    mailbox,
    kql,
    monitoring,
    deploy,
    runbook,
)
"""Each has `artefacts(it: Wanted) -> Iterator[Artefact]`."""

_TOLERANCE: Final = timedelta(days=1)
"""By how much the tenant's clock and the station's may differ."""

_MERGED: Final = (
    ("users", "accounts", "the accounts"),
    ("", "groups", "groups"),
    ("roleAssignments", "", "role assignments"),
    ("conditionalAccessPolicies", "conditional_access_policies", "Conditional Access policies"),
    ("authenticationStrengthPolicies", "authentication_strengths", "authentication strengths"),
    ("fido2Configuration", "passkey_policy", "the policy of the passkey method"),
    ("", "allowed_to_use_sspr", "the authorization policy"),
)
"""What is merged with: its kind, its place in the facts, and what people call it."""


def collect(it: Wanted) -> tuple[Artefact, ...]:
    """All artefacts, by name.

    Raises:
        InputError: The evidence lacks what is to be merged, is about another tenant, or the tenant
            has something that is in the way.
        RefusedError: The register or the evidence is not ready for it; see :func:`check`.
    """
    check(it)
    made = list(chain.from_iterable(module.artefacts(it) for module in MODULES))
    made += [_beside(it, its) for its in made if not its.annotated]
    _demand_names(made)
    return tuple(sorted(made, key=lambda its: its.name))


def _demand_names(made: Iterable[Artefact]) -> None:
    counts = Counter(its.name.casefold() for its in made)
    twice = [name for name, times in counts.items() if times > 1]
    if twice:
        raise InternalError(f"several artefacts have the name {listed(twice)}")


def _beside(it: Wanted, artefact: Artefact) -> Artefact:
    """The file that says what another serves, which cannot say it."""
    marked = [f"**{REHEARSAL}**: not for any tenant.", ""] if it.rehearsal else []
    step = [f"Step {artefact.step} of the twelve.", ""] if artefact.step else []
    lines = [
        f"# {artefact.name}",
        "",
        *marked,
        f"{artefact.about}.",
        "",
        *step,
        *(f"- {number}: {REQUIREMENTS[number].text}." for number in artefact.serves),
    ]
    return Artefact(
        name=f"{artefact.name}.md",
        content=("\n".join(lines) + "\n").encode(),
        serves=artefact.serves,
        about=f"What {artefact.name} serves",
        step=artefact.step,
        annotated=True,
    )


# --- What must be so first


def check(it: Wanted) -> None:
    """Whether there is enough to make files from.

    Raises:
        RefusedError: There is no account, one without an object id, no proven key, a name that
            tells what it must not (C5), or evidence older than a week or not of this time.
        InputError: The evidence lacks something, or has not all of the accounts.
    """
    accounts = it.accounts()
    if not accounts:
        raise RefusedError(
            "the register has no emergency access account", mend="Add them: 'accounts add'."
        )
    unnamed = [account.id for account in accounts if not it.object_id(account)]
    if unnamed:
        raise RefusedError(
            f"no object id is recorded for {listed(unnamed)}",
            mend=f"Copy it from the tenant: 'accounts change {unnamed[0]} --object-id ...'.",
        )
    if not it.aaguids():
        raise RefusedError(
            "no key in service is proven genuine, so no model can be named",
            mend="Register the keys first: 'keys register'.",
        )
    _check_names(it)
    if it.facts is not None:
        _check_age(it, it.facts.taken)
        _check_evidence(it, it.facts)


def _check_names(it: Wanted) -> None:
    """Names tell nothing where that was decided (S6)."""
    if it.choice("C5") != "arbitrary":
        return
    for what in ("group", "policy", "strength"):
        name: str = getattr(it.names, what)
        if any(word in name.casefold() for word in TELLING):
            raise RefusedError(
                f"the {what} would be named {name!r}, and names are to tell nothing (C5)",
                mend=f"Choose another: --name {what}=...",
            )


def _check_age(it: Wanted, taken: datetime) -> None:
    if it.now - taken > EVIDENCE_LASTS:
        raise RefusedError(
            f"the evidence is of {taken:%Y-%m-%d %H:%M} UTC, older than"
            f" {count_of(EVIDENCE_LASTS.days, 'day')}",
            mend="What was changed since would be undone: export the evidence again.",
        )
    if taken - it.now > _TOLERANCE:
        raise RefusedError(
            f"the evidence is of {taken:%Y-%m-%d %H:%M} UTC, which is yet to come",
            mend="Look at the clock here, and at the one where it was exported.",
        )


def _check_evidence(it: Wanted, facts: TenantFacts) -> None:
    missing = [
        words
        for kind, name, words in _MERGED
        if (kind and kind not in it.objects) or (name and getattr(facts, name) is None)
    ]
    if missing:
        raise InputError(
            f"the evidence does not tell of {listed(missing)}",
            mend="Export it again, whole: nothing is merged with what is not known.",
        )
    unseen = [account.id for account in it.accounts() if facts.account(account) is None]
    if unseen:
        raise InputError(
            f"the evidence has no account that is {listed(unseen)}, by its object id",
            mend="It is another tenant's, or was exported for other accounts.",
        )
