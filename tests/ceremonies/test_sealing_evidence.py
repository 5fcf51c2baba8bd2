"""A password in force waits for evidence: it is taken, refused, or about something else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import change, seal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import EnvelopeState, SetState
from keyvault_kit.custody.pending import pending
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.sealing import OFFICERS, evidence_of, request, sealing, states_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

OPEN = "seal-bg1-1"


class KilledError(Exception):
    pass


def bring(desk: Desk, **event: Any) -> None:
    """Have people bring a file of evidence with that in its event."""
    desk.people.evidence = lambda account: evidence_of(desk, account, **event)


def refused(desk: Desk, **event: Any) -> None:
    """Have them bring evidence that the tenant refused it, and see there that it is so."""
    bring(desk, ok=False, **event)
    desk.people.says[Topic.TENANT_PASSWORD] = ["taken", "not taken"]


def waits(desk: Desk) -> tuple[str, ...]:
    """What the password of the account still lacks."""
    return pending(desk.register, desk.register.sets["bg1-pw1"])


def test_evidence_ends_the_waiting_and_is_kept_with_its_date(desk: Desk) -> None:
    sealing(desk, request())

    its = desk.register.sets["bg1-pw1"]
    (kept,) = desk.register.evidence
    assert its.evidence == kept.sha256
    assert kept.taken == desk.time.true - timedelta(seconds=1)
    assert waits(desk) == ()
    assert desk.register.ceremonies[OPEN].closed
    (signed,) = [it for it in desk.entries() if isinstance(it.fact, ev.PasswordAnswered)]
    assert signed.by == OFFICERS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_evidence_is_read_in_every_encoding_of_powershell(desk: Desk, encoding: str) -> None:
    bring(desk, encoding=encoding)

    sealing(desk, request())

    assert waits(desk) == ()


@pytest.mark.parametrize(
    "event",
    [
        {"account": "bg2@example.onmicrosoft.com"},
        {"action": "register", "key": "K1"},
        {"set": "bg1-pw7"},
        {"set": None},
    ],
    ids=["another account", "a passkey", "another set", "of a script that named none"],
)
def test_evidence_about_something_else_is_refused_and_the_password_stays_pending(
    desk: Desk, event: dict[str, Any]
) -> None:
    bring(desk, **event)

    with pytest.raises(RefusedError, match="a password of set bg1-pw1 for bg1@") as caught:
        sealing(desk, request())

    assert "the same command goes on" in caught.value.mend
    assert "'./Enroll.ps1 -SetPassword bg1 -Set bg1-pw1'" in caught.value.mend
    assert waits(desk) == ("no evidence says yet that the tenant took the password of set bg1-pw1",)
    assert not desk.register.ceremonies[OPEN].closed
    assert desk.register.evidence == []

    bring(desk)
    sealing(desk, request())
    assert waits(desk) == ()
    assert states_of(desk) == [SetState.IN_FORCE]


@pytest.mark.parametrize("days", [-400, 400])
def test_no_clock_decides_which_password_the_evidence_is_about(desk: Desk, days: int) -> None:
    bring(desk, time=f"{desk.time.true + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}")

    sealing(desk, request())

    assert waits(desk) == ()


def test_people_are_told_which_set_to_name_to_the_script(desk: Desk) -> None:
    sealing(desk, request())

    told = desk.people.texts(Topic.NOTE)
    assert any("./Enroll.ps1 -SetPassword bg1 -Set bg1-pw1." in text for text in told)


def events(desk: Desk, *attempts: tuple[str | None, bool]) -> None:
    """Have them bring evidence of these attempts: set, and whether it was taken, oldest first."""

    def written(account: str) -> str:
        file = desk.station.transfer / evidence_of(desk, account)
        data = json.loads(file.read_bytes())
        (one,) = data["events"]
        data["events"] = [
            one
            | {"set": its_set, "ok": ok}
            | {"time": f"{desk.time.true + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}"}
            for n, (its_set, ok) in enumerate(attempts)
        ]
        file.write_text(json.dumps(data))
        return file.name

    desk.people.evidence = written


def test_what_the_tenant_took_of_the_set_before_is_no_evidence_for_this_one(desk: Desk) -> None:
    """The answer to the first was lost on its way, and its sheets are shredded."""
    sealing(desk, request())
    events(desk, ("bg1-pw2", True), ("bg1-pw3", False))
    desk.people.says[Topic.TENANT_PASSWORD] = ["not taken", "taken", "not taken"]

    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE, SetState.VOID, SetState.VOID]
    (off_paper,) = [it for it in desk.register.open_findings() if it.rule == "password-off-paper"]
    assert "bg1 has the password of set bg1-pw2, which was never in force here" in off_paper.what
    assert desk.register.envelopes["bg1-pw1-1"].state is EnvelopeState.DEPOSITED


@pytest.mark.parametrize("after", ["bg1-pw1", "bg1-pw9", None])
def test_where_the_tenant_took_another_one_after_it_nothing_is_destroyed(
    desk: Desk, after: str | None
) -> None:
    sealing(desk, request())
    events(desk, ("bg1-pw2", True), (after, True))

    with pytest.raises(RefusedError, match=r"took the password of .* after that of set bg1-pw2"):
        sealing(desk, request())

    assert desk.register.sets["bg1-pw2"].evidence is None


@pytest.mark.parametrize("name", ["nothing.json", "../ledger.db"])
def test_a_file_that_is_not_on_the_medium_is_asked_for_again(desk: Desk, name: str) -> None:
    names = iter([name])
    desk.people.evidence = lambda account: next(names, "") or evidence_of(desk, account)
    desk.people.says[Topic.RETRY] = [True]

    sealing(desk, request())

    (asked,) = desk.people.texts(Topic.RETRY)
    assert "cannot read the file of evidence" in asked
    assert waits(desk) == ()


def test_a_file_that_is_cut_short_is_said_and_nothing_is_entered(desk: Desk) -> None:
    def cut(account: str) -> str:
        file = desk.station.transfer / evidence_of(desk, account)
        file.write_bytes(file.read_bytes()[:-9])
        return file.name

    desk.people.evidence = cut

    with pytest.raises(InputError, match="no evidence file of the kit's script"):
        sealing(desk, request())

    assert desk.register.evidence == []


# --- Refused by the tenant


def test_a_refused_password_is_void_its_sheets_go_and_the_one_before_holds(desk: Desk) -> None:
    sealing(desk, request())
    refused(desk, error="PasswordBanned\x1b[2J")

    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE, SetState.VOID]
    assert desk.register.accounts["bg1"].password_set == "bg1-pw1"
    states = {it.id: it.state for it in desk.register.envelopes.values() if "pw" in it.id}
    assert states == {
        "bg1-pw1-1": EnvelopeState.DEPOSITED,
        "bg1-pw1-2": EnvelopeState.DEPOSITED,
        "bg1-pw2-1": EnvelopeState.DESTROYED,
        "bg1-pw2-2": EnvelopeState.DESTROYED,
    }
    (finding,) = [it for it in desk.register.open_findings() if it.subject == "bg1"]
    assert "did not take the password of set bg1-pw2" in finding.what
    told = desk.people.texts(Topic.NOTE)
    assert any("did NOT take" in text and "PasswordBanned?[2J" in text for text in told)
    assert any("that of set bg1-pw1 is in force as before" in text for text in told)
    assert desk.register.ceremonies["seal-bg1-2"].closed


def test_a_first_password_that_is_refused_leaves_none(desk: Desk) -> None:
    refused(desk)

    sealing(desk, request())

    assert states_of(desk) == [SetState.VOID]
    assert desk.register.accounts["bg1"].password_set is None
    bring(desk)
    sealing(desk, request())
    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]


def test_nothing_is_void_where_the_evidence_and_who_looked_differ(desk: Desk) -> None:
    bring(desk, ok=False, error="the connection was lost")

    with pytest.raises(RefusedError, match="and you say that it did") as caught:
        sealing(desk, request())

    assert "sign in with it" in caught.value.mend
    assert states_of(desk) == [SetState.IN_FORCE]
    assert len(waits(desk)) == 1


def test_what_the_tenant_took_once_it_has_whatever_was_tried_after_that(desk: Desk) -> None:
    def two(account: str) -> str:
        file = desk.station.transfer / evidence_of(desk, account)
        data = json.loads(file.read_bytes())
        (taken,) = data["events"]
        later = f"{desk.time.true:%Y-%m-%dT%H:%M:%SZ}"
        data["events"].append(taken | {"ok": False, "time": later, "error": "used before"})
        file.write_text(json.dumps(data))
        return file.name

    desk.people.evidence = two

    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE]
    assert waits(desk) == ()


def test_killed_before_a_refused_password_is_shredded_it_goes_on_with_that(desk: Desk) -> None:
    refused(desk)

    def kill(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("discard", "begins"):
            raise KilledError

    with pytest.raises(KilledError):
        desk.run(seal.next_ceremony(desk.register, request()), kill)
    assert states_of(desk) == [SetState.VOID]

    sealing(desk, request())

    assert {it.state for it in desk.register.envelopes.values() if it.set == "bg1-pw1"} == {
        EnvelopeState.DESTROYED
    }


# --- Between the tenant's yes and the evidence


def test_killed_between_the_tenants_yes_and_the_evidence_the_set_waits(desk: Desk) -> None:
    def kill(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("evidence", "acted"):
            raise KilledError

    with pytest.raises(KilledError):
        desk.run(seal.next_ceremony(desk.register, request()), kill)
    assert states_of(desk) == [SetState.IN_FORCE]
    assert len(waits(desk)) == 1

    sealing(desk, request())

    assert waits(desk) == ()
    assert len(desk.register.evidence) == 1


def test_a_sign_in_from_paper_is_evidence_as_well(desk: Desk) -> None:
    bring(desk, action="register")
    with pytest.raises(RefusedError):
        sealing(desk, request())
    seen = ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=True)
    desk.book.record([seen], OFFICERS)
    asked = len(desk.people.texts(Topic.EVIDENCE))

    sealing(desk, request())

    assert len(desk.people.texts(Topic.EVIDENCE)) == asked
    assert desk.register.ceremonies[OPEN].closed


# --- The transfer medium


@pytest.fixture
def stick(desk: Desk) -> Desk:
    """A transfer medium is in service."""

    def added(work: Any) -> list[ev.Fact]:
        details = work.write_down({"make": "plain"})
        kind = ItemKind.TRANSFER_MEDIUM
        return [ev.ItemAdded(item="stick-1", item_kind=kind, details=details)]

    desk.run(change.ceremony(desk.register, "Add a medium", OFFICERS, added))
    return desk


def test_the_medium_is_logged_in_for_the_evidence_and_out_again(stick: Desk) -> None:
    sealing(stick, request())

    kinds = stick.kinds()
    read = kinds.index(ev.MediumLoggedIn), kinds.index(ev.MediumLoggedOut)
    assert kinds.index(ev.PasswordSet) < read[0] < read[1] < kinds.index(ev.PasswordAnswered)
    assert stick.register.items["stick-1"].logged_in is None


def test_no_password_is_drawn_while_a_medium_is_plugged_in(stick: Desk) -> None:
    object.__setattr__(stick.station, "media", lambda: ("stick-1",))

    with pytest.raises(RefusedError, match="stick-1: plugged in while a secret is in memory"):
        sealing(stick, request())

    assert states_of(stick) == []
