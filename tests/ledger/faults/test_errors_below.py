"""Whatever call fails below SQLite, a step succeeds or ends in an error of ours; nothing is lost.

When the fault is over, the same open ledger goes on.
"""

from __future__ import annotations

from errno import EIO, ENOSPC, EROFS
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ledger.faults.conftest import Appender, Found, Orders


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("error", "half", "lasting"),
    [
        pytest.param(EIO, False, False, id="EIO once"),
        pytest.param(EIO, False, True, id="EIO lasting"),
        pytest.param(EIO, True, False, id="EIO once, in the middle of a write"),
        pytest.param(ENOSPC, False, False, id="ENOSPC once"),
        pytest.param(ENOSPC, False, True, id="ENOSPC lasting"),
        pytest.param(ENOSPC, True, True, id="ENOSPC lasting, in the middle of a write"),
        pytest.param(EROFS, False, False, id="EROFS once"),
        pytest.param(EROFS, False, True, id="EROFS lasting"),
    ],
)
def test_each_call_that_changes_a_file_fails(
    faulty_appender: Appender, order: Orders, found: Found, *, error: int, half: bool, lasting: bool
) -> None:
    failed = 0
    for nth in count(1):
        fault = {"kind": "fail", "nth": nth, "half": half, "error": error, "lasting": lasting}
        work = order(fault=fault, afterwards=b"after the fault")
        outcome = faulty_appender(work)
        promised = "nothing was written" in outcome.text
        found(work, outcome, ahead=0 if promised else 1)
        if nth > outcome.calls:  # there are fewer
            assert outcome.acknowledged == len(work.steps)
            break
        failed += outcome.error is not None
        assert outcome.error in {None, "InputError", "LedgerError", "RefusedError"}
        assert "cannot rollback" not in outcome.text  # the fault, and not what came of it
        assert outcome.appended == (outcome.error is not None)

    assert failed > 100  # a sync of the folder may fail unseen, where it is not the last word
