"""The accounts' own Conditional Access policy: passkeys, every time, everywhere (S26; steps 6, 7).

It only reports until each key in service was seen to sign in: a policy that asks for a key that
does not work locks everybody out of the accounts. Then it is on. It goes to the beta endpoint,
since the v1.0 one was seen to refuse `everyTime`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.custody.rules.policies import ENABLED
from keyvault_kit.custody.tenant import ALL
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.artefacts import present, tokens
from keyvault_kit.entra.artefacts.change import Body, Call, Change, moves
from keyvault_kit.entra.artefacts.merging import before, over, same
from keyvault_kit.entra.artefacts.requests import Find
from keyvault_kit.entra.artefacts.strength import strength_id
from keyvault_kit.entra.artefacts.wanted import Wanted

POLICIES: Final = "/beta/identity/conditionalAccess/policies"

REPORTING: Final = "enabledForReportingButNotEnforced"


def changes(it: Wanted) -> Iterator[Change]:
    """The policy; nothing where the accounts are excluded from all of them (C2)."""
    if it.choice("C2") == "all":
        return
    found, name = present.policy(it), it.marked(it.names.policy)
    change = Change(
        name="own-policy",
        title=f"The policy {found.display_name if found else name!r}",
        step=6,
        serves=("S23", "S26", "S27"),
        notes=tuple(_notes(it)),
    )
    if found:
        held = present.the_object(it, "conditionalAccessPolicies", found.id)
        yield _merged(it, change, held)
        return
    call = Call(
        method="POST",
        url=POLICIES,
        body={"displayName": name} | _wanted(it),
        find=Find(url=POLICIES, match={"displayName": name}),
        gives=tokens.POLICY,
    )
    one = f"{POLICIES}/{tokens.token(tokens.POLICY)}"
    yield replace(change, call=call, undo=Call(method="DELETE", url=one, created=tokens.POLICY))


def _merged(it: Wanted, change: Change, held: Body) -> Change:
    """The policy that is there, made what it should be; one that is on stays on."""
    wanted = _wanted(it) | ({"state": ENABLED} if held.get("state") == ENABLED else {})
    had = {key: _by_reference(held.get(key)) for key in wanted}
    body: dict[str, Any] = {
        key: over(had[key] or {}, its) if isinstance(its, dict) else its
        for key, its in wanted.items()
        if not same(had[key], its)
    }
    if not body:
        return change
    one = f"{POLICIES}/{it.address(str(held['id']))}"
    return replace(
        change,
        call=Call(method="PATCH", url=one, body=body),
        undo=Call(method="PATCH", url=one, body=before(had, body)),
        moves=moves(had, body),
    )


def _by_reference(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Controls whose strength is named by its id alone: Graph tells all of it, and takes the id."""
    strength = value.get("authenticationStrength") if isinstance(value, dict) else None
    return value | {"authenticationStrength": {"id": strength["id"]}} if strength else value


def _wanted(it: Wanted) -> dict[str, Any]:
    users = {"includeGroups": [present.group_id(it)], "excludeUsers": [], "excludeGroups": []}
    return {
        "state": REPORTING if unseen_keys(it) or without_key(it) else ENABLED,
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": [ALL]},
            "users": users,
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": [],
            "authenticationStrength": {"id": strength_id(it)},
        },
        "sessionControls": {
            "signInFrequency": {
                "isEnabled": True,
                "frequencyInterval": "everyTime",
                "authenticationType": "primaryAndSecondaryAuthentication",
                "type": None,
                "value": None,
            },
            "persistentBrowser": {"isEnabled": True, "mode": "never"},
        },
    }


# --- Whether it may be on


def unseen_keys(it: Wanted) -> tuple[str, ...]:
    """Tags of the keys in service whose passkey no evidence on record saw sign in.

    A spare that has none yet cannot sign in, and nobody counts on it.
    """
    return tuple(sorted(key.id for key in _with_passkey(it) if not _was_seen(it, key)))


def without_key(it: Wanted) -> tuple[str, ...]:
    """Ids of the accounts that no key in service has a passkey for: the policy would shut them."""
    served = {key.account for key in _with_passkey(it)}
    return tuple(account.id for account in it.accounts() if account.id not in served)


def _with_passkey(it: Wanted) -> Iterator[SecurityKey]:
    return (key for key in it.register.keys.values() if key.credential and not key.retired)


def _was_seen(it: Wanted, key: SecurityKey) -> bool:
    """Whether it signed in since the tenant has its passkey; an earlier sign-in was another's."""
    since = _taken(it, key)
    return since is not None and any(
        seen.succeeded and seen.key == key.id and seen.time >= since
        for seen in it.register.sign_ins.get(key.account, ())
    )


def _taken(it: Wanted, key: SecurityKey) -> datetime | None:
    """When the tenant took its passkey, or at the latest; None where no evidence says so."""
    account = it.register.accounts[key.account]
    seen = it.facts.account(account) if it.facts else None
    for method in (seen and seen.methods) or ():
        if key.credential in method.credential_ids and method.created_date_time:
            return method.created_date_time
    known = (its.taken for its in it.register.evidence if its.sha256 == key.confirmed)
    return next(known, None)


def _notes(it: Wanted) -> Iterator[str]:
    unseen, found = unseen_keys(it), present.policy(it)
    if found and found.state == ENABLED:
        yield from _while_on(it, unseen)
    else:
        yield from _while_reporting(it, unseen)
    yield (
        "It goes to the beta endpoint: v1.0 documents 'everyTime' as the frequency, but was seen to"
        " answer 400 to it."
    )
    others = [its.display_name for its in present.own_of(it) if found and its.id != found.id]
    if others:
        yield f"Other policies count for the accounts alone as well: {listed(others)}. They stay."


def _while_on(it: Wanted, unseen: Sequence[str]) -> Iterator[str]:
    if without_key(it):
        yield f"It is on, and no key has a passkey for {listed(without_key(it))}: nothing opens it."
    if unseen:
        yield (
            f"It is on, and stays on. No sign-in on record was made with {listed(unseen)}: try"
            " each before it is needed."
        )


def _while_reporting(it: Wanted, unseen: Sequence[str]) -> Iterator[str]:
    if without_key(it):
        yield f"It only reports, since no key has a passkey for {listed(without_key(it))} yet."
    if unseen:
        yield (
            f"It only reports, since no sign-in on record was made with {listed(unseen)}. Sign in"
            " with each, read the evidence ('entra check ... --by'), and export again: it is on"
            " then."
        )
