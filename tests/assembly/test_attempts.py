"""Attempts are remembered from one call of the program to the next, for as long as a key is in."""

from pathlib import Path

import pytest

from keyvault_kit.assembly import attempts, pin_guard
from keyvault_kit.assembly.attempts import KeptAttempts
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.keys.failures import PinState, WrongPinError
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import PluggedKey

FULL = PinState(8, power_cycle_needed=False)
KEY = PluggedKey(b"/dev/hidraw0", 1, 2, product="One", plugging="boot/7")
REPLUGGED = PluggedKey(b"/dev/hidraw0", 1, 2, product="One", plugging="boot/8")
OTHER = PluggedKey(b"/dev/hidraw1", 1, 2, product="Two", plugging="boot/9")
UNTOLD = PluggedKey(b"/dev/hidraw0", 1, 2, product="One")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "attempts.json"


def wrong(guard: PinGuard, key: PluggedKey = KEY) -> None:
    with pytest.raises(WrongPinError), guard.attempt(key, FULL):
        raise WrongPinError("the PIN is wrong")


def called_again(file: Path) -> PinGuard:
    """The guard of another call of the program."""
    return PinGuard(attempts=KeptAttempts(file))


def test_a_third_wrong_pin_in_a_row_is_refused_in_another_call_of_the_program(file: Path) -> None:
    wrong(called_again(file))
    wrong(called_again(file))

    with pytest.raises(RefusedError, match="a third wrong PIN in a row is not sent to One"):
        called_again(file).check(KEY, FULL)


def test_a_replug_starts_the_row_anew_without_a_word(file: Path) -> None:
    wrong(called_again(file))
    wrong(called_again(file))

    called_again(file).check(REPLUGGED, FULL)
    assert called_again(file).unproven(REPLUGGED) == 0


def test_keys_are_counted_apart(file: Path) -> None:
    wrong(called_again(file))
    wrong(called_again(file), OTHER)

    assert [called_again(file).unproven(key) for key in (KEY, OTHER, REPLUGGED)] == [1, 1, 0]


def test_a_right_pin_is_remembered_too_and_nothing_is_kept_of_it(file: Path) -> None:
    wrong(called_again(file))
    with called_again(file).attempt(KEY, FULL):
        pass

    assert called_again(file).unproven(KEY) == 0
    assert b"boot" not in file.read_bytes()


def test_an_attempt_is_kept_before_the_pin_is_sent(file: Path) -> None:
    guard = called_again(file)

    with guard.attempt(KEY, FULL):
        assert called_again(file).unproven(KEY) == 1  # the program may be killed here


def test_a_key_whose_plugging_is_not_told_counts_in_this_call_alone(file: Path) -> None:
    guard = called_again(file)
    wrong(guard, UNTOLD)
    wrong(guard, UNTOLD)

    with pytest.raises(RefusedError, match="third wrong"):
        guard.check(UNTOLD, FULL)
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"boot/7 00": "x"}'])
def test_a_count_that_cannot_be_read_lets_no_pin_pass(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(InputError, match="which counts PIN attempts, cannot be read") as caught:
        called_again(file).check(KEY, FULL)
    assert "Unplug all security keys" in caught.value.mend
    assert str(file) in caught.value.what


def test_a_live_station_remembers_in_the_folder_of_this_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    wrong(pin_guard())

    assert pin_guard().unproven(KEY) == 1
    assert called_again(tmp_path / "keyvault-kit" / "attempts.json").unproven(KEY) == 1


def test_without_such_a_folder_it_counts_as_long_as_the_program_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "runtime_folder", lambda: None)
    guard = pin_guard()

    wrong(guard)

    assert guard.unproven(KEY) == 1
    assert pin_guard().unproven(KEY) == 0
