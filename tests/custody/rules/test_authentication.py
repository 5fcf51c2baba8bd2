"""Rules about methods: for each, what passes it, what fails it, what it cannot know."""

from typing import Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.findings import Severity
from keyvault_kit.custody.model import Retirement, Use
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.tenant import (
    AuthenticationStrength,
    Method,
    PasskeyPolicy,
    TenantFacts,
)
from keyvault_kit.custody.wording import pin_anew
from tests.custody.life import DIGEST
from tests.custody.rules import tenants
from tests.custody.rules.tenants import (
    GROUP,
    STRENGTH,
    decided,
    entered,
    first_account,
    good,
    judgement,
    other_policy,
    own_policy,
    tenant,
    with_method,
)

RULES_OF_THE_TENANT: Final = ("S16", "S21", "S23", "S24")


def policy(**changes: object) -> TenantFacts:
    mine = PasskeyPolicy(state="enabled", include_targets=("all_users",))
    return tenant(passkey_policy=replace(mine, **changes))


def strength(*combinations: str) -> TenantFacts:
    its = AuthenticationStrength(
        id=STRENGTH, display_name="x", allowed_combinations=tuple(combinations)
    )
    return tenant(authentication_strengths=(its,))


def reset_allowed(**changes: object) -> TenantFacts:
    return replace(good(), **({"allowed_to_use_sspr": True} | changes))


def a_method(kind: str, **more: object) -> TenantFacts:
    return replace(with_method(kind), **more)


@pytest.mark.parametrize("rule", RULES_OF_THE_TENANT)
def test_a_tenant_in_which_all_is_well_passes(rule: str) -> None:
    assert judgement(rule, good()).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", RULES_OF_THE_TENANT)
def test_without_evidence_it_is_unknown(rule: str) -> None:
    assert judgement(rule, None).outcome is Outcome.UNKNOWN


RIGHT: Final[dict[str, tuple[str, TenantFacts]]] = {
    "for everybody": ("S21", policy()),
    "for everybody, groups unknown": ("S21", replace(policy(), groups=None)),
    "our models allowed": (
        "S21",
        policy(
            enforcement_type="allow",
            aa_guids=tuple(it.aaguid.upper() for it in tenants.register().keys.values()),
        ),
    ),
    "other models barred": ("S21", policy(enforcement_type="block", aa_guids=("x",))),
    "passkeys or certificates": ("S23", strength("fido2", "x509CertificateMultiFactor")),
    "reset allowed, no methods, all told": ("S24", reset_allowed()),
    "reset off, a telephone all the same": (
        "S24",
        a_method("phone", allowed_to_use_sspr=False),
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_other_ways_are_right_too(name: str) -> None:
    rule, evidence = RIGHT[name]
    assert judgement(rule, evidence).outcome is Outcome.PASSED


WRONG: Final[dict[str, tuple[str, TenantFacts]]] = {
    "no passkey": ("S16", first_account(methods=(Method(kind="password"),))),
    "no passkey anywhere": ("S17", first_account(methods=(Method(kind="password"),))),
    "a passkey that nobody knows": ("S17", with_method("fido2", credential_ids=("00ff",))),
    "a passkey that cannot be read": ("S17", with_method("fido2", id="?")),
    "passkeys disabled": ("S21", policy(state="disabled")),
    "passkeys for others": ("S21", policy(include_targets=("others",))),
    "passkeys not for them": ("S21", policy(exclude_targets=(GROUP,))),
    "our models not allowed": ("S21", policy(enforcement_type="allow", aa_guids=("x",))),
    "our models barred": (
        "S21",
        policy(
            enforcement_type="block",
            aa_guids=(tenants.register().keys["K1"].aaguid.upper(),),
        ),
    ),
    "a code by message is enough": ("S23", strength("fido2", "password,sms")),
    "nothing is enough": ("S23", strength()),
    "or any MFA": ("S23", own_policy(built_in_controls=("mfa",))),
    "off": ("S23", own_policy(state="disabled")),
    "reported only": ("S23", own_policy(state="enabledForReportingButNotEnforced")),
    "not for all applications": ("S23", own_policy(exclude_applications=("x",))),
    "not for the accounts": ("S23", own_policy(exclude_groups=(GROUP,))),
    "only where the risk is high": ("S23", own_policy(other_conditions=("signInRiskLevels",))),
    "only from old applications": ("S23", own_policy(client_app_types=("other",))),
    "only from elsewhere": ("S23", own_policy(exclude_locations=("AllTrusted",))),
    "only on some devices": ("S23", own_policy(device_filter="device.trustType")),
    "reset by telephone": ("S24", a_method("phone", allowed_to_use_sspr=True)),
    "nobody is told": ("S24", reset_allowed(sspr_notifies_all_admins=False)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_tenant_that_is_wrong_fails(name: str) -> None:
    rule, evidence = WRONG[name]
    assert judgement(rule, evidence).outcome is Outcome.FAILED


LEFT_OUT: Final[dict[str, tuple[str, TenantFacts]]] = {
    "methods": ("S16", first_account(methods=None)),
    "certificates": ("S16", first_account(certificate_user_ids=None)),
    "whose PKI": ("S16", first_account(certificate_user_ids=("x",))),
    "passkey policy": ("S21", tenant(passkey_policy=None)),
    "groups, for some": (
        "S21",
        replace(policy(include_targets=(GROUP,)), groups=None),
    ),
    "groups, all but some": ("S21", replace(policy(exclude_targets=("x",)), groups=None)),
    "policies": ("S23", tenant(conditional_access_policies=None)),
    "strengths": ("S23", tenant(authentication_strengths=None)),
    "groups": ("S23", tenant(groups=None)),
    "reset": ("S24", a_method("phone", allowed_to_use_sspr=None)),
    "who is told": ("S24", reset_allowed(sspr_notifies_all_admins=None)),
    "methods that reset": (
        "S24",
        replace(first_account(methods=None), allowed_to_use_sspr=True),
    ),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_evidence_leaves_out_is_unknown(name: str) -> None:
    rule, evidence = LEFT_OUT[name]
    assert judgement(rule, evidence).outcome is Outcome.UNKNOWN


def test_another_policy_may_require_what_cannot_be_phished() -> None:
    (_, other) = (
        other_policy(
            exclude_groups=(), built_in_controls=(), authentication_strength=STRENGTH
        ).conditional_access_policies
        or ()
    )
    assert judgement("S23", tenant(conditional_access_policies=(other,))).outcome is Outcome.PASSED


def test_no_mfa_at_all_can_be_decided() -> None:
    off = own_policy(state="disabled")
    assert judgement("S23", off, decided(C1="none")).outcome is Outcome.DECIDED


# --- Keys of the register


def without(key: str, **changes: object) -> Register:
    its = tenants.register().copy()
    its.keys[key] = replace(its.keys[key], **changes)
    return its


def test_two_passkeys_of_each_account_pass_with_evidence_and_without_and_are_never_unknown() -> (
    None
):
    assert judgement("S17", None).outcome is Outcome.PASSED
    assert judgement("S17", good()).outcome is Outcome.PASSED
    assert judgement("S17", first_account(methods=None)).outcome is Outcome.PASSED


def test_one_key_less_fails_and_none_is_worse() -> None:
    deleted = ev.CredentialDeleted(key="K1", credential=b"passkey K1".hex(), rp_id="x")
    (one,) = judgement("S17", None, entered(deleted)).findings
    assert (one.severity, one.subject) == (Severity.MEDIUM, "bg1")
    also = ev.CredentialDeleted(key="K2", credential=b"passkey K2".hex(), rp_id="x")
    (none,) = judgement("S17", None, entered(deleted, also)).findings
    assert none.severity is Severity.HIGH


def test_a_key_that_is_lost_is_none_and_its_passkey_at_the_tenant_too_much() -> None:
    lost = entered(ev.KeyRetired(key="K1", why=Retirement.LOST))
    told = [it.what for it in judgement("S17", good(), lost).findings]
    assert any("fewer than two keys" in it for it in told)
    assert any("on no key in service" in it for it in told)


@pytest.mark.parametrize("rule", ["key-stranger", "key-reset", "key-assertion", "key-present"])
def test_a_key_that_an_audit_doubts_is_none_until_two_people_settled_that(rule: str) -> None:
    doubt = ev.FindingMade(rule=rule, subject="K2", what="K2 is another", mend="Look.")
    found = entered(doubt)
    (few,) = judgement("S17", None, found).findings
    assert few.what == "account bg1 has fewer than two keys with a passkey: K1; K2 is in doubt"
    (doubted,) = judgement("S19", None, found).findings
    assert (doubted.subject, doubted.what) == ("K2", "K2 is another")

    seq = found.findings[-1].seq
    settled = ev.FindingSettled(finding=seq, subject="K2", details=DIGEST)
    its = entered(doubt, settled)
    assert judgement("S17", None, its).outcome is Outcome.PASSED
    assert judgement("S19", None, its).outcome is Outcome.PASSED


def test_a_finding_about_something_else_is_no_doubt_of_a_key() -> None:
    other = ev.FindingMade(rule="bag", subject="K2", what="its bag is torn", mend="Look.")
    assert judgement("S19", None, entered(other)).outcome is Outcome.PASSED


def test_an_id_that_can_be_read_in_two_ways_is_ours_if_one_of_them_is() -> None:
    first, *rest = good().accounts or ()
    methods = tuple(
        replace(it, credential_ids=(*it.credential_ids, "00")) for it in first.methods or ()
    )
    twice = tenant(accounts=(replace(first, methods=methods), *rest))
    assert judgement("S17", twice).outcome is Outcome.PASSED


# --- Methods that differ


def models(**product_of: str) -> Register:
    its = tenants.register().copy()
    for key, product in product_of.items():
        its.keys[key] = replace(its.keys[key], product=product, aaguid=product)
    return its


def choosing(register: Register, choice: str) -> Register:
    register.decisions.update(decided(C8=choice).decisions)
    return register


def test_one_account_with_keys_of_other_models_is_enough_by_default() -> None:
    assert judgement("S18", None).outcome is Outcome.PASSED
    alike = models(K1="a", K2="b", K3="b", K4="c")
    assert judgement("S18", None, alike).outcome is Outcome.FAILED
    same_product = models(K1="a", K2="a", K3="a", K4="c")
    same_product.keys["K3"] = replace(same_product.keys["K3"], aaguid="newer")
    assert judgement("S18", None, same_product).outcome is Outcome.FAILED


def test_where_all_are_to_differ_all_do() -> None:
    assert judgement("S18", None, decided(C8="all-differ")).outcome is Outcome.PASSED
    alike = choosing(models(K1="a", K2="b", K3="b", K4="c"), "all-differ")
    (finding,) = judgement("S18", None, alike).findings
    assert "bg1 and bg2" in finding.what


def test_where_none_is_to_be_the_usual_one_the_evidence_says_what_is_usual() -> None:
    its = decided(C8="not-the-usual")
    assert judgement("S18", None, its).outcome is Outcome.UNKNOWN
    assert judgement("S18", good(), its).outcome is Outcome.PASSED
    ours = its.keys["K3"].aaguid.upper()
    usual = tenant(other_methods=(Method(kind="fido2", aa_guid=ours),))
    assert judgement("S18", usual, its).outcome is Outcome.FAILED


def test_one_account_alone_differs_from_nothing() -> None:
    its = tenants.register().copy()
    for key in ("K3", "K4"):
        its.keys[key] = replace(its.keys[key], credential=None)
    assert judgement("S18", None, its).outcome is Outcome.UNKNOWN


# --- PINs


def test_keys_with_a_pin_on_record_that_are_genuine_pass() -> None:
    assert judgement("S19", None).outcome is Outcome.PASSED


def test_a_key_whose_pin_was_changed_or_that_is_not_genuine_fails() -> None:
    changed = judgement("S19", None, entered(ev.PinChanged(key="K1"))).findings
    assert [it.subject for it in changed] == ["K1"]
    assert changed[0].mend == f"Give key K1 a PIN that is sealed: {pin_anew('K1')}."
    revoked = judgement("S19", None, entered(ev.KeyProven(key="K1", verdict="revoked"))).findings
    assert [it.subject for it in revoked] == ["K1"]


def test_before_any_key_is_enrolled_nothing_is_known_of_pins() -> None:
    its = tenants.register().copy()
    its.keys = {}
    assert judgement("S19", None, its).outcome is Outcome.UNKNOWN


def test_a_key_without_a_passkey_is_no_matter_of_its_pin() -> None:
    more = ev.KeyRegistered(key="K9", account="bg1", use=Use.BACKUP, product="p", aaguid="a")
    assert judgement("S19", None, entered(more, by=("carol",))).outcome is Outcome.PASSED
