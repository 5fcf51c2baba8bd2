"""How the program is called."""

import subprocess
import sys
from pathlib import Path

import pytest

from tui.main import run


def test_help_is_quick_and_loads_none_of_the_heavy_packages() -> None:
    code = (
        "import sys; from tui.main import run; status = run(['--help']); "
        "heavy = {'textual', 'reportlab', 'fido2', 'sqlite3', 'msgspec', 'cryptography'}; "
        "print(sorted(heavy & set(sys.modules)), status, file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "--rehearsal" in done.stdout
    assert done.stderr.splitlines()[-1] == "[] 0"


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "--rehearsal"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 2
    assert "the interface needs a terminal" in done.stderr


def test_a_rehearsal_has_a_ledger_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--rehearsal", "--ledger", "other.db"]) == 2
    assert "leave --ledger out" in capsys.readouterr().err
