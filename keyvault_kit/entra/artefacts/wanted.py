"""What artefacts are made from: the register, what the tenant is now, and what people chose."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec

from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.model import GENUINE, Account, Mode, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import TenantFacts

REHEARSAL: Final = "REHEARSAL"
"""Marks every file of a rehearsal, and stands in every object id in it: no tenant takes one."""

GREENFIELD: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {}
"""What a tenant of which nothing is known says of itself."""

EVIDENCE_LASTS: Final = timedelta(days=7)
"""What is merged with older evidence may undo what somebody changed since; so it is refused."""

ENDPOINTS: Final = {
    ".onmicrosoft.us": "https://graph.microsoft.us",
    ".partner.onmschina.cn": "https://microsoftgraph.chinacloudapi.cn",
}
"""Where Microsoft Graph is asked in the national clouds, by the ending of sign-in names there."""

ENDPOINT: Final = "https://graph.microsoft.com"
"""Where it is asked everywhere else."""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What things are called in the tenant (S6: no name tells more than was decided)."""

    group: str = "Emergency Access"
    policy: str = "Grant - Emergency Access"
    strength: str = "Emergency Access"
    alert: str = "emergency-access-sign-in"
    action_group: str = "emergency-access-notify"
    action_group_short: str = "BreakGlass"


class Wanted(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What artefacts are made from; one is equal to itself alone, so that lookups can be kept.

    Attributes:
        now: Aware.
        facts: What the tenant is now; None where nothing is known of it (`--greenfield`).
        objects: The tenant's own JSON objects behind `facts`, by kind (`users`):
            what is merged is merged into these, with every field that they have.
        evidence: SHA-256 of that evidence; empty without any.
        tenant: The tenant's id; empty where no evidence says it.
    """

    register: Register
    now: datetime
    facts: TenantFacts | None = None
    objects: Mapping[str, Sequence[Mapping[str, Any]]] = GREENFIELD
    evidence: str = ""
    tenant: str = ""
    names: Names = Names()

    @property
    def rehearsal(self) -> bool:
        """Whether this is but a rehearsal."""
        return self.register.mode is Mode.REHEARSAL

    @property
    def endpoint(self) -> str:
        """Where Microsoft Graph is asked for the cloud that the accounts are in."""
        names = [it.upn.casefold() for it in self.register.accounts.values()]
        found = (at for end, at in ENDPOINTS.items() if any(it.endswith(end) for it in names))
        return next(found, ENDPOINT)

    @property
    def until(self) -> datetime:
        """When it is too late to carry it out: a week after the evidence, or else after now."""
        return (self.facts.taken if self.facts else self.now) + EVIDENCE_LASTS

    def marked(self, name: str) -> str:
        """A name for the tenant; in a rehearsal it says so."""
        return f"{REHEARSAL} {name}" if self.rehearsal else name

    def address(self, object_id: str) -> str:
        """An id of the evidence as it stands in files; in a rehearsal no tenant takes it."""
        written = quote(object_id, safe="")  # evidence may say anything, and this makes addresses
        return f"{REHEARSAL}-{written}" if self.rehearsal else written

    def choice(self, conflict: str) -> str:
        """What holds now where the sources disagree (C1 to C8)."""
        return position(self.register, conflict, self.now)

    def accounts(self) -> tuple[Account, ...]:
        """The accounts, by id."""
        return tuple(sorted(self.register.accounts.values(), key=lambda it: it.id))

    def object_id(self, account: Account) -> str:
        """The object id; in a rehearsal one that no tenant takes; empty where it is unknown."""
        if self.rehearsal:
            return f"{REHEARSAL}-{account.id}"
        return account.object_id or ""

    def keys(self) -> tuple[SecurityKey, ...]:
        """The keys that we hold: in service and proven genuine, by tag.

        Some may have no passkey yet: their models must be let in before they are enrolled (S21).
        """
        all_of_them = self.register.keys.values()
        held = (it for it in all_of_them if it.proven == GENUINE and not it.retired)
        return tuple(sorted(held, key=lambda it: it.id))

    def aaguids(self) -> tuple[str, ...]:
        """The models of those keys, as AAGUIDs, each once."""
        return tuple(sorted({it.aaguid for it in self.keys()}))
