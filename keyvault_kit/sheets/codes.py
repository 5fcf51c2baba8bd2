"""What the QR codes of the sheets say: encoded and parsed, strictly.

- a share: its words alone, in upper case, joined by single spaces, so that any SLIP-39 tool
  reads the code;
- every other sheet: `KVK1 KIND REGISTER8 ID N [SALT CONTENT]`, single spaces, UTF-8, the content
  last, so that it may contain anything;
- a checkpoint (C2SP tlog-checkpoint) and a founding sheet (the trust text): their exact bytes,
  which are no business of this module.
"""

import re
from enum import StrEnum
from typing import Final, Self

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import SALT_SIZE

MAGIC: Final = "KVK1"

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")
_REGISTER8: Final = re.compile(r"[0-9a-f]{8}")
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_SHARE: Final = re.compile(r"[A-Z]+( [A-Z]+){19,}")

_PLAIN_FIELDS: Final = 5
_SECRET_FIELDS: Final = 7


class Kind(StrEnum):
    """What a sheet is."""

    PIN = "PIN"
    PASSWORD = "PASSWORD"  # noqa: S105 - the name of a kind of sheet
    PART = "PART"
    IDENTITY = "IDENTITY"
    KEY = "KEY"
    ENVELOPE = "ENVELOPE"
    RECORD = "RECORD"
    AUDIT = "AUDIT"
    SCRIPT = "SCRIPT"
    EXCEPTION = "EXCEPTION"
    TRANSFER = "TRANSFER"
    DRILL = "DRILL"
    OPENING = "OPENING"
    INVENTORY = "INVENTORY"
    CHART = "CHART"
    RECOVERY = "RECOVERY"
    SITE = "SITE"
    LINER = "LINER"
    CUSTODY = "CUSTODY"
    WORK = "WORK"
    REVIEW = "REVIEW"
    CERTIFICATE = "CERTIFICATE"
    OUTGOING = "OUTGOING"
    RUNBOOK = "RUNBOOK"


SECRET_KINDS: Final = frozenset({Kind.PIN, Kind.PASSWORD, Kind.PART, Kind.IDENTITY})
"""The kinds whose codes carry a salt and a content; the others carry neither."""


class SheetCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code of every sheet but a share, a checkpoint and a founding sheet.

    Attributes:
        register8: The first 8 hex digits of the register id.
        set_id: What the sheet is of: the secret set, the key's tag, the envelope's id or the
            document's.
        number: The sheet's number, from 1.
        salt: 16 bytes; on sheets with a secret alone, as is the content.
        content: The secret's UTF-8 bytes.

    Raises:
        InputError: A field is not of its form, or a secret is missing or out of place.
    """

    kind: Kind
    register8: str
    set_id: str
    number: int = 1
    salt: Secret | None = None
    content: Secret | None = None

    def __post_init__(self) -> None:
        _require(_REGISTER8, self.register8, "register")
        _require(_ID, self.set_id, "id")
        _require(_NUMBER, str(self.number), "number")
        secret = self.kind in SECRET_KINDS
        if (self.salt is not None, self.content is not None) != (secret, secret):
            rule = "needs both salt and content" if secret else "has neither salt nor content"
            raise InputError(f"the code of a {self.kind} sheet {rule}")
        if self.salt is not None and len(self.salt) != SALT_SIZE:
            raise InputError(f"a salt has {SALT_SIZE} bytes, not {len(self.salt)}")
        if self.content is not None and not len(self.content):
            raise InputError(f"the content of a {self.kind} sheet is empty")

    def encode(self) -> str:
        """The text of the QR code: a secret where the sheet is one."""
        fields = [MAGIC, self.kind, self.register8, self.set_id, str(self.number)]
        if self.salt is not None and self.content is not None:
            fields += [self.salt.expose().hex(), self.content.expose_text()]
        return " ".join(fields)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a code.

        Raises:
            InputError: It is not exactly what `encode` writes; nothing of it is told but the
                name of the field at fault.
        """
        fields = text.split(" ", maxsplit=_SECRET_FIELDS - 1)
        if fields[0] != MAGIC:
            raise InputError(
                f"this is no code of a sheet: it does not begin with {MAGIC}",
                mend="Scan the code of a sheet of this kit.",
            )
        if len(fields) not in (_PLAIN_FIELDS, _SECRET_FIELDS):
            raise InputError("the code of the sheet is cut short", mend="Scan it again, whole.")
        if fields[1] not in list(Kind):
            raise InputError("the code is of a kind of sheet that is not known here")
        _require(_NUMBER, fields[4], "number")
        salt = content = None
        if len(fields) == _SECRET_FIELDS:
            _require(_SALT, fields[5], "salt")
            salt, content = Secret(bytes.fromhex(fields[5])), Secret(fields[6].encode())
        return cls(
            kind=Kind(fields[1]),
            register8=fields[2],
            set_id=fields[3],
            number=int(fields[4]),
            salt=salt,
            content=content,
        )


def _require(form: re.Pattern[str], value: str, field: str) -> None:
    if not form.fullmatch(value):
        raise InputError(
            f"the {field} in the code of a sheet is not of its form", mend="Scan it again."
        )


def encode_share(mnemonic: Secret) -> str:
    """The text of a share's code: its words in upper case, which QR codes hold most densely.

    Args:
        mnemonic: The words, joined by single spaces.

    Raises:
        InputError: These are no words of a share.
    """
    text = mnemonic.expose_text().upper()
    _require(_SHARE, text, "mnemonic")
    return text


def parse_share(text: str) -> Secret:
    """The mnemonic in lower case from the text of a share's code.

    Raises:
        InputError: It is not exactly what `encode_share` writes. Whether the words are those of
            the list and agree with their checksum is for `sharing.slip39` to say.
    """
    if not _SHARE.fullmatch(text):
        raise InputError(
            "this is no code of a share: it is not 20 or more words in upper case",
            mend="Scan the code of a share's sheet.",
        )
    return Secret(text.lower().encode())
