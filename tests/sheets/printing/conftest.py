"""A CUPS for each test, in a folder with a short path: a socket's has to fit in 108 bytes."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.printer import Queue, Server
from tests.sheets.printing.cups import PATIENT, Cups, Keeper, Printer

StartCups = Callable[..., Cups]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter: cupsd, where it is root, works as user lp."""
    root = Path(tempfile.mkdtemp(prefix="kvk-"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def start_cups(folder: Path) -> Iterator[StartCups]:
    """Starts a CUPS with settings of its own."""
    started: list[Cups] = []

    def start(**settings: str) -> Cups:
        root = folder / f"cups{len(started)}"
        root.mkdir()
        cups = Cups(root, **settings)
        started.append(cups)
        cups.start()
        return cups

    yield start
    for cups in started:
        cups.stop()


@pytest.fixture
def cups(start_cups: StartCups) -> Cups:
    return start_cups()


@pytest.fixture
def keeper(cups: Cups) -> Keeper:
    return cups.keeping()


@pytest.fixture
def queue(cups: Cups, keeper: Keeper) -> Queue:  # noqa: ARG001 - the queue leads to it
    return Queue("keep", Server(cups.socket), PATIENT, indirect=True)


@pytest.fixture
def printer(folder: Path) -> Iterator[Printer]:
    root = folder / "printer"
    root.mkdir()
    printer = Printer(root)
    printer.start()
    yield printer
    printer.stop()


@pytest.fixture
def everywhere(cups: Cups, printer: Printer) -> Queue:
    """A queue to the IPP Everywhere printer."""
    cups.run("lpadmin", "-p", "office", "-E", "-v", printer.uri, "-m", "everywhere")
    # On a busy machine it may take a while to connect.
    waiting = msgspec.structs.replace(PATIENT, grace=30)
    return Queue("office", Server(cups.socket), waiting)


@pytest.fixture
def sheet(make_example: Callable[..., object], make_heading: Callable[..., object]) -> bytes:
    """A share's sheet, as it is printed."""
    return make_example("share", make_heading()).render(A4)  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def payload(make_example: Callable[..., object], make_heading: Callable[..., object]) -> str:
    """What its codes say."""
    return make_example("share", make_heading()).payload  # type: ignore[attr-defined, no-any-return]
