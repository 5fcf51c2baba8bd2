"""Entries: their bytes are canonical JSON, and nothing else is read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import msgspec
import msgspec.inspect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import (
    Entry,
    canonical_json,
    decode,
    decode_proposed,
    encode,
    encode_proposed,
    proposed_of,
)
from keyvault_kit.custody.model import Mode, Signer
from keyvault_kit.errors import InputError, LedgerError

ValuesOf = Callable[[Any], st.SearchStrategy[Any]]

KINDS = get_args(ev.AnyFact)
NOW = datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)
BEFORE = datetime(2026, 1, 4, 23, 59, 59, tzinfo=UTC)
FACT = ev.OrganisationNamed(name="Ünïcode & Söhne ΑΒΓ")
ENTRY = Entry(7, NOW, ("alice", "bob"), FACT)
BODY = encode(ENTRY)
LATE = encode(Entry(7, NOW, ("alice", "bob"), FACT, BEFORE))
PROPOSED = encode_proposed(("alice", "bob"), BEFORE, FACT)

MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1)).map(  # noqa: DTZ001 - the next line adds it
    lambda it: it.replace(tzinfo=UTC, microsecond=0)
)
PEOPLE = st.sets(st.sampled_from("alice bob zoe Z-1 a_b".split())).map(lambda it: tuple(sorted(it)))


FEW = settings(max_examples=12)  # for each of the kinds


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def oracle(entry: Entry) -> bytes:
    """The format as docs/formats.md has it: the standard library's writer, on plain values."""
    fields: dict[str, Any] = msgspec.to_builtins(entry.fact)
    fields |= {"seq": entry.seq, "time": stamp(entry.time), "by": list(entry.by)}
    if entry.occurred:
        fields["occurred"] = stamp(entry.occurred)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory is not msgspec.NODEFAULT
    return msgspec.to_builtins(field.default_factory() if made else field.default)


def test_an_entry_is_the_canonical_json_of_the_format() -> None:
    expected = (
        '{"by":["alice","bob"],"kind":"organisation.named","name":"Ünïcode & Söhne ΑΒΓ",'
        '"seq":7,"time":"2026-01-05T09:00:01Z"}'
    )

    assert expected.encode() == BODY


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@FEW
@given(data=st.data())
def test_every_kind_is_written_as_the_standard_library_writes_it_and_read_again(
    kind: Any, values_of: ValuesOf, data: st.DataObject
) -> None:
    entry = Entry(
        data.draw(st.integers(0, 2**64)),
        data.draw(MOMENTS),
        data.draw(PEOPLE),
        data.draw(values_of(kind)),
        data.draw(st.none() | MOMENTS),
    )

    body = encode(entry)

    assert body == oracle(entry)
    assert decode(body) == entry


@given(data=st.data())
def test_any_text_is_written_as_the_standard_library_writes_it(
    values_of: ValuesOf, data: st.DataObject
) -> None:
    texts = data.draw(values_of(dict[str, str]))
    fact = ev.CeremonyStarted(ceremony="c", plan="", people=(), request={**texts})

    body = encode(Entry(0, NOW, ("alice",), fact))

    assert body == oracle(Entry(0, NOW, ("alice",), fact))
    assert decode(body).fact == fact


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@FEW
@given(data=st.data())
def test_a_proposal_of_every_kind_is_the_entry_without_place_and_time(
    kind: Any, values_of: ValuesOf, data: st.DataObject
) -> None:
    by, occurred, fact = data.draw(PEOPLE), data.draw(MOMENTS), data.draw(values_of(kind))
    fields = json.loads(oracle(Entry(3, NOW, by, fact, occurred)))
    del fields["seq"], fields["time"]

    body = encode_proposed(by, occurred, fact)

    assert body == canonical_json(fields)
    assert decode_proposed(body) == (by, occurred, fact)
    assert proposed_of(encode(Entry(3, NOW, by, fact, occurred))) == body


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_fact_has_a_field_of_the_header(kind: Any) -> None:
    names = {field.encode_name for field in msgspec.structs.fields(kind)}

    assert not names & {"seq", "time", "by", "occurred", "kind"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_fact_has_a_float_or_a_time_of_its_own_form(kind: Any) -> None:
    types = repr(msgspec.inspect.type_info(kind))

    assert "FloatType" not in types
    assert "DateTimeType" not in types


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@FEW
@given(data=st.data())
def test_a_field_that_stands_there_with_its_default_is_refused(
    kind: Any, values_of: ValuesOf, data: st.DataObject
) -> None:
    body = encode(Entry(0, NOW, ("alice",), data.draw(values_of(kind))))
    fields = json.loads(body)
    defaults = {it.name: default_of(it) for it in msgspec.structs.fields(kind) if not it.required}
    absent = {"occurred": None} | {k: v for k, v in defaults.items() if k not in fields}

    for name, default in absent.items():
        with pytest.raises(LedgerError):
            decode(canonical_json(fields | {name: default}))


def test_people_are_sorted_and_absent_fields_left_out() -> None:
    fact = ev.SecretExposed(person="bob", set="bg1-pw1")

    body = encode(Entry(0, NOW, ("bob", "alice", "bob"), fact))

    assert json.loads(body)["by"] == ["alice", "bob"]
    assert b"null" not in body
    assert b"number" not in body
    assert b"occurred" not in body


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    east = datetime(2026, 1, 5, 11, 30, 1, 999_999, tzinfo=timezone(timedelta(hours=2.5)))

    assert encode(Entry(7, east, ("alice", "bob"), FACT)) == BODY
    assert encode(Entry(7, NOW, ("alice", "bob"), FACT, east)) == BODY.replace(
        b',"seq"', b',"occurred":"2026-01-05T09:00:01Z","seq"'
    )


def test_an_entry_knows_when_it_happened() -> None:
    assert decode(BODY).when == NOW
    assert decode(LATE).when == BEFORE


def test_text_that_is_no_unicode_is_refused() -> None:
    fact = ev.OrganisationNamed(name="\ud800")

    with pytest.raises(InputError, match="not valid Unicode"):
        encode(Entry(0, NOW, ("alice",), fact))
    with pytest.raises(InputError, match="not valid Unicode"):
        encode_proposed(("alice",), NOW, fact)


REQUEST = encode(
    Entry(
        1,
        NOW,
        ("alice",),
        ev.CeremonyStarted(
            ceremony="c", plan="seal", people=("alice",), request={"a": 10, "b": ("x",), "c": True}
        ),
    )
)
FOUNDED = encode(
    Entry(
        0,
        NOW,
        ("alice",),
        ev.LedgerFounded(
            founders=(Signer(person="alice", public_key="p", credential="00"),),
            nonce="ab" * 32,
            mode=Mode.LIVE,
        ),
    )
)

WRONG = {
    "white space": BODY.replace(b'":', b'": '),
    "white space before": b" " + BODY,
    "white space after": BODY + b"\n",
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "two entries": BODY + BODY,
    "another order": BODY.replace(b'"by":["alice","bob"],', b"")[:-1] + b',"by":["alice","bob"]}',
    "a field too many": BODY[:-1] + b',"zzz":1}',
    "a field unknown": BODY.replace(b'"name"', b'"nama":1,"name"'),
    "a field doubled": BODY.replace(b'"seq":7', b'"seq":7,"seq":7'),
    "a field doubled, the wrong one first": BODY.replace(b'"seq":7', b'"seq":"7","seq":7'),
    "a kind doubled": BODY.replace(b'"kind"', b'"kind":"organisation.named","kind"'),
    "two kinds": BODY.replace(b'"kind"', b'"kind":"site.added","kind"'),
    "no seq": BODY.replace(b'"seq":7,', b""),
    "no people": BODY.replace(b'"by":["alice","bob"],', b""),
    "a seq below zero": BODY.replace(b'"seq":7', b'"seq":-7'),
    "a float": BODY.replace(b'"seq":7', b'"seq":7.0'),
    "an exponent": BODY.replace(b'"seq":7', b'"seq":7e0'),
    "a minus before zero": BODY.replace(b'"seq":7', b'"seq":-0'),
    "a zero before a number": BODY.replace(b'"seq":7', b'"seq":07'),
    "a number as text": BODY.replace(b'"seq":7', b'"seq":"7"'),
    "an endless number": BODY.replace(b'"seq":7', b'"seq":' + b"7" * 10_000),
    "an escape that is not needed": BODY.replace("Ü".encode(), b"\\u00dc"),
    "an escaped slash": BODY.replace("Ü".encode(), b"\\/"),
    "an escape in capitals": BODY.replace("Ü".encode(), b"\\u001F"),
    "a long escape for a short one": BODY.replace("Ü".encode(), b"\\u000a"),
    "DEL escaped": BODY.replace("Ü".encode(), b"\\u007f"),
    "a line separator escaped": BODY.replace("Ü".encode(), b"\\u2028"),
    "an astral character escaped": BODY.replace("Ü".encode(), b"\\ud83d\\ude00"),
    "a lone surrogate escaped": BODY.replace("Ü".encode(), b"\\ud800"),
    "a lone surrogate at the end": BODY.replace("ΑΒΓ".encode(), b"\\ud800"),
    "a lone surrogate as bytes": BODY.replace("Ü".encode(), b"\xed\xa0\x80"),
    "a control character as it is": BODY.replace("Ü".encode(), b"\x01"),
    "an overlong encoding": BODY.replace("Ü".encode(), b"\xc1\x81"),
    "an escaped field name": BODY.replace(b'"seq"', b'"s\\u0065q"'),
    "a time with an offset": BODY.replace(b"01Z", b"01+00:00"),
    "a time of elsewhere": BODY.replace(b"01Z", b"01+02:00"),
    "a time of nowhere": BODY.replace(b"01Z", b"01"),
    "a time with a fraction": BODY.replace(b"01Z", b"01.500000Z"),
    "a time with no fraction": BODY.replace(b"01Z", b"01.000000Z"),
    "a time without T": BODY.replace(b"05T09", b"05 09"),
    "a time in small letters": BODY.replace(b"01Z", b"01z"),
    "a time of a leap second": BODY.replace(b"01Z", b"60Z"),
    "a time as a number": BODY.replace(b'"2026-01-05T09:00:01Z"', b"1767603601"),
    "a time that is none": BODY.replace(b"2026-01-05", b"2026-02-30"),
    "an occurrence that is null": BODY.replace(b'"seq"', b'"occurred":null,"seq"'),
    "an occurrence of elsewhere": LATE.replace(b"59Z", b"59-01:00"),
    "an occurrence of nowhere": LATE.replace(b"59Z", b"59"),
    "an occurrence with a fraction": LATE.replace(b"59Z", b"59.250000Z"),
    "people out of order": BODY.replace(b'["alice","bob"]', b'["bob","alice"]'),
    "a person doubled": BODY.replace(b'["alice","bob"]', b'["alice","alice"]'),
    "an id with a slash": BODY.replace(b'"alice"', b'"al/ce"'),
    "a kind unknown": BODY.replace(b"organisation.named", b"organisation.renamed"),
    "a float within": REQUEST.replace(b":10,", b":10.0,"),
    "an exponent within": REQUEST.replace(b":10,", b":1e1,"),
    "a null within": REQUEST.replace(b":10,", b":null,"),
    "fields out of order within": REQUEST.replace(b'"a":10,"b":["x"]', b'"b":["x"],"a":10'),
    "a field doubled within": REQUEST.replace(b'"a":10', b'"a":10,"a":10'),
    "white space within": REQUEST.replace(b'"a":10', b'"a": 10'),
    "a field unknown within": FOUNDED.replace(b'"person"', b'"n":1,"person"'),
    "an object out of order within": FOUNDED.replace(
        b'"credential":"00","person":"alice"', b'"person":"alice","credential":"00"'
    ),
    "a proposal": PROPOSED,
    "cut short": BODY[:-1],
    "nothing": b"",
    "not UTF-8": BODY.replace(b"S", b"\xff", 1),
    "deep": b'{"a":' * 100_000,
    "braces": b"{" * 1_000_000,
    "a deep value": BODY.replace(b'"seq":7', b'"seq":' + b"[" * 100_000),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_not_canonical_is_refused(fault: str) -> None:
    assert WRONG[fault] not in (BODY, LATE, REQUEST, FOUNDED)
    for read in (decode, proposed_of):
        with pytest.raises(LedgerError):
            read(WRONG[fault])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_by_our_error(data: bytes) -> None:
    for read in (decode, decode_proposed, proposed_of):
        with pytest.raises(LedgerError):
            read(data)


def by_the_standard_library(body: bytes) -> bytes:
    """What the definition of the form makes of a body: itself, where it is canonical."""
    return canonical_json(json.loads(body))


@given(st.sampled_from([BODY, LATE, REQUEST, FOUNDED]), st.data())
def test_a_body_changed_anywhere_is_refused_or_canonical(body: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 4, len(body))))
    put = data.draw(
        st.binary(max_size=3) | st.sampled_from([b" ", b"\\", b'"', b".0", b"e1", b"-"])
    )
    changed = body[:start] + put + body[end:]

    try:
        entry = decode(changed)
    except LedgerError:
        return
    assert by_the_standard_library(changed) == oracle(entry) == changed


WRONG_PROPOSAL = {
    "an entry": LATE,
    "no occurrence": proposed_of(BODY),
    "an occurrence that is null": PROPOSED.replace(b'"2026-01-04T23:59:59Z"', b"null"),
    "an occurrence of elsewhere": PROPOSED.replace(b"59Z", b"59+01:00"),
    "an occurrence with a fraction": PROPOSED.replace(b"59Z", b"59.500000Z"),
    "people out of order": PROPOSED.replace(b'["alice","bob"]', b'["bob","alice"]'),
    "white space": PROPOSED.replace(b":", b": "),
    "a place": PROPOSED[:-1] + b',"seq":1}',
}


@pytest.mark.parametrize("fault", WRONG_PROPOSAL)
def test_what_is_no_proposal_is_refused(fault: str) -> None:
    assert WRONG_PROPOSAL[fault] != PROPOSED
    with pytest.raises(LedgerError):
        decode_proposed(WRONG_PROPOSAL[fault])


def test_people_of_a_proposal_are_sorted() -> None:
    assert encode_proposed(iter(["bob", "alice", "bob"]), BEFORE, FACT) == PROPOSED


def test_an_entry_that_nobody_proposed_equals_no_proposal() -> None:
    rest = proposed_of(BODY)

    assert rest == canonical_json({"by": ["alice", "bob"], **msgspec.to_builtins(FACT)})
    assert rest != PROPOSED
