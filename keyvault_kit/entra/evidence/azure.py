"""Where the logs go, what watches them, and whom that tells."""

from typing import Final

from keyvault_kit.custody.tenant import ActionGroup, AlertRule, DiagnosticSetting
from keyvault_kit.entra.evidence import shapes
from keyvault_kit.entra.evidence.export import Export
from keyvault_kit.entra.evidence.kinds import Kind

_ALL_LOGS: Final = ("SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs")
"""What rules ask for of the category group `allLogs`."""

_RECEIVERS: Final = "Receivers"
_PUSH: Final = {"azureAppPush": "push"}
"""Azure's name of a receiver -> the usual one."""


def diagnostic_settings(export: Export) -> tuple[DiagnosticSetting, ...] | None:
    """Where the tenant sends its logs; None where the export does not say."""
    its = export.of(Kind.DIAGNOSTICS)
    read = None if its is None else export.read(Kind.DIAGNOSTICS, its, shapes.Diagnostics)
    if read is None:
        return None
    return tuple(
        DiagnosticSetting(
            name=it.name,
            categories=_categories(it),
            workspace_id=(it.properties.workspace_id or "").lower(),
        )
        for it in read
    )


def _categories(it: shapes.Diagnostics) -> tuple[str, ...]:
    on = [log for log in it.properties.logs if log.enabled]
    every = any((log.category_group or "").lower() == "alllogs" for log in on)
    named = [log.category for log in on if log.category]
    return tuple(dict.fromkeys([*named, *(_ALL_LOGS if every else ())]))


def alert_rules(export: Export) -> tuple[AlertRule, ...] | None:
    """The queries that are run again and again; None where the export does not say."""
    its = export.of(Kind.ALERTS)
    read = None if its is None else export.read(Kind.ALERTS, its, shapes.Alert)
    return None if read is None else tuple(_alert(it) for it in read)


def _alert(it: shapes.Alert) -> AlertRule:
    its, criteria = it.properties, it.properties.criteria.all_of
    first = criteria[0] if criteria else None
    threshold = first.threshold if first else None
    groups = its.actions.action_groups if its.actions else ()
    return AlertRule(
        name=it.name,
        enabled=its.enabled,
        query="\n".join(each.query for each in criteria),
        evaluation_frequency=its.evaluation_frequency,
        window_size=its.window_size,
        override_query_time_range=its.override_query_time_range,
        severity=its.severity,
        operator=(first.operator or "") if first else "",
        threshold=None if threshold is None else int(threshold),
        # Azure writes one id in several cases: `resourceGroups`, `resourcegroups`.
        action_groups=tuple(each.lower() for each in groups or ()),
    )


def action_groups(export: Export) -> tuple[ActionGroup, ...] | None:
    """Whom alerts tell; None where the export does not say."""
    its = export.of(Kind.ACTION_GROUPS)
    read = None if its is None else export.read(Kind.ACTION_GROUPS, its, shapes.ActionGroup)
    if read is None:
        return None
    return tuple(
        ActionGroup(
            id=it.id.lower(),
            enabled=bool(it.properties.get("enabled", True)),
            receivers=_receivers(it),
        )
        for it in read
    )


def _receivers(it: shapes.ActionGroup) -> tuple[str, ...]:
    kinds = (
        name.removesuffix(_RECEIVERS)
        for name, its in it.properties.items()
        if name.endswith(_RECEIVERS) and its
    )
    return tuple(_PUSH.get(kind, kind) for kind in kinds)
