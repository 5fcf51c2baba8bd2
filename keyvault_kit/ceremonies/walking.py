"""A walk through a safe: the bags that lie there, compared with the register (S34, S54).

What is missing, unknown, damaged or somewhere else is a finding, never an obstacle: the walk goes
on to its end.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from keyvault_kit.ceremonies import slips
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import ID_PATTERN, Envelope, EnvelopeState, Finding
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed

AUDIT: Final = "audit"
"""The plan whose ceremonies walk through safes."""

WALK: Final = "walk"
"""How the ids of steps begin that walk through a safe."""

BAG_MISSING: Final = "bag-missing"
BAG_UNKNOWN: Final = "bag-unknown"
BAG_ELSEWHERE: Final = "bag-elsewhere"
BAG_DAMAGED: Final = "bag-damaged"
BAG_ANOTHER: Final = "bag-another"
"""Rules of the findings about bags, of every ceremony that compares one."""

_NOT_HERE: Final = (BAG_MISSING, BAG_ELSEWHERE)
_LONGEST: Final = 64
"""Characters of an id."""

_UNKNOWN: Final = (
    "No bag with that number is on record. If it stands on a closed bag here, type it once more; if"
    " not, it was a slip and does not count: type the next."
)

_MENDS: Final = {
    BAG_MISSING: "Look for it in the other safes, and ask who opened this one. If it stays away,"
    " treat what it holds as lost: replace it, and find out who had access.",
    BAG_UNKNOWN: "Leave it there, closed. Find out who put it there, and whether a bag of ours was"
    " exchanged for it.",
    BAG_ELSEWHERE: "Find out who moved it. Put it back; or, where it may stay, two people enter"
    " that: 'envelopes move' or 'envelopes correct'.",
    BAG_DAMAGED: "Treat what it holds as seen: change that secret, seal it anew, and find out who"
    " had access.",
}


def step_of(safe: str) -> str:
    """The id of the step that walks through a safe."""
    return f"{WALK}-{safe}"


def last_walk(register: Register, safe: str) -> datetime | None:
    """When the bags in a safe were last compared with the register; None where they never were."""
    mine = step_of(safe)
    times = (
        time
        for it in register.ceremonies.values()
        if it.plan == AUDIT
        for step, time in zip(it.done, it.times, strict=True)
        if step == mine
    )
    return max(times, default=None)


def home_of(register: Register, envelope: str) -> str:
    """Where an envelope lies, for whoever fetches it: 'safe hq-1 at hq (openers alice and bob)'.

    Returns:
        Empty where it lies in no safe.
    """
    its = register.envelopes[envelope]
    if its.state is not EnvelopeState.DEPOSITED:
        return ""
    safe = known(register.safes, its.safe or "", "safe")
    return f"safe {safe.id} at {safe.site} (openers {listed(safe.openers)})"


def lying_in(register: Register, safe: str) -> tuple[Envelope, ...]:
    """The envelopes that lie in a safe, by the register, oldest first."""
    return tuple(
        it
        for it in register.envelopes.values()
        if it.state is EnvelopeState.DEPOSITED and it.safe == safe
    )


def walk(safe: str, work: Work) -> Sequence[ev.Fact]:
    """Have the bags in a safe read one by one; whatever is not as the register says is a finding.

    A bag that another safe of the same audit had in its place is not missing: it was found.
    """
    expected = lying_in(work.register, safe)
    found: list[ev.Fact] = []
    read = set()
    for number in _numbers(work, safe, [it.bag or "" for it in expected]):
        read.add(number)
        its = work.register.envelopes.get(work.register.bags.get(number, ""))
        found += [*_misplaced(safe, number, its), *_damaged(work, number, its)]
    for it in expected:
        if it.bag not in read and not gap(work.register, work.ceremony, it.id):
            found.append(_finding(BAG_MISSING, it.id, _away(work.register, it)))
    return found


def gap(register: Register, audit: str, envelope: str) -> Finding | None:
    """The finding of an audit, not settled since, that an envelope does not lie in its safe."""
    started = register.ceremonies[audit].started
    for it in reversed(register.open_findings()):
        if it.seq > started and it.subject == envelope and it.rule in _NOT_HERE:
            return it
    return None


def _numbers(work: Work, safe: str, expected: Collection[str]) -> Iterator[str]:
    """The numbers of the bags that lie in a safe, each once.

    Where some were not read that should be there, people look for them again before that counts. A
    number that the register does not know counts once it was typed twice: it may be a slip.
    """
    text = f"The number of a bag in safe {safe}; nothing when there is no other"
    prompt = Prompt(topic=Topic.FOUND, text=text, person=work.step.by[0], subject=safe)
    read: set[str] = set()
    looked_again = False
    doubtful = ""
    while True:
        number, before = work.interaction.ask(prompt).strip(), doubtful
        doubtful = ""
        if not number:
            unread = sorted(set(expected) - read)
            if looked_again or not unread:
                return
            looked_again = True
            _tell(work, safe, f"Not read yet: {', '.join(unread)}. Look for them again.")
        elif not re.fullmatch(ID_PATTERN, number) or len(number) > _LONGEST:
            # Never repeated: it may be a share that was scanned into the wrong question.
            _tell(work, safe, "That is no bag number: letters, digits, - and _, without blanks.")
        elif number in read:
            _tell(work, safe, f"Bag {number} was read already.")
        elif number not in (*work.register.bags, before):
            doubtful = number
            _tell(work, safe, _UNKNOWN)
        else:
            read.add(number)
            yield number


def _tell(work: Work, safe: str, text: str) -> None:
    work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=safe))


def _misplaced(safe: str, number: str, its: Envelope | None) -> Iterator[ev.FindingMade]:
    """What is wrong with a bag that was found, but for its seal."""
    if its is None:
        # What may be a PIN, or a share, is not entered: a ledger forgets nothing.
        fit = not slips.looks_no_bag(number)
        bag = f"bag {number}" if fit else "a bag (its number looks like a secret: look there)"
        what = f"{bag} lies in safe {safe}, and the register knows no such bag"
        yield _finding(BAG_UNKNOWN, number if fit else safe, what)
    elif its.bag != number:
        now = f"lies in bag {its.bag} now" if its.bag else "lies in no bag now"
        what = f"bag {number} lies in safe {safe}: it was that of envelope {its.id}, which {now}"
        yield _finding(BAG_UNKNOWN, number, what)
    elif its.state is not EnvelopeState.DEPOSITED or its.safe != safe:
        lies = its.state is EnvelopeState.DEPOSITED
        told = f"lies in safe {its.safe}" if lies else f"is {its.state}, and lies in no safe"
        what = f"bag {number} of envelope {its.id} lies in safe {safe}; by the register it {told}"
        yield _finding(BAG_ELSEWHERE, its.id, what)


def _damaged(work: Work, number: str, its: Envelope | None) -> Iterator[ev.FindingMade]:
    """That the seal of a bag is broken; one that nobody knows is a finding whatever it looks like.

    What it holds is not told: who looks at the bag need not know that.
    """
    if its is None or its.bag != number:
        return
    text = f"Is bag {number} of envelope {its.id} intact, at all seams and edges?"
    prompt = Prompt(topic=Topic.BAG_INTACT, text=text, subject=its.id)
    if not work.interaction.confirm(prompt):
        yield _finding(BAG_DAMAGED, its.id, f"bag {number} of envelope {its.id} is damaged")


def _away(register: Register, its: Envelope) -> str:
    holds = contents_in(register, its)
    return f"bag {its.bag} of envelope {its.id} ({holds}) does not lie in safe {its.safe}"


def _finding(rule: str, subject: str, what: str) -> ev.FindingMade:
    return ev.FindingMade(rule=rule, subject=subject, what=what, mend=_MENDS[rule])
