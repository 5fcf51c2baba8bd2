"""`keyvault keys identify`, `verify`: which key it is, whose make, and whether it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.assembly import Bench
from keyvault_kit.cli.commands.keys import naming
from keyvault_kit.custody import events as ev

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
ONE: Final = ("--tag", "K1", "--by", "carol")


@pytest.fixture
def strange(keyed: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A stranger that claims the serial number of K1 lies in its place."""
    keyed.put_key("stranger", "five", claimed="K1")

    def again(folder: Path) -> Bench:
        bench = made(folder)
        bench.add("K1", "five")
        bench.add("stranger", "five", claimed="K1")
        bench.put_in_place_of("K1", "stranger")
        return bench

    made = Bench.again
    monkeypatch.setattr(Bench, "again", again)
    return keyed


# --- Identify


def test_a_key_blinks_and_nothing_is_entered(keyed: Desk) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "identify", "--tag", "K1")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Key K1 blinks: Software key like a YubiKey 5 NFC, serial number")
    assert str(keyed.key("K1").serial) in done.stdout
    assert keyed.register.size == size


def test_a_key_without_a_number_is_identified_by_what_it_signs(keyed: Desk) -> None:
    done = keyed.ask("keys", "identify", "--tag", "K2")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Key K2 blinks: Software key like a Security Key NFC, serial")
    assert "number none" in done.stdout


# --- Verify


@pytest.mark.parametrize("tag", ["K1", "K2"])
def test_the_registered_key_proves_itself_without_pin_and_touch(keyed: Desk, tag: str) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "verify", "--tag", tag, "--by", "erin")

    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"Key {tag} is the registered key: it signed with its custody credential.\n"
    )
    assert "Touch" not in done.stderr
    (entry,) = keyed.entries[size:]
    assert isinstance(entry.fact, ev.KeyAsserted)
    assert (entry.fact.key, entry.fact.custody, entry.by) == (tag, True, ("erin",))


def test_with_attestation_it_proves_its_maker_too(keyed: Desk) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "verify", *ONE, "--attestation", "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["tag"], answer["serial"]) == ("K1", keyed.key("K1").serial)
    assert (answer["registered"], answer["custody"], answer["verdict"]) == (True, True, "genuine")
    assert answer["aaguid"] == answer["aaguid"].lower()
    assert keyed.kinds(size) == ["key.asserted", "key.proven"]
    proven = keyed.entries[-1].fact
    assert isinstance(proven, ev.KeyProven)
    assert (proven.leaf, proven.root) == (answer["leaf"], answer["root"])


@pytest.mark.parametrize("as_json", [False, True])
def test_a_stranger_that_claims_the_serial_number_is_a_finding(
    strange: Desk,
    as_json: bool,  # noqa: FBT001 - parametrised
) -> None:
    size, serial = strange.register.size, strange.key("K1").serial

    done = strange.ask("keys", "verify", *ONE, *(("--json",) if as_json else ()))

    assert done.returncode == 1, done.stderr
    if as_json:
        answer = json.loads(done.stdout)
        assert (answer["registered"], answer["finding"]) == (False, "key-stranger")
    told = done.stderr if as_json else done.stdout
    assert "In the place of key K1 lies another key" in told
    assert f"a stranger claims the serial number {serial}" in told
    assert strange.kinds(size) == ["finding.made"]
    assert [it.rule for it in strange.register.findings] == ["key-stranger"]


def test_a_key_of_which_nothing_is_on_record_is_known_by_its_serial_only(keyed: Desk) -> None:
    keyed.ask("keys", "reset", *ONE, typed=("reset K1",))

    done = keyed.ask("keys", "verify", *ONE)

    assert done.returncode == 1, done.stderr
    assert "the verdict is 'serial only'" in done.stdout


def test_a_key_that_always_wants_its_pin_is_known_by_its_serial_only(
    keyed: Desk, refusal: Refusal
) -> None:
    """And its PIN is asked for where its maker is to be proven, and entered as an attempt."""
    keyed.put_key("K5", "always-uv")
    five, serial = ("--tag", "K5", "--by", "carol"), str(keyed.key("K5").serial)
    register = ("keys", "register", "K5", "--account", "bg1", "--use", "backup", "--by", "carol")
    early = keyed.ask(*register, typed=(serial, "n"))
    assert refusal(early, 3, "key K5 has no PIN", "Set a PIN first")
    pin_hash = hashlib.sha256(keyed.pin.encode()).digest()[:16]
    keyed.change_key("K5", pin_hash=pin_hash, pin_length=len(keyed.pin))
    registered = keyed.ask(*register, typed=(serial, keyed.pin))
    assert registered.returncode == 0, registered.stderr
    size = keyed.register.size

    known = keyed.ask("keys", "verify", *five)
    proven = keyed.ask("keys", "verify", *five, "--attestation", typed=(keyed.pin,))

    assert known.returncode == 1, known.stderr
    assert "it answers with its PIN only: the verdict is 'serial only'" in known.stdout
    assert proven.returncode == 1, proven.stderr
    assert "The PIN of key K5" in proven.stderr
    assert "Key K5: genuine." in proven.stdout
    assert keyed.kinds(size) == ["key.seen", "key.seen", "pin.checked", "key.proven"]


def test_a_stranger_by_its_touch_has_its_maker_judged(
    empty: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a ledger, by the makers' roots that the kit ships: no software key is genuine."""
    bench = Bench.begin(empty.folder / "softkeys", seed=bytes(32), now=NOW)
    bench.fetch("K1")
    monkeypatch.setattr(naming, "plugged_in_keys", lambda: bench.bus)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(empty.folder))

    done = empty.ask("keys", "verify", "--touch", "--json")

    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["tag"], answer["verdict"]) == (None, "unknown maker")
    assert "Touch" in done.stderr


def test_that_it_is_a_stranger_is_said_before_it_may_want_a_pin(keyed: Desk) -> None:
    """An always-UV key that claims the number of another: nobody types that one's PIN for it."""
    keyed.put_key("other", "always-uv", claimed="K1")
    (keyed.folder / "softkeys" / "other.json").replace(keyed.folder / "softkeys" / "K1.json")
    pin_hash = hashlib.sha256(b"60417283").digest()[:16]
    keyed.change_key("K1", pin_hash=pin_hash, pin_length=8)

    given_up = keyed.run("keys", "verify", *ONE, "--attestation")
    done = keyed.run("keys", "verify", *ONE, "--attestation", typed=("60417283",))

    for each, status in ((given_up, 130), (done, 1)):
        assert each.returncode == status, each.stderr
        assert "signed without its PIN before, and this one wants the PIN for it" in each.stdout
        assert "The PIN of key K1" not in each.stderr
    assert keyed.kinds()[-1] == "finding.made"
