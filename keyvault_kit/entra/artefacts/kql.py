"""Queries over the tenant's logs, in KQL (S45, S46, S52, S53).

Four of them: who signs in with the accounts, what is done to the accounts or by them, what becomes
of their group and its role, and which policy does not name that group any more. Each row is reason
enough to look: the alert is on more than no row (S46). Accounts are found by object id, since a
name can be given to another object; by name where no object id is recorded (S7).

Columns are those of the reference of `SigninLogs`, `AADNonInteractiveUserSignInLogs` and
`AuditLogs`, activities those of the reference of audit activities.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import msgspec

from keyvault_kit.custody.model import Account
from keyvault_kit.entra.artefacts import present
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted
from keyvault_kit.errors import InputError

SIGN_INS: Final = ("SigninLogs", "AADNonInteractiveUserSignInLogs")
"""Both tables of sign-ins: a query that reads the first alone misses all that need no person."""
AUDIT: Final = ("AuditLogs",)

_POLICIES: Final = tuple(f"{it} conditional access policy" for it in ("Add", "Update", "Delete"))
_METHODS: Final = (
    "Authentication Methods Policy Reset",
    "Authentication Methods Policy Update",
    *(f"Authentication Strength Policy {it}" for it in ("Create", "Update", "Delete")),
    *(
        f"Authentication Strength Combination Configuration {it}"
        for it in ("Create", "Update", "Delete")
    ),
)
"""Activities by which something that the accounts sign in with is changed."""

_STEP: Final = 9
"""Of the twelve steps: alerts are created (S61)."""

_ACTOR: Final = (
    "| extend Actor = coalesce(tostring(InitiatedBy.user.userPrincipalName),"
    " tostring(InitiatedBy.app.displayName))"
)

_SEEN: Final = (
    "| project TimeGenerated, Type, UserPrincipalName, UserId, IPAddress, AppDisplayName,"
    " ResultType, ResultDescription, ConditionalAccessStatus, CorrelationId"
)
_CHANGED: Final = (
    "| project TimeGenerated, OperationName, Result, Policy, GroupExcluded, Actor, CorrelationId,"
    " Changes = TargetResources[0].modifiedProperties"
)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query.

    Attributes:
        name: The stem of its file, `01-sign-in`.
        alert: What it is an alert on, as the end of a rule's name: `sign-in`.
        title: What its rows are, in a sentence without a full stop.
        serves: Numbers of the requirements that it serves.
        tables: The tables that it reads.
        lines: What is done with their rows.
        rehearsal: Whether it is but of a rehearsal.
    """

    name: str
    alert: str
    title: str
    serves: tuple[str, ...]
    tables: tuple[str, ...]
    lines: tuple[str, ...]
    rehearsal: bool = False

    def text(self, arrived: timedelta | None = None) -> str:
        """The query with its comments, a line feed at the end.

        Args:
            arrived: Take those rows alone that arrived in this last time, in whole minutes,
                whenever they happened: logs come late. All rows where there is none.
        """
        return "".join(f"{it}\n" for it in (*self._comments(), self._source(arrived), *self.lines))

    def _comments(self) -> Iterator[str]:
        if self.rehearsal:
            yield f"// {REHEARSAL}: for no tenant."
        yield f"// {self.title}."
        yield f"// Serves {', '.join(self.serves)}."

    def _source(self, arrived: timedelta | None) -> str:
        late = ""
        if arrived is not None:
            late = f" | where ingestion_time() > ago({arrived // timedelta(minutes=1)}m)"
        if len(self.tables) == 1:
            return f"{self.tables[0]}{late}"
        # A table that has had no row yet does not exist: that must not break the other.
        sources = (f"({it}{late})" if late else it for it in self.tables)
        return f"union isfuzzy=true {', '.join(sources)}"


def quoted(text: str) -> str:
    """A text as a string of KQL, whatever stands in it."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def queries(it: Wanted) -> tuple[Query, ...]:
    """All queries, in the order of their names.

    Raises:
        InputError: There is no account, or the tenant's group cannot be told.
    """
    if not it.accounts():
        raise InputError(
            "the register has no account that could be watched",
            mend="Enter the accounts first: 'keyvault accounts add'.",
        )
    return (_sign_in(it), _account(it), _group(it), _policy(it))


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """The queries as files, for people to run and to look at.

    Raises:
        InputError: There is no account, or the tenant's group cannot be told.
    """
    for query in queries(it):
        yield Artefact(
            name=f"kql/{query.name}.kql",
            content=query.text().encode(),
            serves=query.serves,
            about=query.title,
            step=_STEP,
            annotated=True,
        )


def _sign_in(it: Wanted) -> Query:
    return Query(
        name="01-sign-in",
        alert="sign-in",
        title="Every sign-in with an emergency access account, interactive or not, failed or not",
        serves=("S45", "S46", "S65"),
        tables=SIGN_INS,
        lines=(
            *_clauses(it, "UserId =~ {}", "UserPrincipalName =~ {}"),
            _SEEN,
        ),
        rehearsal=it.rehearsal,
    )


def _account(it: Wanted) -> Query:
    return Query(
        name="02-account",
        alert="account-changed",
        title="Everything that is done to an emergency access account, or by it",
        serves=("S45", "S46", "S53"),
        tables=AUDIT,
        lines=(
            "| extend Targets = tostring(TargetResources)",
            _ACTOR,
            "| extend ActorId = tostring(InitiatedBy.user.id)",
            *_clauses(
                it, "Targets contains {0} or ActorId =~ {0}", "Targets contains {0} or Actor =~ {0}"
            ),
            "| project TimeGenerated, OperationName, Result, Actor, Targets, CorrelationId",
        ),
        rehearsal=it.rehearsal,
    )


def _group(it: Wanted) -> Query:
    return Query(
        name="03-group",
        alert="group-changed",
        title="Every change of the emergency access group: members, owners, role, the group itself",
        serves=("S46", "S52", "S53"),
        tables=AUDIT,
        lines=(
            '| where Category in~ ("GroupManagement", "RoleManagement")',
            f"| where tostring(TargetResources) contains {quoted(present.group_id(it))}",
            _ACTOR,
            "| project TimeGenerated, OperationName, Result, Actor, TargetResources, CorrelationId",
        ),
        rehearsal=it.rehearsal,
    )


def _policy(it: Wanted) -> Query:
    """A policy that still excludes the group is well, unless it is the accounts' own.

    What cannot be read in a record counts as not excluded.
    """
    group, own = quoted(present.group_id(it)), quoted(it.marked(it.names.policy))
    return Query(
        name="04-policy",
        alert="policy-changed",
        title=(
            "Every change of a policy that does not exclude the emergency access group then, of its"
            " own policy, and of the methods and strengths that people sign in with"
        ),
        serves=("S46", "S52", "S53"),
        tables=AUDIT,
        lines=(
            f"| where OperationName in~ ({_list(_POLICIES)}, {_list(_METHODS)})",
            "| extend Policy = tostring(TargetResources[0].displayName)",
            "| extend After = tostring(TargetResources[0].modifiedProperties[0].newValue)",
            '| extend Excluded = tostring(extractjson("$.conditions.users.excludeGroups", After))',
            f"| extend GroupExcluded = Excluded contains {group}",
            f"| where OperationName !in~ ({_list(_POLICIES)})",
            f"    or Policy =~ {own}",
            "    or not(GroupExcluded)",
            _ACTOR,
            _CHANGED,
        ),
        rehearsal=it.rehearsal,
    )


def _list(texts: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, texts))


def _clauses(it: Wanted, by_id: str, by_name: str) -> Iterator[str]:
    """A clause for each account (S45), the first of them after `where`."""
    for number, account in enumerate(it.accounts()):
        clause = _clause(it, account, by_id, by_name)
        yield f"{'    or' if number else '| where'} {clause} // {account.id}"


def _clause(it: Wanted, account: Account, by_id: str, by_name: str) -> str:
    object_id = it.object_id(account)
    return by_id.format(quoted(object_id)) if object_id else by_name.format(quoted(account.upn))
