"""`keyvault entra export`: a folder of files for the tenant, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keyvault_kit.custody.entries import encode
from keyvault_kit.ledger.store import Ledger
from tests.cli.conftest import Desk
from tests.custody.sample import sample
from tests.entra.directory import Directory
from tests.entra.making import used

if TYPE_CHECKING:
    from collections.abc import Callable


class Export:
    """A desk with the sample organisation's ledger, and a tenant beside it."""

    def __init__(self, desk: Desk, tenant: Directory) -> None:
        self.desk = desk
        self.tenant = tenant
        self.out = desk.folder / "out"
        self.evidence = desk.folder / "evidence"

    def carry_in(self) -> None:
        """Export evidence from the tenant as it is now."""
        for name, content in self.tenant.evidence().items():
            file = self.evidence / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def run(self, *words: str, typed: tuple[str, ...] = ()) -> Any:
        """`entra export --out out`, with the evidence of just now unless it is named."""
        if not {"--greenfield", "--evidence"} & set(words):
            words = (*words, "--evidence", "evidence", "--taken", f"{datetime.now(UTC):%FT%H:%MZ}")
        return self.desk.ask("entra", "export", "--out", "out", *words, typed=typed)

    def files(self) -> dict[str, bytes]:
        """What lies in the folder."""
        return {
            it.relative_to(self.out).as_posix(): it.read_bytes()
            for it in self.out.rglob("*")
            if it.is_file()
        }


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "ledger.db"
    with Ledger.create(path) as its:
        its.append([encode(entry) for entry in sample().entries])
    return path


@pytest.fixture
def export(ledger: Path, empty: Desk) -> Export:
    empty.ledger.write_bytes(ledger.read_bytes())
    made = Export(empty, used())
    made.carry_in()
    return made


def test_a_new_folder_is_filled_without_a_question(export: Export) -> None:
    done = export.run()
    assert done.returncode == 0, done.stderr
    assert {"requests.json", "rollback/requests.json", "Deploy.ps1", "runbook.md"} <= set(
        export.files()
    )
    assert export.files()["runbook.pdf"].startswith(b"%PDF")
    assert "conditions.users.excludeGroups:" in done.stdout
    assert "It only reports, since no sign-in on record" in " ".join(done.stdout.split())


@pytest.mark.needs("sha256sum")
def test_the_list_of_hashes_is_one_that_other_programs_check(export: Export) -> None:
    export.run()
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=export.out, check=True)
    listed = (export.out / "SHA256SUMS").read_text().count("\n")
    assert listed == len(export.files()) - 1


def test_what_was_exported_is_carried_out_and_the_next_export_changes_nothing(
    export: Export,
) -> None:
    export.run()
    export.tenant.carry_out(export.files())
    export.carry_in()
    done = export.run("--replace")
    assert done.returncode == 0, done.stderr
    assert " -> " not in done.stdout
    assert not [it for it in export.files() if it.startswith("graph/")]


def test_a_folder_that_is_not_empty_is_left_alone_until_the_words_are_typed(
    export: Export,
) -> None:
    export.run("--greenfield")
    before = export.files()
    declined = export.run(typed=("yes",))
    assert declined.returncode == 5
    assert "to be replaced" in declined.stdout
    assert export.files() == before
    assert export.run(typed=("replace files",)).returncode == 0
    assert export.files() != before


def test_files_of_somebody_else_are_kept_and_told(export: Export) -> None:
    export.out.mkdir()
    (export.out / "notes.txt").write_text("mine")
    done = export.run("--json", "--replace")
    assert json.loads(done.stdout)["kept"] == ["notes.txt"]
    assert (export.out / "notes.txt").read_text() == "mine"


def test_files_of_an_earlier_export_go_unless_somebody_changed_them(export: Export) -> None:
    export.run("--greenfield")
    mine = export.out / "graph/06-passkey-method.json"
    mine.write_text("changed by hand")
    stale = export.out / "graph/05-self-service-reset.json"
    export.tenant.authorization["allowedToUseSSPR"] = False
    export.carry_in()
    done = export.run("--json", "--replace")
    assert "graph/05-self-service-reset.json" in json.loads(done.stdout)["removed"]
    assert not stale.exists()
    assert json.loads(done.stdout)["kept"] == ["graph/06-passkey-method.json"]
    assert mine.read_text() == "changed by hand"


def test_an_export_that_breaks_off_leaves_no_list_to_work_from(export: Export) -> None:
    export.run("--greenfield")
    (export.out / "kql/02-account.kql").unlink()
    (export.out / "kql/02-account.kql").mkdir()
    done = export.run("--replace")
    assert done.returncode == 2
    left = set(export.files())
    assert not {"requests.json", "rollback/requests.json", "SHA256SUMS"} & left


def test_the_json_document_lists_each_file_with_its_hash_and_what_it_serves(
    export: Export,
) -> None:
    document = json.loads(export.run("--json").stdout)
    files = export.files()
    assert {it["name"] for it in document["files"]} == set(files) - {"SHA256SUMS"}
    for it in document["files"]:
        assert it["sha256"] == hashlib.sha256(files[it["name"]]).hexdigest()
        assert it.get("serves") or it["name"] == "runbook.pdf"
    assert [it["changes"] for it in document["changes"]].count(True) > 5


def test_it_says_until_when_it_can_be_carried_out(export: Export) -> None:
    document = json.loads(export.run("--json").stdout)
    assert document["until"] == json.loads(export.files()["requests.json"])["until"]
    done = export.run("--replace")
    assert f"until {document['until'][:10]}" in done.stdout


def test_without_evidence_it_is_refused_and_with_both_it_is_a_mistake(
    export: Export, refusal: Callable[..., bool]
) -> None:
    words = ("entra", "export", "--out", "out")
    assert refusal(export.desk.ask(*words), 5, "--evidence", "--greenfield")
    done = export.desk.ask(*words, "--greenfield", "--evidence", "evidence")
    assert done.returncode == 2
    assert not export.out.exists()


def test_evidence_that_is_too_old_is_refused_and_nothing_is_written(
    export: Export, refusal: Callable[..., bool]
) -> None:
    old = datetime.now(UTC) - timedelta(days=8)
    done = export.run("--evidence", "evidence", "--taken", f"{old:%FT%H:%MZ}")
    assert refusal(done, 5, "older than 7 days")
    assert not export.out.exists()


def test_a_file_in_place_of_the_folder_is_refused(export: Export) -> None:
    export.out.write_text("")
    assert export.run("--greenfield").returncode == 2
    assert export.out.read_text() == ""


def test_things_are_named_as_was_said(export: Export) -> None:
    export.run("--greenfield", "--name", "group=Oak", "--name", "policy=Ash")
    assert json.loads(export.files()["graph/01-group.json"])["displayName"] == "Oak"
    assert json.loads(export.files()["graph/09-own-policy.json"])["displayName"] == "Ash"
    for wrong in ("colour=red", "group", "group="):
        assert export.run("--greenfield", "--name", wrong).returncode == 2
