"""A ledger's folder or file goes away, or is exchanged, while it is open."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.errors import RefusedError
from keyvault_kit.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BODIES = [b"first", b"second"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger in a folder that can go away."""
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "ledger.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Ledger]:
    """The ledger, with two entries, and open."""
    with Ledger.create(path) as ledger:
        ledger.append(BODIES)
        yield ledger


def held(path: Path) -> list[bytes]:
    with Ledger.open(path) as ledger:
        ledger.check()
        return list(ledger.bodies())


def test_a_folder_that_was_renamed_loses_nothing(opened: Ledger, path: Path) -> None:
    elsewhere = path.parent.with_name("elsewhere")
    path.parent.rename(elsewhere)
    with pytest.raises(RefusedError, match="nothing was written"):
        opened.append([b"lost?"])
    assert held(elsewhere / path.name) == BODIES

    elsewhere.rename(path.parent)
    opened.append([b"third"])
    assert held(path) == [*BODIES, b"third"]


def test_nothing_is_acknowledged_once_the_folder_was_removed(opened: Ledger, path: Path) -> None:
    shutil.rmtree(path.parent)
    with pytest.raises(RefusedError, match="nothing was written"):
        opened.append([b"lost"])
    assert not path.parent.exists()


def removed(path: Path) -> None:
    path.unlink()


def removed_and_made_again(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.mkdir()


def replaced(path: Path) -> None:
    copy = path.with_name("older copy")
    shutil.copy(path, copy)
    copy.replace(path)


@pytest.mark.parametrize("change", [removed, removed_and_made_again, replaced])
def test_nothing_is_acknowledged_into_a_file_that_is_no_longer_there(
    opened: Ledger, path: Path, change: Callable[[Path], None]
) -> None:
    change(path)
    before = path.read_bytes() if path.exists() else None

    with pytest.raises(RefusedError, match="nothing was written"):
        opened.append([b"lost"])

    after = path.read_bytes() if path.exists() else None
    assert after == before
