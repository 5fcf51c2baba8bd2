"""The desk: what the application works on. Keys, the guard of their PINs, and perhaps a ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keyvault_kit.assembly import (
    SOFT_KEYS,
    SOFTWARE_MODELS,
    Bench,
    open_book,
    pin_guard,
    plugged_in_keys,
)
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import KeyvaultError
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidBus

Say = Callable[[str], None]
"""Takes a line of progress; it may raise, to end what takes too long."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the application works on.

    Attributes:
        bus: The security keys that are plugged in.
        guard: Remembers the wrong PINs, and refuses one too many.
        mode: What the ledger is for; live where there is none.
        ledger: The ledger file; None where there is none.
        practice_pin: The PIN of the keys to practise with; empty where there are none.
    """

    bus: HidBus
    guard: PinGuard
    mode: Mode = Mode.LIVE
    ledger: Path | None = None
    practice_pin: str = ""


def open_desk(ledger: Path | None, say: Say) -> Desk:
    """Real keys; for a rehearsal's ledger, its software keys. The ledger is read here.

    A ledger that cannot be read keeps nobody from the keys: what is wrong with it is told when it
    is shown.
    """
    if ledger is None:
        return Desk(plugged_in_keys(), pin_guard())
    say(f"Opening {ledger}")
    try:
        book = open_book(ledger)
        with book.ledger:
            register = book.register
    except KeyvaultError:
        return Desk(plugged_in_keys(), pin_guard(), ledger=ledger)
    if register.mode is not Mode.REHEARSAL:
        return Desk(plugged_in_keys(), pin_guard(), ledger=ledger)
    keys = _soft_keys(ledger.parent / SOFT_KEYS, tuple(register.keys))
    return Desk(keys, PinGuard(), Mode.REHEARSAL, ledger)


def _soft_keys(folder: Path, tags: tuple[str, ...]) -> HidBus:
    """The software keys of a rehearsal's register, as they were left, all plugged in."""
    bench = Bench.again(folder)
    for tag in tags:
        if (folder / f"{tag}.json").exists():
            bench.add(tag, SOFTWARE_MODELS[0])  # one that was kept stays of its own model
            bench.plug(tag)
    return bench.bus
