"""Rules about passwords: what passes, what fails, what they cannot know."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.findings import Severity
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.wording import pin_anew
from tests.custody.rules import tenants
from tests.custody.rules.tenants import decided, entered, good, judgement, now


def account_without_password() -> Register:
    added = ev.AccountAdded(account="bg3", upn="bg3@example.onmicrosoft.com")
    return entered(added)


def test_passwords_changed_within_the_year_and_after_use_pass() -> None:
    assert judgement("S32", None).outcome is Outcome.PASSED
    assert judgement("S32", good()).outcome is Outcome.PASSED


def test_a_password_is_too_old_after_a_year_and_not_a_day_before() -> None:
    since = tenants.register().sets["bg1-pw2"].since
    assert since is not None
    day = since + timedelta(days=365)
    before = judgement("S32", None, at=day)
    assert before.outcome is Outcome.PASSED
    after = judgement("S32", None, at=day + timedelta(days=1))
    assert after.outcome is Outcome.FAILED
    assert {it.subject for it in after.findings} == {"bg1", "bg2"}


def test_an_account_that_was_used_needs_another_password_at_once() -> None:
    used = entered(ev.AccountUsed(account="bg2", why="emergency"))
    (finding,) = judgement("S32", None, used).findings
    assert (finding.subject, finding.severity) == ("bg2", Severity.MEDIUM)
    assert "it was used" in finding.what
    assert finding.what.startswith("the password of bg2 has been due for a change since ")
    assert finding.mend == "Make and seal another password of bg2: 'rotate bg2'."


def test_a_password_is_pending_until_the_evidence_is_in() -> None:
    kept = tenants.register().copy()
    name = kept.accounts["bg1"].password_set or ""
    kept.sets[name] = replace(kept.sets[name], evidence=None)
    kept.accounts["bg1"] = replace(kept.accounts["bg1"], signed_in=None)

    (finding,) = judgement("S32", None, kept).findings

    assert (finding.subject, finding.severity) == ("bg1", Severity.MEDIUM)
    assert finding.what == f"no evidence says yet that the tenant took the password of set {name}"


def test_a_pin_that_no_sheet_tells_is_to_be_changed() -> None:
    changed = entered(ev.PinChanged(key="K1"), by=("carol",), signed=())
    (finding,) = judgement("S32", None, changed).findings
    assert "the PIN of K1" in finding.what
    assert finding.what.endswith("carol changed it, and sealed none")
    assert finding.mend == f"Make and seal another PIN of K1: {pin_anew('K1')}."
    reset = entered(
        ev.PinChanged(key="K1"), ev.KeyReset(key="K1", why="its PIN"), by=("carol",), signed=()
    )
    assert judgement("S32", None, reset).outcome is Outcome.PASSED


@pytest.mark.parametrize(("name", "subject"), [("bg1-pw2", "bg1"), ("K1-pin1", "K1")])
def test_a_secret_that_somebody_saw_is_to_be_changed(name: str, subject: str) -> None:
    seen = entered(ev.SecretExposed(person="carol", set=name))
    assert [it.subject for it in judgement("S32", None, seen).findings] == [subject]


def test_of_a_password_that_nobody_made_here_nothing_is_known() -> None:
    its = account_without_password()
    for rule in ("S32", "S33"):
        judged = judgement(rule, good(), its)
        assert judged.outcome is Outcome.UNKNOWN
        assert len(judged.findings) == 1
        assert "bg3" in judged.findings[0].what


@pytest.mark.parametrize("rule", ["S32", "S33"])
def test_no_password_is_asked_for_where_none_is_kept_until_that_is_looked_at_again(
    rule: str,
) -> None:
    its = account_without_password()
    its.decisions.update(decided(C7="not-kept").decisions)
    assert judgement(rule, None, its).outcome is Outcome.PASSED
    later = now() + timedelta(days=40)
    assert judgement(rule, None, its, at=later).outcome is Outcome.UNKNOWN


def test_a_password_whose_sheets_lie_in_the_safes_is_kept_without_a_sign_in() -> None:
    assert judgement("S33", None).outcome is Outcome.PASSED


def test_sheets_of_a_password_are_no_copy_while_the_tenant_takes_another() -> None:
    took = ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=True)
    judged = judgement("S33", None, entered(took))
    assert judged.outcome is Outcome.UNKNOWN
    (finding,) = judged.findings
    assert "account bg1" in finding.what


def test_too_few_sheets_in_the_safes_are_no_copy() -> None:
    its = tenants.register().copy()
    for name in ("bg1-pw2-1", "bg1-pw2-2"):
        its.envelopes[name] = replace(its.envelopes[name], state="sealed", safe=None)
    assert judgement("S33", None, its).outcome is Outcome.UNKNOWN
    its.envelopes["bg1-pw2-2"] = tenants.register().envelopes["bg1-pw2-2"]
    assert judgement("S33", None, its).outcome is Outcome.PASSED
