"""Secret sheets: one lies open at a time, and every page is counted before a ceremony closes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import PageCount
from keyvault_kit.custody.model import EnvelopeState, Form, PaperSize, Purpose
from keyvault_kit.errors import RefusedError

if TYPE_CHECKING:
    from tests.custody.life import Life

DIGEST = "ab" * 32


def made(
    threshold: int = 2, count: int = 2, form: Form | None = None, length: int | None = None
) -> ev.SetMade:
    return ev.SetMade(
        set="S",
        purpose=Purpose.PASSWORD,
        subject="bg1",
        threshold=threshold,
        count=count,
        form=form,
        length=length,
    )


def printed(number: int, again: str = "") -> ev.EnvelopePrinted:
    return ev.EnvelopePrinted(
        envelope=f"S-{number}{again}",
        holds=f"share:bg1:{number}",
        set="S",
        number=number,
        proof=DIGEST,
        ceremony="seal",
    )


def proven(number: int) -> ev.EnvelopeProven:
    return ev.EnvelopeProven(envelope=f"S-{number}")


def bagged(number: int, bag: str = "") -> ev.EnvelopeBagged:
    return ev.EnvelopeBagged(envelope=f"S-{number}", bag=bag or f"B{number}")


def sealed(number: int, bag: str = "") -> ev.EnvelopeSealed:
    return ev.EnvelopeSealed(envelope=f"S-{number}", bag=bag or f"B{number}")


def counted(printed: int, sealed: int, spoiled: int = 0, destroyed: int = 0) -> ev.PagesCounted:
    return ev.PagesCounted(
        ceremony="seal", printed=printed, sealed=sealed, spoiled=spoiled, destroyed=destroyed
    )


def state_of(life: Life) -> EnvelopeState:
    """How the envelope of sheet 1 is."""
    return life.register.envelopes["S-1"].state


CLOSED = ev.CeremonyClosed(ceremony="seal")


@pytest.fixture
def begun(living: Life) -> Life:
    """A ceremony that seals a set of two shares has begun."""
    started = ev.CeremonyStarted(ceremony="seal", plan="seal", people=("alice",), request={})
    return living.enter(started, made())


@pytest.fixture
def both_sealed(begun: Life) -> Life:
    begun.enter(printed(1), proven(1), bagged(1), printed(2), proven(2), bagged(2))
    return begun.enter(sealed(1), sealed(2))


# --- The handover gate


@pytest.mark.parametrize("done", [(), (proven(1),)], ids=["printed", "proven"])
def test_no_second_sheet_is_printed_while_one_lies_open(
    begun: Life, done: tuple[ev.Fact, ...]
) -> None:
    begun.enter(printed(1), *done)

    begun.refuses(printed(2), because="sheet 1 of set S is not in its bag yet")

    begun.enter(*[proven(1)][len(done) :], bagged(1), printed(2))
    assert begun.register.envelopes["S-2"].state is EnvelopeState.PRINTED


def test_a_spoiled_sheet_lies_open_no_more(begun: Life) -> None:
    begun.enter(printed(1), ev.EnvelopeSpoiled(envelope="S-1", why="jam"), printed(2))

    assert [it.id for it in begun.register.live_envelopes("S")] == ["S-2"]


def test_a_bag_holds_a_proven_sheet_and_counts_as_sealed_when_two_signed(begun: Life) -> None:
    begun.enter(printed(1))
    begun.refuses(bagged(1), because="S-1 is printed")

    begun.enter(proven(1)).enter(bagged(1), by=("carol",), signed=())
    assert state_of(begun) is EnvelopeState.PROVEN
    begun.refuses(sealed(1), by=("alice",), signed=(), because="signatures of two")

    begun.enter(sealed(1))
    assert state_of(begun) is EnvelopeState.SEALED


def test_the_bag_that_is_signed_for_is_the_one_that_was_read(begun: Life) -> None:
    begun.enter(printed(1), proven(1), bagged(1))

    begun.refuses(sealed(1, bag="B9"), because="lies in bag B1, not in B9")
    begun.refuses(bagged(1, bag="B9"), because="lies in bag B1 already")


def test_a_bag_is_used_once(begun: Life) -> None:
    begun.enter(printed(1), proven(1), bagged(1), printed(2), proven(2))

    begun.refuses(bagged(2, bag="B1"), because="bag B1 was used for envelope S-1")


# --- The count of pages


def test_a_ceremony_closes_when_its_pages_are_counted(both_sealed: Life) -> None:
    both_sealed.refuses(CLOSED, because="2 secret sheets of ceremony seal were not counted")

    both_sealed.enter(counted(2, 2), CLOSED)

    record = both_sealed.register.ceremonies["seal"]
    assert record.closed
    assert record.pages == PageCount(printed=2, sealed=2, spoiled=0, destroyed=0)


@pytest.mark.parametrize(
    ("count", "because"),
    [
        (counted(3, 2), "3 pages were printed, and 1 less were sealed, spoiled or destroyed"),
        (counted(2, 2, 1), "2 pages were printed, and 1 more were sealed"),
        (counted(1, 1), "has 2 sheets sealed, 0 spoiled and 0 destroyed, and 1, 0 and 0"),
        (counted(2, 1, 1), "has 2 sheets sealed"),
        (counted(3, 3), "has 2 sheets sealed"),
        (counted(0, 0), "has 2 sheets sealed"),
    ],
)
def test_pages_that_do_not_add_up_are_refused(
    both_sealed: Life, count: ev.PagesCounted, because: str
) -> None:
    both_sealed.refuses(count, because=because)


def test_misprints_that_the_ledger_never_knew_of_are_counted_as_spoiled(both_sealed: Life) -> None:
    both_sealed.enter(counted(4, 2, 1, 1), CLOSED)

    assert both_sealed.register.ceremonies["seal"].closed


def test_a_sheet_that_the_ledger_has_as_spoiled_is_counted_as_one(begun: Life) -> None:
    begun.enter(printed(1), ev.EnvelopeSpoiled(envelope="S-1", why="jam"))

    begun.refuses(counted(1, 1), because="0 sheets sealed, 1 spoiled")
    begun.enter(counted(1, 0, 1), CLOSED)


def test_nothing_is_counted_while_a_sheet_lies_about(begun: Life) -> None:
    begun.enter(printed(1), proven(1), bagged(1))

    begun.refuses(counted(1, 1), because="S-1 are neither sealed nor spoiled yet")


def test_what_is_printed_after_the_count_is_counted_again(both_sealed: Life) -> None:
    both_sealed.enter(counted(2, 2), ev.EnvelopeSpoiled(envelope="S-2", why="torn"))
    both_sealed.enter(printed(2, again="b"))

    both_sealed.refuses(CLOSED, because="were not counted")


def test_nothing_is_printed_in_a_ceremony_that_is_closed(begun: Life) -> None:
    begun.enter(CLOSED)

    begun.refuses(printed(1), because="ceremony seal is closed")
    begun.refuses(counted(0, 0), because="ceremony seal is closed")


def test_a_ceremony_without_secret_sheets_needs_no_count(begun: Life) -> None:
    begun.enter(CLOSED)

    assert begun.register.ceremonies["seal"].pages is None


# --- Forms and lengths


@pytest.mark.parametrize(
    ("threshold", "count", "form", "meant"),
    [
        (1, 1, None, Form.WHOLE),
        (2, 3, None, Form.SHARES),
        (2, 2, Form.PARTS, Form.PARTS),
        (3, 3, Form.PARTS, Form.PARTS),
        (16, 16, Form.SHARES, Form.SHARES),
    ],
)
def test_the_form_of_a_set_follows_where_it_is_not_said(
    living: Life, threshold: int, count: int, form: Form | None, meant: Form
) -> None:
    living.enter(made(threshold, count, form))

    assert living.register.sets["S"].form is meant


@pytest.mark.parametrize(
    ("threshold", "count", "form"),
    [
        (2, 3, Form.PARTS),
        (4, 4, Form.PARTS),
        (1, 1, Form.PARTS),
        (2, 2, Form.WHOLE),
        (1, 1, Form.SHARES),
        (1, 2, None),
    ],
)
def test_a_set_that_cannot_be_is_refused(
    living: Life, threshold: int, count: int, form: Form | None
) -> None:
    living.refuses(made(threshold, count, form), because=f"cannot be .*, {threshold} of {count}")


def test_a_password_below_forty_characters_takes_a_decision(living: Life) -> None:
    living.refuses(made(length=39), because="39 characters is shorter than 40")
    living.enter(made(length=40))


def test_the_decision_on_c3_says_how_short_a_password_may_be(living: Life) -> None:
    review = date(2027, 1, 1)
    living.enter(ev.DecisionMade(decision="C3", choice="30", review=review, details=DIGEST))

    living.refuses(made(length=29), because="29 characters is shorter than 30")
    living.enter(made(length=30))


# --- Sets of ceremonies


def test_a_set_is_that_of_the_ceremony_that_made_it(begun: Life) -> None:
    own = ev.SetMade(
        set="own", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2, ceremony="seal"
    )
    planted = ev.SetMade(
        set="planted", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2
    )

    begun.enter(own, planted)

    assert begun.register.set_being_made("bg1", Purpose.PASSWORD).id == "own"
    with pytest.raises(RefusedError, match="no pin of K1 was made in a ceremony"):
        begun.register.set_being_made("K1", Purpose.PIN)


def test_a_set_is_made_in_a_ceremony_that_goes_on(begun: Life) -> None:
    begun.enter(CLOSED)

    begun.refuses(
        ev.SetMade(
            set="late",
            purpose=Purpose.PASSWORD,
            subject="bg1",
            threshold=2,
            count=2,
            ceremony="seal",
        ),
        because="ceremony seal is closed",
    )


@pytest.mark.parametrize(
    "fact",
    [
        ev.SiteAdded(site="s" * 31, paper=PaperSize.A4),
        ev.AccountAdded(account="a" * 31, upn="a@x.test"),
    ],
)
def test_ids_from_which_others_are_made_are_short(living: Life, fact: ev.Fact) -> None:
    living.refuses(fact, because="has 31 characters, more than 30")
