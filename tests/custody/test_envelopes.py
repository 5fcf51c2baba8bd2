"""Envelopes: each goes through its life once, in bags that are used once, and dies when it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose, SetState

if TYPE_CHECKING:
    from tests.custody.life import Life

DIGEST = "ab" * 32


def opened(envelope: str = "P1-1", *, intact: bool = True) -> ev.EnvelopeOpened:
    return ev.EnvelopeOpened(envelope=envelope, why="drill", intact=intact)


def deposited(envelope: str = "P1-1", safe: str = "hq-1") -> ev.EnvelopeDeposited:
    return ev.EnvelopeDeposited(envelope=envelope, safe=safe)


def moved(envelope: str = "P1-1", safe: str = "hq-2") -> ev.EnvelopeMoved:
    return ev.EnvelopeMoved(envelope=envelope, safe=safe)


def resealed(envelope: str = "P1-1", bag: str = "B-new") -> ev.EnvelopeResealed:
    return ev.EnvelopeResealed(envelope=envelope, bag=bag)


def destroyed(envelope: str = "P1-1") -> ev.EnvelopeDestroyed:
    return ev.EnvelopeDestroyed(envelope=envelope, why="dead")


def spoiled(envelope: str = "P1-1") -> ev.EnvelopeSpoiled:
    return ev.EnvelopeSpoiled(envelope=envelope, why="torn")


def corrected(
    state: EnvelopeState, envelope: str = "P1-1", bag: str | None = None, safe: str | None = None
) -> ev.EnvelopeCorrected:
    return ev.EnvelopeCorrected(envelope=envelope, state=state, details=DIGEST, bag=bag, safe=safe)


def state_of(life: Life, envelope: str = "P1-1") -> EnvelopeState:
    return life.register.envelopes[envelope].state


# --- Opening


def test_an_envelope_is_opened_once_and_a_second_time_is_a_finding(living: Life) -> None:
    assert living.new_findings(opened()) == []
    assert state_of(living) is EnvelopeState.OPENED

    (finding,) = living.new_findings(opened())

    assert (finding.rule, finding.subject) == ("contradiction", "P1-1")
    assert "although it is opened" in finding.what
    assert state_of(living) is EnvelopeState.OPENED


def test_a_bag_that_was_not_intact_is_a_finding(living: Life) -> None:
    (finding,) = living.new_findings(opened(intact=False))

    assert "not intact" in finding.what


def test_opening_what_was_never_sealed_is_a_finding(life: Life) -> None:
    life.enter(
        ev.SetMade(set="P1", purpose=Purpose.PASSWORD, subject="bg1", threshold=1, count=1),
        life.printed("P1", 1),
    )

    (finding,) = life.new_findings(opened())

    assert "although it is printed" in finding.what


def test_opening_what_is_gone_is_a_finding_and_does_not_bring_it_back(
    void: Life, dead: Life
) -> None:
    dead.enter(destroyed())
    for life, state in ((void, EnvelopeState.SPOILED), (dead, EnvelopeState.DESTROYED)):
        (finding,) = life.new_findings(opened())
        assert f"although it is {state}" in finding.what
        assert state_of(life) is state


# --- Printing and sealing


def test_a_sheet_is_printed_once_unless_it_was_spoiled(made: Life) -> None:
    made.refuses(made.printed("P1", 1, "P1-1b"), because="sheet 1 of set P1 was printed already")
    made.refuses(made.printed("P1", 3), because="set P1 has 2 sheets, not 3")

    made.enter(spoiled(), made.printed("P1", 1, "P1-1b"))

    made.refuses(ev.PasswordSet(account="bg1", set="P1"), because="1 of 2 envelopes sealed")
    assert [it.id for it in made.register.live_envelopes("P1")] == ["P1-1b", "P1-2"]
    made.refuses(made.printed("P1", 1, "P1-1c"), because="printed already")
    made.refuses(made.printed("P9", 1), because="no secret set 'P9'")


def test_no_more_sheets_of_what_is_in_force_dead_or_void(dead: Life, void: Life) -> None:
    for life, name, word in ((dead, "P2", "in force"), (dead, "P1", "dead"), (void, "P1", "void")):
        life.refuses(life.printed(name, 1, "new"), because=f"set {name} is {word}: no more sheets")


def test_an_id_of_an_envelope_is_used_once(void: Life) -> None:
    void.seal("P2").enter(spoiled("P2-1"))

    void.refuses(void.printed("P2", 1, "P1-1"), because="there is a envelope 'P1-1' already")
    void.refuses(packed("P1-1"), because="there is a envelope 'P1-1' already")


def test_a_bag_is_used_once_for_ever(dead: Life) -> None:
    """Not even the same envelope comes back in the bag that it was cut out of."""
    dead.enter(destroyed(), opened("P2-1"))

    for bag in ("B-P1-1", "B-P1-2", "B-P2-2", "B-P2-1"):
        error = dead.refuses(resealed("P2-1", bag), because=f"bag {bag} was used for envelope")
        assert "Take a new bag" in error.mend
    for bag, state in (("B-P1-1", EnvelopeState.SEALED), ("B-P1-1", EnvelopeState.OPENED)):
        wrong = corrected(state, "P2-1", bag)
        dead.refuses(wrong, because="bag B-P1-1 was used for envelope P1-1")
    dead.enter(resealed("P2-1"))
    dead.enter(corrected(EnvelopeState.SEALED, "P2-1", "B-typed"))
    dead.enter(opened("P2-2"))
    for bag in ("B-new", "B-typed"):
        dead.refuses(resealed("P2-2", bag), because=f"bag {bag} was used for envelope P2-1")
    assert dead.register.bags["B-new"] == dead.register.bags["B-typed"] == "P2-1"


def test_only_what_is_in_force_and_was_opened_is_sealed_again(dead: Life, made: Life) -> None:
    dead.refuses(resealed("P2-1"), because="envelope P2-1 is sealed, not opened")
    dead.enter(opened())

    error = dead.refuses(resealed(), because="P1-1 holds no sheet of a secret in force")

    assert "Destroy a dead sheet" in error.mend
    made.enter(opened())
    made.refuses(resealed(), because="no sheet of a secret in force")


# --- Depositing and moving


def test_a_sheet_is_deposited_while_its_secret_is_in_force(
    made: Life, dead: Life, living: Life
) -> None:
    made.refuses(deposited(), because="set P1 is made: it is not deposited")
    dead.refuses(deposited("P1-2"), because="set P1 is dead: it is not deposited")

    made.refuses(deposited("P1-1", "moon"), because="no safe 'moon'")
    living.refuses(deposited(), because="P1-1 is deposited, not sealed")


def test_an_envelope_moves_to_another_safe_by_two(living: Life) -> None:
    living.refuses(moved(safe="hq-1"), because="P1-1 lies in safe hq-1 already")
    living.refuses(moved(safe="moon"), because="no safe 'moon'")
    living.refuses(moved("P1-2"), because="P1-2 is sealed, not deposited")
    living.refuses(moved("P1-9"), because="no envelope 'P1-9'")
    living.refuses(moved(), signed=("alice",), because="move an envelope to another safe takes")

    living.enter(moved())

    assert living.register.envelopes["P1-1"].safe == "hq-2"
    assert state_of(living) is EnvelopeState.DEPOSITED
    assert living.register.bags["B-P1-1"] == "P1-1"


def test_a_dead_sheet_is_not_put_into_another_safe(dead: Life) -> None:
    dead.refuses(moved(), because="set P1 is dead: it is not deposited")


# --- Destroying and spoiling


def test_a_sheet_is_destroyed_by_two_when_its_secret_is_dead(dead: Life) -> None:
    dead.refuses(destroyed("P2-1"), because="P2 is in force: its sheets are still wanted")
    dead.refuses(destroyed(), signed=("bob",), because="to destroy a dead sheet takes")

    dead.enter(destroyed(), destroyed("P1-2"))

    assert state_of(dead) is EnvelopeState.DESTROYED
    assert dead.register.envelopes["P1-1"].safe is None
    assert dead.register.live_envelopes("P1") == ()
    dead.refuses(destroyed(), because="P1-1 is destroyed, not sealed or deposited or opened")


def test_a_sheet_of_a_new_secret_is_spoiled_and_not_destroyed(made: Life) -> None:
    made.refuses(destroyed(), because="P1 is made: its sheets are still wanted")

    made.enter(spoiled(), by=("ivan",), signed=())

    assert state_of(made) is EnvelopeState.SPOILED
    made.refuses(spoiled(), because="P1-1 is spoiled, not printed or proven or sealed")


def test_a_sheet_that_was_in_force_is_never_spoiled_by_one(dead: Life, living: Life) -> None:
    """Spoiling takes one person, and destroying two: what opened something is destroyed."""
    living.refuses(spoiled("P1-2"), because="set P1 is in force: change its secret first")
    dead.refuses(spoiled("P1-2"), by=("ivan",), signed=(), because="set P1")


def test_a_key_is_not_destroyed(life: Life) -> None:
    life.enter(
        ev.KeyPacked(envelope="E", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="E", bag="B"),
    )

    life.refuses(destroyed("E"), because="holds key:K1, and no sheet to destroy")


# --- Keys


def packed(envelope: str, holds: str = "key:K1") -> ev.KeyPacked:
    return ev.KeyPacked(envelope=envelope, holds=holds, key="K1")


def test_a_key_lies_in_one_envelope(life: Life) -> None:
    life.refuses(packed("E1", "key:K2"), because="for key K1 cannot hold key:K2")
    life.enter(packed("E1"))
    life.refuses(packed("E2"), because="key K1 lies in envelope E1: open it first")

    life.enter(ev.EnvelopeSealed(envelope="E1", bag="B1"), deposited("E1"))
    life.refuses(packed("E2"), because="key K1 lies in envelope E1: open it first")
    life.enter(opened("E1"), packed("E2"))

    assert [it.id for it in life.register.envelopes_holding("key:K1")] == ["E1", "E2"]
    back = corrected(EnvelopeState.DEPOSITED, "E1", "B1", "hq-1")
    life.refuses(back, because="lies in envelope E2")


# --- Corrections


def test_two_people_correct_what_is_registered(living: Life) -> None:
    right = corrected(EnvelopeState.DEPOSITED, "P1-2", "B-P1-2", "hq-2")
    living.refuses(right, signed=("alice",), because="to correct what is registered of an envelope")
    living.refuses(right, by=("alice", "erin"), because="erin is auditor")

    living.enter(right)

    it = living.register.envelopes["P1-2"]
    assert (it.state, it.safe, it.bag) == (EnvelopeState.DEPOSITED, "hq-2", "B-P1-2")
    assert (it.holds, it.number, it.proof) == ("share:bg1:2", 2, DIGEST)
    living.refuses(right, because="P1-2 is like that already: nothing would change")
    living.enter(corrected(EnvelopeState.OPENED, "P1-2"))
    assert living.register.envelopes["P1-2"].safe == "hq-2"  # it knows its way back
    living.enter(corrected(EnvelopeState.PROVEN, "P1-2"))
    assert living.register.envelopes["P1-2"].safe is None


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (corrected(EnvelopeState.DEPOSITED, bag="B-P1-1"), "a deposited envelope lies in a safe"),
        (corrected(EnvelopeState.OPENED, safe="hq-1"), "and no other does"),
        (corrected(EnvelopeState.DEPOSITED, bag="B-P1-1", safe="moon"), "no safe 'moon'"),
        (corrected(EnvelopeState.DEPOSITED, safe="hq-1"), "lies in a bag with a number"),
        (corrected(EnvelopeState.SEALED), "lies in a bag with a number"),
        (corrected(EnvelopeState.DESTROYED), "P1 is in force: change its secret first"),
        (corrected(EnvelopeState.SPOILED), "P1 is in force: change its secret first"),
        (corrected(EnvelopeState.OPENED, "P9"), "no envelope 'P9'"),
    ],
)
def test_a_correction_that_cannot_be_right_is_refused(
    living: Life, wrong: ev.EnvelopeCorrected, because: str
) -> None:
    living.refuses(wrong, because=because)


def test_a_correction_deposits_no_sheet_of_a_secret_that_is_not_in_force(
    made: Life, dead: Life, void: Life
) -> None:
    for life, state in ((made, "made"), (dead, "dead")):
        there = corrected(EnvelopeState.DEPOSITED, "P1-2", "B-P1-2", "hq-1")
        life.refuses(there, because=f"set P1 is {state}: it is not deposited")
    there = corrected(EnvelopeState.DEPOSITED, bag="B-P1-1", safe="hq-1")
    void.refuses(there, because="does not bring it back")


@pytest.mark.parametrize("to", [it for it in EnvelopeState if it is not EnvelopeState.DESTROYED])
def test_a_correction_does_not_bring_back_what_was_destroyed(dead: Life, to: EnvelopeState) -> None:
    dead.enter(destroyed())
    lies = to in (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    safe = "hq-1" if to is EnvelopeState.DEPOSITED else None

    dead.refuses(
        corrected(to, bag="B-P1-1" if lies else None, safe=safe), because="does not bring it back"
    )


@pytest.mark.parametrize("to", [it for it in EnvelopeState if it is not EnvelopeState.SPOILED])
def test_a_correction_does_not_bring_back_what_was_spoiled(made: Life, to: EnvelopeState) -> None:
    made.enter(spoiled())
    lies = to in (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    safe = "hq-1" if to is EnvelopeState.DEPOSITED else None

    made.refuses(
        corrected(to, bag="B-P1-1" if lies else None, safe=safe), because="does not bring it back"
    )


def test_a_correction_proves_no_sheet(life: Life) -> None:
    """Nor after it was opened: only reading it back shows what is on it."""
    life.enter(
        ev.SetMade(set="P1", purpose=Purpose.PASSWORD, subject="bg1", threshold=1, count=1),
        life.printed("P1", 1),
    )
    unproven = (
        corrected(EnvelopeState.PROVEN),
        corrected(EnvelopeState.SEALED, bag="B"),
        corrected(EnvelopeState.OPENED),
    )

    for wrong in unproven:
        life.refuses(wrong, because="P1-1 is printed")
    life.enter(opened())
    for wrong in unproven[:2]:
        life.refuses(wrong, because="P1-1")


def test_a_correction_keeps_the_bags_that_were_named_before(living: Life) -> None:
    living.enter(corrected(EnvelopeState.DEPOSITED, bag="B-typed", safe="hq-1"))
    bags = living.register.bags

    assert (bags["B-P1-1"], bags["B-typed"]) == ("P1-1", "P1-1")
    assert living.register.envelopes["P1-1"].bag == "B-typed"


# --- Sets


def test_a_set_is_made_of_enough_sheets_for_somebody_known(life: Life) -> None:
    def made(name: str, purpose: Purpose, subject: str, threshold: int = 1) -> ev.SetMade:
        return ev.SetMade(set=name, purpose=purpose, subject=subject, threshold=threshold, count=1)

    life.refuses(made("P1", Purpose.PASSWORD, "K1"), because="no account 'K1'")
    life.refuses(made("P1", Purpose.PIN, "bg1"), because="no key 'bg1'")
    life.refuses(
        made("P1", Purpose.PIN, "K1", threshold=2), because="fewer sheets than its threshold"
    )
    life.enter(made("P1", Purpose.PIN, "K1"))
    life.refuses(made("P1", Purpose.PASSWORD, "bg1"), because="'P1' already")
    life.refuses(ev.PasswordSet(account="bg1", set="P1"), because="not for the password of bg1")


def test_only_a_new_set_without_sheets_is_given_up(made: Life, dead: Life, void: Life) -> None:
    give_up = ev.SetVoided(set="P1", why="lost")

    made.refuses(give_up, because="set P1 still has envelopes")
    for life, state in ((dead, "dead"), (void, "void")):
        life.refuses(give_up, because=f"set P1 is {state}: only one never in force")
    void.refuses(ev.PasswordSet(account="bg1", set="P1"), because="is void: only a new set")


def test_one_set_is_in_force_and_the_one_before_it_dead(dead: Life) -> None:
    register = dead.register

    assert [register.sets[it].state for it in ("P1", "P2")] == [SetState.DEAD, SetState.IN_FORCE]
    assert register.accounts["bg1"].password_set == "P2"
    assert register.in_force == {"password:bg1": "P2"}
    for name, word in (("P1", "dead"), ("P2", "in force")):
        dead.refuses(ev.PasswordSet(account="bg1", set=name), because=f"{name} is {word}: only a")


def test_a_reset_key_has_no_pin_and_its_sheets_are_dead(life: Life) -> None:
    life.seal("Q1", sheets=1, subject="K1").enter(ev.PinSet(key="K1", set="Q1"))
    passkey = ev.PasskeyEnrolled(
        key="K1", rp_id="r", credential="01", public_key="02", answer=DIGEST
    )
    life.enter(passkey, deposited("Q1-1"))
    assert (life.register.keys["K1"].pin_set, life.register.keys["K1"].credential) == ("Q1", "01")

    (finding,) = life.new_findings(ev.KeyReset(key="K1", why="drill"))

    assert "a passkey in use" in finding.what
    key = life.register.keys["K1"]
    assert (key.pin_set, key.credential, key.public_key, key.rp_id) == (None, None, None, None)
    assert life.register.sets["Q1"].state is SetState.DEAD
    life.enter(destroyed("Q1-1"))
