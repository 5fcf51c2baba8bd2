"""Templates for Azure and rules for Sentinel: taken by Azure's types, and judged as deployed."""

import csv
import io
import json
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Final

import jsonschema
import pytest
import yaml
from msgspec.structs import replace

from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.entra.artefacts import kql, monitoring
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import Names, Wanted
from keyvault_kit.entra.evidence import read_evidence
from keyvault_kit.errors import InputError
from tests.custody.rules.tenants import decided, judgement, now, register
from tests.entra.arm import assert_template, filled
from tests.entra.kusto import assert_sound
from tests.entra.making import used, wanted

KINDS: Final = {
    monitoring.DIAGNOSTIC_SETTING: "diagnosticSettings",
    monitoring.ACTION_GROUP: "actionGroups",
    monitoring.ALERT_RULES: "scheduledQueryRules",
}
"""Template -> what evidence calls what it makes."""
ALL: Final = tuple(KINDS)

WORKSPACE: Final = (
    "/subscriptions/S/resourceGroups/RG/providers/Microsoft.OperationalInsights/workspaces/W"
)
MAIL: Final = {"name": "mail-1", "emailAddress": "admins@example.org", "useCommonAlertSchema": True}
PHONE: Final = {"name": "sms-1", "countryCode": "49", "phoneNumber": "15112345678"}

GIVEN: Final[dict[str, Any]] = {
    "workspaceResourceId": WORKSPACE,
    "actionGroupId": (
        "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Insights/actionGroups/"
        f"{Names().action_group}"
    ),
    "location": "westeurope",
    "emailReceivers": [MAIL],
    "smsReceivers": [PHONE],
    "azureAppPushReceivers": [],
    "voiceReceivers": [],
}


def files(it: Wanted) -> dict[str, Artefact]:
    return {its.name: its for its in monitoring.artefacts(it)}


def template(it: Wanted, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files(it)[name].content)
    return read


def rules(it: Wanted) -> list[dict[str, Any]]:
    """The properties of the alert rules."""
    found = template(it, monitoring.ALERT_RULES)["resources"]
    return [its["properties"] for its in found]


def sentinel(it: Wanted) -> list[dict[str, Any]]:
    named = files(it).items()
    return [yaml.safe_load(its.content) for name, its in named if name.endswith(".yaml")]


def rehearsed(it: Wanted) -> Wanted:
    its = it.register.copy()
    its.mode = Mode.REHEARSAL
    return replace(it, register=its)


def deployed(it: Wanted, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Evidence of a tenant in which these templates were deployed, and no others."""
    at = WORKSPACE.partition("/providers")[0]
    for name, kind in KINDS.items():
        made = filled(template(it, name)["resources"], GIVEN) if name in names else []
        its = [one | {"id": f"{at}/providers/{one['type']}/{one['name']}"} for one in made]
        text = json.dumps({"value": its}).replace("{{emergency_group_object_id}}", "a-group")
        yield f"azure/{kind}.json", text.encode()


def facts(*names: str, its: Register | None = None) -> TenantFacts:
    it = wanted(used(), its)
    skus = {"value": [{"skuId": "x", "servicePlans": [{"servicePlanName": "AAD_PREMIUM"}]}]}
    url = "https://graph.microsoft.com/v1.0/$metadata#subscribedSkus"
    exported = {
        "subscribedSkus.json": json.dumps({"@odata.context": url, **skus}).encode(),
        **used().evidence(),
        **dict(deployed(it, names)),
    }
    return read_evidence(exported, tuple(it.accounts()), taken=now()).facts


# --- Azure


@pytest.mark.parametrize("name", ALL)
def test_a_template_has_nothing_but_what_azure_knows(name: str) -> None:
    for it in (wanted(), wanted(used()), rehearsed(wanted()), wanted(None, decided(S50="PT30M"))):
        assert_template(template(it, name))


def test_a_property_that_azure_does_not_know_or_a_value_that_it_refuses_is_found() -> None:
    whole = template(wanted(), monitoring.ALERT_RULES)
    for key, value in {"evaluationFrequency": "PT7M", "severity": 5, "autoMitigat": True}.items():
        broken = json.loads(json.dumps(whole))
        broken["resources"][0]["properties"][key] = value
        with pytest.raises(jsonschema.ValidationError):
            assert_template(broken)


def test_a_parameter_that_is_not_declared_is_found() -> None:
    whole = template(wanted(), monitoring.ALERT_RULES)
    del whole["parameters"]["location"]
    with pytest.raises(AssertionError):
        assert_template(whole)


@pytest.mark.parametrize("rule", ["S44", "S47", "S53"])
def test_what_is_deployed_from_the_templates_passes_the_rules(rule: str) -> None:
    assert judgement(rule, facts(*ALL)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ("S44", monitoring.DIAGNOSTIC_SETTING),
        ("S47", monitoring.ALERT_RULES),
        ("S53", monitoring.ACTION_GROUP),
    ],
)
def test_without_one_of_them_its_rule_fails(rule: str, left_out: str) -> None:
    kept = facts(*(name for name in ALL if name != left_out))
    assert judgement(rule, kept).outcome is Outcome.FAILED


def test_all_three_logs_are_sent_to_the_workspace() -> None:
    (setting,) = template(wanted(), monitoring.DIAGNOSTIC_SETTING)["resources"]
    on = {log["category"] for log in setting["properties"]["logs"] if log["enabled"]}
    assert on == {"SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs"}


def test_there_is_a_rule_for_each_query_with_that_very_query() -> None:
    it = wanted(used())
    asked = [its["criteria"]["allOf"] for its in rules(it)]
    assert [condition["query"] for (condition,) in asked] == [its.text() for its in kql.queries(it)]
    for (condition,) in asked:
        operator, threshold = condition["operator"], condition["threshold"]
        assert (condition["timeAggregation"], operator, threshold) == ("Count", "GreaterThan", 0)


def test_every_rule_is_critical_on_and_leaves_no_moment_out() -> None:
    for its in rules(wanted()):
        assert (its["severity"], its["enabled"], its["autoMitigate"]) == (0, True, False)
        assert its["evaluationFrequency"] == its["windowSize"] == "PT5M"
        assert its["actions"]["actionGroups"] == ["[parameters('actionGroupId')]"]


def test_names_are_those_that_were_chosen() -> None:
    names = Names(alert="quiet-harbour", action_group="harbour", action_group_short="Harbour")
    it = replace(wanted(), names=names)
    named = [its["displayName"] for its in rules(it)]
    assert named == [
        "quiet-harbour",
        *(f"quiet-harbour-{it}-changed" for it in ("account", "group", "policy")),
    ]
    (group,) = template(it, monitoring.ACTION_GROUP)["resources"]
    assert (group["name"], group["properties"]["groupShortName"]) == ("harbour", "Harbour")


def test_no_message_is_held_back_unless_that_was_decided() -> None:
    assert all("muteActionsDuration" not in its for its in rules(wanted()))
    assert all("muteActionsDuration" not in its for its in rules(wanted(None, decided(S50="met"))))
    muted = rules(wanted(None, decided(S50="PT30M")))
    assert [its["muteActionsDuration"] for its in muted] == ["PT30M"] * 4


def test_a_suppression_window_is_forgotten_when_its_day_is_over() -> None:
    it = wanted(None, decided(S50="PT30M"))
    assert monitoring.suppression(replace(it, now=now() + timedelta(days=40))) == "none"


def test_a_suppression_window_that_azure_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="PT7M"):
        files(wanted(None, decided(S50="PT7M")))


def test_each_template_names_what_it_serves() -> None:
    for name in ALL:
        its = files(wanted())[name]
        assert its.annotated
        assert template(wanted(), name)["metadata"]["serves"] == ", ".join(its.serves)


def test_in_a_rehearsal_no_name_and_no_object_id_fits_a_tenant() -> None:
    it = rehearsed(wanted())
    for name, its in files(it).items():
        assert b"REHEARSAL" in its.content, name
        for account in register().accounts.values():
            assert str(account.object_id).encode() not in its.content
    for name in ALL:
        assert all(its["name"].startswith("REHEARSAL-") for its in template(it, name)["resources"])


# --- Sentinel


@pytest.mark.needs("node")
def test_the_queries_of_sentinels_rules_are_sound() -> None:
    assert_sound({its["name"]: its["query"] for its in sentinel(wanted(used()))})


def test_sentinel_has_a_rule_for_each_query_that_misses_nothing_that_comes_late() -> None:
    found = sentinel(wanted())
    assert len(found) == len(kql.queries(wanted()))
    assert len({its["id"] for its in found}) == len(found)
    for its in found:
        assert (its["severity"], its["queryFrequency"]) == ("High", "PT5M")
        assert (its["triggerOperator"], its["triggerThreshold"]) == ("gt", 0)
        assert its["queryPeriod"] == "PT30M"
        tables = its["requiredDataConnectors"][0]["dataTypes"]
        for table in tables:
            assert f"{table} | where ingestion_time() > ago(5m)" in its["query"]
    assert sentinel(wanted()) == found


def test_the_accounts_are_on_the_list_of_vip_users() -> None:
    text = files(wanted())[monitoring.VIP_USERS].content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["User Principal Name"], row["User AAD Object Id"]) for row in rows] == [
        (its.upn, its.object_id) for its in wanted().accounts()
    ]
    assert [json.loads(row["Tags"]) for row in rows] == [["emergency access"]] * len(rows)


def test_names_with_quotes_and_backslashes_stay_whole() -> None:
    names = Names(policy='Grant "x" \\ y', alert="harbour")
    it = replace(wanted(used()), names=names)
    assert_template(template(it, monitoring.ALERT_RULES))
    for its, query in zip(sentinel(it), kql.queries(it), strict=True):
        assert its["query"] == query.text(monitoring.EVERY)
