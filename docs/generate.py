"""Write what the documents show of the program, by running it: `make docs`.

The rehearsal of seed 1 is the same every time, so the text made here can be compared by a test.
"""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from keyvault_kit.cli.main import VERBS, keyvault
from keyvault_kit.sheets.scan import to_png

DOCS = Path(__file__).parent
SEED = "1"
COLUMNS = 100
SHEETS = {
    "share": "share-bg1-pw1-1.pdf",
    "checkpoint": "checkpoint-1.pdf",
    "pin": "pin-K1-pin1-1.pdf",
}
VERIFY = "keyvault ledger verify --checkpoint sheets/checkpoint-1.pdf"


def run(command: str, folder: Path) -> str:
    """What a command prints, run in a folder."""
    arguments = [sys.executable, "-m", "keyvault_kit.cli.main", *command.split()[1:]]
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS)}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def rehearse(folder: Path) -> str:
    """A rehearsal of seed 1 in `folder`/rehearsal; what it printed."""
    return run(f"keyvault rehearse --seed {SEED}", folder)


def commands() -> str:
    """The reference of all commands, from their own help."""
    parts = ["# Commands", "", "Made by `make docs` from the program's own help.", ""]
    with tempfile.TemporaryDirectory() as folder:
        for words in ("", *_command_words()):
            parts += [f"## `keyvault{words}`", "", "```"]
            parts += [run(f"keyvault{words} --help", Path(folder)).rstrip(), "```", ""]
    return "\n".join(parts)


def _command_words() -> list[str]:
    found = []
    for name in sorted(VERBS):
        command = keyvault.get_command(None, name)  # type: ignore[arg-type]
        found.append(f" {name}")
        found += [f" {name} {sub}" for sub in sorted(getattr(command, "commands", {}))]
    return found


def rehearsal_page(printed: str) -> str:
    """The page on the rehearsal: its text, with what the run printed in its place."""
    page = (DOCS / "rehearsal.md").read_text(encoding="utf-8")
    before, _, rest = page.partition("<!-- printed -->\n")
    after = rest.partition("<!-- end -->\n")[2]
    return f"{before}<!-- printed -->\n```\n{printed.rstrip()}\n```\n<!-- end -->\n{after}"


def verified_picture(folder: Path) -> str:
    """A picture (SVG) of the ledger of a rehearsal, verified against its printed checkpoint."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system=None)
    console.print(Text(f"$ {VERIFY}\n{run(VERIFY, folder).rstrip()}"))
    return console.export_svg(title="keyvault", unique_id="keyvault")


def main() -> None:
    """Write the documents' generated parts."""
    with tempfile.TemporaryDirectory() as name:
        printed = rehearse(Path(name))
        folder = Path(name) / "rehearsal"
        (DOCS / "commands.md").write_text(commands(), encoding="utf-8")
        (DOCS / "rehearsal.md").write_text(rehearsal_page(printed), encoding="utf-8")
        pictures = DOCS / "pictures"
        pictures.mkdir(exist_ok=True)
        (pictures / "ledger-verified.svg").write_text(verified_picture(folder), encoding="utf-8")
        for kind, sheet in SHEETS.items():
            pdf = (folder / "sheets" / sheet).read_bytes()
            (pictures / f"sheet-{kind}.png").write_bytes(to_png(pdf, dpi=90))


if __name__ == "__main__":
    main()
