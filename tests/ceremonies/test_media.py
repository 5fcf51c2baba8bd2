"""Transfer media: logged in and out around files, and out while a secret is in memory."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import media
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import SetState
from keyvault_kit.errors import InputError, InternalError, RefusedError
from keyvault_kit.secret import Secret
from tests.ceremonies.items import BOTH, add_item, enter, log_in, log_out
from tests.ceremonies.sealing import request, sealing, states_of
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyvault_kit.ceremonies.plan import Work
    from tests.ceremonies.conftest import Act, Desk

FILES = (("registration-K1.json", b"{}"), ("graph/01-group.json", b"[]"))
HASHES = tuple((name, hashlib.sha256(data).hexdigest()) for name, data in FILES)


def ceremony(act: Act, *, secret: bool = False, clock: bool = True) -> Ceremony:
    """A ceremony of one step of alice and bob."""
    step = Step(id="carry", activity="Carry files", by=BOTH, act=act, secret=secret)
    plan = Plan("trial", lambda _register, _request: (step,), clock=clock)
    return Ceremony(id="trial-1", plan=plan, request={}, people=BOTH)


def carry(work: Work) -> Sequence[ev.Fact]:
    """Plug the medium in, put files of ours on it, and take it out."""
    facts = media.log_in(work)
    media.print_outgoing(work, FILES)
    return [*facts, *media.log_out(work, HASHES)]


# --- In and out


def test_a_medium_is_logged_in_and_out_with_the_files_on_it(desk: Desk) -> None:
    add_item(desk, "usb-1")
    before = desk.register.size

    desk.run(ceremony(carry))

    facts = [it.fact for it in desk.entries(before)]
    assert ev.MediumLoggedIn(item="usb-1") in facts
    (out,) = [it for it in facts if isinstance(it, ev.MediumLoggedOut)]
    assert [(it.name, it.sha256) for it in out.files] == list(HASHES)
    assert desk.register.items["usb-1"].logged_in is None
    assert desk.register.open_findings() == ()


def test_the_list_on_paper_has_each_file_with_its_size_and_hash(desk: Desk) -> None:
    add_item(desk, "usb-1")

    desk.run(ceremony(carry))

    text = text_of((desk.folder / "sheets" / "outgoing-trial-1-carry.pdf").read_bytes())
    assert "ON MEDIUM usb-1" in text
    for name, sha256 in HASHES:
        assert name in text
        assert sha256 in text.replace(" ", "")
    assert "Alice Archer" in text


def test_an_organisation_without_transfer_media_is_asked_nothing(desk: Desk) -> None:
    desk.run(ceremony(carry))

    assert desk.people.texts(Topic.MEDIUM) == []
    assert not {ev.MediumLoggedIn, ev.MediumLoggedOut} & set(desk.kinds())


def test_of_several_media_people_say_which(desk: Desk) -> None:
    for item in ("usb-1", "usb-2"):
        add_item(desk, item)
    desk.people.says[Topic.MEDIUM] = ["usb-2"]

    desk.run(ceremony(carry))

    facts = [it.fact for it in desk.entries()]
    assert ev.MediumLoggedIn(item="usb-2") in facts
    assert "usb-2" in [it.item for it in facts if isinstance(it, ev.MediumLoggedOut)]


def test_a_medium_that_was_left_in_is_the_one_that_is_used(desk: Desk) -> None:
    for item in ("usb-1", "usb-2"):
        add_item(desk, item)
    log_in(desk, "usb-2")

    desk.run(ceremony(carry))

    assert desk.register.items["usb-2"].logged_in is None
    assert desk.kinds().count(ev.MediumLoggedIn) == 1


def test_a_step_that_is_tried_again_logs_the_medium_in_once(desk: Desk) -> None:
    add_item(desk, "usb-1")
    tries = iter([InputError("there is no such file on it"), None])

    def stumbling(work: Work) -> Sequence[ev.Fact]:
        facts = media.log_in(work)
        if error := next(tries):
            raise error
        return [*facts, *media.log_out(work)]

    desk.people.says[Topic.RETRY] = [True]
    desk.run(ceremony(stumbling))

    assert desk.kinds().count(ev.MediumLoggedIn) == desk.kinds().count(ev.MediumLoggedOut) == 1
    assert desk.register.open_findings() == ()


def test_who_plugs_nothing_in_goes_no_further(desk: Desk) -> None:
    add_item(desk, "usb-1")
    desk.people.says[Topic.MEDIUM] = [False]

    with pytest.raises(RefusedError, match="usb-1 is not plugged in"):
        desk.run(ceremony(carry))


def test_who_leaves_it_in_goes_no_further(desk: Desk) -> None:
    add_item(desk, "usb-1")
    desk.people.says[Topic.MEDIUM] = [True, False]

    with pytest.raises(RefusedError, match="usb-1 is still plugged in"):
        desk.run(ceremony(carry))


def test_what_was_not_plugged_in_cannot_be_taken_out(desk: Desk) -> None:
    add_item(desk, "usb-1")

    with pytest.raises(RefusedError, match="no transfer medium is logged in"):
        desk.run(ceremony(lambda work: media.log_out(work, HASHES)))


def test_a_medium_in_its_bag_is_taken_out_first(desk: Desk) -> None:
    add_item(desk, "usb-1")
    enter(
        desk,
        ev.ItemPacked(envelope="item-usb-1-1", holds="item:usb-1", item="usb-1"),
        ev.EnvelopeSealed(envelope="item-usb-1-1", bag="A-1"),
    )

    with pytest.raises(RefusedError, match="no transfer medium is at hand: usb-1 in bags"):
        desk.run(ceremony(carry))


def test_other_items_and_retired_media_carry_no_files(desk: Desk) -> None:
    add_item(desk, "boot-1", ItemKind.BOOT_MEDIUM)
    add_item(desk, "usb-1")
    enter(desk, ev.ItemRetired(item="usb-1", why="broken"))

    assert media.in_service(desk.register) == ()


@pytest.mark.parametrize(
    "name", ["", "../passwd", "/etc/passwd", "a b.json", "a//b", ".hidden", "a/../b", "x" * 201]
)
def test_a_name_that_is_none_of_ours_is_refused_and_not_repeated(desk: Desk, name: str) -> None:
    work = desk.work(*BOTH)

    with pytest.raises(InputError, match="no name for a file") as refused:
        media.log_out(work, [(name, "ab" * 32)])
    with pytest.raises(InputError, match="no name for a file"):
        media.print_outgoing(work, [(name, b"")])
    assert not name or name not in str(refused.value)


# --- Secrets


def test_no_password_is_made_while_a_medium_is_in_and_it_is_made_once_it_is_out(
    desk: Desk,
) -> None:
    add_item(desk, "usb-1")
    log_in(desk, "usb-1")

    with pytest.raises(RefusedError, match="usb-1: plugged in while a secret is in memory"):
        sealing(desk, request())
    assert states_of(desk) == []

    log_out(desk, "usb-1")
    sealing(desk, request())
    assert states_of(desk) == [SetState.IN_FORCE]


def test_whoever_takes_it_out_when_told_goes_on_at_once(desk: Desk) -> None:
    add_item(desk, "usb-1")
    log_in(desk, "usb-1")
    confirm = desk.people.confirm

    def taking_out(prompt: object) -> bool:
        if getattr(prompt, "topic", None) is Topic.RETRY:
            log_out(desk, "usb-1")
            return True
        return confirm(prompt)  # type: ignore[arg-type]

    desk.people.confirm = taking_out  # type: ignore[method-assign]
    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE]


def test_an_opening_is_warned_and_goes_on(desk: Desk) -> None:
    add_item(desk, "usb-1")
    log_in(desk, "usb-1")

    desk.run(ceremony(lambda _: [], secret=True, clock=False))

    assert desk.register.ceremonies["trial-1"].closed
    assert "WARNING: usb-1: plugged in while a secret is in memory." in desk.people.texts(
        Topic.NOTE
    )


@pytest.mark.parametrize("held", [False, True])
def test_no_medium_is_asked_for_in_a_step_with_a_secret(desk: Desk, held: bool) -> None:  # noqa: FBT001
    add_item(desk, "usb-1")

    def act(work: Work) -> Sequence[ev.Fact]:
        if held:
            work.hands.take("password", Secret.from_text("open sesame"))
        return media.log_in(work)

    with pytest.raises(InternalError, match="has a secret, and would plug a medium in"):
        desk.run(ceremony(act, secret=not held))


@pytest.mark.parametrize(("half", "state"), [(1, SetState.MADE), (2, SetState.IN_FORCE)])
def test_what_is_plugged_in_while_a_half_is_shown_is_found_and_no_other_half_is_shown(
    desk: Desk, half: int, state: SetState
) -> None:
    shown: list[str] = []
    object.__setattr__(desk.station, "media", lambda: ("sdb\t(a stick)",) if plugged() else ())

    def plugged() -> bool:
        return len(shown) >= half

    def reveal(prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        assert len(secret) == 22
        assert seconds
        shown.append(prompt.person)

    desk.people.reveal = reveal  # type: ignore[method-assign]
    refused = pytest.raises(RefusedError, match="plugged in while a secret is in memory")
    with refused if half == 1 else nullcontext():
        sealing(desk, request())

    assert shown == [*BOTH[:half]]
    assert states_of(desk) == [state]
    (found,) = desk.register.open_findings()
    assert (found.rule, found.subject) == ("medium-plugged", "seal-bg1-1")
    assert "sdb?(a stick): plugged in while a secret was in memory, at step" in found.what
    assert [it for it in desk.people.texts(Topic.NOTE) if it.startswith("WARNING: sdb?(a stick)")]


@pytest.mark.parametrize("waits", [True, False])
def test_no_sheet_lies_open_beside_a_medium(desk: Desk, waits: bool) -> None:  # noqa: FBT001
    plugged: list[str] = []
    before = desk.ledger.size
    object.__setattr__(desk.station, "media", lambda: tuple(plugged))

    def act(work: Work) -> Sequence[ev.Fact]:
        plugged.append("sdb")
        work.lay_open("bg1-pw1", 1)
        return []

    work = ceremony(act, secret=True, clock=waits)
    if waits:
        with pytest.raises(RefusedError, match="sdb: plugged in while a secret is in memory"):
            desk.run(work)
    else:
        desk.run(work)

    assert desk.kinds(before).count(ev.SecretExposed) == (0 if waits else len(BOTH))
    assert [it.rule for it in desk.register.open_findings() if it.subject == "trial-1"] == [
        "medium-plugged"
    ]
