"""What Azure takes as a template, as far as the kit's templates use it.

The published schemas refer to each other over the network and are megabytes; these are our own,
stricter ones. Which properties there are, of which type, and which are required is taken from
Azure/bicep-types-az, `generated/monitor/microsoft.insights` 2021-08-01 and 2021-09-01 and
`generated/azureactivedirectory/microsoft.aadiam` 2017-04-01, as are the log categories, but for
NonInteractiveUserSignInLogs: the type list of that version does not have it, and it could not be
verified. The parts of a template are those of the schema 2019-04-01/deploymentTemplate.json, and
durations those that Azure's reference of scheduled query rules lists.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema

Schema = dict[str, Any]

_FREQUENCIES: Final = [
    *(f"PT{it}M" for it in (1, 5, 10, 15, 30, 45)),
    *(f"PT{it}H" for it in range(1, 7)),
    "P1D",
]
_MUTED: Final = ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"]
_PARAMETER: Final = re.compile(r"\[parameters\('(\w+)'\)\]")


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_BOOL: Final[Schema] = {"type": "boolean"}
_NAME: Final[Schema] = {"type": "string", "pattern": r"^[A-Za-z0-9-]{1,260}$"}
_EXPRESSION: Final[Schema] = {"type": "string", "pattern": r"^\[parameters\('\w+'\)\]$"}


def _given(schema: Schema) -> Schema:
    """Such a value, or a parameter that will be one."""
    return {"anyOf": [_EXPRESSION, schema]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _resource(kind: str, version: str, properties: Schema, **others: Schema) -> Schema:
    named = {"type": {"const": kind}, "apiVersion": {"const": version}, "name": _NAME}
    return _object({**named, **others, "properties": properties})


_PHONE: Final = _object({"name": _TEXT, "countryCode": _TEXT, "phoneNumber": _TEXT})
RECEIVERS: Final = {
    "emailReceivers": _object(
        {"name": _TEXT, "emailAddress": _TEXT}, {"useCommonAlertSchema": _BOOL}
    ),
    "smsReceivers": _PHONE,
    "azureAppPushReceivers": _object({"name": _TEXT, "emailAddress": _TEXT}),
    "voiceReceivers": _PHONE,
}

_CATEGORY: Final = {"enum": ["AuditLogs", "SignInLogs", "NonInteractiveUserSignInLogs"]}
_DIAGNOSTICS: Final = _resource(
    "microsoft.aadiam/diagnosticSettings",
    "2017-04-01",
    _object(
        {
            "workspaceId": _given(_TEXT),
            "logs": _list(_object({"category": _CATEGORY, "enabled": _BOOL})),
        }
    ),
)
_ACTION_GROUP: Final = _resource(
    "Microsoft.Insights/actionGroups",
    "2021-09-01",
    _object(
        {"groupShortName": {"type": "string", "minLength": 1, "maxLength": 12}, "enabled": _BOOL},
        {name: _given(_list(receiver)) for name, receiver in RECEIVERS.items()},
    ),
    location={"const": "Global"},
)
_CONDITION: Final = _object(
    {
        "query": _TEXT,
        "timeAggregation": {"enum": ["Average", "Count", "Maximum", "Minimum", "Total"]},
        "operator": {
            "enum": ["Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]
        },
        "threshold": {"type": "number"},
        "failingPeriods": _object(
            {
                "numberOfEvaluationPeriods": {"type": "integer"},
                "minFailingPeriodsToAlert": {"type": "integer"},
            }
        ),
    }
)
_RULE: Final = _resource(
    "Microsoft.Insights/scheduledQueryRules",
    "2021-08-01",
    _object(
        {
            "displayName": _TEXT,
            "description": _TEXT,
            "severity": {"type": "integer", "minimum": 0, "maximum": 4},
            "enabled": _BOOL,
            "scopes": _list(_given(_TEXT)),
            "evaluationFrequency": {"enum": _FREQUENCIES},
            "windowSize": {"enum": [*_FREQUENCIES, "P2D"]},
            "criteria": _object({"allOf": _list(_CONDITION)}),
            "autoMitigate": _BOOL,
            "actions": _object({"actionGroups": _list(_given(_TEXT))}),
        },
        {"muteActionsDuration": {"enum": _MUTED}},
    ),
    location=_given(_TEXT),
)

_TEMPLATE: Final = _object(
    {
        "$schema": {
            "enum": [
                "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#",
            ]
        },
        "contentVersion": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+){3}$"},
        "resources": _list({"anyOf": [_DIAGNOSTICS, _ACTION_GROUP, _RULE]}),
    },
    {
        "metadata": {"type": "object"},
        "parameters": {
            "type": "object",
            "additionalProperties": _object(
                {"type": {"enum": ["string", "array"]}},
                {"defaultValue": {}, "minLength": {"type": "integer"}, "metadata": {}},
            ),
        },
    },
)


def assert_template(template: Any) -> None:
    """Fail unless Azure takes a template, as far as that can be told here."""
    jsonschema.validate(template, _TEMPLATE)
    texts = list(_texts(template["resources"]))
    asked = {name for text in texts for name in _PARAMETER.findall(text)}
    assert asked == set(template.get("parameters", {}))
    stray = [it for it in texts if it.startswith("[") and not _PARAMETER.fullmatch(it)]
    assert not stray, "Azure reads these as expressions"


def filled(value: Any, parameters: dict[str, Any]) -> Any:
    """A value of a template as Azure deploys it."""
    if isinstance(value, dict):
        return {key: filled(its, parameters) for key, its in value.items()}
    if isinstance(value, list):
        return [filled(its, parameters) for its in value]
    named = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return parameters[named[1]] if named else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for its in value.values() if isinstance(value, dict) else value:
            yield from _texts(its)
