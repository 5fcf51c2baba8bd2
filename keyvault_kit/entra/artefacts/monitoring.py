"""What makes a use of the accounts seen: logs, whom an alert tells, alerts (S44 to S50, S52, S53).

Azure Resource Manager templates, rules for Microsoft Sentinel with the same queries, and the list
that marks the accounts there. What only the tenant's people know, which workspace and whose
telephone, are parameters: `Deploy.ps1` asks for them.

Shapes: the template references of `microsoft.aadiam/diagnosticSettings` 2017-04-01,
`Microsoft.Insights/actionGroups` 2021-09-01 and `scheduledQueryRules` 2021-08-01.
"""

import csv
import io
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from keyvault_kit.custody.decisions import counting
from keyvault_kit.custody.rules.monitoring import AUDIT, NON_INTERACTIVE, SIGN_INS
from keyvault_kit.custody.rules.rule import ACCEPTED, MET
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.kql import Query, queries
from keyvault_kit.entra.artefacts.requests import as_json
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted
from keyvault_kit.errors import InputError

DIAGNOSTIC_SETTING: Final = "azure/diagnostic-setting.json"
ACTION_GROUP: Final = "azure/action-group.json"
ALERT_RULES: Final = "azure/alert-rules.json"
VIP_USERS: Final = "sentinel/vip-users.csv"
"""Names of the files."""

MUTED: Final = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
"""For how long Azure can hold back further messages of an alert (`muteActionsDuration`)."""
NOT_MUTED: Final = "none"

EVERY: Final = timedelta(minutes=5)
"""How often a query is run, and the time that its rows are counted over: none is left out (S47)."""
LATE: Final = timedelta(minutes=30)
"""How far Sentinel looks back for rows that came late; Azure Monitor asks again by itself."""

_STEP: Final = 9
"""Of the twelve steps: alerts are created (S61)."""

_SCHEMA: Final = "https://schema.management.azure.com/schemas/{}#"
_GROUP_SCHEMA: Final = _SCHEMA.format("2019-04-01/deploymentTemplate.json")
_TENANT_SCHEMA: Final = _SCHEMA.format("2019-08-01/tenantDeploymentTemplate.json")

_RULE_IDS: Final = uuid.UUID("5a2d8a0e-4c5e-5d3b-9a0b-6f1d1c1f3e77")
"""Sentinel wants an id for each rule: made of this one and the rule's name, always the same."""

_RECEIVERS: Final = {
    "emailReceivers": "Mail, each: name, emailAddress, useCommonAlertSchema.",
    "smsReceivers": "Text messages, each: name, countryCode, phoneNumber.",
    "azureAppPushReceivers": "Messages of the Azure app, each: name, emailAddress of its user.",
    "voiceReceivers": "Telephone calls, each: name, countryCode, phoneNumber.",
}

Body = Mapping[str, Any]


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """The files of monitoring.

    Raises:
        InputError: There is no account, the tenant's group cannot be told, or the suppression
            window that was decided is none that Azure knows.
    """
    yield _diagnostic_setting(it)
    yield _action_group(it)
    yield _alert_rules(it)
    for query in queries(it):
        yield _sentinel(it, query)
    yield _vip_users(it)


def rule_name(it: Wanted, query: Query) -> str:
    """What the alert on a query is called in Azure; the one on sign-ins has the name chosen."""
    if query.alert == "sign-in":
        return _azure_name(it, it.names.alert)
    return _azure_name(it, f"{it.names.alert.removesuffix('-sign-in')}-{query.alert}")


def suppression(it: Wanted) -> str:
    """For how long further messages of an alert are held back: what was decided, or `none` (S50).

    The decision is recorded under the name of the requirement: `S50`.

    Raises:
        InputError: It is no duration that Azure knows.
    """
    decided = counting(it.register, "S50", it.now)
    choice = decided.choice if decided else NOT_MUTED
    if choice in (ACCEPTED, MET):  # said of the requirement, and of no time
        return NOT_MUTED
    if choice not in (NOT_MUTED, *MUTED):
        raise InputError(
            f"decision S50 says {choice!r}, which Azure does not know as a suppression window",
            mend=f"Decide anew, for {NOT_MUTED} or one of {', '.join(MUTED)}.",
        )
    return choice


def _azure_name(it: Wanted, name: str) -> str:
    return f"{REHEARSAL}-{name}" if it.rehearsal else name


# --- Azure


def _diagnostic_setting(it: Wanted) -> Artefact:
    """All three logs: sources that tick the audit logs alone see no sign-in."""
    categories = (SIGN_INS, NON_INTERACTIVE, AUDIT)
    resource = {
        "type": "microsoft.aadiam/diagnosticSettings",
        "apiVersion": "2017-04-01",
        "name": _azure_name(it, "emergency-access-logs"),
        "properties": {
            "workspaceId": _parameter("workspaceResourceId"),
            "logs": [{"category": name, "enabled": True} for name in categories],
        },
    }
    return _template(
        it,
        DIAGNOSTIC_SETTING,
        "Sends sign-in logs, interactive or not, and audit logs to a workspace",
        ("S44",),
        {"workspaceResourceId": _text("Resource id of the Log Analytics workspace.")},
        [resource],
        schema=_TENANT_SCHEMA,
    )


def _action_group(it: Wanted) -> Artefact:
    resource = {
        "type": "Microsoft.Insights/actionGroups",
        "apiVersion": "2021-09-01",
        "name": _azure_name(it, it.names.action_group),
        "location": "Global",
        "properties": {
            "groupShortName": it.names.action_group_short,
            "enabled": True,
            **{name: _parameter(name) for name in _RECEIVERS},
        },
    }
    parameters = {name: _list(about) for name, about in _RECEIVERS.items()}
    return _template(
        it,
        ACTION_GROUP,
        "Whom the alerts tell, by mail, text message, app and telephone",
        ("S49", "S53"),
        parameters,
        [resource],
    )


def _alert_rules(it: Wanted) -> Artefact:
    parameters = {
        "workspaceResourceId": _text("Resource id of the Log Analytics workspace."),
        "actionGroupId": _text("Resource id of the action group."),
        "location": _text("Where the workspace is: westeurope."),
    }
    return _template(
        it,
        ALERT_RULES,
        "An alert for each query: more than no row, every 5 minutes, severity 0, on",
        ("S45", "S46", "S47", "S48", "S50", "S52", "S53"),
        parameters,
        [_alert_rule(it, query) for query in queries(it)],
    )


def _alert_rule(it: Wanted, query: Query) -> Body:
    muted = suppression(it)
    condition = {
        "query": query.text(),
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    return {
        "type": "Microsoft.Insights/scheduledQueryRules",
        "apiVersion": "2021-08-01",
        "name": rule_name(it, query),
        "location": _parameter("location"),
        "properties": {
            "displayName": rule_name(it, query),
            "description": f"{query.title}. Serves {', '.join(query.serves)}.",
            "severity": 0,
            "enabled": True,
            "scopes": [_parameter("workspaceResourceId")],
            "evaluationFrequency": _duration(EVERY),
            "windowSize": _duration(EVERY),
            "criteria": {"allOf": [condition]},
            "autoMitigate": False,
            **({} if muted == NOT_MUTED else {"muteActionsDuration": muted}),
            "actions": {"actionGroups": [_parameter("actionGroupId")]},
        },
    }


def _template(
    it: Wanted,
    name: str,
    about: str,
    serves: tuple[str, ...],
    parameters: Body,
    resources: list[Body],
    *,
    schema: str = _GROUP_SCHEMA,
) -> Artefact:
    mark = {"mark": f"{REHEARSAL}: for no tenant."} if it.rehearsal else {}
    content = {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "metadata": {**mark, "description": f"{about}.", "serves": ", ".join(serves)},
        "parameters": parameters,
        "resources": resources,
    }
    return Artefact(
        name=name, content=as_json(content), serves=serves, about=about, step=_STEP, annotated=True
    )


def _parameter(name: str) -> str:
    return f"[parameters('{name}')]"


def _text(about: str) -> Body:
    return {"type": "string", "minLength": 1, "metadata": {"description": about}}


def _list(about: str) -> Body:
    return {"type": "array", "defaultValue": [], "metadata": {"description": about}}


def _duration(time: timedelta) -> str:
    return f"PT{time // timedelta(minutes=1)}M"


# --- Sentinel


def _sentinel(it: Wanted, query: Query) -> Artefact:
    """A scheduled rule. It reads what arrived since it last ran, however late that came."""
    name = rule_name(it, query)
    rule: Body = {
        "id": str(uuid.uuid5(_RULE_IDS, name)),
        "name": name,
        "description": f"{query.title}. Serves {', '.join(query.serves)}.",
        "severity": "High",
        "status": "Available",
        "requiredDataConnectors": [
            {"connectorId": "AzureActiveDirectory", "dataTypes": list(query.tables)}
        ],
        "queryFrequency": _duration(EVERY),
        "queryPeriod": _duration(LATE),
        "triggerOperator": "gt",
        "triggerThreshold": 0,
        "tactics": ["InitialAccess", "Persistence"],
        "relevantTechniques": ["T1078"],
        "version": "1.0.0",
        "kind": "Scheduled",
    }
    mark = f"# {REHEARSAL}: for no tenant.\n" if it.rehearsal else ""
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in rule.items())
    text = "".join(f"  {line}\n" for line in query.text(EVERY).splitlines())
    return Artefact(
        name=f"sentinel/{query.alert}.yaml",
        content=f"{mark}{lines}query: |\n{text}".encode(),
        serves=query.serves,
        about=f"A rule for Microsoft Sentinel: {query.title[:1].lower()}{query.title[1:]}",
        step=_STEP,
        annotated=True,
    )


def _vip_users(it: Wanted) -> Artefact:
    """The columns are those of Sentinel's watchlist template `VIP Users`."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        (
            "User Identifier",
            "User AAD Object Id",
            "User On-Prem Sid",
            "User Principal Name",
            "Tags",
        )
    )
    tags = json.dumps(["emergency access", *([REHEARSAL] if it.rehearsal else [])])
    for account in it.accounts():
        rows.writerow((account.id, it.object_id(account), "", account.upn, tags))
    return Artefact(
        name=VIP_USERS,
        content=text.getvalue().encode(),
        serves=("S52",),
        about="Marks the accounts as VIP users in Microsoft Sentinel, as its watchlist takes them",
        step=_STEP,
    )
