"""The bag walk and key audit: what lies in the safes, and whether the keys are the keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import audit
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Retirement, Role
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.walking import (
    PIN,
    SAFES,
    Shelves,
    bag_of,
    copied,
    enter,
    found,
    opened,
    replace,
    request,
    reset,
    text_of,
    walk,
)

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


ENROLLED: Final = ev.PasskeyEnrolled(
    key="K1", rp_id="login.microsoft.com", credential="aa", public_key="a0", answer="ab" * 32
)
"""A passkey that is on record and not on the key."""


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


# --- Where all is well


def test_each_bag_is_compared_and_each_key_lies_in_a_new_one(full: Desk, shelves: Shelves) -> None:
    walk(full)

    assert found(full) == []
    for tag, safe in (("K1", "hq-2"), ("K2", "vault-1")):
        old, new = (full.register.envelopes[f"{tag}-key{n}"] for n in (1, 2))
        assert old.state is EnvelopeState.OPENED
        assert (new.state, new.safe, new.hands) == (EnvelopeState.DEPOSITED, safe, ())
        assert new.bag not in (old.bag, None)
    assert sum(kind is ev.KeyAsserted for kind in full.kinds(shelves.began)) == 2
    assert full.register.ceremonies["audit-1"].closed


def test_an_inspection_is_no_use_and_exposes_nothing(full: Desk, shelves: Shelves) -> None:
    before, now = full.register, full.station.clock()
    seen, used = len(before.exposures), before.uses

    walk(full)

    assert len(full.register.exposures) == seen
    assert full.register.uses == used
    assert {it.why for it in opened(full, shelves.began)} == {"inspection"}
    kinds = {it.task for it in due(full.register, now)}
    assert not kinds & {Task.PASSWORD, Task.PIN}


def test_the_auditor_looks_on_and_nobody_opens_a_bag_alone(full: Desk, shelves: Shelves) -> None:
    walk(full)

    handling = (ev.EnvelopeOpened, ev.KeyPacked, ev.EnvelopeSealed, ev.EnvelopeDeposited)
    by = {it.by for it in full.entries(shelves.began) if isinstance(it.fact, handling)}
    assert by == {("alice", "carol")}
    assert {it.person for it in full.register.ceremonies["audit-1"].agreements} == {
        "alice",
        "carol",
        "erin",
    }


def test_pins_and_papers_stay_sealed(full: Desk, shelves: Shelves) -> None:
    walk(full)

    bags = {it.envelope for it in opened(full, shelves.began)}
    assert bags == {"K1-key1", "K2-key1"}


def test_one_safe_is_audited_alone(full: Desk, shelves: Shelves) -> None:
    walk(full, request(safes=("hq-2",)))

    assert found(full) == []
    bags = {it.envelope for it in opened(full, shelves.began)}
    assert bags == {"K1-key1"}


def test_keys_alone_are_audited_without_a_walk(full: Desk, shelves: Shelves) -> None:
    walk(full, request(safes=(), keys=("K2",)))

    assert full.people.texts(Topic.FOUND) == []
    bags = {it.envelope for it in opened(full, shelves.began)}
    assert bags == {"K2-key1"}


# --- Bags


def test_a_missing_bag_is_looked_for_again_and_then_found_missing(
    full: Desk, shelves: Shelves
) -> None:
    gone = bag_of(full, "station-id1-1")
    shelves.bags["vault-1"].remove(gone)

    walk(full)

    assert found(full) == [("bag-missing", "station-id1-1")]
    assert f"Not read yet: {gone}. Look for them again." in full.people.texts(Topic.NOTE)


def test_a_bag_that_was_overlooked_at_first_is_no_finding(full: Desk, shelves: Shelves) -> None:
    (bag,) = shelves.bags["hq-1"]
    shelves.bags["hq-1"] = ["", bag]

    walk(full)

    assert found(full) == []


@pytest.mark.parametrize("order", [SAFES, SAFES[::-1]])
def test_two_bags_that_changed_places_are_found_where_they_lie(
    full: Desk, shelves: Shelves, order: tuple[str, ...]
) -> None:
    card, identity = bag_of(full, "card-hq-1"), bag_of(full, "station-id1-1")
    shelves.bags["hq-1"] = [identity]
    shelves.bags["vault-1"][shelves.bags["vault-1"].index(identity)] = card

    walk(full, request(safes=order))

    first = {"hq-1": "card-hq-1", "vault-1": "station-id1-1"}[order[0]]
    assert found(full) == [
        ("bag-elsewhere", "card-hq-1"),
        ("bag-elsewhere", "station-id1-1"),
        ("bag-missing", first),  # where it was looked for before it was found
    ]


def test_a_bag_that_nobody_knows_is_a_finding_by_its_number(full: Desk, shelves: Shelves) -> None:
    shelves.add_stranger("hq-1", "X-99")

    walk(full)

    assert found(full) == [("bag-unknown", "X-99")]


@pytest.mark.parametrize(
    "typed",
    [
        ["X-99", "BAG-K1"],
        ["BAG-K1", "n"],
        ["X-99", "X-98", "BAG-K1"],
        ["X-99", "BAG-K1", "X-99"],
    ],
)
def test_a_number_that_nobody_knows_does_not_count_before_it_was_typed_twice_in_a_row(
    full: Desk, shelves: Shelves, typed: list[str]
) -> None:
    shelves.bags["hq-2"] = typed

    walk(full)

    assert found(full) == []
    assert any("type it once more" in it for it in full.people.texts(Topic.NOTE))


@pytest.mark.parametrize("number", [PIN, "7Kb3QxWm9pLd", "A" * 20])
def test_a_number_that_may_be_a_secret_is_found_and_never_entered(
    full: Desk, shelves: Shelves, number: str
) -> None:
    shelves.add_stranger("hq-1", number)

    walk(full)

    assert found(full) == [("bag-unknown", "hq-1")]
    (finding,) = full.register.findings
    assert finding.what.startswith("a bag (its number looks like a secret: look there) lies in")
    assert number.encode() not in full.path.read_bytes()
    assert "hq-1 (not told) UNKNOWN BAG" in text_of(full, "audit-report-1")


def test_an_old_bag_is_not_taken_for_the_one_that_took_its_place(
    full: Desk, shelves: Shelves
) -> None:
    walk(full)
    again = Shelves(full)
    again.bags["hq-2"].append("BAG-K1")

    walk(full, request(number=2))

    (finding,) = full.register.findings
    assert (finding.rule, finding.subject) == ("bag-elsewhere", "K1-key1")
    assert "by the register it is opened, and lies in no safe" in finding.what
    assert shelves.began


def test_a_damaged_bag_is_a_finding(full: Desk, shelves: Shelves) -> None:
    _say_damaged(full, "card-hq-1")

    walk(full)

    assert found(full) == [("bag-damaged", "card-hq-1")]
    assert shelves.bags


def test_a_key_in_a_damaged_bag_is_challenged_all_the_same(full: Desk, shelves: Shelves) -> None:
    _say_damaged(full, "K1-key1")

    walk(full)

    assert found(full) == [("bag-damaged", "K1-key1"), ("contradiction", "K1-key1")]
    assert full.register.bag_of("K1") == full.register.envelopes["K1-key2"]
    assert shelves.bags


def test_a_number_is_read_once_and_what_is_none_is_not_repeated(
    full: Desk, shelves: Shelves
) -> None:
    (bag,) = shelves.bags["hq-1"]
    shelves.bags["hq-1"] = ["academic acid acrobat", bag, bag, "A" * 65]

    walk(full)

    assert found(full) == []
    notes = full.people.texts(Topic.NOTE)
    assert f"Bag {bag} was read already." in notes
    assert sum("That is no bag number" in it for it in notes) == 2
    assert not [it for it in notes if "academic" in it]


# --- Keys


def test_a_stranger_and_a_reset_key_are_found_and_packed_as_evidence(
    full: Desk, shelves: Shelves
) -> None:
    replace(full, "K1")
    reset(full, "K2")
    full.bench.plug("K1")
    full.bench.plug("K2")

    walk(full)

    assert found(full) == [("key-reset", "K2"), ("key-stranger", "K1")]
    for tag in ("K1", "K2"):
        its = full.register.envelopes[f"{tag}-evidence1"]
        assert (its.state, its.holds) == (EnvelopeState.DEPOSITED, f"evidence:{tag}")
        assert full.register.bag_of(tag) is None
    assert shelves.bags


def test_an_empty_bag_is_found_after_it_was_asked_for_again(full: Desk, shelves: Shelves) -> None:
    full.bench.unplug("K1")
    full.people.at_plug = lambda _: None

    walk(full)

    assert found(full) == [("key-present", "K1")]
    assert len(full.people.texts(Topic.PLUG)) == 1
    assert len(full.people.texts(Topic.RETRY)) == 1
    assert shelves.bags


def test_the_key_of_a_missing_bag_is_a_finding_and_nothing_is_packed(
    full: Desk, shelves: Shelves
) -> None:
    shelves.bags["hq-2"] = []

    walk(full)

    assert found(full) == [("bag-missing", "K1-key1"), ("key-present", "K1")]
    assert "K1-key2" not in full.register.envelopes
    assert full.register.ceremonies["audit-1"].closed


def test_an_enrolled_key_that_lies_nowhere_is_found_when_all_safes_are_walked(
    full: Desk, shelves: Shelves
) -> None:
    full.book.record([ENROLLED], ("carol",))
    taken = ev.EnvelopeOpened(envelope="K1-key1", why="emergency", intact=True)
    full.book.record([taken], ("carol",))
    shelves.bags["hq-2"] = []

    walk(full)

    assert found(full) == [("key-custody", "K1")]


def test_a_key_that_shows_no_passkey_is_packed_as_the_key_that_it_is(
    full: Desk, shelves: Shelves
) -> None:
    full.book.record([ENROLLED], ("carol",))

    walk(full)

    assert found(full) == [("key-passkey", "K1")]
    assert full.register.bag_of("K1") == full.register.envelopes["K1-key2"]
    assert shelves.bags


def test_a_retired_key_is_not_challenged(full: Desk, shelves: Shelves) -> None:
    enter(full, "retire", ("alice", "bob"), ev.KeyRetired(key="K1", why=Retirement.LOST))
    full.bench.unplug("K1")

    walk(full)

    assert found(full) == []
    assert shelves.bags


# --- What cannot be


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"safes": ("moon",)}, RefusedError, "moon"),
        ({"keys": ("K9",)}, RefusedError, "K9"),
        ({"safes": ()}, InputError, "no safe to walk through"),
        ({"witness": "carol"}, InputError, "are three people"),
        ({"auditor": "bob"}, RefusedError, "bob is officer, and no auditor"),
        ({"auditor": "nobody"}, RefusedError, "nobody"),
    ],
)
def test_what_cannot_be_audited_is_said_before_anything_begins(
    full: Desk, fields: dict[str, object], error: type[Exception], said: str
) -> None:
    wanted = request(**fields)

    with pytest.raises(error, match=said):
        audit.check(full.register, wanted)


def test_who_may_seal_no_bag_is_told_before_anything_begins(full: Desk) -> None:
    frank = ev.PersonAdded(person="frank", roles=(Role.AUDITOR,), details="ab" * 32)
    enter(full, "add", ("alice", "bob"), frank)

    with pytest.raises(RefusedError, match="frank is auditor: to seal an envelope takes officer"):
        audit.check(full.register, request(witness="frank"))


def _say_damaged(desk: Desk, envelope: str) -> None:
    confirm = desk.people.confirm

    def looked(prompt: Prompt) -> bool:
        said = confirm(prompt)
        return said and (prompt.topic is not Topic.BAG_INTACT or prompt.subject != envelope)

    desk.people.confirm = looked  # type: ignore[method-assign]
