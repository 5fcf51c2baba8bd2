"""Killed at any moment, a ledger holds what was acknowledged, byte for byte, and at most one more.

'One more' is the step that was being taken: either all of it is there, or nothing.
"""

from __future__ import annotations

import random
import signal
from itertools import count
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.faults.conftest import Appender, Found, Orders, State

RUNS: Final = 300
ENTRIES: Final = 60
"""What a run would append if it were not killed; most are killed before."""
PATIENCE: Final = 0.006
"""Seconds at most until the kill, once the drawn number of entries was acknowledged."""


def test_killed_at_random_moments_of_300_runs(
    appender: Appender, order: Orders, found: Found, tmp_path: Path
) -> None:
    draw = random.Random(300)  # noqa: S311 - the same moments each time
    state: State | None = None
    killed = 0
    for run in range(RUNS):
        work = order(
            folder=tmp_path,
            bodies=[b"run %d, entry %d" % (run, n) for n in range(ENTRIES)],
            kill=(draw.randrange(6), draw.uniform(0, PATIENCE)),
        )
        outcome = appender(work)
        state = found(work, outcome, before=state)
        killed += outcome.status == -signal.SIGKILL

    assert state is not None
    assert len(set(state.bodies)) == len(state.bodies)
    assert killed > RUNS * 9 // 10


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("half", [False, True])
def test_killed_at_each_call_that_changes_a_file(
    faulty_appender: Appender, order: Orders, found: Found, *, half: bool
) -> None:
    sizes = set()
    for nth in count(1):
        work = order(fault={"kind": "kill", "nth": nth, "half": half})
        outcome = faulty_appender(work)
        sizes.add(len(found(work, outcome).bodies))
        if outcome.status == 0:  # there are fewer calls
            assert outcome.acknowledged == len(work.steps)
            assert nth == outcome.calls + 1 > 150
            break
        assert outcome.status == -signal.SIGKILL

    assert sizes == {0, 1, 4, 6, 7, 8}
