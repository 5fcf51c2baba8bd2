"""`python -m tests.vm.host test|bench`: a virtual machine with real HID devices.

Further arguments of `test` are pytest's, as in `python -m tests.vm.host test -k hotplug`.
"""

import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError
from tests.vm.host.machine import CHECKOUT, Machine
from tests.vm.host.packages import demand_tools, run, unpacked

FOLDER: Final = CHECKOUT / "build/vm"
# The suite's own settings (tests/conftest.py) are for the host; what it caches has no place here.
PYTEST: Final = "-m pytest --confcutdir=tests/vm -p no:cacheprovider -p no:hypothesispytest".split()


def say(text: str) -> None:
    """Tell the person in front of it."""
    sys.stderr.write(f"vm: {text}\n")


def command_for(arguments: list[str]) -> str:
    """What runs in there.

    Raises:
        InputError: No such thing.
    """
    python = sys.executable
    match arguments:
        case ["test", *options]:
            words = [*PYTEST, f"--color={'yes' if sys.stdout.isatty() else 'no'}"]
            return shlex.join([python, *words, *options, "tests/vm/guest"])
        case ["bench"]:
            return shlex.join([python, "-m", "benchmarks.vm.keys"])
        case ["run", *command]:
            return shlex.join(command)
        case _:
            raise InputError("nothing to run", mend="Say 'test' or 'bench'.")


def rehearsed(folder: Path) -> Path:
    """A finished rehearsal, anew each time: the program may have changed.

    Raises:
        InputError: It failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "keyvault_kit.cli.main", "rehearse", "--seed", "1", "--out", folder)
    return folder


def main() -> int:
    """Make the machine ready, run the command in there, and pass its exit status on."""
    began = time.monotonic()
    try:
        command = command_for(sys.argv[1:])
        demand_tools()
        tree = unpacked(FOLDER, say)
        say("rehearsing, for a ledger and its keys")
        machine = Machine(folder=FOLDER, tree=tree, rehearsal=rehearsed(FOLDER / "rehearsal"))
        say("booting")
        status = machine.run(command)
    except InputError as error:
        say(str(error))
        return error.exit_status
    say(f"exit status {status}, {time.monotonic() - began:.0f} s in all")
    return status


if __name__ == "__main__":
    sys.exit(main())
