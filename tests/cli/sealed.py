"""A ledger with a password in its safes, for what is done with it from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyvault_kit.ledger.store import Ledger
from tests.ceremonies.conftest import Desk as Station
from tests.ceremonies.practised import with_password

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def seal_password(desk: Desk) -> Desk:
    """Both of two shares give the password of bg1: one with alice, the other with bob."""
    (desk.folder / "transfer").mkdir(exist_ok=True)
    with Ledger.open(desk.ledger) as ledger:
        with_password(Station(desk.folder, ledger, datetime.now(UTC)), count=2)
    return desk
