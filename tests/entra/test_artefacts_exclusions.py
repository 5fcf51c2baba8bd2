"""Policies of others that the accounts stay under, where it was decided that they may (C2, S25)."""

from typing import Final

import pytest

from tests.custody.rules.tenants import decided, register
from tests.entra.directory import Directory, guid
from tests.entra.making import carried_out

OURS: Final = tuple(sorted({key.aaguid for key in register().keys.values()}))
FOREIGN: Final = (guid(20),)


def excluded_from(models: tuple[str, ...], methods: tuple[str, ...] = ("fido2",)) -> bool:
    """Whether the accounts are taken out of a policy that asks for those methods and models."""
    directory = Directory(register())
    configuration = {"id": guid(61), "appliesToCombinations": ["fido2"], "allowedAAGUIDs": models}
    directory.strengths.append(
        {
            "id": guid(60),
            "displayName": "Theirs",
            "policyType": "custom",
            "allowedCombinations": methods,
            "combinationConfigurations": [configuration] if models else [],
        }
    )
    policy = directory.add_policy("Passkeys for everybody")
    policy["grantControls"] |= {
        "builtInControls": [],
        "authenticationStrength": {"id": guid(60)},
    }
    carried_out(directory, decided(C2="required-by-policy"))
    return bool(policy["conditions"]["users"]["excludeGroups"])


@pytest.mark.parametrize("models", [(), OURS, (*FOREIGN, *OURS)])
def test_the_accounts_stay_under_a_policy_that_takes_all_of_our_keys(
    models: tuple[str, ...],
) -> None:
    assert not excluded_from(models)


@pytest.mark.parametrize("models", [FOREIGN, (*FOREIGN, *OURS[1:])])
def test_they_are_excluded_from_one_that_takes_others_alone(models: tuple[str, ...]) -> None:
    assert excluded_from(models)


def test_they_are_excluded_from_one_that_no_passkey_opens() -> None:
    assert excluded_from((), ("x509CertificateMultiFactor",))
