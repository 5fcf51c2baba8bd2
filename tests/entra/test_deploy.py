"""The scripts that carry files to the tenant. They are read here, and never run: see powershell."""

import json
import re
from typing import Any, Final

import pytest
from msgspec.structs import fields

from keyvault_kit.entra.answers import Action, read_answers
from keyvault_kit.entra.artefacts import deploy, monitoring
from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK, Find, Request, Requests
from keyvault_kit.entra.artefacts.wanted import Wanted
from tests.entra.making import used, wanted
from tests.entra.powershell import assert_sound
from tests.entra.test_monitoring import rehearsed

SCRIPTS: Final = (deploy.DEPLOY, deploy.ROLLBACK)
DEPLOY: Final = deploy.script(deploy.DEPLOY)


def scripts(it: Wanted) -> dict[str, str]:
    return {its.name: its.content.decode() for its in deploy.artefacts(it)}


def names_of(kind: Any) -> set[str]:
    return {it.encode_name for it in fields(kind)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_sound_in_both_versions_of_powershell(name: str) -> None:
    assert_sound(scripts(wanted())[name])
    assert_sound(scripts(rehearsed(wanted()))[name])


def test_what_a_script_reads_of_a_request_is_what_the_list_has() -> None:
    read = set(re.findall(r"\$Request\.([a-z]\w*)", DEPLOY))
    read |= set(re.findall(r"-From \$Request -Name '(\w+)'", DEPLOY))
    assert read - {"step", "name"} <= names_of(Request)
    assert {"url", "method", "file", "gives", "find", "created", "step", "name"} <= read
    assert {"reads", "was"} <= read
    found = re.findall(r"\$Find\.(\w+)|-From \$Find -Name '(\w+)'", DEPLOY)
    assert {one or other for one, other in found} == names_of(Find)
    assert set(re.findall(r"\$List\.(\w+)", DEPLOY)) <= names_of(Requests)


def test_the_scripts_name_the_files_that_there_are() -> None:
    named = set(re.findall(r"'((?:azure|rollback)/[\w.-]+|requests\.json)'", DEPLOY))
    assert named == {
        REQUESTS,
        ROLLBACK,
        monitoring.DIAGNOSTIC_SETTING,
        monitoring.ACTION_GROUP,
        "azure/diagnostic-setting",
        "azure/action-group",
    }
    published = {f"azure/{it}.json" for it in re.findall(r"-Template -Name '([\w-]+)'", DEPLOY)}
    assert published == {monitoring.ACTION_GROUP, monitoring.ALERT_RULES}


def test_every_parameter_of_a_template_is_given() -> None:
    made = {its.name: its.content for its in monitoring.artefacts(wanted(used()))}
    for name in (monitoring.ACTION_GROUP, monitoring.ALERT_RULES):
        for parameter in json.loads(made[name])["parameters"]:
            assert re.search(rf"^\s+{parameter}\s+= ", DEPLOY, re.MULTILINE), parameter
    (only,) = json.loads(made[monitoring.DIAGNOSTIC_SETTING])["parameters"]
    assert f"\"[parameters('{only}')]\"" in DEPLOY


def test_the_evidence_file_is_one_that_the_kit_reads() -> None:
    (block,) = re.findall(r"\+= \[pscustomobject\] @\{\n(.*?)\n    \}", DEPLOY, re.DOTALL)
    keys = re.findall(r"^\s+(\w+)\s*=", block, re.MULTILINE)
    event: dict[str, Any] = dict.fromkeys(keys, "x") | {"ok": True, "time": "2026-03-02T09:30:00Z"}
    file = {"format": "keyvault-kit/evidence/v1", "tenantId": "t", "events": [event]}

    read = read_answers(json.dumps(file).encode())

    assert "$Format = 'keyvault-kit/evidence/v1'" in DEPLOY
    assert (read.tenant_id, read.events[0].ok, read.events[0].error) == ("t", True, "x")
    assert "deploy" not in Action._value2member_map_  # what it did is no enrolment


def test_a_rehearsal_is_refused_before_anything_is_asked() -> None:
    body = DEPLOY[DEPLOY.index("# --- All of it") :]
    assert body.index("$List.rehearsal") < body.index("Assert-Tenant")
    assert body.index("Assert-Tenant") < body.index("Complete-Request")
    assert "Contains('REHEARSAL')" in DEPLOY


def test_in_a_rehearsal_the_scripts_say_so_first() -> None:
    for text in scripts(rehearsed(wanted())).values():
        assert text.startswith("# REHEARSAL: for no tenant.\n")
    assert not any("# REHEARSAL" in text for text in scripts(wanted()).values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_tells_of_every_parameter(name: str) -> None:
    text = deploy.script(name)
    head = text[: text.index("Set-StrictMode")]
    declared = set(re.findall(r"^    \[(?:string|int|switch)[\[\]]*\] \$(\w+)", head, re.MULTILINE))
    assert declared
    assert set(re.findall(r"^\.PARAMETER (\w+)", head, re.MULTILINE)) == declared


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_names_what_it_serves(name: str) -> None:
    (its,) = (it for it in deploy.artefacts(wanted()) if it.name == name)
    text = its.content.decode()
    assert its.annotated
    assert all(re.search(rf"\b{number}\b", text) for number in its.serves)


def test_roll_back_hands_on_whether_it_is_only_to_show() -> None:
    text = deploy.script(deploy.ROLLBACK)
    assert "SupportsShouldProcess" in text
    assert "-Rollback @PSBoundParameters" in text


# --- Nobody's change is overwritten


def function(name: str) -> str:
    """The text of a function of the script."""
    (text,) = re.findall(rf"^function {name} {{\n(.*?)^}}", DEPLOY, re.DOTALL | re.MULTILINE)
    assert isinstance(text, str)
    return text


def test_what_is_to_be_changed_is_read_before_anything_is_sent() -> None:
    text = function("Complete-Request")
    assert text.index("Get-State") < text.index("'changed'") < text.index("Send-Request")
    assert text.index("Stop-Request") < text.index("Send-Request")


def test_deploy_stops_at_what_somebody_changed_and_a_roll_back_goes_on_with_the_rest() -> None:
    text = function("Stop-Request")
    assert text.index("if (-not $Rollback)") < text.index("throw ") < text.index("Write-Warning")


def test_nothing_is_asked_once_the_time_for_it_is_over() -> None:
    body = DEPLOY[DEPLOY.index("# --- All of it") :]
    assert body.index("-gt $Until") < body.index("Assert-Tenant")


def test_evidence_of_another_tenant_or_of_another_kind_is_not_continued() -> None:
    text = function("Get-Earlier")
    assert "$earlier.format -ne $Format" in text
    assert "$earlier.tenantId -ne $TenantId" in text
    assert "$List.tenant -ne $tenant.id" in function("Assert-Tenant")


@pytest.mark.parametrize("name", ["Set-DiagnosticSetting", "Publish-ActionGroup"])
def test_what_is_in_azure_already_is_read_and_sent_back_with_what_is_new(name: str) -> None:
    text = function(name)
    assert text.index("Get-Resource") < text.index("Send-Resource")


def test_of_azure_nothing_but_what_was_read_or_is_missing_is_put() -> None:
    puts = [line for line in DEPLOY.splitlines() if "-Method PUT" in line]
    assert len(puts) == function("Send-Resource").count("-Method PUT") == 1
    assert function("Publish-Monitoring").count("Publish-Template") == 1
    assert "Publish-Template -Name 'action-group'" in function("Publish-ActionGroup")
