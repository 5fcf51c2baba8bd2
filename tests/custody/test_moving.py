"""What a move does to custody: what would be new is told, and the register stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.custody.moving import Moved, after_move, told_of

if TYPE_CHECKING:
    from tests.custody.life import Life


def both_deposited(living: Life) -> Life:
    """The living ledger with its sheets at two sites, and an empty safe at either."""
    return living.enter(
        ev.SiteAdded(site="vault", paper=PaperSize.A4),
        ev.SafeAdded(safe="vault-1", site="vault", openers=("olga",), need=1),
        ev.SafeAdded(safe="vault-2", site="vault", openers=("olga",), need=1),
        ev.EnvelopeDeposited(envelope="P1-2", safe="vault-1"),
    )


def told(life: Life, it: Moved) -> str:
    return "\n".join(told_of(life.register, it, life.next_time.date()))


def test_everything_at_one_site_is_told(living: Life) -> None:
    both_deposited(living)

    assert "everything lies at site hq" in told(living, Moved(to="hq-2", envelopes=("P1-2",)))
    assert "everything lies at site hq" in told(living, Moved(to="hq", safe="vault-1"))


def test_what_was_wrong_before_is_not_told_again(living: Life) -> None:
    both_deposited(living)

    assert told(living, Moved(to="vault-2", envelopes=("P1-2",))) == ""


def test_the_register_is_as_it_was(living: Life) -> None:
    both_deposited(living)
    before = living.register.copy()

    after = after_move(living.register, Moved(to="hq-2", envelopes=("P1-2",)))

    assert living.register == before
    assert after.envelopes["P1-2"].safe == "hq-2"
    assert [it.safe for it in after.stays["P1-2"]] == ["vault-1", "hq-2"]
    assert after.stays["P1-2"][0].until == before.time


def test_a_safe_takes_along_what_lies_in_it(living: Life) -> None:
    both_deposited(living)

    after = after_move(living.register, Moved(to="vault", safe="hq-1"))

    assert after.safes["hq-1"].site == "vault"
    assert after.envelopes == living.register.envelopes
