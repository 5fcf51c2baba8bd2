"""Killed at every step of the plans that a year does not come to: the same register again."""

from pathlib import Path

import pytest

from keyvault_kit.ceremonies.engine import Watcher
from tests.rehearsal import rest
from tests.rehearsal.killing import Tell, Undisturbed, assert_survives


@pytest.fixture(scope="module")
def tell(year_organisation: tuple[str, str]) -> Tell:
    def telling(out: Path, watch: Watcher) -> None:
        rest.tell(out, year_organisation, watch)

    return telling


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, tell: Tell) -> Undisturbed:
    watcher = Undisturbed(tmp_path_factory.mktemp("rest") / "out", rest.CEREMONIES.values())
    tell(watcher.out, watcher)
    watcher.end()
    return watcher


@pytest.mark.parametrize(("plan", "ceremony"), rest.CEREMONIES.items())
def test_each_ceremony_killed_at_each_of_its_steps(
    plan: str, ceremony: str, undisturbed: Undisturbed, tell: Tell
) -> None:
    assert_survives(tell, undisturbed, plan, ceremony)
