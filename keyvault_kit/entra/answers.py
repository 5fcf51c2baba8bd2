"""What the kit's own script did at the tenant, as its evidence file says it (S17, S20, S32).

The script of the online side (`Enroll.ps1`) enters every attempt: options fetched, passkey
registered, password set. The file is evidence that the tenant took what was made here.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec

from keyvault_kit.custody.model import Account
from keyvault_kit.entra.foreign import read_as
from keyvault_kit.errors import InputError

FORMAT: Final = "keyvault-kit/evidence/v1"


class Action(StrEnum):
    """What the script does at the tenant; an action of a later version is left alone."""

    CREATION_OPTIONS = "creationOptions"
    REGISTER = "register"
    SET_PASSWORD = "setPassword"  # noqa: S105 - an action, not a password


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One attempt at the tenant.

    Attributes:
        time: When it ended, aware, by the clock of the online machine.
        action: One of `Action`, or one that this version does not know.
        account: The account's sign-in name.
        object_id: Its object id; None where the script was not told.
        key: Asset tag of the key whose passkey it was about; None for a password.
        set: Id of the secret set whose password it was; None for a passkey.
        ok: Whether the tenant did it.
        method_id: Graph's id of the passkey that it made.
        aa_guid: The model that the tenant read from the attestation.
        answer_sha256: SHA-256 of the registration answer that was sent, lower-case hex.
        error: What the tenant said where it refused.
    """

    time: Annotated[datetime, msgspec.Meta(tz=True)]
    action: str
    account: str
    ok: bool
    object_id: str | None = None
    key: str | None = None
    set: str | None = None
    method_id: str | None = None
    aa_guid: str | None = None
    answer_sha256: str | None = None
    error: str | None = None

    def is_of(self, account: Account) -> bool:
        """Whether it is about that account: by its object id or, where one is missing, its name."""
        if self.object_id and account.object_id:
            return self.object_id.casefold() == account.object_id
        return self.account.casefold() == account.upn.casefold()


class _File(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The file as the script writes it."""

    format: Literal["keyvault-kit/evidence/v1"]
    events: Annotated[tuple[Event, ...], msgspec.Meta(min_length=1)]
    tenant_id: str | None = None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """An evidence file.

    Attributes:
        sha256: Of its bytes, lower-case hex.
        taken: When its latest event ended, UTC.
        events: Its attempts, oldest first.
        tenant_id: The tenant's id; None where the script was not told.
        ignored: Members that this version does not know -> how often.
    """

    sha256: str
    taken: datetime
    events: tuple[Event, ...]
    tenant_id: str | None = None
    ignored: Mapping[str, int] = {}

    def passwords(self, account: Account) -> tuple[Event, ...]:
        """The attempts to set a password of the account, oldest first."""
        tried = (it for it in self.events if it.action == Action.SET_PASSWORD)
        return tuple(it for it in tried if it.is_of(account))

    def password(self, account: Account, set_id: str) -> Event | None:
        """What became of the password of a set; None where it was never sent.

        What the tenant took once, it took: that a later attempt was refused changes nothing.
        """
        sent = (it for it in self.passwords(account) if it.set == set_id)
        return max(sent, key=lambda it: (it.ok, it.time), default=None)

    def last_taken(self, account: Account) -> Event | None:
        """The newest attempt by which the account got a password; None without."""
        return max(
            (it for it in self.passwords(account) if it.ok), key=lambda it: it.time, default=None
        )

    def passkey(self, tag: str, answer: str) -> Event | None:
        """What became of a key's registration answer; None where it was never sent.

        What the tenant took once, it has: that a later attempt was refused changes nothing.

        Args:
            tag: The key's asset tag.
            answer: SHA-256 of the answer, lower-case hex.
        """
        sent = (
            it
            for it in self.events
            if it.action == Action.REGISTER
            and it.key == tag
            and (it.answer_sha256 or "").lower() == answer
        )
        return max(sent, key=lambda it: (it.ok, it.time), default=None)


def is_answers(data: bytes) -> bool:
    """Whether a file looks like an evidence file of the kit's own script, of whatever version."""
    return b"keyvault-kit/evidence/" in data.replace(b"\0", b"")


def read_answers(data: bytes) -> Answers:
    """The evidence file of the kit's own script.

    Args:
        data: Its bytes: UTF-8 or UTF-16, with or without a byte order mark.

    Raises:
        InputError: It is another file, is cut short, or was written by a newer version.
    """
    try:
        file, ignored = read_as(_File, data)
    except ValueError as error:
        raise InputError(
            f"this is no evidence file of the kit's script: {error}",
            mend="Take the file that the script wrote, whole and as it is.",
        ) from error
    events = tuple(sorted(file.events, key=lambda it: it.time))
    return Answers(
        sha256=hashlib.sha256(data).hexdigest(),
        taken=events[-1].time.astimezone(UTC),
        events=events,
        tenant_id=file.tenant_id,
        ignored=ignored,
    )
