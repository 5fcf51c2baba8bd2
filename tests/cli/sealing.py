"""A password is sealed, or rotated, at a terminal, as careful officers do it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyvault_kit.custody.model import Purpose
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def sealed(
    desk: Desk,
    *words: str,
    sheets: int,
    taken: bool = True,
    old: tuple[str, ...] = (),
    medium: str = ".",
) -> tuple[Terminal, str]:
    """Seal a password as careful officers do; the terminal afterwards, and what they typed.

    Args:
        taken: What the evidence says of it.
        old: The numbers of the bags with the sheets of the password before, which are destroyed.
        medium: The folder with the evidence; where `words` do not name it, that of the ledger.
    """
    terminal = Terminal(*words, *desk.by, folder=desk.folder)
    for _ in range(2):
        terminal.answer("the time from a source", desk.now())
    for number in range(1, sheets + 1):
        for _ in range(2):
            terminal.answer("read the number of the bag", f"NEW-{number}")
    for count in (sheets, sheets, 0):
        terminal.answer("How many secret sheets", str(count))
    typed = "".join(_half(terminal) for _ in range(2))
    terminal.answer("Did the tenant take the new password", "taken")
    for _ in range(sheets):
        terminal.answer("lie in safe", "y")
    evidence(desk, medium, taken=taken)
    terminal.answer("Name the file with the evidence", "evidence.json")
    if not taken:
        terminal.answer("Does the new password of bg1 count?", "not taken")
        for number in range(1, sheets + 1):
            terminal.answer("type the number on its bag", f"NEW-{number}")
            terminal.answer("Is it destroyed?", "y")
    for bag in old:
        terminal.answer("type the number on its bag", bag)
        terminal.answer("Is it destroyed?", "y")
    for _ in range(2):
        terminal.answer("was it all done as the record", "1")
    assert terminal.end() == (0 if taken else 1), terminal.printed
    return terminal, typed


def _half(terminal: Terminal) -> str:
    screen = terminal.wait_for_next("Enter hides it").rpartition("\x1b[?1049h")[2]
    rows = re.findall(r"^ {4}(\S[^\r\n]*?)\r?$", screen, re.MULTILINE)
    terminal.type("")
    return "".join("".join(rows).split())


def evidence(desk: Desk, medium: str = ".", *, taken: bool = True) -> None:
    """Bring what the online script wrote of the password of bg1, just now."""
    event = {
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "action": "setPassword",
        "set": desk.register.set_being_made("bg1", Purpose.PASSWORD).id,
        "account": "bg1@example.onmicrosoft.com",
        "ok": taken,
    }
    file = {"format": "keyvault-kit/evidence/v1", "events": [event]}
    (desk.folder / medium).mkdir(exist_ok=True)
    (desk.folder / medium / "evidence.json").write_text(json.dumps(file))
