"""A new PIN for a key in service: after somebody saw the old one, or where none is on paper (S32).

The PIN people read the old mailer, and print, prove and seal the new one; the custodian holds the
key, and never sees either (S36, S38). The old mailer is destroyed, with a certificate.
"""

from collections.abc import Iterator
from functools import partial

import msgspec

from keyvault_kit.ceremonies import destroying, documents, handling, key_bags, key_pin, pin_change
from keyvault_kit.ceremonies.key_pin import SECRETS, KeyPin
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TWO, roles_of
from keyvault_kit.custody.changes.keys import in_service
from keyvault_kit.custody.model import GENUINE, Envelope, EnvelopeState, Purpose, Role, SetState
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which key gets a new PIN, by whom, and where both go.

    Attributes:
        key: Asset tag.
        custodian: Holds the key, and sees no PIN.
        witness: Reads the bag of the key beside the custodian.
        pin_people: Two officers, who read the old PIN and seal the new one.
        key_safe: Where the key goes.
        pin_safe: Where the mailer goes.
    """

    key: str
    custodian: str
    witness: str
    pin_people: tuple[str, str]
    key_safe: str
    pin_safe: str


def safes_before(register: Register, tag: str) -> tuple[str, str]:
    """Where the key and its PIN lie, or lay last; empty for what never lay in a safe."""
    bag = register.bag_of(tag)
    sheets = [it for its in register.sets_of(tag, Purpose.PIN) for it in _sheets(register, its.id)]
    return _home(register, bag), _home(register, sheets[-1] if sheets else None)


def _sheets(register: Register, set_id: str) -> list[Envelope]:
    return [register.envelopes[it] for it in register.sheets.get(set_id, ())]


def _home(register: Register, it: Envelope | None) -> str:
    stays = register.stays.get(it.id, ()) if it else ()
    return (it.safe if it else None) or (stays[-1].safe if stays else "")


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: A safe is not named that the register does not know; or somebody would hold the
            key and see its PIN.
        RefusedError: The key is not in the register, out of service or not proven; a safe is not
            there; or somebody has not the role for it.
    """
    key = in_service(register, it.key)
    if key.proven != GENUINE:
        raise RefusedError(f"key {key.id} is not proven genuine", mend="Prove it: 'keys verify'.")
    for what, safe in (("key", it.key_safe), ("PIN", it.pin_safe)):
        if not safe:
            raise InputError(
                f"where the {what} of {key.id} goes is not known", mend="Name both safes."
            )
        known(register.safes, safe, "safe")
    if it.custodian in (it.witness, *it.pin_people) or len(set(it.pin_people)) < TWO:
        raise InputError(
            "the custodian has the key, and two others its PIN",
            mend="Nobody does both, and nobody does two people's work (S36, S38).",
        )
    _demand_role(register, it.custodian, Role.CUSTODIAN)
    for person in it.pin_people:
        _demand_role(register, person, Role.OFFICER)


def _demand_role(register: Register, person: str, role: Role) -> None:
    roles = roles_of(register, person)
    if role not in roles:
        raise RefusedError(f"{person} is {' and '.join(roles)}, and no {role}")


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The ceremony that gives a key its `number`-th other PIN."""
    return Ceremony(
        id=f"pin-{request.key}-{number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted({request.custodian, request.witness, *request.pin_people})),
    )


def begun(register: Register, key: str) -> Request | None:
    """The request of the key's ceremony that was begun and not ended; None without one."""
    before = _of(register, key)
    return before[-1] if before and before[-1] else None


def _of(register: Register, key: str) -> list[Request | None]:
    """The requests of all such ceremonies of a key; None for those that are closed."""
    return [
        None if it.closed else msgspec.convert(it.request, Request)
        for it in register.ceremonies.values()
        if it.plan == PLAN.name and it.request.get("key") == key
    ]


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the key's next one.

    Raises:
        RefusedError: One was cut short that was about something else: the key may have its PIN.
        InputError: As `check`, where it is a new one.
    """
    before = _of(register, request.key)
    if before and before[-1]:
        if before[-1] != request:
            raise RefusedError(
                f"another ceremony for a new PIN of {request.key} was begun and not ended, by"
                f" {listed(ceremony(before[-1], number=1).people)}",
                mend="End it with the options that it was begun with, or give it up ('give-up'),"
                " unless the key may have that PIN.",
            )
        return ceremony(request, number=len(before))
    check(register, request)
    return ceremony(request, number=len(before) + 1)


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps, from two bags that are opened to two that are deposited."""
    return steps_for(register, msgspec.convert(request, Request))


PLAN = Plan("pin", steps)


def steps_for(register: Register, it: Request, *, in_hand: bool = False) -> tuple[Step, ...]:
    """The steps of a new PIN, as a part of another ceremony as well.

    Args:
        register: When the ceremony begins.
        in_hand: Whether key and mailer are out of their bags when it comes to that.
    """
    old = register.keys[it.key].pin_set
    mailer = next(iter(register.live_envelopes(old)), None) if old else None
    return (
        *(() if in_hand else _opening(register, it, mailer)),
        *_making(it),
        *_changing(it, mailer.id if mailer else ""),
        *_storing(it),
        *destroying.steps_for(_dead_then(register, it.key), it.pin_people),
    )


def _dead_then(register: Register, key: str) -> tuple[Envelope, ...]:
    """The mailers that open nothing once the key has another PIN."""
    used = (it for it in register.sets_of(key, Purpose.PIN) if it.state is not SetState.MADE)
    return tuple(envelope for it in used for envelope in register.live_envelopes(it.id))


def _opening(register: Register, it: Request, mailer: Envelope | None) -> Iterator[Step]:
    bag, hands = handling.key_envelope(register, it.key), (it.custodian, it.witness)
    if bag:
        yield Step(
            id="open-key",
            activity=f"Take the bag of key {it.key} out of its safe, inspect and open it",
            by=hands,
            act=partial(_open_key, bag.id),
        )
    yield Step(
        id="challenge-key",
        activity=f"Challenge key {it.key}: it answers as the key that was registered",
        by=hands,
        act=partial(pin_change.challenge, it.key),
    )
    if mailer:
        yield Step(
            id="open-mailer",
            activity=f"Take the old PIN mailer, envelope {mailer.id}, out of its bag",
            by=it.pin_people,
            act=partial(pin_change.open_mailer, mailer.id),
        )


def _open_key(bag: str, work: Work) -> list[ev.Fact]:
    return [handling.open_envelope(work, bag, pin_change.WHY)]


def _making(it: Request) -> Iterator[Step]:
    its = KeyPin(key=it.key, custodian=it.custodian, safe=it.pin_safe)
    yield Step(
        id="make-pin",
        activity=f"Draw a new PIN for key {it.key}",
        by=it.pin_people,
        act=partial(pin_change.make, it.key),
        secret=True,
        on_return=partial(pin_change.give_up, it.key),
    )
    doing = (
        ("print-pin", "Print its mailer", partial(key_pin.print_mailer, its)),
        ("prove-pin", "Read the mailer back and compare it", partial(key_pin.prove_mailer, its)),
        ("seal-pin", "Seal the mailer in a bag", partial(key_pin.seal_mailer, its)),
        ("count-pages", "Count the pages: all are sealed or destroyed", handling.count_pages),
    )
    for name, activity, act in doing:
        yield Step(
            id=name,
            activity=activity,
            by=it.pin_people,
            act=act,
            signed=name == "seal-pin",
            needs=SECRETS,
            restart="make-pin",
        )


def _changing(it: Request, mailer: str) -> Iterator[Step]:
    source = "from its mailer" if mailer else "as who knows it types it"
    yield Step(
        id="read-pin",
        activity=f"Read the old PIN of key {it.key} {source}, and see that the key takes it",
        by=it.pin_people,
        act=partial(pin_change.read_old, it.key, mailer),
        secret=True,
        restart="make-pin",
    )
    yield Step(
        id="change-pin",
        activity=f"Change the PIN of key {it.key}, and check the new one",
        by=(it.custodian,),
        act=partial(pin_change.change, it.key),
        secret=True,
        needs=(pin_change.OLD,),
        restart="read-pin",
    )


def _storing(it: Request) -> Iterator[Step]:
    hands = (it.custodian, it.witness)
    yield Step(
        id="bag-key",
        activity=f"Seal key {it.key} in a new bag",
        by=hands,
        act=partial(_bag_key, it),
        signed=True,
    )
    yield Step(
        id="deposit-key",
        activity=f"Deposit key {it.key} in safe {it.key_safe}",
        by=hands,
        act=partial(key_bags.put_back, it.key, it.key_safe),
    )
    yield Step(
        id="deposit-pin",
        activity=f"Deposit the PIN of {it.key} in safe {it.pin_safe}",
        by=it.pin_people,
        act=partial(_deposit_pin, it),
        signed=True,
    )


def _bag_key(it: Request, work: Work) -> list[ev.Fact]:
    seen = ev.KeySeen(key=it.key, why=pin_change.WHY)
    return [*key_bags.pack(it.key, it.key_safe, seen, work)]


def _deposit_pin(it: Request, work: Work) -> list[ev.Fact]:
    """Into its safe; a mailer that was read once more goes into a new bag first."""
    mailer = work.register.envelopes[key_pin.mailer_of(work.register, it.key)]
    facts: list[ev.Fact] = []
    if mailer.state is EnvelopeState.OPENED:
        documents.print_label(work, mailer.id, mailer.holds, it.pin_safe)
        bag = handling.seal(work, mailer.id).bag
        facts.append(ev.EnvelopeResealed(envelope=mailer.id, bag=bag))
    return [*facts, handling.deposit(work, mailer.id, it.pin_safe)]
