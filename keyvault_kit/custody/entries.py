"""Entries: a fact with its place, its time and its people, and the exact bytes that are hashed.

An entry is the canonical JSON of `seq`, `time`, `kind`, `by` and the fields of its kind
(docs/formats.md, 'Ledger entry').
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from keyvault_kit.custody.events import AnyFact
from keyvault_kit.custody.model import Id
from keyvault_kit.errors import InputError, LedgerError

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_HEADER: Final = ("seq", "time", "by")


class Entry(msgspec.Struct, frozen=True):
    """A fact with its place in the ledger, its time (UTC, whole seconds) and who did or saw it."""

    seq: int
    time: datetime
    by: tuple[str, ...]
    fact: AnyFact


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    time: str
    by: tuple[Id, ...]


def canonical_json(value: dict[str, Any]) -> bytes:
    """The one way to write a JSON object that is hashed or signed (docs/formats.md)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def encode(entry: Entry) -> bytes:
    """The exact bytes of an entry, as the ledger stores and hashes them.

    Raises:
        InputError: Text that is not Unicode (a lone surrogate).
    """
    header = {
        "seq": entry.seq,
        "time": entry.time.astimezone(UTC).strftime(TIME_FORMAT),
        "by": sorted(set(entry.by)),
    }
    try:
        return canonical_json(header | msgspec.to_builtins(entry.fact))
    except UnicodeEncodeError as error:
        raise InputError(
            f"a text of the entry is not valid Unicode ({error.reason})", mend="Type it again."
        ) from error


def decode(body: bytes) -> Entry:
    """The entry that these bytes are.

    Raises:
        LedgerError: They are no entry, or not in the canonical form (a field unknown, doubled,
            out of order, a number that is no integer, white space).
    """
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
        header = msgspec.convert({k: fields.pop(k) for k in _HEADER if k in fields}, _Header)
        fact = msgspec.convert(fields, AnyFact)
        time = datetime.strptime(header.time, TIME_FORMAT).replace(tzinfo=UTC)
        entry = Entry(header.seq, time, header.by, fact)
        canonical = encode(entry)
    except (msgspec.MsgspecError, ValueError, RecursionError, InputError) as error:
        raise LedgerError(f"not a ledger entry: {error}") from error
    if canonical != body:
        raise LedgerError("the entry is not in canonical form: it was not written by this format")
    return entry
