"""What is sealed, on what printer, by whom: shared by the tests of sealing."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pypdfium2

from keyvault_kit.assembly import Folder
from keyvault_kit.ceremonies.interaction import Prompt
from keyvault_kit.ceremonies.plans import seal
from keyvault_kit.custody.model import Form, Purpose, SetState
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.printing.errors import PrinterError
from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ceremonies.conftest import Desk

OFFICERS = ("alice", "bob")
SAFES = {
    1: ("hq-1",),
    2: ("hq-1", "vault-1"),
    3: ("hq-1", "hq-2", "vault-1"),
}
"""Where so many sheets go: nobody gets two, nor another part than they type."""


def request(form: Form = Form.SHARES, count: int = 2, policy: str = "base58-44") -> seal.Request:
    return seal.Request(
        account="bg1",
        threshold=2 if form is Form.SHARES else count,
        officers=OFFICERS,
        safes=SAFES[count],
        form=form,
        policy=policy,
    )


def sealing(desk: Desk, wanted: seal.Request) -> None:
    seal.check(desk.station, wanted)
    desk.run(seal.next_ceremony(desk.register, wanted))


def states_of(desk: Desk) -> list[SetState]:
    """The states of the account's password sets, oldest first."""
    return [it.state for it in desk.register.sets_of("bg1", Purpose.PASSWORD)]


def evidence_of(desk: Desk, account: str, /, **event: Any) -> str:
    """Write what the online script writes of a password that the tenant took just now.

    Args:
        event: What is otherwise in its one event; `encoding` is that of the file.

    Returns:
        The name of the file, on the transfer medium.
    """
    encoding = str(event.pop("encoding", "utf-8"))
    its = desk.register.accounts[account]
    usual = {
        "time": f"{desk.time.true - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        "action": "setPassword",
        "set": desk.register.set_being_made(account, Purpose.PASSWORD).id,
        "account": its.upn,
        "objectId": its.object_id,
        "ok": True,
    }
    file = {"format": "keyvault-kit/evidence/v1", "tenantId": None, "events": [usual | event]}
    (desk.station.transfer / "evidence.json").write_bytes(json.dumps(file).encode(encoding))
    return "evidence.json"


def text_on(sheet: Path) -> str:
    """All that is written on a finished sheet, on one line."""
    with closing(pypdfium2.PdfDocument(sheet.read_bytes())) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).replace("\ufffe", "-").split())


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
