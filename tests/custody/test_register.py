"""The register: acts are refused with a reason, observations never, and the fold is a fold."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import HANDLERS, admit, fold
from keyvault_kit.custody.model import (
    Mode,
    PaperSize,
    Purpose,
    Role,
    SetState,
    Signature,
    Signer,
    Use,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError, RefusedError

DIGEST = "ab" * 32
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def signer(person: str) -> Signer:
    key = f"sk-ecdsa-sha2-nistp256@openssh.com {person}"
    return Signer(person=person, public_key=key, credential="00")


FOUNDING: tuple[ev.Fact, ...] = (
    ev.LedgerFounded(founders=(signer("alice"), signer("bob")), nonce=DIGEST, mode=Mode.REHEARSAL),
    *(
        ev.PersonAdded(person=person, roles=(Role.OFFICER, Role.CUSTODIAN), details=DIGEST)
        for person in ("alice", "bob")
    ),
    ev.SiteAdded(site="hq", paper=PaperSize.A4),
    ev.SafeAdded(safe="hq-1", site="hq", openers=("alice",), need=1),
    ev.AccountAdded(account="bg1", upn="bg1@example.onmicrosoft.com"),
)
SEALED: tuple[ev.Fact, ...] = (
    ev.SetMade(set="bg1-pw1", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2),
    *(
        fact
        for n in (1, 2)
        for fact in (
            ev.EnvelopePrinted(
                envelope=f"bg1-pw1-{n}",
                holds=f"share:bg1:{n}",
                set="bg1-pw1",
                number=n,
                proof=DIGEST,
            ),
            ev.EnvelopeProven(envelope=f"bg1-pw1-{n}"),
            ev.EnvelopeSealed(envelope=f"bg1-pw1-{n}", bag=f"BAG-{n}"),
        )
    ),
)
SIGHT = ev.AccountUsed(account="bg1", why="drill")
IN_FORCE = ev.PasswordSet(account="bg1", set="bg1-pw1")


def entries(facts: Sequence[ev.Fact], start: int = 0) -> list[Entry]:
    """The facts' entries, under the signatures of two people; a founding stands before those."""
    founding, rest = (facts[:1], facts[1:]) if start == 0 else ((), facts)
    signatures = tuple(Signature(person=person, armored="") for person in ("alice", "bob"))
    signed = ev.ActsSigned(count=max(1, len(rest)), signatures=signatures)
    return [
        Entry(i, START + timedelta(minutes=i), ("alice", "bob"), fact)  # type: ignore[arg-type]
        for i, fact in enumerate([*founding, signed, *rest], start)
    ]


def register(*facts: ev.Fact) -> Register:
    return fold(entries([*FOUNDING, *facts]))


def refuse(state: Register, fact: ev.Fact, because: str) -> None:
    with pytest.raises(RefusedError, match=because):
        admit(state, entries([fact], state.size))


def test_every_kind_of_fact_has_a_handler() -> None:
    kinds = {*ev.Fact.__subclasses__(), *ev.Observation.__subclasses__()}
    assert set(HANDLERS) == kinds - {ev.Observation}


def test_a_ledger_begins_with_its_founding_and_has_no_other() -> None:
    with pytest.raises(LedgerError, match="entry 0 cannot have been accepted: a ledger begins"):
        fold(entries(FOUNDING[1:]))
    refuse(register(), FOUNDING[0], "has no other")


def test_an_entry_out_of_place_is_named() -> None:
    whole = entries(FOUNDING)

    with pytest.raises(LedgerError, match="entry 3 stands where entry 2 should be"):
        fold([*whole[:2], *whole[3:]])
    with pytest.raises(LedgerError, match="entry 2 stands where entry 3 should be"):
        fold([*whole[:3], whole[2]])
    with pytest.raises(LedgerError, match="entry 1 stands where entry 0 should be"):
        fold(whole[1:])


def test_the_entry_that_the_state_refuses_is_named() -> None:
    whole = entries([*FOUNDING, FOUNDING[-1]])

    with pytest.raises(LedgerError, match=f"entry {len(whole) - 1} cannot .* 'bg1' already"):
        fold(whole)


def test_nothing_happens_after_it_was_entered() -> None:
    state = register()
    late, early = (
        Entry(
            state.size, START + timedelta(days=1), (), SIGHT, START + timedelta(days=1, seconds=s)
        )
        for s in (1, -1)
    )

    with pytest.raises(RefusedError, match="after it was entered"):
        admit(state, [late])
    assert admit(state, [early]).accounts["bg1"].used == early.occurred


def test_what_is_admitted_changes_nothing_before_it_is_written() -> None:
    state = register(*SEALED)
    kept = register(*SEALED)

    admit(state, entries([IN_FORCE], state.size))
    refuse(state, ev.SiteAdded(site="hq", paper=PaperSize.A4), "already")

    assert state == kept


def test_nobody_founds_alone() -> None:
    alone = ev.LedgerFounded(founders=(signer("alice"),), nonce=DIGEST, mode=Mode.LIVE)

    with pytest.raises(LedgerError, match="two people"):
        fold(entries([alone]))


def test_a_password_comes_into_force_only_when_all_its_sheets_are_sealed() -> None:
    refuse(register(*SEALED[:-1]), IN_FORCE, "1 of 2 envelopes sealed")

    state = register(*SEALED, IN_FORCE)

    assert state.sets["bg1-pw1"].state is SetState.IN_FORCE
    assert state.accounts["bg1"].password_set == "bg1-pw1"


def test_a_share_is_deposited_only_once_its_password_is_in_force() -> None:
    deposit = ev.EnvelopeDeposited(envelope="bg1-pw1-1", safe="hq-1")

    refuse(register(*SEALED), deposit, "bg1-pw1 is made: it is not deposited")
    assert register(*SEALED, IN_FORCE, deposit).envelopes["bg1-pw1-1"].safe == "hq-1"


@pytest.mark.parametrize(
    ("fact", "because"),
    [
        (ev.EnvelopeSealed(envelope="bg1-pw1-1", bag="BAG-9"), "is sealed, not proven"),
        (ev.EnvelopeProven(envelope="nope"), "there is no envelope 'nope'"),
        (ev.SiteAdded(site="hq", paper=PaperSize.A4), "there is a site 'hq' already"),
        (ev.SafeAdded(safe="s", site="moon", openers=("alice",), need=1), "no site 'moon'"),
        (ev.SafeAdded(safe="s", site="hq", openers=("zoe",), need=1), "no person 'zoe'"),
        (ev.SetVoided(set="bg1-pw1", why="lost"), "still has envelopes"),
        (
            ev.EnvelopePrinted(
                envelope="x", holds="share:bg1:1", set="bg1-pw1", number=1, proof=DIGEST
            ),
            "sheet 1 of set bg1-pw1 was printed already",
        ),
        (
            ev.PasskeyEnrolled(key="K1", rp_id="r", credential="", public_key="", answer=DIGEST),
            "no key 'K1'",
        ),
        (ev.CeremonyStepped(ceremony="c", step="s"), "no ceremony 'c'"),
        (ev.CheckpointSigned(size=999, root=DIGEST, signers=("alice",)), "ahead of this ledger"),
        (ev.CheckpointSigned(size=1, root=DIGEST, signers=("zoe",)), "no signer 'zoe'"),
    ],
)
def test_an_act_against_the_state_is_refused_with_the_reason(fact: ev.Fact, because: str) -> None:
    refuse(register(*SEALED), fact, because)


def test_a_bag_number_is_used_once() -> None:
    state = register(*SEALED[:-1])

    refuse(state, ev.EnvelopeSealed(envelope="bg1-pw1-2", bag="BAG-1"), "bag BAG-1 was used")


def test_a_key_is_enrolled_only_when_proven_and_with_a_pin() -> None:
    key = ev.KeyRegistered(key="K1", account="bg1", use=Use.PRIMARY, product="p", aaguid="a")
    passkey = ev.PasskeyEnrolled(
        key="K1", rp_id="r", credential="00", public_key="00", answer=DIGEST
    )

    refuse(register(key), passkey, "not proven genuine")
    refuse(register(key, ev.KeyProven(key="K1", verdict="genuine")), passkey, "has no PIN")


def test_two_keys_with_one_serial_number_are_not_registered() -> None:
    keys = [
        ev.KeyRegistered(key=tag, account="bg1", use=Use.PRIMARY, product="p", aaguid="a", serial=7)
        for tag in ("K1", "K2")
    ]

    refuse(register(keys[0]), keys[1], "serial number 7 belongs to key K1 already")


OBSERVATIONS: tuple[ev.Fact, ...] = (
    ev.EnvelopeOpened(envelope="nope", why="emergency", intact=True),
    ev.EnvelopeOpened(envelope="bg1-pw1-1", why="emergency", intact=False),
    ev.AccountUsed(account="nope", why="x"),
    ev.KeyProven(key="nope", verdict="genuine"),
    ev.KeyReset(key="nope", why="x"),
    ev.KeyAsserted(key="nope", nonce=DIGEST),
    ev.PinChecked(key="nope", right=True, retries=8),
    ev.ShareVerified(envelope="nope"),
    ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=False),
    ev.PasswordRecovered(account="nope", set="bg1-pw1", accepted=True),
    ev.PasswordRecovered(account="bg1", set="nope", accepted=True),
    ev.PasswordOffered(account="bg1", set="nope"),
    ev.PasswordOffered(account="nope", set="bg1-pw1"),
    ev.SecretExposed(person="alice", set="nope"),
    ev.SecretExposed(person="zoe", set="bg1-pw1"),
    ev.SecretExposed(person="alice", set="bg1-pw1", number=3),
    ev.KeyAsserted(key="K1", nonce=DIGEST),  # which has no passkey
    ev.KeyReset(key="K2", why="x"),  # which has one
    ev.KeyProven(key="K2", verdict="unknown"),  # which was proven genuine
    ev.ShareVerified(envelope="bg1-pw0-1"),  # which was spoiled
    ev.EnvelopeOpened(envelope="bg1-pw0-1", why="emergency", intact=True),
)
"""Each against :data:`CONTRADICTED`."""

CONTRADICTED: tuple[ev.Fact, ...] = (
    ev.SetMade(set="bg1-pw0", purpose=Purpose.PASSWORD, subject="bg1", threshold=1, count=1),
    ev.EnvelopePrinted(
        envelope="bg1-pw0-1", holds="share:bg1:1", set="bg1-pw0", number=1, proof=DIGEST
    ),
    ev.EnvelopeSpoiled(envelope="bg1-pw0-1", why="torn"),
    *SEALED,
    *(
        ev.KeyRegistered(key=tag, account="bg1", use=Use.BACKUP, product="p", aaguid="a")
        for tag in ("K1", "K2")
    ),
    ev.KeyProven(key="K2", verdict="genuine"),
    ev.SetMade(set="K2-1", purpose=Purpose.PIN, subject="K2", threshold=1, count=1),
    ev.EnvelopePrinted(envelope="K2-1", holds="pin:K2", set="K2-1", number=1, proof=DIGEST),
    ev.EnvelopeProven(envelope="K2-1"),
    ev.EnvelopeSealed(envelope="K2-1", bag="BAG-K2"),
    ev.PinSet(key="K2", set="K2-1"),
    ev.PasskeyEnrolled(key="K2", rp_id="r", credential="00", public_key="00", answer=DIGEST),
)


@pytest.mark.parametrize("fact", OBSERVATIONS, ids=repr)
def test_an_observation_that_contradicts_the_register_is_a_finding(fact: ev.Fact) -> None:
    before = register(*CONTRADICTED)
    assert before.findings == []

    after = admit(before, entries([fact], before.size))

    assert [finding.rule for finding in after.findings] == ["contradiction"]


def test_opening_a_sealed_envelope_is_no_finding_and_opening_it_twice_is_one() -> None:
    opened = ev.EnvelopeOpened(envelope="bg1-pw1-1", why="emergency", intact=True)

    assert register(*SEALED, opened).findings == []
    assert len(register(*SEALED, opened, opened).findings) == 1


def test_a_used_account_is_due_until_its_password_was_changed() -> None:
    used = ev.AccountUsed(account="bg1", why="emergency")

    assert register(*SEALED, IN_FORCE, used).accounts["bg1"].used is not None
    assert register(*SEALED, used, IN_FORCE).accounts["bg1"].used is None


def test_a_returned_ceremony_forgets_the_steps_that_were_undone() -> None:
    facts = [
        ev.CeremonyStarted(ceremony="c", plan="seal", people=("alice",), request={}),
        *(ev.CeremonyStepped(ceremony="c", step=step) for step in ("make", "print", "prove")),
        ev.CeremonyReturned(ceremony="c", to="print", undone=("print", "prove"), why="lost"),
    ]

    assert register(*facts).ceremonies["c"].done == ("make",)
