"""Enrol a key: known, options, proof, PIN on paper, PIN on the key, passkey, answer, envelopes.

The middle one of three legs, and the offline one (S17, S19, S36, S38). The PIN people print, prove
and seal the PIN; the custodian touches the key and never sees it. Options come before any PIN is in
memory, that of an always-UV key's proof included, and the answer leaves after: while a PIN is, no
transfer medium is plugged in. So an expired challenge costs the PIN that was drawn meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec

from keyvault_kit.ceremonies import documents, genuineness, handling, key_pin, passkeys
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_pin import SECRETS, KeyPin
from keyvault_kit.ceremonies.passkeys import OPTIONS, Passkey
from keyvault_kit.ceremonies.plan import Ceremony, Condition, Plan, Step, Work
from keyvault_kit.ceremonies.recognition import SAME_KEY, recognise
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import CeremonyRecord
from keyvault_kit.custody.model import GENUINE, Mode, SecurityKey, Use
from keyvault_kit.custody.placing.apart import check_apart
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError
from keyvault_kit.keys import relying_party
from keyvault_kit.keys.reading import Reading, read


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


def check(register: Register, it: Request, now: datetime) -> None:
    """Say what cannot be before anything is begun.

    Args:
        now: Aware.

    Raises:
        RefusedError: Account or a safe is not in the register; the key is not free for that; one
            person would do what takes two; or key and PIN would not lie apart (S36, S38).
    """
    known(register.accounts, it.account, "account")
    for safe in (it.key_safe, it.pin_safe):
        known(register.safes, safe, "safe")
    if it.custodian in it.pin_people:
        raise RefusedError(
            f"{it.custodian} would hold key {it.key} and print its PIN",
            mend="Name two for the PIN who do not hold the key.",
        )
    if it.witness == it.custodian or len(set(it.pin_people)) < len(it.pin_people):
        raise RefusedError(
            f"one person would stand for two at the enrolment of key {it.key}",
            mend="Name a witness beside the custodian, and two different people for the PIN.",
        )
    begun = _latest(register, it.key)
    if begun and not begun.closed:
        return
    check_apart(register, it.key, it.key_safe, it.pin_safe, now)
    if why := _why_not(register, it):
        raise RefusedError(f"key {it.key} {why[0]}", mend=why[1])


def _why_not(register: Register, it: Request) -> tuple[str, str] | None:
    """Why a key cannot be enrolled so, and what to do; None where it can, or is new."""
    key = register.keys.get(it.key)
    if key is None:
        return None
    envelope, reset = handling.key_envelope(register, it.key), "Reset it first: 'keys reset'."
    faults = (
        (key.retired, f"is retired ({key.retired})", "Choose a new tag."),
        (
            (key.account, key.use) != (it.account, it.use),
            f"is registered as {key.use} key of {key.account}",
            "Enrol it for that.",
        ),
        (key.credential, "holds a passkey already", reset),
        (key.pin_set or key.unrecorded, "has a PIN already", reset),
        (envelope, f"lies in envelope {envelope and envelope.id}", "Open that first, two of you."),
    )
    return next(((what, mend) for fault, what, mend in faults if fault), None)


def _latest(register: Register, key: str) -> CeremonyRecord | None:
    """The ceremony that enrolled a key last, or was to."""
    mine = (it for it in register.ceremonies.values() if it.plan == PLAN.name)
    return next((it for it in reversed([*mine]) if it.request.get("key") == key), None)


def is_done(register: Register, it: Request) -> bool:
    """Whether the key holds its passkey, and its ceremony was gone through to the end."""
    key, its = register.keys.get(it.key), _latest(register, it.key)
    return bool(key and key.credential and key.account == it.account and its and its.closed)


def ceremony(request: Request) -> Ceremony:
    """The ceremony that enrols a key for the first time."""
    return _ceremony(request, f"enrol-{request.key}")


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this key that was cut short, or else its next one.

    Raises:
        RefusedError: One was cut short that was about something else: it is ended first.
    """
    before = _latest(register, request.key)
    if before and not before.closed:
        if msgspec.convert(before.request, Request) != request:
            raise RefusedError(
                f"ceremony {before.id} was begun with other people or safes, or for another use",
                mend="End it as it was begun: with the same people, account, use and safes.",
            )
        return _ceremony(request, before.id)
    first = f"enrol-{request.key}"
    again = first in register.ceremonies
    return _ceremony(
        request, handling.next_id(f"{first}-", register.ceremonies) if again else first
    )


def _ceremony(request: Request, name: str) -> Ceremony:
    return Ceremony(
        id=name,
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
            activity=f"Plug in key {it.key}, find it, read it, and register it if it is new",
            by=(it.custodian,),
            act=partial(_identify, it),
            before=Condition(
                f"key {it.key} is in use, retired, or registered for something else",
                lambda register: _why_not(register, it) is None,
            ),
        ),
        Step(
            id="options",
            activity=f"Read the creation options of {it.account} for key {it.key}",
            by=(it.custodian,),
            act=partial(passkeys.take_options, _passkey(it)),
        ),
        Step(
            id="prove",
            activity=f"Prove by its attestation that key {it.key} is genuine",
            by=(it.custodian,),
            act=partial(_prove_key, it),
            after=_genuine(it),
            secret=True,
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
            act=partial(_make_pin, it),
            before=_genuine(it),
            secret=True,
            needs=(OPTIONS,),
            restart="options",
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
        ("set-pin", f"Set the PIN of key {it.key}", partial(_set_pin, it)),
        ("check-pin", f"Check the PIN of key {it.key}", partial(key_pin.check, its_pin)),
        (
            "passkey",
            f"Make the passkey of {it.account} on key {it.key}; it signs with PIN and touch",
            partial(passkeys.make, _passkey(it)),
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
            needs=(*SECRETS, OPTIONS),
            restart="make-pin",
        )
        for name, activity, act in doing
    )


def _deposit_steps(it: Request) -> tuple[Step, ...]:
    handing = Step(
        id="hand-over",
        activity=f"Put the answer of key {it.key} on the transfer medium, and its hash on paper",
        by=(it.custodian, it.witness),
        act=partial(passkeys.hand_over, _passkey(it)),
    )
    doing = (
        ("pack-key", f"Print the tag of key {it.key} and put both into an envelope", _pack_key),
        ("seal-key", f"Seal the envelope of key {it.key} in a bag", _seal_key),
        ("deposit-key", f"Deposit key {it.key} in safe {it.key_safe}", _deposit_key),
        ("deposit-pin", f"Deposit the PIN of {it.key} in safe {it.pin_safe}", _deposit_pin),
    )
    return (
        handing,
        *(
            Step(
                id=name,
                activity=activity,
                by=it.pin_people if name == "deposit-pin" else (it.custodian, it.witness),
                act=partial(act, it),
                signed=name == "seal-key",
            )
            for name, activity, act in doing
        ),
    )


# --- The key


def _passkey(it: Request) -> Passkey:
    return Passkey(key=it.key, account=it.account, custodian=it.custodian)


def _identify(it: Request, work: Work) -> Sequence[ev.Fact]:
    text = f"Plug in key {it.key}, and unplug other keys"
    prompt = Prompt(topic=Topic.PLUG, text=text, person=it.custodian, subject=it.key)
    work.interaction.wait_for_key(prompt)
    registered = work.register.keys.get(it.key)
    with key_session(work, it.key) as session:
        reading = read(session)
        if registered:
            return [_recognised(work, recognise(session, registered, reading, work.station.random))]
    if work.station.mode is Mode.LIVE and relying_party.is_software(reading.aaguid):
        raise RefusedError(
            f"{reading.plugged.name} is a software key: a live ledger takes none",
            mend="Enrol a security key, or practise on a rehearsal ledger.",
        )
    return [_registered(it, reading)]


def _registered(it: Request, reading: Reading) -> ev.KeyRegistered:
    return ev.KeyRegistered(
        key=it.key,
        account=it.account,
        use=it.use,
        product=reading.product,
        aaguid=reading.aaguid,
        firmware=reading.firmware,
        serial=reading.serial,
    )


def _recognised(work: Work, seen: ev.Fact) -> ev.Fact:
    """What was seen of a key that `keys register` entered, if it is the one.

    Raises:
        RefusedError: It is another one, or was reset; the finding was entered.
    """
    if isinstance(seen, ev.FindingMade) and seen.rule not in SAME_KEY:
        work.observe(seen)
        raise RefusedError(f"nothing was done to this key: {seen.what}", mend=seen.mend)
    return seen


def _prove_key(it: Request, work: Work) -> Sequence[ev.Fact]:
    verdict = genuineness.prove(work, it.key)
    return [genuineness.proven(it.key, verdict)]


# --- Its PIN


def _pin(it: Request) -> KeyPin:
    return KeyPin(key=it.key, custodian=it.custodian, safe=it.pin_safe)


def _make_pin(it: Request, work: Work) -> Sequence[ev.Fact]:
    """Draw a PIN, while its work can still come to its end."""
    passkeys.demand_time(_passkey(it), work)
    return key_pin.make(_pin(it), work)


def _set_pin(it: Request, work: Work) -> Sequence[ev.Fact]:
    """Give the key its PIN, while a passkey can still be made: else it would have to be reset."""
    passkeys.demand_time(_passkey(it), work)
    return key_pin.put_on_key(_pin(it), work)


def _give_up_pin(it: Request, work: Work) -> Sequence[ev.Fact]:
    """The PIN is lost, and with it whatever was made under it."""
    passkeys.give_up(_passkey(it), work)
    return key_pin.give_up(_pin(it), work)


# --- Its envelopes


def _packed(register: Register, it: Request) -> str:
    return register.packed[it.key]


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
