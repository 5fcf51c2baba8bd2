"""The documents show what the program prints today, and name no file that is not there."""

import importlib.util
import re
import shutil
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


@pytest.fixture(scope="module")
def day(generate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A rehearsal's folder, and what it printed; it is not to be changed."""
    folder = tmp_path_factory.mktemp("day")
    printed = generate.rehearse(folder)
    return folder / generate.REHEARSAL, printed


@pytest.fixture(scope="module")
def year(generate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same of a rehearsed year."""
    folder = tmp_path_factory.mktemp("year")
    printed = generate.rehearse_year(folder)
    return folder / generate.REHEARSAL, printed


def test_the_reference_of_commands_is_that_of_today(generate: ModuleType) -> None:
    assert (DOCS / "commands.md").read_text() == generate.commands()


def test_the_tables_of_authority_and_entries_are_those_of_today(generate: ModuleType) -> None:
    assert (DOCS / "authority.md").read_text() == generate.authority_page()
    assert (DOCS / "entries.md").read_text() == generate.entries_page()


def test_the_table_of_requirements_is_that_of_today(generate: ModuleType) -> None:
    assert (DOCS / "rules.md").read_text() == generate.rules_page()


def test_the_page_on_the_rehearsal_shows_what_it_prints(
    generate: ModuleType, day: tuple[Path, str], year: tuple[Path, str]
) -> None:
    folder, printed = day

    assert (DOCS / "rehearsal.md").read_text() == generate.rehearsal_page(printed, year[1])
    picture = (DOCS / "pictures" / "ledger-verified.svg").read_text()
    assert picture == generate.verified_picture(folder)


def test_the_page_on_ceremonies_has_the_steps_that_a_dry_run_tells(
    generate: ModuleType, day: tuple[Path, str], year: tuple[Path, str]
) -> None:
    page = (DOCS / "ceremonies.md").read_text()
    assert page == generate.ceremonies_page(day[0], year[1])


def test_the_page_on_the_tenant_shows_what_the_commands_print(
    generate: ModuleType, year: tuple[Path, str]
) -> None:
    assert (DOCS / "entra.md").read_text() == generate.entra_page(year[0])


def test_the_custodians_guide_shows_what_the_commands_print(
    generate: ModuleType, day: tuple[Path, str], tmp_path: Path
) -> None:
    copy = shutil.copytree(day[0], tmp_path / "custodian")

    page = (DOCS / "custodian.md").read_text()
    assert page == generate.custodian_page(copy)


def test_the_page_on_custody_shows_the_example_and_what_is_said_of_it(
    generate: ModuleType, tmp_path: Path
) -> None:
    assert (DOCS / "custody.md").read_text() == generate.custody_page(tmp_path)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
