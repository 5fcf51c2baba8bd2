"""Rotation: a new password as the old one was, and the old sheets die only with their secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import change, giving_up, rotate, seal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Form, SetState
from keyvault_kit.errors import RefusedError
from tests.ceremonies.sealing import (
    OFFICERS,
    Printer,
    Typed,
    evidence_of,
    request,
    sealing,
    states_of,
    text_on,
)

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

OLD = ("bg1-pw1-1", "bg1-pw1-2")
ONE = "rotate-bg1-1"


class KilledError(Exception):
    pass


@pytest.fixture
def sealed(desk: Desk) -> Desk:
    """The account has a password, in two shares."""
    sealing(desk, request())
    return desk


def rotating(desk: Desk) -> None:
    """Rotate as the command does: what was begun goes on."""
    wanted = rotate.begun(desk.register, "bg1")
    wanted = wanted or rotate.as_before(desk.register, "bg1", OFFICERS)
    rotate.check(desk.station, wanted)
    desk.run(rotate.next_ceremony(desk.register, wanted))


def old_states(desk: Desk) -> list[EnvelopeState]:
    return [desk.register.envelopes[it].state for it in OLD]


def certificate(desk: Desk, ceremony: str = ONE) -> str:
    return text_on(desk.folder / "sheets" / f"certificate-{ceremony}.pdf")


def test_storage_is_restored_as_it_was_and_the_old_sheets_are_destroyed(sealed: Desk) -> None:
    typed = Typed(sealed)

    rotating(sealed)

    register = sealed.register
    new = register.sets["bg1-pw2"]
    assert states_of(sealed) == [SetState.DEAD, SetState.IN_FORCE]
    assert (new.form, new.threshold, new.count) == (Form.SHARES, 2, 2)
    assert (new.alphabet, new.length) == ("base58", 44)
    assert [it.safe for it in register.live_envelopes(new.id)] == ["hq-1", "vault-1"]
    assert old_states(sealed) == [EnvelopeState.DESTROYED] * 2
    assert len("".join(typed.texts)) == 44
    assert register.ceremonies[ONE].closed
    assert register.open_findings() == ()
    destroyed = [it for it in sealed.entries() if isinstance(it.fact, ev.EnvelopeDestroyed)]
    assert {it.by for it in destroyed} == {OFFICERS}


def test_the_certificate_says_what_was_destroyed_from_which_bag_by_whom(sealed: Desk) -> None:
    bags = [sealed.register.envelopes[it].bag for it in OLD]

    rotating(sealed)

    text = certificate(sealed)
    assert "2 sheets destroyed, 0 not" in text
    for envelope, bag, n in zip(OLD, bags, (1, 2), strict=True):
        assert f"{envelope} Share {n} of 2 of bg1, all needed {bag}" in text
    assert "alice, bob" in text
    assert "Alice Archer (alice)" in text
    assert "REHEARSAL" in text


def test_a_password_of_parts_is_rotated_into_parts(desk: Desk) -> None:
    sealing(desk, request(Form.PARTS, policy="symbols-44"))

    rotating(desk)

    new = desk.register.sets["bg1-pw2"]
    assert (new.form, new.alphabet, new.length) == (Form.PARTS, "symbols", 44)


def test_nothing_is_rotated_where_nothing_is_in_force(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="no password in force") as caught:
        rotating(desk)

    assert "'seal'" in caught.value.mend


# --- Evidence first


def test_old_sheets_wait_for_the_evidence_and_the_register_refuses_before(sealed: Desk) -> None:
    sealed.people.evidence = lambda it: evidence_of(sealed, it, action="register")
    with pytest.raises(RefusedError, match="says nothing of a password"):
        rotating(sealed)
    assert old_states(sealed) == [EnvelopeState.DEPOSITED] * 2
    assert states_of(sealed) == [SetState.DEAD, SetState.IN_FORCE]

    gone = ev.EnvelopeDestroyed(envelope=OLD[0], why="dead")
    with pytest.raises(RefusedError, match="nothing shows yet that the tenant took"):
        sealed.run(change.ceremony(sealed.register, "Destroy it", OFFICERS, lambda _: [gone]))

    sealed.people.evidence = lambda it: evidence_of(sealed, it)
    rotating(sealed)
    assert old_states(sealed) == [EnvelopeState.DESTROYED] * 2


def test_where_the_tenant_refused_the_new_one_the_old_sheets_stay(sealed: Desk) -> None:
    sealed.people.evidence = lambda it: evidence_of(sealed, it, ok=False)
    sealed.people.says[Topic.TENANT_PASSWORD] = ["taken", "not taken"]

    rotating(sealed)

    assert states_of(sealed) == [SetState.IN_FORCE, SetState.VOID]
    assert old_states(sealed) == [EnvelopeState.DEPOSITED] * 2
    assert any("is in force again" in text for text in sealed.people.texts(Topic.NOTE))
    assert not (sealed.folder / "sheets" / f"certificate-{ONE}.pdf").exists()
    assert sealed.register.ceremonies[ONE].closed


# --- The old sheets


def test_a_sheet_that_is_not_found_is_a_finding_and_blocks_nothing(sealed: Desk) -> None:
    bag = sealed.register.envelopes[OLD[1]].bag or ""
    sealed.people.bags = {OLD[0]: "", OLD[1]: bag}.__getitem__
    shred = iter([False, True])
    confirm = sealed.people.confirm

    def said(prompt: Prompt) -> bool:
        return next(shred) if prompt.topic is Topic.SHRED else confirm(prompt)

    sealed.people.confirm = said  # type: ignore[method-assign]

    rotating(sealed)

    (finding,) = sealed.register.open_findings()
    assert (finding.rule, finding.subject) == ("sheet-missing", OLD[0])
    assert "is not in safe hq-1" in finding.what
    assert old_states(sealed) == [EnvelopeState.DEPOSITED, EnvelopeState.DESTROYED]
    assert "1 sheet destroyed, 1 not" in certificate(sealed)


def test_a_bag_with_another_number_is_left_alone(sealed: Desk) -> None:
    known = sealed.register.envelopes[OLD[1]].bag or ""
    sealed.people.bags = {OLD[0]: known, OLD[1]: "academic acid acrobat"}.__getitem__

    rotating(sealed)

    first, second = sealed.register.open_findings()
    assert {first.rule, second.rule} == {"bag-another"}
    assert f"bag {known}, that of envelope {OLD[1]}, lay in the place" in first.what
    assert "a bag of an unknown number" in second.what
    assert b"academic acid" not in sealed.raw()
    assert old_states(sealed) == [EnvelopeState.DEPOSITED] * 2


def test_a_number_that_was_mistyped_is_typed_again(sealed: Desk) -> None:
    right = sealed.people.bags
    numbers = iter(["BAG-0", "BAG-00"])
    sealed.people.bags = lambda envelope: next(numbers, "") or right(envelope)

    rotating(sealed)

    assert sealed.register.open_findings() == ()
    assert old_states(sealed) == [EnvelopeState.DESTROYED] * 2


def test_killed_after_a_sheet_was_shredded_it_is_not_said_to_be_missing(sealed: Desk) -> None:
    def kill(_: str, step: str, moment: str) -> None:
        if (step, moment) == (f"destroy-{OLD[0]}", "acted"):
            raise KilledError

    wanted = rotate.as_before(sealed.register, "bg1", OFFICERS)
    with pytest.raises(KilledError):
        sealed.run(rotate.next_ceremony(sealed.register, wanted), kill)
    right = sealed.people.bags
    sealed.people.bags = lambda envelope: "" if envelope == OLD[0] else right(envelope)

    rotating(sealed)

    assert any("already, and is it gone" in text for text in sealed.people.texts(Topic.SHRED))
    assert old_states(sealed) == [EnvelopeState.DESTROYED] * 2
    assert sealed.register.open_findings() == ()


# --- Beside other ceremonies


def test_two_new_passwords_are_not_made_at_once(sealed: Desk) -> None:
    printer = Printer(sealed.folder / "sheets")
    sealed.people.sheets = printer.share_of
    object.__setattr__(sealed.station, "paper", printer)
    sealed.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        rotating(sealed)

    with pytest.raises(RefusedError, match=f"{ONE} is making a password of bg1 already"):
        seal.check(sealed.station, request())

    wanted = giving_up.Request(ceremony=ONE, officers=OFFICERS)
    sealed.run(giving_up.ceremony(sealed.register, wanted))
    assert states_of(sealed) == [SetState.IN_FORCE, SetState.VOID]
    seal.check(sealed.station, request())


def test_what_was_begun_goes_on_with_what_it_was_begun_with(sealed: Desk) -> None:
    sealed.people.says[Topic.DEPOSIT] = [False]
    with pytest.raises(RefusedError, match="does not lie in safe"):
        rotating(sealed)
    other = rotate.Request(account="bg1", threshold=2, officers=OFFICERS, safes=("hq-1", "hq-2"))

    with pytest.raises(RefusedError, match=f"{ONE} was begun and not ended"):
        rotate.next_ceremony(sealed.register, other)

    rotating(sealed)
    assert old_states(sealed) == [EnvelopeState.DESTROYED] * 2


def test_a_rotation_ends_what_waits_for_evidence_that_never_comes(desk: Desk) -> None:
    """Whoever began a sealing has left: another two rotate, and the old ceremony is given up."""
    desk.people.evidence = lambda it: evidence_of(desk, it, action="register")
    with pytest.raises(RefusedError):
        sealing(desk, request())
    desk.people.evidence = lambda it: evidence_of(desk, it)

    rotating(desk)

    assert states_of(desk) == [SetState.DEAD, SetState.IN_FORCE]
    wanted = giving_up.Request(ceremony="seal-bg1-1", officers=OFFICERS)
    desk.people.pages = {"printed": 2, "sealed": 0, "spoiled": 0, "destroyed": 2}.__getitem__
    desk.run(giving_up.ceremony(desk.register, wanted))
    assert desk.register.ceremonies["seal-bg1-1"].closed
