"""The bag walk and key audit: safe by safe, each bag compared, each key challenged (S34, S54).

A number on a bag and a serial number are claims. A bag is looked at; a key proves itself with its
private key, and lies in a new bag afterwards: that is an inspection and no use. Neither PINs nor
shares are opened. What is missing, or is not what it should be, is a finding, and the audit goes
on.
"""

import functools
from base64 import b64encode
from collections.abc import Iterator, Sequence

import msgspec

from keyvault_kit.ceremonies import audit_papers, handling, key_bags, walking
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.recognition import finding
from keyvault_kit.ceremonies.who_may import demand_may
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import roles_of
from keyvault_kit.custody.model import Envelope, EnvelopeState, Role, SecurityKey
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is audited, and by whom.

    Attributes:
        safes: The safes that are walked through, in that order.
        keys: Which keys are challenged, wherever they lie; where none is named, all that lie in
            those safes, and with all safes also what lies in none.
        auditor: Looks on, and handles nothing.
        custodian: Opens the bags together with the witness; both read the new ones, and sign.
    """

    auditor: str
    custodian: str
    witness: str
    number: int
    safes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: Nothing is named that could be audited; or one person would be two of the three.
        RefusedError: A safe, a key or a person is not in the register; the auditor is none; or one
            of the others may not seal a bag.
    """
    for safe in it.safes:
        known(register.safes, safe, "safe")
    for tag in it.keys:
        known(register.keys, tag, "key")
    if not it.safes and not it.keys:
        raise InputError("there is no safe to walk through", mend="Add one first: 'safes add'.")
    people = (it.auditor, it.custodian, it.witness)
    if len(set(people)) < len(people):
        raise InputError(
            "auditor, custodian and witness are three people",
            mend="Who handles the bags is not who looks on.",
        )
    roles = roles_of(register, it.auditor)
    if Role.AUDITOR not in roles:
        raise RefusedError(
            f"{it.auditor} is {' and '.join(roles)}, and no auditor",
            mend="An auditor looks on, who handles nothing: name one with --auditor.",
        )
    for person in (it.custodian, it.witness):
        demand_may(register, person, ev.EnvelopeSealed)


def ceremony(request: Request) -> Ceremony:
    """The audit of these safes and keys."""
    return Ceremony(
        id=f"{PLAN.name}-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(request.custodian, request.auditor, request.witness),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The audit of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """What it begins from; each safe, with two steps for each key in it; other keys; the report."""
    it = msgspec.convert(request, Request)
    lying = {safe: _keys_in(register, safe, it) for safe in it.safes}
    walked = {tag for tags in lying.values() for tag in tags}
    return (
        Step(
            id="begin",
            activity="Compare the ledger with the newest checkpoint on paper",
            by=(it.custodian, it.auditor),
            act=_begin,
        ),
        *(step for safe, tags in lying.items() for step in _safe_steps(register, safe, tags, it)),
        *(
            step
            for tag in _other_keys(register, it)
            if tag not in walked
            for step in _key_steps(register, tag, it)
        ),
        Step(
            id="report",
            activity="Print the report; all three sign it in ink",
            by=(it.custodian, it.auditor),
            act=functools.partial(_report, it),
        ),
    )


PLAN = Plan(walking.AUDIT, steps)


def _keys_in(register: Register, safe: str, it: Request) -> tuple[str, ...]:
    """The keys in service that lie in a safe and are audited, when the audit begins."""
    return tuple(
        key.id
        for key in register.keys.values()
        if not key.retired
        and (not it.keys or key.id in it.keys)
        and (bag := _bag_in_safe(register, key.id))
        and bag.safe == safe
    )


def _other_keys(register: Register, it: Request) -> tuple[str, ...]:
    """The keys that are audited beside those in the safes."""
    if it.keys:
        return it.keys
    if set(it.safes) != set(register.safes):
        return ()
    return tuple(key.id for key in register.keys.values() if _should_lie(register, key))


def _should_lie(register: Register, key: SecurityKey) -> bool:
    """Whether a key opens an account, and lies in no safe all the same."""
    in_use = bool(key.credential) and not key.retired
    return in_use and _bag_in_safe(register, key.id) is None


def _bag_in_safe(register: Register, tag: str) -> Envelope | None:
    bag = register.bag_of(tag)
    return bag if bag and bag.state is EnvelopeState.DEPOSITED else None


def _safe_steps(register: Register, safe: str, tags: Sequence[str], it: Request) -> Iterator[Step]:
    openers = ", ".join(known(register.safes, safe, "safe").openers)
    yield Step(
        id=walking.step_of(safe),
        activity=f"Open safe {safe} with its openers ({openers}); read the number of each bag"
        " there, and look at it",
        by=(it.custodian, it.auditor),
        act=functools.partial(walking.walk, safe),
    )
    for tag in tags:
        yield from _key_steps(register, tag, it)


def _key_steps(register: Register, tag: str, it: Request) -> tuple[Step, ...]:
    bag = _bag_in_safe(register, tag)
    if bag is None or bag.safe is None:
        what = f"key {tag} lies in no safe, by the register"
        return (
            Step(
                id=f"miss-{tag}",
                activity=f"Note that {what}",
                by=(it.custodian, it.auditor),
                act=functools.partial(_record, finding("key-custody", tag, what)),
            ),
        )
    handing = (it.custodian, it.witness)
    return (
        Step(
            id=f"inspect-{tag}",
            activity=f"Before {it.auditor}: open the bag of key {tag}, challenge the key, and seal"
            " what was in the bag in a new one",
            by=handing,
            act=functools.partial(_inspect, tag, bag.safe),
            signed=True,
        ),
        Step(
            id=f"deposit-{tag}",
            activity=f"Put the new bag of {tag} back into safe {bag.safe}",
            by=handing,
            act=functools.partial(key_bags.put_back, tag, bag.safe),
        ),
    )


def _begin(work: Work) -> Sequence[ev.Fact]:
    """Tell the root that the report will name: what is audited is what stood there by then."""
    checkpoint = work.station.book.ledger.checkpoint()
    signed = max(work.register.checkpoints, default=0)
    newest = f"the newest signed checkpoint is of {signed}" if signed else "none was ever signed"
    text = f"The ledger holds {checkpoint.size} entries, root {b64encode(checkpoint.root).decode()}"
    work.interaction.show(Prompt(topic=Topic.NOTE, text=f"{text}; {newest}."))
    return []


def _record(fact: ev.Fact, _: Work) -> Sequence[ev.Fact]:
    return [fact]


def _inspect(tag: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    """Open the bag, challenge the key and seal it again; a bag that is not there is not opened.

    That the bag was opened is entered at once: whoever is cut short after that goes on with the
    bag open, as the register has it.
    """
    bag = work.register.bag_of(tag)
    gap = walking.gap(work.register, work.ceremony, bag.id) if bag else None
    if bag is None or gap:
        why = gap.what if gap else "the register knows no bag of it any more"
        return [finding("key-present", tag, f"key {tag} could not be challenged: {why}")]
    if bag.state is not EnvelopeState.OPENED:
        work.observe(handling.open_envelope(work, bag.id, "inspection"))
    answered = key_bags.challenge(tag, work)
    return [answered, *key_bags.pack(tag, safe, answered, work)]


def _report(it: Request, work: Work) -> Sequence[ev.Fact]:
    people = (it.auditor, it.custodian, it.witness)
    audit_papers.print_report(work, it.safes, people=people, number=it.number)
    return []
