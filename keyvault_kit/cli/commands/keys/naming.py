"""Which key a command is about, and the desk that it works at: with a ledger or without one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from keyvault_kit.assembly import makers_anchors, pin_guard, plugged_in_keys
from keyvault_kit.ceremonies.at_keys import AtKey, KeyDesk
from keyvault_kit.ceremonies.station import Anchors
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.cli.at_work import at_work, one
from keyvault_kit.cli.options import ID
from keyvault_kit.cli.prompts import TerminalInteraction
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LEDGER: Final = Path("ledger.db")

_OPTIONS: Final = (
    click.option("--tag", type=ID, help="The key's asset tag, by the register."),
    click.option("--serial", type=click.IntRange(1), help="The serial number on its label."),
    click.option("--touch", is_flag=True, help="The key that is touched next; all blink."),
    click.option("--by", type=ID, multiple=True, help="Who does it, where the key is registered."),
    click.option(
        "--ledger",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The ledger file; ledger.db where it is there. A key without one needs none.",
    ),
    click.option(
        "--in-ports", is_flag=True, help="In a rehearsal: the keys in this machine's ports."
    ),
)


def naming_options(function: F) -> F:
    """The options by which every command that writes to a key has it named."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def named(tag: str | None, serial: int | None, *, touch: bool) -> Named:
    """How the key is named: in one of the three ways.

    Raises:
        UsageError: In none of them, or in several.
    """
    if [tag is not None, serial is not None, touch].count(True) != 1:
        raise click.UsageError(
            "name the key in one way: --tag TAG, --serial NUMBER (on its label), or --touch"
        )
    return Named(tag=tag or "", serial=serial, touch=touch)


class Desk:
    """A desk with what attestations are judged by there."""

    def __init__(self, keys: KeyDesk, anchors: Callable[[], Anchors]) -> None:
        self.keys = keys
        self.anchors = anchors


@contextmanager
def desk(by: tuple[str, ...], ledger: Path | None, *, in_ports: bool = False) -> Iterator[Desk]:
    """The desk to work at: that of the ledger's station, or one without a ledger.

    Raises:
        InputError: A ledger was named, and there is none.
        UsageError: Several people were named, or one where there is no ledger.
    """
    path = ledger or DEFAULT_LEDGER
    if ledger is None and not path.exists():
        yield _without_ledger(by)
        return
    with at_work(path, in_ports=in_ports) as it:
        person = one(it.register, by) if by else ""

        def observe(fact: ev.Fact) -> None:
            it.station.book.record([fact], (person,))

        station = it.station
        keys = KeyDesk(
            bus=station.bus,
            guard=station.guard,
            random=station.random,
            now=station.clock,
            people=it.people,
            register=it.register,
            observe=observe,
            person=person,
        )
        yield Desk(keys, station.anchors)


def _without_ledger(by: tuple[str, ...]) -> Desk:
    if by:
        raise click.UsageError("--by names people of a ledger, and there is none here: --ledger")
    keys = KeyDesk(
        bus=plugged_in_keys(),
        guard=pin_guard(),
        random=os.urandom,
        now=lambda: datetime.now(UTC),
        people=TerminalInteraction(),
    )
    return Desk(keys, makers_anchors)


def find(at: Desk, key: Named) -> AtKey:
    """The key; where it is registered, somebody must be named who works on it.

    Raises:
        UsageError: The key is registered, and nobody was named.
        InputError: As :func:`look_for`.
        RefusedError: As :func:`look_for`.
        DeviceError: As :func:`look_for`.
    """
    found = look_for(at, key)
    if found.tag and not at.keys.person:
        raise click.UsageError(f"key {found.tag} is registered: name who does it with --by PERSON")
    return found


def look_for(at: Desk, key: Named) -> AtKey:
    """The key, of which nothing is entered.

    Raises:
        InputError: A tag was given, and there is no ledger that could know it.
        RefusedError: The register has no such tag, or two keys claim one serial number.
        DeviceError: No plugged-in key fits.
    """
    if key.tag and not at.keys.register.size:
        raise InputError(
            f"there is no ledger here that knows the tag {key.tag}",
            mend="Name the ledger with --ledger, or the key by --serial or --touch.",
        )
    return at.keys.find(key)
