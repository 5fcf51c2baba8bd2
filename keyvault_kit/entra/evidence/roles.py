"""Which directory roles the accounts have, and for how long."""

from collections.abc import Collection
from typing import Final

from keyvault_kit.custody.tenant import RoleAssignment
from keyvault_kit.entra.evidence import shapes
from keyvault_kit.entra.evidence.export import Export
from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.entra.evidence.pages import Object
from keyvault_kit.entra.evidence.shapes import moment

P2: Final = "AAD_PREMIUM_P2"
"""The service plan without which nobody can activate a role: assignments then last."""


class Roles:
    """All role assignments of an export.

    Args:
        plans: The tenant's service plans; None where the export does not say.
    """

    def __init__(self, export: Export, plans: Collection[str] | None) -> None:
        active = _read(export, Kind.ACTIVE)
        lasting = plans is not None and P2 not in plans
        self._active = _assignments(active) if active is not None else None
        if self._active is None:
            plain = _read(export, Kind.ASSIGNMENTS)
            plain = plain if plain is not None else _by_roles(export)
            self._active = None if plain is None else _assignments(plain, scheduled=lasting)
        eligible = _eligible(export)
        self._eligible = () if eligible is None and lasting else eligible

    def of(self, account: str, groups: Collection[str] | None) -> tuple[RoleAssignment, ...] | None:
        """The roles of an account; None where the export does not say.

        Args:
            groups: The groups that it is in; None where that is not known: then its own roles
                are all that can be told, and having none tells nothing.
        """
        if self._active is None or self._eligible is None:
            return None
        mine = {account, *(groups or ())}
        its = tuple(it for it in self._active + self._eligible if it.principal_id in mine)
        return its if its or groups is not None else None


def _read(export: Export, kind: Kind) -> tuple[shapes.Assignment, ...] | None:
    its = export.of(kind)
    return None if its is None else export.read(kind, its, shapes.Assignment)


def _eligible(export: Export) -> tuple[RoleAssignment, ...] | None:
    """What may be activated; an export that was not asked for it tells of none."""
    if export.is_cut(Kind.ELIGIBLE):
        return None
    read = export.read(Kind.ELIGIBLE, export.found(Kind.ELIGIBLE), shapes.Assignment)
    return None if read is None else _assignments(read, eligible=True)


def _assignments(
    its: Collection[shapes.Assignment], *, eligible: bool = False, scheduled: bool = True
) -> tuple[RoleAssignment, ...]:
    # Where it comes through a group, the group has a row of its own, which says which one.
    return tuple(
        RoleAssignment(
            role_definition_id=it.role_definition_id.lower(),
            principal_id=it.principal_id.lower(),
            eligible=eligible,
            activated=it.assignment_type == "Activated",
            end_date_time=moment(it.end_date_time) if it.end_date_time else None,
            directory_scope_id=it.directory_scope_id or "/",
            scheduled=scheduled,
        )
        for it in its
        if it.member_type in {None, "Direct"}
    )


def _by_roles(export: Export) -> tuple[shapes.Assignment, ...] | None:
    """The same from the members of directory roles, which say nothing of time."""
    roles = export.of(Kind.DIRECTORY_ROLES)
    read = None if roles is None else export.read(Kind.DIRECTORY_ROLES, roles, shapes.DirectoryRole)
    if read is None or not export.owners(Kind.ROLE_MEMBERS):
        return None
    members: list[tuple[str, Object]] = []
    for it in read:
        its = export.of(Kind.ROLE_MEMBERS, it.id.lower())
        if its is None and not export.alone(Kind.ROLE_MEMBERS):
            return None
        members += [(it.role_template_id, member) for member in its or ()]
    return tuple(
        shapes.Assignment(role_definition_id=role, principal_id=str(member.get("id")))
        for role, member in members
    )
