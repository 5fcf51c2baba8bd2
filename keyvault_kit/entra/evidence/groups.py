"""Which groups the accounts are in, from whatever the export has of that."""

from collections.abc import Collection, Iterable
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
    said = {account: _said(export, its) for account, its in names.items()}
    of = {account: tuple(its) for account, its in said.items() if its is not None}
    known = {it: found for its in said.values() if its for it, found in its.items()}
    if not names or len(of) < len(names):
        return Memberships(_by_members(export, names), of)
    known |= {it: found for it, found in _objects(export).items() if it in known}
    groups = tuple(_group(export, it, known[it], names) for it in sorted(known))
    return Memberships(groups, of)


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


def _objects(export: Export) -> dict[str, Object]:
    return {str(it["id"]).lower(): it for it in export.found(Kind.GROUPS) if it.get("id")}


def _by_members(export: Export, accounts: Collection[str]) -> tuple[Group, ...] | None:
    """The groups with an account among their members, where the members of all are known."""
    if export.of(Kind.GROUPS) is None:
        return None
    its = _objects(export)
    members = {it: _members(export, it) for it in its}
    untold = sorted(it for it, found in members.items() if found is None)
    if untold:
        export.remarks.append(
            f"The members of {len(untold)} of {len(its)} groups are not there, as of group"
            f" {its[untold[0]].get('displayName') or untold[0]!r}: which groups the accounts are"
            " in is not known. Export transitiveMemberOf of the accounts."
        )
        return None
    held = (it for it, found in members.items() if not set(accounts).isdisjoint(found or ()))
    return tuple(_group(export, it, its[it], accounts) for it in sorted(held))


def _group(export: Export, group: str, it: Object, accounts: Collection[str]) -> Group:
    read = export.read(Kind.GROUPS, (it,), shapes.Group)
    shape = read[0] if read else shapes.Group(id=group)
    assignable = shape.is_assignable_to_role
    members = _members(export, group)
    return Group(
        id=group,
        display_name=shape.display_name or "",
        security_enabled=shape.security_enabled,
        # Null is Graph's 'no'; a property that was not asked for is left out.
        is_assignable_to_role=None if assignable is msgspec.UNSET else bool(assignable),
        members=None if members is None else _kept(members, accounts),
    )


def _kept(members: Iterable[str], accounts: Collection[str]) -> tuple[str, ...]:
    its = set(members)
    ours = its & set(accounts)
    return tuple(sorted(ours)) + tuple(sorted(its - ours)[:_NAMED])


def _members(export: Export, group: str) -> frozenset[str] | None:
    """The members of a group, through other groups too; None where the export has not all."""
    told = export.of(Kind.TRANSITIVE_MEMBERS, group)
    if told is not None:
        return frozenset(str(it.get("id")).lower() for it in told)
    found: set[str] = set()
    waiting, seen = [group], {group}
    while waiting:
        its = _direct(export, waiting.pop())
        if its is None:
            return None
        for it in its:
            member = str(it.get("id")).lower()
            found.add(member)
            if _is_group(it) and member not in seen:
                seen.add(member)
                waiting.append(member)
    return frozenset(found)


def _direct(export: Export, group: str) -> tuple[Object, ...] | None:
    its = export.of(Kind.MEMBERS, group)
    if its is None and export.alone(Kind.MEMBERS) and not _is_dynamic(export, group):
        return ()
    return its


def _is_dynamic(export: Export, group: str) -> bool:
    """Whether rules choose its members: EntraExporter leaves those out."""
    its = _objects(export).get(group, {})
    return "DynamicMembership" in (its.get("groupTypes") or ())
