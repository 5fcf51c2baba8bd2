"""Entries: their bytes are canonical JSON, and nothing else is read."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import commit
from keyvault_kit.custody.entries import Entry, decode, encode
from keyvault_kit.errors import InputError, LedgerError

NOW = datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)
ENTRY = Entry(7, NOW, ("alice", "bob"), ev.OrganisationNamed(name="Ünïcode & Söhne ΑΒΓ"))
BODY = encode(ENTRY)


def test_an_entry_is_the_canonical_json_of_the_format() -> None:
    fields = {
        "seq": 7,
        "time": "2026-01-05T09:00:01Z",
        "kind": "organisation.named",
        "by": ["alice", "bob"],
        "name": "Ünïcode & Söhne ΑΒΓ",
    }

    expected = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert expected.encode() == BODY


def test_people_are_sorted_and_absent_fields_left_out() -> None:
    fact = ev.SecretExposed(person="bob", set="bg1-pw1")

    body = encode(Entry(0, NOW, ("bob", "alice", "bob"), fact))

    assert json.loads(body)["by"] == ["alice", "bob"]
    assert b"null" not in body
    assert b"number" not in body


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_written_is_read(name: str) -> None:
    entry = Entry(0, NOW, ("alice",), ev.OrganisationNamed(name=name))

    assert decode(encode(entry)) == entry


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(InputError, match="not valid Unicode"):
        encode(Entry(0, NOW, ("alice",), ev.OrganisationNamed(name="\ud800")))


WRONG = {
    "white space": BODY.replace(b'":', b'": '),
    "another order": BODY[:-1].replace(b"{", b"{", 1) + b',"aaa":1}',
    "a field doubled": BODY.replace(b'"seq":7', b'"seq":7,"seq":7'),
    "a field unknown": BODY.replace(b'"name"', b'"nama":1,"name"'),
    "a float": BODY.replace(b'"seq":7', b'"seq":7.0'),
    "an escape that is not needed": BODY.replace("Ü".encode(), b"\\u00dc"),
    "a time with an offset": BODY.replace(b"01Z", b"01+00:00"),
    "a time that is none": BODY.replace(b"2026-01-05", b"2026-02-30"),
    "people out of order": BODY.replace(b'["alice","bob"]', b'["bob","alice"]'),
    "an id with a slash": BODY.replace(b'"alice"', b'"al/ce"'),
    "a kind unknown": BODY.replace(b"organisation.named", b"organisation.renamed"),
    "cut short": BODY[:-1],
    "nothing": b"",
    "not UTF-8": BODY.replace(b"S", b"\xff", 1),
    "deep": b'{"a":' * 100_000,
    "braces": b"{" * 1_000_000,
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_not_canonical_is_refused(fault: str) -> None:
    with pytest.raises(LedgerError):
        decode(WRONG[fault])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_by_our_error(data: bytes) -> None:
    with pytest.raises(LedgerError):
        decode(data)


def test_a_commitment_depends_on_salt_and_row() -> None:
    row = {"person": "alice", "name": "Alice Archer"}

    one = commit(b"s" * 16, row)

    assert one == commit(b"s" * 16, dict(reversed(row.items())))
    assert one != commit(b"t" * 16, row)
    assert one != commit(b"s" * 16, row | {"name": "Alice"})
