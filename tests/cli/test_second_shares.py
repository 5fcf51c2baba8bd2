"""A second share: refused at the terminal, or entered as a finding where it is so already."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.cli.sealing import sealed
from tests.cli.test_seal import SHARES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Desk

HAS = "bob alone opens safe vault-1, and has sheets 1 and 2 of set bg1-pw1"
CORRECT = ("envelopes", "correct", "bg1-pw1-1", "--safe", "vault-1", "--why", "it lay there")


@pytest.fixture(scope="module")
def with_shares(founded: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The founded ledger with a share in hq-1, which alice opens, and one in bob's vault-1.

    To be read only.
    """
    desk = founded.copy(tmp_path_factory.mktemp("shares") / "desk")
    sealed(desk, *SHARES, sheets=2)
    return desk


@pytest.fixture
def sharing(with_shares: Desk, tmp_path: Path) -> Desk:
    """A copy of that, for one test alone."""
    return with_shares.copy(tmp_path / "sharing")


def allow(desk: Desk) -> None:
    """Have two decide that a second share is allowed."""
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    decided = ("decide", "make", "second-share", "allowed", "--why", "a safe less")
    desk.do(*decided, "--review", until)


def test_a_second_share_is_refused_by_name_and_nothing_is_begun(
    desk: Desk, refusal: Callable[..., bool]
) -> None:
    before = desk.ledger.read_bytes()
    words = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "hq-1")
    assert refusal(desk.ask(*words, *desk.by), 5, "alice alone opens safe hq-1", "second-share")
    assert desk.ledger.read_bytes() == before


def test_neither_a_move_nor_a_new_opener_gives_a_second_share_unless_two_decide_so(
    sharing: Desk, refusal: Callable[..., bool]
) -> None:
    desk = sharing
    move = ("envelopes", "move", "bg1-pw1-1", "--to", "vault-1")
    opener = ("safes", "change", "vault-1", "--opener", "bob", "--opener", "alice")
    typed = (desk.now(), desk.now(), "y")

    assert refusal(desk.ask(*move, *desk.by, typed=typed), 5, "bob alone opens safe vault-1")
    assert refusal(desk.ask(*opener, *desk.by, typed=typed), 5, "alice alone opens safe vault-1")
    assert desk.register.envelopes["bg1-pw1-1"].safe == "hq-1"
    assert desk.register.safes["vault-1"].openers == ("bob",)

    allow(desk)
    desk.do(*move)
    desk.do("safes", "change", "hq-1", "--opener", "bob")

    assert desk.register.envelopes["bg1-pw1-1"].safe == "vault-1"


def test_what_two_say_is_so_is_entered_with_a_warning_and_a_finding(sharing: Desk) -> None:
    done = sharing.do(*CORRECT)

    assert f"WARNING: {HAS}." in done.stderr
    assert done.stderr.index("WARNING") < done.stderr.index("is that right?")
    assert f"Found: {HAS}." in done.stdout
    (finding,) = sharing.register.open_findings()
    assert (finding.rule, finding.subject, finding.what) == ("second-share", "bg1-pw1-1", HAS)
    assert sharing.register.envelopes["bg1-pw1-1"].safe == "vault-1"
    assert sharing.ask("rules", "S38").returncode == 1


def test_a_correction_that_is_not_confirmed_leaves_no_finding(sharing: Desk) -> None:
    done = sharing.sit(*CORRECT, *sharing.by, typed=("n",))

    assert done.returncode == 5
    assert "WARNING" in done.stderr
    assert sharing.register.findings == []


def test_a_correction_that_two_have_decided_before_is_no_finding(sharing: Desk) -> None:
    allow(sharing)

    assert "WARNING" not in sharing.do(*CORRECT).stderr
    assert sharing.register.findings == []


def test_officers_are_warned_of_a_correction_that_another_site_proposes(
    sharing: Desk, tmp_path: Path
) -> None:
    site = sharing.copy(tmp_path / "site")
    bag = sharing.register.envelopes["bg1-pw1-1"].bag
    fields = {"envelope": "bg1-pw1-1", "state": "deposited", "bag": bag, "safe": "vault-1"}
    entry = {"kind": "envelope.corrected", "row": {"why": "it lay there"}} | fields
    (site.folder / "0.json").write_text(json.dumps([entry]))
    out = ("--out", str(sharing.folder / "bundle.age"))
    site.read("ledger", "propose", "0.json", *out, *site.by)

    accept = ("ledger", "accept", "bundle.age", *sharing.identity, *sharing.by)
    done = sharing.sit(*accept, typed=("y", "y", "BAG-2", "BAG-2", "y", "1", "1"))

    assert done.returncode == 0, done.stderr
    assert f"WARNING: {HAS}" in done.stderr
    assert [it.what for it in sharing.register.open_findings()] == [HAS]
    sharing.read("ledger", "verify")


def test_a_move_that_would_give_a_second_share_is_not_even_proposed(
    sharing: Desk, tmp_path: Path, refusal: Callable[..., bool]
) -> None:
    site = sharing.copy(tmp_path / "site")
    entry = {"kind": "envelope.moved", "envelope": "bg1-pw1-1", "safe": "vault-1"}
    (site.folder / "0.json").write_text(json.dumps([entry]))

    done = site.ask("ledger", "propose", "0.json", "--out", "x.age", *site.by)

    assert refusal(done, 5, "its entry 0 is refused: bob alone opens safe vault-1"), done.stderr
