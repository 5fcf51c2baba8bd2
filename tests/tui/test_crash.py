"""A crash, in a real terminal, with a PIN in a local variable: nothing of it is printed."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

PIN: Final = "82736451"
PATIENCE_S: Final = 60.0

CRASHES: Final = {
    "a handler": "pin = typed(); raise ValueError(f'bad {pin}')",
    "a worker": "self.run_worker(self.fail, thread=True)",
    "a task of nobody": "asyncio.create_task(self.fail_later())",
    "a callback": "self.call_later(self.fail)",
    "what is drawn": "self.screen.query_one('#keys').render = self.fail; self.screen.refresh(); "
    "self.screen.query_one('#keys').refresh()",
    "a panic": "self.panic(typed())",
}

PROGRAM: Final = """
import asyncio
from tui import desk
from tui.main import main
from tui.app import KeyvaultApp
from keyvault_kit.softkey.bus import SoftBus

def typed():
    return "{pin}"

def fail(self, *_):
    pin = typed()
    raise ValueError(f"bad {{pin}}")

async def fail_later(self):
    self.fail()

def action_help(self):
    pin = typed()
    {crash}

KeyvaultApp.fail, KeyvaultApp.fail_later, KeyvaultApp.action_help = fail, fail_later, action_help
desk.plugged_in_keys = SoftBus
main([])
"""


@contextmanager
def program_in_a_terminal(
    crash: str, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The program, and the descriptor of whoever sits at its terminal."""
    leader, follower = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(pin=PIN, crash=crash)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        cwd=folder,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )
    os.close(follower)
    try:
        yield program, leader
    finally:
        program.kill()
        program.wait()


def read_until(leader: int, text: bytes = b"") -> bytes:
    """What the program writes, until a text came; or to its end, where none is waited for."""
    written, deadline = b"", time.monotonic() + PATIENCE_S
    while not text or text not in written:
        ready, _, _ = select.select([leader], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"the program is silent, and does not end: {written!r}"
        try:
            piece = os.read(leader, 65536)
        except OSError:  # how Linux says that the other side is closed
            piece = b""
        if not piece:
            break
        written += piece
    return written


HOME: Final = b"There is no ledger here."


@pytest.mark.parametrize("crash", CRASHES.values(), ids=list(CRASHES))
def test_a_crash_names_its_type_and_place_and_nothing_from_memory(
    crash: str, tmp_path: Path
) -> None:
    with program_in_a_terminal(crash, tmp_path) as (program, leader):
        read_until(leader, HOME)
        os.write(leader, b"?")
        written = read_until(leader).decode(errors="replace")
        status = program.wait(PATIENCE_S)
        os.close(leader)

    assert PIN not in written
    assert "Traceback" not in written
    assert "locals" not in written
    told = written[written.rindex("keyvault-tui:") :]
    assert told.startswith("keyvault-tui: our own fault: ")
    assert "bad" not in told
    assert len(told.splitlines()) == 1
    assert status == 70


def test_a_terminal_that_goes_away_while_it_is_drawn_on_ends_the_program(tmp_path: Path) -> None:
    drawing = "self.set_interval(0.001, lambda: self.screen.refresh(layout=True))"
    with program_in_a_terminal(drawing, tmp_path) as (program, leader):
        read_until(leader, HOME)
        os.write(leader, b"?")
        time.sleep(1)
        os.close(leader)
        assert program.wait(PATIENCE_S) in (0, 70)
