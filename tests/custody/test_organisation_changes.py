"""The organisation in the ledger: people, sites, safes, accounts, keys, decisions, ceremonies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Decision, EnvelopeFormat, PaperSize, Role, Safe, Site, Use

if TYPE_CHECKING:
    from tests.custody.life import Life

DIGEST = "ab" * 32
OTHER = "cd" * 32
OBJECT_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OFFICERS = (Role.OFFICER,)


# --- People


def person(
    who: str = "judy",
    roles: tuple[Role, ...] = OFFICERS,
    since: date | None = None,
    until: date | None = None,
) -> ev.PersonAdded:
    return ev.PersonAdded(person=who, roles=roles, details=DIGEST, since=since, until=until)


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (person("bob"), "there is a person 'bob' already"),
        (person(roles=()), "judy has no role, or one twice"),
        (person(roles=OFFICERS * 2), "judy has no role, or one twice"),
        (
            person(since=date(2026, 5, 2), until=date(2026, 5, 1)),
            "the authority of judy would end before it begins",
        ),
    ],
)
def test_a_person_who_cannot_be_is_refused(life: Life, wrong: ev.PersonAdded, because: str) -> None:
    life.refuses(wrong, because=because)
    if wrong.person != "bob":
        life.enter(person())
        changed = ev.PersonChanged(
            person="judy",
            roles=wrong.roles,
            details=DIGEST,
            since=wrong.since,
            until=wrong.until,
        )
        life.refuses(changed, because=because)


def test_a_person_is_changed_as_a_whole_and_absences_stay(life: Life) -> None:
    day = date(2026, 5, 1)
    life.enter(person(since=day, until=day))
    life.enter(ev.AbsenceNoted(person="judy", details=DIGEST), by=("olga",), signed=())
    life.enter(ev.AbsenceNoted(person="judy", details=OTHER), by=("olga",), signed=())

    life.enter(ev.PersonChanged(person="judy", roles=(Role.WITNESS,), details=OTHER))

    it = life.register.people["judy"]
    assert (it.roles, it.details, it.since, it.until) == ((Role.WITNESS,), OTHER, None, None)
    assert it.absences == (DIGEST, OTHER)
    for unknown in (
        ev.PersonChanged(person="zoe", roles=OFFICERS, details=DIGEST),
        ev.AbsenceNoted(person="zoe", details=DIGEST),
    ):
        life.refuses(unknown, because="there is no person 'zoe'")


def test_rows_are_erased_by_name(life: Life) -> None:
    before = life.register.people["carol"]
    life.refuses(ev.DetailsErased(commitments=()), because="nothing was named to erase")
    life.refuses(ev.DetailsErased(commitments=(DIGEST,), person="zoe"), because="no person 'zoe'")

    life.enter(ev.DetailsErased(commitments=(DIGEST, OTHER), person="carol"))

    assert life.register.people["carol"] == before  # the log keeps its commitments


# --- Sites and safes


def test_a_site_prints_on_its_paper(life: Life) -> None:
    life.enter(ev.OrganisationNamed(name="Example"))
    life.enter(ev.SiteChanged(site="hq", paper=PaperSize.LETTER))

    assert life.register.sites == {"hq": Site(id="hq", paper=PaperSize.LETTER)}
    assert life.register.organisation == "Example"
    life.refuses(ev.SiteAdded(site="hq", paper=PaperSize.A4), because="a site 'hq' already")
    life.refuses(ev.SiteChanged(site="moon", paper=PaperSize.A4), because="no site 'moon'")


def test_a_site_folds_its_paper_into_the_envelope_that_is_named(life: Life) -> None:
    life.enter(
        ev.SiteAdded(site="north", paper=PaperSize.A4, envelope=EnvelopeFormat.C4),
        ev.SiteChanged(site="hq", paper=PaperSize.A4, envelope=EnvelopeFormat.DL_FORM_A),
    )

    assert life.register.sites["north"].envelope == "C4"
    assert life.register.sites["hq"].envelope == "DL-A"
    life.enter(ev.SiteChanged(site="hq", paper=PaperSize.A4))
    assert life.register.sites["hq"].envelope is None


@pytest.mark.parametrize(
    ("paper", "envelope"),
    [
        (PaperSize.A4, EnvelopeFormat.NUMBER_10),
        (PaperSize.LETTER, EnvelopeFormat.DL),
        (PaperSize.LETTER, EnvelopeFormat.C4),
    ],
)
def test_a_paper_is_not_folded_into_an_envelope_of_another_one(
    life: Life, paper: PaperSize, envelope: EnvelopeFormat
) -> None:
    because = f"{paper} paper is not folded for an envelope {envelope}"

    life.refuses(ev.SiteAdded(site="north", paper=paper, envelope=envelope), because=because)
    life.refuses(ev.SiteChanged(site="hq", paper=paper, envelope=envelope), because=because)


def test_an_entry_without_an_envelope_has_the_bytes_of_before_there_were_any() -> None:
    fact = ev.SiteAdded(site="hq", paper=PaperSize.A4)

    assert msgspec.to_builtins(fact) == {"kind": "site.added", "site": "hq", "paper": "A4"}
    named = ev.SiteAdded(site="hq", paper=PaperSize.A4, envelope=EnvelopeFormat.DL)
    assert msgspec.to_builtins(named)["envelope"] == "DL"


@pytest.mark.parametrize(
    ("openers", "need", "because"),
    [
        ((), 1, "has no openers, or one twice"),
        (("alice", "bob"), 3, "needs 3 openers and has fewer"),
        (("alice", "alice"), 1, "has no openers, or one twice"),
        (("alice", "zoe"), 1, "no person 'zoe'"),
    ],
)
def test_a_safe_has_openers_enough_who_are_known(
    life: Life, openers: tuple[str, ...], need: int, because: str
) -> None:
    life.refuses(ev.SafeAdded(safe="s", site="hq", openers=openers, need=need), because=because)
    life.refuses(ev.SafeChanged(safe="hq-1", openers=openers, need=need), because=because)


def test_a_safe_gets_other_openers_and_stays_where_it_is(life: Life) -> None:
    life.enter(ev.SafeChanged(safe="hq-1", openers=("carol", "ivan"), need=2))

    assert life.register.safes["hq-1"] == Safe(
        id="hq-1", site="hq", openers=("carol", "ivan"), need=2
    )
    alice = ("alice",)
    life.refuses(ev.SafeChanged(safe="s", openers=alice, need=1), because="no safe 's'")
    again = ev.SafeAdded(safe="hq-1", site="hq", openers=alice, need=1)
    life.refuses(again, because="a safe 'hq-1' already")
    elsewhere = ev.SafeAdded(safe="s", site="moon", openers=alice, need=1)
    life.refuses(elsewhere, because="no site 'moon'")


# --- Accounts and keys


def test_no_two_accounts_have_one_sign_in_name(life: Life) -> None:
    taken = "BG1@Example.onmicrosoft.com"
    because = f"{taken} is the sign-in name of account bg1 already"

    life.refuses(ev.AccountAdded(account="bg2", upn=taken), because=because)
    life.enter(ev.AccountAdded(account="bg2", upn="bg2@example.onmicrosoft.com"))
    life.refuses(ev.AccountChanged(account="bg2", upn=taken), because=because)
    life.refuses(ev.AccountAdded(account="bg1", upn="x@y"), because="account 'bg1' already")
    life.refuses(ev.AccountChanged(account="bg9", upn="x@y"), because="no account 'bg9'")
    life.enter(ev.AccountChanged(account="bg1", upn=taken))  # its own, in capitals


def test_an_account_is_changed_and_keeps_its_password_and_use(living: Life) -> None:
    living.enter(ev.AccountUsed(account="bg1", why="drill"))
    before = living.register.accounts["bg1"]

    living.enter(ev.AccountChanged(account="bg1", upn="new@x.test", object_id=OBJECT_ID))

    it = living.register.accounts["bg1"]
    assert (it.upn, it.object_id) == ("new@x.test", OBJECT_ID)
    assert (it.password_set, it.used) == (before.password_set, before.used) != (None, None)


def test_no_two_accounts_have_one_object_id(life: Life) -> None:
    because = f"{OBJECT_ID} is the object id of account bg1 already"
    life.enter(
        ev.AccountChanged(account="bg1", upn="bg1@x.test", object_id=OBJECT_ID),
        ev.AccountAdded(account="bg2", upn="bg2@x.test"),
    )

    for wrong in (
        ev.AccountAdded(account="bg3", upn="bg3@x.test", object_id=OBJECT_ID),
        ev.AccountChanged(account="bg2", upn="bg2@x.test", object_id=OBJECT_ID),
    ):
        life.refuses(wrong, because=because)


def test_a_change_that_changes_nothing_is_refused(life: Life) -> None:
    hands = (Role.OFFICER, Role.CUSTODIAN)

    for same, what in (
        (ev.PersonChanged(person="bob", roles=hands, details=DIGEST), "person bob"),
        (ev.SiteChanged(site="hq", paper=PaperSize.A4), "site hq"),
        (ev.SafeChanged(safe="hq-2", openers=("carol",), need=1), "safe hq-2"),
        (ev.AccountChanged(account="bg1", upn="bg1@example.onmicrosoft.com"), "account bg1"),
    ):
        life.refuses(same, because=f"{what} is like that already: nothing would change")


def key(tag: str, serial: int | None = None, account: str = "bg1") -> ev.KeyRegistered:
    return ev.KeyRegistered(
        key=tag, account=account, use=Use.BACKUP, product="p", aaguid="a", serial=serial
    )


def test_a_serial_number_is_one_keys_and_follows_its_correction(life: Life) -> None:
    def right(tag: str, serial: int | None) -> ev.KeyCorrected:
        return ev.KeyCorrected(key=tag, product="new", details=DIGEST, serial=serial)

    life.enter(key("K2", 7), key("K3"))
    life.refuses(key("K4", 7), because="serial number 7 belongs to key K2 already")
    life.refuses(key("K2", 8), because="there is a key 'K2' already")
    life.refuses(key("K4", account="bg9"), because="no account 'bg9'")
    life.refuses(right("K3", 7), because="serial number 7 belongs to key K2 already")
    life.refuses(right("K9", 7), because="no key 'K9'")

    life.enter(right("K2", 7), right("K2", 8), right("K3", 7))
    assert life.register.serials == {8: "K2", 7: "K3"}

    life.enter(right("K2", None), key("K4", 8))
    assert life.register.serials == {8: "K4", 7: "K3"}
    assert (life.register.keys["K2"].serial, life.register.keys["K2"].product) == (None, "new")


def test_a_key_that_is_not_genuine_any_more_takes_nothing(life: Life) -> None:
    life.seal("Q1", sheets=1, subject="K1")

    (finding,) = life.new_findings(ev.KeyProven(key="K1", verdict="unknown"))

    assert "proven genuine is unknown now" in finding.what
    life.refuses(ev.PinSet(key="K1", set="Q1"), because="key K1 is not proven genuine")
    life.enter(ev.KeyProven(key="K1", verdict="genuine"), ev.PinSet(key="K1", set="Q1"))


# --- Decisions


def decision(choice: str, review: date) -> ev.DecisionMade:
    return ev.DecisionMade(decision="C7", choice=choice, review=review, details=DIGEST)


def test_a_decision_says_who_took_it_and_the_last_one_holds(life: Life) -> None:
    today = life.next_time.date()
    life.enter(decision("not-kept", today))
    again = decision("split", today + timedelta(days=365))
    life.refuses(again, by=("alice", "bob", "olga"), because="olga did not sign, and is named")
    life.enter(again)

    assert life.register.decisions["C7"] == Decision(
        id="C7",
        choice="split",
        review=today + timedelta(days=365),
        details=DIGEST,
        by=("alice", "bob"),
        seq=life.register.size - 1,
    )


def test_a_decision_is_looked_at_again_on_a_day_to_come(life: Life) -> None:
    yesterday = life.next_time.date() - timedelta(days=1)

    error = life.refuses(decision("split", yesterday), because="in the past")

    assert error.mend == "Name a later day."
    life.refuses(decision("split", yesterday + timedelta(1)), signed=("bob",), because="to decide")


# --- Findings


def test_two_people_settle_a_finding_once(life: Life) -> None:
    seen = ev.FindingMade(rule="shelf", subject="hq-1", what="dusty", mend="Dust it.")
    (first,) = life.new_findings(seen, by=("erin",), signed=())
    life.enter(seen)

    def settled(seq: int, subject: str = "hq-1") -> ev.FindingSettled:
        return ev.FindingSettled(finding=seq, subject=subject, details=DIGEST)

    life.refuses(settled(first.seq), signed=("alice",), because="to settle a finding takes")
    life.refuses(settled(first.seq, "hq-2"), because="no open finding of entry .* about hq-2")
    life.refuses(settled(0), because="there is no open finding of entry 0 about hq-1")
    life.enter(settled(first.seq))

    assert [it.settled for it in life.register.findings] == [life.register.size - 1, None]
    assert [it.seq for it in life.register.open_findings()] == [first.seq + 2]
    life.refuses(settled(first.seq), because="there is no open finding")


def test_each_finding_of_one_entry_is_settled_for_itself(dead: Life) -> None:
    opened = ev.EnvelopeOpened(envelope="P1-1", why="drill", intact=False)
    dead.enter(opened)
    two = dead.new_findings(opened)
    assert len(two) == 2

    for left in (2, 1):
        assert len(dead.register.open_findings()) == left + 1
        dead.enter(ev.FindingSettled(finding=two[0].seq, subject="P1-1", details=DIGEST))
    assert len(dead.register.open_findings()) == 1


# --- Ceremonies


def test_a_ceremony_is_stepped_through_and_closed(life: Life) -> None:
    def stepped(step: str) -> ev.CeremonyStepped:
        return ev.CeremonyStepped(ceremony="c", step=step)

    started = ev.CeremonyStarted(ceremony="c", plan="seal", people=("alice",), request={"n": 1})
    nobody: dict[str, Any] = {"by": ("erin",), "signed": ()}
    life.refuses(stepped("make"), because="no ceremony 'c'")
    life.enter(started, **nobody)
    begun = life.register.size - 1
    life.enter(stepped("make"), **nobody).enter(stepped("print"), **nobody)
    life.refuses(stepped("make"), because="step make of ceremony c is done already")
    life.refuses(started, because="a ceremony 'c' already")
    life.enter(ev.CeremonyReturned(ceremony="c", to="print", undone=("print",), why="lost"))
    life.enter(stepped("print"), ev.CeremonyClosed(ceremony="c"), **nobody)

    it = life.register.ceremonies["c"]
    assert (it.started, it.done, it.closed) == (begun, ("make", "print"), True)
    assert it.times == (life.entries[begun + 1].time, life.entries[-2].time)
    assert [(back.to, back.why) for back in it.returns] == [("print", "lost")]
    for late in (
        stepped("seal"),
        ev.CeremonyClosed(ceremony="c"),
        ev.CeremonyReturned(ceremony="c", to="make", undone=(), why="lost"),
    ):
        life.refuses(late, because="ceremony c is closed")
