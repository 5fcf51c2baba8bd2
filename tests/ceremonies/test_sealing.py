"""Sealing: one sheet lies open at a time, a jam voids the set, no page is missing in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.assembly.paper import Spool
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import giving_up, seal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import PageCount
from keyvault_kit.custody.model import EnvelopeState, Form, Purpose, SetState
from keyvault_kit.errors import InputError, MismatchError, RefusedError
from keyvault_kit.sheets.codes import SheetCode
from keyvault_kit.sheets.printing.errors import PrinterError
from tests.ceremonies.sealing import OFFICERS, Printer, Typed, request, sealing, states_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


@pytest.fixture
def printer(desk: Desk) -> Printer:
    """A printer in the place of the desk's folder, and people who scan what came out of it."""
    printer = Printer(desk.folder / "sheets")
    desk.people.sheets = printer.share_of
    object.__setattr__(desk.station, "paper", printer)
    return printer


# --- The handover gate


def test_the_next_sheet_is_printed_when_the_last_one_is_in_its_bag(
    desk: Desk, printer: Printer
) -> None:
    moments: list[str] = []

    def noted(name: str, pdf: bytes, put: Callable[[str, bytes], None] = printer.put) -> None:
        if name.startswith("share"):
            moments.append(name)
            bags = [it.bag for it in desk.register.live_envelopes("bg1-pw1")]
            assert None not in bags
        put(name, pdf)

    printer.put = noted  # type: ignore[method-assign]

    sealing(desk, request(count=3))

    assert moments == ["share-bg1-pw1-1", "share-bg1-pw1-2", "share-bg1-pw1-3"]
    assert printer.let_go_of == moments


def test_two_people_who_read_different_numbers_stop_the_ceremony_before_the_next_sheet(
    desk: Desk, printer: Printer
) -> None:
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3

    with pytest.raises(RefusedError, match="did not agree on a new bag"):
        sealing(desk, request())

    assert [name for name in printer.printed if name.startswith("share")] == ["share-bg1-pw1-1"]


def test_each_bag_gets_a_label_a_liner_and_a_recovery_sheet(desk: Desk, printer: Printer) -> None:
    sealing(desk, request())

    for number in (1, 2):
        companions = {f"{kind}-bg1-pw1-{number}" for kind in ("label", "liner", "recovery")}
        assert companions <= set(printer.printed)


# --- The printer


def test_a_jam_voids_the_set_and_its_pages_are_counted(desk: Desk, printer: Printer) -> None:
    jam = PrinterError("the paper jammed", may_be_on_paper=True)
    printer.fails = [None, jam]
    typed = Typed(desk)

    def pages(which: str) -> int:
        # The jammed sheet came out in pieces, and was shredded with the good one of its set.
        return {"printed": 4, "sealed": 2, "spoiled": 2}[which]

    desk.people.pages = pages

    sealing(desk, request())

    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]
    states = {it.id: it.state for it in desk.register.envelopes.values()}
    assert states["bg1-pw1-1"] is states["bg1-pw1-2"] is EnvelopeState.SPOILED
    record = desk.register.ceremonies["seal-bg1-1"]
    assert record.pages == PageCount(printed=4, sealed=2, spoiled=2, destroyed=0)
    assert "may have come out of the printer" in record.returns[0].why
    assert not (printer.path / "share-bg1-pw1-1.pdf").exists()
    assert len("".join(typed.texts)) == 44


def test_a_printer_that_put_nothing_out_is_tried_again_with_the_same_sheet(
    desk: Desk, printer: Printer
) -> None:
    printer.fails = [PrinterError("no paper")]
    desk.people.says[Topic.RETRY] = [True]

    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE]
    assert any("no paper" in text for text in desk.people.texts(Topic.RETRY))


# --- The count of pages


def test_a_page_too_few_is_counted_again_and_the_password_is_not_set_before(
    desk: Desk, printer: Printer
) -> None:
    answers = iter(["2", "1", "0", "2", "2", "0"])
    desk.people.pages = lambda _: int(next(answers))
    desk.people.says[Topic.RETRY] = [True]

    sealing(desk, request())

    (asked,) = desk.people.texts(Topic.RETRY)
    assert "2 pages were printed, and 1 less were sealed" in asked
    assert printer.printed
    kinds = desk.kinds()
    assert kinds.index(ev.PagesCounted) < kinds.index(ev.PasswordOffered)


def test_a_page_that_stays_missing_leaves_the_ceremony_open(desk: Desk, printer: Printer) -> None:
    desk.people.pages = {"printed": 2, "sealed": 1, "spoiled": 0}.__getitem__

    with pytest.raises(RefusedError, match="1 less were sealed"):
        sealing(desk, request())

    assert not desk.register.ceremonies["seal-bg1-1"].closed
    assert desk.register.accounts["bg1"].password_set is None
    assert printer.printed


def test_a_number_of_pages_is_digits(desk: Desk) -> None:
    desk.people.says[Topic.PAGES] = ["two"]

    with pytest.raises(InputError, match="that is no number of sheets"):
        sealing(desk, request())


# --- What people read back


def test_a_sheet_that_is_not_the_one_printed_is_not_sealed(desk: Desk, printer: Printer) -> None:
    desk.people.sheets = lambda _: other
    other = "ACADEMIC " * 32 + "ACADEMIC"

    with pytest.raises((InputError, MismatchError)):
        sealing(desk, request())

    assert desk.register.envelopes["bg1-pw1-1"].state is EnvelopeState.PRINTED
    assert printer.printed


def _typed_from(printer: Printer, kind: str) -> Callable[[Prompt], str]:
    """People who type what is on a salted sheet: first the secret, then its salt."""
    rest: dict[str, list[str]] = {}

    def told(prompt: Prompt) -> str:
        if not rest.get(prompt.subject):
            code = SheetCode.parse(printer.code(f"{kind}-{prompt.subject}"))
            assert code.salt
            assert code.content
            salt = code.salt.expose().hex()
            rest[prompt.subject] = [code.content.expose_text(), salt]
        return rest[prompt.subject].pop(0)

    return told


@pytest.mark.parametrize("form", [Form.PARTS, Form.WHOLE])
def test_a_part_or_a_whole_password_is_typed_with_its_salt(
    desk: Desk, printer: Printer, form: Form
) -> None:
    kind = {Form.PARTS: "part", Form.WHOLE: "password"}[form]
    desk.people.sheets = _typed_from(printer, kind)

    sealing(desk, request(form, count=2 if form is Form.PARTS else 1))

    assert desk.register.sets["bg1-pw1"].state is SetState.IN_FORCE


def test_a_salt_that_is_none_is_asked_for_again(desk: Desk, printer: Printer) -> None:
    answers = iter(["secret", "zz"])
    desk.people.sheets = lambda _: next(answers)

    with pytest.raises(InputError, match="a salt is 32 digits"):
        sealing(desk, request(Form.WHOLE, count=1))

    assert printer.printed


# --- Sheets that people print from a folder


@pytest.fixture
def spool(desk: Desk) -> Spool:
    """A live station's folder, from which people print."""
    spool = Spool(desk.folder / "sheets")
    object.__setattr__(desk.station, "paper", spool)
    return spool


def test_a_file_to_print_from_is_gone_before_the_paper_is_read(desk: Desk, spool: Spool) -> None:
    codes: dict[str, str] = {}

    def read(prompt: Prompt) -> str:
        assert not list(spool.path.glob("share-*.pdf"))
        return codes[prompt.subject]

    def printed(prompt: Prompt) -> bool:
        if prompt.topic is Topic.PRINTED:
            (codes[prompt.subject],) = spool.read(f"share-{prompt.subject}")
        return confirm(prompt)

    confirm, desk.people.confirm = desk.people.confirm, printed  # type: ignore[method-assign]
    desk.people.sheets = read

    sealing(desk, request())

    assert list(codes) == ["bg1-pw1-1", "bg1-pw1-2"]
    assert states_of(desk) == [SetState.IN_FORCE]


def test_what_was_not_printed_is_not_left_in_the_folder(desk: Desk, spool: Spool) -> None:
    desk.people.says[Topic.PRINTED] = [False]

    with pytest.raises(RefusedError, match="sheet share-bg1-pw1-1 is not printed"):
        sealing(desk, request())

    assert not list(spool.path.glob("share-*.pdf"))


# --- Going back, and giving up


def cut_short(desk: Desk) -> None:
    """Begin to seal, and end where two people read different numbers on the first bag."""
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        sealing(desk, request())


def test_nobody_goes_back_before_the_sheets_are_shredded(desk: Desk) -> None:
    cut_short(desk)
    desk.people.says[Topic.SHRED] = [False]

    with pytest.raises(RefusedError, match="envelope bg1-pw1-1 is not destroyed"):
        sealing(desk, request())

    assert desk.register.envelopes["bg1-pw1-1"].state is EnvelopeState.PROVEN
    sealing(desk, request())
    assert any("bg1-pw1-1" in text for text in desk.people.texts(Topic.SHRED))


def give_up(desk: Desk, ceremony: str = "seal-bg1-1", officers: tuple[str, str] = OFFICERS) -> None:
    wanted = giving_up.Request(ceremony=ceremony, officers=officers)
    desk.run(giving_up.ceremony(desk.register, wanted))


def test_a_ceremony_is_given_up_and_the_next_may_be_another(desk: Desk) -> None:
    cut_short(desk)

    give_up(desk)

    record = desk.register.ceremonies["seal-bg1-1"]
    assert record.closed
    assert record.pages == PageCount(printed=1, sealed=0, spoiled=1, destroyed=0)
    assert states_of(desk) == [SetState.VOID]
    sealing(desk, request(Form.PARTS))
    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]


def test_only_officers_give_up(desk: Desk) -> None:
    desk.enrol("carol")
    cut_short(desk)

    with pytest.raises(RefusedError, match="carol is custodian"):
        give_up(desk, officers=("alice", "carol"))


def test_what_is_in_force_is_not_given_up(desk: Desk) -> None:
    desk.people.says[Topic.DEPOSIT] = [False]
    with pytest.raises(RefusedError, match="does not lie in safe"):
        sealing(desk, request())

    give_up(desk)

    assert states_of(desk) == [SetState.IN_FORCE]
    assert {it.state for it in desk.register.live_envelopes("bg1-pw1")} == {EnvelopeState.SEALED}
    assert {it.rule for it in desk.register.open_findings()} == {"left-unfinished"}


def test_what_the_tenant_has_is_not_given_up(desk: Desk) -> None:
    desk.people.says[Topic.TENANT_PASSWORD] = ["", "yes", "y"]
    with pytest.raises(RefusedError, match="not said whether the tenant took the password"):
        sealing(desk, request())

    with pytest.raises(RefusedError, match="the tenant has the password of set bg1-pw1"):
        give_up(desk)
    assert states_of(desk) == [SetState.MADE]

    desk.people.says[Topic.TENANT_PASSWORD] = ["not taken"]
    give_up(desk)
    assert states_of(desk) == [SetState.VOID]


@pytest.mark.parametrize("ceremony", ["founding", "seal-bg1-9"])
def test_what_cannot_be_given_up_is_said(desk: Desk, ceremony: str) -> None:
    with pytest.raises(RefusedError, match=ceremony):
        give_up(desk, ceremony)


# --- The tenant


def test_what_the_tenant_did_is_typed_in_full(desk: Desk) -> None:
    desk.people.says[Topic.TENANT_PASSWORD] = ["", "taken?", "taken"]

    sealing(desk, request())

    assert states_of(desk) == [SetState.IN_FORCE]
    assert len(desk.people.texts(Topic.TENANT_PASSWORD)) == 2 + 3  # two halves, three answers


def test_a_password_that_nobody_saw_whole_cannot_be_at_the_tenant(desk: Desk) -> None:
    class StopError(Exception):
        pass

    def stop(prompt: Prompt, *_: object, **__: object) -> None:
        raise StopError(prompt.person)

    desk.people.reveal, reveal = stop, desk.people.reveal  # type: ignore[method-assign]
    with pytest.raises(StopError, match="alice"):
        sealing(desk, request())
    desk.people.reveal = reveal  # type: ignore[method-assign]

    sealing(desk, request())

    # One half was entered as shown, the other was not: nobody is asked what became of it.
    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]


def test_a_set_that_somebody_else_entered_is_not_the_ceremonys(desk: Desk) -> None:
    planted = ev.SetMade(set="evil", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2)

    def plant(ceremony: str, step: str, moment: str) -> None:
        assert ceremony
        if (step, moment) == ("offer", "begins"):
            desk.book.record([planted], ("alice",))

    desk.run(seal.next_ceremony(desk.register, request()), plant)

    assert desk.register.sets["evil"].state is SetState.MADE
    assert desk.register.accounts["bg1"].password_set == "bg1-pw1"
