"""Creation options and transfer media of an enrolment: what is not ours, or late, is refused."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import media
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import Purpose, SetState
from keyvault_kit.errors import InputError, LedgerError, RefusedError
from tests.ceremonies.enrolling import (
    Online,
    enrolling,
    handed_over,
    request,
    unplugged_for_a_reset,
)

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.plan import Work
    from tests.ceremonies.conftest import Desk


@pytest.fixture
def online(desk: Desk) -> Online:
    """Somebody online; K1 lies there, carol can sign."""
    desk.enrol("carol")
    desk.add_key("K1")
    return Online(desk)


def test_how_long_the_options_are_good_is_said_and_little_time_is_a_warning(
    desk: Desk, online: Online
) -> None:
    online.life = timedelta(minutes=29, seconds=30)

    enrolling(desk, request())

    told = [it for it in desk.people.texts(Topic.NOTE) if "good until" in it]
    assert len(told) == 1
    assert told[0].startswith("WARNING: ")
    assert "until 2026-03-03 09:29 UTC, 29 min from now" in told[0]


def test_what_is_newer_in_the_options_is_left_alone_and_told(desk: Desk, online: Online) -> None:
    online.change = {"hints": ["security-key"], "attestationFormats": ["packed"]}

    enrolling(desk, request())

    (told,) = [it for it in desk.people.texts(Topic.NOTE) if it.startswith("Left alone")]
    assert "attestationFormats, hints (2)" in told


def test_a_tenant_that_prefers_another_algorithm_gets_es256_and_it_is_said(
    desk: Desk, online: Online
) -> None:
    parameters = [{"type": "public-key", "alg": alg} for alg in (-8, -7)]
    online.change = {"pubKeyCredParams": parameters}

    enrolling(desk, request())

    assert any("ES256 is used" in it for it in desk.people.texts(Topic.NOTE))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_options_in_every_encoding_of_powershell_are_read(
    desk: Desk, online: Online, encoding: str
) -> None:
    online.encoding = encoding

    assert enrolling(desk, request()).keys["K1"].credential


@pytest.mark.parametrize(
    ("change", "error", "because"),
    [
        ({"rp": {"id": "login.evil.example", "name": "Microsoft"}}, RefusedError, "not Entra"),
        (
            {"user": {"id": "AAAA", "name": "bg2@example.onmicrosoft.com", "displayName": ""}},
            RefusedError,
            "not for bg1@",
        ),
        ({"challenge": 5}, InputError, "no file of creation options"),
    ],
)
def test_options_that_are_not_ours_end_it_before_a_pin_is_drawn(
    desk: Desk,
    online: Online,
    change: dict[str, object],
    error: type[Exception],
    because: str,
) -> None:
    online.change = change

    with pytest.raises(error, match=because):
        enrolling(desk, request())

    assert not desk.register.sets_of("K1", Purpose.PIN)
    online.change = {}
    assert enrolling(desk, request()).keys["K1"].credential


def test_options_that_expired_are_asked_for_again_in_the_same_sitting(
    desk: Desk, online: Online
) -> None:
    online.life = timedelta(0)

    def again(prompt: Prompt) -> bool:
        assert "expired at" in prompt.text
        online.life = timedelta(hours=1)
        return True

    with_retry(desk, again)

    assert enrolling(desk, request()).keys["K1"].credential
    assert online.fetched == 2


def with_retry(desk: Desk, answer: object) -> None:
    """What people do, and say, where a step failed."""
    confirm = desk.people.confirm

    def confirmed(prompt: Prompt) -> bool:
        if prompt.topic is Topic.RETRY and callable(answer):
            return bool(answer(prompt))
        return confirm(prompt)

    desk.people.confirm = confirmed  # type: ignore[method-assign]


def test_options_that_expire_before_the_key_has_its_pin_cost_no_reset(
    desk: Desk, online: Online
) -> None:
    def late(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("count-pages", "recorded") and online.fetched == 1:
            desk.time.true += timedelta(hours=13)

    enrolling(desk, request(), late)

    register = desk.register
    assert online.fetched == 2
    assert [it.state for it in register.sets_of("K1", Purpose.PIN)] == [
        SetState.VOID,
        SetState.IN_FORCE,
    ]
    assert ev.KeyReset not in desk.kinds()
    assert [it.to for it in register.ceremonies["enrol-K1"].returns] == ["make-pin", "options"]


def test_options_that_expire_at_the_passkey_step_take_the_pin_with_them(
    desk: Desk, online: Online
) -> None:
    desk.people.says[Topic.RESET] = ["reset K1"]
    unplugged_for_a_reset(desk)

    def late(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("check-pin", "recorded") and online.fetched == 1:
            desk.time.true += timedelta(hours=13)

    enrolling(desk, request(), late)

    assert online.fetched == 2
    assert ev.KeyReset in desk.kinds()
    assert desk.register.keys["K1"].credential


# --- Media


def test_no_medium_is_in_while_a_pin_is_in_memory(desk: Desk, online: Online) -> None:
    """What was plugged in while the step ran, of a machine that sees its media."""
    plugged: list[str] = []
    object.__setattr__(desk.station, "media", lambda: tuple(plugged))
    fetch = desk.people.options

    def plug(tag: str) -> str:
        plugged.append("sdb")
        return fetch(tag)

    desk.people.options = plug

    def take_out(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("options", "acted") and online.fetched > 1:
            plugged.clear()

    with pytest.raises(RefusedError, match="sdb: plugged in while a secret is in memory"):
        enrolling(desk, request(), take_out)
    assert not desk.register.sets_of("K1", Purpose.PIN)
    plugged.clear()

    assert enrolling(desk, request(), take_out).keys["K1"].credential


def test_the_answer_outlives_a_medium_that_is_lost(desk: Desk, online: Online) -> None:
    class MediumLostError(Exception):
        pass

    def stop(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("hand-over", "begins"):
            raise MediumLostError

    with pytest.raises(MediumLostError):
        enrolling(desk, request(), stop)
    credential = desk.register.keys["K1"].credential
    assert online.fetched == 1
    assert not list(desk.station.transfer.glob("registration-*"))

    enrolling(desk, request())

    assert desk.register.keys["K1"].credential == credential
    assert urlsafe_b64decode(handed_over(desk)["publicKeyCredential"]["id"] + "==").hex() == (
        credential
    )


def test_another_file_in_the_place_of_the_answer_is_not_handed_over(
    desk: Desk, online: Online
) -> None:
    def swap(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("hand-over", "begins"):
            (desk.folder / "ledger.registration-K1.json").write_bytes(b"{}")

    with pytest.raises(LedgerError, match="not the answer that key K1 gave"):
        enrolling(desk, request(), swap)

    assert online.fetched == 1
    assert not list(desk.station.transfer.glob("registration-*"))


@pytest.mark.parametrize("model", ["five", "always-uv", "five-fips"])
def test_a_medium_is_logged_in_and_out_around_each_file_and_never_beside_a_pin(
    desk: Desk, model: str
) -> None:
    """Nor beside the temporary one by which a key proves its maker that always wants a PIN."""
    desk.enrol("carol")
    desk.add_key("K1", model)
    online = Online(desk)

    def add(work: Work) -> list[ev.Fact]:
        details = work.write_down({"item": "a stick", "serial": "4711"})
        return [ev.ItemAdded(item="T1", item_kind=ItemKind.TRANSFER_MEDIUM, details=details)]

    desk.run(change.ceremony(desk.register, "Add a stick", ("alice", "bob"), add))
    object.__setattr__(desk.station, "media", lambda: media.logged_in(desk.register))
    since = desk.register.size

    enrolling(desk, request())

    assert online.fetched == 1
    moved = [
        it.fact
        for it in desk.entries(since)
        if isinstance(it.fact, (ev.MediumLoggedIn, ev.MediumLoggedOut, ev.SetMade, ev.PinSet))
    ]
    assert [type(it) for it in moved] == [
        ev.MediumLoggedIn,
        ev.MediumLoggedOut,
        ev.SetMade,
        ev.PinSet,
        ev.MediumLoggedIn,
        ev.MediumLoggedOut,
    ]
    (enrolled,) = [it.fact for it in desk.entries() if isinstance(it.fact, ev.PasskeyEnrolled)]
    out = moved[-1]
    assert isinstance(out, ev.MediumLoggedOut)
    assert [(it.name, it.sha256) for it in out.files] == [("registration-K1.json", enrolled.answer)]
