"""`keyvault keys list` and `show` on software keys, put where hidapi's own would be."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keyvault_kit import assembly
from keyvault_kit.assembly import Bench
from keyvault_kit.cli.commands.keys import reading
from keyvault_kit.cli.main import run
from keyvault_kit.custody.register import Register
from keyvault_kit.keys.hid import HidHandle
from keyvault_kit.keys.record import Reading

Plug = Callable[..., Bench]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Make a bench with a key of each given model, plugged in."""

    def plug(*models: str) -> Bench:
        bench = Bench(tmp_path, seed=bytes(32), not_before=datetime(2026, 1, 1, tzinfo=UTC))
        for number, model in enumerate(models, 1):
            bench.add(f"K{number}", model)
            bench.plug(f"K{number}")
        monkeypatch.setattr(reading, "plugged_in_keys", lambda: bench.bus)
        return bench

    return plug


@pytest.fixture
def break_key(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bench, str], None]:
    """Have a key fail when it is opened."""

    def break_key(bench: Bench, name: str) -> None:
        broken, opener = bench.path(name), bench.bus.open

        def refuse(path: bytes) -> HidHandle:
            if path == broken:
                raise OSError("open failed")
            return opener(path)

        monkeypatch.setattr(bench.bus, "open", refuse)

    return break_key


def knowing(serial: int | None, tag: str) -> Callable[[Path], SimpleNamespace]:
    """What opens a ledger whose register knows one key."""
    register = Register(serials={serial: tag} if serial else {})
    return lambda _: SimpleNamespace(register=register)


# --- list


def test_every_key_is_listed_with_what_it_says(plug: Plug, capsys: Captured) -> None:
    bench = plug(*assembly.SOFTWARE_MODELS)

    assert run(["keys", "list"]) == 0

    out = capsys.readouterr().out
    assert str(bench.serial("K1")) in out
    assert out.count("not set") == len(assembly.SOFTWARE_MODELS)


def test_a_key_of_which_an_advisory_speaks_is_marked(plug: Plug, capsys: Captured) -> None:
    plug("five", "five-54")

    assert run(["keys", "list"]) == 0

    head, *rows, note = capsys.readouterr().out.splitlines()
    marked = [row for row in rows if "  ! " in row]
    assert [row.split()[1] for row in marked] == ["5.4.3"]
    assert head.endswith("product")
    assert note.startswith("! An advisory")


def test_the_list_fits_a_line_of_a_hundred(
    plug: Plug, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = plug(*assembly.SOFTWARE_MODELS)
    monkeypatch.setattr(reading, "open_book", knowing(bench.serial("K1"), "HQ-A-01"))

    assert run(["keys", "list", "--ledger", "any.db"]) == 0

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_a_key_without_a_serial_number_is_listed_as_such(plug: Plug, capsys: Captured) -> None:
    plug("security-key")

    assert run(["keys", "list"]) == 0

    assert capsys.readouterr().out.splitlines()[1].startswith("none ")


def test_a_ledger_gives_keys_their_tags(
    plug: Plug, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = plug("five", "other")
    monkeypatch.setattr(reading, "open_book", knowing(bench.serial("K1"), "HQ-A-01"))

    assert run(["keys", "list", "--ledger", "any.db"]) == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("tag ")
    assert sorted(row.split()[0] for row in rows) == ["-", "HQ-A-01"]


def test_json_holds_every_field_and_the_aaguid_in_lower_case(plug: Plug, capsys: Captured) -> None:
    bench = plug("five")

    assert run(["keys", "list", "--json"]) == 0

    (key,) = json.loads(capsys.readouterr().out)
    assert key.keys() == {*Reading.__struct_fields__, "tag", "error"}
    assert (key["serial"], key["tag"], key["error"]) == (bench.serial("K1"), None, None)
    assert key["path"] == bench.path("K1").decode()
    assert key["aaguid"] == key["aaguid"].lower()
    assert [len(group) for group in key["aaguid"].split("-")] == [8, 4, 4, 4, 12]


def test_no_key_is_said_so(plug: Plug, capsys: Captured) -> None:
    plug()

    assert run(["keys", "list"]) == 0
    assert "No FIDO2 key is plugged in" in capsys.readouterr().out
    assert run(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_broken_key_spoils_its_own_row_alone(
    plug: Plug, capsys: Captured, break_key: Callable[[Bench, str], None]
) -> None:
    break_key(plug("five", "other"), "K1")

    assert run(["keys", "list"]) == 3

    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "could not be opened" in err
    assert err.count("Software key like a YubiKey 5 NFC") == 1


def test_a_broken_key_has_a_place_in_the_json_with_what_went_wrong(
    plug: Plug, capsys: Captured, break_key: Callable[[Bench, str], None]
) -> None:
    bench = plug("five", "other")
    break_key(bench, "K1")

    assert run(["keys", "list", "--json"]) == 3

    broken, good = json.loads(capsys.readouterr().out)
    assert broken["path"] == bench.path("K1").decode()
    assert broken["product"] == "Software key like a YubiKey 5 NFC"
    assert "could not be opened" in broken["error"]
    assert (good["serial"], good["error"]) == (bench.serial("K2"), None)


# --- show


def shown(capsys: Captured, *words: str) -> dict[str, Any]:
    assert run(["keys", "show", *words, "--json"]) == 0
    key: dict[str, Any] = json.loads(capsys.readouterr().out)
    return key


def test_the_only_key_need_not_be_named(plug: Plug, capsys: Captured) -> None:
    bench = plug("five")

    assert run(["keys", "show"]) == 0

    out = capsys.readouterr().out
    assert re.search(rf"^  serial number +{bench.serial('K1')}$", out, re.MULTILINE)
    assert {"Key", "PIN", "FIDO2", "YubiKey"} <= set(out.splitlines())
    assert max(map(len, out.splitlines())) <= 100


def test_a_key_is_named_by_its_serial_number_or_where_it_is(plug: Plug, capsys: Captured) -> None:
    bench = plug("five", "security-key")

    by_serial = shown(capsys, "--serial", str(bench.serial("K1")))
    by_path = shown(capsys, "--path", bench.path("K2").decode())

    assert by_serial["path"] == bench.path("K1").decode()
    assert by_path["product"] == "Software key like a Security Key NFC"


def test_several_keys_want_one_named_and_say_how(plug: Plug, capsys: Captured) -> None:
    bench = plug("five", "security-key")

    assert run(["keys", "show"]) == 2

    err = capsys.readouterr().err
    assert f"--serial {bench.serial('K1')} " in err
    assert f"--path {bench.path('K2').decode()} " in err


def test_two_keys_that_claim_one_serial_number_are_told_apart_by_their_paths(
    plug: Plug, capsys: Captured
) -> None:
    bench = plug("five")
    bench.add("twin", "five", claimed="K1")
    bench.plug("twin")

    assert run(["keys", "show", "--serial", str(bench.serial("K1"))]) == 2

    err = capsys.readouterr().err
    assert bench.path("K1").decode() in err
    assert bench.path("twin").decode() in err


def test_a_key_without_a_serial_number_says_what_identifies_it(
    plug: Plug, capsys: Captured
) -> None:
    plug("security-key")

    assert run(["keys", "show"]) == 0

    assert "none: its custody credential tells which key it is" in capsys.readouterr().out


def test_a_key_that_is_not_there_is_said_so(plug: Plug, capsys: Captured) -> None:
    plug("five")

    assert run(["keys", "show", "--path", "/dev/hidraw99"]) == 3
    assert "no FIDO2 key is plugged in at /dev/hidraw99" in capsys.readouterr().err
    assert run(["keys", "show", "--serial", "1"]) == 3
    assert "no key has the serial number 1" in capsys.readouterr().err


def test_with_no_key_at_all_there_is_nothing_to_show(plug: Plug, capsys: Captured) -> None:
    plug()

    assert run(["keys", "show"]) == 3
    assert "No FIDO2 key is plugged in" in capsys.readouterr().err


def test_a_key_that_cannot_be_read_says_why(
    plug: Plug, capsys: Captured, break_key: Callable[[Bench, str], None]
) -> None:
    break_key(plug("five"), "K1")

    assert run(["keys", "show"]) == 3
    assert "could not be opened" in capsys.readouterr().err


def test_a_ledger_gives_the_key_its_tag(
    plug: Plug, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = plug("five")
    monkeypatch.setattr(reading, "open_book", knowing(bench.serial("K1"), "HQ-A-01"))

    assert shown(capsys, "--ledger", "any.db")["tag"] == "HQ-A-01"
    assert run(["keys", "show", "--ledger", "any.db"]) == 0
    assert "HQ-A-01, by the serial number alone, which is a claim" in capsys.readouterr().out


# --- The documents


def test_every_member_of_the_json_is_documented_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    table = page.split("## `doctor keys`")[0].split("|---|---|\n")[1].splitlines()
    first_cells = [row.split("|")[1] for row in table if row.startswith("|")]

    documented = re.findall(r"`(\w+)`", " ".join(first_cells))

    assert set(documented) == {*Reading.__struct_fields__, "tag", "error"}
    assert len(documented) == len(set(documented))


def test_a_key_that_cannot_be_read_has_the_first_members_alone(
    plug: Plug, capsys: Captured, break_key: Callable[[Bench, str], None]
) -> None:
    break_key(plug("five"), "K1")

    assert run(["keys", "list", "--json"]) == 3

    (broken,) = json.loads(capsys.readouterr().out)
    assert broken.keys() == {*Reading.__struct_fields__[:8], "tag", "error"}


def test_a_key_without_a_number_gets_its_tag_by_what_only_it_can_sign(
    finished_rehearsal: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    bench = Bench.again(finished_rehearsal / "softkeys")
    for name in ("K3", "alike"):
        bench.add(name, "security-key")
        bench.plug(name)
    monkeypatch.setattr(reading, "plugged_in_keys", lambda: bench.bus)

    assert run(["keys", "list", "--json", "--ledger", str(finished_rehearsal / "ledger.db")]) == 0

    mine, other = json.loads(capsys.readouterr().out)
    assert (mine["serial"], mine["tag"]) == (None, "K3")
    assert (other["serial"], other["tag"]) == (None, None)
