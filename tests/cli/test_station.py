"""`keyvault station`: items under custody, from the first entry to the files that leave."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

ADDED = {"ws-1": "workstation", "usb-1": "transfer-medium"}
AGREE = ("1", "1")


@pytest.fixture
def station(desk: Desk) -> Desk:
    """A desk with a workstation and a transfer medium under custody."""
    for item, kind in ADDED.items():
        words = ("station", "add", item, "--kind", kind, "--make", "Sample Works", "--serial", "S1")
        desk.do(*words)
    return desk


def pack(desk: Desk, *items: str) -> None:
    bags = [bag for item in items for bag in (f"C-{item}",) * 2]
    typed = (*bags, *("y",) * len(items), *AGREE)
    desk.do("station", "pack", *items, "--safe", "hq-1", typed=typed)


def state(desk: Desk) -> EnvelopeState:
    return desk.register.envelopes["item-ws-1-1"].state


def test_what_an_item_is_lies_in_an_erasable_row(station: Desk) -> None:
    listed = json.loads(station.read("station", "list", "--json"))

    assert listed["items"][0] == {
        "id": "ws-1",
        "kind": "workstation",
        "envelope": None,
        "logged_in": None,
        "retired": None,
        "details": {"item": "ws-1", "make": "Sample Works", "serial": "S1"},
    }
    assert isinstance(listed["plugged_in"], list)
    assert "Sample Works" not in station.read("ledger", "show", "--raw")


def test_the_list_says_where_each_item_is(station: Desk) -> None:
    assert "ws-1   workstation      in use  Sample Works, S1" in station.read("station", "list")

    pack(station, "ws-1")
    station.ask("station", "media", "in", "--by", "carol", typed=("y",))

    told = station.read("station", "list")
    assert "bag C-ws-1, safe hq-1" in told
    assert "logged in since 20" in told


def test_an_item_is_packed_and_taken_out_again(station: Desk) -> None:
    pack(station, "ws-1")
    assert state(station) is EnvelopeState.DEPOSITED
    assert "label-item-ws-1-1" in station.sheets()

    words = ("station", "take-out", "ws-1", *station.by)
    done = station.ask(*words, typed=("C-ws-1", "y"))

    assert (done.returncode, "Touch" in done.stderr) == (0, False)
    assert state(station) is EnvelopeState.OPENED


def test_a_damaged_bag_is_exit_status_1_and_said(station: Desk) -> None:
    pack(station, "ws-1")

    words = ("station", "take-out", "ws-1", *station.by)
    done = station.ask(*words, typed=("C-ws-1", "n"))

    assert done.returncode == 1
    assert "make no secret with it" in " ".join(done.stderr.split())


def test_a_retired_item_is_retired(station: Desk, refusal: Callable[..., bool]) -> None:
    station.do("station", "retire", "ws-1", "--why", "tampered")

    assert "retired (tampered)" in station.read("station", "list")
    again = station.ask("station", "retire", "ws-1", "--why", "lost", *station.by)
    assert refusal(again, 5, "item ws-1 is retired (tampered)")


def test_the_script_of_packing_is_written_and_nothing_done(station: Desk) -> None:
    size = station.register.size

    words = ("station", "pack", "ws-1", "--safe", "hq-1", *station.by)
    station.read(*words, "--script", "pack.pdf")

    (code,) = read_codes((station.folder / "pack.pdf").read_bytes())
    assert "SCRIPT" in code
    assert station.register.size == size


# --- Media


def test_a_medium_leaves_with_files_whose_hashes_stand_in_the_ledger_and_on_paper(
    station: Desk,
) -> None:
    out = station.folder / "out"
    (out / "graph").mkdir(parents=True)
    (out / "graph" / "01-group.json").write_bytes(b"{}")
    (out / "Deploy.ps1").write_bytes(b"#")
    assert station.ask("station", "media", "in", "--by", "carol", typed=("y",)).returncode == 0

    done = station.ask("station", "media", "out", "--files", "out", "--by", "carol", typed=("y",))

    assert done.returncode == 0, done.stderr
    facts = [it.fact for it in station.entries]
    (left,) = [it for it in facts if isinstance(it, ev.MediumLoggedOut)]
    assert {it.name: it.sha256 for it in left.files} == {
        "graph/01-group.json": hashlib.sha256(b"{}").hexdigest(),
        "Deploy.ps1": hashlib.sha256(b"#").hexdigest(),
    }
    (sheet,) = [it for it in station.sheets() if it.startswith("outgoing-")]
    (code,) = read_codes((station.folder / "sheets" / f"{sheet}.pdf").read_bytes())
    assert "OUTGOING" in code


def test_files_are_looked_for_on_the_medium_that_is_named(
    station: Desk, refusal: Callable[..., bool]
) -> None:
    (station.folder / "stick").mkdir()
    (station.folder / "stick" / "registration-K1.json").write_bytes(b"{}")
    station.ask("station", "media", "in", "--by", "carol", typed=("y",))
    words = ("station", "media", "out", "--transfer", "stick", "--by", "carol", "--files")
    assert refusal(station.ask(*words, "Deploy.ps1"), 2, "stick/Deploy.ps1")

    done = station.ask(*words, "registration-K1.json", typed=("y",))

    assert done.returncode == 0, done.stderr
    (left,) = [it.fact for it in station.entries if isinstance(it.fact, ev.MediumLoggedOut)]
    assert [it.name for it in left.files] == ["registration-K1.json"]


def test_a_password_waits_until_the_medium_is_out(
    station: Desk, refusal: Callable[..., bool]
) -> None:
    station.ask("station", "media", "in", "--by", "carol", typed=("y",))
    words = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "vault-1")

    done = station.ask(*words, *station.by, typed=(station.now(), station.now(), "n"))

    assert refusal(done, 5, "usb-1: plugged in while a secret is in memory", "Take it out")
    assert "bg1-pw1" not in station.register.sets


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("add", "ws-1", "--kind", "printer", "--make", "X"), 5, "an item 'ws-1' already"),
        (("pack", "ws-9", "--safe", "hq-1"), 5, "no item 'ws-9'"),
        (("pack", "ws-1", "--safe", "moon"), 5, "no safe 'moon'"),
        (("take-out", "ws-1"), 5, "item ws-1 lies in no bag"),
        (("media", "out"), 5, "no transfer medium is logged in"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    station: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, told: str
) -> None:
    before = station.ledger.read_bytes()
    by = ("--by", "carol") if words[0] == "media" else station.by

    assert refusal(station.ask("station", *words, *by), status, told)

    assert station.ledger.read_bytes() == before


def test_a_medium_that_is_not_under_custody_is_added_first(
    desk: Desk, refusal: Callable[..., bool]
) -> None:
    done = desk.ask("station", "media", "in", "--by", "carol")

    assert refusal(done, 5, "no transfer medium is under custody", "station add")


def test_a_medium_is_logged_in_once(station: Desk, refusal: Callable[..., bool]) -> None:
    words = ("station", "media", "in", "--by", "carol")
    station.ask(*words, typed=("y",))

    assert refusal(station.ask(*words), 5, "usb-1 is logged in already")


@pytest.mark.parametrize("name", ["a b.json", ".secret"])
def test_a_file_with_another_kind_of_name_does_not_leave(
    station: Desk, refusal: Callable[..., bool], name: str
) -> None:
    (station.folder / name).write_bytes(b"")
    station.ask("station", "media", "in", "--by", "carol", typed=("y",))

    done = station.ask("station", "media", "out", "--files", name, "--by", "carol")

    assert refusal(done, 2, "no name for a file that leaves the station")


def test_two_files_of_one_name_do_not_leave(station: Desk, refusal: Callable[..., bool]) -> None:
    for folder in ("one", "two"):
        (station.folder / folder).mkdir()
        (station.folder / folder / "a.json").write_bytes(b"")
    station.ask("station", "media", "in", "--by", "carol", typed=("y",))

    words = ("station", "media", "out", "--files", "one", "--files", "two", "--by", "carol")

    assert refusal(station.ask(*words), 2, "two of the files have one name")
