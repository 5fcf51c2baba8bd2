"""One short engine for every ceremony: it runs a plan's steps and keeps them in the ledger.

A step's facts and its mark go into the ledger in one transaction, so a crash at any moment leaves
the step done or not done. What a step holds in memory alone, a secret above all, is lost in a
crash: the steps that need it send the ceremony back to a declared step, which first records what
is spoiled by that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec

from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.events import Request
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import (
    DeviceError,
    InputError,
    InternalError,
    MismatchError,
    RefusedError,
)
from keyvault_kit.ledger.store import Detail
from keyvault_kit.secret import Secret

REVEAL_SECONDS: Final = 60
"""How long a secret stays on the screen at most."""


class Condition(msgspec.Struct, frozen=True):
    """Something that must be true of the register, and how to say that it is not."""

    otherwise: str
    holds: Callable[[Register], bool]


class GoBack(Exception):  # noqa: N818 - no error: a turn that a ceremony can take
    """Raised by an act when the ceremony must go back to the step's `restart`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan.

    Attributes:
        id: Unique in its plan.
        activity: What is done, in plain words; the printed script and the record show it.
        by: Ids of the people who do it.
        act: Does it, and returns the facts to be recorded.
        before: What must be true to begin.
        after: What must be true when it is recorded.
        needs: Names of what it takes from the hands of this run.
        restart: The step to go back to when something of `needs` was lost, or at `GoBack`.
        on_return: Run when a ceremony comes back to this step: destroys what was lost half-made,
            and returns the facts that say so.
    """

    id: str
    activity: str
    by: tuple[str, ...]
    act: Callable[["Work"], Sequence[ev.Fact]]
    before: Condition | None = None
    after: Condition | None = None
    needs: tuple[str, ...] = ()
    restart: str | None = None
    on_return: Callable[["Work"], Sequence[ev.Fact]] | None = None


class Plan(msgspec.Struct, frozen=True):
    """A ceremony as data.

    Attributes:
        steps: From the register before the ceremony and what was requested to the steps; pure.
    """

    name: str
    steps: Callable[[Register, Request], tuple[Step, ...]]


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its id, its request and its people: what `run` needs to begin or go on."""

    id: str
    plan: Plan
    request: Request
    people: tuple[str, ...]


class Hands:
    """What a run holds in memory between its steps; secrets are wiped when it is let go."""

    def __init__(self) -> None:
        self._things: dict[str, object] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._things

    def take(self, name: str, thing: object) -> None:
        """Hold a thing under a name; a thing held before under it is wiped."""
        self._wipe(self._things.get(name))
        self._things[name] = thing

    def secret(self, name: str) -> Secret:
        """The secret held under that name."""
        thing = self._things[name]
        if not isinstance(thing, Secret):
            raise InternalError(f"{name} is not a secret")
        return thing

    def secrets(self, name: str) -> tuple[Secret, ...]:
        """The secrets held together under that name."""
        things = self._things[name]
        if not isinstance(things, tuple):
            raise InternalError(f"{name} are not secrets")
        return things

    def drop(self, name: str) -> None:
        """Wipe and forget what is held under that name, if anything is."""
        self._wipe(self._things.pop(name, None))

    def let_go(self) -> None:
        """Wipe every secret and forget everything."""
        for thing in self._things.values():
            self._wipe(thing)
        self._things.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()

    @staticmethod
    def _wipe(thing: object) -> None:
        for it in thing if isinstance(thing, tuple) else (thing,):
            if isinstance(it, Secret):
                it.wipe()


@dataclass
class Work:
    """What a step's act works with."""

    station: Station
    interaction: Interaction
    ceremony: str
    hands: Hands
    step: Step
    details: list[Detail] = field(default_factory=list)

    @property
    def register(self) -> Register:
        """What is true now."""
        return self.station.book.register

    def observe(self, *facts: ev.Fact) -> None:
        """Record what was seen at once, whatever becomes of the step; at most it is seen twice."""
        self.station.book.record(facts, self.step.by)

    def reveal(
        self, prompt: Prompt, secret: Secret, *, set_id: str, half: int | None = None
    ) -> None:
        """Show a secret to the prompt's person; the exposure is recorded before."""
        self.observe(ev.SecretExposed(person=prompt.person, set=set_id, half=half))
        self.interaction.reveal(prompt, secret, seconds=REVEAL_SECONDS)


Watcher = Callable[[str, str, str], None]
"""Told of every moment: the ceremony, the step, and `begins`, `acted` or `recorded`."""


def nobody(ceremony: str, step: str, moment: str) -> None:
    """Nobody watches."""


def run(
    ceremony: Ceremony, station: Station, interaction: Interaction, watch: Watcher = nobody
) -> Register:
    """Begin a ceremony, or go on where its last run ended, until all of its steps are done.

    Returns:
        The register afterwards.

    Raises:
        RefusedError: A condition does not hold, or the register refuses what a step did.
        DeviceError: A key or the printer failed; the ceremony can be run again.
    """
    with Hands() as hands:
        return _Run(ceremony, station, interaction, watch, hands).go()


def script(steps: Sequence[Step]) -> tuple[tuple[int, str, str], ...]:
    """The printed script: number, activity and people of each step."""
    return tuple((i, step.activity, ", ".join(step.by)) for i, step in enumerate(steps, 1))


class _Run:
    """One run of one ceremony, from its first or its next step to its end."""

    def __init__(
        self,
        ceremony: Ceremony,
        station: Station,
        interaction: Interaction,
        watch: Watcher,
        hands: Hands,
    ) -> None:
        self.ceremony = ceremony
        self.station = station
        self.interaction = interaction
        self.watch = watch
        self.hands = hands
        self.book = station.book
        self.steps = self._plan()
        self.ids = [step.id for step in self.steps]
        self.returns = 0

    def _plan(self) -> tuple[Step, ...]:
        """The plan as it was when the ceremony began, from the ledger's own record of it."""
        it, begun = self.ceremony, self.book.register.ceremonies.get(self.ceremony.id)
        if begun is None:
            return it.plan.steps(self.book.register, it.request)
        if begun.plan != it.plan.name:
            raise RefusedError(f"ceremony {it.id} was begun by the plan {begun.plan}")
        return it.plan.steps(self.book.register_at(begun.started), begun.request)

    def go(self) -> Register:
        """Do every step that is not done, and close the ceremony."""
        self._hold_what_is_done()
        while (step := self._next()) is not None:
            lost = [name for name in step.needs if name not in self.hands]
            if lost:
                self._go_back(step, f"what step {step.id} needs was lost: {', '.join(lost)}")
                continue
            try:
                self._do(step)
            except GoBack as back:
                self._go_back(step, back.why)
        if not self.book.register.ceremonies[self.ceremony.id].closed:
            self.book.record([ev.CeremonyClosed(ceremony=self.ceremony.id)], self.ceremony.people)
        return self.book.register

    def _hold_what_is_done(self) -> None:
        """What a done step promised must still be true: it may have been done and found wanting."""
        begun = self.book.register.ceremonies.get(self.ceremony.id)
        if begun and not begun.closed:
            for step in self.steps:
                if step.id in begun.done:
                    _hold(step, step.after, self.book.register)

    def _next(self) -> Step | None:
        begun = self.book.register.ceremonies.get(self.ceremony.id)
        done = begun.done if begun else ()
        return next((step for step in self.steps if step.id not in done), None)

    def _do(self, step: Step) -> None:
        _hold(step, step.before, self.book.register)
        number = self.ids.index(step.id) + 1
        self.interaction.progress(self.ceremony.id, number, len(self.steps), step.activity)
        self.watch(self.ceremony.id, step.id, "begins")
        work = self._work(step)
        facts = self._act(step, work)
        self.watch(self.ceremony.id, step.id, "acted")
        self.book.record(self._framed(step, facts), step.by, work.details)
        self.watch(self.ceremony.id, step.id, "recorded")
        _hold(step, step.after, self.book.register)

    def _act(self, step: Step, work: Work) -> list[ev.Fact]:
        """Let a step act; where it fails, the people may try again before the run ends.

        A run that ends lets go of its secrets, and then a whole set is made anew.
        """
        while True:
            try:
                return list(step.act(work))
            except (DeviceError, InputError, MismatchError, RefusedError) as error:
                text = f"{error} Try this step again?"
                prompt = Prompt(topic=Topic.RETRY, text=text, subject=step.id)
                if not self.interaction.confirm(prompt):
                    raise

    def _framed(self, step: Step, facts: list[ev.Fact]) -> list[ev.Fact]:
        """A step's facts, after the start of the ceremony if it is the first, before its mark."""
        it = self.ceremony
        mark = ev.CeremonyStepped(ceremony=it.id, step=step.id)
        if it.id in self.book.register.ceremonies:
            return [*facts, mark]
        start = ev.CeremonyStarted(
            ceremony=it.id, plan=it.plan.name, people=it.people, request=it.request
        )
        founding = 1 if self.book.register.size == 0 else 0  # entry 0 is the founding itself
        return [*facts[:founding], start, *facts[founding:], mark]

    def _go_back(self, step: Step, why: str) -> None:
        self.returns += 1
        if step.restart is None or self.returns > len(self.steps):
            raise InternalError(f"{why}, and no step before mends that")
        to = self.steps[self.ids.index(step.restart)]
        done = self.book.register.ceremonies[self.ceremony.id].done
        behind = self.ids[self.ids.index(to.id) :]
        facts = list(to.on_return(self._work(to))) if to.on_return else []
        returned = ev.CeremonyReturned(
            ceremony=self.ceremony.id,
            to=to.id,
            undone=tuple(name for name in behind if name in done),
            why=why,
        )
        self.book.record([*facts, returned], to.by)

    def _work(self, step: Step) -> Work:
        return Work(self.station, self.interaction, self.ceremony.id, self.hands, step)


def _hold(step: Step, condition: Condition | None, register: Register) -> None:
    if condition is not None and not condition.holds(register):
        raise RefusedError(f"step {step.id}: {condition.otherwise}")
