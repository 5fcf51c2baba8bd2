"""What people do with bags and safes in every ceremony."""

import re
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.ceremonies import check_pages
from keyvault_kit.custody.model import ID_PATTERN, Envelope, EnvelopeState
from keyvault_kit.custody.placing import guard
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import DeclinedError, InputError, RefusedError

BAG_TRIES: Final = 3
_MANY_DIGITS: Final = 5
_NEW_BAG: Final = "Take a new bag, and read its number aloud to each other first."


def seal(work: Work, envelope: str) -> ev.EnvelopeSealed:
    """Seal an envelope in a bag, in the step in which both sign that.

    Raises:
        RefusedError: They did not agree on the bag's number in three tries.
    """
    return ev.EnvelopeSealed(envelope=envelope, bag=_agreed_bag(work, envelope))


def bag(work: Work, envelope: str) -> ev.EnvelopeBagged:
    """Put a sheet into a bag, so that the next one may be printed; both sign for all of them later.

    Raises:
        RefusedError: As `seal`.
    """
    return ev.EnvelopeBagged(envelope=envelope, bag=_agreed_bag(work, envelope))


def _agreed_bag(work: Work, envelope: str) -> str:
    """The number of a new bag, which two people read from it, each on their own.

    Raises:
        RefusedError: They did not agree in three tries.
    """
    readers = (work.step.by * 2)[:2]
    for _ in range(BAG_TRIES):
        first, second = (_bag_number(work, envelope, person) for person in readers)
        if first == second:
            if first not in work.register.bags:
                return first
            used = work.register.bags[first]
            told = f"Bag {first} was used for envelope {used}: take a new bag."
        else:
            told = f"The two numbers for envelope {envelope} differ: read them again."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=envelope))
    raise RefusedError(
        f"two people did not agree on a new bag for envelope {envelope} in {BAG_TRIES} tries",
        mend=_NEW_BAG,
    )


def _bag_number(work: Work, envelope: str, person: str) -> str:
    text = f"{person}: read the number of the bag that holds envelope {envelope}"
    prompt = Prompt(topic=Topic.BAG_NUMBER, text=text, person=person, subject=envelope)
    for _ in range(BAG_TRIES):
        number = work.interaction.ask(prompt).strip()
        if re.fullmatch(ID_PATTERN, number):
            return number
        # Never repeated: it may be a share that was scanned into the wrong question.
        told = "That is no bag number: letters, digits, - and _ alone, without blanks."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=envelope))
    raise RefusedError(f"the bag number of envelope {envelope} was not typed", mend=_NEW_BAG)


def count_pages(work: Work) -> Sequence[ev.Fact]:
    """Have the pages of the ceremony's secret sheets counted: none may be missing.

    Raises:
        RefusedError: They do not add up, or are not what the ledger knows of.
    """
    counted = pages_of(work, work.ceremony)
    check_pages(work.register, counted)
    return [counted]


def pages_of(work: Work, ceremony: str) -> ev.PagesCounted:
    """What people count of a ceremony's pages; not compared with anything yet.

    Raises:
        InputError: What they type is no number.
    """
    printed = _pages(work, "printed", "came out of the printer, jams and misprints included")
    sealed = _pages(work, "sealed", "lie in bags")
    spoiled = _pages(work, "spoiled", "were shredded before they opened anything")
    once = any(
        work.register.envelopes[it].state is EnvelopeState.DESTROYED
        for it in work.register.ceremonies[ceremony].printed
    )
    destroyed = _pages(work, "destroyed", "were shredded after they were in force") if once else 0
    return ev.PagesCounted(
        ceremony=ceremony, printed=printed, sealed=sealed, spoiled=spoiled, destroyed=destroyed
    )


def _pages(work: Work, which: str, where: str) -> int:
    text = f"How many secret sheets of this ceremony {where}?"
    answer = work.interaction.ask(Prompt(topic=Topic.PAGES, text=text, subject=which)).strip()
    if not (answer.isascii() and answer.isdecimal() and len(answer) < _MANY_DIGITS):
        raise InputError("that is no number of sheets", mend="Type it in digits.")
    return int(answer)


TAKEN: Final = "taken"
REFUSED: Final = "not taken"
ANSWER_TRIES: Final = 3


def ask_outcome(work: Work, question: str, subject: str) -> bool:
    """Ask what the tenant did; both answers are typed in full.

    One by mistake would destroy what is in force, or trust what is not.

    Raises:
        RefusedError: Neither was typed in three tries; nothing is done.
    """
    text = f"{question} Type exactly: {TAKEN}, or: {REFUSED}"
    prompt = Prompt(topic=Topic.TENANT_PASSWORD, text=text, subject=subject)
    for _ in range(ANSWER_TRIES):
        answer = work.interaction.ask(prompt).strip()
        if answer in (TAKEN, REFUSED):
            return answer == TAKEN
    raise RefusedError(
        "it was not said whether the tenant took the password",
        mend="Look there, with another administrator, before you answer.",
    )


def deposit(work: Work, envelope: str, safe: str) -> ev.EnvelopeDeposited:
    """Have an envelope put into its safe.

    Since its sheet was made, or taken out, that safe may have got other openers.

    Raises:
        RefusedError: Somebody who opens that safe would have a second sheet of its set; or the
            openers do not say that it lies there.
    """
    fact = ev.EnvelopeDeposited(envelope=envelope, safe=safe)
    guard.check_fact(work.register, fact, work.station.clock().date())
    openers = known(work.register.safes, safe, "safe").openers
    text = f"Does envelope {envelope} lie in safe {safe} (openers {', '.join(openers)})?"
    prompt = Prompt(topic=Topic.DEPOSIT, text=text, subject=envelope)
    if not work.interaction.confirm(prompt):
        raise RefusedError(f"envelope {envelope} does not lie in safe {safe} yet")
    return fact


def open_envelope(work: Work, envelope: str, why: str) -> ev.EnvelopeOpened:
    """Inspect a bag and open it; a damaged bag is recorded, and never stops an opening."""
    bag = known(work.register.envelopes, envelope, "envelope").bag
    text = f"Is bag {bag} of envelope {envelope} intact, and is that its number?"
    intact = work.interaction.confirm(Prompt(topic=Topic.BAG_INTACT, text=text, subject=envelope))
    return ev.EnvelopeOpened(envelope=envelope, why=why, intact=intact)


def demand_words(
    people: Interaction, topic: Topic, what: str, words: str, *, person: str = ""
) -> None:
    """Have exact words typed before something that cannot be undone.

    Args:
        what: What it will do, in a sentence without a full stop.

    Raises:
        RefusedError: Something else was typed.
    """
    text = f"{what}. This cannot be undone. To go on, type exactly: {words}"
    prompt = Prompt(topic=topic, text=text, person=person, subject=words.rpartition(" ")[2])
    if people.ask(prompt).strip() != words:
        raise DeclinedError(
            f"the words were not typed, and nothing was done: {what}",
            mend=f"Begin again, and type: {words}",
        )


def unfinished(register: Register, plan: str, stem: str) -> str:
    """The id of a ceremony of that plan that was begun and can go on, or else a new one."""
    for it in reversed(register.ceremonies.values()):
        if it.plan == plan and not it.closed and it.id.startswith(stem):
            return it.id
    return next_id(stem, register.ceremonies)


def number_for(register: Register, plan: str, request: ev.Request) -> int:
    """The number of a ceremony of that plan and request that can go on, or else the next one."""

    def same(other: ev.Request) -> bool:
        wanted, begun = ({**each, "number": 0} for each in (request, other))
        return msgspec.json.encode(wanted, order="sorted") == msgspec.json.encode(
            begun, order="sorted"
        )

    mine = [it for it in register.ceremonies.values() if it.plan == plan]
    for it in mine:
        number = it.request.get("number")
        if not it.closed and same(it.request) and isinstance(number, int):
            return number
    return len(mine) + 1


def next_id(stem: str, taken: Collection[str]) -> str:
    """The first of `stem`1, `stem`2, ... that nothing has yet."""
    n = 1
    while f"{stem}{n}" in taken:
        n += 1
    return f"{stem}{n}"


def key_envelope(register: Register, tag: str) -> Envelope | None:
    """The sealed envelope in which a key lies now."""
    lies = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    bag = register.bag_of(tag)
    return bag if bag and bag.state in lies else None
