"""The folder for what is forgotten with the power: this user's alone, or none."""

import os
import stat
from pathlib import Path

import pytest

from keyvault_kit.host.runtime import runtime_folder


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the system made for this user's session."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_it_lies_in_the_folder_of_the_session_and_is_this_users_alone(session: Path) -> None:
    folder = runtime_folder()

    assert folder == session / "keyvault-kit"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "kept").touch()
    assert runtime_folder() == folder
    assert (folder / "kept").exists()


def test_without_a_session_it_lies_among_the_temporary_files_under_the_users_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))

    folder = runtime_folder()

    assert folder == tmp_path / f"keyvault-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o701, 0o777])
def test_one_that_others_may_enter_is_not_taken(session: Path, mode: int) -> None:
    (session / "keyvault-kit").mkdir()
    (session / "keyvault-kit").chmod(mode)

    assert runtime_folder() is None


def test_one_of_somebody_else_is_not_taken(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime_folder() == session / "keyvault-kit"
    somebody_else = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: somebody_else)

    assert runtime_folder() is None


def test_a_link_or_a_file_in_its_place_is_not_taken(session: Path) -> None:
    place = session / "keyvault-kit"
    elsewhere = session / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    place.symlink_to(elsewhere)
    assert runtime_folder() is None

    place.unlink()
    place.touch()
    assert runtime_folder() is None


def test_where_none_can_be_made_there_is_none(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session / "nowhere"))

    assert runtime_folder() is None
