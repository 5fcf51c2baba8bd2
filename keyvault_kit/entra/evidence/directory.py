"""The emergency access accounts as the directory has them: kind, methods, roles, sign-ins."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec import UNSET

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.tenant import Method, SignIn, TenantAccount
from keyvault_kit.entra.enrollment import credential_ids
from keyvault_kit.entra.evidence import shapes
from keyvault_kit.entra.evidence.export import Export, only
from keyvault_kit.entra.evidence.groups import Memberships
from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.entra.evidence.pages import Object
from keyvault_kit.entra.evidence.roles import Roles
from keyvault_kit.entra.evidence.shapes import moment

_TYPE: Final = "#microsoft.graph."
_METHOD: Final = "AuthenticationMethod"

_PASSKEYS: Final = ("fido2", "passkey")
"""How the log of sign-ins names them, among other words."""


class Known(msgspec.Struct, frozen=True):
    """An account that the export knows.

    Attributes:
        id: Its object id, lower case.
        user: Its object; None where only other objects name it.
    """

    id: str
    user_principal_name: str
    user: Object | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What files and answers call it."""
        return self.id, self.user_principal_name.lower()


# --- Finding them


def known_accounts(export: Export, accounts: Collection[Account]) -> tuple[Known, ...]:
    """The accounts of the register that the export knows, by object id or by sign-in name."""
    ids = {it.object_id for it in accounts if it.object_id}
    upns = {it.upn.casefold() for it in accounts}
    found: dict[str, Known] = {}
    for it in export.found(Kind.USERS):
        account, upn = str(it.get("id") or "").lower(), str(it.get("userPrincipalName") or "")
        if account and upn and (account in ids or upn.casefold() in upns):
            found[account] = Known(account, upn, it)
    named = _named(export, ids)
    for each in accounts:
        if each.object_id and each.object_id in named and each.object_id not in found:
            found[each.object_id] = Known(each.object_id, each.upn)
    return tuple(found[it] for it in sorted(found))


def _named(export: Export, ids: Collection[str]) -> set[str]:
    """Which of the ids other objects name: members, holders of roles, who signed in."""
    owners = (export.owners(kind) for kind in (Kind.METHODS, Kind.REQUIREMENTS, Kind.MEMBER_OF))
    named = set().union(*owners)
    for kind, field in (
        (Kind.ASSIGNMENTS, "principalId"),
        (Kind.ACTIVE, "principalId"),
        (Kind.SIGN_INS, "userId"),
        (Kind.MEMBERS, "id"),
        (Kind.TRANSITIVE_MEMBERS, "id"),
        (Kind.ROLE_MEMBERS, "id"),
    ):
        named |= {str(it.get(field)).lower() for it in export.found(kind)}
    return named & set(ids)


# --- What is known of each


class Directory:
    """What an export says of accounts."""

    def __init__(self, export: Export, roles: Roles, groups: Memberships) -> None:
        self._export = export
        self._roles = roles
        self._groups = groups
        self._domains = _domains(export)

    def account(self, it: Known, sign_ins: tuple[SignIn, ...] | None) -> TenantAccount:
        """An account, with all that is known of it."""
        roles = self._roles.of(it.id, self._groups.around(it.id))
        domain = it.user_principal_name.partition("@")[2].casefold()
        seen = TenantAccount(
            id=it.id,
            user_principal_name=it.user_principal_name,
            federated=self._domains.get(domain),
            per_user_mfa_state=self._per_user_mfa(it),
            role_assignments=roles,
            methods=methods_of(self._export, it.names),
            sign_ins=sign_ins,
            member_of=self._groups.of.get(it.id),
        )
        read = self._export.read(Kind.USERS, (it.user,), shapes.User) if it.user else None
        return _with_user(seen, read[0]) if read else seen

    def _per_user_mfa(self, it: Known) -> str | None:
        for name in it.names:
            its = self._export.found(Kind.REQUIREMENTS, name)
            read = self._export.read(Kind.REQUIREMENTS, its, shapes.Requirements)
            if read:
                return only({each.per_user_mfa_state for each in read})
        return None


def _with_user(seen: TenantAccount, user: shapes.User) -> TenantAccount:
    synced, policies = user.on_premises_sync_enabled, user.password_policies
    licences, authorization = user.assigned_licenses, user.authorization_info
    return msgspec.structs.replace(
        seen,
        account_enabled=user.account_enabled,
        on_premises_sync_enabled=None if synced is UNSET else bool(synced),
        assigned_licenses=None if licences is None else tuple(it.sku_id for it in licences),
        password_policies=None if policies is UNSET else _split(policies),
        certificate_user_ids=authorization.certificate_user_ids if authorization else None,
    )


def _split(policies: str | None) -> tuple[str, ...]:
    its = (it.strip() for it in (policies or "").split(","))
    return tuple(it for it in its if it not in {"", "None"})


def _domains(export: Export) -> Mapping[str, bool]:
    """Domain -> whether it is federated."""
    read = export.read(Kind.DOMAINS, export.found(Kind.DOMAINS), shapes.Domain) or ()
    known = (it for it in read if it.authentication_type)
    return {it.id.casefold(): (it.authentication_type or "") == "Federated" for it in known}


# --- Methods


def methods_of(export: Export, names: Iterable[str]) -> tuple[Method, ...] | None:
    """What is registered for somebody; None where the export does not say.

    The passkeys alone (`fido2Methods`) do not say it: they leave out all else that signs in.
    """
    for name in names:
        its = export.of(Kind.METHODS, name)
        if its is not None:
            read = export.read(Kind.METHODS, its, shapes.AuthenticationMethod)
            return None if read is None else tuple(_method(it) for it in read)
    return None


def other_methods(export: Export, ours: Collection[str]) -> tuple[Method, ...] | None:
    """What is registered for the others that the export has methods of (S18)."""
    others = sorted(export.owners(Kind.METHODS) - set(ours))
    its = [methods_of(export, (it,)) for it in others]
    return tuple(method for found in its for method in found or ()) if others else None


def _method(it: shapes.AuthenticationMethod) -> Method:
    kind = it.type.removeprefix(_TYPE).removesuffix(_METHOD)
    return Method(
        kind=kind,
        id=it.id,
        credential_ids=_credentials(it.id) if kind == "fido2" else (),
        aa_guid=it.aa_guid.lower() if it.aa_guid else None,
        display_name=it.display_name,
        created_date_time=moment(it.created_date_time) if it.created_date_time else None,
    )


def _credentials(method: str) -> tuple[str, ...]:
    """What the id of a passkey can be read as, hex; nothing where it is no base64."""
    try:
        return tuple(dict.fromkeys(it.hex() for it in credential_ids(method)))
    except ValueError:
        return ()


# --- Sign-ins


def sign_ins_of(export: Export, it: Known) -> tuple[SignIn, ...] | None:
    """Who signed in to an account, oldest first; None where the export does not say.

    A log that was asked for an account says it of that. One of all says it of whom it names: it may
    have been asked for others, and then that it does not name somebody tells nothing.
    """
    general, *own = [export.of(Kind.SIGN_INS, name) for name in ("", *it.names)]
    if export.is_cut(Kind.SIGN_INS, ("", *it.names)):
        return None
    mine = {str(o.get("id")): o for log in (general, *own) for o in log or () if _is_of(o, it)}
    if not mine and all(log is None for log in own):
        if general is not None:
            export.remark_once(
                f"The signIns name nobody who signed in to {it.user_principal_name}: they may have"
                " been asked for others. Export those of each account: 'entra evidence-script'."
            )
        return None
    read = export.read(Kind.SIGN_INS, mine.values(), shapes.SignIn)
    if read is None:
        return None
    return tuple(sorted(map(_sign_in, read), key=lambda each: each.created_date_time))


def _is_of(sign_in: Object, it: Known) -> bool:
    if sign_in.get("userId"):
        return str(sign_in["userId"]).lower() == it.id
    return str(sign_in.get("userPrincipalName") or "").lower() in it.names


def _sign_in(it: shapes.SignIn) -> SignIn:
    device, by = it.device_detail, _shown_by(it.authentication_details or ())
    interactive = it.is_interactive
    if interactive is None:
        interactive = "nonInteractiveUser" not in (it.sign_in_event_types or ())
    return SignIn(
        created_date_time=moment(it.created_date_time),
        succeeded=it.status.error_code == 0,
        interactive=interactive,
        app_display_name=it.app_display_name or "",
        ip_address=it.ip_address or "",
        device=(device.display_name or device.device_id or "") if device else "",
        authentication_method=(by.authentication_method or "") if by else "",
        authentication_method_detail=(by.authentication_method_detail or "") if by else "",
    )


def _shown_by(steps: Collection[shapes.AuthenticationDetail]) -> shapes.AuthenticationDetail | None:
    """The step that tells most of who it was: a passkey, or the last that was right."""
    right = [it for it in steps if it.succeeded and it.authentication_method]
    passkeys = [it for it in right if _is_passkey(it.authentication_method or "")]
    return next(reversed(passkeys or right), None)


def _is_passkey(method: str) -> bool:
    return any(word in method.casefold() for word in _PASSKEYS)
