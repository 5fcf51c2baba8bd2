"""Which groups the accounts are in, from whatever the export has of that."""

from collections.abc import Collection
from typing import Final

import msgspec

from keyvault_kit.custody.tenant import Group
from keyvault_kit.entra.evidence import shapes
from keyvault_kit.entra.evidence.export import Export
from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.entra.evidence.pages import Object

_NAMED: Final = 100
"""Of the others in a large group, so many are kept: that there are others is what counts."""


class Memberships(msgspec.Struct, frozen=True):
    """The groups of the accounts.

    Attributes:
        groups: Those that one of them is in, by id; None where the export does not say.
        of: Object id of an account -> the groups that Graph itself says it is in.
    """

    groups: tuple[Group, ...] | None
    of: dict[str, tuple[str, ...]]

    def around(self, account: str) -> frozenset[str] | None:
        """The groups of an account; None where the export does not say."""
        if account in self.of:
            return frozenset(self.of[account])
        if self.groups is None:
            return None
        return frozenset(it.id for it in self.groups if account in (it.members or ()))


def memberships(export: Export, names: dict[str, tuple[str, ...]]) -> Memberships:
    """What the export says of the groups of the accounts.

    Graph's own answer for an account counts before what is worked out from members of groups.

    Args:
        names: Object id of each account -> the names, its id among them, by which files call it.
    """
    groups = _Groups(export, names)
    said = {account: _said(export, its) for account, its in names.items()}
    of = {account: tuple(its) for account, its in said.items() if its is not None}
    if not names or len(of) < len(names):
        return Memberships(groups.by_members(), of)
    known = {it: found for its in said.values() if its for it, found in its.items()}
    return Memberships(tuple(groups.group(it, known[it]) for it in sorted(known)), of)


def _said(export: Export, names: tuple[str, ...]) -> dict[str, Object] | None:
    """Group -> its object, as Graph answers for one account."""
    for name in names:
        its = export.of(Kind.MEMBER_OF, name)
        if its is not None:
            return {str(it["id"]).lower(): it for it in its if _is_group(it)}
    return None


def _is_group(it: Object) -> bool:
    odata = str(it.get("@odata.type") or "")
    return bool(it.get("id")) and (odata.endswith(".group") if odata else "securityEnabled" in it)


class _Groups:
    """The groups of an export, and who is in them."""

    def __init__(self, export: Export, accounts: Collection[str]) -> None:
        self._export = export
        self._accounts = frozenset(accounts)
        found = export.found(Kind.GROUPS)
        self._objects = {str(it["id"]).lower(): it for it in found if it.get("id")}
        self._none_is_empty = export.alone(Kind.MEMBERS)

    def by_members(self) -> tuple[Group, ...] | None:
        """The groups with an account among their members, where the members of all are known."""
        if self._export.of(Kind.GROUPS) is None:
            return None
        members = {it: self._members(it) for it in self._objects}
        untold = sorted(it for it, found in members.items() if found is None)
        if untold:
            name = self._objects[untold[0]].get("displayName") or untold[0]
            self._export.remarks.append(
                f"The members of {len(untold)} of {len(members)} groups are not there, as of group"
                f" {name!r}: which groups the accounts are in is not known. Export"
                " transitiveMemberOf of the accounts."
            )
            return None
        held = (it for it, its in members.items() if not self._accounts.isdisjoint(its or ()))
        return tuple(self.group(it, {}) for it in sorted(held))

    def group(self, group: str, told: Object) -> Group:
        """A group; its own object counts before what was told of it elsewhere."""
        its = self._objects.get(group, told)
        read = self._export.read(Kind.GROUPS, (its,), shapes.Group)
        shape = read[0] if read else shapes.Group(id=group)
        assignable, members = shape.is_assignable_to_role, self._members(group)
        return Group(
            id=group,
            display_name=shape.display_name or "",
            security_enabled=shape.security_enabled,
            # Null is Graph's 'no'; a property that was not asked for is left out.
            is_assignable_to_role=None if assignable is msgspec.UNSET else bool(assignable),
            members=None if members is None else self._kept(members),
        )

    def _kept(self, members: frozenset[str]) -> tuple[str, ...]:
        ours = members & self._accounts
        return (*sorted(ours), *sorted(members - ours)[:_NAMED])

    def _members(self, group: str) -> frozenset[str] | None:
        """Who is in a group, through other groups too; None where the export has not all."""
        told = self._export.of(Kind.TRANSITIVE_MEMBERS, group)
        if told is not None:
            return frozenset(str(it.get("id")).lower() for it in told)
        found: set[str] = set()
        waiting, seen = [group], {group}
        while waiting:
            its = self._direct(waiting.pop())
            if its is None:
                return None
            for it in its:
                member = str(it.get("id")).lower()
                found.add(member)
                if _is_group(it) and member not in seen:
                    seen.add(member)
                    waiting.append(member)
        return frozenset(found)

    def _direct(self, group: str) -> tuple[Object, ...] | None:
        its = self._export.of(Kind.MEMBERS, group)
        if its is None and self._none_is_empty and not self._is_dynamic(group):
            return ()
        return its

    def _is_dynamic(self, group: str) -> bool:
        """Whether rules choose its members: EntraExporter leaves those out."""
        return "DynamicMembership" in (self._objects.get(group, {}).get("groupTypes") or ())
