"""Nobody gets a second share in the middle of a ceremony, or by what another site proposes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import proposing
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import change, seal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode, encode_proposed
from keyvault_kit.custody.model import EnvelopeState, Purpose
from keyvault_kit.custody.proposals import Proposal
from keyvault_kit.errors import RefusedError
from tests.ceremonies.sealing import OFFICERS, request, sealing
from tests.custody.life import DIGEST, TWO
from tests.custody.sample import sample

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.proposing import Admitted
    from tests.ceremonies.conftest import Desk
    from tests.custody.life import Life

DECIDED = ev.DecisionMade(
    decision="second-share", choice="allowed", review=date(2099, 1, 1), details=DIGEST
)


# --- Deposits


def entered(desk: Desk, fact: ev.Fact) -> None:
    """Two officers enter a fact, past everything that looks at it before."""
    desk.run(change.ceremony(desk.register, "Change it", OFFICERS, lambda _: [fact]))


def test_a_safe_that_got_a_new_opener_meanwhile_takes_no_second_share_of_theirs(
    desk: Desk,
) -> None:
    desk.people.says[Topic.DEPOSIT] = [True, False]
    with pytest.raises(RefusedError, match="does not lie in safe vault-1 yet"):
        sealing(desk, request())
    entered(desk, ev.SafeChanged(safe="vault-1", openers=("bob", "alice"), need=1))
    asked = len(desk.people.texts(Topic.DEPOSIT))

    with pytest.raises(RefusedError, match="alice alone opens safe vault-1") as caught:
        desk.run(seal.next_ceremony(desk.register, request()))

    assert "decide make second-share" in caught.value.mend
    assert len(desk.people.texts(Topic.DEPOSIT)) == asked
    (its,) = desk.register.sets_of("bg1", Purpose.PASSWORD)
    states = [it.state for it in desk.register.live_envelopes(its.id)]
    assert states == [EnvelopeState.DEPOSITED, EnvelopeState.SEALED]


# --- Proposals


def proposed(life: Life, *facts: ev.AnyFact) -> Admitted:
    """What becomes of a proposal of alice and bob."""
    entries = tuple(encode_proposed(TWO, life.next_time, fact) for fact in facts)
    proposal = Proposal(register=DIGEST, size=1, root=DIGEST, nonce=DIGEST, entries=entries)
    now = life.next_time
    return proposing.admitted(
        life.register, proposal, dict.fromkeys(TWO, ""), by=("alice",), now=now
    )


def safe_changed(safe: str, *openers: str) -> ev.SafeChanged:
    return ev.SafeChanged(safe=safe, openers=openers, need=1)


def moved(sheet: str, safe: str) -> ev.EnvelopeMoved:
    return ev.EnvelopeMoved(envelope=sheet, safe=safe)


def test_a_proposal_that_would_give_a_second_share_is_refused_by_name() -> None:
    life = sample()
    alone = life.register.safes["hq-shares"].openers[0]

    with pytest.raises(RefusedError, match=f"its entry 0 is refused: {alone} alone opens"):
        proposed(life, safe_changed("branch-shares", alone))
    with pytest.raises(RefusedError, match=f"its entry 1 is refused: {alone} alone opens"):
        proposed(life, ev.OrganisationNamed(name="Example"), moved("bg1-pw2-2", "hq-shares"))


def test_what_two_have_decided_is_proposed() -> None:
    life = sample().enter(DECIDED)

    admitted = proposed(life, moved("bg1-pw2-2", "hq-shares"))

    assert admitted.after.envelopes["bg1-pw2-2"].safe == "hq-shares"
    assert admitted.found == ()


def test_each_entry_of_a_proposal_is_judged_by_those_before_it() -> None:
    life = sample()
    alone = life.register.safes["hq-shares"].openers[0]
    new = ev.SafeAdded(safe="new", site="hq", openers=(alone,), need=1)

    with pytest.raises(RefusedError, match=f"its entry 1 is refused: {alone} alone opens safe new"):
        proposed(life, new, moved("bg1-pw2-2", "new"))


def test_a_correction_that_is_proposed_is_taken_with_its_findings() -> None:
    life = sample()
    corrected = ev.EnvelopeCorrected(
        envelope="bg1-pw2-2",
        state=EnvelopeState.DEPOSITED,
        bag=life.register.envelopes["bg1-pw2-2"].bag,
        safe="hq-shares",
        details=DIGEST,
    )

    admitted = proposed(life, corrected)

    assert admitted.after.envelopes["bg1-pw2-2"].safe == "hq-shares"
    people = [it.what.partition(" ")[0] for it in admitted.found]
    assert people == sorted(life.register.safes["hq-shares"].openers)
    told = [it.what for it in admitted.after.open_findings()]
    assert told == [it.what for it in admitted.found]
    entries = [decode(body) for body in admitted.bodies]
    assert [it.by for it in entries[-len(people) :]] == [("alice",)] * len(people)
