"""`keyvault keys check-pin`, `set-pin`, `change-pin`: guarded, entered, and the PIN nowhere."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.assembly import Bench
from keyvault_kit.cli.commands.keys import naming
from keyvault_kit.custody import events as ev
from keyvault_kit.keys.guard import OVERRIDE_WORDS
from keyvault_kit.keys.hid import HidHandle

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Done

Refusal = Callable[..., bool]

ONE: Final = ("--tag", "K1", "--by", "carol")
OTHER, WRONG = "83940261", "40718296"


def left_behind(desk: Desk, pin: str) -> list[Path]:
    """The files in which a PIN stands."""
    files = [it for it in desk.folder.rglob("*") if it.is_file()]
    return [it for it in files if pin.encode() in it.read_bytes()]


def opens(desk: Desk, pin: str) -> bool:
    """Whether that is the PIN of K1."""
    return desk.key("K1").pin_hash == hashlib.sha256(pin.encode()).digest()[:16]


# --- On a ledger


def test_a_pin_is_checked_and_the_attempt_entered(keyed: Desk) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "check-pin", *ONE, "--json", typed=(keyed.pin,))

    assert done.returncode == 0, done.stderr
    answer = {"tag": "K1", "retries": 8, "power_cycle_needed": False, "right": True}
    assert json.loads(done.stdout) == answer
    assert "The PIN of key K1 is right (8 attempts left)." in done.stderr
    assert [it.fact for it in keyed.entries[size:]] == [
        ev.PinChecked(key="K1", right=True, retries=8)
    ]
    assert {it.by for it in keyed.entries[size:]} == {("carol",)}


def test_a_wrong_pin_is_an_error_that_says_what_is_left_and_is_entered(
    keyed: Desk, refusal: Refusal
) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "check-pin", *ONE, typed=(WRONG,))

    assert refusal(done, 3, "key K1 could not accept the PIN", "wrong", "7 attempts left")
    assert done.stdout == ""
    assert [it.fact for it in keyed.entries[size:]] == [
        ev.PinChecked(key="K1", right=False, retries=7)
    ]


def test_a_registered_key_is_known_by_the_number_on_its_label_too(keyed: Desk) -> None:
    size, named = keyed.register.size, ("--serial", str(keyed.key("K1").serial))
    nobody = keyed.ask("keys", "check-pin", *named, typed=(keyed.pin,))
    assert nobody.returncode == 2
    assert "key K1 is registered: name who does it with --by PERSON" in nobody.stderr

    done = keyed.ask("keys", "check-pin", *named, "--by", "carol", typed=(keyed.pin,))

    assert done.returncode == 0, done.stderr
    assert keyed.kinds(size) == ["pin.checked"]


def test_a_pin_is_changed(keyed: Desk) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", "change-pin", *ONE, typed=(keyed.pin, OTHER, OTHER))

    assert (done.returncode, done.stdout) == (
        0,
        "The PIN of key K1 is changed (8 attempts left).\n",
    )
    assert opens(keyed, OTHER)
    assert keyed.kinds(size) == ["pin.checked", "pin.changed"]


def test_a_policy_is_raised_and_a_forced_change_said_from_then_on(
    keyed: Desk, refusal: Refusal
) -> None:
    size, longer = keyed.register.size, "4071829536"
    policy = ("--min-length", "10", "--force-change")

    done = keyed.ask("keys", "change-pin", *ONE, *policy, typed=(keyed.pin, longer, longer))

    assert done.returncode == 0, done.stderr
    assert keyed.kinds(size) == ["pin.checked", "pin.changed", "pin-policy.raised"]
    assert keyed.key("K1").min_pin_length == 10
    size = keyed.register.size
    forced = keyed.ask("keys", "check-pin", *ONE)
    assert refusal(forced, 3, "the PIN of key K1 must be changed", "keys change-pin")
    assert keyed.register.size == size


def test_a_key_that_has_a_pin_gets_no_first_one(keyed: Desk, refusal: Refusal) -> None:
    done = keyed.ask("keys", "set-pin", *ONE)

    assert refusal(done, 5, "key K1 has a PIN already", "keys change-pin")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("11111111", "made of one or two signs"),
        ("12345678", "holds a run"),
        ("19991231", "a date"),
        ("{serial}", "the serial number"),
        ("147258369", "most common"),
        ("123", "3 characters, this key wants 4 or more"),
        ("a" * 64, "64 characters in 64 bytes"),
    ],
)
def test_a_bad_new_pin_is_named_and_spends_no_attempt(
    keyed: Desk, refusal: Refusal, new: str, why: str
) -> None:
    new = new.format(serial=keyed.key("K1").serial)
    size = keyed.register.size

    done = keyed.ask("keys", "change-pin", *ONE, typed=(WRONG, new, new))

    assert refusal(done, 2, why)
    assert new not in done.stderr.rpartition("keyvault: ")[2]
    assert opens(keyed, keyed.pin)
    assert keyed.key("K1").pin_retries == 8
    assert keyed.register.size == size


def test_the_last_attempts_take_exact_words(keyed: Desk, refusal: Refusal) -> None:
    keyed.change_key("K1", pin_retries=3)

    declined = keyed.ask("keys", "check-pin", *ONE, typed=("please",))
    assert refusal(declined, 5, "the words were not typed", OVERRIDE_WORDS)
    assert keyed.key("K1").pin_retries == 3

    done = keyed.ask("keys", "check-pin", *ONE, typed=(OVERRIDE_WORDS, keyed.pin))
    assert done.returncode == 0, done.stderr


def test_no_pin_stands_anywhere_but_on_the_key(keyed: Desk) -> None:
    done = [
        keyed.run("keys", "check-pin", *ONE, typed=(WRONG,)),
        keyed.run("keys", "check-pin", *ONE, "--json", typed=(keyed.pin,)),
        keyed.run("keys", "change-pin", *ONE, typed=(keyed.pin, OTHER, OTHER)),
        keyed.run("keys", "change-pin", *ONE, typed=(OTHER, "13791379", "13791379")),
    ]

    assert [it.returncode for it in done] == [3, 0, 0, 2]
    for pin in (keyed.pin, OTHER, WRONG, "13791379"):
        assert left_behind(keyed, pin) == []
        assert [it for it in done if pin in it.stdout + it.stderr] == []


@pytest.mark.parametrize("verb", ["check-pin", "set-pin", "change-pin"])
def test_a_pin_is_no_option(keyed: Desk, verb: str) -> None:
    for option in ("--pin", "--new-pin", "-p"):
        done = keyed.ask("keys", verb, *ONE, option, OTHER)
        assert done.returncode == 2
        assert "No such option" in done.stderr


# --- Drawn


@pytest.mark.parametrize("verb", ["set-pin", "change-pin"])
def test_a_drawn_pin_goes_to_a_terminal_only(keyed: Desk, refusal: Refusal, verb: str) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", verb, *ONE, "--generate", typed=(keyed.pin,))

    assert refusal(done, 5, "a secret goes to a terminal only, and standard output is none")
    assert done.stdout == ""
    assert "The PIN of key K1" not in done.stderr
    assert opens(keyed, keyed.pin)
    assert keyed.register.size == size


def test_a_length_goes_with_a_drawn_pin(keyed: Desk) -> None:
    done = keyed.ask("keys", "change-pin", *ONE, "--length", "10")

    assert done.returncode == 2
    assert "--length goes with --generate" in done.stderr


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._leader, follower = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keyvault_kit.cli.main", *words],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=folder,
            env=os.environ | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(follower)

    def wait_for(self, text: str) -> str:
        """Read until that was shown; all that was shown since the last time."""
        before = len(self.shown)
        while text not in self.shown[before:]:
            self.shown += os.read(self._leader, 4096).decode()
        return self.shown[before:]

    def type(self, line: str) -> None:
        os.write(self._leader, f"{line}\n".encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        try:
            while data := os.read(self._leader, 4096):
                self.shown += data.decode()
        except OSError:  # Linux's way to say that nobody holds the other end any more
            pass
        os.close(self._leader)
        return self.process.wait(10)


def test_a_drawn_pin_is_shown_on_a_screen_of_its_own_and_nowhere_else(keyed: Desk) -> None:
    terminal = Terminal(keyed.folder, "keys", "change-pin", *ONE, "--generate", "--length", "10")
    terminal.wait_for("The PIN of key K1 (8 attempts left): ")
    terminal.type(keyed.pin)
    screen = terminal.wait_for("Enter hides it")
    groups = re.findall(r"^ {4}([0-9 ]+)\r$", screen, re.MULTILINE)
    pin = "".join(groups).replace(" ", "")
    terminal.type("")
    terminal.wait_for("Type it from what you wrote down: ")
    terminal.type(pin)

    assert terminal.end() == 0, terminal.shown
    assert re.fullmatch(r"[0-9]{10}", pin)
    assert opens(keyed, pin)
    before, _, rest = terminal.shown.partition("\x1b[?1049h")
    other, _, after = rest.partition("\x1b[?1049l")
    assert groups[0] in other
    for text in (before, after):
        assert pin not in text
        assert groups[0] not in text
    assert left_behind(keyed, pin) == []
    assert keyed.pin not in terminal.shown


# --- Without a ledger


class Nodes:
    """A bus with one key that has a device node, as on Linux: each plugging makes a new one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.bench = Bench(folder, seed=bytes(32), not_before=datetime(2026, 1, 1, tzinfo=UTC))
        self.bench.add("K1", "five")
        self._node = folder / "hidraw0"
        self.plug()

    def plug(self) -> None:
        self.bench.plug("K1")
        new = self._node.with_suffix(".new")  # made while the old one is there: another inode
        new.touch()
        new.rename(self._node)

    def enumerate(self) -> list[dict[str, object]]:
        path = os.fsencode(self._node)
        return [entry | {"path": path} for entry in self.bench.bus.enumerate()]

    def open(self, path: bytes) -> HidHandle:
        assert path == os.fsencode(self._node)
        return self.bench.bus.open(self.bench.path("K1"))

    @property
    def retries(self) -> int:
        return self.bench._lying("K1")._memory.state.pin_retries

    @property
    def serial(self) -> str:
        return str(self.bench.serial("K1"))


@pytest.fixture
def nodes(empty: Desk, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """A key in a port of this machine; there is no ledger."""
    nodes = Nodes(empty.folder / "ports")
    monkeypatch.setattr(naming, "plugged_in_keys", lambda: nodes)
    session = empty.folder / "session"
    session.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    return nodes


def test_a_key_of_ones_own_needs_no_ledger(empty: Desk, nodes: Nodes) -> None:
    for naming_words in (("--serial", nodes.serial), ("--touch",)):
        nodes.bench.touch = lambda _: True
        identified = empty.ask("keys", "identify", *naming_words)
        assert identified.returncode == 0, identified.stderr
        assert nodes.serial in identified.stdout
    set_ = empty.ask("keys", "set-pin", "--serial", nodes.serial, typed=(empty.pin, empty.pin))
    assert set_.returncode == 0, set_.stderr

    done = empty.ask("keys", "check-pin", "--touch", typed=(empty.pin,))

    assert done.returncode == 0, done.stderr
    assert "is right (8 attempts left)" in done.stdout
    assert not (empty.folder / "ledger.db").exists()


def test_a_third_wrong_pin_in_a_row_is_not_sent_by_another_call_of_the_program(
    empty: Desk, nodes: Nodes, refusal: Refusal
) -> None:
    one = ("--serial", nodes.serial)
    empty.ask("keys", "set-pin", *one, typed=(empty.pin, empty.pin))

    def check(pin: str) -> Done:
        return empty.ask("keys", "check-pin", *one, typed=(pin,))

    assert refusal(check(WRONG), 3, "7 attempts left")
    assert refusal(check(WRONG), 3, "6 attempts left")
    for pin in (WRONG, empty.pin):
        held = check(pin)
        assert refusal(held, 5, "a third wrong PIN in a row is not sent", "plug it in again")
    assert nodes.retries == 6

    nodes.plug()
    assert refusal(check(WRONG), 3, "5 attempts left")
    assert check(empty.pin).returncode == 0
    assert nodes.retries == 8
    assert refusal(check(WRONG), 3, "7 attempts left")


def test_the_number_on_the_label_is_compared(empty: Desk, nodes: Nodes, refusal: Refusal) -> None:
    done = empty.ask("keys", "check-pin", "--serial", str(int(nodes.serial) + 1))

    assert refusal(done, 3, "no plugged-in key has the serial number")


def test_no_key_is_plugged_in(empty: Desk, nodes: Nodes, refusal: Refusal) -> None:
    nodes.bench.unplug("K1")

    assert refusal(empty.ask("keys", "identify", "--touch"), 3, "no security key is plugged in")
