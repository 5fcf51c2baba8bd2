"""`keyvault entra check`, and `rules` by what it entered."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from keyvault_kit.custody.register import Register
from tests.entra.export_folder import Files, entra_exporter, manifest, plain, write
from tests.entra.powershell import assert_sound
from tests.entra.tenant_objects import Tenant, sign_in, tenant

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

HOUR: Final = timedelta(hours=1)


def when(register: Register) -> datetime:
    """When the evidence of these tests was exported: before the ledger knew of it."""
    assert register.time
    return register.time - timedelta(minutes=5)


def exported(
    desk: "Desk", its: Tenant | None = None, name: str = "evidence", **files: bytes
) -> str:
    """The name of a folder with evidence from a tenant in which all is well."""
    register = desk.register
    made = plain(its or tenant(register)) | {"manifest.json": manifest(when(register))}
    write(made | {f"{it}.json": data for it, data in files.items()}, desk.folder / name)
    return name


def document(desk: "Desk", *words: str, status: int) -> dict[str, Any]:
    done = desk.ask("entra", "check", *words, "--json")
    assert done.returncode == status, done.stderr
    assert not done.stderr
    its: dict[str, Any] = json.loads(done.stdout)
    return its


def failed(its: dict[str, Any]) -> set[str]:
    return {it["rule"] for it in its["rules"] if it["outcome"] == "failed"}


# --- Judged


def test_evidence_is_judged_and_nothing_is_entered(desk: "Desk") -> None:
    size = desk.register.size
    its = document(desk, exported(desk), status=1)

    assert desk.register.size == size
    assert its["entered"] is None
    assert its["evidence"] == f"{when(desk.register):%Y-%m-%dT%H:%M:%SZ}"
    passed = {it["rule"] for it in its["rules"] if it["outcome"] == "passed"}
    assert {"S2", "S3", "S4", "S9", "S12", "S23", "S25", "S26", "S27", "S58", "S65"} <= passed
    assert {it["rule"] for it in its["rules"]}.isdisjoint({"S36", "S54"})


def test_what_fails_is_told_with_its_mend(desk: "Desk") -> None:
    its = tenant(desk.register)
    its.policies[1]["conditions"]["users"]["excludeGroups"] = []
    done = desk.ask("entra", "check", exported(desk, its))

    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert "policy 'Require MFA' (enabled) counts for account bg1" in told
    assert "Exclude the group of the emergency access accounts from it." in told
    assert "S36" not in told
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_all_requirements_are_judged_where_that_is_asked_for(desk: "Desk") -> None:
    its = document(desk, exported(desk), "--all", status=1)

    assert {"S36", "S54"} <= {it["rule"] for it in its["rules"]}


def test_one_file_of_a_tenant_is_evidence_too(desk: "Desk") -> None:
    file = desk.folder / exported(desk) / "users.json"
    taken = f"{when(desk.register):%Y-%m-%dT%H:%MZ}"
    its = document(desk, str(file), "--taken", taken, status=1)

    assert its["remarks"] == []
    outcomes = {it["rule"]: it["outcome"] for it in its["rules"]}
    assert outcomes["S9"] == "unknown"
    assert outcomes["S12"] == "passed"


def test_a_folder_of_entra_exporter_is_read_with_the_day_that_is_said(desk: "Desk") -> None:
    register = desk.register
    write(entra_exporter(tenant(register)), desk.folder / "exporter")
    assert "--taken" in desk.ask("entra", "check", "exporter").stderr
    taken = f"{when(register):%Y-%m-%dT%H:%MZ}"

    by_exporter = document(desk, "exporter", "--taken", taken, status=1)
    by_hand = document(desk, exported(desk), status=1)
    assert [it["outcome"] for it in by_exporter["rules"]] == [
        it["outcome"] for it in by_hand["rules"]
    ]


# --- Entered


def test_it_is_entered_and_rules_judges_by_it(desk: "Desk") -> None:
    name = exported(desk)
    before = desk.register.size
    its = document(desk, name, "--by", "erin", status=1)

    assert its["entered"] == {"sign_ins": 0, "passkeys": [], "known": False}
    assert desk.kinds(before) == ["evidence.taken"]
    assert desk.entries[-1].by == ("erin",)
    assert f"{desk.entries[-1].occurred:%Y-%m-%dT%H:%M:%SZ}" == its["evidence"]
    judged = json.loads(desk.ask("rules", "--json").stdout)
    assert judged["evidence"] == its["evidence"]
    outcomes = {it["rule"]: it["outcome"] for it in judged["rules"]}
    assert outcomes["S12"] == "passed"
    told = desk.ask("rules").stdout
    assert "The newest evidence from the tenant is of" in told


def test_the_same_evidence_twice_changes_nothing(desk: "Desk") -> None:
    name = exported(desk)
    desk.ask("entra", "check", name, "--by", "erin")
    size = desk.register.size
    done = desk.ask("entra", "check", name, "--by", "alice")

    assert "It is on record already: nothing was entered." in done.stdout
    assert desk.register.size == size


def test_sign_ins_are_entered_and_found_by_rules_from_then_on(desk: "Desk") -> None:
    its = tenant(desk.register)
    its.sign_ins = [sign_in(its.user(), when(desk.register) - 10 * HOUR)]
    name = exported(desk, its)
    done = desk.ask("entra", "check", name, "--by", "erin")

    assert "Entered, with 1 sign-in that" in " ".join(done.stdout.split())
    assert "somebody signed in to bg1 with no drill or opening" in " ".join(done.stdout.split())
    assert "S65" in {
        it["rule"]
        for it in json.loads(desk.ask("rules", "--json").stdout)["rules"]
        if it["outcome"] == "failed"
    }


def test_older_evidence_than_on_record_is_said(desk: "Desk") -> None:
    desk.ask("entra", "check", exported(desk), "--by", "erin")
    older = manifest(when(desk.register) - 48 * HOUR)
    done = desk.ask("entra", "check", exported(desk, name="older", manifest=older))

    assert "There is newer evidence on record" in " ".join(done.stdout.split())


def test_somebody_unknown_enters_nothing(desk: "Desk", refusal: Refusal) -> None:
    size = desk.register.size

    assert refusal(desk.ask("entra", "check", exported(desk), "--by", "zoe"), 5, "no person 'zoe'")
    assert desk.register.size == size


# --- Refused


def test_evidence_of_the_future_is_refused(desk: "Desk", refusal: Refusal) -> None:
    later = manifest(datetime.now(UTC) + HOUR)
    done = desk.ask("entra", "check", exported(desk, manifest=later))

    assert refusal(done, 2, "the evidence would be of", "clocks")


def test_old_evidence_is_said_to_tell_nothing(desk: "Desk") -> None:
    old = manifest(when(desk.register) - timedelta(days=91))
    done = desk.ask("entra", "check", exported(desk, manifest=old))

    told = " ".join(done.stdout.split())
    assert "It is more than 90 days old: what the tenant alone can tell is unknown by it." in told
    assert "0 passed." in told


def a_link(folder: Path) -> None:
    (folder / "link.json").symlink_to(folder / "users.json")


def a_folder_elsewhere(folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent)


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")


def a_broken_file(folder: Path) -> None:
    (folder / "broken.json").write_bytes(b'{\n"value": [\n')


ODD: Final = {
    "a link": (a_link, "link.json is no file and no folder"),
    "a folder elsewhere": (a_folder_elsewhere, "more is no file and no folder"),
    "a pipe": (a_pipe, "pipe.json is no file and no folder"),
    "a broken file": (a_broken_file, "broken.json is no JSON: line 3"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_in_the_folder_is_refused_by_name(
    desk: "Desk", refusal: Refusal, name: str
) -> None:
    change, told = ODD[name]
    change(desk.folder / exported(desk))
    size = desk.register.size

    assert refusal(desk.ask("entra", "check", "evidence", "--by", "erin"), 2, told)
    assert desk.register.size == size


def test_a_name_that_is_not_there_or_a_link_is_refused(desk: "Desk", refusal: Refusal) -> None:
    assert refusal(desk.ask("entra", "check", "nowhere"), 2, "cannot read the evidence nowhere")
    (desk.folder / "there").symlink_to(desk.folder / exported(desk))
    assert refusal(desk.ask("entra", "check", "there"), 2, "there is no file and no folder")


def test_an_empty_folder_is_refused(desk: "Desk", refusal: Refusal) -> None:
    (desk.folder / "empty").mkdir()

    assert refusal(desk.ask("entra", "check", "empty"), 2, "nothing from a tenant")


def test_evidence_of_another_tenant_is_refused(desk: "Desk", refusal: Refusal) -> None:
    files: Files = plain(tenant())
    files = {it: data for it, data in files.items() if it in {"policies.json", "manifest.json"}}
    write(files, desk.folder / "other")

    done = desk.ask("entra", "check", "other")
    assert refusal(done, 2, "bg1@example.onmicrosoft.com (no object id on record)")


# --- The script


def test_the_script_that_exports_names_no_account_of_a_tenant_in_a_rehearsal(desk: "Desk") -> None:
    desk.read("entra", "evidence-script", "--out", "medium")
    script = (desk.folder / "medium" / "Export-Evidence.ps1").read_text()

    assert script.startswith("# REHEARSAL")
    assert "[string[]] $AccountId = @('REHEARSAL-bg1')," in script
    assert_sound(script)


def test_the_script_is_never_written_over(desk: "Desk", refusal: Refusal) -> None:
    desk.read("entra", "evidence-script", "--out", "medium", "--json")

    assert refusal(desk.ask("entra", "evidence-script", "--out", "medium"), 2, "exists already")
