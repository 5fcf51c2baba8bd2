"""A password sealed by way of a real CUPS: what people scan is what the printer got."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.model import SetState
from keyvault_kit.errors import InputError
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets.scan import read_codes
from tests.cli.sealing import evidence
from tests.cli.terminal import Terminal
from tests.sheets.printing.cups import Cups, Keeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

pytestmark = pytest.mark.needs("cupsd", "lpadmin")

SEAL = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "vault-1")


@pytest.fixture
def cups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cups]:
    """A CUPS to which this user's programs print."""
    root = Path(tempfile.mkdtemp(prefix="kvk-"))
    root.chmod(0o755)
    cups = Cups(root)
    cups.start()
    monkeypatch.setenv("CUPS_SERVER", cups.socket)
    yield cups
    cups.stop()
    shutil.rmtree(root)


@pytest.fixture
def keeper(cups: Cups) -> Keeper:
    return cups.keeping()


def shares(keeper: Keeper) -> list[str]:
    """The words on the shares that the printer got, in the order in which it got them."""
    found: list[str] = []
    for job in sorted(keeper.jobs(), key=lambda name: int(name.partition("-")[2])):
        for code in read_codes((keeper.out / f"{job}.pdf").read_bytes()):
            try:
                found.append(Share.parse(code).mnemonic())
            except InputError:
                continue  # a label, a liner, a recovery sheet
    return found


def test_a_password_is_sealed_by_way_of_a_real_print_queue(
    desk: Desk, cups: Cups, keeper: Keeper
) -> None:
    terminal = Terminal(*SEAL, *desk.by, "--printer", "keep", folder=desk.folder)
    for _ in range(2):
        terminal.answer("the time from a source", desk.now())
    for number in (1, 2):
        terminal.wait_for_next(f"Scan a code of sheet share-bg1-pw1-{number}")
        terminal.type(shares(keeper)[number - 1].upper())
        for _ in range(2):
            terminal.answer("read the number of the bag", f"NEW-{number}")
    for count in (2, 2, 0):
        terminal.answer("How many secret sheets", str(count))
    for _ in range(2):
        terminal.answer("Enter hides it", "")
    terminal.answer("Did the tenant take the new password", "taken")
    for _ in range(2):
        terminal.answer("lie in safe", "y")
    evidence(desk)
    terminal.answer("Name the file with the evidence", "evidence.json")
    for _ in range(2):
        terminal.answer("was it all done as the record", "1")

    assert terminal.end() == 0, terminal.printed
    assert desk.register.sets["bg1-pw1"].state is SetState.IN_FORCE
    assert len(shares(keeper)) == 2
    for words in shares(keeper):
        assert " ".join(words.split()[5:8]) not in terminal.left.lower()
        assert words.upper() not in terminal.printed
    assert cups.documents() == []
    assert "bg1" not in cups.logs()
    kept = [path.name for path in (desk.folder / "sheets").iterdir()]
    assert not [name for name in kept if "bg1" in name]


def test_a_sheet_that_is_not_the_printed_one_is_asked_for_again(desk: Desk, keeper: Keeper) -> None:
    terminal = Terminal(*SEAL, *desk.by, "--printer", "keep", folder=desk.folder)
    for _ in range(2):
        terminal.answer("the time from a source", desk.now())
    terminal.answer("Scan a code of sheet share-bg1-pw1-1", "ACADEMIC " * 33)
    terminal.answer("Try this step again?", "y")
    terminal.wait_for_next("Scan a code of sheet share-bg1-pw1-1")
    terminal.type(shares(keeper)[0].upper())
    terminal.wait_for_next("read the number of the bag")

    assert "do not agree with their checksum" in terminal.printed


def test_a_share_is_read_back_by_its_words_where_nothing_scans(desk: Desk, keeper: Keeper) -> None:
    terminal = Terminal(*SEAL, *desk.by, "--printer", "keep", folder=desk.folder)
    for _ in range(2):
        terminal.answer("the time from a source", desk.now())
    terminal.answer("Enter alone to type its words", "")
    terminal.wait_for_next("0 words so far")
    (words,) = shares(keeper)
    typed = " ".join(word[:4] for word in words.split())
    terminal.type(typed)
    terminal.wait_for_next("read the number of the bag")

    assert typed[20:40] not in terminal.left
    assert words[20:40] not in terminal.left


def test_a_form_is_printed(desk: Desk, keeper: Keeper) -> None:
    told = desk.read("sheets", "inventory", "vault-1", "--printer", "keep")

    assert "look whether it is" in told
    (job,) = keeper.jobs()
    (code,) = read_codes((keeper.out / f"{job}.pdf").read_bytes())
    assert code.split()[1] == "INVENTORY"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--printer", "nowhere"), 3, "nowhere"),
        (("--printer", "keep", "--tray", "top"), 3, "tray"),
        (("--printer", "keep", "--sheets", "x"), 2, "not to both"),
    ],
)
def test_a_printer_that_is_not_ready_is_said_before_anything_is_made(
    desk: Desk, keeper: Keeper, words: tuple[str, ...], status: int, said: str
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.ask(*SEAL, *desk.by, *words)

    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert desk.ledger.read_bytes() == before
    assert keeper.jobs() == []


def test_where_no_print_server_answers_that_is_said(
    desk: Desk, refusal: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUPS_SERVER", "/nowhere/cups.sock")

    assert refusal(desk.ask(*SEAL, *desk.by, "--printer", "keep"), 3, "no print server answers")


def test_the_doctor_says_what_there_is_to_print_on(
    founded: Desk, cups: Cups, keeper: Keeper
) -> None:
    assert keeper.jobs() == []
    cups.keeping("broken")
    cups.run("cupsreject", "broken")

    done = founded.ask("doctor", "printing", "--json")

    found = json.loads(done.stdout)
    queues = {it["name"]: it for it in found["queues"]}
    assert (done.returncode, found["server"]) == (1, cups.socket)
    assert queues["keep"]["trouble"] == ""
    assert not queues["keep"]["direct"]
    assert "broken" in queues["broken"]["trouble"]
    assert any(cups.socket in it["what"] for it in found["findings"])  # not the system's own CUPS

    text = founded.ask("doctor", "printing").stdout
    assert "keep: ready; its printer is not on a cable" in text
    assert "broken: NOT READY" in text


def test_the_doctor_says_where_there_is_no_print_server(
    founded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUPS_SERVER", "/nowhere/cups.sock")

    done = founded.ask("doctor", "printing")

    assert done.returncode == 1
    assert "No print server answers at /nowhere/cups.sock" in done.stdout
