"""Snapshots: what is read is the register that was kept, or nothing."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody import snapshot
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit, fold
from keyvault_kit.custody.model import (
    Mode,
    PaperSize,
    Person,
    Purpose,
    Role,
    Signature,
    Signer,
    Use,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.snapshot import decode_register, encode_register
from keyvault_kit.errors import LedgerError, RefusedError

ValuesOf = Callable[[Any], st.SearchStrategy[Any]]

DIGEST = "ab" * 32
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
BY = ("alice", "bob")
ROLES = (Role.OFFICER, Role.CUSTODIAN)


def founder(person: str) -> Signer:
    return Signer(
        person=person, public_key=f"sk-ecdsa-sha2-nistp256@openssh.com {person}", credential="00"
    )


FOUNDED = ev.LedgerFounded(
    founders=(founder("alice"), founder("bob")), nonce=DIGEST, mode=Mode.LIVE
)
ORGANISATION: tuple[ev.Fact, ...] = (
    ev.PersonAdded(person="alice", roles=ROLES, details=DIGEST),
    ev.PersonAdded(person="bob", roles=ROLES, details=DIGEST, since=START.date()),
    ev.SiteAdded(site="hq", paper=PaperSize.A4),
    ev.SafeAdded(safe="hq-1", site="hq", openers=BY, need=2),
    ev.AccountAdded(account="bg1", upn="bg1@example.onmicrosoft.com"),
)
KEY: tuple[ev.Fact, ...] = (
    ev.KeyRegistered(
        key="K1", account="bg1", use=Use.PRIMARY, product="p", aaguid="a", serial=2**70
    ),
    ev.KeyProven(key="K1", verdict="genuine"),
    ev.KeyPacked(envelope="K1", holds="key:K1", key="K1"),
    ev.EnvelopeSealed(envelope="K1", bag="B-K1"),
    ev.EnvelopeDeposited(envelope="K1", safe="hq-1"),
)


def password(turn: int) -> tuple[ev.Fact, ...]:
    it = f"bg1-pw{turn}"
    return (
        ev.CeremonyStarted(
            ceremony=it, plan="seal", people=BY, request={"a": True, "b": 1, "c": ("x", "y")}
        ),
        ev.SetMade(set=it, purpose=Purpose.PASSWORD, subject="bg1", threshold=1, count=1),
        ev.EnvelopePrinted(envelope=it, holds="share:bg1:1", set=it, number=1, proof=DIGEST),
        ev.EnvelopeProven(envelope=it),
        ev.EnvelopeSealed(envelope=it, bag=f"B-{it}"),
        ev.CeremonyStepped(ceremony=it, step="seal"),
        ev.CeremonyReturned(ceremony=it, to="seal", undone=("seal",), why="lost \u2028 \U0001f600"),
        ev.SecretExposed(person="bob", set=it, half=1),
        ev.PasswordSet(account="bg1", set=it),
        ev.EnvelopeDeposited(envelope=it, safe="hq-1"),
        ev.CheckpointSigned(size=1 + turn, root=DIGEST, signers=("bob",)),
        ev.EnvelopeOpened(envelope=it, why="drill", intact=turn == 1),
        ev.AccountUsed(account="bg1", why="drill"),
    )


LIFE = (*ORGANISATION, *KEY, *password(0), *password(1))


def entered(facts: Sequence[ev.Fact]) -> Iterator[Entry]:
    """The entries of those facts that are accepted, each under the signatures of two people."""
    signatures = tuple(Signature(person=person, armored="") for person in BY)
    signed = ev.ActsSigned(count=1, signatures=signatures)
    batches: list[list[ev.Fact]] = [[FOUNDED], *([signed, fact] for fact in facts)]
    state = Register()
    for batch in batches:
        entries = [
            Entry(seq, START + timedelta(minutes=seq), BY, fact)  # type: ignore[arg-type]
            for seq, fact in enumerate(batch, state.size)
        ]
        try:
            state = admit(state, entries)
        except RefusedError:
            continue
        yield from entries


def some_of(life: Sequence[ev.Fact]) -> st.SearchStrategy[list[ev.Fact]]:
    """A life with a few things left out: most of what stays is still accepted."""
    left_out = st.sets(st.integers(0, len(life) - 1), max_size=4)
    return left_out.map(lambda gone: [fact for i, fact in enumerate(life) if i not in gone])


def order(register: Register) -> dict[str, list[Any]]:
    """The order within each collection, which equality of dictionaries does not look at."""
    values = dataclasses.asdict(register).items()
    return {name: list(value) for name, value in values if isinstance(value, dict | list)}


def test_the_whole_life_is_accepted() -> None:
    """Or the properties below would be about little."""
    assert len(list(entered(LIFE))) == 1 + 2 * len(LIFE)


@given(some_of(LIFE), st.integers(0, 80))
@settings(max_examples=40)
def test_the_register_that_is_read_is_the_one_that_was_kept(facts: list[ev.Fact], cut: int) -> None:
    entries = list(entered(facts))
    register = fold(entries[:cut])

    again = decode_register(encode_register(register))

    assert again == register
    assert order(again) == order(register)
    assert fold(entries[cut:], again) == fold(entries)


@given(data=st.data())
@settings(max_examples=40)
def test_every_value_of_every_field_is_kept(values_of: ValuesOf, data: st.DataObject) -> None:
    register = data.draw(values_of(Register))

    again = decode_register(encode_register(register))

    assert again == register
    assert order(again) == order(register)


def test_a_value_that_its_type_forbids_is_refused_when_it_is_read() -> None:
    register = Register(people={"al/ce": Person(id="al/ce", roles=(), details=DIGEST)})

    with pytest.raises(LedgerError, match="no register"):
        decode_register(encode_register(register))


KEPT = encode_register(fold(entered(LIFE)))


@given(st.integers(0, len(KEPT) - 1), st.integers(1, 255))
def test_a_snapshot_with_a_changed_byte_is_refused(place: int, change: int) -> None:
    damaged = bytearray(KEPT)
    damaged[place] ^= change

    with pytest.raises(LedgerError, match="damaged, or from another version"):
        decode_register(bytes(damaged))


@given(st.integers(0, len(KEPT) - 1))
def test_a_snapshot_cut_short_is_refused(size: int) -> None:
    with pytest.raises(LedgerError):
        decode_register(KEPT[:size])


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_refused_by_our_error(data: bytes) -> None:
    with pytest.raises(LedgerError):
        decode_register(data)


@pytest.fixture
def anew() -> Iterator[None]:
    """The version is worked out anew, within the test and after it."""
    cached = (snapshot._version, snapshot._decoder)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.mark.usefixtures("anew")
def test_a_snapshot_of_other_rules_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "RULES", snapshot.RULES + 1)

    with pytest.raises(LedgerError, match="another version"):
        decode_register(KEPT)


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("name", ["a field more", "a field less", "another type"])
def test_a_snapshot_of_another_register_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = {it.name: it.type for it in dataclasses.fields(Register)}
    changed: dict[str, dict[str, Any]] = {
        "a field more": types | {"zone": str},
        "a field less": {field: types[field] for field in types if field != "findings"},
        "another type": types | {"organisation": datetime},
    }
    monkeypatch.setattr(
        snapshot, "Register", dataclasses.make_dataclass("Register", changed[name].items())
    )

    with pytest.raises(LedgerError, match="another version"):
        decode_register(KEPT)


def test_another_process_reads_it() -> None:
    """Nothing of the version hangs on the order of a set, or on where an object lies."""
    code = "import sys; from keyvault_kit.custody.snapshot import decode_register as read;"
    code += "print(read(sys.stdin.buffer.read()).size)"

    for seed in ("1", "2"):
        process = subprocess.run(
            [sys.executable, "-c", code],
            input=KEPT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert int(process.stdout) == decode_register(KEPT).size
