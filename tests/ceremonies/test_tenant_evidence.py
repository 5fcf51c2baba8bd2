"""Evidence from the tenant, entered into a ledger: once, with each sign-in at its own time."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.tenant_evidence import (
    enter,
    facts_on_record,
    key_of,
    newest_evidence,
    telling,
)
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode, encode
from keyvault_kit.custody.rules import Outcome, judge
from keyvault_kit.custody.tenant import SignIn
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from keyvault_kit.ledger.store import Ledger
from tests.custody.life import DIGEST
from tests.custody.rules.tenants import now
from tests.custody.sample import sample
from tests.entra.export_folder import TAKEN, manifest, plain, to_json
from tests.entra.tenant_objects import Tenant, by_key, sign_in, tenant

HOUR: Final = timedelta(hours=1)
KEPT: Final = date(2036, 1, 1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """The sample organisation's ledger."""
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        ledger.append([encode(it) for it in sample().entries])
        yield Book(ledger, now)


def evidence(book: Book, its: Tenant | None = None, **more: bytes) -> TenantEvidence:
    files = plain(its or tenant()) | {f"{name}.json": data for name, data in more.items()}
    return read_evidence(files, book.register.accounts.values())


def entered(book: Book, its: TenantEvidence) -> Any:
    return enter(book, its, ("erin",), random=lambda n: b"r" * n, keep_until=KEPT)


def kinds(book: Book, since: int) -> list[str]:
    bodies = book.ledger.bodies(since)
    return [str(type(decode(body).fact).__struct_config__.tag) for body in bodies]


def signed_in(*times: datetime, **changes: Any) -> Tenant:
    its = tenant()
    its.sign_ins = [sign_in(its.user(), time, **changes) for time in times]
    return its


# --- Entering


def test_what_it_says_can_be_read_again_and_is_judged_by(book: Book) -> None:
    assert facts_on_record(book) is None
    its = evidence(book)
    entered(book, its)

    facts = facts_on_record(book)
    assert facts == its.facts
    assert newest_evidence(book.register) == book.register.evidence[-1]
    assert book.register.evidence[-1].taken == TAKEN
    judged = judge(book.register, facts, now())
    assert [it.rule for it in judged if it.outcome is Outcome.FAILED] == ["S6"]


def test_the_same_evidence_twice_changes_nothing(book: Book) -> None:
    its = evidence(book)
    first = entered(book, its)
    size = book.register.size

    assert not first.known
    again = entered(book, its)
    assert again.known
    assert (again.sign_ins, again.passkeys) == (0, ())
    assert book.register.size == size


def test_each_sign_in_is_entered_with_its_own_time(book: Book) -> None:
    times = (TAKEN - 5 * HOUR, TAKEN - 3 * HOUR)
    before = book.register.size
    entered(book, evidence(book, signed_in(*times)))

    entries = [decode(body) for body in book.ledger.bodies(before)]
    assert [it.occurred for it in entries if isinstance(it.fact, ev.SignInSeen)] == list(times)
    assert [it.time for it in book.register.sign_ins["bg1"]] == list(times)
    assert {it.by for it in entries} == {("erin",)}
    assert kinds(book, before)[-1] == "evidence.taken"


def test_of_newer_evidence_only_what_is_new_is_entered(book: Book) -> None:
    old, new = TAKEN - 5 * HOUR, TAKEN - 3 * HOUR
    entered(book, evidence(book, signed_in(old)))

    assert entered(book, evidence(book, signed_in(old, new))).sign_ins == 1
    assert [it.time for it in book.register.sign_ins["bg1"]] == [old, new]


def test_evidence_is_entered_whole_or_not_at_all(book: Book) -> None:
    times = [TAKEN - n * HOUR for n in (9, 7, 5)]
    its, size = evidence(book, signed_in(*times)), book.ledger.size

    def dying(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book.ledger, "append", dying)
        with pytest.raises(KeyboardInterrupt):
            entered(book, its)
    assert book.ledger.size == size
    assert not newest_evidence(book.register)
    entered(book, its)
    assert [it.time for it in book.register.sign_ins["bg1"]] == times
    assert newest_evidence(book.register)


def test_a_sign_in_on_record_with_nothing_beside_it_is_found_from_then_on(book: Book) -> None:
    its = signed_in(TAKEN - 10 * HOUR)
    entered(book, evidence(book, its))

    later = now() + timedelta(days=200)
    (s65,) = (it for it in judge(book.register, None, later) if it.rule == "S65")
    assert s65.outcome is Outcome.FAILED


def test_older_evidence_does_not_take_the_place_of_newer(book: Book) -> None:
    its = evidence(book)
    entered(book, its)
    older = evidence(book, None, manifest=manifest(TAKEN - HOUR))
    entered(book, older)

    assert facts_on_record(book) == its.facts
    assert len(book.register.evidence) == 2


def test_what_was_erased_is_unknown(book: Book) -> None:
    entered(book, evidence(book))
    commitment = book.register.evidence[-1].facts
    assert commitment
    book.ledger.erase_detail(commitment)

    assert facts_on_record(book) is None


def test_no_name_and_no_address_stands_in_the_log(book: Book) -> None:
    its = signed_in(TAKEN - 5 * HOUR)
    its.policies[1]["displayName"] = "Grüße\u200b \x07"
    before = book.register.size
    entered(book, evidence(book, its))

    bodies = b"".join(book.ledger.bodies(before))
    for secret in (b"192.0.2.7", b"paw-1", b"onmicrosoft", b"Keepers"):
        assert secret not in bodies
    facts = facts_on_record(book)
    assert facts
    assert "Grüße\u200b \x07" in {it.display_name for it in facts.conditional_access_policies or ()}


def test_five_hundred_sign_ins_are_entered_soon(book: Book) -> None:
    times = [TAKEN - timedelta(minutes=7 * n) for n in range(500)]
    its = evidence(book, signed_in(*times))
    began = datetime.now().astimezone()

    assert entered(book, its).sign_ins == 500
    assert datetime.now().astimezone() - began < timedelta(seconds=60)


# --- Which sign-ins


def seen(time: datetime, **how: Any) -> SignIn:
    return SignIn(created_date_time=time, **({"succeeded": True} | how))


def test_of_what_repeats_the_first_of_each_hour_is_told() -> None:
    half = timedelta(minutes=20)
    start = TAKEN.replace(minute=0)
    refused = [seen(start + n * half, succeeded=False) for n in range(6)]
    programs = [seen(start + n * half, interactive=False) for n in range(6)]
    people = [seen(start + n * half) for n in range(6)]

    told = list(telling([*refused, *programs, *people]))
    assert told == [refused[0], refused[3], programs[0], programs[3], *people]


NAMES: Final = {
    "K1": "K1",
    "k1": "K1",
    "K1 - 6b657976-6175-6c74-2d6b-697400000001": "K1",
    "Some name": None,
    "": None,
}


@pytest.mark.parametrize("detail", NAMES)
def test_a_key_is_told_by_the_name_of_its_passkey(detail: str) -> None:
    register = sample().register
    by = seen(TAKEN, authentication_method="Passkey (device-bound)")
    named = SignIn(
        created_date_time=TAKEN,
        succeeded=True,
        authentication_method=by.authentication_method,
        authentication_method_detail=detail,
    )
    assert key_of(register, register.accounts["bg1"], named) == NAMES[detail]


def test_without_a_name_it_is_the_only_key_or_none() -> None:
    life = sample()
    life.enter(ev.CredentialDeleted(key="K2", credential=b"passkey K2".hex(), rp_id="x"))
    account = life.register.accounts["bg1"]
    by_passkey = seen(TAKEN, authentication_method="FIDO2 security key")
    by_password = seen(TAKEN, authentication_method="Password", authentication_method_detail="K1")

    assert key_of(life.register, account, by_passkey) == "K1"
    assert key_of(life.register, account, by_password) is None


def test_the_key_stands_in_the_entry(book: Book) -> None:
    its = signed_in(TAKEN - 5 * HOUR, authenticationDetails=by_key("K2 - x"))
    entered(book, evidence(book, its))

    assert [it.key for it in book.register.sign_ins["bg1"]] == ["K2"]


# --- Passkeys


def test_a_passkey_that_the_tenant_lists_is_one_that_it_took(book: Book) -> None:
    its = evidence(book)
    told = entered(book, its)

    keys = book.register.keys
    assert told.passkeys == tuple(sorted(keys))
    assert {it.confirmed for it in keys.values()} == {its.sha256}
    assert all(it.method for it in keys.values())


def record_of(key: str, *, ok: bool, answer: str = DIGEST) -> bytes:
    event = {"time": "2026-01-05T10:00:00Z", "action": "register", "ok": ok}
    event |= {"account": "bg1@example.onmicrosoft.com", "key": key, "answerSha256": answer}
    event |= {"methodId": "m1"} if ok else {"error": "403"}
    return to_json({"format": "keyvault-kit/evidence/v1", "events": [event]})


def test_what_the_kits_own_script_did_is_entered_for_its_key(book: Book) -> None:
    its = read_evidence({"a.json": record_of("K1", ok=True)}, book.register.accounts.values())
    told = entered(book, its)

    assert told.passkeys == ("K1",)
    key = book.register.keys["K1"]
    assert (key.method, key.confirmed) == ("m1", its.sha256)
    assert book.register.evidence[-1].facts is None
    assert facts_on_record(book) is None


def test_a_refusal_is_found_once(book: Book) -> None:
    its = read_evidence({"a.json": record_of("K1", ok=False)}, book.register.accounts.values())
    before = len(book.register.findings)
    entered(book, its)
    entered(book, its)

    assert len(book.register.findings) == before + 1
    assert book.register.keys["K1"].confirmed is None


def test_an_answer_that_was_not_made_here_says_nothing(book: Book) -> None:
    data = record_of("K1", ok=True, answer="c" * 64)
    its = read_evidence({"a.json": data}, book.register.accounts.values())

    assert entered(book, its).passkeys == ()


def test_the_row_is_kept_as_long_as_was_said(book: Book) -> None:
    entered(book, evidence(book))
    commitment = book.register.evidence[-1].facts
    assert commitment
    detail = book.ledger.detail(commitment)
    assert detail
    assert detail.keep_until == KEPT.isoformat()
    assert set(json.loads(detail.row)) == {"facts", "keep_until"}
