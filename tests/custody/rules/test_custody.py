"""Each rule of custody: a register that meets it, one that does not, and what nobody can know."""

from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.rules import Judgement, Outcome, judge
from keyvault_kit.custody.schedule import Task, due, overdue
from keyvault_kit.custody.thin_days import Absence
from tests.custody.life import DIGEST, START, Life
from tests.custody.sample import (
    Change,
    at_one_site,
    both,
    move,
    sample,
    with_opener,
    without_opener,
)

DAY: Final = timedelta(days=1)
SOON: Final = START + DAY
RULES: Final = ("S34", "S35", "S36", "S37", "S38", "S39", "S41", "S42")


def judged(
    rule: str, life: Life, now: datetime = SOON, absences: tuple[Absence, ...] = ()
) -> Judgement:
    return next(it for it in judge(life.register, None, now, absences) if it.rule == rule)


def findings(
    rule: str, life: Life, now: datetime = SOON, absences: tuple[Absence, ...] = ()
) -> tuple[RuleFinding, ...]:
    its = judged(rule, life, now, absences)
    assert its.outcome is Outcome.FAILED
    return its.findings


def decided(decision: str, choice: str, days: int = 10) -> ev.DecisionMade:
    review = START.date() + days * DAY
    return ev.DecisionMade(decision=decision, choice=choice, review=review, details=DIGEST)


def outcome(rule: str, life: Life, now: datetime = SOON) -> Outcome:
    return judged(rule, life, now).outcome


@pytest.mark.parametrize("rule", RULES)
def test_where_there_is_no_account_nothing_passes(rule: str, founded: Life) -> None:
    assert outcome(rule, founded) is Outcome.UNKNOWN


SITES: Final = ("hq", "branch")

WRONG: Final[dict[str, tuple[Change, str]]] = {
    "S34": (at_one_site(), "everything lies at site hq"),
    "S35": (move("key:K2", "hq-keys"), "all keys of bg1 lie"),
    "S36": (move("pin:K3", "hq-keys"), "key K3 and its PIN"),
    "S37": (
        both(*(without_opener(f"{site}-pins", it) for site in SITES for it in ("heidi", "kate"))),
        "fewer than two people can reach PINs of bg1",
    ),
    "S38": (
        with_opener("hq-keys", "grace"),
        "grace alone can use bg1 (its key K1 lies in safe hq-keys;",
    ),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_rule_fails_and_says_of_what(rule: str) -> None:
    change, what = WRONG[rule]
    assert any(what in it.what for it in findings(rule, sample(change)))


@pytest.mark.parametrize("rule", ["S35", "S36", "S37", "S38", "S39", "S42"])
def test_a_rule_passes_where_all_is_well(rule: str) -> None:
    assert judged(rule, sample()) == Judgement(rule=rule, outcome=Outcome.PASSED)


# --- S34


def test_nobody_knows_whether_a_safe_is_fireproof_until_two_people_say_so() -> None:
    life = sample()
    assert outcome("S34", life) is Outcome.UNKNOWN
    assert outcome("S34", life.enter(decided("fireproof", "met"))) is Outcome.PASSED


def test_what_was_said_of_the_safes_counts_until_its_review() -> None:
    life = sample().enter(decided("fireproof", "met"))
    assert outcome("S34", life, START + 10 * DAY) is Outcome.PASSED
    assert outcome("S34", life, START + 11 * DAY) is Outcome.UNKNOWN


def test_safes_that_are_not_fireproof_are_not_called_so() -> None:
    assert outcome("S34", sample().enter(decided("fireproof", "not-met"))) is Outcome.UNKNOWN


def test_that_safes_are_fireproof_makes_no_second_site() -> None:
    life = sample(at_one_site()).enter(decided("fireproof", "met"))
    assert outcome("S34", life) is Outcome.FAILED


# --- S37


def away(person: str, first: int, last: int) -> Absence:
    today = START.date()
    return Absence(person, today + first * DAY, today + last * DAY)


TWO_EACH: Final = both(
    *(without_opener(f"{site}-keys", "ivan") for site in SITES),
    *(without_opener(f"{site}-pins", "kate") for site in SITES),
)
"""Two people for the keys, and two for the PINs: none may be away."""


def test_an_absence_that_leaves_one_to_reach_the_keys_is_told_with_its_days() -> None:
    told = [it.what for it in findings("S37", sample(TWO_EACH), absences=(away("dave", 10, 12),))]
    assert told == [
        f"fewer than two people can reach keys of {account} from 2026-01-15 to 2026-01-17"
        " (carol is left, dave away)"
        for account in ("bg1", "bg2")
    ]


def test_many_absences_are_told_in_one_finding_an_account() -> None:
    absences = tuple(away("heidi", first, first + 1) for first in range(10, 60, 10))
    told = [it.what for it in findings("S37", sample(TWO_EACH), absences=absences)]
    assert len(told) == 2
    assert all(it.endswith("; and 2 more times") for it in told)


def test_an_absence_that_is_over_is_nobodys_concern() -> None:
    assert not judged("S37", sample(TWO_EACH), absences=(away("dave", -9, 0),)).findings


def test_when_nobody_is_left_it_says_so() -> None:
    absences = (away("dave", 10, 12), away("carol", 12, 14))
    told = findings("S37", sample(TWO_EACH), absences=absences)[0].what
    assert "on 2026-01-17 (nobody is left, carol and dave away)" in told


@pytest.mark.parametrize(("runs", "more"), [(3, ""), (4, "; and 1 more time")])
def test_what_is_left_out_is_counted(runs: int, more: str) -> None:
    absences = tuple(away("heidi", 10 * n, 10 * n + 1) for n in range(1, runs + 1))
    told = findings("S37", sample(TWO_EACH), absences=absences)[0].what
    assert told.endswith(f"(grace is left, heidi away){more}")


def test_days_of_an_absence_that_nobody_can_tell_any_more_are_unknown() -> None:
    judgements = {it.rule: it for it in judge(sample().register, None, SOON, (), ("dave", "judy"))}
    its = judgements["S37"]
    assert its.outcome is Outcome.UNKNOWN
    assert [it.what for it in its.findings] == [
        "it is not known on which days dave and judy will be away: a row of it is gone"
    ]
    assert "'people absent'" in its.findings[0].mend
    assert "'ledger verify'" in its.findings[0].mend


# --- S39


def saw(person: str, number: int | None = None, **how: Any) -> ev.SecretExposed:
    return ev.SecretExposed(person=person, set="bg1-pw2", number=number, **how)


def person(who: str, role: Role, until: date) -> ev.PersonChanged:
    return ev.PersonChanged(person=who, roles=(role,), details=DIGEST, until=until)


def test_who_saw_a_whole_password_has_everything_until_it_is_changed() -> None:
    what = findings("S39", sample().enter(saw("ivan")))[0].what
    assert what == (
        "with what ivan saw or could reach before, they alone can use bg1: ivan saw its password"
    )


def test_who_saw_one_share_beside_the_one_in_reach_has_everything() -> None:
    assert findings("S39", sample().enter(saw("ivan", 2)))[0].subject == "ivan"
    assert outcome("S39", sample().enter(saw("ivan", 1))) is Outcome.PASSED


def test_the_two_who_stood_by_while_all_sheets_were_made_have_it_only_together() -> None:
    life = sample()
    beside = [it for it in life.register.exposures if it.present and it.set == "bg1-pw2"]
    assert {it.person for it in beside} == {"alice", "bob"}
    assert outcome("S39", life) is Outcome.PASSED
    life.enter(*(saw("grace", n, present=True) for n in (1, 2)), by=("grace",))
    assert findings("S39", life)[0].subject == "grace"


REPLACED: Final = tuple(
    ev.SafeChanged(safe=f"{site}-keys", openers=("carol", "erin"), need=1) for site in SITES
)
AFTERWARDS: Final = (
    ev.SignerRevoked(person="dave", why="left"),
    *REPLACED,
    *(ev.DutyDone(duty=Duty.COMBINATION, subject=f"{site}-keys") for site in SITES),
    *(ev.DutyDone(duty=Duty.REVIEW, subject=account) for account in ("bg1", "bg2")),
)
"""All that is to be done when the custodian dave leaves, who saw nothing."""


@pytest.mark.parametrize("left_out", range(len(AFTERWARDS) + 1))
def test_a_leaver_is_red_until_all_is_done(left_out: int) -> None:
    life = sample().enter(person("dave", Role.CUSTODIAN, SOON.date()), at=SOON)
    assert outcome("S39", life, SOON) is Outcome.PASSED
    done = [it for n, it in enumerate(AFTERWARDS) if n != left_out]
    life.enter(*done, at=SOON + DAY)
    expected = Outcome.PASSED if left_out == len(AFTERWARDS) else Outcome.FAILED
    assert outcome("S39", life, SOON + 2 * DAY) is expected


def test_what_is_still_to_do_about_a_leaver_is_told() -> None:
    life = sample().enter(person("dave", Role.CUSTODIAN, SOON.date()), at=SOON)
    (told,) = findings("S39", life, SOON + DAY)
    assert told.subject == "dave"
    assert told.what.startswith("dave left on 2026-01-06, and this is still to do: revoke the")
    assert "take dave off the openers of safe hq-keys" in told.what


# --- S41


def test_nobody_knows_of_a_registered_device_until_two_people_say_so() -> None:
    life = sample()
    assert outcome("S41", life) is Outcome.UNKNOWN
    life.enter(decided("S41", "met"))
    assert outcome("S41", life, START + 10 * DAY) is Outcome.DECIDED
    assert outcome("S41", life, START + 11 * DAY) is Outcome.UNKNOWN


# --- S42


OTHERS: Final = ev.SafeChanged(safe="vault-shares", openers=("frank", "erin"), need=1)
CHANGED: Final = ev.DutyDone(duty=Duty.COMBINATION, subject="vault-shares")


def test_a_combination_is_changed_after_an_opener_left() -> None:
    (told,) = findings("S42", sample().enter(OTHERS, at=SOON), SOON)
    assert told.severity is Severity.MEDIUM
    assert told.what == (
        "the combination of safe vault-shares is to be changed: kate opens it no more (2026-01-06)"
    )


def test_a_combination_that_was_changed_afterwards_is_known_to_nobody_else() -> None:
    life = sample().enter(OTHERS, at=SOON).enter(CHANGED)
    assert outcome("S42", life, SOON + DAY) is Outcome.PASSED


def test_a_combination_that_was_changed_before_an_opener_left_is_known_to_them() -> None:
    life = sample().enter(CHANGED, at=SOON).enter(OTHERS)
    assert outcome("S42", life, SOON + DAY) is Outcome.FAILED


def test_a_combination_that_was_changed_while_a_leaver_is_on_the_list_is_known_to_them() -> None:
    life = sample().enter(person("kate", Role.WITNESS, SOON.date()), at=SOON)
    life.enter(CHANGED, at=SOON + 2 * DAY)
    told = {it.subject: it.what for it in findings("S42", life, SOON + 3 * DAY)}
    assert told["vault-shares"] == (
        "the combination of safe vault-shares is to be changed: the authority of kate ended, and"
        " kate is still on its list (2026-01-07)"
    )
    life.enter(OTHERS, CHANGED, at=SOON + 3 * DAY)
    still = {it.subject for it in judged("S42", life, SOON + 4 * DAY).findings}
    assert "vault-shares" not in still


def test_a_combination_is_changed_once_a_year() -> None:
    life = sample()
    assert outcome("S42", life, START + 365 * DAY) is Outcome.PASSED
    told = findings("S42", life, START + 366 * DAY)
    assert {it.severity for it in told} == {Severity.LOW}
    assert {it.subject for it in told} == set(life.register.safes)


def test_a_safe_whose_combination_nobody_changed_yet_counts_from_its_first_day() -> None:
    life = sample().enter(
        ev.SafeAdded(safe="new", site="vault", openers=("frank",), need=1), at=START + 200 * DAY
    )
    told = findings("S42", life, START + 400 * DAY)
    assert "new" not in {it.subject for it in told}
    told = findings("S42", life, START + 566 * DAY)
    assert "new" in {it.subject for it in told}


def test_somebody_whose_authority_ends_later_may_know_the_combination_until_then() -> None:
    life = sample().enter(person("judy", Role.WITNESS, date(2026, 3, 1)))
    assert outcome("S42", life, datetime(2026, 3, 1, 12, tzinfo=START.tzinfo)) is Outcome.PASSED
    told = findings("S42", life, datetime(2026, 3, 2, 12, tzinfo=START.tzinfo))
    assert [it.subject for it in told] == ["branch-shares"]


@pytest.mark.parametrize("days", [1, 2, 364, 365, 366, 367])
@pytest.mark.parametrize("facts", [(), (OTHERS,), (OTHERS, CHANGED)])
def test_the_rule_is_red_wherever_a_combination_is_overdue(
    facts: tuple[ev.Fact, ...], days: int
) -> None:
    life, now = sample(), START + days * DAY
    if facts:
        life.enter(*facts, at=SOON)
    duties = [it for it in due(life.register, now) if it.task is Task.COMBINATION]
    red = {it.subject for it in judged("S42", life, now).findings}
    assert {it.subject for it in duties if overdue(it, now)} <= red
    assert red <= {it.subject for it in duties if it.day <= now.date()}
