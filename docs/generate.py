"""Write what the documents show of the program, by running it: `make docs`.

The rehearsal of seed 1 is the same every time, so the text made here can be compared by a test.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_origin

import click
import msgspec
from rich.console import Console
from rich.text import Text

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies import custody_forms
from keyvault_kit.cli.main import VERBS, keyvault
from keyvault_kit.custody.authority import TABLE
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.events import (
    AnyFact,
    Fact,
    Natural,
    Observation,
    Positive,
    Request,
)
from keyvault_kit.custody.model import Count, Hex256, Id
from keyvault_kit.custody.requirements import COVERAGE, REQUIREMENTS
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.scan import read_codes, to_png

DOCS = Path(__file__).parent
REHEARSAL = "rehearsal"
"""The folder of a rehearsal, and of a year."""
SEED = "1"
COLUMNS = 100
PLAN = "plan.toml"
LEAVER = "carol"
SHEETS = {
    "share": "share-bg1-pw1-1.pdf",
    "checkpoint": "checkpoint-1.pdf",
    "pin": "pin-K1-pin1-1.pdf",
    "founding": "founding-hq.pdf",
    "recovery": "recovery-bg1-pw1-1.pdf",
    "card": "card-card-hq-1.pdf",
}
VERIFY = (
    "keyvault ledger verify --checkpoint sheets/checkpoint-1.pdf"
    " --trust sheets/founding-auditor.pdf"
)


def run(command: str, folder: Path) -> str:
    """What a command prints, run in a folder; it must succeed."""
    done = _started(command, folder)
    done.check_returncode()
    return done.stdout


def talk(command: str, folder: Path, *, typed: str = "") -> str:
    """What somebody sees who runs a command and types hidden answers: all of it, and the status.

    The warnings of a program that has no terminal to hide them on are left out.
    """
    done = _started(command, folder, typed=f"{typed}\n")
    hidden = ("GetPassWarning", "passwd = ", "Warning: Password")
    lines = (done.stderr + done.stdout).splitlines()
    seen = [line for line in lines if not any(it in line for it in hidden)]
    status = f" [exit status {done.returncode}]" if done.returncode else ""
    return "\n".join((f"$ {command}{status}", *seen))


def _started(command: str, folder: Path, *, typed: str = "") -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "keyvault_kit.cli.main", *command.split()[1:]]
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS)}
    return subprocess.run(
        arguments,
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # hidden answers come by standard input
    )


def rehearse(folder: Path) -> str:
    """A rehearsal of seed 1 in `folder`/rehearsal; what it printed."""
    return run(f"keyvault rehearse --seed {SEED}", folder)


def rehearse_year(folder: Path) -> str:
    """A rehearsed year of seed 1 in `folder`/rehearsal; what it printed."""
    return run(f"keyvault rehearse --year --seed {SEED}", folder)


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
        if command:
            found += _words_of(command, f" {name}")
    return found


def _words_of(command: click.Command, words: str) -> list[str]:
    inner = command.commands if isinstance(command, click.Group) else {}
    below = [it for name in sorted(inner) for it in _words_of(inner[name], f"{words} {name}")]
    return [words, *below]


def custodian_page(folder: Path) -> str:
    """The custodian's guide, with what the commands print over the ledger of a rehearsal."""
    (code,) = read_codes((folder / "sheets" / SHEETS["pin"]).read_bytes())
    pin = code.split()[-1]
    by = "--by carol"
    return filled(
        "custodian.md",
        "\n\n".join(
            (
                talk(f"keyvault keys verify --tag K1 {by}", folder),
                talk(f"keyvault keys check-pin --tag K1 {by}", folder, typed="80264175"),
                talk(f"keyvault keys check-pin --tag K1 {by}", folder, typed=pin),
                talk(f"keyvault keys credentials list --tag K1 {by}", folder, typed=pin),
                talk(f"keyvault keys verify --tag K4 {by}", folder),
            )
        ),
    )


def custody_page(folder: Path) -> str:
    """The page on custody: its text, with the example plan and what the program says of it."""
    shutil.copy(DOCS / PLAN, folder)
    plan = (DOCS / PLAN).read_text(encoding="utf-8").rstrip()
    printed = talk(f"keyvault custody analyse --plan {PLAN}", folder)
    return filled("custody.md", f"$ cat {PLAN}\n{plan}\n\n{printed}")


def custody_sheets(folder: Path) -> dict[str, bytes]:
    """The custody map of a rehearsal and the work orders for one of its people, when it ended."""
    book = open_book(folder / "ledger.db")
    with book.ledger:
        now = book.register.time
        if now is None:
            raise LookupError("the rehearsal's ledger tells no time")
        last_day = now.date() + timedelta(days=30)
        return {
            "custody-map": custody_forms.custody_map(book, A4, now=now),
            "work-orders": custody_forms.work_orders(book, LEAVER, last_day, A4, now=now),
        }


def rehearsal_page(printed: str, year: str) -> str:
    """The page on the rehearsal: its text, with what both runs printed; of the year its parts."""
    parts, _, outcome = year.partition("\n\n")
    titles = "\n".join(it for it in parts.splitlines() if not it.startswith(" "))
    page = put_in(text_of("rehearsal.md"), "<!-- printed -->", fenced(printed))
    return put_in(page, "<!-- year -->", fenced(f"{titles}\n\n{outcome}"))


def ceremonies_page(day: Path, year: str) -> str:
    """The page on ceremonies: its text, with the steps of each.

    Args:
        day: Folder of a rehearsal, over whose ledger a dry run tells them.
        year: What a rehearsed year printed, for ceremonies that it alone goes through.
    """
    page = text_of("ceremonies.md")
    asked = tomllib.loads(text_of("steps.toml"))
    for name, command in asked["day"].items():
        page = put_in(page, f"<!-- steps {name} -->", _told(command, day))
    for name, ceremony in asked["year"].items():
        found = re.findall(rf"^  {ceremony} [0-9]+/[0-9]+ +(.*)$", year, re.MULTILINE)
        page = put_in(page, f"<!-- steps {name} -->", _numbered(found))
    return page


def _told(command: str, folder: Path) -> str:
    """The steps of a ceremony; begun where its ledger is, and nothing is done."""
    done = _started(f"keyvault {command} --dry-run", folder)
    done.check_returncode()
    told = re.findall(r"^\S+ [0-9]+/[0-9]+ +(.*)\n +by (.*)$", done.stderr, re.MULTILINE)
    steps = _numbered(f"{activity} ({by})" for activity, by in told)
    return f"`keyvault {command}`\n\n{steps}"


def _numbered(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {it}" for number, it in enumerate(steps, 1))


def entra_page(folder: Path) -> str:
    """The page on the tenant: its text, with what an export and a check print after a year."""
    told = talk("keyvault entra export --greenfield --out tenant", folder)
    made = json.loads(run("keyvault entra export --greenfield --out again --json", folder))
    names = {it["name"] for it in made["files"]}
    rows = (
        f"| `{it['name']}` | {it['about']} | {it['step'] or '-'} | {', '.join(it['serves'])} |"
        for it in made["files"]
        if "about" in it and it["name"].removesuffix(".md") not in names - {it["name"]}
    )
    table = "\n".join(("| file | what it is | step | serves |", "|---|---|---|---|", *rows))
    page = put_in(text_of("entra.md"), "<!-- files -->", table)
    page = put_in(page, "<!-- export -->", fenced(told))
    checked = talk("keyvault entra check transfer/evidence.json", folder)
    return put_in(page, "<!-- check -->", fenced(checked))


def filled(name: str, printed: str) -> str:
    """A page, with what a run printed in its place."""
    return put_in(text_of(name), "<!-- printed -->", fenced(printed))


def text_of(name: str) -> str:
    """A page as it is."""
    return (DOCS / name).read_text(encoding="utf-8")


def fenced(printed: str) -> str:
    """What a run printed, as a block."""
    return f"```\n{printed.rstrip()}\n```"


def put_in(page: str, mark: str, text: str) -> str:
    """A page, with a text between a mark and the end of it."""
    before, found, rest = page.partition(f"{mark}\n")
    if not found:
        raise LookupError(f"no page has {mark}")
    after = rest.partition("<!-- end -->\n")[2]
    return f"{before}{mark}\n{text}\n<!-- end -->\n{after}"


def rules_page() -> str:
    """The page on rules: its text, with every requirement and conflict and what covers it."""
    rows = [
        f"| {it.id} | {it.sources} | {it.text} | {_covers(it.id)} |" for it in REQUIREMENTS.values()
    ]
    conflicts = [
        f"| {name} | {it.about} | {it.positions[it.default]} | {_covers(name)} |"
        for name, it in CONFLICTS.items()
    ]
    table = [
        "| id | from | requirement | covered by |",
        "|---|---|---|---|",
        *rows,
        "",
        "| id | the sources disagree about | default | asked by |",
        "|---|---|---|---|",
        *conflicts,
    ]
    return put_in(text_of("rules.md"), "<!-- table -->", "\n".join(table))


def _covers(number: str) -> str:
    """What covers a requirement, in code where it is a name."""
    named = [it.partition(":") for it in COVERAGE[number]]
    return ", ".join(f"{kind} `{name}`" if name else kind for kind, _, name in named) or (
        "nothing yet"
    )


def verified_picture(folder: Path) -> str:
    """A picture (SVG) of the ledger of a rehearsal, verified against its printed checkpoint."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system=None)
    console.print(Text(f"$ {VERIFY}\n{run(VERIFY, folder).rstrip()}"))
    return console.export_svg(title="keyvault", unique_id="keyvault")


def authority_page() -> str:
    """Who may do what: the table of the program itself."""
    rows = [
        f"| {rule.act} | `{kind_of(fact)}` | {', '.join(rule.roles)} |"
        f" {'two' if rule.signatures else '-'} |"
        for fact, rule in TABLE.items()
    ]
    return "\n".join(
        [AUTHORITY, "| act | entry | roles | signatures |", "|---|---|---|---|", *rows, ""]
    )


AUTHORITY = """# Who may do what

Made by `make docs` from the table that the program itself holds to (`custody/authority.py`).
Everybody who does something has one of its roles, within the validity of their authority. Where it
says *two*, the act counts when two of them have signed its exact bytes with keys of their own. An
observation (what was opened, seen, found) is taken from anybody, and auditors enter nothing else
but the marks of ceremonies that they take part in: an opening never waits.
"""


def entries_page() -> str:
    """Every kind of entry with its fields, from the structs themselves."""
    parts = [ENTRIES]
    for fact in get_args(AnyFact):
        what = "observation" if issubclass(fact, Observation) else "act"
        summary = (fact.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
        parts += [f"### `{kind_of(fact)}`", "", f"*{what}*. {' '.join(summary.split())}", ""]
        for field in msgspec.structs.fields(fact):
            optional = "" if field.required else " (may be absent)"
            parts.append(f"- `{field.encode_name}`: {type_name(field.type)}{optional}")
        parts.append("")
    return "\n".join(parts)


ENTRIES = """# Entries

Made by `make docs` from the program's own types. Beside these fields each entry has `seq`, `time`,
`by` and perhaps `occurred` ([formats](formats.md)).
"""


def kind_of(fact: type[Fact]) -> str:
    """The `kind` of a fact's entry."""
    return str(fact.__struct_config__.tag)


def type_name(kind: object) -> str:
    """A field's type in words."""
    named = {Id: "id", Hex256: "64 hex digits", Count: "1 to 16", Natural: "0 or more"}
    named |= {Positive: "1 or more", str: "text", int: "number", bool: "true or false"}
    named |= {date: "day, `YYYY-MM-DD`", Request: "object"}
    parts = get_args(kind)
    if kind in named:
        return named[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " or ".join(f"`{value}`" for value in kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(kind))
        return f"object of {fields}"
    if get_origin(kind) is tuple:
        return f"list of {type_name(parts[0])}"
    (inner,) = (part for part in parts if part is not type(None))
    return type_name(inner)


def _copied(folder: Path) -> Path:
    """A copy of a rehearsal: what is tried on it is not seen on the other pages."""
    copy = folder.with_name("custodian")
    shutil.copytree(folder, copy)
    return copy


def main() -> None:
    """Write the documents' generated parts."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        printed, year = rehearse(Path(first)), rehearse_year(Path(second))
        folder, whole = Path(first) / REHEARSAL, Path(second) / REHEARSAL
        pages = {
            "authority.md": authority_page(),
            "entries.md": entries_page(),
            "rules.md": rules_page(),
            "commands.md": commands(),
            "rehearsal.md": rehearsal_page(printed, year),
            "custody.md": custody_page(Path(first)),
            "custodian.md": custodian_page(_copied(folder)),
            "ceremonies.md": ceremonies_page(folder, year),
            "entra.md": entra_page(whole),
        }
        for name, text in pages.items():
            (DOCS / name).write_text(text, encoding="utf-8")
        _pictures(folder)


def _pictures(folder: Path) -> None:
    pictures = DOCS / "pictures"
    pictures.mkdir(exist_ok=True)
    (pictures / "ledger-verified.svg").write_text(verified_picture(folder), encoding="utf-8")
    for kind, sheet in SHEETS.items():
        pdf = (folder / "sheets" / sheet).read_bytes()
        (pictures / f"sheet-{kind}.png").write_bytes(to_png(pdf, dpi=90))
    for kind, pdf in custody_sheets(folder).items():
        (pictures / f"sheet-{kind}.png").write_bytes(to_png(pdf, dpi=90))


if __name__ == "__main__":
    main()
