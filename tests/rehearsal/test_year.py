"""A rehearsed year: it has exactly the findings that it should, and says so where it has not."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.engine import Watcher, nobody
from keyvault_kit.cli.commands.rehearse import command
from keyvault_kit.custody.organisation import parse
from keyvault_kit.custody.rules import Outcome as Judged
from keyvault_kit.custody.rules import judge
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.errors import EXIT_FINDINGS, RefusedError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.verify import verify
from keyvault_kit.rehearsal import plants
from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.people import ScriptedPeople
from keyvault_kit.rehearsal.run import Options, rehearse, sample_organisation
from tests.rehearsal.killing import comparable, copy, lost_papers, register_in
from tests.rehearsal.test_rehearsal import bodies, text_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FINDINGS = "The ledger has the findings of the audit, and no other"
RULES = "The rules fail for what follows from these findings, and nothing is unknown"


class Year(NamedTuple):
    """The folder of the sample's year, what it came to, and a copy from before its audit."""

    folder: Path
    outcome: Outcome
    before_audit: Path


def tell(
    out: Path,
    organisation: tuple[str, str] | None = None,
    watch: Watcher = nobody,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    options = Options(out=out, organisation=organisation, seed=7, year=True)
    return rehearse(options, now=NOW, say=say, watch=watch)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    out = tmp_path_factory.mktemp("year") / "out"
    before = out.with_name("before the audit")

    def say(line: str) -> None:
        if line.startswith("Auditing"):
            copy(out, before)

    return Year(out, tell(out, say=say), before)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, year_organisation: tuple[str, str]) -> Path:
    """The folder of a year of the smallest organisation."""
    out = tmp_path_factory.mktemp("small") / "out"
    tell(out, year_organisation)
    return out


# --- What it comes to


def test_the_year_has_exactly_the_findings_that_it_should(year: Year) -> None:
    assert [it.what for it in year.outcome.promises if not it.kept] == []
    found = register_in(year.folder).open_findings()
    assert {(it.rule, it.subject) for it in found} == {
        ("bag-missing", "bg1-pw2-3"),
        ("bag-unknown", "BAG-77"),
        ("key-reset", "K4"),
        ("key-stranger", "K2"),
    }
    (rules,) = (it.how for it in year.outcome.promises if it.what == RULES)
    assert rules == "S17: bg1, S17: bg2, S19: K2, S19: K4, S35: bg1, S35: bg2"


def test_everything_of_a_year_happened(year: Year) -> None:
    record = register_in(year.folder).ceremonies.values()

    assert all(it.closed for it in record)
    plans = [it.plan for it in record]
    assert {plan: plans.count(plan) for plan in ("review", "rotate", "pack", "checkpoint")} == {
        "review": 4,
        "rotate": 2,
        "pack": 2,
        "checkpoint": 2,
    }
    assert {"founding", "leaver", "drill", "open", "post-mortem", "relocate", "audit"} < {*plans}


def test_the_ledger_verifies(year: Year) -> None:
    book = open_book(year.folder / "ledger.db")
    paper = Checkpoint.parse((year.folder / "checkpoint.txt").read_bytes())

    report = verify(book.ledger, papers=(paper,))

    assert report.size == book.register.size > paper.size > 1000


@pytest.mark.parametrize("file", ["artefacts-1", "artefacts-2"])
def test_artefacts_are_marked_as_those_of_a_rehearsal(file: str, year: Year) -> None:
    folder = year.folder / file
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    ids = [it.object_id for it in parse(sample_organisation()).accounts]

    for path in files:
        text = text_of(path.read_bytes()) if path.suffix == ".pdf" else path.read_text()
        beside = path.with_name(f"{path.name}.md")
        assert "REHEARSAL" in text + (beside.read_text() if beside.exists() else ""), path.name
        assert not [it for it in ids if it and re.search(rf"(?<!REHEARSAL-){it}", text)], path.name


def own_policy(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("graph/*-own-policy.json")
    policy: dict[str, Any] = json.loads(file.read_text())
    return policy


def test_the_second_deployment_turns_the_policy_on(year: Year) -> None:
    first, second = (own_policy(year.folder / f"artefacts-{number}") for number in (1, 2))
    directory = json.loads((year.folder / "directory.json").read_bytes())
    policies = directory["collections"]["identity/conditionalaccess/policies"]
    (deployed,) = (it for it in policies if it["displayName"] == first["displayName"])

    assert first["state"] == "enabledForReportingButNotEnforced"
    assert (second["state"], deployed["state"]) == ("enabled", "enabled")


def rules_by_evidence(folder: Path) -> list[dict[str, Judged]]:
    """What each rule says by each evidence that the ledger has, oldest first."""
    book = open_book(folder / "ledger.db")
    judged = []
    for it in book.register.evidence:
        if it.facts:
            facts = msgspec.json.decode(book.row_behind(it.facts)["facts"], type=TenantFacts)
            found = judge(book.register, facts, it.taken)
            judged.append({each.rule: each.outcome for each in found})
    return judged


def test_what_was_deployed_passes_the_rules(year: Year) -> None:
    found, deployed, again, *_, last = rules_by_evidence(year.folder)
    first = ("S3", "S8", "S12", "S21", "S24", "S25", "S27", "S44", "S47", "S53")
    then = ("S23", "S26")

    assert [rule for rule in (*first, *then) if found[rule] is Judged.PASSED] == []
    assert {deployed[rule] for rule in first} == {Judged.PASSED}
    assert {deployed[rule] for rule in then} == {Judged.FAILED}
    assert {again[rule] for rule in (*first, *then)} == {Judged.PASSED}
    assert {last[rule] for rule in (*first, *then)} == {Judged.PASSED}


# --- That the judgement can fail


class Ended(NamedTuple):
    """Exit status of a year, and the promises that were broken: what, and how."""

    status: int
    broken: dict[str, str]


@pytest.fixture
def end(year: Year, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], Ended]:
    """Tells the year from its audit on, as a command."""

    def ending() -> Ended:
        out = copy(year.before_audit, tmp_path / "out")
        status = command.main(["--year", "--json", "--out", str(out)], standalone_mode=False)
        promises = json.loads(capsys.readouterr().out)["promises"]
        return Ended(status, {it["what"]: it["how"] for it in promises if not it["kept"]})

    return ending


def test_resumed_before_its_audit_a_year_ends_as_it_should(end: Callable[[], Ended]) -> None:
    assert end() == Ended(0, {})


def test_plants_that_are_left_out_break_the_promise(
    end: Callable[[], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plants, "plant", lambda *_: None)

    status, broken = end()

    assert status == EXIT_FINDINGS
    assert broken[FINDINGS] == "missing key-reset: K4, key-stranger: K2"
    assert "S19: K2, S19: K4" in broken[RULES]


def test_an_envelope_that_nobody_took_breaks_the_promise(
    end: Callable[[], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_it_back(people: ScriptedPeople) -> None:
        people.taken_away.clear()

    monkeypatch.setattr(ScriptedPeople, "look_away", put_it_back)

    status, broken = end()

    assert status == EXIT_FINDINGS
    assert broken[FINDINGS] == "missing bag-missing: bg1-pw2-3"


def test_one_damage_more_breaks_the_promise(
    end: Callable[[], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_another(people: ScriptedPeople) -> None:
        people.taken_away.add("bg2-pw2-1")

    monkeypatch.setattr(ScriptedPeople, "look_away", take_another)

    status, broken = end()

    assert status == EXIT_FINDINGS
    assert broken[FINDINGS] == "not expected bag-missing: bg2-pw2-1"


# --- Cut short, and told again

CUTS = (
    ("enrol-K2", "set-pin", "acted"),
    ("seal-bg1-1", "set", "acted"),
    ("pin-K1-1", "print-pin", "recorded"),
    ("pack-1", "deposit-WS-1", "acted"),
    ("open-bg1-1", "recover", "acted"),
    ("enrol-K1b", "passkey", "recorded"),
    ("audit-1", "report", "acted"),
)
"""Where a year is cut short, one after the other."""


def cut_at(ceremony: str, step: str, moment: str) -> Watcher:
    def watch(*now: str) -> None:
        if now == (ceremony, step, moment):
            raise KeyboardInterrupt

    return watch


def test_cut_in_several_parts_a_year_comes_to_the_same(
    small: Path, year_organisation: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"

    for cut in CUTS:
        with pytest.raises(KeyboardInterrupt):
            tell(out, year_organisation, cut_at(*cut))
    tell(out)

    assert comparable(register_in(out)) == comparable(register_in(small))
    assert list(lost_papers(out)) == []
    assert len(register_in(out).evidence) == len(register_in(small).evidence)


def test_the_same_seed_tells_the_same_year(
    small: Path, year_organisation: tuple[str, str], tmp_path: Path
) -> None:
    again = tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        tell(again, year_organisation, cut_at("leaver-1", "orders", "recorded"))

    told = bodies(again)
    assert len(told) > 400
    assert told == bodies(small)[: len(told)]
    sheets = {path.name: path.read_bytes() for path in (small / "sheets").iterdir()}
    for sheet in (again / "sheets").glob("record-*.pdf"):
        assert sheets[sheet.name] == sheet.read_bytes(), sheet.name


@pytest.mark.parametrize(("begun", "length"), [(True, "year"), (False, "day")])
def test_a_year_and_a_day_are_not_mixed(
    begun: bool,  # noqa: FBT001 - which of the two it was begun as
    length: str,
    year_organisation: tuple[str, str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    options = Options(out=out, organisation=year_organisation, seed=7, year=begun)
    stop = cut_at("founding", "found", "begins")
    with pytest.raises(KeyboardInterrupt):
        rehearse(options, now=NOW, say=lambda _: None, watch=stop)

    other = msgspec.structs.replace(options, year=not begun)
    with pytest.raises(RefusedError, match=f"was begun as one of a {length}"):
        rehearse(other, now=NOW, say=print)
