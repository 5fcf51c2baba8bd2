"""A rehearsal on keys of every make: what differs between them stops no ceremony."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyvault_kit.assembly import SOFTWARE_MODELS, open_book
from keyvault_kit.rehearsal.run import Options, rehearse

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANSWERS_WITH_PIN_ONLY = "always-uv"
"""The make that wants its PIN even for a signature without a touch."""


@pytest.mark.parametrize("model", [it for it in SOFTWARE_MODELS if it != "five"])
def test_keys_of_this_make_go_through_their_whole_life(
    model: str, small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    text, name = small_organisation
    options = Options(
        out=tmp_path / "out",
        seed=1,
        organisation=(text.replace('model = "five"', f'model = "{model}"'), name),
    )

    outcome = rehearse(options, now=NOW, say=lambda _: None)

    assert [it.what for it in outcome.promises if not it.kept] == []
    book = open_book(tmp_path / "out" / "ledger.db")
    key = book.register.keys["K1"]
    assert (key.proven, key.answers) == ("genuine", model != ANSWERS_WITH_PIN_ONLY)
    assert key.pin_set
    assert key.credential
    assert key.custody_credential
