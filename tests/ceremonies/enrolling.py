"""What is enrolled, by whom, and the online side of it: shared by the tests of enrolling."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import enrol
from keyvault_kit.custody.model import Use
from keyvault_kit.entra.enrollment import to_base64url

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.engine import Watcher
    from keyvault_kit.ceremonies.interaction import Prompt
    from keyvault_kit.custody.register import Register
    from tests.ceremonies.conftest import Desk

REAL = Path(__file__).parents[1] / "data" / "entra-creation-options.json"
UPN = "bg1@example.onmicrosoft.com"


def request(tag: str = "K1", **fields: Any) -> enrol.Request:
    """Carol enrols it, bob reads its bag, alice and bob print its PIN."""
    usual: dict[str, Any] = {
        "key": tag,
        "account": "bg1",
        "use": Use.PRIMARY if tag == "K1" else Use.BACKUP,
        "custodian": "carol",
        "witness": "bob",
        "pin_people": ("alice", "bob"),
        "key_safe": "hq-2",
        "pin_safe": "hq-1" if tag == "K1" else "vault-1",
    }
    return enrol.Request(**usual | fields)


class Online:
    """Somebody at an online machine, who fetches creation options for whoever asks.

    Attributes:
        user: The user handle of the account at the tenant.
        life: How long its challenges are good.
        encoding: What the files are written in.
        change: Members of `publicKey` that are otherwise.
        fetched: How often options were fetched.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.user = hashlib.sha256(UPN.encode()).digest()
        self.life = timedelta(hours=12)
        self.encoding = "utf-8"
        self.change: dict[str, object] = {}
        self.fetched = 0
        desk.people.options = self.fetch

    def fetch(self, tag: str) -> str:
        self.fetched += 1
        expires = self._desk.time.true + self.life
        nonce = hashlib.sha256(b"%d" % self.fetched).digest()
        text = options(expires, handle=self.user, nonce=nonce, **self.change)
        name = f"options-{tag}.json"
        (self._desk.station.transfer / name).write_bytes(text.encode(self.encoding))
        return name


def options(
    expires: datetime,
    *,
    handle: bytes = hashlib.sha256(UPN.encode()).digest(),
    nonce: bytes = bytes(32),
    **change: object,
) -> str:
    """A real file of creation options, but for the account, the challenge and its time.

    Args:
        change: Members of `publicKey` that are otherwise.
    """
    file: dict[str, Any] = json.loads(REAL.read_bytes())
    file["challengeTimeoutDateTime"] = f"{expires:%Y-%m-%dT%H:%M:%SZ}"
    its_user = {"id": to_base64url(handle), "name": UPN, "displayName": "bg1"}
    file["publicKey"] |= {"user": its_user, "challenge": to_base64url(nonce)} | change
    return json.dumps(file)


def enrolling(desk: Desk, wanted: enrol.Request, watch: Watcher | None = None) -> Register:
    """Enrol a key that is there, as the command does."""
    serial = desk.bench.serial(wanted.key)
    desk.people.says[Topic.SERIAL] = [str(serial or "")] * 2
    enrol.check(desk.register, wanted, desk.time.true)
    ceremony = enrol.next_ceremony(desk.register, wanted)
    return desk.run(ceremony, watch) if watch else desk.run(ceremony)


def handed_over(desk: Desk, tag: str = "K1") -> dict[str, Any]:
    """The registration answer on the transfer medium."""
    data = (desk.station.transfer / f"registration-{tag}.json").read_bytes()
    answer: dict[str, Any] = json.loads(data)
    return answer


def unplugged_for_a_reset(desk: Desk) -> None:
    """People who unplug a key, and plug it in again, where it is to be reset."""
    wait = desk.people.wait_for_key

    def replug(prompt: Prompt) -> None:
        if prompt.topic is Topic.RESET:
            desk.people.asked.append(prompt)
            desk.bench.plug(prompt.subject)
        else:
            wait(prompt)

    desk.people.wait_for_key = replug  # type: ignore[method-assign]
