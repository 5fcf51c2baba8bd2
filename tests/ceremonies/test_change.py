"""Changes are confirmed, destruction word by word; and whoever stands by a sheet is recorded."""

from typing import TYPE_CHECKING, NoReturn

import pytest

from keyvault_kit.assembly import Folder
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import change, erasing
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.errors import DeviceError, RefusedError
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

ANNEXE = ev.SiteAdded(site="annexe", paper=PaperSize.A4)


def test_no_is_the_default_of_a_change_and_enters_nothing_of_it(desk: "Desk") -> None:
    it = change.ceremony(desk.register, "Add the annexe", ("alice", "bob"), lambda _: [ANNEXE])
    size = desk.register.size
    desk.people.says[Topic.CHANGE] = [False]

    with pytest.raises(RefusedError, match="it was not confirmed"):
        desk.run(it)

    assert desk.kinds(size) == [ev.ClockChecked]
    assert desk.people.texts(Topic.CHANGE) == ["Add the annexe: is that right?"]
    assert desk.people.texts(Topic.PERSONAL_KEY) == []
    assert "annexe" in desk.run(it).sites


@pytest.mark.parametrize("typed", ["", "yes", "erase", "Erase carol", "erase carol!", "erase bob"])
def test_what_destroys_wants_the_exact_words(desk: "Desk", typed: str) -> None:
    kept = desk.register.people["carol"].details
    it = erasing.of_person(desk.book, "carol", ("alice", "bob"))
    size = desk.register.size
    desk.people.says[Topic.CHANGE] = [typed, "erase carol"]

    with pytest.raises(RefusedError, match="the words were not typed") as caught:
        desk.run(it)

    assert "erase carol" in caught.value.mend
    assert desk.kinds(size) == [ev.ClockChecked]
    assert desk.book.row_behind(kept)["name"] == "Carol Carter"
    (asked,) = desk.people.texts(Topic.CHANGE)
    assert asked.endswith("This cannot be undone. To go on, type exactly: erase carol")
    desk.run(it)
    assert desk.ledger.detail(kept) is None
    verify(desk.ledger)


def test_those_who_stand_by_when_a_sheet_is_printed_are_recorded_before_it_comes_out(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    by_then: dict[str, set[tuple[str, str, int | None]]] = {}
    put = Folder.put

    def watched(paper: Folder, name: str, pdf: bytes) -> None:
        present = {(x.person, x.set, x.number) for x in desk.register.exposures if x.present}
        by_then[name] = present
        put(paper, name, pdf)

    monkeypatch.setattr(Folder, "put", watched)
    set_id = desk.seal()

    for number in (1, 2):
        stood_by = {("alice", set_id, number), ("bob", set_id, number)}
        assert stood_by <= by_then[f"share-{set_id}-{number}"]
    assert not [x for x in by_then[f"share-{set_id}-1"] if x[1:] == (set_id, 2)]
    seen = [(x.person, x.half) for x in desk.register.exposures if not x.present]
    assert seen == [("alice", 1), ("bob", 2)]


def test_whoever_stood_by_is_recorded_although_the_printer_failed(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    def jammed(_: Folder, name: str, pdf: bytes) -> NoReturn:
        raise DeviceError(f"the printer jammed at {name}, {len(pdf)} bytes")

    monkeypatch.setattr(Folder, "put", jammed)
    with pytest.raises(DeviceError, match="jammed at share-bg1-pw1-1"):
        desk.seal()

    exposed = [(x.person, x.number) for x in desk.register.exposures if x.set == "bg1-pw1"]
    assert exposed == [("alice", 1), ("bob", 1)]
    assert not [e for e in desk.register.envelopes.values() if e.set == "bg1-pw1"]
