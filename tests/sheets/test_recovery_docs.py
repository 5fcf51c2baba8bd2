"""The page on recovery without the kit shows what the programs print."""

import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import container
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets import recovery_program
from tests.sheets.programs import slip39_js, transcript

PAGE = (Path(__file__).parents[2] / "docs" / "recovery.md").read_text()
EXAMPLE = recovery_program.example()
SHARES = [" ".join(WORDS[number] for number in share) for share in EXAMPLE.numbers.values()]


def block(language: str, beginning: str) -> str:
    """The code block of the page that begins with this."""
    (found,) = (
        part.partition("```")[0]
        for part in PAGE.split(f"```{language}\n")[1:]
        if part.startswith(beginning)
    )
    return found


def screen(command: str, seen: str) -> str:
    return f"$ {command}\n{seen}\n"


def test_the_programs_are_those_of_the_sheet() -> None:
    assert block("python", "import hashlib, hmac\n") == recovery_program.RECOVER
    assert block("python", "import hashlib\n") == recovery_program.CHECK
    assert f"`{recovery_program.digest(recovery_program.RECOVER)}`" in PAGE
    assert block("", "dominant") == "\n".join(SHARES) + "\n"


def test_the_recovery_program(tmp_path: Path) -> None:
    (tmp_path / "recover.py").write_text(block("python", "import hashlib, hmac\n"))
    typing = [
        row
        for share in EXAMPLE.numbers.values()
        for row in (" ".join(map(str, share[:17])), " ".join(map(str, share[17:])), "")
    ]

    seen = transcript(
        [sys.executable, "-I", "-S", "recover.py"], [*typing, ""], r"Word \d+, or Enter: ", tmp_path
    )

    assert block("", "$ python3 recover.py") == screen("python3 recover.py", seen)


def test_shamir_mnemonic(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("shamir")

    seen = transcript([str(program), "recover"], SHARES, "Enter a recovery share: ", tmp_path)

    install, _, rest = block("", "$ pip install").partition("\n")
    assert rest == screen("shamir recover", seen)
    version = recovery_program.TOOLS[0].split(" ")[1]
    assert install == f"$ pip install 'shamir-mnemonic[cli]=={version}'"


@pytest.mark.needs("node")
def test_slip39_of_npm(tmp_path: Path) -> None:
    slip39_js(tmp_path)
    (tmp_path / "recover.js").write_text(block("js", ""))

    done = subprocess.run(
        ["node", "recover.js"],
        cwd=tmp_path,
        input="".join(f"{share}\n" for share in SHARES),
        capture_output=True,
        text=True,
        check=True,
    )

    typed = "".join(f"{share}\n" for share in SHARES)
    assert block("", "$ node") == screen("node recover.js", f"{typed}{done.stdout.rstrip()}")


def test_from_bytes_to_the_password(tmp_path: Path) -> None:
    (tmp_path / "password.py").write_text(block("python", "ALPHABET"))

    seen = transcript([sys.executable, "password.py"], [EXAMPLE.secret.hex()], "Bytes: ", tmp_path)

    assert block("", "$ python3 password.py") == screen("python3 password.py", seen)
    assert EXAMPLE.password in seen


def test_from_bytes_to_a_pin() -> None:
    shown = Secret(bytes.fromhex(block("", "02 ").replace(" ", "")))

    assert container.unwrap(shown).expose_text() == "48213907"
