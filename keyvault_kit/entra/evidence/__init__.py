"""Evidence from the tenant: exported files, read into what rules ask (S1 to S27, S44 to S65).

The kit never asks the tenant. Somebody exports there, with the kit's own `Export-Evidence.ps1`,
with EntraExporter, or by hand as plain JSON of Graph, and carries the files here.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.answers import Answers
from keyvault_kit.entra.evidence import azure, policies, shapes
from keyvault_kit.entra.evidence.directory import (
    Directory,
    Known,
    known_accounts,
    other_methods,
    sign_ins_of,
)
from keyvault_kit.entra.evidence.export import Export
from keyvault_kit.entra.evidence.groups import memberships
from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.entra.evidence.pages import Object, Unpacked, unpack
from keyvault_kit.entra.evidence.roles import Roles
from keyvault_kit.errors import InputError

__all__ = ["TenantEvidence", "read_evidence"]


class TenantEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What files from the tenant say.

    Attributes:
        facts: What rules ask; what the files do not say is None in it.
        objects: The tenant's own JSON objects behind the facts, by kind, with every field.
        sha256: Of the one file; of several the SHA-256 over the lines that `sha256sum` prints for
            them, sorted by name. Lower-case hex.
        ignored: What was left alone -> how often: fields as `KIND: FIELD`, folders and files by
            their first part.
        answers: The newest record of the kit's own script among the files.
        remarks: What is odd about the files, in sentences.
        tenant_id: The tenant's id; empty where no file says it.
    """

    facts: TenantFacts
    objects: Mapping[str, tuple[Mapping[str, Any], ...]]
    sha256: str
    ignored: Mapping[str, int]
    answers: Answers | None = None
    remarks: tuple[str, ...] = ()
    tenant_id: str = ""

    @property
    def says_something(self) -> bool:
        """Whether there is anything in the facts: the kit's own record alone has none."""
        return self.facts != TenantFacts(taken=self.facts.taken, log_days=self.facts.log_days)


def read_evidence(
    files: Mapping[str, bytes],
    accounts: Collection[Account],
    *,
    taken: datetime | None = None,
) -> TenantEvidence:
    """Read files from the tenant.

    Args:
        files: Name, with `/`, -> bytes: folders of EntraExporter, answers of Graph, the kit's own
            export; UTF-8 or UTF-16, with or without a byte order mark.
        accounts: The emergency access accounts of the register.
        taken: When they were exported, aware; None where the files say it.

    Raises:
        InputError: A file is no JSON, nothing says when they were exported, they are of two exports
            or tenants, or they name no account of the register: they are another tenant's.
    """
    unpacked = unpack(files)
    manifest = unpacked.manifest
    export = Export(unpacked.pages, manifest.left_out if manifest else ())
    known = known_accounts(export, accounts)
    _demand_ours(unpacked, accounts, known)
    tenant_id = _tenant_id(unpacked)
    facts = _facts(export, known, _taken(unpacked, taken), manifest.days if manifest else None)
    missing = [it.id for it in accounts if facts.account(it) is None]
    if missing and unpacked.pages:
        export.remarks.append(f"Nothing in it is about account {listed(missing)}.")
    failed = manifest.failed if manifest else ()
    return TenantEvidence(
        facts=facts,
        objects=_objects(export, known),
        sha256=_sha256(files),
        ignored=Counter(unpacked.unknown) + export.ignored,
        answers=unpacked.answers[-1] if unpacked.answers else None,
        remarks=(*export.remarks, *(f"The export could not read {it}." for it in failed)),
        tenant_id=tenant_id,
    )


def _demand_ours(
    unpacked: Unpacked, accounts: Collection[Account], known: Collection[Known]
) -> None:
    """Check that the files are of the tenant that the accounts are in.

    Raises:
        InputError: They name none of them.
    """
    events = [it for answers in unpacked.answers for it in answers.events]
    if known or any(event.is_of(it) for event in events for it in accounts):
        return
    looked = listed(f"{it.upn} ({it.object_id or 'no object id on record'})" for it in accounts)
    if not unpacked.pages and not unpacked.answers:
        raise InputError(
            "there is nothing from a tenant in these files",
            mend="Name the folder of an export, or one of its JSON files.",
        )
    raise InputError(
        f"these files name no account of the register: {looked or 'it has none'}",
        mend="They are another tenant's, or leave out the users: export users, their methods and"
        " role assignments as well.",
    )


def _taken(unpacked: Unpacked, said: datetime | None) -> datetime:
    """When the files were exported.

    Raises:
        InputError: Nothing says it.
    """
    if said is not None:
        return said
    if unpacked.manifest:
        try:
            return shapes.moment(unpacked.manifest.taken)
        except ValueError as error:
            raise InputError(f"the manifest of the export is wrong: {error}") from error
    if unpacked.answers and not unpacked.pages:
        return unpacked.answers[-1].taken
    raise InputError(
        "nothing in the files says when they were exported",
        mend="Say it: '--taken YYYY-MM-DDTHH:MMZ'.",
    )


def _tenant_id(unpacked: Unpacked) -> str:
    """The tenant's id; empty where no file says it.

    Raises:
        InputError: They name two.
    """
    its = {it.tenant_id.lower() for it in unpacked.answers if it.tenant_id}
    if unpacked.manifest and unpacked.manifest.tenant_id:
        its.add(unpacked.manifest.tenant_id.lower())
    if len(its) > 1:
        raise InputError(
            f"these files are of different tenants: {listed(sorted(its))}",
            mend="Name the files of one: the tenant of the accounts.",
        )
    return next(iter(its), "")


def _sha256(files: Mapping[str, bytes]) -> str:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


# --- Facts and objects

_KEPT: Final = (
    Kind.GROUPS,
    Kind.ASSIGNMENTS,
    Kind.POLICIES,
    Kind.LOCATIONS,
    Kind.DIAGNOSTICS,
    Kind.ALERTS,
    Kind.ACTION_GROUPS,
)
"""Kinds whose objects what is made for the tenant is merged into."""


def _facts(
    export: Export, known: Collection[Known], taken: datetime, days: int | None
) -> TenantFacts:
    names = {it.id: it.names for it in known}
    plans = _service_plans(export)
    groups = memberships(export, names)
    directory = Directory(export, Roles(export, plans), groups)
    seen = tuple(directory.account(it, sign_ins_of(export, it)) for it in known)
    ours = frozenset(name for its in names.values() for name in its)
    return TenantFacts(
        taken=taken,
        accounts=seen or None,
        groups=groups.groups,
        conditional_access_policies=policies.policies(export),
        authentication_strengths=policies.strengths(export),
        passkey_policy=policies.passkey_policy(export),
        other_methods=other_methods(export, ours),
        allowed_to_use_sspr=policies.allowed_to_use_sspr(export),
        service_plans=plans,
        diagnostic_settings=azure.diagnostic_settings(export),
        alert_rules=azure.alert_rules(export),
        action_groups=azure.action_groups(export),
        log_days=days,
    )


def _service_plans(export: Export) -> tuple[str, ...] | None:
    its = export.of(Kind.SKUS)
    read = None if its is None else export.read(Kind.SKUS, its, shapes.Sku)
    if read is None:
        return None
    on = (sku for sku in read if sku.capability_status in {"Enabled", "Warning"})
    plans = (plan for sku in on for plan in sku.service_plans)
    return tuple(
        sorted({it.service_plan_name for it in plans if it.provisioning_status == "Success"})
    )


def _objects(
    export: Export, known: Collection[Known]
) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """The tenant's own objects by kind; a kind that the export does not have is left out."""
    found: dict[str, tuple[Object, ...] | None] = {str(it): export.of(it) for it in _KEPT}
    if found[Kind.ASSIGNMENTS] is None:
        found[Kind.ASSIGNMENTS] = export.of(Kind.ACTIVE)
    if found[Kind.GROUPS] is None:  # those of the accounts alone
        found[Kind.GROUPS] = export.found(Kind.GROUPS) or None
    passkeys = policies.passkey_configuration(export)
    found[Kind.STRENGTHS] = policies.strength_objects(export)
    found["users"] = tuple(it.user for it in known if it.user) or None
    found["fido2Configuration"] = None if passkeys is None else (passkeys,)
    found[Kind.AUTHORIZATION] = export.found(Kind.AUTHORIZATION)[:1] or None
    return {kind: its for kind, its in found.items() if its is not None}
