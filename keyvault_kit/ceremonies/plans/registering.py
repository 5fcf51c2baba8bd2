"""Register a key under its asset tag: read it, bind it by a custody credential, prove its maker.

A registered key that was reset is bound anew in the same way.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import genuineness, handling, key_work
from keyvault_kit.ceremonies.at_keys import AtKey, KeyDesk
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Condition, Plan, Step, Work
from keyvault_kit.ceremonies.recognition import Credential, first_assertion
from keyvault_kit.ceremonies.which_key import Named, ask_serial
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import roles_of
from keyvault_kit.custody.model import Mode, Role, Use
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.keys import relying_party
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.reading import Reading


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which key is registered, and for what."""

    tag: str
    account: str
    use: Use
    custodian: str


def ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony that registers a key; one person holds it, so that nobody reads the time."""
    return Ceremony(
        id=handling.unfinished(register, PLAN.name, f"register-{request.tag}-"),
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(request.custodian,),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """The one step: what a key says, and what it proves, are of one moment."""
    it = msgspec.convert(request, Request)
    step = Step(
        id="register",
        activity=f"Register key {it.tag} for account {it.account} as its {it.use} key",
        by=(it.custodian,),
        act=functools.partial(_register, it),
        before=Condition(
            f"key {it.tag} is registered already", functools.partial(_is_wanted, it.tag)
        ),
    )
    return (step,)


def _is_wanted(tag: str, register: Register) -> bool:
    key = register.keys.get(tag)
    return key is None or (key.custody_credential is None and key.retired is None)


PLAN = Plan("register", steps, clock=False)


def _register(it: Request, work: Work) -> Sequence[ev.Fact]:
    known(work.register.accounts, it.account, "account")
    if Role.CUSTODIAN not in roles_of(work.register, it.custodian):
        raise RefusedError(f"{it.custodian} is no custodian", mend="A custodian registers keys.")
    seen: list[ev.Fact] = []
    at = _at_key(it, work, seen)
    _demand_trustworthy(at, work.station.mode)
    request = relying_party.custody(work.station.random, it.tag)
    with at.session() as session:
        made = key_work.make(at, session, request)
        mine = Credential(request.rp_id, made.credential_id, made.public_key)
        answered = first_assertion(session, it.tag, mine, work.station.random)
    anchors, now = work.station.anchors(), work.station.clock()
    verdict = genuineness.judge(anchors, now, made, request.client_data_hash, at.reading.aaguid)
    bound = ev.KeyBound(key=it.tag, credential=mine.id.hex(), public_key=mine.public_key.hex())
    proven = genuineness.proven(it.tag, verdict)
    return [*_registered(it, work, at.reading), *seen, proven, bound, *answered]


def _registered(it: Request, work: Work, reading: Reading) -> Sequence[ev.Fact]:
    """What the key says, as it is registered; nothing of one that is registered already."""
    if it.tag in work.register.keys:
        return ()
    registered = ev.KeyRegistered(
        key=it.tag,
        account=it.account,
        use=it.use,
        product=reading.product,
        aaguid=reading.aaguid,
        firmware=reading.firmware,
        serial=reading.serial,
    )
    return (registered,)


def _at_key(it: Request, work: Work, seen: list[ev.Fact]) -> AtKey:
    """The key, named by the number on its label, or by a touch where it has none.

    What is seen of it before it is registered is entered after that.
    """
    desk = KeyDesk.of(work.station, work.interaction, it.custodian, seen.append)
    if not plugged(desk.bus):
        work.interaction.wait_for_key(_prompt(it, Topic.PLUG, f"Plug in key {it.tag}"))
    typed = ask_serial(work.interaction, it.custodian, it.tag)
    found = desk.find(Named(serial=typed) if typed is not None else Named(touch=True))
    if typed is None and found.reading.serial is not None:
        raise InputError(
            f"the key that was touched has the serial number {found.reading.serial}",
            mend="Compare it with the label, and type it.",
        )
    if found.tag not in ("", it.tag):
        raise RefusedError(
            f"this key is registered already, as {found.tag}", mend="Use that tag for it."
        )
    before = work.register.keys.get(it.tag)
    if before and (before.serial, before.aaguid) != (found.reading.serial, found.reading.aaguid):
        raise RefusedError(
            f"key {it.tag} is registered with other numbers: this is another key",
            mend="Plug in the right one, or choose a new tag.",
        )
    return AtKey(desk, found.reading, it.tag)


def _prompt(it: Request, topic: Topic, text: str) -> Prompt:
    return Prompt(topic=topic, text=text, person=it.custodian, subject=it.tag)


def _demand_trustworthy(at: AtKey, mode: Mode) -> None:
    if mode is Mode.LIVE and relying_party.is_software(at.reading.aaguid):
        raise RefusedError(
            f"{at.reading.plugged.name} is a software key: a live ledger takes none",
            mend="Register a security key, or practise on a rehearsal ledger.",
        )
