"""A ceremony as data: plans of steps, and what a step works with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Self, TypeVar

import msgspec

from keyvault_kit.ceremonies import slips
from keyvault_kit.ceremonies.interaction import Interaction, Prompt, Topic
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.custody.events import Request
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, InternalError, RefusedError
from keyvault_kit.ledger.store import Detail
from keyvault_kit.secret import Secret

T = TypeVar("T")

REVEAL_SECONDS: Final = 60
"""How long a secret stays on the screen at most."""

_LONG: Final = 8
"""Characters of a secret that stand nowhere by accident."""


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
        acts: Kinds of what it enters, for which each of them must have a role: who has none is told
            before anything is begun.
        signed: Whether those who do it sign it with keys of their own, for it needs two.
        needs: Names of what it takes from the hands of this run.
        restart: The step to go back to when something of `needs` was lost, or at `GoBack`.
        secret: Whether a secret comes into memory in it: no transfer medium is plugged in then.
        on_return: Run when a ceremony comes back to this step: destroys what was lost half-made,
            and returns the facts that say so.
    """

    id: str
    activity: str
    by: tuple[str, ...]
    act: Callable[["Work"], Sequence[ev.Fact]]
    before: Condition | None = None
    after: Condition | None = None
    acts: tuple[type[ev.Fact], ...] = ()
    signed: bool = False
    secret: bool = False
    needs: tuple[str, ...] = ()
    restart: str | None = None
    on_return: Callable[["Work"], Sequence[ev.Fact]] | None = None


class Plan(msgspec.Struct, frozen=True):
    """A ceremony as data.

    Attributes:
        steps: From the register before the ceremony and what was requested to the steps; pure.
        clock: Whether each sitting opens with two people who read the time elsewhere. Openings and
            foundings never wait for that.
    """

    name: str
    steps: Callable[[Register, Request], tuple[Step, ...]]
    clock: bool = True


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its id, its request and its people: what `run` needs to begin or go on.

    Attributes:
        people: Everybody who takes part; the first two read the time.
        occurred: When it took place, aware, where it is entered afterwards; of what nobody signs.
    """

    id: str
    plan: Plan
    request: Request
    people: tuple[str, ...]
    occurred: datetime | None = None


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

    def thing(self, name: str, kind: type[T]) -> T:
        """The thing of that kind held under that name."""
        thing = self._things[name]
        if not isinstance(thing, kind):
            raise InternalError(f"{name} is no {kind.__name__}")
        return thing

    def secret(self, name: str) -> Secret:
        """The secret held under that name."""
        return self.thing(name, Secret)

    def secrets(self, name: str) -> tuple[Secret, ...]:
        """The secrets held together under that name."""
        things = self._things[name]
        if not isinstance(things, tuple):
            raise InternalError(f"{name} are not secrets")
        return things

    @property
    def all_secrets(self) -> tuple[Secret, ...]:
        """Every secret that is held, whatever its name."""
        each = (it for thing in self._things.values() for it in _each(thing))
        return tuple(it for it in each if isinstance(it, Secret))

    @property
    def hold_secret(self) -> bool:
        """Whether a secret is held under any name."""
        return bool(self.all_secrets)

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
        for it in _each(thing):
            if isinstance(it, Secret):
                it.wipe()


def _each(thing: object) -> tuple[object, ...]:
    return thing if isinstance(thing, tuple) else (thing,)


def demand_printable(row: dict[str, str]) -> None:
    """Check names and free text before they are kept: no control character, nothing empty.

    Raises:
        InputError: One is empty, or would draw on a screen what it is not.
    """
    for name, text in row.items():
        if not text.strip() or not text.isprintable():
            raise InputError(
                f"the text of {name!r} is empty, or holds a character that cannot be shown",
                mend="Type it again, on one line.",
            )


def printable(text: str) -> str:
    """A text from outside as it can be shown: what is no printable character becomes `?`."""
    return "".join(char if char.isprintable() else "?" for char in text)


@dataclass
class Work:
    """What a step's act works with.

    Attributes:
        details: Rows that are kept with what the step enters.
        occurred: When it took place, aware, where it is entered afterwards.
        waits: Whether it may be refused; an opening is warned, and goes on.
    """

    station: Station
    interaction: Interaction
    ceremony: str
    hands: Hands
    step: Step
    details: list[Detail] = field(default_factory=list)
    erase: list[str] = field(default_factory=list)
    checkpoint_signatures: list[tuple[int, str, str]] = field(default_factory=list)
    occurred: datetime | None = None
    waits: bool = True

    @property
    def register(self) -> Register:
        """What is true now."""
        return self.station.book.register

    def observe(self, *facts: ev.Fact) -> None:
        """Record what was seen at once, whatever becomes of the step; at most it is seen twice.

        Raises:
            InputError: What was typed into it is a secret in hand; nothing is recorded.
        """
        self.demand_no_secret(*facts)
        self.station.book.record(facts, self.step.by, occurred=self.occurred)

    def lay_open(self, set_id: str, number: int) -> None:
        """Record who stands by while a sheet lies open; to be called before it does.

        Raises:
            RefusedError: A transfer medium is plugged in.
        """
        self.demand_no_media()
        self.observe(
            *(
                ev.SecretExposed(person=person, set=set_id, number=number, present=True)
                for person in self.step.by
            )
        )

    def ask_words(self, prompt: Prompt) -> str:
        """Ask for free text that is kept; where it holds a secret it is not, and is asked anew.

        Returns:
            What was said, on one line; empty where nothing was.
        """
        text = f"{prompt.text} (never a secret)"
        asked = msgspec.structs.replace(prompt, text=text)
        while True:
            said = self.interaction.ask(asked).strip()
            if slips.holds(said, self.hands.all_secrets) or slips.looks_secret(said):
                told = "That held a secret, or looks like one, and was not kept. Say it without."
            elif said and not said.isprintable():
                told = "That held a character that cannot be shown, and was not kept."
            else:
                return said
            self.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=prompt.subject))

    def demand_no_secret(self, *facts: ev.Fact) -> None:
        """Check that nothing that was typed and is to be entered is a secret in hand.

        Raises:
            InputError: It is; nothing of it is repeated.
        """
        # Digits of a short PIN may stand in a fact by accident, and not be anybody's slip.
        long = (it for it in self.hands.all_secrets if len(it) >= _LONG)
        if slips.holds(msgspec.json.encode(facts).decode(), long):
            raise InputError(
                "what was typed is a secret, and was not entered",
                mend="Begin this step again, and type what is asked for.",
            )

    def demand_no_media(self) -> None:
        """Check that nothing is plugged in that could take a secret away; an opening is but warned.

        Raises:
            RefusedError: A transfer medium is plugged in.
        """
        media = self.station.media()
        if not media:
            return
        what = f"{' and '.join(media)}: plugged in while a secret is in memory"
        if self.waits:
            raise RefusedError(what, mend="Take it out, and log it out.")
        warning = Prompt(topic=Topic.NOTE, text=f"WARNING: {what}.", subject=self.step.id)
        self.interaction.show(warning)

    def write_down(self, row: dict[str, str], *, keep_until: date | None = None) -> str:
        """Put a name or free text into an erasable row; returns what the log says of it.

        Raises:
            InputError: It is empty, cannot be shown, or holds a secret in hand or a share.
        """
        demand_printable(row)
        text = "\n".join(row.values())
        if slips.holds(text, self.hands.all_secrets) or slips.has_share(text):
            raise InputError(
                "what was typed holds a secret, and was not kept", mend="Type it again without."
            )
        if keep_until:  # in the row as well: what it commits to covers the day, too
            row = row | {"keep_until": keep_until.isoformat()}
        salt = self.station.random(SALT_SIZE)
        commitment = commit(salt, row)
        until = keep_until.isoformat() if keep_until else None
        data = canonical_json(dict(row))
        self.details.append(Detail(commitment=commitment, salt=salt, row=data, keep_until=until))
        return commitment

    def reveal(
        self, prompt: Prompt, secret: Secret, *, set_id: str, half: int | None = None
    ) -> None:
        """Show a secret to the prompt's person; the exposure is recorded before.

        Raises:
            RefusedError: A transfer medium is plugged in.
        """
        self.demand_no_media()
        self.observe(ev.SecretExposed(person=prompt.person, set=set_id, half=half))
        self.interaction.reveal(prompt, secret, seconds=REVEAL_SECONDS)
