"""Values of any type that facts are made of, and the lives of ledgers to test with."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Self

import pytest
from hypothesis import strategies as st
from msgspec import inspect

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.model import (
    Finding,
    Mode,
    PaperSize,
    Purpose,
    Role,
    Signature,
    Signer,
    Use,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

ValuesOf = Callable[[Any], st.SearchStrategy[Any]]


# --- Values

NASTY: Final = st.characters(codec="utf-8") | st.sampled_from(
    '\x00\x08\x09\x0a\x0c\x0d\x1f\x7f\x80\x9f\u2028\u2029\ufeff\ufffe\U0001f600\U0010ffff"\\/<>&'
)
"""Any character, and more often those that writers of JSON treat differently."""


def _text(it: inspect.StrType) -> st.SearchStrategy[str]:
    if it.pattern is not None:
        ascii_only = st.characters(codec="ascii")
        texts = st.from_regex(it.pattern, fullmatch=True, alphabet=ascii_only)
        return texts.filter(lambda text: len(text) <= (it.max_length or len(text)))
    return st.text(NASTY, min_size=it.min_length or 0, max_size=it.max_length or 12)


def _values(it: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - a line a type
    match it:
        case inspect.StrType():
            return _text(it)
        case inspect.IntType(ge=least, le=most):
            return st.integers(
                -(2**63) if least is None else least, 2**64 - 1 if most is None else most
            )
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case inspect.DateType():
            return st.dates()
        case inspect.DateTimeType():
            return st.datetimes(timezones=st.just(UTC)).map(lambda it: it.replace(microsecond=0))
        case inspect.UnionType(types=types):
            return st.one_of(*(_values(each) for each in types))
        case inspect.VarTupleType(item_type=item):
            return st.lists(_values(item), max_size=3).map(tuple)
        case inspect.ListType(item_type=item):
            return st.lists(_values(item), max_size=3)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_values(key), _values(value), max_size=3)
        case (
            inspect.StructType(cls=cls, fields=fields)
            | inspect.DataclassType(cls=cls, fields=fields)
        ):
            return st.builds(cls, **{each.name: _values(each.type) for each in fields})
    raise NotImplementedError(f"no values of {it} are drawn yet")


@pytest.fixture(scope="session")
def values_of() -> ValuesOf:
    """From a type to a hypothesis strategy of its values, made once for each."""
    return cache(lambda it: _values(inspect.type_info(it)))


# --- Lives

DIGEST: Final = "ab" * 32
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
TWO: Final = ("alice", "bob")
"""Both may do everything but audit."""


class Life:
    """The life of a ledger: facts are entered by somebody, under the signatures of somebody.

    Each batch is entered a minute after the one before.

    Attributes:
        register: What is true now.
        entries: All that was accepted.
    """

    def __init__(self) -> None:
        self.register = Register()
        self.entries: list[Entry] = []

    @property
    def next_time(self) -> datetime:
        """When the next batch is entered, if the test does not say."""
        return (self.register.time or START) + timedelta(minutes=1)

    def enter(
        self,
        *facts: Any,
        by: Sequence[str] = TWO,
        signed: Sequence[str] = TWO,
        at: datetime | None = None,
        occurred: datetime | None = None,
    ) -> Self:
        """Enter facts, under one entry with signatures where somebody signs.

        Args:
            by: Who is named in the entries.
            signed: Who signs, in this order; nobody is no entry with signatures.
            at: The time of the entries; the entry with the signatures never lies before the last.
            occurred: When it happened, for each of the facts.
        """
        time = at or self.next_time
        batch = [Entry(0, time, tuple(by), fact, occurred) for fact in facts]
        if signed and self.register.size:
            signatures = tuple(Signature(person=person, armored="") for person in signed)
            warrant = ev.ActsSigned(count=len(facts), signatures=signatures)
            batch.insert(0, Entry(0, max(time, self.register.time or time), TWO, warrant))
        numbered = [
            Entry(seq, it.time, it.by, it.fact, it.occurred)
            for seq, it in enumerate(batch, self.register.size)
        ]
        self.register = admit(self.register, numbered)
        self.entries += numbered
        return self

    def refuses(self, *facts: Any, because: str, **how: Any) -> RefusedError:
        """Show that facts are refused with a reason, and the register left as it was."""
        before = self.register.copy()
        with pytest.raises(RefusedError, match=because) as refused:
            self.enter(*facts, **how)
        assert self.register == before
        return refused.value

    def new_findings(self, *facts: Any, **how: Any) -> list[Finding]:
        """The findings that these facts leave."""
        before = len(self.register.findings)
        return self.enter(*facts, **how).register.findings[before:]

    def seal(self, name: str, sheets: int = 2, subject: str = "bg1") -> Self:
        """Enter a set and seal its sheets: envelopes `NAME-1`, ... in bags `B-NAME-1`, ..."""
        purpose = Purpose.PIN if subject in self.register.keys else Purpose.PASSWORD
        least = min(2, sheets)
        made = ev.SetMade(set=name, purpose=purpose, subject=subject, threshold=least, count=sheets)
        self.enter(made)
        for n in range(1, sheets + 1):
            self.enter(self.printed(name, n), ev.EnvelopeProven(envelope=f"{name}-{n}"))
            self.enter(ev.EnvelopeSealed(envelope=f"{name}-{n}", bag=f"B-{name}-{n}"))
        return self

    def bring_into_force(self, name: str) -> Self:
        """Enter that the password of account `bg1` with this name is made, sealed and in force."""
        return self.seal(name).enter(ev.PasswordSet(account="bg1", set=name))

    @staticmethod
    def printed(name: str, number: int, envelope: str = "") -> ev.EnvelopePrinted:
        """A sheet of a password of account `bg1`."""
        return ev.EnvelopePrinted(
            envelope=envelope or f"{name}-{number}",
            holds=f"share:bg1:{number}",
            set=name,
            number=number,
            proof=DIGEST,
        )


def _signer(person: str, turn: int = 1) -> Signer:
    key = f"sk-ecdsa-sha2-nistp256@openssh.com {person}{turn}"
    return Signer(person=person, public_key=key, credential="00")


@pytest.fixture(scope="session")
def signer() -> Callable[..., Signer]:
    """From a person, and which of their keys it is, to the signer."""
    return _signer


def _founded() -> Life:
    founders = (_signer("alice"), _signer("bob"))
    return Life().enter(ev.LedgerFounded(founders=founders, nonce=DIGEST, mode=Mode.LIVE))


def _organised() -> Life:
    all_hands = (Role.OFFICER, Role.CUSTODIAN)
    roles = {"alice": all_hands, "bob": all_hands} | {
        "olga": (Role.OFFICER,),
        "carol": (Role.CUSTODIAN,),
        "erin": (Role.AUDITOR,),
        "ivan": (Role.WITNESS,),
    }
    return _founded().enter(
        *(ev.PersonAdded(person=it, roles=its, details=DIGEST) for it, its in roles.items()),
        ev.SiteAdded(site="hq", paper=PaperSize.A4),
        ev.SafeAdded(safe="hq-1", site="hq", openers=TWO, need=1),
        ev.SafeAdded(safe="hq-2", site="hq", openers=("carol",), need=1),
        ev.AccountAdded(account="bg1", upn="bg1@example.onmicrosoft.com"),
        ev.KeyRegistered(key="K1", account="bg1", use=Use.PRIMARY, product="p", aaguid="a"),
        ev.KeyProven(key="K1", verdict="genuine"),
    )


@pytest.fixture
def empty() -> Life:
    """A ledger before its founding."""
    return Life()


@pytest.fixture
def founded() -> Life:
    """A ledger of two founders, `alice` and `bob`, and nothing else."""
    return _founded()


@pytest.fixture
def life() -> Life:
    """A ledger with people of every role, two safes, an account and a key that was proven.

    `alice` and `bob` alone are signers.
    """
    return _organised()


@pytest.fixture
def made() -> Life:
    """Such a ledger, with a password P1 of two sheets that are sealed, and not in force."""
    return _organised().seal("P1")


@pytest.fixture
def living() -> Life:
    """Such a ledger, with a password P1 in force, its sheet 1 deposited and its sheet 2 sealed."""
    deposited = ev.EnvelopeDeposited(envelope="P1-1", safe="hq-1")
    return _organised().bring_into_force("P1").enter(deposited)


@pytest.fixture
def dead() -> Life:
    """Such a ledger, with that password P1 when P2 had taken its place."""
    deposited = ev.EnvelopeDeposited(envelope="P1-1", safe="hq-1")
    return _organised().bring_into_force("P1").enter(deposited).bring_into_force("P2")


@pytest.fixture
def void() -> Life:
    """Such a ledger, with a password P1 that was given up and its sheets spoiled."""
    spoiled = (ev.EnvelopeSpoiled(envelope=f"P1-{n}", why="torn") for n in (1, 2))
    return _organised().seal("P1").enter(*spoiled, ev.SetVoided(set="P1", why="torn"))


@pytest.fixture(scope="session")
def organised() -> Register:
    """The register of such a ledger; to be looked at only."""
    return _organised().register
