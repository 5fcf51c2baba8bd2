"""The sample organisation meets its requirements; each thing done wrong turns its own rules red."""

from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Retirement, Role
from keyvault_kit.custody.rules import Outcome, judge
from keyvault_kit.custody.thin_days import Absence
from tests.custody.life import DIGEST, START, Life
from tests.custody.sample import (
    Change,
    at_one_site,
    both,
    move,
    person_changed,
    safe_changed,
    sample,
    with_opener,
    without_opener,
)

LONG: Final = date(2030, 1, 1)
DAY: Final = timedelta(days=1)
SAID: Final = {"C5": "recorded", "fireproof": "met", "S41": "met"}
"""What two people say of the sample organisation that its register cannot tell."""


def living(change: Change = lambda it: it) -> Life:
    """The sample organisation, with what only people can say decided for years."""
    said = (
        ev.DecisionMade(decision=it, choice=choice, review=LONG, details=DIGEST)
        for it, choice in SAID.items()
    )
    return sample(change).enter(*said)


def red(life: Life, now: datetime = START + DAY, absences: tuple[Absence, ...] = ()) -> set[str]:
    judged = judge(life.register, None, now, absences)
    return {it.rule for it in judged if it.outcome is Outcome.FAILED}


def test_the_sample_organisation_meets_all_that_its_register_can_tell() -> None:
    assert red(living()) == set()


def test_what_the_register_of_the_sample_tells_is_passed_and_not_unknown() -> None:
    judged = {it.rule: it.outcome for it in judge(living().register, None, START + DAY)}
    mine = ("S34", "S35", "S36", "S37", "S38", "S39", "S42", "S54", "S55")
    assert {it: judged[it] for it in mine} == dict.fromkeys(mine, Outcome.PASSED)


# --- Another organisation


def without(person: str, *safes: str) -> Change:
    """A person opens none of these safes."""
    return both(*(without_opener(safe, person) for safe in safes))


KEYS: Final = ("hq-keys", "branch-keys")
PINS: Final = ("hq-pins", "branch-pins")
NEXT_MONTH: Final = START.date() + 30 * DAY

CHANGED: Final[dict[str, tuple[Change, set[str]]]] = {
    "a PIN lies with its key": (move("pin:K1", "hq-keys"), {"S36", "S38"}),
    # One safe, one site: a fire or a thief there takes them all, though the password is left.
    "both PINs of an account lie in one safe": (move("pin:K1", "branch-pins"), {"S35"}),
    "both keys of an account lie in one safe": (move("key:K2", "hq-keys"), {"S35"}),
    "all safes stand at one site": (at_one_site(), {"S34", "S35"}),
    # Two are left who can open them.
    "the key safes have one opener less": (without("dave", *KEYS), set()),
    "the PIN safes have one opener less": (without("heidi", *PINS), set()),
    # Others reach the keys in the safe at the other site.
    "one key safe has one opener": (
        both(without("dave", "hq-keys"), without("ivan", "hq-keys")),
        set(),
    ),
    "both key safes have one opener": (
        both(without("dave", *KEYS), without("ivan", *KEYS)),
        {"S37", "S38"},
    ),
    "both PIN safes have one opener": (
        both(without("heidi", *PINS), without("kate", *PINS)),
        {"S37", "S38"},
    ),
    # Enough shares are in reach of others.
    "one share safe has one opener": (without("ivan", "hq-shares"), set()),
    "one person opens keys and PINs": (with_opener("hq-keys", "grace"), {"S38"}),
    "one person opens two safes with shares": (with_opener("branch-shares", "alice"), {"S38"}),
    "two shares lie in one safe": (move("share:bg1:2", "hq-shares"), {"S38"}),
    # Nobody is away: two can open them.
    "one safe takes two people": (safe_changed("hq-keys", need=2), set()),
    "all key safes take two people": (
        both(*(safe_changed(safe, need=2) for safe in KEYS)),
        set(),
    ),
    # Until then two of three custodians are there, or one of them.
    "one custodian begins next month": (person_changed("dave", since=NEXT_MONTH), set()),
    "two custodians begin next month": (
        both(*(person_changed(it, since=NEXT_MONTH) for it in ("dave", "ivan"))),
        {"S37", "S38"},
    ),
    "one custodian leaves next month": (person_changed("dave", until=NEXT_MONTH), set()),
    "two custodians leave next month": (
        both(*(person_changed(it, until=NEXT_MONTH) for it in ("dave", "ivan"))),
        {"S37"},
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_organisation_that_is_wrong_in_one_thing_turns_red_by_its_own_rules(name: str) -> None:
    change, expected = CHANGED[name]
    assert red(living(change)) == expected


# --- Something that happens


ENDED: Final = START.date() + DAY
"""A last day of authority; judged a week later."""


def _ends(person: str, role: Role) -> ev.PersonChanged:
    return ev.PersonChanged(person=person, roles=(role,), details=DIGEST, until=ENDED)


def _openers(safe: str, *openers: str, need: int = 1) -> ev.SafeChanged:
    return ev.SafeChanged(safe=safe, openers=openers, need=need)


HAPPENED: Final[dict[str, tuple[tuple[Any, ...], set[str]]]] = {
    "a passkey is deleted": (
        (ev.CredentialDeleted(key="K2", credential=b"passkey K2".hex(), rp_id="x"),),
        {"S17"},
    ),
    "a key is lost": ((ev.KeyRetired(key="K1", why=Retirement.LOST),), {"S17"}),
    # What the register has of such a key and its PIN may hold of it no more.
    "an audit finds a stranger in the place of a key": (
        (ev.FindingMade(rule="key-stranger", subject="K2", what="a stranger", mend="Look."),),
        {"S17", "S19"},
    ),
    "an audit finds that a key was reset": (
        (ev.FindingMade(rule="key-reset", subject="K4", what="it was reset", mend="Look."),),
        {"S17", "S19"},
    ),
    "somebody changes the PIN of a key": ((ev.PinChanged(key="K1"),), {"S19", "S32"}),
    # Both who drilled with it saw it whole.
    "the tenant takes a password that should be dead": (
        (ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=True),),
        {"S32", "S39"},
    ),
    "an account is used": ((ev.AccountUsed(account="bg1", why="emergency"),), {"S32"}),
    # Whoever saw it can use the account alone until it is changed.
    "somebody saw a password in force": (
        (ev.SecretExposed(person="alice", set="bg1-pw2"),),
        {"S32", "S39"},
    ),
    # bob has one share in hand, and opens the safe of another.
    "a bag is opened and not put back": (
        (ev.EnvelopeOpened(envelope="bg1-pw2-1", why="audit", intact=True),),
        {"S38"},
    ),
    "an opener is replaced, and the combination stays": (
        (_openers("hq-shares", "alice", "erin"),),
        {"S42", "S55"},
    ),
    "an opener is replaced, and the combination is changed": (
        (
            _openers("hq-shares", "alice", "erin"),
            ev.DutyDone(duty=Duty.COMBINATION, subject="hq-shares"),
        ),
        {"S55"},
    ),
    "somebody new is authorised": (
        (ev.PersonAdded(person="laura", roles=(Role.WITNESS,), details=DIGEST),),
        {"S55"},
    ),
    "a safe moved": ((ev.TriggerNoted(trigger=Trigger.RELOCATION, details=DIGEST),), {"S55"}),
    # Two are left for the keys.
    "a custodian leaves, and opens the safes still": (
        (_ends("dave", Role.CUSTODIAN),),
        {"S39", "S42", "S55"},
    ),
    # One is left for the keys.
    "two who open the keys leave, and open the safes still": (
        (_ends("dave", Role.CUSTODIAN), _ends("ivan", Role.WITNESS)),
        {"S37", "S38", "S39", "S42", "S55"},
    ),
    "a combination is changed while a leaver is on the list": (
        (
            _ends("judy", Role.WITNESS),
            ev.DutyDone(duty=Duty.COMBINATION, subject="branch-shares"),
        ),
        {"S39", "S42", "S55"},
    ),
    "an auditor gets another role, and a last day": (
        (
            ev.PersonChanged(
                person="erin", roles=(Role.AUDITOR, Role.WITNESS), details=DIGEST, until=LONG
            ),
        ),
        {"S55"},
    ),
    "an auditor leaves, who opens nothing": ((_ends("erin", Role.AUDITOR),), {"S55"}),
    "a witness leaves, and opens a safe still": (
        (_ends("judy", Role.WITNESS),),
        {"S39", "S42", "S55"},
    ),
}


@pytest.mark.parametrize("name", HAPPENED)
def test_what_happens_turns_red_by_its_own_rules(name: str) -> None:
    facts, expected = HAPPENED[name]
    life = living().enter(*facts, at=START + DAY)
    assert red(life, START + 7 * DAY) == expected


# --- Time


@pytest.mark.parametrize(
    ("days", "expected"),
    [(90, set()), (91, {"S54"}), (365, {"S54"}), (366, {"S32", "S42", "S54", "S57"})],
)
def test_what_is_left_undone_turns_red_on_its_day(days: int, expected: set[str]) -> None:
    assert red(living(), START + days * DAY) == expected


def test_a_review_turns_its_rules_green_again() -> None:
    noted = ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST)
    life = living().enter(noted, at=START + 100 * DAY)
    assert red(life, START + 101 * DAY) == {"S54", "S55"}
    life.enter(*(ev.DutyDone(duty=Duty.REVIEW, subject=it) for it in ("bg1", "bg2")))
    assert red(life, START + 101 * DAY) == set()


AWAY: Final[dict[str, tuple[tuple[str, ...], set[str]]]] = {
    "one of three custodians is": (("dave",), set()),
    "two of three custodians are": (("carol", "dave"), {"S37"}),
    "one of three with PINs is": (("grace",), set()),
    "two of three with PINs are": (("grace", "kate"), {"S37"}),
    "an opener of shares is": (("alice",), set()),
    # Each share has another opener still.
    "three openers of shares are": (("alice", "bob", "frank"), set()),
    "all openers of two safes with shares are": (("alice", "ivan", "bob", "judy"), {"S37"}),
    "an auditor is": (("erin",), set()),
}


@pytest.mark.parametrize("name", AWAY)
def test_days_on_which_too_few_are_there_turn_red(name: str) -> None:
    people, expected = AWAY[name]
    first = START.date() + 40 * DAY
    absences = tuple(Absence(it, first, first + 5 * DAY) for it in people)
    assert red(living(), absences=absences) == expected


# --- Decisions


def _decided(*made: tuple[str, str]) -> tuple[Any, ...]:
    review = START.date() + 10 * DAY
    return tuple(
        ev.DecisionMade(decision=it, choice=choice, review=review, details=DIGEST)
        for it, choice in made
    )


@pytest.mark.parametrize(("days", "expected"), [(10, {"S38"}), (11, {"S36", "S38"})])
def test_a_pin_lies_with_its_key_by_decision_until_the_day_of_its_review(
    days: int, expected: set[str]
) -> None:
    life = living(move("pin:K1", "hq-keys")).enter(*_decided(("C6", "with-key")))
    assert red(life, START + days * DAY) == expected


@pytest.mark.parametrize(("days", "expected"), [(10, {"S35"}), (11, {"S34", "S35"})])
def test_one_site_is_lived_with_by_decision_until_the_day_of_its_review(
    days: int, expected: set[str]
) -> None:
    life = living(at_one_site()).enter(*_decided(("S34", "accepted")))
    assert red(life, START + days * DAY) == expected
