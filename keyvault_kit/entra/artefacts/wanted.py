"""What artefacts are made from: the register, what the tenant is now, and what people chose."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from keyvault_kit.custody.model import Account, Mode, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import TenantFacts

REHEARSAL: Final = "REHEARSAL"
"""Marks every file of a rehearsal, and stands in every object id in it: no tenant takes one."""

GREENFIELD: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {}
"""What a tenant of which nothing is known says of itself."""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What things are called in the tenant (S6: no name tells more than was decided)."""

    group: str = "Emergency Access"
    policy: str = "Grant - Emergency Access"
    strength: str = "Emergency Access"
    alert: str = "emergency-access-sign-in"
    action_group: str = "notify-global-admins"
    action_group_short: str = "BreakGlass"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What artefacts are made from.

    Attributes:
        now: Aware.
        facts: What the tenant is now; None where nothing is known of it (`--greenfield`).
        objects: The tenant's own JSON objects behind `facts`, by kind (`users`):
            what is merged is merged into these, with every field that they have.
        evidence: SHA-256 of that evidence; empty without any.
    """

    register: Register
    now: datetime
    facts: TenantFacts | None = None
    objects: Mapping[str, Sequence[Mapping[str, Any]]] = GREENFIELD
    evidence: str = ""
    names: Names = Names()

    @property
    def rehearsal(self) -> bool:
        """Whether this is but a rehearsal."""
        return self.register.mode is Mode.REHEARSAL

    def object_id(self, account: Account) -> str:
        """The object id; in a rehearsal one that no tenant takes; empty where it is unknown."""
        if self.rehearsal:
            return f"{REHEARSAL}-{account.id}"
        return account.object_id or ""

    def keys(self) -> tuple[SecurityKey, ...]:
        """The keys in service that have a passkey, by tag."""
        held = (it for it in self.register.keys.values() if it.credential and not it.retired)
        return tuple(sorted(held, key=lambda it: it.id))

    def aaguids(self) -> tuple[str, ...]:
        """The models of those keys, as AAGUIDs, each once."""
        return tuple(sorted({it.aaguid for it in self.keys()}))
