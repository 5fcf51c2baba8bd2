"""New PINs: the first, another, a drawn one, and what a key is to want of it from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Purpose, SetState
from keyvault_kit.errors import DeclinedError, InputError, RefusedError
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN, OTHER, WRONG = "40718295", "83940261", "40718296"
NO_POLICY = PinPolicy()


def facts(desk: Desk, start: int) -> list[ev.Fact]:
    return [entry.fact for entry in desk.entries(start)]


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    """K1 is registered, and has no PIN."""
    desk.register_key("K1")
    return desk


@pytest.fixture
def keyed(fresh: Desk) -> Desk:
    """K1 is registered, and has a PIN."""
    fresh.people.pins = [PIN, PIN]
    key_work.set_pin(fresh.at("K1"), NO_POLICY)
    return fresh


def sealed(desk: Desk) -> None:
    """Enter that the PIN of K1 lies sealed, as after its enrolment."""
    made = ev.SetMade(set="K1-pin1", purpose=Purpose.PIN, subject="K1", threshold=1, count=1)
    printed = ev.EnvelopePrinted(
        envelope="K1-pin1-1", holds="pin:K1", set="K1-pin1", number=1, proof="ab" * 32
    )
    bag = ev.EnvelopeSealed(envelope="K1-pin1-1", bag="B1")
    proven = ev.EnvelopeProven(envelope="K1-pin1-1")
    facts = [made, printed, proven, bag]
    desk.run(change.ceremony(desk.register, "Seal it", ("alice", "bob"), lambda _: facts))
    desk.book.record([ev.PinSet(key="K1", set="K1-pin1")], ("carol",))


def test_a_sealed_pin_dies_when_it_is_changed_and_exact_words_come_before_that(
    keyed: Desk,
) -> None:
    sealed(keyed)
    size, keyed.people.pins = keyed.ledger.size, [PIN, OTHER, OTHER]
    keyed.people.says[Topic.CHANGE] = ["yes", "change the PIN of K1"]

    with pytest.raises(DeclinedError, match="in its sealed envelope will open it no more"):
        key_work.change_pin(keyed.at("K1"), NO_POLICY)
    assert keyed.ledger.size == size
    assert keyed.people.texts(Topic.KEY_PIN) == []

    key_work.change_pin(keyed.at("K1"), NO_POLICY)

    assert facts(keyed, size) == [
        ev.PinChecked(key="K1", right=True, retries=8),
        ev.PinChanged(key="K1"),
    ]
    assert keyed.register.sets["K1-pin1"].state is SetState.DEAD
    (finding,) = keyed.register.findings
    assert "what is sealed opens it no more" in finding.what


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("11111111", "made of one or two signs"),
        ("13791379", "one group repeated"),
        ("12345678", "holds a run"),
        ("31121999", "a date"),
        ("147258369", "among the most common"),
        ("{serial}", "part of the serial number"),
    ],
)
def test_a_weak_pin_is_refused_by_name_and_spends_no_attempt(
    keyed: Desk, new: str, why: str
) -> None:
    new = new.format(serial=keyed.bench.serial("K1"))
    size, keyed.people.pins = keyed.ledger.size, [WRONG, new, new]

    with pytest.raises(InputError, match=why) as caught:
        key_work.change_pin(keyed.at("K1"), NO_POLICY)

    assert new not in str(caught.value)
    assert keyed.state_of("K1").pin_retries == 8
    assert keyed.ledger.size == size


def test_two_pins_that_differ_are_none(fresh: Desk) -> None:
    fresh.people.pins = [PIN, OTHER]

    with pytest.raises(InputError, match="the two PINs differ"):
        key_work.set_pin(fresh.at("K1"), NO_POLICY)

    assert fresh.state_of("K1").pin_hash is None


def test_a_key_with_a_pin_gets_no_first_one(keyed: Desk) -> None:
    with pytest.raises(RefusedError, match="key K1 has a PIN already") as caught:
        key_work.set_pin(keyed.at("K1"), NO_POLICY)
    assert "keys change-pin" in caught.value.mend


def test_a_policy_is_set_after_the_pin_and_entered(fresh: Desk) -> None:
    size, fresh.people.pins = fresh.ledger.size, ["4071829536", "4071829536"]

    key_work.set_pin(fresh.at("K1"), PinPolicy(min_length=10, force_change=True))

    assert facts(fresh, size) == [
        ev.PinChanged(key="K1"),
        ev.PinPolicyRaised(key="K1", min_length=10, forced=True),
    ]
    assert fresh.state_of("K1").min_pin_length == 10
    assert fresh.state_of("K1").force_pin_change


@pytest.mark.parametrize(
    ("policy", "pin", "why"),
    [
        (PinPolicy(min_length=10), PIN, "8 characters, this key wants 10 or more"),
        (PinPolicy(min_length=5), PIN, "a minimum of 5 characters cannot be set"),
        (PinPolicy(min_length=64), PIN, "a minimum of 64 characters cannot be set"),
    ],
)
def test_a_policy_that_cannot_be_is_said_before_the_pin_is_set(
    fresh: Desk, policy: PinPolicy, pin: str, why: str
) -> None:
    fresh.change_key("K1", min_pin_length=6)
    size, fresh.people.pins = fresh.ledger.size, [pin, pin]

    with pytest.raises(InputError, match=why):
        key_work.set_pin(fresh.at("K1"), policy)

    assert fresh.state_of("K1").pin_hash is None
    assert fresh.ledger.size == size


def test_a_drawn_pin_is_shown_typed_once_and_as_long_as_the_key_wants(
    fresh: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def reveal(prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        assert prompt.topic is Topic.REVEAL
        assert seconds > 0
        shown.append(secret.expose_text())
        fresh.people.pins.append(secret.expose_text())

    monkeypatch.setattr(fresh.people, "reveal", reveal)
    key_work.set_pin(fresh.at("K1"), NO_POLICY, generate=8)
    fresh.register_key("K2")
    key_work.set_pin(fresh.at("K2"), PinPolicy(min_length=12), generate=8)

    assert [len(pin) for pin in shown] == [8, 12]
    assert fresh.people.texts(Topic.NEW_PIN) == ["Type it from what you wrote down"] * 2
    assert fresh.people.pins == []


def test_a_drawn_pin_that_was_written_down_wrongly_is_not_set(fresh: Desk) -> None:
    fresh.people.pins = [PIN]

    with pytest.raises(InputError, match="another PIN than the one shown"):
        key_work.set_pin(fresh.at("K1"), NO_POLICY, generate=8)

    assert fresh.state_of("K1").pin_hash is None
