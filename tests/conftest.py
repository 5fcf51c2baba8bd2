"""Which tests run where: those that need a program or a file, and how hard hypothesis tries."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.run import Options, rehearse

IN_CI = bool(os.environ.get("CI"))
ALL = os.environ.get("KEYVAULT_TEST_ALL") == "1"

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if IN_CI else "here")


def missing_programs(item: pytest.Item) -> list[str]:
    return [
        program
        for mark in item.iter_markers("needs")
        for program in mark.args
        if shutil.which(program) is None and not Path(program).is_file()
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are missing, and say so; under KEYVAULT_TEST_ALL=1 it fails."""
    missing = missing_programs(item)
    if missing and ALL:
        pytest.fail(f"KEYVAULT_TEST_ALL=1, and {', '.join(missing)} is not installed")
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


REHEARSED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def small_organisation() -> tuple[str, str]:
    """The smallest organisation that has everything, as text and name."""
    file = Path(__file__).parent / "data" / "small.toml"
    return file.read_text(), file.name


@pytest.fixture(scope="session")
def year_organisation() -> tuple[str, str]:
    """The smallest organisation of which a year can be told, as text and name."""
    file = Path(__file__).parent / "data" / "year.toml"
    return file.read_text(), file.name


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The folder of a finished rehearsal of the sample, seed 1, and its outcome."""
    out = tmp_path_factory.mktemp("rehearsal") / "out"
    outcome = rehearse(Options(out=out, seed=1), now=REHEARSED_AT, say=lambda _: None)
    return out, outcome


@pytest.fixture(scope="session")
def finished_rehearsal(finished: tuple[Path, Outcome]) -> Path:
    """The folder of a finished rehearsal of the sample; to be read only."""
    return finished[0]
