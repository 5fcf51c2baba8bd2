"""The command line as a user calls it."""

import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.cli.main import VERBS, run


def keyvault(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyvault_kit.cli.main", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert f"keyvault {verb}" in capsys.readouterr().out


def test_the_package_is_run_as_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keyvault_kit", "doctor", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: keyvault doctor")


def test_an_unknown_verb_and_an_unknown_option_are_usage_errors() -> None:
    assert run(["fly"]) == 2
    assert run(["rehearse", "--fast"]) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["ledger", "show", "--ledger", "nowhere.db"], 2, "nowhere.db"),
        (["ledger", "verify", "--ledger", "nowhere.db"], 2, "nowhere.db"),
        (["share", "verify", "nowhere.pdf", "--ledger", "nowhere.db"], 2, "nowhere"),
        (["rehearse", "--organisation", "nowhere.toml", "--out", "never"], 2, "nowhere.toml"),
        (["recover"], 5, "standard output is none"),
    ],
)
def test_an_error_is_one_clear_line_and_a_status(
    arguments: list[str],
    status: int,
    message: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == status

    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("keyvault: ")
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_our_own_fault_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        pin = "31415926"
        raise ZeroDivisionError(f"the PIN was {pin}")

    monkeypatch.setattr("keyvault_kit.cli.main.keyvault.main", break_down)

    assert run(["keys", "list"]) == 70
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "31415926" not in err
