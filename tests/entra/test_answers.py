"""The evidence file of the kit's own script: every encoding, what is newer, what is broken."""

import codecs
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from keyvault_kit.custody.model import Account
from keyvault_kit.entra.answers import Action, is_answers, read_answers
from keyvault_kit.errors import InputError

UPN = "bg1@contoso.onmicrosoft.com"
OBJECT_ID = "11111111-2222-3333-4444-555555555555"
ANSWER = "ab" * 32
ACCOUNT = Account(id="bg1", upn=UPN, object_id=OBJECT_ID)


def event(minute: int, action: str, **fields: object) -> dict[str, object]:
    """An attempt at 9 o'clock and so many minutes."""
    time = f"2026-03-02T09:{minute:02}:00Z"
    return {"time": time, "action": action, "account": UPN, "ok": True, **fields}


def registered(minute: int = 1, **fields: object) -> dict[str, object]:
    return event(minute, Action.REGISTER, key="K1") | {"answerSha256": ANSWER} | fields


def a_file(*events: dict[str, object], **members: object) -> bytes:
    fields: dict[str, Any] = {"format": "keyvault-kit/evidence/v1", "events": events, **members}
    return json.dumps(fields).encode()


def at(minute: int) -> datetime:
    return datetime(2026, 3, 2, 9, minute, tzinfo=UTC)


def test_what_the_script_wrote_is_read_oldest_first() -> None:
    data = a_file(
        event(5, Action.SET_PASSWORD), registered(2, methodId="m", aaGuid="a"), tenantId="t"
    )

    read = read_answers(data)

    assert read.sha256 == hashlib.sha256(data).hexdigest()
    assert (read.taken, read.tenant_id) == (at(5), "t")
    assert [it.action for it in read.events] == [Action.REGISTER, Action.SET_PASSWORD]
    assert (read.events[0].method_id, read.events[0].aa_guid) == ("m", "a")


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
    ],
    ids=["UTF-8 with a mark", "UTF-16 LE", "UTF-16 BE", "LE without a mark", "BE without a mark"],
)
def test_every_encoding_of_powershell_is_read(encoded: Any) -> None:
    data = encoded(a_file(registered(error="die Prüfung schlug fehl")).decode())

    assert is_answers(data)
    assert read_answers(data).events[0].key == "K1"


def test_members_from_the_future_are_left_out_and_counted() -> None:
    data = a_file(registered(region="eu", ring=3), registered(3, ring=4), signature="x")

    assert dict(read_answers(data).ignored) == {"region": 1, "ring": 2, "signature": 1}


def test_an_action_from_the_future_hides_nothing() -> None:
    data = a_file(registered(), registered(2, action="rotateKey"))

    answer = read_answers(data).passkey("K1", ANSWER)

    assert answer is not None
    assert answer.time == at(1)


WHOLE = a_file(registered())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WHOLE[:-9],
        WHOLE.decode().encode("utf-16")[:-3],
        b"\xff\xfe\x00",
        b"[" * 100_000,
        a_file(),
        WHOLE.replace(b"evidence/v1", b"evidence/v9"),
        WHOLE.replace(b"09:01:00Z", b"09:01:00"),
        WHOLE.replace(b'"ok": true', b'"ok": true, "ok": false'),
        WHOLE.replace(b'"ok": true', b'"ok": NaN'),
        b'{"@odata.context": "users", "value": []}',
    ],
)
def test_what_is_no_whole_evidence_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no evidence file of the kit's script"):
        read_answers(data)


def test_a_foreign_file_does_not_look_like_one() -> None:
    assert not is_answers(b'{"value": []}')


# --- What became of a passkey, of a password


def test_a_passkey_is_known_by_its_key_and_its_answer() -> None:
    read = read_answers(a_file(registered(methodId="m")))

    found = read.passkey("K1", ANSWER)

    assert found is not None
    assert found.method_id == "m"
    assert read.passkey("K2", ANSWER) is None
    assert read.passkey("K1", "cd" * 32) is None


def test_what_the_tenant_took_once_a_second_attempt_does_not_take_back() -> None:
    again = registered(4, ok=False, error="already registered", answerSha256=ANSWER.upper())
    read = read_answers(a_file(registered(1, ok=False), registered(2), again))

    found = read.passkey("K1", ANSWER)

    assert found is not None
    assert (found.time, found.ok) == (at(2), True)


def password(minute: int, its_set: str | None = "bg1-pw2", **fields: object) -> dict[str, object]:
    return event(minute, Action.SET_PASSWORD, set=its_set, **fields)


def test_a_password_is_known_by_the_set_that_its_attempt_names() -> None:
    read = read_answers(
        a_file(password(3, ok=False), password(2), password(4, "bg1-pw1"), password(5, None))
    )

    found = read.password(ACCOUNT, "bg1-pw2")

    assert found is not None
    assert (found.time, found.ok) == (at(2), True)
    assert read.password(ACCOUNT, "bg1-pw3") is None


def test_the_newest_password_that_was_taken_is_told_whatever_its_set() -> None:
    read = read_answers(a_file(password(1), password(4, None), password(6, "bg1-pw3", ok=False)))

    last = read.last_taken(ACCOUNT)

    assert last is not None
    assert (last.time, last.set) == (at(4), None)
    assert read_answers(a_file(password(1, ok=False))).last_taken(ACCOUNT) is None


@pytest.mark.parametrize(
    ("members", "mine"),
    [
        ({"objectId": OBJECT_ID.upper(), "account": "renamed@contoso.com"}, True),
        ({"objectId": "9" * 8 + OBJECT_ID[8:]}, False),
        ({"account": UPN.upper()}, True),
        ({"account": "bg2@contoso.onmicrosoft.com"}, False),
    ],
)
def test_an_account_is_known_by_its_object_id_or_else_by_its_name(
    *, members: dict[str, str], mine: bool
) -> None:
    read = read_answers(a_file(password(1, **members)))

    assert (read.password(ACCOUNT, "bg1-pw2") is not None) is mine
