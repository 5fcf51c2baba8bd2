"""The script that exports evidence: it reads, and asks for what the kit knows."""

import re
from typing import Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.entra.evidence.kinds import Kind, about
from keyvault_kit.entra.evidence.script import evidence_script_of
from tests.custody.rules.tenants import now, register
from tests.custody.sample import sample
from tests.entra.powershell import assert_sound

SCRIPT: Final = evidence_script_of(register()).decode()


def test_it_parses_and_keeps_our_rules() -> None:
    assert_sound(SCRIPT)


def test_it_has_the_object_ids_of_the_accounts() -> None:
    for it in register().accounts.values():
        assert f"'{it.object_id}'" in SCRIPT
    assert "REHEARSAL" not in SCRIPT


def test_a_name_cannot_break_out_of_its_quotes() -> None:
    name = "o'brien'); Remove-Item *@example.onmicrosoft.com"
    life = sample().enter(ev.AccountAdded(account="bg3", upn=name), at=now())
    script = evidence_script_of(life.register).decode()

    assert "'o''brien''); Remove-Item *@example.onmicrosoft.com'" in script
    assert_sound(script)


def test_its_manifest_says_how_far_back_it_read_the_logs() -> None:
    assert re.search(r"^    days +\= \$Days$", SCRIPT, re.MULTILINE)
    assert "$began.AddDays(-$Days)" in SCRIPT


def test_it_only_reads() -> None:
    methods = set(re.findall(r"-Method (\w+)", SCRIPT))

    assert methods == {"GET"}
    assert not re.search(r"\b(Update|Set|Remove)-(Mg|Az)", SCRIPT)
    assert "ReadWrite" not in SCRIPT


NAMED: Final = {
    "users/ID/user": ("users(id)/$entity", Kind.USERS),
    "users/ID/methods": ("users('ID')/authentication/methods", Kind.METHODS),
    "users/ID/requirements": ("users('ID')/authentication/requirements", Kind.REQUIREMENTS),
    "users/ID/signIns-interactive": ("auditLogs/signIns", Kind.SIGN_INS),
    "users/ID/signIns-nonInteractive": ("auditLogs/signIns", Kind.SIGN_INS),
    "users/ID/directoryAudits": ("auditLogs/directoryAudits", Kind.AUDITS),
    "users/ID/transitiveMemberOf": ("directoryObjects", Kind.MEMBER_OF),
    "groups/ID/group": ("groups/$entity", Kind.GROUPS),
    "groups/ID/transitiveMembers": ("directoryObjects(id)", Kind.TRANSITIVE_MEMBERS),
    "roles/roleAssignments": ("roleManagement/directory/roleAssignments", Kind.ASSIGNMENTS),
    "conditionalAccess/policies": ("identity/conditionalAccess/policies", Kind.POLICIES),
    "policies/authorizationPolicy": ("authorizationPolicies/$entity", Kind.AUTHORIZATION),
    "policies/authenticationMethodConfigurations/fido2": (
        "authenticationMethodConfigurations/$entity",
        Kind.METHOD_CONFIGURATIONS,
    ),
    "azure/SUB/scheduledQueryRules": ("", Kind.ALERTS),
    "azure/SUB/actionGroups": ("", Kind.ACTION_GROUPS),
    "azure/diagnosticSettings": ("", Kind.DIAGNOSTICS),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_it_writes_is_known_by_context_or_by_name(name: str) -> None:
    account = "11111111-2222-4333-8444-555555555555"
    context, kind = NAMED[name]
    file = f"{name}-1.json".replace("ID", account).replace("SUB", account)
    said = f"https://graph.microsoft.com/v1.0/$metadata#{context.replace('ID', account)}"

    its = about(file, said if context else "", None)
    assert its.kind is kind
    assert not name.startswith("users") or its.owner == account
    stem = (
        name.rpartition("/")[2].replace("nonInteractive", "$kind").replace("interactive", "$kind")
    )
    assert stem in SCRIPT
