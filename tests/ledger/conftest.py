"""Ledgers to test with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keyvault_kit.ledger.store import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's ledger lies."""
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A new ledger, empty."""
    with Ledger.create(path) as made:
        yield made


@pytest.fixture
def bodies() -> Callable[[int], list[bytes]]:
    """That many entries' bytes, all different."""
    return lambda count: [b'{"seq":%d}' % seq for seq in range(count)]
