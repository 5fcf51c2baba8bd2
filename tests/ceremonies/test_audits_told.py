"""Audits that are cut short, and the report that is left in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import audit
from keyvault_kit.custody.model import EnvelopeState
from tests.ceremonies.walking import (
    Shelves,
    bag_of,
    copied,
    found,
    opened,
    replace,
    request,
    text_of,
    walk,
)

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves a copy of safes with something in them, for the others."""
    return tmp_path_factory.mktemp("kept") / "full"


@pytest.fixture
def full(desk: Desk, kept: Path, tmp_path: Path) -> Iterator[Desk]:
    """Safes with keys and papers in them; the keys are plugged in when their bags are opened."""
    with copied(desk, kept, tmp_path / "full") as copy:
        yield copy


@pytest.fixture
def shelves(full: Desk) -> Shelves:
    return Shelves(full)


# --- Cut short


class StopError(Exception):
    """The process ends here."""


def stop_at(step: str, moment: str) -> Callable[[str, str, str], None]:
    def watch(_: str, at: str, now: str) -> None:
        if (at, now) == (step, moment):
            raise StopError

    return watch


@pytest.mark.parametrize("moment", ["begins", "acted", "recorded"])
@pytest.mark.parametrize(
    "step",
    ["begin", "walk-hq-1", "walk-hq-2", "inspect-K1", "deposit-K1", "walk-vault-1", "report"],
)
def test_an_audit_that_is_cut_short_goes_on_to_the_same_end(
    full: Desk, shelves: Shelves, step: str, moment: str
) -> None:
    shelves.add_stranger("hq-1", "X-99")
    ceremony = audit.next_ceremony(full.register, request())
    with pytest.raises(StopError):
        full.run(ceremony, stop_at(step, moment))
    shelves.from_the_first()

    walk(full)

    assert found(full) == [("bag-unknown", "X-99")]
    envelopes = full.register.envelopes
    assert envelopes["K1-key2"].state is EnvelopeState.DEPOSITED
    assert "K1-key3" not in envelopes
    bags = [it.envelope for it in opened(full, shelves.began)]
    assert sorted(bags) == ["K1-key1", "K2-key1"]
    assert list(full.register.ceremonies).count("audit-1") == 1
    assert "audit-2" not in full.register.ceremonies


def test_nobody_is_asked_twice_whether_a_bag_is_intact_that_they_opened_themselves(
    full: Desk, shelves: Shelves
) -> None:
    with pytest.raises(StopError):
        full.run(audit.ceremony(request()), stop_at("inspect-K1", "acted"))
    assert full.register.envelopes["K1-key1"].state is EnvelopeState.OPENED
    asked = len(full.people.texts(Topic.BAG_INTACT))
    shelves.from_the_first()

    full.run(audit.ceremony(request()))

    later = full.people.texts(Topic.BAG_INTACT)[asked:]
    assert not [it for it in later if "K1-key1" in it]


# --- Its report


def test_the_report_says_what_was_expected_what_was_there_and_what_is_to_be_done(
    full: Desk, shelves: Shelves
) -> None:
    card = bag_of(full, "card-hq-1")
    shelves.bags["hq-1"] = []
    shelves.add_stranger("hq-1", "X-99")
    replace(full, "K1")
    full.bench.plug("K1")

    walk(full)

    text = text_of(full, "audit-report-1")
    for said in (
        "Safes hq-1, hq-2 and vault-1; 2 security keys",
        f"hq-1 hq 1 1 {card}, X-99",
        "hq-2 hq 1 1 nothing",
        "vault-1 vault 2 2 nothing",
        f"card-hq-1 hq-1 {card} MISSING",
        "hq-1 X-99 UNKNOWN BAG",
        "K1-key1 hq-2 BAG-K1 found intact",
        f"K1-evidence1 hq-2 {bag_of(full, 'K1-evidence1')} new",
        "card-hq-1 bag-missing",
        "finding key-stranger",
        "auditor Erin Eldridge custodian Carol Carter officer Alice Archer",
    ):
        assert said in text, said
    assert text.count("K1-key1 hq-2") == 1


def test_the_report_tells_bags_that_lie_in_each_others_places(full: Desk, shelves: Shelves) -> None:
    card, identity = bag_of(full, "card-hq-1"), bag_of(full, "station-id1-1")
    shelves.bags["hq-1"] = [identity]
    shelves.bags["vault-1"][shelves.bags["vault-1"].index(identity)] = card

    walk(full)

    text = text_of(full, "audit-report-1")
    for said in (
        f"card-hq-1 hq-1 {card} MISSING",
        f"station-id1-1 hq-1 {identity} SHOULD NOT LIE HERE",
        f"station-id1-1 vault-1 {identity} LIES IN ANOTHER SAFE",
        f"card-hq-1 vault-1 {card} SHOULD NOT LIE HERE",
    ):
        assert said in text, said


def test_a_second_audit_has_a_report_of_its_own(full: Desk, shelves: Shelves) -> None:
    shelves.add_stranger("hq-1", "X-99")
    walk(full)
    Shelves(full)

    walk(full, request(number=2))

    assert "X-99" in text_of(full, "audit-report-1")
    assert "X-99" not in text_of(full, "audit-report-2")
    assert "audit-2" in full.register.ceremonies
