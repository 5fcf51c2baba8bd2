"""A key and its PIN lie apart: where they would not, that is refused by name (S36, S38)."""

from datetime import UTC, date, datetime

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.placing.apart import check_apart
from keyvault_kit.errors import RefusedError
from tests.custody.life import Life
from tests.custody.sample import Change, safe_changed, sample, with_opener

BEFORE = datetime(2026, 12, 31, tzinfo=UTC)
AFTER = datetime(2027, 1, 2, tzinfo=UTC)
ALLOWED = ev.DecisionMade(
    decision="C6", choice="with-key", review=date(2027, 1, 1), details="ab" * 32
)


def opened_by_carol(need: int = 1) -> Life:
    """The sample, where carol opens the safe of the keys and that of the PINs."""
    both: Change = with_opener("hq-pins", "carol")
    return sample(lambda it: safe_changed("hq-pins", need=need)(both(it)))


def test_the_sample_keeps_its_keys_and_pins_apart() -> None:
    check_apart(sample().register, "K1", "hq-keys", "hq-pins", BEFORE)


def test_one_safe_for_both_is_refused() -> None:
    with pytest.raises(RefusedError, match="K1 and its PIN would both lie in safe hq-pins") as it:
        check_apart(sample().register, "K1", "hq-pins", "hq-pins", BEFORE)

    assert "decide make C6 with-key" in (it.value.mend or "")


def test_two_safes_that_one_person_opens_alone_are_refused() -> None:
    told = r"carol alone would come to key K1 \(safe hq-keys\) and to its PIN \(safe hq-pins\)"

    with pytest.raises(RefusedError, match=told):
        check_apart(opened_by_carol().register, "K1", "hq-keys", "hq-pins", BEFORE)

    check_apart(opened_by_carol(need=2).register, "K1", "hq-keys", "hq-pins", BEFORE)


def test_two_officers_may_decide_otherwise_until_the_day_of_review() -> None:
    life = opened_by_carol()
    life.enter(ALLOWED)

    check_apart(life.register, "K1", "hq-pins", "hq-pins", BEFORE)
    check_apart(life.register, "K1", "hq-keys", "hq-pins", BEFORE)

    with pytest.raises(RefusedError, match="both lie in safe hq-pins"):
        check_apart(life.register, "K1", "hq-pins", "hq-pins", AFTER)
