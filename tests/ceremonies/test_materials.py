"""A script lists what must lie ready for the ceremony that it is of."""

from keyvault_kit.ceremonies.materials import materials_of
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.ceremonies.plans import audit, enrol, packing, post_mortem
from keyvault_kit.custody.model import Use
from tests.custody.rules.tenants import register


def _listed(ceremony: Ceremony) -> tuple[str, ...]:
    return materials_of(ceremony, ceremony.plan.steps(register(), ceremony.request))


def _audit(*safes: str) -> tuple[str, ...]:
    request = audit.Request(
        auditor="erin", custodian="carol", witness="frank", number=1, safes=safes
    )
    return _listed(audit.ceremony(request))


def test_an_audit_needs_a_new_bag_for_each_key_and_one_to_spare() -> None:
    assert "Numbered tamper-evident bags: 4, and 1 to spare" in _audit(*register().safes)


def test_an_audit_of_a_safe_without_keys_needs_no_bag_and_who_opens_that_safe() -> None:
    listed = _audit("hq-pins")
    assert not [it for it in listed if "bags" in it]
    assert [it for it in listed if it.startswith("Whoever")] == ["Whoever opens safe hq-pins"]


def test_an_enrolment_needs_the_key_its_options_and_those_who_open_both_safes() -> None:
    request = enrol.Request(
        key="K5",
        account="bg1",
        use=Use.BACKUP,
        custodian="carol",
        witness="frank",
        pin_people=("grace", "heidi"),
        key_safe="hq-keys",
        pin_safe="hq-pins",
    )
    listed = _listed(enrol.ceremony(request))
    assert {"Key K5", "Whoever opens safe hq-keys", "Whoever opens safe hq-pins"} <= {*listed}
    assert any("options-K5.json" in it for it in listed)


def test_each_item_that_is_packed_needs_a_bag() -> None:
    request = packing.Request(items=("WS-1", "PRN-1"), safe="hq-keys", officers=("alice", "bob"))
    assert "Numbered tamper-evident bags: 2, and 2 to spare" in _listed(packing.ceremony(request))


def test_a_post_mortem_needs_no_more_than_every_ceremony() -> None:
    request = post_mortem.Request(account="bg1", officers=("alice", "bob"), number=1)
    listed = _listed(post_mortem.ceremony(request))
    assert listed == (
        "A clock that is not the workstation's",
        "Signing key of alice",
        "Signing key of bob",
        "Exception sheets, blank: 'keyvault sheets exception'",
    )
