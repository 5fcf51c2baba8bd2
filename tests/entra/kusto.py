"""KQL, judged by Microsoft's own parser: what it cannot read, and names that it does not know."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import pytest

from keyvault_kit.errors import InputError
from tests.kusto_parser import unpacked

_SCRIPT: Final = Path(__file__).with_suffix(".js")
_TEXTS: Final = (
    "AppDisplayName CorrelationId Category OperationName ResultDescription ResultType Type"
)
_SIGN_IN: Final = "ConditionalAccessStatus IPAddress UserId UserPrincipalName"

TABLES: Final = {
    "SigninLogs": f"{_TEXTS} {_SIGN_IN}",
    "AADNonInteractiveUserSignInLogs": f"{_TEXTS} {_SIGN_IN}",
    "AuditLogs": "Category CorrelationId OperationName Result ResultDescription ResultType Type",
}
"""Columns of text that the queries may use: those of Azure Monitor's reference of these tables."""
_OTHERS: Final = {
    "AuditLogs": "InitiatedBy: dynamic, TargetResources: dynamic, AdditionalDetails: dynamic",
    "SigninLogs": "DeviceDetail: dynamic, Status: dynamic",
    "AADNonInteractiveUserSignInLogs": "DeviceDetail: string, Status: string",
}


class Fault(msgspec.Struct, frozen=True):
    """What the parser has to say against a query."""

    line: int
    code: str
    severity: str
    message: str


class Reading(msgspec.Struct, frozen=True):
    """What the parser made of a query; `texts` are the values of its strings, in order."""

    faults: tuple[Fault, ...]
    texts: tuple[str, ...]


def schemas() -> dict[str, str]:
    """Table -> its columns with their types, as the parser reads them."""
    return {
        name: f"(TimeGenerated: datetime, {', '.join(f'{it}: string' for it in texts.split())},"
        f" {_OTHERS[name]})"
        for name, texts in TABLES.items()
    }


def readings(queries: Mapping[str, str]) -> dict[str, Reading]:
    """What the parser makes of each query.

    A test that asks has the mark `needs("node")`. Where the parser cannot be fetched the test is
    skipped and says so; under KEYVAULT_TEST_ALL=1 it fails.
    """
    asked = {"parser": str(_parser()), "tables": schemas(), "queries": dict(queries)}
    done = subprocess.run(
        ["node", _SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    return msgspec.json.decode(done.stdout, type=dict[str, Reading])


def faults(query: str) -> list[Fault]:
    """Errors and warnings of one query; hints are left out."""
    return _serious(readings({"query": query})["query"])


def assert_sound(queries: Mapping[str, str]) -> None:
    """Fail unless the parser takes each of them, and knows every name in it."""
    said = [
        f"{name}, line {it.line}: {it.message}"
        for name, reading in readings(queries).items()
        for it in _serious(reading)
    ]
    assert not said, "\n".join(said)


def _serious(reading: Reading) -> list[Fault]:
    return [it for it in reading.faults if it.severity in ("Error", "Warning")]


def _parser() -> Path:
    try:
        return unpacked()
    except InputError as error:
        if os.environ.get("KEYVAULT_TEST_ALL") == "1":
            pytest.fail(f"KEYVAULT_TEST_ALL=1, and {error}")
        pytest.skip(str(error))
