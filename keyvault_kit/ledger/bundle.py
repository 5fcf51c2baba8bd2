"""What other sites send: signed proposals with their erasable rows, in one file, encrypted by age.

The plain content is canonical JSON (docs/formats.md, 'Bundle'). Nothing in it is believed before it
was checked: its size, its form, each row against its commitment. The signatures are checked by
whoever accepts it, against the ledger's signers.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Final

import msgspec

from keyvault_kit.custody.commitments import SALT_SIZE, commit_bytes
from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.custody.model import Hex256, Id
from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.ledger.store import Detail

FORMAT: Final = "keyvault-kit/bundle/v1"
LARGEST: Final = 4 << 20
"""Bytes of a bundle, encrypted or not; years of proposals of a site are far below it."""

MOST: Final = 256
"""Proposals in a bundle."""

_MEND: Final = "It is made by 'keyvault ledger propose'; fetch it again from who sent it."

_Armored = Annotated[str, msgspec.Meta(max_length=4096)]
_Salt = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * SALT_SIZE}}}\\Z")]


class Signed(msgspec.Struct, frozen=True):
    """One proposal as its people signed it.

    Attributes:
        message: The exact bytes that were signed, UTF-8 (:class:`custody.proposals.Proposal`).
        signatures: Person -> armoured SSHSIG, namespace `keyvault-proposal`.
        details: The erasable rows that its entries commit to.
    """

    message: bytes
    signatures: dict[str, str]
    details: tuple[Detail, ...] = ()


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    commitment: Hex256
    salt: _Salt
    row: str
    keep_until: date | None = None


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    message: str
    signatures: dict[Id, _Armored]
    details: tuple[_Row, ...]


class _Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    proposals: Annotated[tuple[_Item, ...], msgspec.Meta(max_length=MOST)]


def pack(proposals: Sequence[Signed]) -> bytes:
    """The plain content of a bundle.

    Raises:
        InputError: It is too large or holds too many, or what is in it is no proposal.
        LedgerError: A row is not what its commitment says.
    """
    fields = {"format": FORMAT, "proposals": [_written(signed) for signed in proposals]}
    data = canonical_json(fields)
    unpack(data)  # nobody sends what nobody could read
    return data


def unpack(data: bytes) -> tuple[Signed, ...]:
    """The proposals in the plain content of a bundle.

    Raises:
        InputError: It is no bundle, is too large or holds too many, or is not in the one form.
        LedgerError: A row is not what its commitment says.
    """
    if len(data) > LARGEST:
        raise InputError(
            f"the bundle has {len(data)} bytes, and {LARGEST} is the most",
            mend="Send fewer proposals in each.",
        )
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
        canonical = canonical_json(msgspec.to_builtins(bundle))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"this is no bundle of proposals ({error})", mend=_MEND) from error
    if bundle.format != FORMAT:
        raise InputError(
            f"this is a bundle of another format than {FORMAT}",
            mend="Use the program that wrote it, or a newer one.",
        )
    if canonical != data:  # msgspec itself takes the last of two equal keys
        raise InputError(
            "the bundle is not in canonical form: a key stands twice or out of order, or there is"
            " white space",
            mend=_MEND,
        )
    return tuple(_read(item) for item in bundle.proposals)


def read_bundle(data: bytes, decrypt: Callable[[bytes], bytes]) -> tuple[Signed, ...]:
    """The proposals in an encrypted bundle.

    Raises:
        InputError: As of :func:`unpack`, and of `decrypt`.
        LedgerError: As of :func:`unpack`, and of `decrypt`.
        MismatchError: As of `decrypt`: it was encrypted to somebody else.
    """
    return unpack(decrypt(data))


def _written(signed: Signed) -> dict[str, Any]:
    rows = []
    for detail in signed.details:
        row = {
            "commitment": detail.commitment,
            "salt": detail.salt.hex(),
            "row": _decoded(detail.row, "a row"),
        }
        rows.append({**row, "keep_until": detail.keep_until} if detail.keep_until else row)
    message = _decoded(signed.message, "the message")
    return {"message": message, "signatures": dict(signed.signatures), "details": rows}


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{what} of a proposal is not UTF-8") from error


def _read(item: _Item) -> Signed:
    details = tuple(_detail(row) for row in item.details)
    return Signed(item.message.encode(), dict(item.signatures), details)


def _detail(row: _Row) -> Detail:
    salt, data = bytes.fromhex(row.salt), row.row.encode()
    if commit_bytes(salt, data) != row.commitment:
        raise LedgerError(
            f"a row of the bundle is not the one that {row.commitment[:8]} commits to", mend=_MEND
        )
    keep_until = row.keep_until.isoformat() if row.keep_until else None
    return Detail(row.commitment, salt, data, keep_until)
