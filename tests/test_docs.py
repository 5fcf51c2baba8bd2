"""The documents show what the program prints today, and name no file that is not there."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_of_commands_is_that_of_today(generate: ModuleType) -> None:
    assert (DOCS / "commands.md").read_text() == generate.commands()


def test_the_tables_of_authority_and_entries_are_those_of_today(generate: ModuleType) -> None:
    assert (DOCS / "authority.md").read_text() == generate.authority_page()
    assert (DOCS / "entries.md").read_text() == generate.entries_page()


def test_the_table_of_requirements_is_that_of_today(generate: ModuleType) -> None:
    assert (DOCS / "rules.md").read_text() == generate.rules_page()


def test_the_page_on_the_rehearsal_shows_what_it_prints(
    generate: ModuleType, tmp_path: Path
) -> None:
    printed = generate.rehearse(tmp_path)

    assert (DOCS / "rehearsal.md").read_text() == generate.rehearsal_page(printed)
    picture = (DOCS / "pictures" / "ledger-verified.svg").read_text()
    assert picture == generate.verified_picture(tmp_path / "rehearsal")


def test_the_custodians_guide_shows_what_the_commands_print(
    generate: ModuleType, tmp_path: Path
) -> None:
    generate.rehearse(tmp_path)

    page = (DOCS / "custodian.md").read_text()
    assert page == generate.custodian_page(tmp_path / "rehearsal")


def test_the_page_on_custody_shows_the_example_and_what_is_said_of_it(
    generate: ModuleType, tmp_path: Path
) -> None:
    assert (DOCS / "custody.md").read_text() == generate.custody_page(tmp_path)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
