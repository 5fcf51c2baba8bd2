"""A change in one step: facts that named people enter together, and sign where it takes two."""

from collections.abc import Callable, Sequence

from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeclinedError


def ceremony(
    register: Register,
    activity: str,
    by: tuple[str, ...],
    act: Callable[[Work], Sequence[ev.Fact]],
    *,
    words: str = "",
) -> Ceremony:
    """A ceremony of one step.

    Args:
        activity: What is done, in plain words, complete in itself. It may hold names: it is shown,
            and not recorded.
        by: Who does it; two of them at least, who sign.
        act: Makes the facts.
        words: Where something is destroyed: what must be typed exactly to go on.
    """

    def confirmed(work: Work) -> Sequence[ev.Fact]:
        _ask(work, activity, words)
        return act(work)

    step = Step(id="change", activity=activity, by=by, act=confirmed, signed=True)
    return Ceremony(
        id=handling.next_id("change-", register.ceremonies),
        plan=Plan("change", lambda _register, _request: (step,)),
        request={},
        people=by,
    )


def alone(
    register: Register, activity: str, person: str, act: Callable[[Work], Sequence[ev.Fact]]
) -> Ceremony:
    """A ceremony of one step by one person, who signs nothing; one alone reads no time.

    Args:
        activity: What is done, in plain words. It is shown, and not recorded.
        act: Makes the facts; it asks the person whatever there is to ask.
    """
    step = Step(id="change", activity=activity, by=(person,), act=act)
    return Ceremony(
        id=handling.next_id("change-", register.ceremonies),
        plan=Plan("change", lambda _register, _request: (step,), clock=False),
        request={},
        people=(person,),
    )


def _ask(work: Work, activity: str, words: str) -> None:
    if words:
        handling.demand_words(work.interaction, Topic.CHANGE, activity, words)
        return
    text = f"{activity}: is that right?"
    if not work.interaction.confirm(Prompt(topic=Topic.CHANGE, text=text)):
        raise DeclinedError("it was not confirmed, and not entered")
