"""The authentication strength: passkeys alone, of the models that we hold (S22, S23; step 5)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from keyvault_kit.custody.tenant import FIDO2, AuthenticationStrength
from keyvault_kit.entra.artefacts import present, tokens
from keyvault_kit.entra.artefacts.change import Call, Change, moves
from keyvault_kit.entra.artefacts.merging import same
from keyvault_kit.entra.artefacts.requests import Find
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.errors import InputError

STRENGTHS: Final = "/v1.0/policies/authenticationStrengthPolicies"
COMBINATION: Final = "#microsoft.graph.fido2CombinationConfiguration"

_SERVES: Final = ("S22", "S23")


def changes(it: Wanted) -> Iterator[Change]:
    """The strength and the models that it takes; nothing where no own policy is wanted (C2)."""
    if it.choice("C2") == "all":
        return
    found = present.strength(it)
    yield _combinations(it, found) if found else _made(it)
    yield _models(it, found)


def strength_id(it: Wanted) -> str:
    """The id of the strength as it stands in files: the tenant's, or else its token."""
    found = present.strength(it)
    return it.address(found.id) if found else tokens.token(tokens.STRENGTH)


def _made(it: Wanted) -> Change:
    name = it.marked(it.names.strength)
    body = {
        "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
        "displayName": name,
        "description": it.marked(f"Passkeys of certain models only ({', '.join(_SERVES)})."),
        "allowedCombinations": [FIDO2],
    }
    call = Call(
        method="POST",
        url=STRENGTHS,
        body=body,
        find=Find(url=STRENGTHS, match={"displayName": name}),
        gives=tokens.STRENGTH,
    )
    undo = Call(method="DELETE", url=f"{STRENGTHS}/{strength_id(it)}", created=tokens.STRENGTH)
    return replace(_change(name), call=call, undo=undo)


def _combinations(it: Wanted, found: AuthenticationStrength) -> Change:
    """The strength that is there takes passkeys and nothing else."""
    change = _change(found.display_name)
    if found.allowed_combinations == (FIDO2,):
        return change
    one = f"{STRENGTHS}/{strength_id(it)}"
    url = f"{one}/updateAllowedCombinations"
    was, body = (
        {"allowedCombinations": list(its)} for its in (found.allowed_combinations, (FIDO2,))
    )
    return replace(
        change,
        call=Call(method="POST", url=url, body=body),
        undo=Call(method="POST", url=url, body=was),
        reads=one,
        moves=moves(was, body),
    )


def _change(name: str) -> Change:
    return Change(
        name="strength", title=f"The authentication strength {name!r}", step=5, serves=_SERVES
    )


# --- Which models


def _models(it: Wanted, found: AuthenticationStrength | None) -> Change:
    """Exactly the models of the keys that we hold."""
    change = Change(
        name="strength-models",
        title="The models that this strength takes",
        step=5,
        serves=_SERVES,
    )
    url = f"{STRENGTHS}/{strength_id(it)}/combinationConfigurations"
    body = {
        "@odata.type": COMBINATION,
        "appliesToCombinations": [FIDO2],
        "allowedAAGUIDs": list(it.aaguids()),
    }
    was = _present_models(it, found) if found else None
    if was is None:
        find = Find(url=url, match={"@odata.type": COMBINATION})
        call = Call(method="POST", url=url, body=body, find=find, gives=tokens.COMBINATION)
        one = f"{url}/{tokens.token(tokens.COMBINATION)}"
        undo = Call(method="DELETE", url=one, created=tokens.COMBINATION)
        return replace(change, call=call, undo=undo, moves=moves({}, body))
    if set(map(str.casefold, was["allowedAAGUIDs"])) == set(it.aaguids()):
        return change
    one = f"{url}/{it.address(was['id'])}"
    back = body | {"allowedAAGUIDs": was["allowedAAGUIDs"]}
    return replace(
        change,
        call=Call(method="PATCH", url=one, body=body),
        undo=Call(method="PATCH", url=one, body=back),
        moves=moves(was, body),
    )


def _present_models(it: Wanted, found: AuthenticationStrength) -> Mapping[str, Any] | None:
    """What the strength says of the models of passkeys, if it says anything.

    Raises:
        InputError: The evidence has the strength without that.
    """
    held = present.the_object(it, "authenticationStrengthPolicies", found.id)
    configured = held.get("combinationConfigurations")
    if configured is None:
        raise InputError(
            f"the evidence does not say which models the strength {found.display_name!r} takes",
            mend="Export it with its combinationConfigurations.",
        )
    for its in configured:
        if same(its.get("@odata.type"), COMBINATION) or "allowedAAGUIDs" in its:
            return {"allowedAAGUIDs": list(its.get("allowedAAGUIDs") or ()), "id": str(its["id"])}
    return None
