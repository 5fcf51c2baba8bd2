"""A new PIN for a key in service: sealed first, then put on the key; no crash loses both."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from keyvault_kit.ceremonies import engine, key_work
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.plans import pin
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, InputError, RefusedError
from keyvault_kit.keys import pin as keys_pin
from keyvault_kit.keys.pin import WrongPinError
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.codes import SheetCode
from keyvault_kit.sheets.scan import read_codes
from tests.ceremonies.conftest import People
from tests.ceremonies.sealing import text_on
from tests.ceremonies.test_pulled_out import Cable

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

TYPED: Final = "40718295"
WHOLE: Final = 10**6
"""Packets of a cable that does not break."""


class KilledError(Exception):
    pass


def request(key: str = "K1") -> pin.Request:
    return pin.Request(
        key=key,
        custodian="carol",
        witness="alice",
        pin_people=("alice", "bob"),
        key_safe="hq-2",
        pin_safe="hq-1",
    )


@pytest.fixture
def first(desk: Desk) -> Desk:
    """K1 is registered, and has no PIN; carol signs."""
    desk.enrol("carol")
    desk.register_key("K1")
    desk.people.bags = lambda envelope: desk.register.envelopes[envelope].bag or ""
    return desk


@pytest.fixture
def keyed(first: Desk) -> Desk:
    """K1 has a PIN on paper; key and mailer lie in their safes."""
    change(first)
    return first


def change(desk: Desk, watch: Watcher = engine.nobody) -> Register:
    return desk.run(pin.next_ceremony(desk.register, request()), watch)


def known(desk: Desk, *typed: str) -> None:
    """Set the PIN of K1 by hand, so that it is on no paper; what is typed of it after that."""
    desk.people.pins = [TYPED, TYPED]
    key_work.set_pin(desk.at("K1"), PinPolicy())
    types(desk, *typed)


def types(desk: Desk, *typed: str) -> None:
    """What people type as the PIN of K1 from now on; their own PINs they know."""
    rest, own = list(typed), People.ask_pin

    def ask(prompt: Prompt) -> Secret:
        if prompt.subject != "K1":
            return own(desk.people, prompt)
        desk.people.asked.append(prompt)
        return Secret.from_text(rest.pop(0))

    desk.people.ask_pin = ask  # type: ignore[method-assign]


def kill_at(step: str, moment: str) -> Watcher:
    def kill(_: str, now: str, at: str) -> None:
        if (now, at) == (step, moment):
            raise KilledError

    return kill


def on_paper(desk: Desk) -> str:
    """The PIN on the mailer that is in force."""
    (mailer,) = desk.register.live_envelopes(desk.register.keys["K1"].pin_set or "")
    return printed(desk, mailer.id)


def has(desk: Desk, text: str) -> bool:
    """Whether that is the PIN that K1 has."""
    return desk.state_of("K1").pin_hash == hashlib.sha256(text.encode()).digest()[:16]


def sets(desk: Desk) -> list[SetState]:
    return [it.state for it in desk.register.sets_of("K1", Purpose.PIN)]


def whole(desk: Desk) -> bool:
    """Whether the PIN on paper is that of the key, and key and mailer lie in their safes."""
    register = desk.register
    (mailer,) = register.live_envelopes(register.keys["K1"].pin_set or "")
    bag = register.bag_of("K1")
    places = [(it.state, it.safe) for it in (mailer, bag) if it]
    lie = [(EnvelopeState.DEPOSITED, "hq-1"), (EnvelopeState.DEPOSITED, "hq-2")]
    return places == lie and has(desk, on_paper(desk))


# --- From one PIN to the next


def test_a_key_without_a_pin_gets_one_on_paper_first(first: Desk) -> None:
    change(first)

    assert sets(first) == [SetState.IN_FORCE]
    assert whole(first)
    assert first.register.open_findings() == ()
    kinds = first.kinds()
    assert kinds.index(ev.EnvelopeSealed) < kinds.index(ev.PinSet)


def test_the_old_mailer_is_read_and_destroyed_with_a_certificate(keyed: Desk) -> None:
    old = on_paper(keyed)

    change(keyed)

    assert sets(keyed) == [SetState.DEAD, SetState.IN_FORCE]
    assert whole(keyed)
    assert on_paper(keyed) != old
    assert keyed.register.envelopes["K1-pin1-1"].state is EnvelopeState.DESTROYED
    text = text_on(keyed.folder / "sheets" / "certificate-pin-K1-2.pdf")
    assert "K1-pin1-1 PIN of key K1" in text
    assert "1 sheet destroyed, 0 not" in text
    assert keyed.register.open_findings() == ()
    assert keyed.state_of("K1").pin_retries == 8


def test_the_custodian_sees_no_pin(keyed: Desk) -> None:
    change(keyed)

    assert "carol" not in {it.person for it in keyed.register.exposures}
    asked = [it for it in keyed.people.asked if it.topic is Topic.KEY_PIN and it.person == "carol"]
    assert asked == []


def test_a_pin_that_is_on_no_paper_is_typed_by_who_knows_it(first: Desk) -> None:
    known(first, TYPED)

    change(first)

    (asked,) = [it for it in first.people.asked if it.text.startswith("carol: type the PIN")]
    assert asked.person == "carol"
    assert whole(first)
    assert first.register.keys["K1"].unrecorded is None


def test_a_wrong_old_pin_is_entered_and_costs_one_attempt(first: Desk) -> None:
    known(first, "83940261", TYPED)
    first.people.says[Topic.RETRY] = [True]

    change(first)

    wrong = [
        it.fact
        for it in first.entries()
        if it.fact == ev.PinChecked(key="K1", right=False, retries=7)
    ]
    assert len(wrong) == 1
    assert whole(first)
    assert first.state_of("K1").pin_retries == 8


def test_a_third_wrong_pin_in_a_row_is_not_sent(first: Desk) -> None:
    known(first, *["83940261"] * 3)
    first.people.says[Topic.RETRY] = [True, True]

    with pytest.raises(RefusedError, match="a third wrong PIN in a row is not sent"):
        change(first)

    assert first.state_of("K1").pin_retries == 6
    assert has(first, TYPED)


def test_nothing_is_sent_to_a_stranger(keyed: Desk) -> None:
    keyed.bench.add("stranger", "five", claimed="K1")
    keyed.bench.put_in_place_of("K1", "stranger")
    keyed.bench.plug("K1")
    keyed.change_key("K1", pin_hash=b"x" * 16, pin_length=8)

    with pytest.raises(RefusedError, match="nothing was sent to this key"):
        change(keyed)

    (finding,) = keyed.register.open_findings()
    assert finding.rule == "key-stranger"
    assert sets(keyed) == [SetState.IN_FORCE]


def test_a_missing_mailer_is_a_finding_and_the_pin_is_typed(keyed: Desk) -> None:
    old = on_paper(keyed)
    keyed.people.bags = lambda _: ""
    keyed.people.says[Topic.SHRED] = [False]
    types(keyed, old)

    change(keyed)

    assert {it.rule for it in keyed.register.open_findings()} == {"sheet-missing"}
    assert whole(keyed)
    assert keyed.register.envelopes["K1-pin1-1"].state is EnvelopeState.DEPOSITED
    assert "0 sheets destroyed, 1 not" in text_on(
        keyed.folder / "sheets" / "certificate-pin-K1-2.pdf"
    )


# --- Cut short


def printed(desk: Desk, envelope: str) -> str:
    """The PIN on a mailer, whatever has become of it."""
    (text,) = read_codes((desk.folder / "sheets" / f"pin-{envelope}.pdf").read_bytes())
    content = SheetCode.parse(text).content
    assert content
    return content.expose_text()


def by_hand(desk: Desk, before: str, after: str) -> None:
    """Have carol, alone with K1 elsewhere, give it another PIN; the ledger is not told."""
    with key_session(desk.work("carol"), "K1") as session, Secret.from_text(after) as new:
        if before:
            with Secret.from_text(before) as old:
                keys_pin.change_pin(session, old, new)
        else:
            keys_pin.set_pin(session, new)


def wrong_ones(desk: Desk) -> list[ev.Fact]:
    """The wrong PINs that were sent."""
    sent = [it.fact for it in desk.entries() if isinstance(it.fact, ev.PinChecked)]
    return [it for it in sent if not it.right]


STEPS: Final = (
    *("open-key", "challenge-key", "open-mailer", "make-pin", "print-pin", "prove-pin"),
    *("seal-pin", "count-pages", "read-pin", "change-pin", "bag-key", "deposit-key"),
    *("deposit-pin", "destroy-K1-pin1-1", "certificate"),
)


@pytest.mark.parametrize("moment", ["begins", "acted", "recorded"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_it_goes_on_to_the_same_end(
    keyed: Desk, step: str, moment: str
) -> None:
    with pytest.raises(KilledError):
        change(keyed, kill_at(step, moment))

    change(keyed)

    assert whole(keyed)
    assert sets(keyed).count(SetState.IN_FORCE) == 1
    assert SetState.MADE not in sets(keyed)
    assert keyed.register.envelopes["K1-pin1-1"].state is EnvelopeState.DESTROYED
    assert keyed.register.open_findings() == ()
    assert keyed.state_of("K1").pin_retries >= 7


def test_killed_after_the_key_took_it_the_sealed_pin_is_kept(keyed: Desk) -> None:
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", "acted"))

    change(keyed)

    assert sets(keyed) == [SetState.DEAD, SetState.IN_FORCE]
    assert any("has the new PIN" in text for text in keyed.people.texts(Topic.NOTE))
    assert whole(keyed)
    assert wrong_ones(keyed) == []


def test_the_sealed_pin_is_read_from_its_mailer_and_goes_into_a_new_bag(keyed: Desk) -> None:
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", "acted"))
    bag = keyed.register.envelopes["K1-pin2-1"].bag

    change(keyed)

    mailer = keyed.register.envelopes["K1-pin2-1"]
    assert (mailer.state, mailer.safe) == (EnvelopeState.DEPOSITED, "hq-1")
    assert mailer.bag != bag
    (signed,) = [it for it in keyed.entries() if isinstance(it.fact, ev.EnvelopeResealed)]
    assert signed.by == ("alice", "bob")


def test_killed_before_the_key_took_it_another_one_is_drawn(keyed: Desk) -> None:
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", "begins"))

    change(keyed)

    assert sets(keyed) == [SetState.DEAD, SetState.VOID, SetState.IN_FORCE]
    assert keyed.state_of("K1").pin_retries == 8


def test_a_first_pin_that_the_key_took_is_kept_as_well(first: Desk) -> None:
    with pytest.raises(KilledError):
        change(first, kill_at("change-pin", "acted"))

    change(first)

    assert sets(first) == [SetState.IN_FORCE]
    assert whole(first)


def test_a_wrong_old_pin_is_never_taken_for_the_new_one(first: Desk) -> None:
    known(first, TYPED, "40718296", TYPED)
    with pytest.raises(KilledError):
        change(first, kill_at("change-pin", "begins"))

    with pytest.raises(WrongPinError):
        change(first)

    assert sets(first) == [SetState.VOID, SetState.MADE]
    assert has(first, TYPED)
    first.bench.fetch("K1")  # two wrong ones in a row: the next is sent once it had power anew
    change(first)
    assert whole(first)


@pytest.mark.parametrize("moment", ["begins", "acted"])
def test_what_somebody_else_gave_the_key_meanwhile_is_never_in_force(
    keyed: Desk, moment: str
) -> None:
    old = on_paper(keyed)
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", moment))
    before = old if moment == "begins" else printed(keyed, "K1-pin2-1")
    by_hand(keyed, before, "95172836")

    with pytest.raises(WrongPinError):
        change(keyed)

    assert sets(keyed) == [SetState.IN_FORCE, SetState.VOID, SetState.MADE]
    assert keyed.register.envelopes["K1-pin1-1"].state is EnvelopeState.OPENED
    (finding,) = keyed.register.open_findings()
    assert (finding.rule, finding.subject) == ("key-pin", "K1")
    assert finding.what == "key K1 does not take the PIN of envelope K1-pin1-1"


def test_who_gives_a_key_without_pin_one_of_their_own_meanwhile_is_found_out(first: Desk) -> None:
    with pytest.raises(KilledError):
        change(first, kill_at("change-pin", "begins"))
    by_hand(first, "", "95172836")
    types(first, "83940261")

    with pytest.raises(WrongPinError):
        change(first)

    assert SetState.IN_FORCE not in sets(first)
    (finding,) = first.register.open_findings()
    assert finding.rule == "key-pin"
    assert "had no PIN before this ceremony, and has one that is not ours" in finding.what


def test_a_pin_that_was_changed_on_record_meanwhile_is_typed_by_who_knows_it(keyed: Desk) -> None:
    old = on_paper(keyed)
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", "begins"))
    by_hand(keyed, old, "95172836")
    keyed.book.record([ev.PinChanged(key="K1")], ("carol",))
    types(keyed, "95172836")

    change(keyed)

    assert sets(keyed) == [SetState.DEAD, SetState.VOID, SetState.IN_FORCE]
    assert whole(keyed)
    assert wrong_ones(keyed) == []


# --- Pulled out


def replugs(desk: Desk, cable: Cable) -> None:
    """From now on people mend the cable, plug K1 in again, and try again."""
    confirm = desk.people.confirm

    def mend(prompt: Prompt) -> bool:
        if prompt.topic is not Topic.RETRY:
            return confirm(prompt)
        cable.left = WHOLE
        desk.people.asked.append(prompt)
        desk.bench.plug("K1")
        return True

    desk.people.confirm = mend  # type: ignore[method-assign]


@pytest.mark.parametrize("packets", range(0, 78, 6))
def test_pulled_out_at_the_change_it_is_tried_again_to_the_same_end(
    keyed: Desk, monkeypatch: pytest.MonkeyPatch, packets: int
) -> None:
    cable = Cable(keyed, monkeypatch)
    replugs(keyed, cable)

    def break_at(_: str, step: str, moment: str) -> None:
        cable.left = packets if (step, moment) == ("change-pin", "begins") else WHOLE

    change(keyed, break_at)

    assert keyed.people.texts(Topic.RETRY)
    assert whole(keyed)
    assert sets(keyed) == [SetState.DEAD, SetState.IN_FORCE]
    assert keyed.state_of("K1").pin_retries == 8


def test_who_gives_up_after_the_key_failed_finds_the_same_end_later(
    keyed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cable = Cable(keyed, monkeypatch)

    def break_at(_: str, step: str, moment: str) -> None:
        cable.left = 45 if (step, moment) == ("change-pin", "begins") else WHOLE

    with pytest.raises(DeviceError):
        change(keyed, break_at)
    cable.left = WHOLE
    keyed.bench.plug("K1")

    change(keyed)

    assert whole(keyed)


# --- What cannot be


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"custodian": "alice", "witness": "carol"}, InputError, "two others its PIN"),
        ({"pin_people": ("bob", "bob")}, InputError, "two others its PIN"),
        ({"witness": "carol"}, InputError, "two others its PIN"),
        ({"pin_people": ("bob", "erin")}, RefusedError, "erin is auditor, and no officer"),
        ({"key_safe": ""}, InputError, "where the key of K1 goes is not known"),
        ({"pin_safe": "moon"}, RefusedError, "no safe 'moon'"),
        ({"key": "K9"}, RefusedError, "no key 'K9'"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_begun(
    first: Desk, fields: dict[str, object], error: type[Exception], said: str
) -> None:
    wanted = msgspec.structs.replace(request(), **fields)

    with pytest.raises(error, match=said):
        pin.next_ceremony(first.register, wanted)


def test_a_key_that_may_have_another_pin_gets_no_third_one(keyed: Desk) -> None:
    with pytest.raises(KilledError):
        change(keyed, kill_at("change-pin", "acted"))
    other = msgspec.structs.replace(request(), pin_safe="vault-1")

    with pytest.raises(RefusedError, match="begun and not ended, by alice, bob"):
        pin.next_ceremony(keyed.register, other)


def test_safes_are_those_from_before(keyed: Desk) -> None:
    assert pin.safes_before(keyed.register, "K1") == ("hq-2", "hq-1")
