"""Values of any type that facts are made of, and the lives of ledgers to test with."""

from collections.abc import Callable
from datetime import UTC
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from msgspec import inspect

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Mode, PaperSize, Role, Signer, Use
from keyvault_kit.custody.register import Register
from tests.custody.life import DIGEST, TWO, Life, signer_of
from tests.custody.sample import sample

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


@pytest.fixture(scope="session")
def signer() -> Callable[..., Signer]:
    """From a person, and which of their keys it is, to the signer."""
    return signer_of


def _founded() -> Life:
    founders = (signer_of("alice"), signer_of("bob"))
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


@pytest.fixture
def done_all() -> Life:
    """The sample organisation on the day on which all of its work was done."""
    return sample()


@pytest.fixture(scope="session")
def organised() -> Register:
    """The register of such a ledger; to be looked at only."""
    return _organised().register
