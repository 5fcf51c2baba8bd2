"""One short engine for every ceremony: it runs a plan's steps and keeps them in the ledger.

A step's facts and its mark go into the ledger in one transaction, so a crash at any moment leaves
the step done or not done. What a step holds in memory alone, a secret above all, is lost in a
crash: the steps that need it send the ceremony back to a declared step, which first records what
is spoiled by that.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import product
from typing import TypeVar

from keyvault_kit.ceremonies import clock, closing, exceptions, media, records
from keyvault_kit.ceremonies.book import Signing
from keyvault_kit.ceremonies.interaction import Interaction, OffScript, Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Condition, GoBack, Hands, Step, Work
from keyvault_kit.ceremonies.signing import sign_act
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.ceremonies.who_may import demand_may, may
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE, TWO, signatures_needed
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import (
    DeclinedError,
    DeviceError,
    InputError,
    InternalError,
    MismatchError,
    RefusedError,
)

T = TypeVar("T")

Watcher = Callable[[str, str, str], None]
"""Told of every moment: the ceremony, the step, and `begins`, `acted` or `recorded`."""


def nobody(ceremony: str, step: str, moment: str) -> None:
    """Nobody watches."""


def run(
    ceremony: Ceremony, station: Station, interaction: Interaction, watch: Watcher = nobody
) -> Register:
    """Begin a ceremony, or go on where its last run ended, until all of its steps are done.

    In the end its record is printed; where that fails, people are told how to print it later.

    Returns:
        The register afterwards.

    Raises:
        RefusedError: A condition does not hold, or the register refuses what a step did.
        DeviceError: A key or the printer failed; the ceremony can be run again.
    """
    with Hands() as hands:
        try:
            return _Run(ceremony, station, interaction, watch, hands).go()
        finally:
            station.paper.clear()


def walk_through(ceremony: Ceremony, station: Station, interaction: Interaction) -> tuple[str, ...]:
    """Go through a plan without doing anything: tell each step, and what would stand in its way.

    Returns:
        What stands in the way already now, in words; what only an earlier step makes true is not
        among it.
    """
    register, day = station.book.register, station.clock().date()
    steps = ceremony.plan.steps(register, ceremony.request)
    done = its.done if (its := register.ceremonies.get(ceremony.id)) else ()
    troubles: dict[str, None] = {}
    for number, step in enumerate(steps, 1):
        interaction.progress(ceremony.id, number, len(steps), step.activity)
        notes = [f"by {listed(step.by)}"]
        notes += ["signed"] if step.signed else []
        notes += ["a secret is in memory"] if step.secret or step.needs else []
        notes += ["done already"] if step.id in done else []
        text = f"      {'; '.join(notes)}"
        interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=step.id))
        troubles |= dict.fromkeys(_troubles(step, register, day))
    return tuple(troubles)


def _troubles(step: Step, register: Register, day: date) -> Iterator[str]:
    for person in step.by:
        its = register.people.get(person)
        if its is None:
            yield f"{person} is not in the register"
        elif (its.since or day) > day or (its.until or day) < day:
            yield f"{person} has no authority on {day}"
        if its is not None:
            for act in step.acts:
                if not may(register, person, act):
                    yield f"{person} has no role that may {TABLE[act].act}"
        if step.signed and register.signers and person not in register.signers:
            yield f"{person} has no signing key on record"


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
        if not self.steps:
            raise RefusedError(f"ceremony {ceremony.id} has nothing to do")
        self.ids = [step.id for step in self.steps]
        self.returns = 0
        self.clock_read = False
        self.media_noted = False
        self.latest: datetime | None = None

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
        self._check_all_people()
        self._tell_of_exceptions()
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
            self._close()
        records.print_at_close(self.station, self.interaction, self.ceremony.id, self.steps)
        return self.book.register

    def _close(self) -> None:
        """Each participant agrees or says why not, and signs; one step alone needs no more."""
        it = self.ceremony
        step = Step(id="close", activity="Close the ceremony", by=it.people, act=lambda _: ())
        work = self._work(step)
        said = closing.Said((), ())
        if len(self.steps) > 1:
            said = self._trying(step.id, work, lambda: closing.ask_all(work, it.people))
        signing = self._signing(work, said.signing, always=True) if it.plan.clock else None
        self.book.record(
            [*said.facts, ev.CeremonyClosed(ceremony=it.id)],
            it.people,
            work.details,
            signing=signing if said.signing else None,
            occurred=it.occurred,
        )

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
        self._check_signers(step)
        self._read_clock()
        number = self.ids.index(step.id) + 1
        self.interaction.progress(self.ceremony.id, number, len(self.steps), step.activity)
        self.watch(self.ceremony.id, step.id, "begins")
        work, facts = self._trying(step.id, self._work(step), lambda: self._act(step))
        self.watch(self.ceremony.id, step.id, "acted")
        self._record(work, self._framed(step, facts))
        self.watch(self.ceremony.id, step.id, "recorded")
        _hold(step, step.after, self.book.register)

    def _act(self, step: Step) -> tuple[Work, list[ev.Fact]]:
        """Act once; each try has a work of its own, so that nothing is written down twice.

        Whatever is plugged in could take a secret away: it is looked at before, and afterwards.

        Raises:
            RefusedError: A transfer medium is plugged in while a secret is, or comes, in memory.
            InputError: What was typed is a secret in hand.
        """
        work = self._work(step)
        secret = step.secret or self.hands.hold_secret
        if secret:
            work.demand_no_media()
        try:
            facts = list(step.act(work))
            work.demand_no_secret(*facts)
        finally:
            if secret or self.hands.hold_secret:
                self._note_media(work)
        return work, facts

    def _note_media(self, work: Work) -> None:
        """Enter what was plugged in meanwhile, once in a run; nothing is, before the founding."""
        seen = self.station.media()
        if seen and not self.media_noted and self.book.register.size:
            self.media_noted = True
            found = media.was_plugged(work, seen)
            self.book.record([*self._start(), found], work.step.by, occurred=work.occurred)
            told = f"WARNING: {found.what}. {found.mend}"
            self.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=work.step.id))

    def _trying(self, what: str, work: Work, act: Callable[[], T]) -> T:
        """Let people act; where that fails, they may try again before the run ends.

        A run that ends lets go of its secrets, and then a whole set is made anew. Where somebody
        says that it is not as planned, that is noted, and they act again.
        """
        while True:
            try:
                return act()
            except OffScript:
                self._note_exception(work)
            except DeclinedError:
                raise  # people said no: they were asked already
            except (DeviceError, InputError, MismatchError, RefusedError) as error:
                text = f"{error.sentences} Try this step again?"
                prompt = Prompt(topic=Topic.RETRY, text=text, subject=what)
                if not self.interaction.confirm(prompt):
                    raise

    def _tell_of_exceptions(self) -> None:
        """How to say that something is not as planned; a step alone is but declined."""
        if len(self.steps) > 1 and self._next():
            it = self.ceremony.id
            self.interaction.show(Prompt(topic=Topic.NOTE, text=exceptions.HOW, subject=it))

    def _note_exception(self, work: Work) -> None:
        """Note what happened; before there is a ledger, there is nothing to note it in."""
        if self.book.register.size == 0:
            text = "There is no ledger yet: say so at the next step, or end it here with Ctrl-C."
            self.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=work.step.id))
            return
        noting = self._work(work.step)
        with suppress(OffScript):
            noted = exceptions.note(noting)
            self.book.record([*self._start(), noted], work.step.by, noting.details)

    def _start(self) -> list[ev.Fact]:
        """The start of the ceremony, where it is not on record yet."""
        it = self.ceremony
        if it.id in self.book.register.ceremonies:
            return []
        start = ev.CeremonyStarted(
            ceremony=it.id, plan=it.plan.name, people=it.people, request=it.request
        )
        return [start]

    # --- Signatures

    def _check_all_people(self) -> None:
        """Whoever may not do it, or cannot sign it, need not begin; at a founding nobody is yet."""
        register = self.book.register
        begun = register.ceremonies.get(self.ceremony.id)
        if register.signers and not (begun and begun.closed):
            for step in self.steps:
                if not begun or step.id not in begun.done:
                    self._check_signers(step)
                    for person, act in product(step.by, step.acts):
                        demand_may(register, person, act)

    def _check_signers(self, step: Step) -> None:
        if not step.signed:
            return
        people = set(step.by)
        missing = sorted(people - set(self.book.register.signers))
        if missing or len(people) < TWO:
            raise RefusedError(
                f"step {step.id} takes the signatures of {' and '.join(step.by)}, and"
                f" {', '.join(missing) or 'a second person'} has no signing key on record",
                mend="Two signers enrol it: 'people enrol'.",
            )

    def _record(self, work: Work, facts: list[ev.Fact]) -> None:
        step = work.step
        signing = self._signing(work, step.by) if step.signed else None
        self.book.record(
            facts,
            step.by,
            work.details,
            signing=signing,
            erase=work.erase,
            checkpoint_signatures=work.checkpoint_signatures,
            occurred=self.ceremony.occurred,
        )

    def _signing(self, work: Work, people: Sequence[str], *, always: bool = False) -> Signing:
        """Each signs with a key of their own; one that fails may be tried again."""

        def sign(person: str, message: bytes) -> str:
            return self._trying(person, work, lambda: sign_act(work, person, message))

        signers = self.book.register.signers
        able = tuple(it for it in dict.fromkeys(people) if it in signers)
        return Signing(able, sign, always=always)

    # --- The clock

    def _read_clock(self) -> None:
        """At the beginning of a sitting, and where the clock went back in the middle of one."""
        if not self.ceremony.plan.clock:
            return
        if self.clock_read and not clock.went_back(self.book.now(), self.latest):
            self.latest = self.book.now()
            return
        readers = clock.readers(self.ceremony)
        step = Step(id="clock", activity="Read the time", by=readers, act=lambda _: ())
        work = self._work(step)
        fact = self._trying("clock", work, lambda: clock.read(work, readers))
        overruled = isinstance(fact, ev.ClockOverruled)
        signing = self._signing(work, readers) if overruled else None
        self.book.record([fact], readers, signing=signing)
        self.clock_read = True
        self.latest = self.book.now()

    def _framed(self, step: Step, facts: list[ev.Fact]) -> list[ev.Fact]:
        """A step's facts, after the start of the ceremony if it is the first, before its mark."""
        it = self.ceremony
        mark = ev.CeremonyStepped(ceremony=it.id, step=step.id)
        founding = 1 if self.book.register.size == 0 else 0  # entry 0 is the founding itself
        if not it.plan.clock and not self.clock_read:
            facts.insert(founding, ev.ClockUnchecked(ceremony=it.id))
            self.clock_read = True
        return [*facts[:founding], *self._start(), *facts[founding:], mark]

    def _go_back(self, step: Step, why: str) -> None:
        self.returns += 1
        if step.restart is None or self.returns > len(self.steps):
            raise InternalError(f"{why}, and no step before mends that")
        to = self.steps[self.ids.index(step.restart)]
        done = self.book.register.ceremonies[self.ceremony.id].done
        behind = self.ids[self.ids.index(to.id) :]
        work = self._work(to)
        facts = list(to.on_return(work)) if to.on_return else []
        returned = ev.CeremonyReturned(
            ceremony=self.ceremony.id,
            to=to.id,
            undone=tuple(name for name in behind if name in done),
            why=why,
        )
        signing = self._signing(work, to.by) if signatures_needed(*facts) else None
        self.book.record([*facts, returned], to.by, signing=signing)

    def _work(self, step: Step) -> Work:
        it = self.ceremony
        return Work(
            self.station,
            self.interaction,
            it.id,
            self.hands,
            step,
            occurred=it.occurred,
            waits=it.plan.clock,
        )


def _hold(step: Step, condition: Condition | None, register: Register) -> None:
    if condition is not None and not condition.holds(register):
        raise RefusedError(f"step {step.id}: {condition.otherwise}")
