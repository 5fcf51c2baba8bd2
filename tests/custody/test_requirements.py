"""The table of requirements says what is there, and all that is there stands in it."""

import inspect
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final, get_args

import pytest

from keyvault_kit.ceremonies import (
    destroying,
    looking_back,
    passkeys,
    pin_change,
    practising,
    recovering,
)
from keyvault_kit.ceremonies.plans import (
    audit,
    destroy,
    drill,
    enrol,
    opening,
    pin,
    post_mortem,
    recovery,
    relocation,
    reseal,
    review,
    rotate,
    seal,
)
from keyvault_kit.ceremonies.plans import leaver as leaver_plan
from keyvault_kit.cli.commands.entra import check
from keyvault_kit.cli.main import VERBS
from keyvault_kit.custody import judging, moving, schedule, thin_days, triggers
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.events import AnyFact
from keyvault_kit.custody.leaving import leaver, orders, secrets, words
from keyvault_kit.custody.placing import guard, proposal
from keyvault_kit.custody.requirements import COVERAGE, JUDGED, REQUIREMENTS, RULE
from keyvault_kit.custody.rules import RULES
from keyvault_kit.entra import enroll_script
from keyvault_kit.entra.artefacts import collection
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.deploy import DEPLOY, ROLLBACK
from keyvault_kit.sheets import pages
from tests.custody.rules.tenants import register
from tests.entra.directory import fido2
from tests.entra.making import used, wanted

SHEETS: Final = Path(next(iter(pages.__path__)))
KINDS: Final = {str(fact.__struct_config__.tag) for fact in get_args(AnyFact)}
COMMANDS: Final = {
    "audit": (audit,),
    "custody": (judging, thin_days, guard, proposal),
    "destroy": (destroy, destroying),
    "drill": (drill, practising),
    "due": (schedule, triggers),
    "enroll": (enrol, passkeys),
    "entra": (check, collection),
    "leaver": (leaver, leaver_plan, orders, secrets, words),
    "open": (opening, recovery, recovering),
    "post-mortem": (post_mortem, looking_back),
    "relocate": (relocation, moving),
    "reseal": (reseal,),
    "review": (review,),
    "rotate": (rotate, pin, pin_change),
    "seal": (seal,),
}
"""Verb of the table -> the modules of which each finding, duty or step names what asks for it."""
SCRIPTS: Final = (DEPLOY, ROLLBACK, enroll_script.NAME)
"""Artefacts with the whole of their name; others have the stem of it."""
EACH: Final = ("exclude", "member", "password")
"""Requests of which there is one for each account or policy: one name stands for all of them."""
TOGETHER: Final = {("kql", ".kql"): "kql", ("sentinel", ".yaml"): "sentinel"}
"""Folder and ending of files that one name stands for."""
PIECES: Final = [(number, it) for number, covers in COVERAGE.items() for it in covers]


def _claimed(text: str) -> set[str]:
    """The requirements that a text names, also as 'S35 to S39'."""
    found = set(re.findall(r"\bS[1-9][0-9]?\b", text))
    for first, last in re.findall(r"\bS([0-9]+)(?: to S|-S)([0-9]+)\b", text):
        found |= {f"S{n}" for n in range(int(first), int(last) + 1)}
    return found


def _covered_by(what: str) -> set[str]:
    return {number for number in REQUIREMENTS if what in COVERAGE[number]}


@cache
def _artefacts() -> dict[str, set[str]]:
    """What is made for a tenant -> the requirements that it says it serves."""
    script = enroll_script.script(register(), {}).decode("ascii")
    found = {enroll_script.NAME: _claimed(script)}
    tenant = used()
    tenant.fido2 = fido2(state="disabled")
    made = {it.name: it for it in collection.collect(wanted(tenant))}
    for it in made.values():
        if not _is_about_others(it, made):
            found.setdefault(_called(it.name), set()).update(it.serves)
    return found


def _is_about_others(it: Artefact, made: dict[str, Artefact]) -> bool:
    """Whether it only lists others, says what one serves, or takes one back."""
    beside = it.name.removesuffix(".md") in made and it.name.endswith(".md")
    listing = it.name in {"requests.json", "differences.md"}
    return beside or listing or it.name.startswith("rollback/")


def _called(name: str) -> str:
    """What the table calls an artefact, by its name in the folder."""
    path = PurePosixPath(name)
    if name in SCRIPTS:
        return name
    stem = re.sub(r"^[0-9]+-", "", path.stem)
    one = next((it for it in EACH if stem.startswith(f"{it}-")), stem)
    return TOGETHER.get((path.parent.name, path.suffix), one)


def test_all_requirements_are_there_in_order() -> None:
    assert list(REQUIREMENTS) == [f"S{n}" for n in range(1, 66)]
    assert list(COVERAGE) == [*REQUIREMENTS, *CONFLICTS]


def test_every_requirement_has_sources_of_the_five_and_a_text() -> None:
    for it in REQUIREMENTS.values():
        assert it.must
        assert it.text
        assert set(it.sources) <= set("ABCDE")
        assert it.sources == "".join(sorted(set(it.sources)))


def test_what_is_checked_or_computed_has_a_rule_and_nothing_else_has() -> None:
    judged = [it.id for it in REQUIREMENTS.values() if JUDGED & set(it.must)]

    assert judged == list(RULES)
    assert judged == [number for number, covers in COVERAGE.items() if RULE in covers]


@pytest.mark.parametrize(("number", "covers"), PIECES, ids=str)
def test_what_covers_a_requirement_is_there(number: str, covers: str) -> None:
    kind, _, name = covers.partition(":")
    match kind:
        case "rule":
            assert (name or number) in RULES
        case "sheet":
            assert find_spec(f"keyvault_kit.sheets.pages.{name}")
        case "event":
            assert name in KINDS
        case "command":
            assert name in VERBS
        case "decision":
            assert name in {*CONFLICTS, *REQUIREMENTS}
        case "artefact":
            assert name in _artefacts()
        case _:
            pytest.fail(f"{number}: nobody knows what {covers} is")


@pytest.mark.parametrize("sheet", sorted(SHEETS.glob("[a-z]*.py")), ids=lambda it: str(it.stem))
def test_what_a_sheet_claims_stands_in_the_table(sheet: Path) -> None:
    assert _claimed(sheet.read_text()) == _covered_by(f"sheet:{sheet.stem}")


@pytest.mark.parametrize("number", RULES)
def test_a_rule_claims_no_requirement_that_has_no_rule(number: str) -> None:
    assert _claimed(RULES[number].__doc__ or "") <= set(RULES)


@pytest.mark.parametrize("fact", get_args(AnyFact), ids=lambda it: it.__name__)
def test_what_an_event_claims_stands_in_the_table_and_nothing_else(fact: type) -> None:
    tag = f"event:{fact.__struct_config__.tag}"  # type: ignore[attr-defined]
    assert _claimed(fact.__doc__ or "") == _covered_by(tag)


def test_every_command_of_the_table_has_the_modules_that_make_it_true() -> None:
    named = {it.removeprefix("command:") for _, it in PIECES if it.startswith("command:")}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_tells_or_does_stands_in_the_table_and_nothing_else(command: str) -> None:
    sources = [inspect.getsource(module) for module in COMMANDS[command]]
    assert _claimed("\n".join(sources)) == _covered_by(f"command:{command}")


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_every_conflict_is_one_that_some_requirement_depends_on(conflict: str) -> None:
    assert any(f"decision:{conflict}" in COVERAGE[number] for number in REQUIREMENTS)


def test_every_artefact_stands_in_the_table_with_what_it_serves_and_nothing_else() -> None:
    for name, serves in _artefacts().items():
        assert serves == _covered_by(f"artefact:{name}"), name
