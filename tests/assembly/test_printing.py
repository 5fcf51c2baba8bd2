"""What a printer is looked at for before anything with a secret goes there."""

import re
from pathlib import Path

import pytest

from keyvault_kit.assembly.printing import PrinterChoice, printed_paper
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError
from keyvault_kit.sheets.printing.errors import NoServerError


def test_a_print_server_that_is_not_the_systems_own_takes_a_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system's own says of its spool."""
    address = str(tmp_path / "cups.sock")
    monkeypatch.setenv("CUPS_SERVER", address)

    with pytest.raises(RefusedError, match=r"where \S+ keeps what it prints"):
        printed_paper(PrinterChoice("office"), Register(), rehearsed=False)
    with pytest.raises(NoServerError, match=re.escape(address)):
        printed_paper(PrinterChoice("office"), Register(), rehearsed=True)
