"""The folder of the transfer medium: the one that is named, else the ledger's own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyvault_kit.assembly import Bench, live_station, practice_station
from keyvault_kit.ledger.store import Ledger


@pytest.mark.parametrize("named", [True, False])
def test_files_come_and_go_in_the_folder_that_is_named(tmp_path: Path, *, named: bool) -> None:
    stick = tmp_path / "stick" if named else None
    Ledger.create(tmp_path / "ledger.db").close()
    bench = Bench.begin(tmp_path / "softkeys", seed=bytes(32), now=datetime(2026, 1, 5, tzinfo=UTC))

    with Ledger.open(tmp_path / "ledger.db") as ledger:
        live = live_station(ledger, transfer=stick)
        practice = practice_station(ledger, bench, transfer=stick)

    assert (live.transfer, practice.transfer) == ((stick or tmp_path),) * 2
