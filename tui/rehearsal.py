"""A rehearsal to sit down at: a small organisation's ledger, and software keys in the ports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from keyvault_kit.assembly import SOFT_KEYS, SOFTWARE_MODELS, Bench
from keyvault_kit.custody import organisation as organisations
from keyvault_kit.custody.model import Mode
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.pin import set_pin
from keyvault_kit.keys.session import open_session
from keyvault_kit.rehearsal.run import Options, rehearse
from keyvault_kit.secret import Secret
from tui.desk import Desk, Say

PRACTICE_PIN: Final = "58203917"
"""The PIN of the practice keys; it is on the screen, and opens nothing else."""

WITHOUT_PIN: Final = "other"
"""The practice key that is left without a PIN."""

_ORGANISATION: Final = "organisation.toml"
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a fresh folder with a name of its own inside


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A fresh folder, in memory where the system has such a place; removed at the end."""
    writable = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK)
    with TemporaryDirectory(
        prefix="keyvault-rehearsal-",
        dir=_IN_MEMORY if writable else None,
        ignore_cleanup_errors=True,
    ) as folder:
        yield Path(folder)


def rehearse_in(folder: Path, say: Say) -> Desk:
    """Go through a whole rehearsal of a small organisation, and lay its keys on the desk.

    Args:
        folder: Empty; everything is written there and nowhere else.
        say: Takes the lines of the progress; what it raises ends the rehearsal.
    """
    text = resources.files(__package__).joinpath(_ORGANISATION).read_text(encoding="utf-8")
    rehearse(
        Options(out=folder / "rehearsal", organisation=(text, _ORGANISATION)),
        now=datetime.now(UTC),
        say=say,
    )
    say("Plugging in the software keys")
    bench = Bench.again(folder / "rehearsal" / SOFT_KEYS)
    for key in organisations.parse(text, _ORGANISATION).keys:
        _plug(bench, key.tag, key.model)
    for model in SOFTWARE_MODELS:
        _plug(bench, f"practice-{model}", model)
        if model != WITHOUT_PIN:
            _set_practice_pin(bench, f"practice-{model}")
    ledger = folder / "rehearsal" / "ledger.db"
    return Desk(bench.bus, PinGuard(), Mode.REHEARSAL, ledger, PRACTICE_PIN)


def _plug(bench: Bench, name: str, model: str) -> None:
    bench.add(name, model)
    bench.plug(name)


def _set_practice_pin(bench: Bench, name: str) -> None:
    key = next(key for key in plugged(bench.bus) if key.path == bench.path(name))
    with open_session(bench.bus, key) as session, Secret.from_text(PRACTICE_PIN) as pin:
        set_pin(session, pin)
