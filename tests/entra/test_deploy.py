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
    assert set(re.findall(r"\$Find\.(\w+)", DEPLOY)) == names_of(Find)
    assert set(re.findall(r"\$List\.(\w+)", DEPLOY)) <= names_of(Requests)


def test_the_scripts_name_the_files_that_there_are() -> None:
    named = set(re.findall(r"'((?:azure|rollback)/[\w.-]+|requests\.json)'", DEPLOY))
    assert named == {
        REQUESTS,
        ROLLBACK,
        monitoring.DIAGNOSTIC_SETTING,
        monitoring.ACTION_GROUP,
        "azure/diagnostic-setting",
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

    assert "format   = 'keyvault-kit/evidence/v1'" in DEPLOY
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
