"""Sealing: one sheet lies open at a time, a jam voids the set, no page is missing in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from keyvault_kit.assembly import Folder
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import opening, seal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Form, PageCount, Purpose, SetState
from keyvault_kit.errors import InputError, MismatchError, RefusedError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.policy import policy_named
from keyvault_kit.sheets.codes import SheetCode
from keyvault_kit.sheets.printing.errors import PrinterError
from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ceremonies.conftest import Desk

OFFICERS = ("alice", "bob")
SAFES = ("hq-1", "vault-1", "hq-1")


def request(form: Form = Form.SHARES, count: int = 2, policy: str = "base58-44") -> seal.Request:
    return seal.Request(
        account="bg1",
        threshold=2 if form is Form.SHARES else count,
        officers=OFFICERS,
        safes=SAFES[:count],
        form=form,
        policy=policy,
    )


def sealing(desk: Desk, wanted: seal.Request) -> None:
    seal.check(desk.station, wanted)
    desk.run(seal.next_ceremony(desk.register, wanted))


def states_of(desk: Desk) -> list[SetState]:
    """The states of the account's password sets, oldest first."""
    return [it.state for it in desk.register.sets_of("bg1", Purpose.PASSWORD)]


class Typed:
    """What is shown to people, and so typed at the tenant, account by account."""

    def __init__(self, desk: Desk) -> None:
        self.texts: list[str] = []
        desk.people.reveal = self.note  # type: ignore[method-assign]

    def note(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        assert prompt.person
        assert seconds
        self.texts.append(secret.expose_text())


class Printer(Folder):
    """A printer that fails at chosen sheets; what it prints can be read by people alone.

    Attributes:
        fails: How each next sheet of a secret fails, None where it does not.
        printed: The names of the sheets that came out, in order.
        let_go_of: The names of those that lie in their bags.
    """

    read_by_people = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fails: list[PrinterError | None] = []
        self.printed: list[str] = []
        self.let_go_of: list[str] = []

    def put(self, name: str, pdf: bytes) -> None:
        secret = name.startswith(("share", "part", "password", "pin"))
        failure = self.fails.pop(0) if secret and self.fails else None
        if failure:
            raise failure
        self.printed.append(name)
        super().put(name, pdf)

    def read(self, name: str) -> tuple[str, ...]:
        raise AssertionError(name)

    def let_go(self, name: str) -> None:
        self.let_go_of.append(name)

    def code(self, name: str) -> str:
        """What a scanner reads from the sheet."""
        (text,) = read_codes((self.path / f"{name}.pdf").read_bytes())
        return text

    def share_of(self, prompt: Prompt) -> str:
        """A share, scanned."""
        return self.code(f"share-{prompt.subject}")


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
    assert states["bg1-pw1-1"] is EnvelopeState.SPOILED
    assert "bg1-pw1-2" not in states
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

    with pytest.raises(InputError, match="'two' is no number of sheets"):
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


# --- Forms and policies


FORMS = [
    (Form.SHARES, 3, "base58-44"),
    (Form.SHARES, 2, "symbols-44"),
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

    with pytest.raises(InputError, match="'Share 2 of 2' cannot be laid out on Letter paper"):
        sealing(desk, request(policy="symbols-60"))

    assert desk.ledger.size == before


def test_a_password_that_is_shorter_than_decided_is_not_made(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="30 characters is shorter than 40"):
        sealing(desk, request(policy="base58-30"))

    assert not states_of(desk)


def test_a_ceremony_that_was_cut_short_goes_on_with_the_same_request_alone(desk: Desk) -> None:
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        sealing(desk, request())

    with pytest.raises(RefusedError, match="seal-bg1-1 was begun and not ended, 2 of 2 shares"):
        sealing(desk, request(count=3))
    sealing(desk, request())

    assert list(desk.register.ceremonies) == ["founding", "seal-bg1-1"]
    assert states_of(desk) == [SetState.VOID, SetState.IN_FORCE]
