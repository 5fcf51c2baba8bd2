"""Settings of the accounts and of the directory: passwords that never expire, no reset by oneself.

S12 (step 2): a password that expires in the envelope is none. S24: whoever could reset it by
themselves needs no envelope.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.rules.accounts import NO_EXPIRY
from keyvault_kit.entra.artefacts import present
from keyvault_kit.entra.artefacts.change import Call, Change, moves
from keyvault_kit.entra.artefacts.merging import same
from keyvault_kit.entra.artefacts.wanted import Wanted

USERS: Final = "/v1.0/users"
AUTHORIZATION: Final = "/v1.0/policies/authorizationPolicy"

NO_POLICY: Final = "None"
"""How `passwordPolicies` is written where there is none: Graph gives null, and takes this."""

_FOR_ALL: Final = (
    "It counts for all administrators, and takes up to 60 minutes. Where they are to keep it, leave"
    " this out: it is enough that the accounts have no method to reset with."
)
_NO_WAY_BACK: Final = "It is not known what was there, so no roll-back is written for it."


def changes(it: Wanted) -> Iterator[Change]:
    """Each account's password, and the reset of administrators' passwords."""
    for account in it.accounts():
        yield _never_expires(it, account)
    yield _no_reset(it)


def _never_expires(it: Wanted, account: Account) -> Change:
    change = Change(
        name=f"password-{account.id}",
        title=f"The password of account {account.id}",
        step=2,
        serves=("S12",),
    )
    url = f"{USERS}/{it.object_id(account)}"
    seen = it.facts.account(account) if it.facts else None
    if seen is None or seen.password_policies is None:
        body = {"passwordPolicies": NO_EXPIRY}
        call = Call(method="PATCH", url=url, body=body)
        return replace(change, call=call, moves=moves({}, body), notes=(_NO_WAY_BACK,))
    kept = [its for its in seen.password_policies if not same(its, NO_POLICY)]
    if NO_EXPIRY in kept:
        return change
    held = present.the_object(it, "users", seen.id)
    was = {"passwordPolicies": held.get("passwordPolicies") or NO_POLICY}
    body = {"passwordPolicies": ", ".join([NO_EXPIRY, *kept])}
    return replace(
        change,
        call=Call(method="PATCH", url=url, body=body),
        undo=Call(method="PATCH", url=url, body=was),
        reads=f"{url}?$select=passwordPolicies",
        moves=moves(was, body),
    )


def _no_reset(it: Wanted) -> Change:
    """Administrators do not reset their passwords by themselves, none of them."""
    change = Change(
        name="self-service-reset",
        title="Administrators who reset their own passwords",
        step=2,
        serves=("S24",),
        notes=(_FOR_ALL,),
    )
    body = {"allowedToUseSSPR": False}
    call = Call(method="PATCH", url=AUTHORIZATION, body=body)
    if it.facts is None:
        notes = (*change.notes, _NO_WAY_BACK)
        return replace(change, call=call, moves=moves({}, body), notes=notes)
    if it.facts.allowed_to_use_sspr is False:
        return replace(change, notes=())
    was = {"allowedToUseSSPR": True}
    undo = Call(method="PATCH", url=AUTHORIZATION, body=was)
    return replace(change, call=call, undo=undo, moves=moves(was, body))
