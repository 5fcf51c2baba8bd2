"""Proposals: one form, quickly refused in any other, and entered under everybody's signature."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, canonical_json, encode_proposed
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.model import PaperSize, Signature
from keyvault_kit.custody.proposals import FORMAT, Proposal, ProposedEntry, signers_of, utc
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.signing import Warrant
from keyvault_kit.errors import InputError, RefusedError

if TYPE_CHECKING:
    from tests.custody.conftest import ValuesOf
    from tests.custody.life import Life

DIGEST = "ab" * 32
WHEN = datetime(2026, 1, 4, 10, tzinfo=UTC)
KINDS = get_args(ev.AnyFact)
SEEN = ev.EnvelopeOpened(envelope="E", why="drill é \u2028", intact=True)
SITE = ev.SiteAdded(site="vault", paper=PaperSize.A4)


def proposal(*bodies: bytes, nonce: str = DIGEST, size: int = 7) -> Proposal:
    return Proposal(register="01" * 32, size=size, root="02" * 32, nonce=nonce, entries=bodies)


WHOLE = proposal(
    encode_proposed(("alice", "bob"), WHEN, SITE), encode_proposed(("carol",), WHEN, SEEN)
)
MESSAGE = WHOLE.message()


# --- The form


def test_the_message_is_the_canonical_json_of_the_format() -> None:
    entries = [
        {
            "by": ["alice", "bob"],
            "kind": "site.added",
            "occurred": "2026-01-04T10:00:00Z",
            "paper": "A4",
            "site": "vault",
        },
        {
            "by": ["carol"],
            "envelope": "E",
            "intact": True,
            "kind": "envelope.opened",
            "occurred": "2026-01-04T10:00:00Z",
            "why": "drill é \u2028",
        },
    ]
    fields = {
        "entries": entries,
        "format": "keyvault-kit/proposal/v1",
        "nonce": "ab" * 32,
        "register": "01" * 32,
        "root": "02" * 32,
        "size": 7,
    }
    expected = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert expected.encode() == MESSAGE
    assert hashlib.sha256(MESSAGE).hexdigest() == WHOLE.id


def test_a_proposal_is_read_as_it_was_written() -> None:
    again = Proposal.parse(MESSAGE)

    assert again == WHOLE
    assert again.id == WHOLE.id
    assert again.proposed() == (
        ProposedEntry(("alice", "bob"), WHEN, SITE),
        ProposedEntry(("carol",), WHEN, SEEN),
    )
    assert signers_of(again.proposed()) == ("alice", "bob", "carol")


@settings(max_examples=4)  # for each of the kinds
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_kind_goes_there_and_back(
    kind: Any, values_of: ValuesOf, data: st.DataObject
) -> None:
    fact = data.draw(values_of(kind))
    it = proposal(encode_proposed(("alice",), WHEN, fact))

    assert Proposal.parse(it.message()) == it
    assert it.proposed()[0].fact == fact


def test_another_nonce_is_another_proposal() -> None:
    assert proposal(*WHOLE.entries, nonce="cd" * 32).id != WHOLE.id


def with_field(name: str, value: object) -> bytes:
    return canonical_json(json.loads(MESSAGE) | {name: value})


def without(name: str) -> bytes:
    return canonical_json({k: v for k, v in json.loads(MESSAGE).items() if k != name})


FIELDS = json.loads(MESSAGE)
WRONG = {
    "a field unknown": with_field("zone", "x"),
    "no format": without("format"),
    "another format": with_field("format", f"{FORMAT}1"),
    "no nonce": without("nonce"),
    "no register": without("register"),
    "no entries": without("entries"),
    "a short nonce": with_field("nonce", "ab" * 31),
    "a nonce in capitals": with_field("nonce", "AB" * 32),
    "a nonce with a line end": with_field("nonce", "ab" * 32 + "\n"),
    "a nonce that is a number": with_field("nonce", 1),
    "a root that is none": with_field("root", "x"),
    "a size that is text": with_field("size", "7"),
    "a size that is true": with_field("size", True),
    "a size that is a float": MESSAGE.replace(b'"size":7', b'"size":7.0'),
    "a size of nothing": with_field("size", 0),
    "a size below nothing": with_field("size", -1),
    "entries that are text": with_field("entries", "abc"),
    "entries that are an object": with_field("entries", {"a": 1}),
    "entries that are a number": with_field("entries", 3),
    "another order": json.dumps(dict(reversed(FIELDS.items())), separators=(",", ":")).encode(),
    "white space": json.dumps(FIELDS, sort_keys=True, ensure_ascii=False).encode(),
    "escapes": json.dumps(FIELDS, sort_keys=True, separators=(",", ":")).encode(),
    "a line end": MESSAGE + b"\n",
    "a field doubled": MESSAGE.replace(b'"size":7', b'"size":7,"size":7'),
    "a field doubled, the wrong one first": MESSAGE.replace(b'"size":7', b'"size":9,"size":7'),
    "a field doubled in an entry": MESSAGE.replace(b'"site":', b'"site":"x","site":'),
    "cut short": MESSAGE[:-1],
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "not UTF-8": MESSAGE.replace(b"drill", b"dril\xff"),
    "a lone surrogate": MESSAGE.replace(b"drill", b"\\ud800"),
    "braces": b"{" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested lists": b"[" * 100_000 + b"]" * 100_000,
    "an entry nested": MESSAGE.replace(b'"E"', b"[" * 100_000 + b"]" * 100_000),
    "an endless number": MESSAGE.replace(b'"size":7', b'"size":' + b"7" * 100_000),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_not_in_the_one_form_is_refused_quickly(fault: str) -> None:
    assert WRONG[fault] != MESSAGE
    begun = time.perf_counter()

    with pytest.raises(InputError, match="proposal"):
        Proposal.parse(WRONG[fault])

    assert time.perf_counter() - begun < 1


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_by_our_error(data: bytes) -> None:
    with pytest.raises(InputError, match="proposal"):
        Proposal.parse(data)


@given(st.data())
def test_a_message_changed_anywhere_is_refused_or_another_proposal(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(MESSAGE)))
    end = data.draw(st.integers(start, min(start + 3, len(MESSAGE))))
    changed = MESSAGE[:start] + data.draw(st.binary(max_size=3)) + MESSAGE[end:]

    try:
        again = Proposal.parse(changed)
    except InputError:
        return
    assert again.message() == changed
    assert (again == WHOLE) == (changed == MESSAGE)


@pytest.mark.parametrize("body", [b"{}", b"5", b'"x"', b'{"kind":"site.added"}', b"[[]]"])
def test_what_is_no_entry_is_refused_when_it_is_read(body: bytes) -> None:
    it = Proposal.parse(proposal(body).message())

    with pytest.raises(InputError, match="the proposal holds what is no entry"):
        it.proposed()


def test_moments_are_utc_and_whole_seconds() -> None:
    east = datetime(2026, 1, 5, 11, 30, 1, 999_999, tzinfo=timezone(timedelta(hours=2.5)))

    assert utc(east) == datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)
    assert utc(east).tzinfo is UTC


# --- Entering one


def accepted(it: Proposal, *people: str, count: int | None = None) -> ev.ProposalAccepted:
    return ev.ProposalAccepted(
        proposal=it.id,
        count=count or len(it.entries),
        size=it.size,
        root=it.root,
        nonce=it.nonce,
        signatures=tuple(Signature(person=person, armored="") for person in people),
    )


def enter(life: Life, by: Sequence[str], fact: Any) -> Life:
    """Enter what was proposed."""
    return life.enter(fact, by=by, signed=(), occurred=WHEN)


def test_what_two_signed_elsewhere_is_entered_here(life: Life) -> None:
    life.enter(accepted(WHOLE, "alice", "bob", count=1), by=("olga",), signed=())
    assert life.register.warrant == Warrant(signers=("alice", "bob"), left=1, proposed=True)

    enter(life, ("alice", "bob"), SITE)

    assert life.register.warrant is None
    assert life.register.proposals == {WHOLE.id: life.register.size - 2}
    assert "vault" in life.register.sites


def test_a_proposal_is_accepted_once(life: Life) -> None:
    life.enter(accepted(WHOLE, "alice", "bob", count=1), signed=())
    seq = life.register.size - 1
    enter(life, ("alice", "bob"), SITE)

    error = life.refuses(
        accepted(WHOLE, "bob"),
        signed=(),
        because=f"{WHOLE.id[:8]} was accepted before, as .* {seq}",
    )

    assert error.mend == "It is a copy: nothing is to do."
    life.enter(accepted(proposal(*WHOLE.entries, nonce="ef" * 32), "bob"), signed=())


def test_what_names_somebody_who_did_not_sign_it_is_refused(life: Life) -> None:
    life.enter(accepted(WHOLE, "alice", count=2), signed=())

    for by, named in (
        (("alice", "bob"), "bob"),
        (("carol", "ivan"), "carol, ivan"),
        ((), "nobody"),
    ):
        for fact in (SITE, SEEN):
            because = f"the proposal names {named}, who did not sign it"
            life.refuses(fact, by=by, signed=(), because=because)
    life.refuses(SITE, by=("alice",), signed=(), because="of two people, and there are 1")
    enter(life, ("alice",), SEEN)


def test_a_proposal_is_signed_by_signers_each_once_and_from_no_later_ledger(life: Life) -> None:
    for people, because in (
        ((), "nobody signed"),
        (("alice", "alice"), "or somebody twice"),
        (("alice", "olga"), "no signer 'olga'"),
    ):
        life.refuses(accepted(WHOLE, *people), signed=(), because=because)
    ahead = proposal(*WHOLE.entries, size=life.register.size + 1)
    life.refuses(accepted(ahead, "alice", "bob"), signed=(), because="is ahead of this one")
    life.refuses(accepted(WHOLE, "bob"), by=("carol",), signed=(), because="to accept a proposal")
    life.refuses(accepted(WHOLE, "bob"), because="signatures stand before the entries")


@settings(max_examples=4)  # for each of the kinds
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_the_log_ceremonies_and_erasing_are_the_stations_own(
    kind: Any, organised: Register, values_of: ValuesOf, data: st.DataObject
) -> None:
    fact = data.draw(values_of(kind))
    if "back" in kind.__struct_fields__:
        fact = msgspec.structs.replace(fact, back=0)
    state = organised.copy()
    state.warrant = Warrant(signers=("alice", "bob"), left=1, proposed=True)
    assert state.time
    entry = Entry(state.size, state.time, ("alice", "bob"), fact)
    of_station = kind.__module__.rpartition(".")[2] in (
        "log",
        "ceremonies",
        "evidence",
        "items",
    )
    lies_there = kind in (ev.DetailsErased, ev.MetadataImported)
    in_ceremony = getattr(fact, "ceremony", None) is not None
    own = lies_there or in_ceremony or (of_station and kind is not ev.FindingMade)

    because = "has no other" if kind is ev.LedgerFounded else "cannot be proposed|not proposed"
    if own:
        with pytest.raises(RefusedError, match=because):
            admit(state, [entry])
    else:
        authority.check(state, entry)


def test_a_refused_proposal_stands_in_the_log_and_changes_nothing(life: Life) -> None:
    before = life.register.copy()
    refused = ev.ProposalRefused(proposal=WHOLE.id, people=("alice",), why="late")

    life.enter(refused, by=("erin",), signed=())

    after = life.register.copy()
    after.size, after.time = before.size, before.time
    assert after == before
    life.enter(accepted(WHOLE, "alice", "bob"), signed=())  # it may be accepted all the same
