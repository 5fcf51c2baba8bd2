"""`keyvault requirements`: what is asked of the accounts, and what covers it."""

import textwrap
from typing import Final

import click

from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.requirements import COVERAGE, REQUIREMENTS

_WIDTH: Final = 100


@click.command("requirements")
@click.argument(
    "requirements",
    metavar="[REQUIREMENT]...",
    nargs=-1,
    type=click.Choice([*REQUIREMENTS, *CONFLICTS], case_sensitive=False),
)
@json_option
def command(requirements: tuple[str, ...], *, as_json: bool) -> None:
    """Show the requirements S1 to S65, and the conflicts of their sources C1 to C8.

    Each stands with the documents that ask for it (A to E) and with what covers it: a rule, a
    sheet, a kind of entry, a verb, a decision; or nothing yet. Needs no ledger.
    """
    wanted = requirements or tuple(COVERAGE)
    if as_json:
        print_json([_fields(it) for it in wanted])
        return
    section = ""
    for number in wanted:
        heading = _heading(number)
        if heading != section:
            say(f"\n{heading}" if section else heading)
            section = heading
        _tell(number)
    if not requirements:
        bare = [it for it in REQUIREMENTS if not COVERAGE[it]]
        say(f"\n{len(bare)} of {len(REQUIREMENTS)} have nothing yet: {', '.join(bare)}.")


def _fields(number: str) -> dict[str, object]:
    covers: dict[str, object] = {"covered_by": list(COVERAGE[number])}
    if number in REQUIREMENTS:
        it = REQUIREMENTS[number]
        return {
            "id": number,
            "section": it.section,
            "sources": list(it.sources),
            "must": [str(each) for each in it.must],
            "requirement": it.text,
        } | covers
    conflict = CONFLICTS[number]
    return {
        "id": number,
        "about": conflict.about,
        "positions": conflict.positions,
        "default": conflict.default,
    } | covers


def _heading(number: str) -> str:
    return REQUIREMENTS[number].section if number in REQUIREMENTS else "Where the sources disagree"


def _tell(number: str) -> None:
    """The requirement on a line, and what covers it below."""
    if number in REQUIREMENTS:
        it = REQUIREMENTS[number]
        say(f"  {number:<4} {it.text} ({it.sources})")
    else:
        say(f"  {number:<4} {CONFLICTS[number].about}: {CONFLICTS[number].default} by default")
    covers = ", ".join(it.replace(":", " ") for it in COVERAGE[number])
    lines = textwrap.fill(
        covers or "nothing yet",
        _WIDTH,
        initial_indent=" " * 7,
        subsequent_indent=" " * 7,
        break_on_hyphens=False,
    )
    say(lines)
