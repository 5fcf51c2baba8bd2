"""The recovery program as it is read off the sheet: official vectors, our shares, other tools."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib import metadata
from itertools import count
from pathlib import Path

import pytest
from shamir_mnemonic import combine_mnemonics

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import container, passwords, slip39
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets import recovery_program
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages.recovery import RecoverySheet, render
from tests.sheets.programs import Piece, as_typed, numbers, on_paper, printed, run, slip39_js, typed

DATA = Path(__file__).parents[1] / "data"
VECTORS = json.loads((DATA / "slip39-vectors.json").read_text())
RECOVER_JS = """\
const slip39 = require("slip39");
const shares = require("fs").readFileSync(0, "utf8").trim().split("\\n");
console.log(Buffer.from(slip39.recoverSecret(shares, "")).toString("hex"));
"""


def pythons() -> list[str]:
    """Every Python from 3.6 on that is installed here, this one among them."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {sys.executable, *map(str, versions.glob("3.*/bin/python"))}
    found |= {path for minor in range(6, 20) if (path := shutil.which(f"python3.{minor}"))}
    return sorted(path for path in found if _runs(path))


def _runs(interpreter: str) -> bool:
    asked = [interpreter, "-c", "import hashlib, sys; sys.exit(sys.version_info < (3, 6))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture
def program(pieces: Callable[[bytes], list[Piece]]) -> str:
    heading = Heading(
        organisation="Nordwind Energie AG",
        register="3f9c1ab2" + "5d" * 28,
        label="bg1@nordwind.onmicrosoft.com",
        date=date(2026, 3, 2),
        sheet_id="bg1-pw-1-2",
    )
    _, recover = on_paper(pieces(render(RecoverySheet(heading=heading), A4)))
    return typed(recover)


def stream(seed: str) -> Callable[[int], bytes]:
    """Randomness for tests: reproducible, never the same twice."""
    number = count()
    return lambda size: hashlib.shake_256(f"{seed} {next(number)}".encode()).digest(size)


def split(secret: Secret, threshold: int, shares: int, seed: str = "") -> list[list[int]]:
    made = slip39.split(secret, threshold=threshold, count=shares, random=stream(seed))
    return [numbers(share.mnemonic()) for share in made]


def password(secret: bytes) -> str:
    return passwords.password_from_secret(Secret(secret)).expose_text()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_official_vector(vector: tuple[str, list[str], str, str], program: str) -> None:
    _, mnemonics, secret, _ = vector
    vectors = program.replace('PASSPHRASE = b""', 'PASSPHRASE = b"TREZOR"')

    done = run(vectors, as_typed(numbers(text) for text in mnemonics))

    assert printed(done, "Bytes") == (secret or None)
    assert (done.returncode == 0) == bool(secret)
    if len(secret) == 64:
        assert printed(done, "Password") == password(bytes.fromhex(secret))


@pytest.mark.parametrize("interpreter", pythons())
def test_the_example_on_every_python_here(interpreter: str, program: str) -> None:
    example = recovery_program.example()

    done = run(program, as_typed(example.numbers.values()), interpreter)

    assert done.stderr == ""
    assert printed(done, "Password") == example.password


@pytest.mark.parametrize("threshold", range(2, 17))
def test_our_own_shares_of_every_threshold(threshold: int, program: str) -> None:
    secret = passwords.draw(stream(f"secret {threshold}"))
    shares = split(secret, threshold, 16)
    chosen = [shares[(threshold + 5 * at) % 16] for at in range(threshold)]

    done = run(program, as_typed(chosen))

    assert printed(done, "Bytes") == secret.expose().hex()
    assert printed(done, "Password") == password(secret.expose())


@pytest.mark.parametrize("secret", [bytes(32), bytes(31) + b"\x01", b"\xff" * 32])
def test_a_password_has_44_characters_whatever_the_bytes(secret: bytes, program: str) -> None:
    done = run(program, as_typed(split(Secret(secret), 2, 2)))

    assert printed(done, "Password") == password(secret)


@pytest.mark.parametrize("text", ["4821", "48213907", "Überlänge mit Ключ und κλειδί", "x" * 256])
def test_what_lies_in_a_container_comes_back_as_text(text: str, program: str) -> None:
    wrapped = container.wrap(Secret.from_text(text), stream(text))

    done = run(program, as_typed(split(wrapped, 3, 5)[1:4]))

    assert printed(done, "Text") == text
    assert printed(done, "Password") is None


def test_bytes_that_are_neither_are_shown_as_bytes_alone(program: str) -> None:
    done = run(program, as_typed(split(Secret(bytes(range(48))), 2, 3)[:2]))

    assert printed(done, "Bytes") == bytes(range(48)).hex()
    assert printed(done, "Text") is None


def test_a_share_with_a_mistake_is_named_and_typed_again(program: str) -> None:
    first, second, _ = split(Secret(bytes(range(32))), 2, 3)
    swapped = [*second[:5], second[6], second[5], *second[7:]]

    done = run(program, as_typed([first, swapped, second[:-1], second]))

    assert done.stdout.count("WRONG: type this share again.") == 2
    assert printed(done, "Bytes") == bytes(range(32)).hex()


def test_a_share_of_another_set_is_named_and_left_out(program: str) -> None:
    ours, theirs = (split(Secret(bytes(range(32))), 2, 3, seed) for seed in ("ours", "theirs"))

    done = run(program, as_typed([ours[2], theirs[0], ours[1]]))

    assert done.stdout.count("ANOTHER SET") == 1
    assert printed(done, "Bytes") == bytes(range(32)).hex()


def test_too_few_shares_are_asked_for_and_never_combined(program: str) -> None:
    shares = split(Secret(bytes(range(32))), 3, 5)

    done = run(program, as_typed([shares[0], shares[3], shares[0]]))

    assert done.stdout.count("Shares still missing: 1") == 2  # the last is there already
    assert done.returncode
    assert printed(done, "Bytes") is None


def test_more_shares_than_needed_do_no_harm(program: str) -> None:
    done = run(program, as_typed(split(Secret(bytes(range(32))), 2, 5)[:4]))

    assert printed(done, "Bytes") == bytes(range(32)).hex()


def test_shares_that_only_seem_to_belong_together_give_nothing(program: str) -> None:
    def made(seed: str) -> Sequence[slip39.Share]:
        fixed = stream("identifier")(2)
        rest = stream(seed)
        return slip39.split(
            Secret(bytes(range(32))),
            threshold=2,
            count=2,
            random=lambda size: fixed if size == len(fixed) else rest(size),
        )

    one, other = made("one")[0], made("other")[1]
    done = run(program, as_typed(numbers(share.mnemonic()) for share in (one, other)))

    assert "not of one set" in done.stderr
    assert printed(done, "Bytes") is None


def test_what_is_no_number_is_asked_for_again(program: str) -> None:
    first, second, _ = split(Secret(bytes(range(32))), 2, 3)
    typing = as_typed([first, second])
    stumbling = f"{first[0]} 1o2\n" + typing.removeprefix(f"{first[0]} ")

    done = run(program, stumbling)

    assert "Word 2, or Enter" in done.stdout
    assert printed(done, "Bytes") == bytes(range(32)).hex()


def words_of_the_example() -> list[str]:
    shares = recovery_program.example().numbers.values()
    return [" ".join(WORDS[number] for number in share) for share in shares]


def test_the_tools_that_the_sheet_names_are_those_that_are_tested(tmp_path: Path) -> None:
    package = json.loads((slip39_js(tmp_path) / "package.json").read_text())

    assert (
        f"shamir-mnemonic {metadata.version('shamir-mnemonic')} (PyPI)",
        f"{package['name']} {package['version']} (npm)",
    ) == recovery_program.TOOLS


def test_shamir_mnemonic_reads_the_example() -> None:
    shares = words_of_the_example()

    assert [len(share.split()) for share in shares] == [33, 33]
    assert combine_mnemonics(shares) == recovery_program.example().secret


@pytest.mark.needs("node")
@pytest.mark.parametrize("threshold", [2, 3, 5, 16])
def test_slip39_of_npm_reads_our_shares(threshold: int, tmp_path: Path) -> None:
    slip39_js(tmp_path)
    (tmp_path / "recover.js").write_text(RECOVER_JS)
    secret = passwords.draw(stream(f"node {threshold}"))
    made = slip39.split(secret, threshold=threshold, count=16, random=stream("node"))
    shares = [share.mnemonic() for share in made[16 - threshold :]]
    assert all(len(share.split()) == 33 for share in shares)

    done = subprocess.run(
        ["node", "recover.js"],
        cwd=tmp_path,
        input="\n".join(shares),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == secret.expose().hex()
