"""Something is not as planned: what was expected, what happened, and what was decided."""

from typing import Final

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev

QUESTIONS: Final = {
    "expected": "What was expected at this step?",
    "happened": "What happened?",
    "decided": "What do you decide to do?",
}
"""Row of an exception -> how it is asked; the fields of the exception sheet."""

HOW: Final = (
    "Type ! at any question where something is not as planned: you say what happened, and the step"
    " begins anew."
)
"""How people come to say so; told when a ceremony begins."""

NOTHING: Final = "(nothing was said)"


def note(work: Work) -> ev.ExceptionNoted:
    """Have people say what happened; it stands in the record, in an erasable row."""
    row = {}
    for name, question in QUESTIONS.items():
        prompt = Prompt(topic=Topic.EXCEPTION, text=question, subject=name)
        row[name] = work.ask_words(prompt) or NOTHING
    details = work.write_down({"step": work.step.id, **row})
    return ev.ExceptionNoted(ceremony=work.ceremony, step=work.step.id, details=details)
