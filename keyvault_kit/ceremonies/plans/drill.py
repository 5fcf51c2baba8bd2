"""A drill: one envelope is opened and verified, or a key signs in with its PIN (S54, S57, S60).

Never are as many sheets opened as open the account: one share alone tells nothing, and goes back
into a new bag in the same ceremony. A key signs in; its PIN was seen by that, and is to be changed.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import (
    documents,
    handling,
    key_bags,
    practising,
    recovering,
    walking,
)
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.practising import Question
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Why
from keyvault_kit.custody.model import Account, Envelope, EnvelopeState, SecretSet
from keyvault_kit.custody.reach import Reach, suffices
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is practised with: one of the two.

    Attributes:
        envelope: An envelope with a sheet of the account's password, or empty.
        key: The tag of a key, or empty.
        people: Two, who do it and sign.
        number: Which drill of the ledger it is.
    """

    account: str
    envelope: str = ""
    key: str = ""
    people: tuple[str, str]
    number: int


# --- What cannot be


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: Neither or both of envelope and key are named, or not of that account.
        RefusedError: What is named is not in the register, or does not lie in a safe; or as many
            sheets as open the account would come together, or somebody could sign in alone with
            what they saw (S38).
    """
    account = known(register.accounts, it.account, "account")
    if bool(it.envelope) == bool(it.key):
        raise InputError(
            "a drill is of one envelope, or of one key", mend="Name one: --envelope or --key."
        )
    if it.key:
        _check_key(register, account, it.key)
        _demand_out_of_reach(register, it.key, it.people)
        return
    envelope = known(register.envelopes, it.envelope, "envelope")
    if not envelope.set or envelope.set != account.password_set:
        raise InputError(f"envelope {envelope.id} holds no sheet of the password of {account.id}")
    _demand_safe(envelope)
    _demand_too_few(register, register.sets[envelope.set], envelope.number or 0, it.people)


def _check_key(register: Register, account: Account, tag: str) -> None:
    key = known(register.keys, tag, "key")
    if key.account != account.id:
        raise InputError(f"key {key.id} is that of {key.account}")
    if not handling.key_envelope(register, key.id):
        raise RefusedError(
            f"key {key.id} lies in no bag", mend="Practise with one that lies in its safe."
        )
    for envelope in recovering.bags_of_key(register, key.id):
        _demand_safe(register.envelopes[envelope])


def _demand_out_of_reach(register: Register, tag: str, people: Collection[str]) -> None:
    """Check that nobody who sees the PIN can take the key alone, before the PIN is changed (S38).

    Raises:
        RefusedError: Somebody can.
    """
    safe = (bag := handling.key_envelope(register, tag)) and bag.safe
    needs = register.knowing(safe) if safe else {}
    alone = [person for person in people if needs.get(person) == 1]
    if alone:
        raise RefusedError(
            f"{listed(alone)} would know the PIN of key {tag}, and can open safe {safe}, where it"
            " lies, alone",
            mend="Let two practise who cannot: whoever opens that safe hands the bag out to them.",
        )


def _demand_safe(it: Envelope) -> None:
    if it.state is not EnvelopeState.DEPOSITED:
        raise RefusedError(
            f"envelope {it.id} is {it.state}, and lies in no safe",
            mend="Put it back into a new bag and its safe first: 'reseal'.",
        )


def _demand_too_few(
    register: Register, its: SecretSet, number: int, people: Collection[str]
) -> None:
    """Check that neither two together nor one alone would have enough (S38, S54).

    What they stood by to under each other's eyes, when the sheets were made, does not count.

    Raises:
        RefusedError: They would.
    """
    pieces = {person: Reach(register, person).pieces(its.id) for person in people}
    together = {number}.union(*(it.seen for it in pieces.values()))
    if len(together) >= its.threshold:
        raise RefusedError(
            f"{listed(people)} would have seen {len(together)} of the sheets of {its.id}, and"
            f" {its.threshold} give the password",
            mend="Let others open it; or practise with a key: --key.",
        )
    for person, had in pieces.items():
        if had.whole or suffices(its, {number, *had.seen, *had.reached}, had.halves):
            raise RefusedError(
                f"with sheet {number} {person} alone would have, or could take, as much of"
                f" {its.id} as gives the password",
                mend="Let others open it; or practise with a key: --key.",
            )


# --- The plan


def ceremony(request: Request) -> Ceremony:
    """The drill of that number."""
    return Ceremony(
        id=f"drill-{request.account}-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.people)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The drill of this request that was cut short, or else the next one.

    Raises:
        InputError, RefusedError: As `check`, where it is a new one.
    """
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    found = ceremony(msgspec.structs.replace(request, number=number))
    if found.id not in register.ceremonies:
        check(register, request)
    return found


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps of a drill of an envelope, or of a key."""
    it = msgspec.convert(request, Request)
    return tuple(_with_key(register, it) if it.key else _with_envelope(register, it))


PLAN = Plan("drill", steps)

Act = Callable[[Work], Sequence[ev.Fact]]


def _step(
    it: Request, name: str, activity: str, act: Act, *, signed: bool = False, secret: bool = False
) -> Step:
    return Step(id=name, activity=activity, by=it.people, act=act, signed=signed, secret=secret)


# --- One envelope


def _with_envelope(register: Register, it: Request) -> Iterator[Step]:
    name, safe = it.envelope, register.envelopes[it.envelope].safe or ""
    yield _step(
        it,
        "before",
        f"Print the checklist; reach everybody who is needed for {it.account}",
        functools.partial(_before, it, practising.REACHED),
    )
    yield _opening(register, it, name)
    yield _step(
        it,
        f"verify-{name}",
        f"Read the sheet of envelope {name} alone, and compare it with its proof",
        functools.partial(_verify, name),
        secret=True,
    )
    yield from _back_steps(it, name, safe)


def _before(it: Request, questions: Sequence[Question], work: Work) -> Sequence[ev.Fact]:
    practising.print_checklist(work, it.account)
    return practising.ask_all(work, it.account, questions)


def _opening(register: Register, it: Request, envelope: str) -> Step:
    home = walking.home_of(register, envelope) or "its safe"
    return _step(
        it,
        f"open-{envelope}",
        f"Take the bag of envelope {envelope} out of {home}, inspect and open it",
        functools.partial(_open, envelope),
    )


def _open(envelope: str, work: Work) -> Sequence[ev.Fact]:
    return recovering.take_out(work, envelope, Why.DRILL)


def _verify(envelope: str, work: Work) -> Sequence[ev.Fact]:
    return [] if _wrong(envelope, work) else [recovering.verify(work, envelope)]


# --- A sheet goes back


def _back_steps(it: Request, envelope: str, safe: str) -> Iterator[Step]:
    yield _step(
        it,
        f"bag-{envelope}",
        f"Seal what was in envelope {envelope} in a new bag",
        functools.partial(_bag, envelope, safe),
        signed=True,
    )
    yield _step(
        it,
        f"deposit-{envelope}",
        f"Put the new bag of envelope {envelope} back into safe {safe}",
        functools.partial(_deposit, envelope, safe),
    )


def _bag(envelope: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    """A sheet that is not the right one is no sheet of the set: it does not go back as one."""
    if _wrong(envelope, work):
        told = (
            f"What was in envelope {envelope} does not go back as its sheet: keep it as evidence,"
            " and make a new secret."
        )
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=envelope))
        return []
    documents.print_label(work, envelope, work.register.envelopes[envelope].holds, safe)
    return [ev.EnvelopeResealed(envelope=envelope, bag=handling.seal(work, envelope).bag)]


def _deposit(envelope: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    sealed = work.register.envelopes[envelope].state is EnvelopeState.SEALED
    return [handling.deposit(work, envelope, safe)] if sealed else []


_WRONG: Final = frozenset({recovering.SHEET_UNUSABLE, recovering.CONTENT_GONE})


def _wrong(envelope: str, work: Work) -> bool:
    """Whether this drill found that an envelope has not got its sheet."""
    return bool(_found(work, envelope) & _WRONG)


def _found(work: Work, subject: str) -> set[str]:
    """The rules of what this drill found about something."""
    started = work.register.ceremonies[work.ceremony].started
    found = (it for it in work.register.findings if it.seq > started and it.settled is None)
    return {it.rule for it in found if it.subject == subject}


# --- A key


def _with_key(register: Register, it: Request) -> Iterator[Step]:
    bags = recovering.bags_of_key(register, it.key)
    pins = [envelope for envelope in bags if register.envelopes[envelope].set]
    bag = handling.key_envelope(register, it.key)
    safe = (bag.safe if bag else None) or ""
    yield _step(
        it,
        "before",
        f"Print the checklist; tell monitoring of the drill of {it.account}; reach everybody",
        functools.partial(_before, it, (*practising.TOLD, *practising.REACHED)),
    )
    yield from (_opening(register, it, envelope) for envelope in bags)
    yield _step(
        it,
        "sign-in",
        f"Sign in to {it.account} with key {it.key} and its PIN, look, and sign out",
        functools.partial(_sign_in, it),
    )
    yield _step(it, "alert", "Wait for the alert", functools.partial(_alert, it))
    yield _step(
        it,
        f"bag-{it.key}",
        f"Challenge key {it.key} here, and seal it in a new bag",
        functools.partial(_bag_key, it.key, bag.id if bag else "", safe),
        signed=True,
    )
    yield _step(
        it,
        f"deposit-{it.key}",
        f"Put the new bag of key {it.key} back into safe {safe}",
        functools.partial(key_bags.put_back, it.key, safe),
    )
    for pin in pins:
        yield from _back_steps(it, pin, register.envelopes[pin].safe or "")
    yield _step(
        it,
        "after",
        f"Tell monitoring that it is over; sign that the use of {it.account} was practised",
        functools.partial(_after, it),
        signed=True,
    )


def _sign_in(it: Request, work: Work) -> Sequence[ev.Fact]:
    before = practising.ask_all(work, it.account, practising.BEFORE_ACCESS)
    refused = recovering.use_key(work, it.account, it.key, Why.DRILL)
    after = [] if refused else practising.ask_all(work, it.account, practising.ACCESS)
    return [*before, *refused, *after]


def _alert(it: Request, work: Work) -> Sequence[ev.Fact]:
    if recovering.SIGN_IN_REFUSED in _found(work, it.key):
        return []
    return practising.ask_all(work, it.account, practising.ALERT)


def _bag_key(tag: str, bag: str, safe: str, work: Work) -> Sequence[ev.Fact]:
    """What answers as the key goes back as it; a bag that was empty leaves nothing to put back."""
    if recovering.CONTENT_GONE in _found(work, bag):
        return []
    answered = key_bags.challenge(tag, work)
    return [answered, *key_bags.pack(tag, safe, answered, work)]


def _after(it: Request, work: Work) -> Sequence[ev.Fact]:
    """The drill is done where everything in it worked that it is for; what is due now is told."""
    facts = practising.ask_all(work, it.account, practising.OVER)
    failed = (_found(work, it.account) | _found(work, it.key)) & practising.NEEDED
    if failed:
        told = f"The use of {it.account} did not work: the drill is owed still."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=it.account))
    else:
        facts.append(ev.DutyDone(duty=Duty.DRILL, subject=it.account))
    _tell_due(it, work)
    return facts


def _tell_due(it: Request, work: Work) -> None:
    now = work.station.clock()
    for duty in due(work.register, now):
        changes = duty.task in (Task.PIN, Task.PASSWORD)
        if changes and duty.subject in (it.account, it.key) and duty.day <= now.date():
            told = f"Due now: {duty.what} ({duty.trigger})."
            work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=duty.subject))
