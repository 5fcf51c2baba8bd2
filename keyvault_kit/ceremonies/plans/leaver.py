"""Somebody leaves: their authority, safes and signing key end, and the rest is told as orders.

Who takes their place is settled before it begins; two officers who can sign are always left (S39,
S40, S42).
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from keyvault_kit.ceremonies import custody_forms, handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.paperwork import sheet_name, usual_paper
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.history import Duty, SafeTerm
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.leaving.orders import NEXT_DAY
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.placing.guard import check_openers
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.triggers import later
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.errors import DeclinedError, InputError, RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who leaves.

    Attributes:
        on: The last day of the authority, YYYY-MM-DD.
        officers: Two others, who sign.
        instead: `SAFE:PERSON`: who opens a safe from then on.
        number: Of the ceremony, among those of leavers.
    """

    person: str
    on: str
    officers: tuple[str, str]
    instead: tuple[str, ...] = ()
    number: int = 1

    @property
    def last_day(self) -> date:
        """The last day of the authority.

        Raises:
            InputError: It is no day.
        """
        try:
            return date.fromisoformat(self.on)
        except ValueError as error:
            raise InputError(f"{self.on!r} is no day", mend="Type it as YYYY-MM-DD.") from error

    @property
    def successors(self) -> Mapping[str, tuple[str, ...]]:
        """Safe -> those who open it from then on, besides those who do."""
        found: dict[str, tuple[str, ...]] = {}
        for each in self.instead:
            safe, _, person = each.partition(":")
            found[safe] = (*found.get(safe, ()), person)
        return found


def check(register: Register, it: Request, day: date) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: The last day is no day.
        RefusedError: There is no such person; they would sign it themselves; fewer than two
            officers who can sign would be left; a safe would have too few openers, or one who
            cannot be; or somebody would have a second sheet of a secret.
    """
    known(register.people, it.person, "person")
    if it.person in it.officers:
        raise RefusedError(f"{it.person} leaves: two others sign that")
    after = later(max(it.last_day, day), NEXT_DAY)
    _check_two_left(register, it.person, after)
    for safe, people in it.successors.items():
        if it.person not in known(register.safes, safe, "safe").openers:
            raise RefusedError(f"{it.person} does not open safe {safe}: nobody takes their place")
        for person in people:
            _check_successor(register, it, safe, person, after)
    state = register
    for fact in _changes(register, it):
        _check_enough(fact, it)
        check_openers(state, fact.safe, fact.openers, fact.need, day)
        state = _as_if(state, fact)


def _check_two_left(register: Register, person: str, after: date) -> None:
    able = [
        it.id
        for it in register.people.values()
        if it.id != person
        and it.id in register.signers
        and Role.OFFICER in it.roles
        and has_authority(it, after)
    ]
    if len(able) < TWO:
        raise RefusedError(
            f"without {person} fewer than two officers could sign, and nothing could be changed"
            " any more",
            mend="Enrol another officer's key first: 'people enrol'.",
        )


def _check_successor(register: Register, it: Request, safe: str, person: str, after: date) -> None:
    its = known(register.people, person, "person")
    if person == it.person or person in register.safes[safe].openers:
        raise RefusedError(f"{person} opens safe {safe} already", mend="Name somebody else.")
    if not has_authority(its, after):
        raise RefusedError(f"{person} has no authority on {after}", mend="Name somebody else.")


def _check_enough(fact: ev.SafeChanged, it: Request) -> None:
    if len(fact.openers) < fact.need:
        raise RefusedError(
            f"without {it.person} safe {fact.safe} has too few of the {fact.need} that it takes",
            mend=f"Say who takes their place: '--instead {fact.safe}=PERSON'.",
        )


def ceremony(request: Request) -> Ceremony:
    """The ceremony after which somebody has gone."""
    return Ceremony(
        id=f"leaver-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: what is to be done, the end of what they may do, the combinations, the orders."""
    it = msgspec.convert(request, Request)
    person, knows = (
        it.person,
        [safe for safe in register.safes if it.person in register.knowing(safe)],
    )
    doing = [
        ("hear", f"Hear what {person} could reach, and what is to be done", _hear, ()),
        (
            "authority",
            f"End the authority of {person} with {it.on}",
            _end,
            (ev.PersonChanged,),
        ),
        (
            "access",
            f"Take {person} off safes and signers, on the last day",
            _take_off,
            (ev.SafeChanged, ev.SignerRevoked),
        ),
    ]
    return (
        *(
            Step(
                id=name,
                activity=activity,
                by=it.officers,
                act=functools.partial(act, it),
                acts=acts,
                signed=bool(acts),
            )
            for name, activity, act, acts in doing
        ),
        *(
            Step(
                id=f"combination-{safe}",
                activity=f"Change the combination of safe {safe}, which {person} knows",
                by=it.officers,
                act=functools.partial(_combination, safe),
                acts=(ev.DutyDone,),
                signed=True,
            )
            for safe in knows
        ),
        Step(
            id="orders",
            activity=f"Print the work orders: what else is to be done because {person} leaves",
            by=it.officers,
            act=functools.partial(_orders, it),
        ),
    )


PLAN = Plan("leaver", steps)


# --- What they do


def _hear(it: Request, work: Work) -> Sequence[ev.Fact]:
    its = leaver(work.register, it.person, it.last_day, work.station.clock())
    for text in (*its.reached, *its.remembers):
        work.interaction.show(Prompt(topic=Topic.NOTE, text=f"  {text}.", subject=it.person))
    open_ = count_of(len(its.open_orders), "order")
    text = f"{it.person} leaves on {it.on}; {open_} to be done. Is that right?"
    prompt = Prompt(topic=Topic.CHANGE, text=text, subject=it.person)
    if not work.interaction.confirm(prompt):
        raise DeclinedError(f"it was not confirmed that {it.person} leaves")
    return []


def _end(it: Request, work: Work) -> Sequence[ev.Fact]:
    its = work.register.people[it.person]
    if its.until == it.last_day:
        return []
    changed = ev.PersonChanged(
        person=its.id, roles=its.roles, details=its.details, since=its.since, until=it.last_day
    )
    return [changed]


def _take_off(it: Request, work: Work) -> Sequence[ev.Fact]:
    today = work.station.clock().date()
    if today < it.last_day:
        raise RefusedError(
            f"{it.person} works until {it.on}: safes and signing key end on that day",
            mend="End here with Ctrl-C, and give the same command then: it goes on.",
        )
    facts: list[ev.Fact] = []
    state = work.register
    for changed in _changes(work.register, it):
        _check_enough(changed, it)
        check_openers(state, changed.safe, changed.openers, changed.need, today)
        state = _as_if(state, changed)
        facts.append(changed)
    if it.person in work.register.signers:
        facts.append(ev.SignerRevoked(person=it.person, why="left"))
    return facts


def _changes(register: Register, it: Request) -> Iterator[ev.SafeChanged]:
    """Each safe that they open, without them and with those who take their place."""
    for safe in register.safes.values():
        if it.person in safe.openers:
            left = (each for each in safe.openers if each != it.person)
            openers = tuple(dict.fromkeys((*left, *it.successors.get(safe.id, ()))))
            yield ev.SafeChanged(safe=safe.id, openers=openers, need=safe.need)


def _as_if(register: Register, fact: ev.SafeChanged) -> Register:
    """The register as it would be with other openers of a safe."""
    state = register.copy()
    state.safes[fact.safe] = msgspec.structs.replace(state.safes[fact.safe], openers=fact.openers)
    if state.time is not None:
        *before, last = state.safe_terms[fact.safe]
        ended = msgspec.structs.replace(last, until=state.time)
        new = SafeTerm(openers=fact.openers, need=fact.need, since=state.time)
        state.safe_terms[fact.safe] = (*before, ended, new)
    return state


def _combination(safe: str, work: Work) -> Sequence[ev.Fact]:
    """Where it cannot be changed today, it stays an open order."""
    openers = listed(work.register.safes[safe].openers)
    text = (
        f"Was the combination of safe {safe} changed (it is opened by {openers} now), and did two"
        " people try the new one before its door was closed?"
    )
    if work.interaction.confirm(Prompt(topic=Topic.CHECK, text=text, subject=safe)):
        return [ev.DutyDone(duty=Duty.COMBINATION, subject=safe)]
    text = f"Then it stays an order: 'due done combination {safe}' when it was."
    work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=safe))
    return []


def _orders(it: Request, work: Work) -> Sequence[ev.Fact]:
    now, book = work.station.clock(), work.station.book
    its = leaver(work.register, it.person, it.last_day, now)
    for order in its.open_orders:
        text = f"  by {order.by}: {order.what}"
        work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=order.subject))
    paper = usual_paper(work.register)
    pdf = custody_forms.work_orders(book, it.person, it.last_day, paper, now=now)
    work.station.paper.put(sheet_name("orders", it.person), pdf)
    return []
