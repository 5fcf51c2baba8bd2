"""`keyvault seal` and `sites card` at a terminal: what two officers are asked, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.model import EnvelopeState, Form, SetState
from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets.scan import read_codes
from tests.cli.sealing import sealed
from tests.cli.terminal import OTHER_SCREEN, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

RECOVER = ("recover", "--ledger", "ledger.db", "--parts")
SHARES = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "vault-1")


def test_two_officers_seal_a_password_and_nothing_of_it_stays_on_the_screen(desk: Desk) -> None:
    terminal, password = sealed(desk, *SHARES, sheets=2)

    assert len(password) == 44
    assert password[:4] in "".join(OTHER_SCREEN.findall(terminal.printed))
    for at in range(0, 44, 4):
        assert password[at : at + 4] not in terminal.left
    register = desk.register
    its = register.sets[register.accounts["bg1"].password_set or ""]
    assert (its.state, its.form, its.threshold, its.count) == (
        SetState.IN_FORCE,
        Form.SHARES,
        2,
        2,
    )
    assert [it.state for it in register.live_envelopes(its.id)] == [EnvelopeState.DEPOSITED] * 2
    words = [
        code
        for sheet in sorted((desk.folder / "sheets").glob("share-*.pdf"))
        for code in read_codes(sheet.read_bytes())
    ]
    with slip39.combine(map(Share.parse, words)) as secret:
        assert passwords.password_from_secret(secret).expose_text() == password
    assert password.encode() not in desk.ledger.read_bytes()


def test_a_password_that_the_tenant_refused_is_said_and_is_status_1(desk: Desk) -> None:
    terminal, _ = sealed(desk, *SHARES, sheets=2, taken=False)

    assert "The tenant refused the new password of bg1" in terminal.printed
    assert desk.register.accounts["bg1"].password_set is None
    assert {it for it in desk.sheets() if it.startswith("share")} == set()


def test_the_evidence_is_read_from_the_medium_that_is_named(desk: Desk) -> None:
    (desk.folder / "stick").mkdir()

    sealed(desk, *SHARES, "--transfer", "stick", sheets=2, medium="stick")

    its = desk.register.sets[desk.register.accounts["bg1"].password_set or ""]
    assert its.evidence
    assert not (desk.folder / "evidence.json").exists()


def test_parts_with_symbols_are_sealed_and_their_weakness_is_said(desk: Desk) -> None:
    words = ("seal", "bg1", "--form", "parts", "--policy", "symbols-44")
    terminal, password = sealed(desk, *words, "--safe", "hq-1", "--safe", "vault-1", sheets=2)

    assert len(password) == 44
    assert "part-bg1-pw1-1" in desk.sheets()
    its = desk.register.sets["bg1-pw1"]
    assert (its.form, its.alphabet, its.length) == (Form.PARTS, "symbols", 44)
    assert password not in terminal.left


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("seal", "bg1", "--safe", "hq-1"), 2, "--threshold"),
        (("seal", "bg2", "--threshold", "2", "--safe", "hq-1", "--safe", "hq-2"), 5, "bg2"),
        (("seal", "bg1", "--threshold", "0", "--safe", "hq-1", "--safe", "hq-2"), 2, "0 of 2"),
        (("seal", "bg1", "--threshold", "3", "--safe", "hq-1", "--safe", "hq-2"), 2, "3 of 2"),
        (("seal", "bg1", "--threshold", "1", "--safe", "hq-1"), 2, "1 of 1"),
        (("seal", "bg1", "--threshold", "2", *("--safe", "hq-1") * 17), 2, "2 of 17"),
        (("seal", "bg1", "--threshold", "2", "--safe", "moon", "--safe", "hq-2"), 5, "moon"),
        (("seal", "bg1", "--form", "whole", "--safe", "hq-1", "--policy", "x-1"), 2, "x-1"),
        (("seal", "bg1", "--form", "parts", "--safe", "hq-1"), 2, "parts, 1 of 1"),
    ],
)
def test_what_cannot_be_sealed_is_said_in_a_line(
    desk: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, said: str
) -> None:
    before = desk.ledger.read_bytes()

    assert refusal(desk.ask(*words, *desk.by), status, said)

    assert desk.ledger.read_bytes() == before


def test_the_script_of_a_sealing_is_written_and_nothing_is_done(desk: Desk) -> None:
    before = desk.ledger.read_bytes()

    told = desk.read(*SHARES, *desk.by, "--script", "script.pdf")

    (code,) = read_codes((desk.folder / "script.pdf").read_bytes())
    assert code.split()[1:] == ["SCRIPT", code.split()[2], "seal-bg1-1", "1"]
    assert "script.pdf" in told
    assert desk.ledger.read_bytes() == before


def test_the_card_of_a_site_is_sealed_and_a_new_one_takes_its_place(desk: Desk) -> None:
    card = ("sites", "card", "hq", "--safe", "hq-1")
    desk.do(*card, typed=("C-1", "C-1", "y", "1", "1"))
    first = desk.register.envelopes["card-hq-1"]

    desk.do(*card, typed=("C-2", "C-2", "y", "y", "y", "1", "1"))

    states = {it.id: it.state for it in desk.register.envelopes.values() if "card" in it.id}
    assert (first.state, first.bag, first.safe) == (EnvelopeState.DEPOSITED, "C-1", "hq-1")
    assert states == {
        "card-hq-1": EnvelopeState.DESTROYED,
        "card-hq-2": EnvelopeState.DEPOSITED,
    }
    assert "card-card-hq-2" in desk.sheets()
    assert "card-card-hq-1" not in desk.sheets()


def test_a_card_lies_at_its_own_site(desk: Desk, refusal: Callable[..., bool]) -> None:
    words = ("sites", "card", "hq", "--safe", "vault-1", *desk.by)

    assert refusal(desk.ask(*words), 5, "safe vault-1 does not stand at site hq")


def test_too_few_parts_are_no_password_where_the_ledger_knows_better(desk: Desk) -> None:
    safes = ("--safe", "hq-1", "--safe", "hq-2", "--safe", "vault-1")
    words = ("seal", "bg1", "--form", "parts", *safes)
    _, password = sealed(desk, *words, sheets=3)
    files = [f"sheets/part-bg1-pw1-{n}.pdf" for n in (1, 2, 3)]

    two = Terminal(*RECOVER, "2", *files[:2], folder=desk.folder)
    two.wait_for("has 3 parts by the ledger, not 2")
    three = Terminal(*RECOVER, "3", *reversed(files), folder=desk.folder)

    assert three.hide() == 0
    assert password in three.secret_screen
    assert "if its sheets say 'of 3'" in three.printed
