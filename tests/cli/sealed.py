"""A ledger with a password, or a key, in its safes, for what is done from the command line."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyvault_kit.ledger.store import Ledger
from tests.ceremonies.conftest import Desk as Station
from tests.ceremonies.practised import with_key, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Desk


def seal_password(desk: Desk) -> Desk:
    """Both of two shares give the password of bg1: one with alice, the other with bob."""
    with _station(desk) as station:
        with_password(station, count=2)
    return desk


def pack_key(desk: Desk) -> Desk:
    """Key K1 of bg1 lies in safe hq-2, and its PIN in hq-1."""
    with _station(desk) as station:
        with_key(station)
    return desk


@contextmanager
def _station(desk: Desk) -> Iterator[Station]:
    (desk.folder / "transfer").mkdir(exist_ok=True)
    with Ledger.open(desk.ledger) as ledger:
        yield Station(desk.folder, ledger, datetime.now(UTC))
