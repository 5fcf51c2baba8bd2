"""Ceremonies from the command line: the station that fits the ledger, and its people."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from keyvault_kit.assembly import SOFT_KEYS, Bench, live_station, practice_station, reading
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.interaction import Interaction
from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.cli.output import say
from keyvault_kit.cli.prompts import TerminalInteraction
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import LedgerError, RefusedError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal.practice import PractisingInteraction

FOUNDING = "founding"


@dataclass(frozen=True, slots=True)
class AtWork:
    """A station with its people, over one ledger."""

    station: Station
    people: Interaction

    @property
    def register(self) -> Register:
        """What is true now."""
        return self.station.book.register

    def run(self, ceremony: Ceremony) -> Register:
        """Go through a ceremony to its end."""
        return engine.run(ceremony, self.station, self.people)

    def change(
        self,
        activity: str,
        by: tuple[str, ...],
        act: Callable[[Work], Sequence[ev.Fact]],
        *,
        words: str = "",
    ) -> None:
        """Enter a change that two people make, and sign where it takes that; and say so."""
        signers = both(self.register, by)
        self.run(change.ceremony(self.register, activity, signers, act, words=words))
        self._say_entered(activity, signers)

    def change_alone(
        self, activity: str, person: str, act: Callable[[Work], Sequence[ev.Fact]]
    ) -> None:
        """Enter what one person may enter alone; and say so."""
        self.run(change.alone(self.register, activity, person, act))
        self._say_entered(activity, (person,))

    def _say_entered(self, activity: str, people: tuple[str, ...]) -> None:
        size = self.station.book.ledger.size
        say(f"Entered by {listed(people)}: {activity}. The ledger has {size} entries.")


@contextmanager
def at_work(
    path: Path,
    *,
    onto: Onto = None,
    in_ports: bool = False,
    transfer: Path | None = None,
) -> Iterator[AtWork]:
    """A live station for a live ledger; software keys and real prompts for a rehearsal's.

    Args:
        transfer: Folder of the transfer medium; the ledger's own where it is None.
        in_ports: Whether a rehearsal takes the keys in this machine's ports as well.

    Raises:
        InputError: There is no such ledger, or it cannot be written.
        LedgerError: It was not founded.
    """
    with Ledger.open(path) as ledger:
        mode = _mode(ledger)
        yield put_together(ledger, mode, onto=onto, in_ports=in_ports, transfer=transfer)


@contextmanager
def proposing_station(path: Path) -> Iterator[AtWork]:
    """A station on a copy of the ledger, which is only read; its people sign with their own keys.

    Raises:
        InputError: There is no such ledger.
        LedgerError: It was not founded.
    """
    with Ledger.open(path, read_only=True) as ledger:
        yield put_together(ledger, _mode(ledger))


def _mode(ledger: Ledger) -> Mode:
    register = reading(ledger).register
    mode, founding = register.mode, register.ceremonies.get(FOUNDING)
    if mode is None or (founding and not founding.closed):
        raise LedgerError(
            f"{ledger.path} was not founded to its end", mend="Run 'init' again; it goes on."
        )
    return mode


def put_together(
    ledger: Ledger,
    mode: Mode,
    *,
    onto: Onto = None,
    in_ports: bool = False,
    transfer: Path | None = None,
) -> AtWork:
    """The station and the people for a ledger of that mode."""
    people = TerminalInteraction()
    if mode is Mode.LIVE:
        return AtWork(live_station(ledger, onto=onto, transfer=transfer), people)
    bench = Bench.again(ledger.path.parent / SOFT_KEYS)
    practising = PractisingInteraction(people, bench, in_ports=in_ports)
    station = practice_station(ledger, bench, onto=onto, in_ports=in_ports, transfer=transfer)
    return AtWork(station, practising)


def one(register: Register, by: tuple[str, ...]) -> str:
    """Who acts alone.

    Raises:
        UsageError: Nobody was named, or several.
        RefusedError: There is no such person.
    """
    if len(by) != 1:
        raise click.UsageError("name who does it with --by PERSON, once")
    known(register.people, by[0], "person")
    return by[0]


def two(people: tuple[str, ...]) -> tuple[str, str]:
    """Those two, where it takes exactly so many.

    Raises:
        UsageError: More were named.
    """
    if len(people) != TWO:
        raise click.UsageError(f"two people do this, and {len(people)} were named")
    return people[0], people[1]


def both(register: Register, by: tuple[str, ...]) -> tuple[str, ...]:
    """Who acts together: those who were named, or the only two signers that there are.

    Raises:
        UsageError: Fewer than two were named, and it is not clear who else.
        RefusedError: Somebody who was named cannot sign.
    """
    named = tuple(dict.fromkeys(by))
    if len(named) >= TWO:
        unable = [person for person in named if person not in register.signers]
        if unable:
            raise RefusedError(
                f"{listed(unable)} cannot sign: there is no signing key of theirs on record",
                mend="Name two who can, or enrol the key first: 'people enrol'.",
            )
        return named
    if not by and len(register.signers) == TWO:
        return tuple(register.signers)
    raise click.UsageError(
        "name the two who do it together with --by PERSON --by PERSON;"
        f" signers are {', '.join(sorted(register.signers)) or 'nobody yet'}"
    )
