"""Signers: who vouches for the ledger, from which entry to which, and who takes it from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Mode, PaperSize, Purpose, Role, SetState, Signature, Signer
from keyvault_kit.custody.register import Register

if TYPE_CHECKING:
    from tests.custody.life import Life

SignerOf = Callable[..., Signer]

DIGEST = "ab" * 32
SITE = ev.SiteAdded(site="vault", paper=PaperSize.A4)


def terms(register: Register) -> list[tuple[str, int, int | None]]:
    return [(term.signer.person, term.since, term.until) for term in register.terms]


@pytest.fixture
def four(life: Life, signer: SignerOf) -> Life:
    """A ledger with four signers: alice, bob, carol and olga."""
    return life.enter(*(ev.SignerAdded(signer=signer(it)) for it in ("carol", "olga")))


# --- Founding


def founding(*founders: Signer) -> ev.LedgerFounded:
    return ev.LedgerFounded(founders=founders, nonce=DIGEST, mode=Mode.LIVE)


def test_the_founders_are_the_first_signers(founded: Life, signer: SignerOf) -> None:
    register = founded.register

    assert register.signers == {"alice": signer("alice"), "bob": signer("bob")}
    assert terms(register) == [("alice", 0, None), ("bob", 0, None)]
    assert register.terms_from_trust() == tuple(register.terms)
    assert register.mode is Mode.LIVE
    assert register.findings == []


def test_a_ledger_is_founded_by_two_people_with_a_key_each(empty: Life, signer: SignerOf) -> None:
    alice, bob = signer("alice"), signer("bob")
    borrowed = Signer(person="bob", public_key=alice.public_key, credential="01")

    empty.refuses(founding(), because="by two people or more")
    empty.refuses(founding(alice), because="by two people or more")
    empty.refuses(founding(alice, signer("alice", 2)), because="by two people or more")
    empty.refuses(founding(alice, bob, alice), because="by two people or more")
    empty.refuses(founding(alice, borrowed), because="two founders have one key")


# --- Adding


def test_a_signer_is_added_by_two_and_counts_from_there(life: Life, signer: SignerOf) -> None:
    carol = ev.SignerAdded(signer=signer("carol"))
    life.refuses(SITE, by=("bob", "olga"), signed=("bob", "olga"), because="no signer 'olga'")
    life.refuses(carol, signed=("alice",), because="to add a signer takes the signatures of two")

    life.enter(carol)

    assert life.register.signers["carol"] == signer("carol")
    assert terms(life.register)[2:] == [("carol", life.register.size - 1, None)]
    assert [it.signer.person for it in life.register.terms_from_trust()] == ["alice", "bob"]
    life.enter(ev.EnvelopeOpened(envelope="x", why="x", intact=True), signed=("carol",))


@pytest.mark.parametrize(
    ("person", "because"),
    [("zoe", "there is no person 'zoe'"), ("bob", "bob is a signer already")],
)
def test_only_a_person_is_a_signer_and_only_once(
    life: Life, signer: SignerOf, person: str, because: str
) -> None:
    life.refuses(ev.SignerAdded(signer=signer(person, 2)), because=because)


# --- Replacing and revoking


def test_two_others_replace_a_key(four: Life, signer: SignerOf) -> None:
    four.enter(
        ev.SignerReplaced(signer=signer("alice", 2), why="lost"),
        by=("bob", "carol"),
        signed=("bob", "carol"),
    )
    here = four.register.size - 1

    assert four.register.signers["alice"] == signer("alice", 2)
    assert terms(four.register)[0] == ("alice", 0, here)
    assert terms(four.register)[-1] == ("alice", here, None)
    four.enter(SITE)  # her new key counts


def test_two_others_revoke_a_key(four: Life) -> None:
    four.enter(
        ev.SignerRevoked(person="alice", why="left"), by=("bob", "carol"), signed=("bob", "carol")
    )

    assert set(four.register.signers) == {"bob", "carol", "olga"}
    assert terms(four.register)[0] == ("alice", 0, four.register.size - 1)
    assert [until for _, _, until in terms(four.register)[1:]] == [None, None, None]
    four.refuses(SITE, because="no signer 'alice'")


@pytest.mark.parametrize("who", [("alice", "bob"), ("bob", "alice")])
@pytest.mark.parametrize("verb", ["replace", "revoke"])
def test_nobody_vouches_for_what_becomes_of_their_own_key(
    four: Life, signer: SignerOf, verb: str, who: tuple[str, str]
) -> None:
    facts = {
        "replace": ev.SignerReplaced(signer=signer("alice", 2), why="lost"),
        "revoke": ev.SignerRevoked(person="alice", why="lost"),
    }

    error = four.refuses(
        facts[verb],
        by=who,
        signed=who,
        because=f"to {verb} the key of alice takes the signatures of two other signers",
    )

    assert "init --refound" in error.mend
    everybody = (*who, "carol")
    four.enter(facts[verb], by=everybody, signed=everybody)  # beside two others it does no harm


def test_a_signature_of_whom_the_entry_does_not_name_vouches_for_nothing(four: Life) -> None:
    """Or nobody would look at the roles and the validity of the second of the two."""
    four.refuses(
        ev.SignerRevoked(person="alice", why="lost"),
        by=("alice", "bob"),
        signed=("alice", "bob", "carol"),
        because="two other signers",
    )


def test_two_signers_cannot_be_fewer(life: Life, signer: SignerOf) -> None:
    for fact in (
        ev.SignerReplaced(signer=signer("bob", 2), why="broken"),
        ev.SignerRevoked(person="bob", why="left"),
    ):
        error = life.refuses(fact, because="two other signers")
        assert "init --refound" in error.mend


def test_only_a_signer_is_replaced_or_revoked(life: Life, signer: SignerOf) -> None:
    life.refuses(ev.SignerReplaced(signer=signer("carol"), why="lost"), because="no signer 'carol'")
    life.refuses(ev.SignerRevoked(person="carol", why="left"), because="no signer 'carol'")


def test_a_key_once_enrolled_is_never_enrolled_again(four: Life, signer: SignerOf) -> None:
    others = ("bob", "carol", "olga")
    of_alice = Signer(person="alice", public_key=signer("bob").public_key, credential="01")
    same = ev.SignerReplaced(signer=signer("alice"), why="broken")
    borrowed = ev.SignerReplaced(signer=of_alice, why="broken")
    new = ev.SignerReplaced(signer=signer("alice", 2), why="broken")

    for fact in (same, borrowed):
        error = four.refuses(
            fact, by=others, signed=others, because="the key of alice was enrolled before"
        )
        assert error.mend == "Enrol a credential anew."
    four.enter(new, by=others, signed=others)
    four.refuses(same, by=others, signed=others, because="enrolled before")

    four.enter(ev.SignerRevoked(person="alice", why="left"), by=others, signed=others)
    for turn in (1, 2):
        again = ev.SignerAdded(signer=signer("alice", turn))
        four.refuses(again, by=others, signed=others, because="enrolled before")
    four.enter(ev.SignerAdded(signer=signer("alice", 3)), by=others, signed=others)
    ends = [until for person, _, until in terms(four.register) if person == "alice"]
    assert ends[-1] is None
    assert None not in ends[:-1]


# --- Founding again


def refounding(*founders: Signer, size: int = 5) -> ev.LedgerRefounded:
    return ev.LedgerRefounded(founders=founders, nonce="cd" * 32, size=size, root=DIGEST)


def test_founding_again_ends_all_terms_and_leaves_a_finding(life: Life, signer: SignerOf) -> None:
    again = refounding(signer("bob", 2), signer("olga"))

    (finding,) = life.new_findings(again, by=("bob", "olga"), signed=())
    here = life.register.size - 1

    assert (finding.rule, finding.subject, finding.seq) == ("refounded", "ledger", here)
    assert "founding sheet" in finding.mend
    assert life.register.trusted_from == here
    assert terms(life.register) == [
        ("alice", 0, here),
        ("bob", 0, here),
        ("bob", here, None),
        ("olga", here, None),
    ]
    assert life.register.terms_from_trust() == tuple(life.register.terms[2:])
    assert life.register.signers == {"bob": signer("bob", 2), "olga": signer("olga")}
    life.refuses(SITE, because="no signer 'alice'")
    life.enter(SITE, by=("bob", "olga"), signed=("bob", "olga"))


def test_who_founds_again_is_an_officer(life: Life, signer: SignerOf) -> None:
    """Two custodians who are all that is left must be able to add officers."""
    founders = (signer("bob", 2), signer("carol"))
    life.enter(refounding(*founders), by=("bob", "carol"), signed=())

    assert life.register.people["carol"].roles == (Role.CUSTODIAN, Role.OFFICER)
    life.enter(SITE, by=("bob", "carol"), signed=("bob", "carol"))


def test_founding_again_asks_for_as_much_as_founding(life: Life, signer: SignerOf) -> None:
    bob, olga = signer("bob", 2), signer("olga")
    size = life.register.size
    wrong = {
        "by two people or more": refounding(bob),
        "do it themselves": refounding(bob, signer("alice", 2)),
        "bob was enrolled before": refounding(signer("bob"), olga),
        "is ahead of this ledger": refounding(bob, olga, size=size + 1),
    }

    for because, fact in wrong.items():
        by = tuple(founder.person for founder in fact.founders)
        by = ("bob", "olga") if "themselves" in because else by
        life.refuses(fact, by=by, signed=(), because=because)
    life.refuses(refounding(bob, olga), by=("bob",), signed=(), because="do it themselves")
    life.enter(
        ev.CheckpointSigned(size=size, root=DIGEST, signers=("bob",)), by=("bob",), signed=()
    )
    life.refuses(
        refounding(bob, olga, size=size - 1), by=("bob", "olga"), signed=(), because="not the last"
    )
    life.enter(refounding(bob, olga, size=size), by=("bob", "olga"), signed=())


def test_signatures_from_before_do_not_count_after_a_founding_again(
    life: Life, signer: SignerOf
) -> None:
    """Those whom the new founders took the place of vouch for nothing that follows."""
    again = refounding(signer("bob", 2), signer("olga"))
    signatures = tuple(Signature(person=person, armored="") for person in ("alice", "bob"))
    life.enter(ev.ActsSigned(count=2, signatures=signatures), by=("alice", "bob"), signed=())
    life.enter(again, by=("bob", "olga"), signed=())

    life.refuses(SITE, by=("bob", "olga"), signed=(), because="signatures of two people")


def test_the_signature_of_who_was_revoked_does_not_count_for_what_follows(four: Life) -> None:
    everybody = ("alice", "bob", "carol")
    signatures = tuple(Signature(person=person, armored="") for person in everybody)
    revoked = ev.SignerRevoked(person="alice", why="stolen")
    four.enter(ev.ActsSigned(count=2, signatures=signatures), signed=())
    four.enter(revoked, by=everybody, signed=())

    four.refuses(SITE, by=("alice", "bob"), signed=(), because="takes the signatures of two people")


# --- What else is signed


def test_a_checkpoint_is_signed_by_signers_and_covers_what_there_is(life: Life) -> None:
    def checkpoint(size: int, *signers: str) -> ev.CheckpointSigned:
        return ev.CheckpointSigned(size=size, root=DIGEST, signers=signers)

    life.refuses(checkpoint(0, "alice"), because="covers an entry at least")
    life.refuses(checkpoint(3), because="and is signed")
    life.refuses(checkpoint(3, "alice", "olga"), because="no signer 'olga'")
    life.refuses(checkpoint(life.register.size + 1, "bob"), signed=(), because="is ahead of this")
    life.enter(checkpoint(life.register.size, "bob"), signed=())
    first = life.register.size - 1
    life.enter(checkpoint(first, "bob", "alice"), signed=())

    assert life.register.checkpoints == {first: ("alice", "bob")}
    assert life.register.checkpoint_entries == {f"{first}:bob": first, f"{first}:alice": first + 1}


def test_the_stations_identity_is_a_set_like_another(life: Life) -> None:
    def made(name: str, subject: str) -> ev.SetMade:
        return ev.SetMade(set=name, purpose=Purpose.IDENTITY, subject=subject, threshold=1, count=1)

    life.refuses(made("id1", "bg1"), because="an identity is that of the station, not of bg1")
    for name in ("id1", "id2"):
        recipient = ev.RecipientSet(recipient=f"age1{name}", set=name)
        life.enter(made(name, "station"))
        life.refuses(recipient, because=f"set {name} has 0 of 1 envelopes sealed")
        life.enter(
            life.printed(name, 1),
            ev.EnvelopeProven(envelope=f"{name}-1"),
            ev.EnvelopeSealed(envelope=f"{name}-1", bag=f"B-{name}"),
        )
        life.refuses(recipient, signed=("bob",), because="set the station's age recipient takes")
        life.enter(recipient)

    assert life.register.recipient == "age1id2"
    assert life.register.in_force == {"identity:station": "id2"}
    assert life.register.sets["id1"].state is SetState.DEAD
    assert [it.id for it in life.register.sets_of("station", Purpose.IDENTITY)] == ["id1", "id2"]


def test_who_has_no_authority_any_more_cannot_vouch(life: Life, signer: SignerOf) -> None:
    today = life.next_time.date()
    over = ev.PersonChanged(
        person="olga", roles=(Role.OFFICER,), details=DIGEST, until=today - timedelta(days=1)
    )
    life.enter(ev.SignerAdded(signer=signer("olga")), ev.SignerAdded(signer=signer("carol")), over)
    lost = ev.SignerRevoked(person="alice", why="lost")

    for by in (("bob", "olga"), ("alice", "bob", "olga")):
        life.refuses(lost, by=by, signed=by, because="the authority of olga ended")
    life.refuses(
        lost, by=("alice", "bob"), signed=("alice", "bob", "olga"), because="two other signers"
    )
    life.refuses(lost, by=("bob", "carol"), signed=("bob", "carol"), because="fewer than two off")


def test_only_signers_sign(life: Life) -> None:
    signatures = (Signature(person="olga", armored=""),)

    life.refuses(
        ev.ActsSigned(count=1, signatures=signatures), signed=(), because="no signer 'olga'"
    )
