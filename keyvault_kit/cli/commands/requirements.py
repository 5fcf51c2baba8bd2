"""`keyvault requirements`: what is asked of the accounts, and what covers it."""

from typing import Final

import click

from keyvault_kit.cli.options import Parsed, json_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.requirements import COVERAGE, REQUIREMENTS
from keyvault_kit.errors import InputError

_UNDER: Final = " " * 7
"""Before what stands below a number."""


def _requirement(value: str) -> str:
    number = value.upper()
    if number not in COVERAGE:
        raise InputError(
            f"there is no requirement {value}", mend="'keyvault requirements' lists them."
        )
    return number


@click.command("requirements")
@click.argument(
    "requirements",
    metavar="[REQUIREMENT]...",
    nargs=-1,
    type=Parsed("REQUIREMENT", _requirement),
)
@json_option
def command(requirements: tuple[str, ...], *, as_json: bool) -> None:
    """Show the requirements S1 to S65, and the conflicts of their sources C1 to C8.

    Each stands with the documents that ask for it (A to E) and with what covers it: a rule, a
    sheet, a kind of entry, a verb, a decision, a file for the tenant; or nothing yet. Needs no
    ledger.
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
        verb = "has" if len(bare) == 1 else "have"
        none = f"{len(bare)} of {len(REQUIREMENTS)} {verb} nothing yet: {', '.join(bare)}."
        say(f"\n{wrapped(none)}")


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
    """The requirement, and what covers it below."""
    if number in REQUIREMENTS:
        it = REQUIREMENTS[number]
        text = f"{it.text} ({it.sources})"
    else:
        text = f"{CONFLICTS[number].about}: {CONFLICTS[number].default} by default"
    covers = ", ".join(it.replace(":", " ") for it in COVERAGE[number])
    say(wrapped(text, first=f"  {number:<4} ", then=_UNDER))
    say(wrapped(covers or "nothing yet", first=_UNDER, then=_UNDER))
