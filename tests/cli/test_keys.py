"""`keyvault keys list` on software keys, put where hidapi's own would be."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyvault_kit import assembly
from keyvault_kit.assembly import Bench
from keyvault_kit.cli.commands import keys
from keyvault_kit.cli.main import run


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """Make a bench with a key of each given model, plugged in."""

    def plug(*models: str) -> Bench:
        bench = Bench(tmp_path, seed=bytes(32), not_before=datetime(2026, 1, 1, tzinfo=UTC))
        for number, model in enumerate(models, 1):
            bench.add(f"K{number}", model)
            bench.plug(f"K{number}")
        monkeypatch.setattr(keys, "plugged_in_keys", lambda: bench.bus)
        return bench

    return plug


def test_every_key_is_listed_with_what_it_says(
    plug: Callable[..., Bench], capsys: pytest.CaptureFixture[str]
) -> None:
    bench = plug(*assembly.SOFTWARE_MODELS)

    assert run(["keys", "list"]) == 0

    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1 + len(assembly.SOFTWARE_MODELS)
    assert str(bench.serial("K1")) in out
    assert out.count("not set") == len(assembly.SOFTWARE_MODELS)


def test_json_holds_every_field_and_the_aaguid_in_lower_case(
    plug: Callable[..., Bench], capsys: pytest.CaptureFixture[str]
) -> None:
    bench = plug("five")

    assert run(["keys", "list", "--json"]) == 0

    (key,) = json.loads(capsys.readouterr().out)
    assert key["serial"] == bench.serial("K1")
    assert key["aaguid"] == key["aaguid"].lower()
    assert len(key["aaguid"].split("-")) == 5


def test_no_key_is_said_so(plug: Callable[..., Bench], capsys: pytest.CaptureFixture[str]) -> None:
    plug()

    assert run(["keys", "list"]) == 0
    assert "No FIDO2 key is plugged in" in capsys.readouterr().out
    assert run(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_broken_key_spoils_its_own_row_alone(
    plug: Callable[..., Bench],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = plug("five", "other")
    first = bench.path("K1")
    opener = bench.bus.open

    def refuse_the_first(path: bytes) -> object:
        if path == first:
            raise OSError("open failed")
        return opener(path)

    monkeypatch.setattr(bench.bus, "open", refuse_the_first)

    assert run(["keys", "list"]) == 3
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "could not be opened" in err
