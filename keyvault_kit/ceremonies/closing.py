"""The end of a ceremony: each participant says whether its record is true, and signs that."""

from collections.abc import Iterable
from typing import Final

import msgspec

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev

AGREES: Final = "agrees"
DISAGREES: Final = "does not agree"
NOT_HERE: Final = "is not here any more"
ANSWERS: Final = (AGREES, DISAGREES, NOT_HERE)


class Said(msgspec.Struct, frozen=True):
    """What the participants said, and who of them will sign it."""

    facts: tuple[ev.Fact, ...]
    signing: tuple[str, ...]


def ask_all(work: Work, people: Iterable[str]) -> Said:
    """Ask each participant whether what was done is what the record will say.

    Whoever does not agree says why, in an erasable row; nobody can hold a ceremony open by that.
    """
    facts: list[ev.Fact] = []
    signing = []
    for person in people:
        text = f"{person}: was it all done as the record of {work.ceremony} says? {person} ..."
        prompt = Prompt(topic=Topic.AGREEMENT, text=text, person=person, subject=work.ceremony)
        answer = ANSWERS[work.interaction.choose(prompt, ANSWERS)]
        why = _why(work, person) if answer == DISAGREES else NOT_HERE
        agrees = answer == AGREES
        details = None if agrees else work.write_down({"person": person, "why": why})
        facts.append(
            ev.CeremonyAgreed(ceremony=work.ceremony, person=person, agrees=agrees, details=details)
        )
        if agrees and person in work.register.signers:
            signing.append(person)
    return Said(tuple(facts), tuple(signing))


def _why(work: Work, person: str) -> str:
    prompt = Prompt(
        topic=Topic.REMARK, text=f"{person}: why not?", person=person, subject=work.ceremony
    )
    while not (why := work.ask_words(prompt)):
        pass
    return why
