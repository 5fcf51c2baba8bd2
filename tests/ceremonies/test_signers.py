"""Signers: added, replaced and revoked by two others; what a lost key signed, and what it signs."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.book import Book, Signing
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import checkpoint, signers
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize, Signer
from keyvault_kit.errors import DeviceError, LedgerError, RefusedError
from keyvault_kit.ledger.sshsig import PublicKey
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.ledger.verify import Report, verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


def request(desk: "Desk", by: tuple[str, ...], **fields: tuple[str, ...] | str) -> signers.Request:
    return signers.Request(signers=by, number=len(desk.register.ceremonies), **fields)  # type: ignore[arg-type]


def sign_checkpoint(desk: "Desk", *people: str) -> int:
    """Have these people sign the checkpoint of all entries; its size."""
    size = desk.register.size
    it = checkpoint.Request(signers=people, paper=PaperSize.A4, number=size, size=size)
    desk.run(checkpoint.ceremony(it))
    return size


def trust_of(desk: "Desk") -> Trust:
    """The founding sheet."""
    founders = {term.signer.person: term.signer for term in desk.register.terms_from_trust()}
    return Trust.of(desk.ledger.register_id, 0, founders)


def lose(desk: "Desk", person: str) -> Signer:
    """Somebody's key is lost: from now on they plug in another one. The lost key's signer."""
    desk.bench.add(f"second-{person}", "five")
    desk.bench.unplug_personal()
    desk.bench.put_in_place_of(f"personal-{person}", f"second-{person}")
    return desk.register.signers[person]


def find(desk: "Desk", person: str) -> None:
    """Somebody else has found the lost key, and the PIN that was written on it."""
    desk.bench.unplug_personal()
    desk.bench._in_place_of.pop(f"personal-{person}")


def fingerprints(desk: "Desk") -> dict[str, str]:
    its = desk.register.signers.values()
    return {it.person: PublicKey.parse(it.public_key).fingerprint() for it in its}


def check(desk: "Desk") -> Report:
    """Verify the whole ledger against its founding sheet."""
    report = verify(desk.ledger, trust=trust_of(desk))
    assert report.trusted
    return report


# --- Add


def test_two_signers_add_a_third_who_then_signs(desk: "Desk") -> None:
    trust = trust_of(desk)
    register = desk.enrol("carol")

    assert set(register.signers) == {"alice", "bob", "carol"}
    (added,) = [it for it in desk.entries() if isinstance(it.fact, ev.SignerAdded)]
    assert added.by == ("alice", "bob")
    assert trust_of(desk) == trust
    size = sign_checkpoint(desk, "carol", "bob")
    report = check(desk)
    assert report.signed == {size: ("bob", "carol")}
    assert report.signers == fingerprints(desk)


def test_several_are_added_at_once(desk: "Desk") -> None:
    register = desk.enrol("carol", "erin")

    assert set(register.signers) == {"alice", "bob", "carol", "erin"}
    assert len({it.public_key for it in register.signers.values()}) == 4
    check(desk)


def test_whoever_was_added_vouches_for_the_next(desk: "Desk") -> None:
    desk.enrol("carol")
    desk.enrol("erin", by=("alice", "carol"))

    assert "erin" in desk.register.signers
    check(desk)


def test_a_key_that_is_another_signers_is_refused(desk: "Desk") -> None:
    desk.people.plugs, desk.people.pins = ["bob"], [desk.pin("bob")]

    with pytest.raises(DeviceError, match="it already holds a credential"):
        desk.enrol("carol")
    assert set(desk.register.signers) == {"alice", "bob"}
    check(desk)


def test_a_new_pin_that_was_typed_two_ways_is_chosen_again(desk: "Desk") -> None:
    desk.people.pins = ["27182818", "27182819"]
    desk.people.says[Topic.RETRY] = [True]

    desk.enrol("carol")

    (asked,) = desk.people.texts(Topic.RETRY)
    assert "carol typed two different PINs" in asked
    assert "2718" not in asked
    sign_checkpoint(desk, "carol", "bob")  # with the PIN that was typed twice the same
    check(desk)


def test_nobody_outside_of_the_register_becomes_a_signer(desk: "Desk") -> None:
    with pytest.raises(RefusedError, match="there is no person mallory"):
        desk.enrol("mallory")

    assert set(desk.register.signers) == {"alice", "bob"}
    check(desk)


def test_whoever_is_no_signer_vouches_for_nobody(desk: "Desk") -> None:
    size = desk.register.size
    with pytest.raises(RefusedError, match="carol has no signing key on record"):
        desk.run(signers.ceremony(request(desk, ("alice", "carol"), revoke=("bob",))))

    assert desk.register.size == size


def test_an_enrolment_that_was_lost_in_a_crash_is_made_anew(desk: "Desk") -> None:
    it = signers.ceremony(request(desk, ("alice", "bob"), enrol=("carol",)))

    def stop(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("enter", "begins"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.run(it, stop)
    assert "carol" not in desk.register.signers

    register = desk.run(it)

    assert "carol" in register.signers
    (back,) = register.ceremonies[it.id].returns
    assert (back.to, back.why) == ("enrol-carol", "what step enter needs was lost: signer-carol")
    check(desk)


# --- Replace


def test_a_lost_key_is_replaced_by_two_others_and_what_it_had_signed_stays(desk: "Desk") -> None:
    desk.enrol("carol")
    size = sign_checkpoint(desk, "alice", "bob")
    old = lose(desk, "alice")

    register = desk.run(
        signers.ceremony(request(desk, ("bob", "carol"), enrol=("alice",), why="lost"))
    )

    new = register.signers["alice"]
    assert new.public_key != old.public_key
    (replaced,) = [it for it in desk.entries() if isinstance(it.fact, ev.SignerReplaced)]
    assert replaced.fact == ev.SignerReplaced(signer=new, why="lost")
    assert replaced.by == ("bob", "carol")
    assert [term.until for term in register.terms if term.signer == old] == [replaced.seq]
    assert check(desk).signed == {size: ("alice", "bob")}

    later = sign_checkpoint(desk, "alice", "carol")
    assert check(desk).signed == {size: ("alice", "bob"), later: ("alice", "carol")}


def test_what_a_replaced_key_signs_later_does_not_count(desk: "Desk") -> None:
    desk.enrol("carol")
    old = lose(desk, "alice")
    desk.run(signers.ceremony(request(desk, ("bob", "carol"), enrol=("alice",), why="stolen")))
    find(desk, "alice")
    size, by = desk.register.size, ("alice", "bob")

    with pytest.raises(DeviceError, match="holds none of these credentials"):
        sign_checkpoint(desk, *by)
    thief = work_of_a_thief(desk, old)

    def sign(person: str, message: bytes) -> str:
        return signing.sign_act(thief if person == "alice" else desk.work(*by), person, message)

    fact = ev.SiteAdded(site="annexe", paper=PaperSize.A4)
    with pytest.raises(LedgerError, match="the signature of alice does not hold"):
        desk.book.record([fact], by, signing=Signing(by, sign))
    assert desk.kinds(size) == [ev.ClockChecked]
    check(desk)


def work_of_a_thief(desk: "Desk", signer: Signer) -> Work:
    """The thief of a signer's key has a copy of the ledger in which that key still counts."""
    copy = Book(desk.ledger, desk.time.at_the_workstation)
    copy.register.signers[signer.person] = signer
    station = dataclasses.replace(desk.station, book=copy)
    return dataclasses.replace(desk.work(signer.person), station=station)


def test_the_lost_key_does_not_vouch_for_its_own_end(desk: "Desk") -> None:
    desk.enrol("carol")
    before = desk.register.signers

    with pytest.raises(RefusedError, match="the signatures of two other signers"):
        desk.run(signers.ceremony(request(desk, ("alice", "carol"), enrol=("alice",))))

    assert desk.register.signers == before
    check(desk)


# --- Revoke


def test_a_revoked_key_counts_for_what_it_had_signed_alone(desk: "Desk") -> None:
    desk.enrol("carol")
    earlier = sign_checkpoint(desk, "carol", "bob")
    old = desk.register.signers["carol"]

    register = desk.run(
        signers.ceremony(request(desk, ("alice", "bob"), revoke=("carol",), why="stolen"))
    )

    assert set(register.signers) == {"alice", "bob"}
    thief = work_of_a_thief(desk, old)
    for size in (register.size, earlier - 1):  # what is new, and what is old and was never signed
        desk.ledger.add_signature(size, "carol", signing.sign_checkpoint(thief, "carol", size))
    report = check(desk)
    assert report.signed == {earlier: ("bob", "carol"), register.size: (), earlier - 1: ()}
    assert report.uncovered == register.size - earlier


def test_a_revoked_signer_signs_no_act(desk: "Desk") -> None:
    desk.enrol("carol")
    desk.run(signers.ceremony(request(desk, ("alice", "bob"), revoke=("carol",), why="left")))

    with pytest.raises(RefusedError, match="carol has no signing key on record"):
        desk.enrol("erin", by=("alice", "carol"))
    desk.enrol("carol")  # and comes back with a credential of its own
    assert "carol" in desk.register.signers
    check(desk)


# --- Two alone


@pytest.mark.parametrize(
    ("change", "verb"),
    [
        (lambda desk: request(desk, ("alice", "bob"), revoke=("alice",), why="lost"), "revoke"),
        (lambda desk: request(desk, ("alice", "bob"), enrol=("alice",), why="lost"), "replace"),
    ],
)
def test_two_signers_alone_are_told_the_way_out(
    change: Callable[["Desk"], signers.Request], verb: str, desk: "Desk"
) -> None:
    before = desk.register.signers

    with pytest.raises(RefusedError, match=f"to {verb} the key of alice takes the") as caught:
        desk.run(signers.ceremony(change(desk)))

    assert "init --refound" in caught.value.mend
    assert desk.register.signers == before
    assert len(desk.people.texts(Topic.TOUCH)) <= 1  # of an enrolment; nobody has signed
    check(desk)
