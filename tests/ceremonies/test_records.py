"""The record of a ceremony: printed when it closes, and from the ledger as often as wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from keyvault_kit.assembly import Folder
from keyvault_kit.assembly.paper import NoPaper
from keyvault_kit.ceremonies import forms
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.custody.model import Form
from keyvault_kit.errors import DeviceError, RefusedError
from keyvault_kit.sheets.geometry import A4
from tests.ceremonies.sealing import OFFICERS, request, sealing

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk, Trial

SEALING = "seal-bg1-1"


class Broken(Folder):
    """A printer without paper."""

    def put(self, name: str, pdf: bytes) -> None:
        assert pdf
        raise DeviceError(f"there is no paper for {name}")


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return " ".join(" ".join(texts).split())


def printed(desk: Desk, name: str) -> bytes:
    return (desk.folder / "sheets" / f"{name}.pdf").read_bytes()


def use(desk: Desk, paper: Folder | NoPaper) -> None:
    desk.station = replace(desk.station, paper=paper)


def test_a_ceremony_that_closes_prints_its_record(desk: Desk) -> None:
    sealing(desk, request())

    text = text_of(printed(desk, f"record-{SEALING}"))

    its = desk.register.ceremonies[SEALING]
    assert "Seal: seal-bg1-1" in text
    assert f"{len(its.done)} steps; closed at 2026-03-03" in text
    assert "Deposit sheet 2 in safe vault-1" in text
    assert f"alice, bob {its.times[0]:%Y-%m-%d %H:%M:%S}" in text
    for envelope in its.printed:
        bag = desk.register.envelopes[envelope].bag
        number = envelope[-1]
        assert f"{envelope} Share {number} of 2 of bg1, all needed {bag}" in text
    for person in OFFICERS:
        assert f"{desk.book.name_behind(desk.register.people[person].details)} {person}" in text


def test_the_ledger_alone_gives_the_same_record_again(desk: Desk) -> None:
    sealing(desk, request(Form.PARTS))
    first = printed(desk, f"record-{SEALING}")
    desk.enrol("carol")

    assert forms.ceremony_record(desk.book, SEALING, A4) == first


@pytest.mark.parametrize("paper", [Broken, lambda _: NoPaper()])
def test_a_record_that_is_not_printed_fails_nothing_and_people_are_told_what_to_do(
    desk: Desk, paper: type[Broken]
) -> None:
    use(desk, paper(desk.folder / "sheets"))

    register = desk.enrol("carol")

    ceremony = list(register.ceremonies)[-1]
    assert register.ceremonies[ceremony].closed
    (told,) = (it for it in desk.people.texts(Topic.NOTE) if "record" in it)
    assert f"'keyvault sheets record {ceremony}'" in told


def test_a_ceremony_of_one_step_leaves_no_record_until_it_is_asked_for(
    desk: Desk, signed_trial: Trial
) -> None:
    desk.run(signed_trial())
    desk.register_key("K1")

    assert not list((desk.folder / "sheets").glob("record-trial-*"))
    assert not list((desk.folder / "sheets").glob("record-register-*"))
    assert "Register key K1" in text_of(forms.ceremony_record(desk.book, "register-K1-1", A4))


def test_what_cannot_be_planned_again_is_told_by_the_names_of_its_steps(desk: Desk) -> None:
    its = desk.register.ceremonies["founding"]

    text = text_of(forms.ceremony_record(desk.book, "founding", A4))

    for step, time in zip(its.done, its.times, strict=True):
        assert f"Step '{step}'" in text
        assert f"{time:%Y-%m-%d %H:%M:%S}" in text
    assert "BAG-" in text
    assert "Step '" not in text_of(printed(desk, "record-founding"))


def test_a_ceremony_that_goes_on_has_no_record_yet(desk: Desk) -> None:
    use(desk, Broken(desk.folder / "sheets"))

    with pytest.raises(DeviceError, match="there is no paper for share"):
        sealing(desk, request())
    with pytest.raises(RefusedError, match=f"ceremony {SEALING} is not closed"):
        forms.ceremony_record(desk.book, SEALING, A4)


def test_each_return_stands_among_the_exceptions(desk: Desk) -> None:
    desk.people.says[Topic.TENANT_PASSWORD] = ["not taken"]
    sealing(desk, request())

    text = text_of(printed(desk, f"record-{SEALING}"))

    assert "the tenant did not take the new password of bg1 went back to step make" in text
    spoiled = [it for it in desk.register.envelopes.values() if it.state == "spoiled"]
    assert spoiled
    for envelope in spoiled:
        assert f"{envelope.id} Share" in text
