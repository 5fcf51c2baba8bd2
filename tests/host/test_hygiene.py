"""No core is written when the program dies with a secret in its memory."""

import resource
import subprocess
import sys

SCRIPT = """
import ctypes, resource
from keyvault_kit.host.hygiene import no_core_dumps
no_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_a_process_leaves_no_core_by_its_limit_and_by_the_kernels_flag() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)),
    )

    assert done.stdout == "(0, 0) 0\n"
