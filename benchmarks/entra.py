"""How long a large export takes to be read, beside the floor: `json.loads` of the same bytes.

Two layouts of 20,000 users with the fields that Graph's beta has of each: one file of answers, and
a file a user as EntraExporter writes them, read from the disk. The aim is 10 s.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from keyvault_kit.custody.model import Account
from keyvault_kit.entra.evidence import read_evidence
from keyvault_kit.host.files import read_folder

USERS = 20_000
RUNS = 3
AIM_S = 10.0
TAKEN = datetime(2026, 1, 5, tzinfo=UTC)
CONTEXT = "https://graph.microsoft.com/beta/$metadata#users"
ACCOUNTS = (
    Account(id="bg1", upn="user17@example.onmicrosoft.com"),
    Account(id="bg2", upn="user19999@example.onmicrosoft.com"),
)


def user(number: int) -> dict[str, object]:
    """A user with what Graph tells of one by default."""
    empty = ("city", "companyName", "country", "department", "employeeId", "faxNumber", "jobTitle")
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "userPrincipalName": f"user{number}@example.onmicrosoft.com",
        "displayName": f"User {number}",
        "accountEnabled": True,
        "createdDateTime": "2020-01-01T00:00:00Z",
        "businessPhones": [],
        "proxyAddresses": [f"SMTP:user{number}@example.com", f"smtp:u{number}@example.com"],
        "assignedLicenses": [{"disabledPlans": [], "skuId": f"{number:08d}"}],
        "assignedPlans": [
            {"servicePlanId": str(n), "service": "exchange", "capabilityStatus": "Enabled"}
            for n in range(12)
        ],
        "onPremisesSyncEnabled": None,
        "onPremisesExtensionAttributes": {f"extensionAttribute{n}": None for n in range(1, 16)},
        "passwordPolicies": None,
        "authorizationInfo": {"certificateUserIds": []},
        "identities": [{"signInType": "userPrincipalName", "issuer": "example.onmicrosoft.com"}],
    } | dict.fromkeys(empty)


def seconds(act: Callable[[], object]) -> float:
    """Median wall time, s."""
    times: list[float] = []
    for _ in range(RUNS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def parse(files: dict[str, bytes]) -> None:
    """The floor: every file as JSON, and nothing done with it."""
    for data in files.values():
        json.loads(data)


def read(files: dict[str, bytes]) -> None:
    """The same files as evidence."""
    evidence = read_evidence(files, ACCOUNTS, taken=TAKEN)
    assert len(evidence.facts.accounts or ()) == len(ACCOUNTS)  # noqa: S101 - it was done


def row(name: str, size: int, floor: float, took: float) -> str:
    """A row of the table."""
    return f"| {name} | {size / 1e6:.0f} MB | {floor:.2f} s | {took:.2f} s | {took / floor:.2f} |"


def main() -> None:
    """Measure both layouts, and print the table."""
    users = [user(number) for number in range(USERS)]
    print(f"20,000 users; the aim is {AIM_S:.0f} s.\n")
    print("| layout | size | `json.loads` | evidence | ratio |")
    print("|---|---:|---:|---:|---:|")
    one = {"users.json": json.dumps({"@odata.context": CONTEXT, "value": users}).encode()}
    size = sum(map(len, one.values()))
    print(row("one file", size, seconds(lambda: parse(one)), seconds(lambda: read(one))))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for it in users:
            file = folder / "Users" / str(it["id"]) / f"{it['id']}.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(it, indent=2), encoding="utf-16")
        many = read_folder(folder, "export", suffix=".json")
        size = sum(map(len, many.values()))
        took = seconds(lambda: read(read_folder(folder, "export", suffix=".json")))
        print(row("a file a user, from disk", size, seconds(lambda: parse(many)), took))


if __name__ == "__main__":
    main()
