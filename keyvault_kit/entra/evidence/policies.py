"""What the tenant asks of whoever signs in: Conditional Access, strengths, passkeys, resets."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import msgspec

from keyvault_kit.custody.tenant import (
    AuthenticationStrength,
    ConditionalAccessPolicy,
    PasskeyPolicy,
    PasskeyProfile,
)
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.evidence import shapes
from keyvault_kit.entra.evidence.export import Export, differences, only
from keyvault_kit.entra.evidence.kinds import Kind, is_id
from keyvault_kit.entra.evidence.pages import Object

_TOLD_APART: Final = frozenset(
    {"users", "applications", "clientAppTypes", "locations", "clientApplications"}
)
"""Conditions that the facts name; all others, those of later versions too, are other conditions.

`clientApplications` is no condition on people: it makes a policy one for programs.
"""


_CONFIGURATIONS: Final = "combinationConfigurations"
_METHODS: Final = "authenticationMethodConfigurations"


def _ids(values: Iterable[str] | None) -> tuple[str, ...]:
    """Ids in lower case; words as they are: `All`, `AllTrusted`."""
    return tuple(it.lower() if is_id(it) else it for it in values or ())


# --- Conditional Access


def policies(export: Export) -> tuple[ConditionalAccessPolicy, ...] | None:
    """All policies of the tenant; None where the export does not say."""
    its = export.of(Kind.POLICIES)
    read = None if its is None else export.read(Kind.POLICIES, its, shapes.Policy)
    if read is None:
        return None
    made = (_policy(export, it) for it in read)
    found = tuple(it for it in made if it)
    return found if len(found) == len(read) else None


def _policy(export: Export, it: shapes.Policy) -> ConditionalAccessPolicy | None:
    its_own = (it.conditions,)  # each that has no field of its own counts as another condition
    conditions = export.read(Kind.POLICIES, its_own, shapes.Conditions, counted=False)
    if conditions is None:
        return None
    its = conditions[0]
    grant, session = it.grant_controls, it.session_controls
    frequency = session.sign_in_frequency if session else None
    browser = session.persistent_browser if session else None
    return msgspec.structs.replace(
        _who_and_where(its),
        id=it.id.lower(),
        display_name=it.display_name,
        state=it.state,
        other_conditions=tuple(_others(it.conditions)),
        built_in_controls=_controls(grant) if grant else (),
        operator=(grant.operator if grant else None) or "OR",
        authentication_strength=_strength_id(grant),
        sign_in_frequency_interval=(frequency.frequency_interval or "timeBased")
        if frequency and frequency.is_enabled
        else "",
        persistent_browser_mode=(browser.mode or "") if browser and browser.is_enabled else "",
    )


def _who_and_where(it: shapes.Conditions) -> ConditionalAccessPolicy:
    """A policy without more than whom and what it is about."""
    users, applications, locations, devices = it.users, it.applications, it.locations, it.devices
    return ConditionalAccessPolicy(
        id="",
        display_name="",
        state="",
        include_users=_ids(users.include_users) if users else (),
        exclude_users=_ids(users.exclude_users) if users else (),
        include_groups=_ids(users.include_groups) if users else (),
        exclude_groups=_ids(users.exclude_groups) if users else (),
        include_roles=_ids(users.include_roles) if users else (),
        exclude_roles=_ids(users.exclude_roles) if users else (),
        include_applications=_ids(applications.include_applications) if applications else (),
        exclude_applications=_ids(applications.exclude_applications) if applications else (),
        include_user_actions=_ids(applications.include_user_actions) if applications else (),
        client_app_types=it.client_app_types or ("all",),
        include_locations=_ids(locations.include_locations) if locations else (),
        exclude_locations=_ids(locations.exclude_locations) if locations else (),
        device_filter=devices.device_filter.rule if devices and devices.device_filter else "",
    )


def _others(conditions: Object) -> Iterable[str]:
    """Conditions that are set and have no field of their own in the facts."""
    for name, value in conditions.items():
        left = value
        if name == "devices" and isinstance(value, dict):
            left = {key: it for key, it in value.items() if key != "deviceFilter"}
        if name not in _TOLD_APART and "@" not in name and _is_set(left):
            yield name
    applications = conditions.get("applications")
    if isinstance(applications, dict) and _is_set(applications.get("applicationFilter")):
        yield "applicationFilter"


def _is_set(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return any(_is_set(it) for name, it in value.items() if "@" not in name)
    return value not in (None, "", [], "none")


def _controls(it: Any) -> tuple[str, ...]:  # noqa: ANN401 - the grant of a shape
    further = {
        "customAuthenticationFactors": it.custom_authentication_factors,
        "termsOfUse": it.terms_of_use,
    }
    return (*(it.built_in_controls or ()), *(name for name, its in further.items() if its))


def _strength_id(grant: Any) -> str:  # noqa: ANN401 - the grant of a shape
    strength = grant.authentication_strength if grant else None
    return strength.id.lower() if strength else ""


# --- Strengths


def strengths(export: Export) -> tuple[AuthenticationStrength, ...] | None:
    """The strengths of the tenant; where they were not exported, those that policies hold."""
    own = strength_objects(export)
    its = own if own is not None else _in_policies(export)
    read = None if its is None else export.read(Kind.STRENGTHS, its, shapes.Strength)
    return None if read is None else tuple(map(_strength, read))


def strength_objects(export: Export) -> tuple[Object, ...] | None:
    """Graph's own objects of them, with the configurations that came in files of their own."""
    its = export.of(Kind.STRENGTHS)
    return None if its is None else tuple(_configured(export, it) for it in its)


def _configured(export: Export, it: Object) -> Object:
    apart = export.of(Kind.COMBINATIONS, str(it.get("id")).lower())
    if apart is None or it.get(_CONFIGURATIONS):
        return it
    known = export.read(Kind.COMBINATIONS, apart, shapes.Combination) is not None
    return it | {_CONFIGURATIONS: list(apart) if known else None}


def _in_policies(export: Export) -> tuple[Object, ...] | None:
    """The strengths that policies require, as these hold them; None where one is but named."""
    found: dict[str, Object] = {}
    for it in export.of(Kind.POLICIES) or ():
        strength = (it.get("grantControls") or {}).get("authenticationStrength")
        if strength:
            if "allowedCombinations" not in strength:
                return None
            found[str(strength.get("id")).lower()] = _configured(export, strength)
    return None if export.of(Kind.POLICIES) is None else tuple(found.values())


def _strength(it: shapes.Strength) -> AuthenticationStrength:
    return AuthenticationStrength(
        id=it.id.lower(),
        display_name=it.display_name,
        allowed_combinations=it.allowed_combinations,
        allowed_aaguids=_models(it),
    )


def _models(it: shapes.Strength) -> tuple[str, ...] | None:
    """The models that a strength takes; one of Microsoft's own takes all."""
    its = it.combination_configurations
    if its is None:
        return () if it.policy_type == "builtIn" else None
    return _ids(each for one in its for each in one.aaguids)


# --- Passkeys and resets


def passkey_policy(export: Export) -> PasskeyPolicy | None:
    """The configuration of the passkey method; None where the export does not say."""
    its = passkey_configuration(export)
    kind = Kind.METHOD_CONFIGURATIONS
    read = None if its is None else export.read(kind, (its,), shapes.PasskeyConfiguration)
    return _passkey_policy(read[0]) if read else None


def passkey_configuration(export: Export) -> Object | None:
    """Graph's own object of it; None where the export has none, or two that differ."""
    apart = list(export.found(Kind.METHOD_CONFIGURATIONS))
    for policy in export.found(Kind.METHODS_POLICY):
        if export.in_doubt(Kind.METHODS_POLICY, policy, {_METHODS}):
            return None
        apart += policy.get(_METHODS) or ()
    found = [it for it in apart if str(it.get("id")).lower() == "fido2"]
    told = {name for one, other in pairwise(found) for name in differences(one, other)}
    if told:
        export.remark_once(
            f"The configuration of passkeys is there twice, and differs in {listed(sorted(told))}."
        )
    return found[0] if found and not told else None


def _passkey_policy(it: shapes.PasskeyConfiguration) -> PasskeyPolicy:
    enforcement, models = _restrictions(it.key_restrictions)
    return PasskeyPolicy(
        state=it.state,
        include_targets=_ids(each.id for each in it.include_targets or ()),
        exclude_targets=_ids(each.id for each in it.exclude_targets or ()),
        is_attestation_enforced=it.is_attestation_enforced,
        enforcement_type=enforcement,
        aa_guids=models,
        profiles=tuple(_profiles(it)),
    )


def _profiles(it: shapes.PasskeyConfiguration) -> Iterable[PasskeyProfile]:
    for profile in it.passkey_profiles or ():
        enforcement, models = _restrictions(profile.key_restrictions)
        attestation = profile.attestation_enforcement
        yield PasskeyProfile(
            name=profile.name or profile.id,
            targets=_ids(
                each.id
                for each in it.include_targets or ()
                if profile.id in (each.allowed_passkey_profiles or (it.default_passkey_profile,))
            ),
            passkey_types=tuple(
                it.strip() for it in (profile.passkey_types or "").split(",") if it
            ),
            is_attestation_enforced=None if attestation is None else attestation != "disabled",
            enforcement_type=enforcement,
            aa_guids=models,
        )


def _restrictions(it: Any) -> tuple[str, tuple[str, ...]]:  # noqa: ANN401 - of a shape
    """`allow` or `block` and the models; nothing where they are not enforced."""
    if it is None or not it.is_enforced:
        return "", ()
    return it.enforcement_type or "allow", _ids(it.aa_guids)


def allowed_to_use_sspr(export: Export) -> bool | None:
    """Whether administrators reset passwords themselves; None where the export does not say."""
    its = export.found(Kind.AUTHORIZATION)
    read = export.read(Kind.AUTHORIZATION, its, shapes.Authorization)
    return only({it.sspr for it in read or () if it.sspr is not None})
