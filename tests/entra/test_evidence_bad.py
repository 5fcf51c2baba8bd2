"""Evidence that cannot be read, or is of something else: told clearly, and nothing guessed."""

import json
from datetime import UTC, datetime
from typing import Final

import pytest
from msgspec.structs import replace

from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from keyvault_kit.errors import InputError
from tests.custody.rules.tenants import register
from tests.entra.export_folder import Files, answer, entra_exporter, plain, to_json
from tests.entra.tenant_objects import tenant

ACCOUNTS: Final = tuple(register().accounts.values())
WHOLE: Final = plain(tenant())


def read(files: Files, taken: datetime | None = None) -> TenantEvidence:
    return read_evidence(files, ACCOUNTS, taken=taken)


BROKEN: Final[dict[str, tuple[bytes, str]]] = {
    "cut short": (WHOLE["users.json"][:-40], "users.json is no JSON: line "),
    "empty": (b"", "users.json is no JSON: line 1, column 1"),
    "no JSON": (b"<html>Sign in</html>", "line 1, column 1"),
    "cut short in UTF-16": (WHOLE["users.json"].decode().encode("utf-16")[:-40], "is no JSON"),
    "half a character": (WHOLE["users.json"].decode().encode("utf-16")[:-1], "neither UTF-8 nor"),
    "Latin-1": (b'{"a": "\xe4"}', "neither UTF-8 nor UTF-16"),
    "nested without end": (b"[" * 100_000, "users.json is no JSON"),
    "no number": (b'{"a": NaN}', "users.json is no JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_named_with_its_line(name: str) -> None:
    data, told = BROKEN[name]
    with pytest.raises(InputError, match=r"users\.json") as caught:
        read(WHOLE | {"users.json": data})
    assert told in str(caught.value)
    assert caught.value.mend


def test_the_line_of_the_mistake_is_told() -> None:
    lines = WHOLE["policies.json"].decode().splitlines()
    lines[6] = lines[6].replace(":", "")
    with pytest.raises(InputError, match=r"policies.json is no JSON: line 7, column \d+"):
        read(WHOLE | {"policies.json": "\n".join(lines).encode()})


def test_of_another_tenant_it_is_told_what_was_looked_for() -> None:
    others = tuple(
        replace(it, upn=f"{it.id}@contoso.onmicrosoft.com", object_id=None) for it in ACCOUNTS
    )
    with pytest.raises(InputError, match="these files name no account of the register") as caught:
        read_evidence(WHOLE, others)
    assert "bg1@contoso.onmicrosoft.com (no object id on record)" in str(caught.value)


def test_policies_without_any_account_are_not_taken_for_ours() -> None:
    files = {name: WHOLE[name] for name in ("policies.json", "manifest.json")}
    with pytest.raises(InputError, match="name no account of the register"):
        read(files)


@pytest.mark.parametrize("files", [{}, {"a.json": b"{}"}, {"a.json": b"[]"}, {"a.json": b"7"}])
def test_where_there_is_nothing_it_is_told(files: Files) -> None:
    with pytest.raises(InputError, match="nothing from a tenant"):
        read(files)


def test_without_a_day_it_is_asked_for() -> None:
    with pytest.raises(InputError, match="says when they were exported") as caught:
        read(entra_exporter(tenant()))
    assert "--taken" in caught.value.mend


def test_a_day_that_is_said_counts_before_that_of_the_manifest() -> None:
    day = datetime(2026, 1, 4, tzinfo=UTC)

    assert read(WHOLE, day).facts.taken == day


@pytest.mark.parametrize("days", [-1, 10**12, "a month"])
def test_a_manifest_with_no_number_of_days_is_refused(days: object) -> None:
    broken = json.loads(WHOLE["manifest.json"]) | {"days": days}
    with pytest.raises(InputError, match=r"manifest\.json is no manifest"):
        read(WHOLE | {"manifest.json": to_json(broken)})


@pytest.mark.parametrize("taken", ["yesterday", "2026-01-05T10:00:00", ""])
def test_a_manifest_without_a_time_is_refused(taken: str) -> None:
    broken = json.loads(WHOLE["manifest.json"]) | {"taken": taken}
    with pytest.raises(InputError, match="the manifest of the export is wrong"):
        read(WHOLE | {"manifest.json": to_json(broken)})


def test_a_manifest_of_another_form_is_refused() -> None:
    broken = json.loads(WHOLE["manifest.json"]) | {"taken": 7}
    with pytest.raises(InputError, match=r"manifest\.json is no manifest"):
        read(WHOLE | {"manifest.json": to_json(broken)})


ODD: Final = {
    "a list of numbers": [1, 2],
    "a list of lists": [[{}]],
    "nothing": None,
    "a word": "users",
    "an object without an id": {"value": [{}]},
    "objects and others": {"value": [None, 7, {"id": None}]},
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("file", ["users.json", "groups.json", "signIns.json", "x/y.json"])
def test_odd_json_is_no_fault_of_ours(name: str, file: str) -> None:
    evidence = read(WHOLE | {f"odd/{file}": to_json(ODD[name])})

    assert evidence.facts.account(ACCOUNTS[0])


@pytest.mark.parametrize(
    "context", ["users", "groups", "auditLogs/signIns", "identity/conditionalAccess/policies"]
)
def test_objects_without_what_theirs_have_leave_only_their_kind_unknown(context: str) -> None:
    evidence = read(WHOLE | {"odd.json": answer(context, [{"id": "x1", "status": 7}])})

    assert evidence.facts.passkey_policy
    assert evidence.facts.account(ACCOUNTS[0])


@pytest.mark.parametrize(
    "time", ["yesterday", "", "2026-01-05T10:00:00", "/Date(9e9)/", "/Date(99999999999999999)/"]
)
def test_a_sign_in_without_a_time_leaves_the_log_unknown(time: str) -> None:
    its = tenant()
    its.sign_ins[0]["createdDateTime"] = time
    evidence = read(plain(its))

    seen = evidence.facts.account(ACCOUNTS[0])
    assert seen
    assert seen.sign_ins is None
    assert any(it.startswith("The signIns are left out") for it in evidence.remarks)
