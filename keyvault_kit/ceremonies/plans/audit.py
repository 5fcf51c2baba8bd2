"""Audit the keys: each answers a fresh challenge with its registered passkey, in a new bag after.

A serial number is a claim; the private key is the proof. What does not answer is a finding.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import handling, paperwork
from keyvault_kit.ceremonies.engine import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, MismatchError
from keyvault_kit.keys.audit import fresh_assertion
from keyvault_kit.keys.failures import NoCredentialError
from keyvault_kit.keys.reading import Reading, read
from keyvault_kit.keys.session import KeySession


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which keys are audited, and by whom."""

    keys: tuple[str, ...]
    auditor: str
    custodian: str
    number: int


def ceremony(request: Request) -> Ceremony:
    """The audit of these keys."""
    return Ceremony(
        id=f"audit-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted({request.auditor, request.custodian})),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """A step for each key, then the report."""
    it = msgspec.convert(request, Request)
    by = (it.custodian, it.auditor)
    return (
        *(
            Step(
                id=f"key-{tag}",
                activity=f"Open the bag of key {tag}, challenge the key, seal it in a new bag",
                by=by,
                act=functools.partial(_audit_key, tag),
            )
            for tag in it.keys
        ),
        Step(
            id="report",
            activity="Print the audit report",
            by=by,
            act=functools.partial(_report, it),
        ),
    )


PLAN = Plan("audit", steps)


def _audit_key(tag: str, work: Work) -> Sequence[ev.Fact]:
    lying = handling.key_envelope(work.register, tag)
    if lying is None or lying.safe is None:
        return [_finding("key-custody", tag, f"key {tag} lies in no sealed envelope on record")]
    opened = handling.open_envelope(work, lying.id, "audit")
    verdict = _challenge(tag, work)
    envelope = handling.next_id(f"{tag}-key", work.register.envelopes)
    paperwork.print_label(work, envelope, lying.holds, lying.safe)
    return [
        opened,
        verdict,
        ev.KeyPacked(envelope=envelope, holds=lying.holds, key=tag),
        handling.seal(work, envelope),
        handling.deposit(work, envelope, lying.safe),
    ]


def _challenge(tag: str, work: Work) -> ev.Fact:
    """The proof that this is the key, or the finding that it is not."""
    key = work.register.keys[tag]
    if key.credential is None or key.public_key is None or key.rp_id is None:
        return _finding("key-assertion", tag, f"key {tag} has no passkey on record")
    nonce = work.station.random(32)
    try:
        with handling.key_session(work, tag) as session:
            return _answer(key, session, nonce)
    except DeviceError as error:
        return _finding("key-present", tag, f"key {tag} could not be challenged: {error}")


def _answer(key: SecurityKey, session: KeySession, nonce: bytes) -> ev.Fact:
    reading = read(session)
    try:
        fresh_assertion(
            session,
            rp_id=key.rp_id or "",
            credential_id=bytes.fromhex(key.credential or ""),
            public_key=bytes.fromhex(key.public_key or ""),
            nonce=nonce,
        )
    except NoCredentialError:
        return _without_passkey(key, reading)
    except MismatchError as error:
        return _finding("key-assertion", key.id, f"key {key.id} signed wrongly: {error}")
    return ev.KeyAsserted(key=key.id, nonce=nonce.hex())


def _without_passkey(key: SecurityKey, reading: Reading) -> ev.Fact:
    """What the key at hand is, if it does not hold the passkey: judged by its PIN and model."""
    if key.pin_set and not reading.pin_set:
        what = "it holds neither its passkey nor a PIN: it was reset"
        return _finding("key-reset", key.id, f"key {key.id} is not as it was sealed: {what}")
    claims = f"claims the serial number {key.serial}" if key.serial else "looks like it"
    what = f"a stranger {claims}, has a PIN, and does not hold the passkey"
    if reading.aaguid != key.aaguid or reading.firmware != key.firmware:
        what += "; its model or firmware differs too"
    return _finding(
        "key-stranger", key.id, f"in the place of key {key.id} lies another key: {what}"
    )


def _finding(rule: str, tag: str, what: str) -> ev.FindingMade:
    mend = f"Treat key {tag} as lost: enrol a new one, rotate, and find out who had access."
    return ev.FindingMade(rule=rule, subject=tag, what=what, mend=mend)


def _report(it: Request, work: Work) -> Sequence[ev.Fact]:
    paperwork.print_audit_report(work, it.keys, people=(it.auditor, it.custodian))
    return []
