"""The page on udev shows what its commands print, run here from top to bottom."""

import re
import shlex
import subprocess
from pathlib import Path

from tests.vm.guest.client import Board
from tests.vm.guest.conftest import RULES, Program, Udev
from tests.vm.guest.orders import Plug

PAGE = Path("docs/udev.md")
# What a comment wants done, and commands as root (#) and as the person ($) with what they print.
BLOCK = re.compile(r"(?:<!-- (?P<first>[^>]*) -->\n)?```console\n(?P<shown>.*?)```", re.DOTALL)


def test_the_page_shows_what_its_commands_print(board: Board, udev: Udev, program: Program) -> None:
    def printed(line: str) -> str:
        if line.startswith("#"):
            return board.run(line[2:]).output
        if line.startswith("$ keyvault "):
            done = program(*shlex.split(line)[2:])
            return done.out + done.err
        command = ("sh", "-c", line[2:])
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return f"{shown.rstrip()}\n"

    def prepare(first: str) -> None:
        if "without the rules" in first:
            udev.take_away(RULES)
        if "plug K1 in" in first:
            board.plug(Plug(name="K1"))

    blocks = list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(blocks) > 4
    for block in blocks:
        prepare(block["first"] or "")
        commands = [line for line in block["shown"].splitlines() if line[:2] in {"# ", "$ "}]
        today = "".join(f"{line}\n{printed(line)}" for line in commands)
        assert block["shown"] == today
