"""Sealing as shares, as parts and whole, by any policy; and what cannot be sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import opening, seal
from keyvault_kit.custody.model import Form, SetState
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sharing.policy import policy_named
from keyvault_kit.sheets.scan import read_codes
from tests.ceremonies.sealing import OFFICERS, Typed, request, sealing, states_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


# --- Forms and policies


FORMS = [
    (Form.SHARES, 3, "base58-44"),
    (Form.SHARES, 2, "symbols-68"),
    (Form.PARTS, 2, "base58-44"),
    (Form.PARTS, 3, "symbols-44"),
    (Form.WHOLE, 1, "base58-44"),
]


@pytest.fixture(params=FORMS, ids=lambda it: f"{it[0]}-{it[1]}-{it[2]}")
def wanted(request: pytest.FixtureRequest) -> seal.Request:
    return globals()["request"](*request.param)  # type: ignore[no-any-return]


@pytest.fixture
def sealed(desk: Desk, wanted: seal.Request) -> tuple[Desk, str]:
    """A sealed password, and what the officers typed at the tenant."""
    typed = Typed(desk)
    sealing(desk, wanted)
    return desk, "".join(typed.texts)


def test_a_password_of_any_form_is_recovered_from_its_sheets(
    sealed: tuple[Desk, str], wanted: seal.Request
) -> None:
    desk, password = sealed
    policy = policy_named(wanted.policy)
    assert len(password) == policy.length
    assert set(password) <= set(policy.alphabet)
    its = desk.register.sets["bg1-pw1"]
    assert (its.form, its.alphabet, its.length) == (
        wanted.form,
        wanted.policy.split("-")[0],
        policy.length,
    )
    live = [it.id for it in desk.register.live_envelopes("bg1-pw1")]
    typed = Typed(desk)
    opened = opening.Request(
        account="bg1",
        set="bg1-pw1",
        envelopes=tuple(reversed(live[: wanted.threshold])),
        checked=tuple(live[wanted.threshold :]),
        officers=OFFICERS,
        why="drill",
    )

    desk.run(opening.ceremony(opened, number=1))

    assert typed.texts == [password]


def test_no_sheet_of_a_password_holds_all_of_it_unless_it_is_the_whole(
    sealed: tuple[Desk, str], wanted: seal.Request
) -> None:
    desk, password = sealed
    for sheet in (desk.folder / "sheets").glob("*bg1-pw1*.pdf"):
        whole = any(password in text for text in read_codes(sheet.read_bytes()))
        assert whole is (wanted.form is Form.WHOLE and sheet.name.startswith("password"))


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"threshold": 0}, "shares, 0 of 3"),
        ({"threshold": 1}, "shares, 1 of 3"),
        ({"threshold": 4}, "shares, 4 of 3"),
        ({"threshold": 1, "safes": ("hq-1",)}, "shares, 1 of 1"),
        ({"threshold": 2, "safes": ("hq-1",) * 17}, "shares, 2 of 17"),
        ({"form": Form.PARTS, "threshold": 2}, "parts, 2 of 3"),
        ({"form": Form.PARTS, "threshold": 4, "safes": ("hq-1",) * 4}, "parts, 4 of 4"),
        ({"form": Form.WHOLE, "threshold": 1}, "whole, 1 of 3"),
        ({"policy": "emoji-44"}, "emoji-44"),
        ({"policy": "base58-7"}, "7"),
        ({"policy": "base58-257"}, "257"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_begun(
    desk: Desk, changes: dict[str, Any], because: str
) -> None:
    wanted = msgspec.structs.replace(request(count=3), **changes)
    before = desk.ledger.size

    with pytest.raises(InputError, match=because):
        sealing(desk, wanted)

    assert desk.ledger.size == before


def test_a_share_that_has_no_room_on_a_sites_paper_is_refused_before_anything_is_begun(
    desk: Desk,
) -> None:
    before = desk.ledger.size

    with pytest.raises(InputError, match="'Share 1 of 2' cannot be laid out on A4 paper"):
        sealing(desk, request(policy="symbols-90"))

    assert desk.ledger.size == before


def test_a_password_that_is_shorter_than_decided_is_not_made(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="30 characters is shorter than 40"):
        sealing(desk, request(policy="base58-30"))

    assert not states_of(desk)


def test_a_ceremony_that_was_cut_short_goes_on_with_the_same_request_alone(desk: Desk) -> None:
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        sealing(desk, request())

    told = r"seal-bg1-1 was begun and not ended: 2 of 2 shares.*by alice and bob"
    with pytest.raises(RefusedError, match=told):
        sealing(desk, request(count=3))
    sealing(desk, msgspec.structs.replace(request(), officers=("bob", "alice")))

    assert list(desk.register.ceremonies) == ["founding", "seal-bg1-1"]
    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]
