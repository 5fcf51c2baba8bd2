"""Recovery from paper alone: the recovery sheet's program, typed and run without the kit."""

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets import recovery_program

SECONDS: Final = 60


def recover_by_hand(station: Station, envelopes: Sequence[str]) -> str:
    """The password that somebody gets who types the program and the numbers of these shares' words.

    It runs in a Python of its own that sees nothing of the kit. For rehearsals alone: what it
    prints goes through this process in plain text.

    Returns:
        The password; nothing where the program gave none.

    Raises:
        InputError: A sheet is not there, or cannot be read.
    """
    typed = ""
    for envelope in envelopes:
        for code in station.paper.read(sheet_name("share", envelope)):
            typed += " ".join(str(index(word)) for word in code.split()) + "\n\n"
    done = subprocess.run(  # noqa: S603 - this very Python, and a program of the kit's own
        [sys.executable, "-I", "-S", "-c", recovery_program.RECOVER],
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    found = re.search(r"^.*Password: (\S+)$", done.stdout, re.MULTILINE)
    return found[1] if found else ""
