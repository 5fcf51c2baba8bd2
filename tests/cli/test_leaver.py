"""`keyvault leaver`: shown, entered by two, printed, and red until all is done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

TODAY = datetime.now(UTC).date()
SOON = (TODAY + timedelta(days=3)).isoformat()
LONG_AGO = (TODAY - timedelta(days=30)).isoformat()


def test_what_is_in_reach_and_to_be_done_is_told_and_nothing_entered(founded: Desk) -> None:
    before = founded.ledger.read_bytes()

    done = founded.ask("leaver", "bob", "--on", SOON)

    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert f"bob leaves; the last day is {SOON}." in told
    assert "- bob opens safe vault-1 alone; there lies the identity of the station" in told
    assert f"open {SOON} change the combination of safe vault-1" in told
    assert f"open {SOON} name another opener of safe vault-1, before they go" in told
    assert "orders are open." in told
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert founded.ledger.read_bytes() == before


def test_an_order_past_its_day_is_late(founded: Desk) -> None:
    told = founded.ask("leaver", "carol", "--on", LONG_AGO).stdout
    assert f"LATE  {LONG_AGO}  revoke the signing key of carol" in told


def test_orders_are_one_json_document(founded: Desk) -> None:
    its = json.loads(founded.ask("leaver", "carol", "--on", SOON, "--json").stdout)

    assert (its["person"], its["on"]) == ("carol", SOON)
    assert its["remembers"] == []
    by_kind = {(it["kind"], it["subject"]): it for it in its["orders"]}
    assert by_kind["openers", "hq-2"]["done"] is False
    assert by_kind["openers", "hq-2"]["by"] == SOON
    assert {"what", "why"} <= set(by_kind["authority", "carol"])


def test_two_enter_the_last_day_and_it_is_known_from_then_on(desk: Desk) -> None:
    words = ("leaver", "carol", "--on", SOON, *desk.by)
    done = desk.ask(*words, typed=(desk.now(), desk.now(), "y"))

    assert done.returncode == 1
    assert f"done  {SOON}  end the authority of carol" in done.stdout
    assert str(desk.register.people["carol"].until) == SOON
    assert desk.kinds()[-3:-1] == ["person.changed", "ceremony.stepped"]

    again = desk.ask("leaver", "carol")
    assert f"carol leaves; the last day is {SOON}." in again.stdout
    size = desk.register.size
    told = desk.ask("leaver", "carol", *desk.by).stdout
    assert f"The authority of carol ends with {SOON} already." in told
    assert desk.register.size == size


def test_what_was_done_is_done_and_the_rest_is_open(desk: Desk) -> None:
    desk.do("safes", "change", "hq-2", "--opener", "erin")
    desk.do("due", "done", "combination", "hq-2")

    its = json.loads(desk.ask("leaver", "carol", "--on", SOON, "--json").stdout)

    states = {(it["kind"], it["subject"]): it["done"] for it in its["orders"]}
    assert states["openers", "hq-2"] is states["combination", "hq-2"] is True
    assert states["authority", "carol"] is False


def test_the_work_orders_are_printed_and_readable(founded: Desk, desk: Desk) -> None:
    done = desk.ask("leaver", "bob", "--on", SOON, "--out", "orders.pdf", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["person"] == "bob"
    assert "Written to orders.pdf." in done.stderr
    codes = read_codes((desk.folder / "orders.pdf").read_bytes())
    assert codes
    assert all("leaver-bob" in it for it in codes)
    assert founded.register.people["bob"].until is None


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("mallory", "--on", SOON), 5, "no person 'mallory'"),
        (("mallory",), 5, "no person 'mallory'"),
        (("carol",), 2, "--on YYYY-MM-DD"),
    ],
)
def test_who_and_when_are_asked_for_in_a_line(
    founded: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, told: str
) -> None:
    assert refusal(founded.ask("leaver", *words), status, told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--on", "soon"), "'soon' is no day"),
        (("--on", SOON, "--json", "--by", "alice", "--by", "bob"), "--json only shows"),
        (("--on", SOON, "--out", "a.pdf", "--printer", "desk"), "name a file with --out, or"),
        (("--on", SOON, "--by", "alice"), "name the two who do it together"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    founded: Desk, words: tuple[str, ...], told: str
) -> None:
    done = founded.ask("leaver", "carol", *words)
    assert (done.returncode, told in done.stderr) == (2, True)


# --- The ceremony

CEREMONY = ("leaver", "carol", "--on", TODAY.isoformat(), "--ceremony")


def test_what_carol_may_do_ends_in_one_sitting_and_the_rest_is_told(desk: Desk) -> None:
    typed = (desk.now(), desk.now(), "y", "y", "1", "1")
    done = desk.ask(*CEREMONY, "--instead", "hq-2=erin", *desk.by, typed=typed)

    assert done.returncode == 1
    register = desk.register
    assert register.safes["hq-2"].openers == ("erin",)
    assert "carol" not in register.signers
    assert register.people["carol"].until == TODAY
    assert "orders-carol" in desk.sheets()
    assert "orders are open." in " ".join(done.stdout.split())
    assert "review account bg1" in done.stdout


def test_a_safe_without_enough_openers_is_said_before(
    founded: Desk, refusal: Callable[..., bool]
) -> None:
    assert refusal(founded.ask(*CEREMONY, *founded.by), 5, "--instead hq-2=PERSON")


def test_a_dry_run_tells_the_steps_and_does_nothing(desk: Desk) -> None:
    before = desk.ledger.read_bytes()

    words = (*CEREMONY, "--instead", "hq-2=erin", *desk.by)
    done = desk.ask(*words, "--dry-run")

    assert done.returncode == 0
    assert "Change the combination of safe hq-2, which carol knows" in done.stderr
    assert desk.ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--instead", "hq-2=erin"), "go with --ceremony"),
        (("--dry-run",), "go with --ceremony"),
        (("--ceremony", "--json"), "--json only shows"),
        (("--ceremony", "--instead", "hq-2"), "'hq-2' is no SAFE=PERSON"),
        (("--ceremony", "--instead", "hq-2=a b"), "is no SAFE=PERSON"),
    ],
)
def test_options_of_the_ceremony_go_with_it(
    founded: Desk, words: tuple[str, ...], told: str
) -> None:
    done = founded.ask("leaver", "carol", "--on", SOON, *words)
    assert (done.returncode, told in done.stderr) == (2, True)
