"""Audit the keys: each answers a fresh challenge with its registered passkey, in a new bag after.

A serial number is a claim; the private key is the proof. What does not answer is a finding.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.recognition import finding, recognise
from keyvault_kit.ceremonies.which_key import TwinKeysError, key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.reading import read


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which keys are audited, and by whom.

    Attributes:
        witness: Reads the new bags beside the custodian, and signs; the auditor only looks on.
    """

    keys: tuple[str, ...]
    auditor: str
    custodian: str
    witness: str
    number: int


def ceremony(request: Request) -> Ceremony:
    """The audit of these keys."""
    return Ceremony(
        id=f"audit-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(request.custodian, request.auditor, request.witness),
    )


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """Four steps for each key, then the report."""
    it = msgspec.convert(request, Request)
    by = (it.custodian, it.auditor)
    return (
        *(step for tag in it.keys for step in _key_steps(tag, _lying_in(register, tag), it)),
        Step(
            id="report",
            activity="Print the audit report",
            by=by,
            act=functools.partial(_report, it),
        ),
    )


PLAN = Plan("audit", steps)


def _lying_in(register: Register, tag: str) -> Envelope | None:
    """The envelope in which a key lies in a safe, when the audit begins."""
    lying = handling.key_envelope(register, tag)
    return lying if lying and lying.safe else None


def _key_steps(tag: str, lying: Envelope | None, it: Request) -> tuple[Step, ...]:
    looking, handing = (it.custodian, it.auditor), (it.custodian, it.witness)
    if lying is None:
        what = f"key {tag} lies in no safe, by the register"
        missing = functools.partial(_record, finding("key-custody", tag, what))
        return (Step(id=f"miss-{tag}", activity=f"Note that {what}", by=looking, act=missing),)
    doing = (
        ("open", looking, f"Take the bag of key {tag} out of its safe, inspect and open it", _open),
        ("challenge", looking, f"Challenge key {tag}: it answers with its passkey", _challenge),
        ("bag", handing, f"Seal what was in the bag of key {tag} in a new bag", _bag),
        ("deposit", handing, f"Put the new bag of {tag} back into safe {lying.safe}", _deposit),
    )
    return tuple(
        Step(
            id=f"{verb}-{tag}",
            activity=activity,
            by=by,
            act=functools.partial(act, tag, lying),
            signed=verb == "bag",
        )
        for verb, by, activity, act in doing
    )


def _record(fact: ev.Fact, _: Work) -> Sequence[ev.Fact]:
    return [fact]


def _open(tag: str, lying: Envelope, work: Work) -> Sequence[ev.Fact]:  # noqa: ARG001
    return [handling.open_envelope(work, lying.id, "audit")]


def _challenge(tag: str, _: Envelope, work: Work) -> Sequence[ev.Fact]:
    """The proof that this is the key, or the finding that it is not.

    A key that is not there may only be forgotten: it is asked for again before it is a finding.
    """
    key = work.register.keys[tag]
    while True:
        try:
            with key_session(work, tag) as session:
                return [recognise(session, key, read(session), work.station.random)]
        except TwinKeysError as error:
            return [finding("key-twins", tag, error.what)]
        except DeviceError as error:
            text = f"{error.sentences} Plug in key {tag}. Try again?"
            if not work.interaction.confirm(Prompt(topic=Topic.RETRY, text=text, subject=tag)):
                what = f"key {tag} could not be challenged: {error.what}"
                return [finding("key-present", tag, what)]


def _bag(tag: str, lying: Envelope, work: Work) -> Sequence[ev.Fact]:
    """Back into a bag: as the key if it proved itself, else as evidence, never as the key."""
    holds = f"key:{tag}" if _proved_itself(tag, work) else f"evidence:{tag}"
    envelope = handling.next_id(f"{tag}-{holds.partition(':')[0]}", work.register.envelopes)
    documents.print_label(work, envelope, holds, lying.safe or "")
    packed = ev.KeyPacked(envelope=envelope, holds=holds, key=tag)
    return [packed, handling.seal(work, envelope)]


def _proved_itself(tag: str, work: Work) -> bool:
    started = work.register.ceremonies[work.ceremony].started
    return not [it for it in work.register.findings if it.subject == tag and it.seq > started]


def _deposit(tag: str, lying: Envelope, work: Work) -> Sequence[ev.Fact]:
    holds = f"key:{tag}" if _proved_itself(tag, work) else f"evidence:{tag}"
    newest = work.register.envelopes_holding(holds)[-1]
    return [handling.deposit(work, newest.id, lying.safe or "")]


def _report(it: Request, work: Work) -> Sequence[ev.Fact]:
    documents.print_audit_report(work, it.keys, people=(it.auditor, it.custodian))
    return []
