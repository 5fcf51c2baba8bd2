"""Keys in the register: bound, retired, their PINs and passkeys, and the metadata in use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Purpose, Retirement, Role, SetState

if TYPE_CHECKING:
    from tests.custody.life import Life

DIGEST = "ab" * 32
BOUND = ev.KeyBound(key="K1", credential="c0", public_key="c1")
PASSKEY = ev.PasskeyEnrolled(
    key="K1", rp_id="login.microsoft.com", credential="a0", public_key="a1", answer=DIGEST
)
NEWS = date(2026, 2, 1)
IN_USE = datetime(2026, 1, 20, 9, tzinfo=UTC)


def with_pin(life: Life) -> Life:
    """K1 with a PIN that lies sealed."""
    return life.seal("Q1", sheets=1, subject="K1").enter(ev.PinSet(key="K1", set="Q1"))


def enrolled(life: Life) -> Life:
    """K1 with a PIN, a passkey and a custody credential."""
    return with_pin(life).enter(BOUND, PASSKEY)


def packed(life: Life) -> Life:
    """K1 in a sealed envelope E1."""
    pack = ev.KeyPacked(envelope="E1", holds="key:K1", key="K1")
    return life.enter(pack, ev.EnvelopeSealed(envelope="E1", bag="B-E1"))


def imported(number: int, next_update: date = NEWS) -> ev.MetadataImported:
    return ev.MetadataImported(number=number, next_update=next_update, sha256=DIGEST)


def decided(decision: str, review: date, choice: str = "allowed") -> ev.DecisionMade:
    return ev.DecisionMade(decision=decision, choice=choice, details=DIGEST, review=review)


# --- The custody credential


def test_a_key_is_bound_once_by_a_custodian_alone(life: Life) -> None:
    key = life.enter(BOUND, by=["carol"], signed=()).register.keys["K1"]

    assert (key.custody_credential, key.custody_public_key) == ("c0", "c1")
    life.refuses(BOUND, because="key K1 has a custody credential already")


@pytest.mark.parametrize("person", ["olga", "erin", "ivan"])
def test_nobody_but_a_custodian_binds_a_key(life: Life, person: str) -> None:
    life.refuses(BOUND, by=[person], signed=(), because="to bind a key .* takes custodian")


def test_an_unknown_key_is_not_bound(life: Life) -> None:
    strange = ev.KeyBound(key="K9", credential="c0", public_key="c1")

    life.refuses(strange, because="there is no key 'K9'")


def test_an_answer_by_a_credential_that_is_on_record_is_no_finding(life: Life) -> None:
    enrolled(life)
    answers = [ev.KeyAsserted(key="K1", nonce=DIGEST, custody=custody) for custody in (True, False)]

    assert life.new_findings(*answers, by=["erin"], signed=()) == []


def test_an_answer_by_a_credential_that_is_not_on_record_is_a_finding(life: Life) -> None:
    (by_passkey,) = life.enter(BOUND).new_findings(ev.KeyAsserted(key="K1", nonce=DIGEST))
    with_pin(life).enter(ev.KeyReset(key="K1", why="drill"))
    (by_custody,) = life.new_findings(ev.KeyAsserted(key="K1", nonce=DIGEST, custody=True))

    assert by_passkey.what == "a key answered that has no passkey on record"
    assert by_custody.what == "a key answered that has no custody credential on record"
    assert {by_passkey.subject, by_custody.subject} == {"K1"}


# --- Out of service


def test_two_people_retire_a_key_and_it_is_never_used_again(life: Life) -> None:
    retired = ev.KeyRetired(key="K1", why=Retirement.BROKEN)
    life.seal("Q1", sheets=1, subject="K1")
    life.refuses(retired, by=["carol"], signed=(), because="takes the signatures of two people")

    assert life.new_findings(retired) == []

    assert life.register.keys["K1"].retired is Retirement.BROKEN
    acts: list[Any] = [retired, BOUND, PASSKEY, ev.PinSet(key="K1", set="Q1")]
    for act in acts:
        refused = life.refuses(act, because=r"key K1 is retired \(broken\)")
        assert refused.mend == "Register another key in its place."


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.WITNESS])
def test_an_auditor_or_witness_retires_nothing(life: Life, role: Role) -> None:
    person = {Role.AUDITOR: "erin", Role.WITNESS: "ivan"}[role]
    both = ["alice", person]

    life.refuses(
        ev.KeyRetired(key="K1", why=Retirement.LOST), by=both, because=f"{person} is {role}"
    )


@pytest.mark.parametrize("why", [Retirement.LOST, Retirement.BROKEN])
def test_a_retired_key_with_a_passkey_stays_a_finding(life: Life, why: Retirement) -> None:
    enrolled(life)

    (finding,) = life.new_findings(ev.KeyRetired(key="K1", why=why))

    assert (finding.rule, finding.subject) == ("key-retired", "K1")
    assert finding.what == f"key K1 is {why}, and its passkey of bg1 is still good"
    assert "Remove the passkey at the tenant" in finding.mend


def test_the_pin_of_a_retired_key_is_dead_once_its_passkey_is_gone(life: Life) -> None:
    enrolled(life)
    (finding,) = life.new_findings(ev.KeyRetired(key="K1", why=Retirement.BROKEN))
    pin = life.register.keys["K1"].pin_set or ""
    gone = ev.EnvelopeDestroyed(envelope=f"{pin}-1", why="dead")
    life.refuses(gone, because="in force: its sheets are still wanted")

    life.enter(ev.FindingSettled(finding=finding.seq, subject="K1", details=DIGEST))

    assert life.register.sets[pin].state is SetState.DEAD
    assert life.register.keys["K1"].pin_set is None
    life.enter(gone)


def test_the_pin_of_a_key_that_never_had_a_passkey_is_dead_with_it(life: Life) -> None:
    with_pin(life)
    pin = life.register.keys["K1"].pin_set or ""

    life.enter(ev.KeyRetired(key="K1", why=Retirement.LOST))

    assert life.register.sets[pin].state is SetState.DEAD


def test_a_key_is_retired_as_reset_only_after_its_reset(life: Life) -> None:
    retired = ev.KeyRetired(key="K1", why=Retirement.RESET)
    with_pin(life)
    life.refuses(retired, because="key K1 was not reset")
    life.enter(PASSKEY).refuses(retired, because="key K1 was not reset")

    life.enter(ev.KeyReset(key="K1", why="reset by hand"))

    assert life.new_findings(retired) == []


def test_a_key_in_an_envelope_is_retired_as_lost_alone(life: Life) -> None:
    packed(life)
    for why in (Retirement.RESET, Retirement.BROKEN):
        refused = life.refuses(
            ev.KeyRetired(key="K1", why=why), because="key K1 lies in envelope E1"
        )
        assert "Open the envelope first" in refused.mend

    life.enter(ev.KeyRetired(key="K1", why=Retirement.LOST))

    assert life.register.keys["K1"].retired is Retirement.LOST


def test_the_serial_number_of_a_retired_key_is_not_free_for_another(life: Life) -> None:
    def register(tag: str) -> ev.KeyRegistered:
        use = life.register.keys["K1"].use
        return ev.KeyRegistered(
            key=tag, account="bg1", use=use, product="p", aaguid="a", serial=1234
        )

    life.enter(register("K2"), ev.KeyRetired(key="K2", why=Retirement.LOST))

    life.refuses(register("K3"), because="serial number 1234 belongs to key K2 already")


def test_a_key_that_was_retired_empty_may_come_back_under_another_tag(life: Life) -> None:
    def register(tag: str) -> ev.KeyRegistered:
        use = life.register.keys["K1"].use
        return ev.KeyRegistered(
            key=tag, account="bg1", use=use, product="p", aaguid="a", serial=1234
        )

    life.enter(register("K2"), ev.KeyRetired(key="K2", why=Retirement.RESET), register("K3"))

    assert life.register.serials[1234] == "K3"


# --- PIN and passkey


def test_a_sealed_pin_dies_when_the_pin_is_changed(life: Life) -> None:
    with_pin(life)
    before = life.register.sets["Q1"].state

    (finding,) = life.new_findings(ev.PinChanged(key="K1"), by=["carol"], signed=())

    assert finding.what == "its PIN was changed: what is sealed opens it no more"
    assert (before, life.register.sets["Q1"].state) == (SetState.IN_FORCE, SetState.DEAD)
    assert life.register.keys["K1"].pin_set is None
    life.refuses(PASSKEY, because="key K1 has no PIN on record")


def test_a_key_without_a_sealed_pin_gets_another_one_without_a_finding(life: Life) -> None:
    changes = [ev.PinChanged(key="K1"), ev.PinPolicyRaised(key="K1", forced=True)]
    seen = [ev.PinChecked(key="K1", right=False, retries=7)]
    raised = [ev.PinPolicyRaised(key="K1", min_length=10)]

    assert life.new_findings(*changes, *seen, *raised, by=["erin"], signed=()) == []


def test_the_pin_of_another_key_lives_on(life: Life) -> None:
    use = life.register.keys["K1"].use
    life.enter(ev.KeyRegistered(key="K2", account="bg1", use=use, product="p", aaguid="a"))
    with_pin(life).enter(ev.PinChanged(key="K2"))

    (pin,) = life.register.sets_of("K1", Purpose.PIN)
    assert pin.state is SetState.IN_FORCE


def test_a_passkey_in_use_that_was_deleted_is_a_finding_and_off_the_record(life: Life) -> None:
    enrolled(life)
    other = ev.CredentialDeleted(key="K1", credential="ff", rp_id="login.microsoft.com")
    mine = ev.CredentialDeleted(key="K1", credential="a0", rp_id="login.microsoft.com")

    assert life.new_findings(other) == []
    (finding,) = life.new_findings(mine)

    key = life.register.keys["K1"]
    assert finding.what == "its passkey, which was in use, was deleted"
    assert (key.credential, key.public_key, key.rp_id) == (None, None, None)
    assert key.custody_credential == "c0"
    assert key.pin_set == "Q1"


def test_a_reset_takes_pin_passkey_and_custody_credential_off_the_record(life: Life) -> None:
    enrolled(life)

    (finding,) = life.new_findings(ev.KeyReset(key="K1", why="reset by hand"))

    key = life.register.keys["K1"]
    assert finding.what == "a key was reset that held a passkey in use"
    assert (key.pin_set, key.credential, key.custody_credential) == (None, None, None)
    assert life.register.sets["Q1"].state is SetState.DEAD
    assert life.enter(BOUND).register.keys["K1"].custody_credential == "c0"


STRANGE = (
    (ev.PinChanged(key="K9"), "the PIN of an unknown key was changed"),
    (ev.PinChecked(key="K9", right=False), "the PIN of an unknown key was tried"),
    (ev.PinPolicyRaised(key="K9", min_length=8), "the PIN policy of an unknown key was changed"),
    (
        ev.CredentialDeleted(key="K9", credential="a0", rp_id="x"),
        "a credential was deleted from an unknown key",
    ),
)


@pytest.mark.parametrize(("seen", "what"), STRANGE, ids=[type(it).__name__ for it, _ in STRANGE])
def test_what_is_seen_of_an_unknown_key_is_taken_from_anybody_as_a_finding(
    life: Life, seen: Any, what: str
) -> None:
    (finding,) = life.new_findings(seen, by=["erin"], signed=())

    assert (finding.subject, finding.what) == ("K9", what)


# --- Metadata


def test_one_officer_or_custodian_imports_metadata(life: Life) -> None:
    life.enter(imported(7), by=["carol"], signed=(), at=IN_USE)
    now = life.enter(imported(8), by=["olga"], signed=()).register.metadata

    assert now is not None
    assert (now.number, now.next_update, now.sha256) == (8, NEWS, DIGEST)
    assert now.time == IN_USE + timedelta(minutes=1)
    for person in ("erin", "ivan"):
        life.refuses(imported(9), by=[person], signed=(), because="to import metadata of makers")


def test_the_same_metadata_may_be_imported_again(life: Life) -> None:
    life.enter(imported(7), imported(7), at=IN_USE)


@pytest.mark.parametrize(
    ("decision", "news", "what"),
    [
        ("older-metadata", imported(6), "metadata no. 6 is older than no. 7, in use here"),
        (
            "stale-metadata",
            imported(8, date(2026, 1, 19)),
            "metadata no. 8 was to be replaced by 2026-01-19",
        ),
    ],
)
def test_older_or_stale_metadata_takes_a_decision_and_until_its_review_alone(
    life: Life, decision: str, news: ev.MetadataImported, what: str
) -> None:
    life.enter(imported(7), at=IN_USE)
    refused = life.refuses(news, because=what)
    assert f"decide make {decision} allowed" in refused.mend
    other = {"older-metadata": "stale-metadata", "stale-metadata": "older-metadata"}[decision]
    life.enter(decided(other, date(2026, 12, 31))).refuses(news, because=what)

    life.enter(decided(decision, date(2026, 1, 25)))

    late = datetime(2026, 1, 26, 0, 1, tzinfo=UTC)
    life.refuses(news, because="metadata no. ", at=late)
    last = datetime(2026, 1, 25, 23, 59, tzinfo=UTC)
    metadata = life.enter(news, at=last).register.metadata
    assert metadata is not None
    assert metadata.number == news.number


@pytest.mark.parametrize("choice", ["refused", "no", "Allowed"])
def test_a_decision_for_metadata_is_ended_by_any_other_word(life: Life, choice: str) -> None:
    life.enter(imported(7), at=IN_USE).enter(decided("older-metadata", NEWS))

    life.enter(decided("older-metadata", NEWS, choice))

    life.refuses(imported(6), because=r"metadata no\. 6 is older")


def test_metadata_counts_on_the_day_of_its_next_update_still(life: Life) -> None:
    last, first_late = datetime(2026, 2, 1, 23, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    life.enter(imported(7), at=last)

    life.refuses(imported(8), at=first_late, because="was to be replaced by 2026-02-01")
