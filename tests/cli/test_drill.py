"""`keyvault drill` and `keyvault post-mortem`, as two people answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.model import EnvelopeState
from tests.cli.sealed import seal_password

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Desk

ONE = "bg1-pw1-1"
AGREED = ("1", "1")
PEOPLE = ("--by", "alice", "--by", "carol")


@pytest.fixture(scope="module")
def prepared(founded: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """To be read only."""
    return seal_password(founded.copy(tmp_path_factory.mktemp("sealed") / "desk"))


@pytest.fixture
def sealed(prepared: Desk, tmp_path: Path) -> Desk:
    """A copy of the ledger with a password in its safes."""
    return prepared.copy(tmp_path / "sealed")


def test_one_share_is_verified_and_put_back(sealed: Desk) -> None:
    old = sealed.register.envelopes[ONE].bag or ""
    reached, inspected, sealed_again = ("y", "y"), (old, "y"), ("D-1", "D-1", "y")

    done = sealed.sit(
        "drill",
        "bg1",
        "--envelope",
        ONE,
        *PEOPLE,
        typed=(*reached, *inspected, *sealed_again, *AGREED),
    )

    assert done.returncode == 0, done.stderr
    its = sealed.register.envelopes[ONE]
    assert (its.state, its.bag, its.safe) == (EnvelopeState.DEPOSITED, "D-1", "hq-1")
    assert "The drill is entered." in done.stdout
    assert "checklist-drill-bg1-1" in sealed.sheets()


def test_what_was_not_as_it_should_be_is_told_and_the_status_says_so(sealed: Desk) -> None:
    old = sealed.register.envelopes[ONE].bag or ""

    done = sealed.sit(
        "drill",
        "bg1",
        "--envelope",
        ONE,
        *PEOPLE,
        typed=("n", "y", old, "y", "D-1", "D-1", "y", *AGREED),
    )

    assert done.returncode == 1
    assert "Found: the process documents of bg1 could not be reached." in done.stdout


def test_those_who_would_have_enough_are_refused(
    sealed: Desk, refusal: Callable[..., bool]
) -> None:
    done = sealed.ask("drill", "bg1", "--envelope", ONE, *sealed.by)

    assert refusal(done, 5, "bob alone would have, or could take")


def test_a_drill_is_of_one_thing(sealed: Desk, refusal: Callable[..., bool]) -> None:
    assert refusal(sealed.ask("drill", "bg1", *PEOPLE), 2, "of one envelope, or of one key")


def test_the_use_of_an_account_is_classed_by_two(sealed: Desk) -> None:
    sealed.read("accounts", "used", "bg1", "--why", "emergency", "--by", "carol")
    logs, allowed = ("y",) * 4, "y"

    done = sealed.sit(
        "post-mortem",
        "bg1",
        *sealed.by,
        typed=(*logs, allowed, "2", "federation was down", *AGREED),
    )

    assert done.returncode == 0, done.stderr
    assert "carol: used bg1 (emergency)" in done.stderr
    assert "The use of bg1 is classed: emergency." in done.stdout
    assert [it.verdict for it in sealed.register.classed["bg1"]] == [UseClass.EMERGENCY]


@pytest.mark.parametrize(
    "verb",
    [
        ("drill", "bg1", "--envelope", ONE, *PEOPLE),
        ("post-mortem", "bg1", "--by", "alice", "--by", "bob"),
    ],
)
def test_the_steps_are_told_and_nothing_is_done(sealed: Desk, verb: tuple[str, ...]) -> None:
    before = sealed.ledger.read_bytes()

    done = sealed.ask(*verb, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "nothing stands in the way" in done.stdout
    assert sealed.ledger.read_bytes() == before
