"""Entries: a fact with its place, its time and its people, and the exact bytes that are hashed.

An entry is the canonical JSON of `seq`, `time`, `kind`, `by`, perhaps `occurred`, and the fields of
its kind (docs/formats.md, 'Ledger entry'). A proposal, which another site makes, is the same object
without `seq` and `time`: the ledger gives it those when it is entered.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final, Union, get_args

import msgspec

from keyvault_kit.custody.events import AnyFact
from keyvault_kit.custody.model import Id
from keyvault_kit.errors import InputError, LedgerError

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"

_Seq = Annotated[int, msgspec.Meta(ge=0)]
_WRITER: Final = msgspec.json.Encoder(order="sorted")
"""Writes our structs byte for byte as :func:`canonical_json` writes what they hold, but quicker."""


class Entry(msgspec.Struct, frozen=True):
    """A fact with its place in the ledger, its time and who did or saw it.

    Attributes:
        seq: Its place, from 0.
        time: When it was entered; UTC, whole seconds.
        by: Person ids, sorted.
        occurred: When it happened, where that is not when it was entered: a late entry, or one from
            another site; UTC, whole seconds.
    """

    seq: int
    time: datetime
    by: tuple[str, ...]
    fact: AnyFact
    occurred: datetime | None = None

    @property
    def when(self) -> datetime:
        """When it happened, as far as the ledger knows."""
        return self.occurred or self.time


class _Form:
    """A header, and under it one flat struct for each kind of fact: read and written in one pass.

    Args:
        header: Name, type and perhaps default of each field that stands beside those of the fact.
    """

    def __init__(self, *header: tuple[str, Any] | tuple[str, Any, Any]) -> None:
        self._header = header

    @cached_property
    def _flat(self) -> dict[type[msgspec.Struct], type[msgspec.Struct]]:
        """Kind of fact -> that kind with the header's fields, under the same tag."""
        return {
            kind: msgspec.defstruct(
                kind.__name__, self._header, bases=(kind,), frozen=True, kw_only=True
            )
            for kind in get_args(AnyFact)
        }

    @cached_property
    def _reader(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(Union[tuple(self._flat.values())])  # noqa: UP007 - made here

    def write(self, fact: AnyFact, **header: object) -> bytes:
        """The canonical bytes of a fact under this header.

        Raises:
            InputError: Text that is not Unicode (a lone surrogate).
        """
        flat = self._flat[type(fact)](**header, **msgspec.structs.asdict(fact))
        try:
            return _WRITER.encode(flat)
        except UnicodeEncodeError as error:
            raise InputError(
                f"a text of the entry is not valid Unicode ({error.reason})", mend="Type it again."
            ) from error

    def read(self, body: bytes) -> Any:  # noqa: ANN401 - one of the flat structs, made at run time
        """The flat struct that these bytes are, once they are shown to be canonical.

        Raises:
            LedgerError: They are something else, or not in the canonical form.
        """
        try:
            flat = self._reader.decode(body)
            canonical = _WRITER.encode(flat)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise LedgerError(f"not a ledger entry: {error}") from error
        if canonical != body or flat.by != _sorted(flat.by):
            raise LedgerError(
                "the entry is not in canonical form: it was not written by this format"
            )
        for name in ("time", "occurred"):
            _check_stamp(getattr(flat, name, None))
        return flat


_ENTERED: Final = _Form(
    ("seq", _Seq),
    ("time", datetime),
    ("by", tuple[Id, ...]),
    ("occurred", datetime | None, None),
)
_PROPOSED: Final = _Form(("by", tuple[Id, ...]), ("occurred", datetime))


def canonical_json(value: dict[str, Any]) -> bytes:
    """The one way to write a JSON object that is hashed or signed (docs/formats.md)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def encode(entry: Entry) -> bytes:
    """The exact bytes of an entry, as the ledger stores and hashes them.

    Raises:
        InputError: Text that is not Unicode (a lone surrogate).
    """
    return _ENTERED.write(
        entry.fact,
        seq=entry.seq,
        time=_stamp(entry.time),
        by=_sorted(entry.by),
        occurred=_stamp(entry.occurred) if entry.occurred else None,
    )


def decode(body: bytes) -> Entry:
    """The entry that these bytes are.

    Raises:
        LedgerError: They are no entry, or not in the canonical form (a field unknown, doubled,
            out of order, a number that is no integer, white space).
    """
    flat = _ENTERED.read(body)
    return Entry(flat.seq, flat.time, flat.by, _fact_of(flat), flat.occurred)


def encode_proposed(by: Iterable[str], occurred: datetime, fact: AnyFact) -> bytes:
    """The exact bytes of an entry as another site proposes it: without place and time of entering.

    Args:
        by: Person ids.
        occurred: When it happened, aware; its fraction of a second is dropped.

    Raises:
        InputError: Text that is not Unicode (a lone surrogate).
    """
    return _PROPOSED.write(fact, by=_sorted(by), occurred=_stamp(occurred))


def decode_proposed(body: bytes) -> tuple[tuple[str, ...], datetime, AnyFact]:
    """Who proposes, when it happened, and the fact.

    Raises:
        LedgerError: The bytes are no proposed entry, or not in the canonical form.
    """
    flat = _PROPOSED.read(body)
    return flat.by, flat.occurred, _fact_of(flat)


def proposed_of(body: bytes) -> bytes:
    """A ledger entry's bytes without its `seq` and `time`.

    They are those of the proposal that the entry came from; an entry without `occurred` came from
    none, and what is left of it equals no proposal.

    Raises:
        LedgerError: The bytes are no entry, or not in the canonical form.
    """
    fields = msgspec.to_builtins(_ENTERED.read(body))
    return _WRITER.encode({name: it for name, it in fields.items() if name not in ("seq", "time")})


def _sorted(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(people)))


def _stamp(moment: datetime) -> datetime:
    """A moment as entries have it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _check_stamp(moment: datetime | None) -> None:
    """Check that a moment that was read, if there is one, is as it is written.

    Raises:
        LedgerError: It has another offset, none, or a fraction of a second.
    """
    if moment and (moment.tzinfo is not UTC or moment.microsecond):
        raise LedgerError(
            f"{moment.isoformat()} is not the time of an entry: those are in UTC, whole seconds"
        )


def _fact_of(flat: Any) -> Any:  # noqa: ANN401 - from a struct made at run time to one of AnyFact
    """The fact in a flat struct, whose base is the fact's own kind."""
    kind: Any = type(flat).__base__
    return kind(**{name: getattr(flat, name) for name in kind.__struct_fields__})
