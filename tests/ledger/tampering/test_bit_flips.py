"""One bit is flipped: it is found, or all that the ledger says is as it was."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.tampering.conftest import Original

WORKERS: Final = 2
HEADER: Final = 100
"""Bytes of the header of an SQLite file (https://sqlite.org/fileformat.html, 1.3)."""


def judge(original: Original, ledger: Ledger) -> str:
    """`unchanged` or `unseen`, or an error that names what is wrong."""
    if type(original.content).of(ledger) == original.content:
        return "unchanged"
    verify(ledger, papers=[original.paper])
    return "unseen"


def verdict(original: Original, place: int) -> tuple[int | None, str]:
    """What became of the bit that was flipped in that byte, and where, if that is of interest."""
    changed = bytearray(original.file)
    changed[place] ^= 1 << place % 8
    try:
        with Ledger.from_bytes(bytes(changed)) as ledger:
            said = judge(original, ledger)
    except (InputError, LedgerError):
        return None, "found"
    except Exception as error:  # noqa: BLE001 - none may escape: the test says which did
        return place, repr(error)
    return (place if said == "unseen" else None), said


def test_one_bit_of_every_byte(original: Original) -> None:
    with ProcessPoolExecutor(WORKERS, get_context("fork")) as pool:
        places = range(len(original.file))
        verdicts = Counter(pool.map(partial(verdict, original), places, chunksize=1000))

    assert set(verdicts) == {(None, "found"), (None, "unchanged")}, verdicts
    said = sum(map(len, original.content.bodies))
    assert verdicts[None, "found"] > said  # each byte of each entry, and more


@pytest.mark.parametrize("read_only", [True, False])
def test_each_bit_of_the_header_of_a_file(
    original: Original, tmp_path: Path, *, read_only: bool
) -> None:
    verdicts: Counter[str] = Counter()
    for bit in range(8 * HEADER):
        path = tmp_path / f"{bit}.db"
        changed = bytearray(original.file)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            with Ledger.open(path, read_only=read_only) as ledger:
                verdicts[judge(original, ledger)] += 1
        except (InputError, LedgerError):
            verdicts["found"] += 1
        path.unlink()

    assert set(verdicts) == {"found", "unchanged"}
