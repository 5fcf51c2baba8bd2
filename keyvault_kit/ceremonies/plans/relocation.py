"""Envelopes move to another safe, or a safe with all that lies in it to another site (S34, S55).

What the move does to custody is told before it begins. Each bag is compared twice, where it was
and where it arrives; one that is missing or damaged is a finding, and the others go on.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.ceremonies import carrying, handling, station_papers
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.walking import lying_in
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import EnvelopeState, Id
from keyvault_kit.custody.moving import Moved, after_move, told_of
from keyvault_kit.custody.placing.guard import check_move
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import DeclinedError, InputError, RefusedError

COMBINATION: Final = "combination"
"""The rule of the finding that a safe moved, and opens as before."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What moves.

    Attributes:
        to: The safe that envelopes go to; the site that a safe goes to.
        officers: Two who sign; the first gives, the second goes along and looks on.
        envelopes: Those that move; none where a safe does.
        safe: The safe that moves; empty where envelopes do.
        receiver: Who receives; the second officer does where nobody is named.
        why: In a word.
        number: Of the ceremony, among the relocations.
    """

    to: Id
    officers: tuple[str, str]
    envelopes: tuple[str, ...] = ()
    safe: str = ""
    receiver: str = ""
    why: str = "relocation"
    number: int = 1

    @property
    def moved(self) -> Moved:
        """What moves where."""
        return Moved(to=self.to, envelopes=self.envelopes, safe=self.safe)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Those who compare the bags where they arrive."""
        return (self.officers[1], self.receiver) if self.receiver else self.officers


def check(register: Register, it: Request, day: date) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: Nothing is named that moves, or both envelopes and a safe are.
        RefusedError: There is no such envelope, safe, site or person; it is there already; or
            somebody who opens that safe alone would have a second sheet of a secret.
    """
    if bool(it.safe) == bool(it.envelopes) or len(set(it.envelopes)) < len(it.envelopes):
        raise InputError("name the envelopes that move, each once, or the one safe that does")
    if it.receiver:
        known(register.people, it.receiver, "person")
        if it.receiver in it.officers:
            raise InputError(
                f"{it.receiver} cannot receive from themselves", mend="Name somebody else, or none."
            )
    if it.safe:
        known(register.sites, it.to, "site")
        if known(register.safes, it.safe, "safe").site == it.to:
            raise RefusedError(f"safe {it.safe} stands at {it.to} already")
        return
    known(register.safes, it.to, "safe")
    for envelope in it.envelopes:
        its = known(register.envelopes, envelope, "envelope")
        if its.state is not EnvelopeState.DEPOSITED:
            raise RefusedError(f"envelope {envelope} is {its.state}, and lies in no safe")
        if its.safe == it.to:
            raise RefusedError(f"envelope {envelope} lies in safe {it.to} already")
    _check_together(register, it.envelopes, it.to, day)


def _check_together(register: Register, envelopes: Iterable[str], to: str, day: date) -> None:
    """Two sheets of one secret may each go there alone, and not both."""
    state = register
    for envelope in envelopes:
        check_move(state, envelope, to, day)
        state = after_move(state, Moved(to=to, envelopes=(envelope,)))


def ceremony(request: Request) -> Ceremony:
    """The ceremony of this move."""
    people = {*request.officers, *request.receivers}
    return Ceremony(
        id=f"relocate-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=(*sorted(request.officers), *sorted(people - set(request.officers))),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: what changes, the paper, each bag twice, and what both sign."""
    it = msgspec.convert(request, Request)
    envelopes = it.envelopes or tuple(each.id for each in lying_in(register, it.safe))
    return (
        Step(
            id="told",
            activity=f"Hear what changes when {_what(it)}",
            by=it.officers,
            act=functools.partial(_tell, it),
        ),
        Step(
            id="form",
            activity="Print the custody transfer, which goes along",
            by=it.officers,
            act=functools.partial(_print, it, envelopes),
        ),
        *_bags(register, it, envelopes),
        *(_safe_steps(it) if it.safe else _envelope_steps(it)),
    )


PLAN = Plan("relocate", steps)


def _what(it: Request) -> str:
    if it.safe:
        return f"safe {it.safe} moves to site {it.to}"
    verb = "moves" if len(it.envelopes) == 1 else "move"
    return f"{listed(it.envelopes)} {verb} to safe {it.to}"


def _bags(register: Register, it: Request, envelopes: Iterable[str]) -> Iterator[Step]:
    origins = {each: register.envelopes[each].safe for each in envelopes}
    for envelope, safe in origins.items():
        yield Step(
            id=f"take-{envelope}",
            activity=f"Compare the bag of envelope {envelope} where it lies, in safe {safe}",
            by=it.officers,
            act=functools.partial(_compare, envelope, f"in safe {safe}"),
        )
    where = f"at site {it.to}, in safe {it.safe}" if it.safe else f"at safe {it.to}"
    for envelope in origins:
        yield Step(
            id=f"arrive-{envelope}",
            activity=f"Compare the bag of envelope {envelope} again, {where}",
            by=it.receivers,
            act=functools.partial(_compare, envelope, where),
        )


def _envelope_steps(it: Request) -> tuple[Step, ...]:
    return (
        Step(
            id="enter",
            activity=f"Sign what lies in safe {it.to} from now on",
            by=it.officers,
            act=functools.partial(_enter, it),
            acts=(ev.EnvelopeMoved,),
            signed=True,
        ),
    )


def _safe_steps(it: Request) -> tuple[Step, ...]:
    return (
        Step(
            id="enter",
            activity=f"Sign that safe {it.safe} stands at site {it.to}",
            by=it.officers,
            act=functools.partial(_enter_safe, it),
            acts=(ev.SafeMoved,),
            signed=True,
        ),
        Step(
            id="combination",
            activity=f"Change the combination of safe {it.safe}, and try it twice",
            by=it.officers,
            act=functools.partial(_combination, it.safe),
            acts=(ev.DutyDone,),
            signed=True,
        ),
    )


# --- What they do


def _tell(it: Request, work: Work) -> Sequence[ev.Fact]:
    told = told_of(work.register, it.moved, work.station.clock().date())
    for text in told:
        work.interaction.show(Prompt(topic=Topic.NOTE, text=f"  {text}", subject=it.to))
    many = "Do you want that" if told else "Nothing gets worse by it: do you want that"
    prompt = Prompt(topic=Topic.CHANGE, text=f"{_what(it)}. {many}?", subject=it.to)
    if not work.interaction.confirm(prompt):
        raise DeclinedError(f"they did not want it: {_what(it)}")
    return []


def _print(it: Request, envelopes: Sequence[str], work: Work) -> Sequence[ev.Fact]:
    station_papers.print_transfer(
        work,
        envelopes,
        it.moved,
        why=it.why,
        people=(it.officers[0], it.receivers[-1], it.officers[1]),
    )
    return []


def _compare(envelope: str, where: str, work: Work) -> Sequence[ev.Fact]:
    """Nothing is asked twice of a bag that is not as it should be: it stays where it is."""
    if carrying.found_since(work.register, work.ceremony, envelope):
        return []
    return carrying.compare(work, envelope, where)


def _enter(it: Request, work: Work) -> Sequence[ev.Fact]:
    arrived = [
        each for each in it.envelopes if _may_move(work.register, work.ceremony, each, it.to)
    ]
    _check_together(work.register, arrived, it.to, work.station.clock().date())
    for each in arrived:
        _confirm(work, each, f"Does envelope {each} lie in safe {it.to}?")
    _remind(work)
    return [ev.EnvelopeMoved(envelope=each, safe=it.to) for each in arrived]


def _may_move(register: Register, ceremony: str, envelope: str, to: str) -> bool:
    """Whether nothing is wrong with it; it may also have been opened on its way."""
    its = register.envelopes[envelope]
    lies = its.state is EnvelopeState.DEPOSITED and its.safe != to
    return lies and not carrying.found_since(register, ceremony, envelope)


def _enter_safe(it: Request, work: Work) -> Sequence[ev.Fact]:
    _confirm(work, it.safe, f"Does safe {it.safe} stand at site {it.to} now, closed?")
    _remind(work)
    return [ev.SafeMoved(safe=it.safe, site=it.to)]


def _confirm(work: Work, subject: str, question: str) -> None:
    prompt = Prompt(topic=Topic.DEPOSIT, text=question, subject=subject)
    if not work.interaction.confirm(prompt):
        raise RefusedError(f"{subject} is not where it was to go yet")


def _remind(work: Work) -> None:
    text = "Cards of sites that say otherwise are out of date now: make them anew ('sites card')."
    work.interaction.show(Prompt(topic=Topic.NOTE, text=text))


def _combination(safe: str, work: Work) -> Sequence[ev.Fact]:
    """Whoever moved it may have seen it opened (S42)."""
    text = (
        f"Was the combination of safe {safe} changed where it stands now, and did two people try"
        " the new one before its door was closed?"
    )
    if work.interaction.confirm(Prompt(topic=Topic.CHECK, text=text, subject=safe)):
        return [ev.DutyDone(duty=Duty.COMBINATION, subject=safe)]
    found = ev.FindingMade(
        rule=COMBINATION,
        subject=safe,
        what=f"safe {safe} was moved, and its combination is the one from before",
        mend=f"Change it, and enter that: 'due done combination {safe}'.",
    )
    return [found]
