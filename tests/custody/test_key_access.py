"""Who has a key that lies in no safe, and who knows a PIN of which there is no sheet."""

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.holdings import Kind, Way
from keyvault_kit.custody.judging import alone, s35
from keyvault_kit.custody.model import EnvelopeState, Retirement, Use
from keyvault_kit.custody.reach import Reach
from keyvault_kit.custody.survival import Survival
from tests.custody.access import item, people_before
from tests.custody.life import DIGEST, Life
from tests.custody.sample import sample


@pytest.fixture
def whole() -> Life:
    """The sample organisation with everything sealed and deposited."""
    return sample()


def take_out(life: Life, *people: str) -> None:
    """K1 is taken out of its bag, and of its safe."""
    taken = ev.EnvelopeOpened(envelope="K1-key1", why="audit", intact=True)
    life.enter(taken, by=people, signed=())


def pack(life: Life, envelope: str, holds: str, *people: str) -> None:
    key = holds.partition(":")[2]
    life.enter(ev.KeyPacked(envelope=envelope, holds=holds, key=key), by=people, signed=())


def enrol(life: Life, tag: str, account: str, *people: str) -> None:
    """Enrol one more key, which is packed nowhere yet; its PIN lies sealed on the table."""
    key = ev.KeyRegistered(key=tag, account=account, use=Use.BACKUP, product="x", aaguid="y")
    life.enter(key, ev.KeyProven(key=tag, verdict="genuine"), by=("carol",))
    life.seal(f"{tag}-pin1", 1, tag)
    passkey = ev.PasskeyEnrolled(
        key=tag, rp_id="login.microsoft.com", credential="aa", public_key="a0", answer=DIGEST
    )
    life.enter(ev.PinSet(key=tag, set=f"{tag}-pin1"), passkey, by=people)


# --- Out of its bag


def test_a_key_that_was_enrolled_and_not_packed_is_with_those_who_enrolled_it(
    whole: Life,
) -> None:
    enrol(whole, "K9", "bg1", "carol")
    whole.enter(ev.SecretExposed(person="carol", set="K9-pin1", number=1))
    key = item(whole, "K9")
    assert key.now == (Way(frozenset({"carol"}), 1, "had it in hand last"),)
    assert (key.holder, key.counts) == ("carol", False)
    assert alone(holdings_of(whole.register), ever=True) == {"carol": ("bg1",)}
    pack(whole, "K9-key1", "key:K9", "carol", "grace")
    assert item(whole, "K9").now[0].people == {"carol", "grace"}


def test_a_key_in_a_new_bag_is_not_in_the_hands_of_those_who_opened_the_old_one(
    whole: Life,
) -> None:
    take_out(whole, "dave", "erin")
    assert whole.register.bag_of("K1") == whole.register.envelopes["K1-key1"]
    assert Reach(whole.register, "erin").holds("K1-key1")
    pack(whole, "K1-key2", "key:K1", "dave")
    assert whole.register.bag_of("K1") == whole.register.envelopes["K1-key2"]
    assert not Reach(whole.register, "erin").holds("K1-key1")
    assert item(whole, "K1").holder == "dave"


def test_a_correction_of_an_empty_bag_gives_nobody_its_key(whole: Life) -> None:
    take_out(whole, "dave", "erin")
    pack(whole, "K1-key2", "key:K1", "dave")
    empty = ev.EnvelopeCorrected(
        envelope="K1-key1", state=EnvelopeState.OPENED, details=DIGEST, bag="B9"
    )
    whole.enter(empty)
    assert whole.register.envelopes["K1-key1"].hands == ()


def test_a_key_whose_new_bag_was_spoiled_is_in_hand(whole: Life) -> None:
    take_out(whole, "dave", "erin")
    pack(whole, "K1-key2", "key:K1", "carol", "dave")
    spoiled = ev.EnvelopeSpoiled(envelope="K1-key2", why="torn")
    whole.enter(spoiled, by=("dave",), signed=())
    assert item(whole, "K1").holder == "dave"


def test_a_correction_says_in_which_bag_a_key_lies(whole: Life) -> None:
    take_out(whole, "dave", "erin")
    pack(whole, "K1-key2", "key:K1", "dave")
    whole.enter(ev.EnvelopeSpoiled(envelope="K1-key2", why="never used"))
    back = ev.EnvelopeCorrected(
        envelope="K1-key1",
        state=EnvelopeState.DEPOSITED,
        details=DIGEST,
        bag=whole.register.envelopes["K1-key1"].bag,
        safe="hq-keys",
    )
    whole.enter(back)
    assert (item(whole, "K1").safe, item(whole, "K1").counts) == ("hq-keys", True)
    assert whole.register.envelopes["K1-key2"].hands == ()


# --- Missing


def test_who_could_have_taken_a_key_that_proved_to_be_another_may_have_it(whole: Life) -> None:
    take_out(whole, "dave", "erin")
    pack(whole, "K1-evidence1", "evidence:K1", "dave")
    key, openers = item(whole, "K1"), frozenset({"carol", "dave", "ivan"})
    assert (key.now, key.counts) == ((), False)
    assert key.before == (Way(openers, 1, "opened safe hq-keys when it lay there"),)
    assert whole.register.bag_of("K1") is None
    assert "key K1 lies in no safe" in holdings_of(whole.register).remarks


def test_who_could_have_taken_a_lost_key_may_have_it_until_its_passkey_is_gone(
    whole: Life,
) -> None:
    pin = whole.register.keys["K1"].pin_set or ""
    whole.enter(ev.SecretExposed(person="dave", set=pin, number=1))
    left = whole.new_findings(ev.KeyRetired(key="K1", why=Retirement.LOST))
    key = item(whole, "K1")
    assert (key.safe, key.holder, key.now, key.counts) == ("", "", (), False)
    assert people_before(key) == {("carol", "dave", "ivan")}
    its = holdings_of(whole.register)
    assert alone(its, ever=True) == {"dave": ("bg1",)}
    assert any("K1 is lost" in it for it in its.remarks)
    whole.enter(ev.FindingSettled(finding=left[0].seq, subject="K1", details=DIGEST))
    its = holdings_of(whole.register)
    assert "K1" not in {it.id for it in its.items}
    assert not any("K1" in it for it in its.remarks)


def test_a_key_that_was_lost_out_of_its_bag_may_be_with_those_who_took_it_out(
    whole: Life,
) -> None:
    take_out(whole, "dave", "erin")
    whole.enter(ev.KeyRetired(key="K1", why=Retirement.LOST))
    assert ("dave", "erin") in people_before(item(whole, "K1"))


def test_a_lost_key_does_not_hide_that_the_others_lie_together(whole: Life) -> None:
    enrol(whole, "K9", "bg1", "carol")
    whole.enter(ev.KeyRetired(key="K9", why=Retirement.LOST))
    whole.enter(ev.EnvelopeMoved(envelope="K2-key1", safe="hq-keys"))
    its = holdings_of(whole.register)
    found = [it.what for it in s35(its, Survival(its))]
    assert "all keys of bg1 lie in safe hq-keys" in found


def test_who_saw_a_pin_does_not_hide_that_the_pins_lie_together(whole: Life) -> None:
    pins = [whole.register.keys[key].pin_set or "" for key in ("K1", "K2")]
    whole.enter(ev.EnvelopeMoved(envelope=f"{pins[1]}-1", safe="hq-pins"))
    whole.enter(ev.SecretExposed(person="erin", set=pins[0]))
    its = holdings_of(whole.register)
    found = [it.what for it in s35(its, Survival(its))]
    assert "all PINs of bg1 lie in safe hq-pins" in found


# --- A PIN of which there is no sheet


def test_who_gave_a_key_another_pin_knows_it_until_it_gets_one_of_record(whole: Life) -> None:
    whole.enter(ev.PinChanged(key="K1"), by=("carol",), signed=())
    pin = item(whole, "seen:K1:pin")
    assert (pin.kind, pin.keys, pin.now, pin.counts) == (Kind.PIN, ("K1",), (), False)
    assert alone(holdings_of(whole.register), ever=True) == {"carol": ("bg1",)}
    assert alone(holdings_of(whole.register), ever=False) == {}
    whole.seal("K1-pin9", 1, "K1").enter(ev.PinSet(key="K1", set="K1-pin9"), by=("carol",))
    assert alone(holdings_of(whole.register), ever=True) == {}


def test_a_reset_takes_a_pin_that_nobody_recorded_with_it(whole: Life) -> None:
    whole.enter(ev.PinChanged(key="K1"), by=("carol",), signed=())
    known = whole.register.keys["K1"].unrecorded
    assert known is not None
    assert (known.by, known.since) == (("carol",), whole.register.time)
    whole.enter(ev.KeyReset(key="K1", why="found"), by=("carol",), signed=())
    assert whole.register.keys["K1"].unrecorded is None
