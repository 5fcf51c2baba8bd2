"""Bags that are carried: the number of each is typed from it, and its seams are looked at.

What is missing, damaged or another bag is a finding, never an obstacle to the others (S34).
"""

from typing import Final

from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.walking import BAG_ANOTHER, BAG_DAMAGED, BAG_MISSING
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope
from keyvault_kit.custody.register import Register, known

RULES: Final = (BAG_MISSING, BAG_ANOTHER, BAG_DAMAGED)
"""Rules of the findings that are made here."""


def compare(work: Work, envelope: str, where: str) -> list[ev.FindingMade]:
    """Have a bag compared with the register by those who do the step.

    Args:
        where: Where it should be, in words that follow 'envelope E': 'in safe hq-1'.

    Returns:
        What is wrong with it; nothing where it is the bag, and whole.
    """
    its = known(work.register.envelopes, envelope, "envelope")
    number = _typed(work, its, where)
    if not number:
        return [_missing(its, where)]
    if number != its.bag:
        return [_another(work.register, its, number, where)]
    text = f"Is bag {its.bag} of envelope {its.id} intact, at all seams and edges?"
    if work.interaction.confirm(Prompt(topic=Topic.BAG_INTACT, text=text, subject=its.id)):
        return []
    return [_damaged(its, where)]


def found_since(register: Register, ceremony: str, envelope: str) -> bool:
    """Whether something was found to be wrong with a bag since a ceremony began."""
    started = register.ceremonies[ceremony].started
    return any(
        it.seq > started and it.subject == envelope and it.rule in RULES
        for it in register.open_findings()
    )


def _typed(work: Work, its: Envelope, where: str) -> str:
    """The number on the bag; empty where there is none. A slip of whoever types is no finding."""
    text = f"Type the number on the bag of envelope {its.id} {where}; nothing if it is not there"
    prompt = Prompt(topic=Topic.BAG_SHOWN, text=text, subject=its.id)
    number = ""
    for _ in range(handling.BAG_TRIES):
        number = work.interaction.ask(prompt).strip()
        if number in ("", its.bag):
            break
        # Never repeated: it may be a share that was scanned into the wrong question.
        told = f"That is not the number of envelope {its.id}: read it again."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=its.id))
    return number


def _missing(its: Envelope, where: str) -> ev.FindingMade:
    return ev.FindingMade(
        rule=BAG_MISSING,
        subject=its.id,
        what=f"bag {its.bag} of envelope {its.id} is not {where}",
        mend="Look for it at once. If it stays away, treat what it holds as stolen: replace it, and"
        " find out who had it.",
    )


def _another(register: Register, its: Envelope, number: str, where: str) -> ev.FindingMade:
    # A number that is not known is never repeated: it may be what stands on a sheet.
    owner = register.bags.get(number)
    seen = f"bag {number}, that of envelope {owner}," if owner else "a bag of an unknown number"
    return ev.FindingMade(
        rule=BAG_ANOTHER,
        subject=its.id,
        what=f"{seen} was {where} in the place of bag {its.bag} of envelope {its.id}",
        mend="Keep the bag as evidence, closed, and find out who could come to it.",
    )


def _damaged(its: Envelope, where: str) -> ev.FindingMade:
    return ev.FindingMade(
        rule=BAG_DAMAGED,
        subject=its.id,
        what=f"bag {its.bag} of envelope {its.id} was damaged {where}",
        mend="Treat what it holds as seen: change that secret, seal it anew, and find out who had"
        " access. Where the bag lies now, two people enter: 'envelopes correct'.",
    )
