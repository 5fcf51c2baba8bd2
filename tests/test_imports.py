"""Imports: help is quick, no cycle hides, and the floors hold."""

import json
import os
import pkgutil
import random
import subprocess
import sys

import pytest

import keyvault_kit
import tui

ROOTS = [keyvault_kit, tui]

# A bare interpreter that forks for each module, so each is imported alone and from nothing.
IMPORT_EACH = """
import importlib, json, os, sys
failed = []
for name in json.load(sys.stdin):
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
json.dump(failed, sys.stdout)
"""


def modules() -> list[str]:
    found = [
        module.name
        for root in ROOTS
        for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
    ]
    assert len(found) > 60
    return found


def test_each_module_can_be_imported_alone_in_any_order() -> None:
    names = modules()
    random.Random(os.environ.get("PYTEST_SEED", "1")).shuffle(names)  # noqa: S311

    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_EACH],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == [], done.stderr


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_loads_none_of_the_heavy_packages(arguments: list[str]) -> None:
    code = (
        "import sys; from keyvault_kit.cli.main import run; "
        f"status = run({arguments}); "
        "heavy = {'textual', 'reportlab', 'fido2', 'sqlite3', 'msgspec', 'cryptography'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == "[]"
    assert "rehearse" in done.stdout + done.stderr
