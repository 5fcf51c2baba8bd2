"""Enrol a key: identify, prove, PIN on paper, PIN on the key, passkey, envelopes (S17, S19, S36).

The PIN people print, prove and seal the PIN; the custodian touches the key and never sees it.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from keyvault_kit.ceremonies import documents, genuineness, handling, key_pin
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_pin import SECRETS, KeyPin
from keyvault_kit.ceremonies.plan import Ceremony, Condition, Plan, Step, Work
from keyvault_kit.ceremonies.recognition import Credential, first_assertion
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import (
    GENUINE,
    EnvelopeState,
    SecurityKey,
    Use,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.entra import enrollment
from keyvault_kit.errors import RefusedError
from keyvault_kit.host.files import read_file, remove, write_atomically
from keyvault_kit.keys import relying_party
from keyvault_kit.keys.credentials import CredentialRequest
from keyvault_kit.keys.reading import read


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which key is enrolled for what, and where its envelopes go.

    Attributes:
        witness: Reads the bag of the key beside the custodian.
        pin_people: Two who print and seal the PIN; they never hold the key.
        show_guard: Type one wrong PIN on purpose, to see the guard at work.
    """

    key: str
    account: str
    use: Use
    custodian: str
    witness: str
    pin_people: tuple[str, str]
    key_safe: str
    pin_safe: str
    show_guard: bool = False


def ceremony(request: Request) -> Ceremony:
    """The ceremony that enrols a key."""
    return Ceremony(
        id=f"enrol-{request.key}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted({request.custodian, request.witness, *request.pin_people})),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps, from the key in the hand to two envelopes in two safes."""
    it = msgspec.convert(request, Request)
    return (*_key_steps(it), *_pin_steps(it), *_passkey_steps(it), *_deposit_steps(it))


PLAN = Plan("enrol", steps)


def _key_steps(it: Request) -> tuple[Step, ...]:
    return (
        Step(
            id="identify",
            activity=f"Find key {it.key} among the plugged-in keys, read it and register it",
            by=(it.custodian,),
            act=partial(_identify, it),
            before=Condition(f"key {it.key} is registered already", lambda r: it.key not in r.keys),
        ),
        Step(
            id="prove",
            activity=f"Prove by its attestation that key {it.key} is genuine",
            by=(it.custodian,),
            act=partial(_prove_key, it),
            after=_genuine(it),
        ),
    )


def _genuine(it: Request) -> Condition:
    return Condition(
        f"key {it.key} is not proven genuine; it is not used",
        lambda register: register.keys[it.key].proven == GENUINE,
    )


def _pin_steps(it: Request) -> tuple[Step, ...]:
    doing = (
        ("print-pin", f"Print the PIN mailer of key {it.key}", key_pin.print_mailer),
        (
            "prove-pin",
            "Read the PIN mailer back and compare it with its proof",
            key_pin.prove_mailer,
        ),
        ("seal-pin", "Seal the PIN mailer in a bag", key_pin.seal_mailer),
    )
    return (
        Step(
            id="make-pin",
            activity=f"Draw a PIN for key {it.key}",
            by=it.pin_people,
            act=partial(key_pin.make, _pin(it)),
            before=_genuine(it),
            on_return=partial(_give_up_pin, it),
        ),
        *(
            Step(
                id=name,
                activity=activity,
                by=it.pin_people,
                act=partial(act, _pin(it)),
                signed=name == "seal-pin",
                needs=SECRETS,
                restart="make-pin",
            )
            for name, activity, act in doing
        ),
        Step(
            id="count-pages",
            activity="Count the pages: all that were printed are sealed or destroyed",
            by=it.pin_people,
            act=handling.count_pages,
            needs=SECRETS,
            restart="make-pin",
        ),
    )


def _passkey_steps(it: Request) -> tuple[Step, ...]:
    its_pin = _pin(it)
    doing = [
        ("set-pin", f"Set the PIN of key {it.key}", partial(key_pin.put_on_key, its_pin)),
        ("check-pin", f"Check the PIN of key {it.key}", partial(key_pin.check, its_pin)),
        (
            "passkey",
            f"Make the passkey of {it.account} on key {it.key}",
            partial(_make_passkey, it),
        ),
    ]
    if it.show_guard:
        what = "Try one wrong PIN on purpose and see it counted"
        doing.insert(1, ("wrong-pin", what, partial(key_pin.try_wrong, its_pin)))
    return tuple(
        Step(
            id=name,
            activity=activity,
            by=(it.custodian,),
            act=act,
            needs=SECRETS,
            restart="make-pin",
        )
        for name, activity, act in doing
    )


def _deposit_steps(it: Request) -> tuple[Step, ...]:
    doing = (
        ("pack-key", f"Print the tag of key {it.key} and put both into an envelope", _pack_key),
        ("seal-key", f"Seal the envelope of key {it.key} in a bag", _seal_key),
        ("deposit-key", f"Deposit key {it.key} in safe {it.key_safe}", _deposit_key),
        ("deposit-pin", f"Deposit the PIN of {it.key} in safe {it.pin_safe}", _deposit_pin),
    )
    return tuple(
        Step(
            id=name,
            activity=activity,
            by=it.pin_people if name == "deposit-pin" else (it.custodian, it.witness),
            act=partial(act, it),
            signed=name == "seal-key",
        )
        for name, activity, act in doing
    )


# --- The key


def _identify(it: Request, work: Work) -> Sequence[ev.Fact]:
    with key_session(work, it.key) as session:
        reading = read(session)
    registered = ev.KeyRegistered(
        key=it.key,
        account=it.account,
        use=it.use,
        product=reading.product,
        aaguid=reading.aaguid,
        firmware=reading.firmware,
        serial=reading.serial,
    )
    return [registered]


def _prove_key(it: Request, work: Work) -> Sequence[ev.Fact]:
    verdict = genuineness.prove(work, it.key)
    return [genuineness.proven(it.key, verdict)]


# --- Its PIN


def _pin(it: Request) -> KeyPin:
    return KeyPin(key=it.key, custodian=it.custodian, safe=it.pin_safe)


def _give_up_pin(it: Request, work: Work) -> Sequence[ev.Fact]:
    """The PIN is lost, and with it whatever was made under it."""
    remove(_registration_file(it, work))
    return key_pin.give_up(_pin(it), work)


def _registration_file(it: Request, work: Work) -> Path:
    return work.station.transfer / f"registration-{it.key}.json"


# --- Its passkey


def _make_passkey(it: Request, work: Work) -> Sequence[ev.Fact]:
    upn = work.register.accounts[it.account].upn
    text = f"Name the file with the creation options of {upn} on the transfer medium"
    prompt = Prompt(topic=Topic.OPTIONS, text=text, person=it.custodian, subject=it.key)
    name = Path(work.interaction.ask(prompt)).name
    data = read_file(work.station.transfer / name, "file of creation options")
    options = enrollment.read_options(data, upn=upn, now=work.station.clock())
    secret = work.hands.secret("pin")
    with key_session(work, it.key) as session:
        custody = session.make_credential(
            relying_party.custody(work.station.random, it.key), pin=secret
        )
        mine = Credential(relying_party.RP_ID, custody.credential_id, custody.public_key)
        answered = first_assertion(session, it.key, mine, work.station.random)
        made = session.make_credential(_passkey_request(options), pin=secret)
    claimed, station = work.register.keys[it.key].aaguid, work.station
    verdict = genuineness.judge(
        station.anchors(), station.clock(), made, options.client_data_hash, claimed
    )
    if verdict.outcome != GENUINE:
        raise RefusedError(f"the passkey's attestation is {verdict.outcome}: {verdict.reasons}")
    answer = enrollment.registration(
        options,
        credential_id=made.credential_id,
        attestation_object=made.attestation_object,
        name=it.key,
    )
    write_atomically(_registration_file(it, work), answer)
    work.hands.drop("pin")
    work.hands.drop("salt")
    enrolled = ev.PasskeyEnrolled(
        key=it.key,
        rp_id=options.rp_id,
        credential=made.credential_id.hex(),
        public_key=made.public_key.hex(),
        answer=hashlib.sha256(answer).hexdigest(),
    )
    bound = ev.KeyBound(key=it.key, credential=mine.id.hex(), public_key=mine.public_key.hex())
    return [bound, *answered, enrolled]


def _passkey_request(options: enrollment.CreationOptions) -> CredentialRequest:
    return CredentialRequest(
        client_data_hash=options.client_data_hash,
        rp_id=options.rp_id,
        rp_name=options.rp_name,
        user_id=options.user_id,
        user_name=options.upn,
        user_display_name=options.display_name,
        algorithms=options.algorithms,
        exclude=options.exclude,
        resident=True,
    )


# --- Its envelopes


def _packed(register: Register, it: Request) -> str:
    mine = register.envelopes_holding(f"key:{it.key}")
    return next(e.id for e in mine if e.state is not EnvelopeState.SPOILED)


def _pack_key(it: Request, work: Work) -> Sequence[ev.Fact]:
    key: SecurityKey = work.register.keys[it.key]
    envelope = handling.next_id(f"{it.key}-key", work.register.envelopes)
    documents.print_key_tag(work, key, envelope, it.key_safe)
    return [ev.KeyPacked(envelope=envelope, holds=f"key:{it.key}", key=it.key)]


def _seal_key(it: Request, work: Work) -> Sequence[ev.Fact]:
    envelope = _packed(work.register, it)
    documents.print_label(work, envelope, f"key:{it.key}", it.key_safe)
    return [handling.seal(work, envelope)]


def _deposit_key(it: Request, work: Work) -> Sequence[ev.Fact]:
    return [handling.deposit(work, _packed(work.register, it), it.key_safe)]


def _deposit_pin(it: Request, work: Work) -> Sequence[ev.Fact]:
    return [handling.deposit(work, key_pin.mailer_of(work.register, it.key), it.pin_safe)]
