"""Which key a command is about, and the desk that it works at: with a ledger or without one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Final, TypeVar

import click

from keyvault_kit.assembly import makers_anchors, pin_guard, plugged_in_keys
from keyvault_kit.ceremonies.at_keys import AtKey, KeyDesk
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.cli.at_work import at_work, one
from keyvault_kit.cli.options import ID
from keyvault_kit.cli.prompts import TerminalInteraction
from keyvault_kit.errors import InputError

T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class Naming:
    """What the options say: which key, by whom, and by which ledger."""

    named: Named
    by: tuple[str, ...]
    ledger: Path | None
    in_ports: bool


def naming_options(function: Callable[..., T]) -> Callable[..., T]:
    """The options by which a command has its key named; they come as its argument `naming`."""

    @wraps(function)
    def command(
        *,
        tag: str | None,
        serial: int | None,
        touch: bool,
        by: tuple[str, ...],
        ledger: Path | None,
        in_ports: bool,
        **others: object,
    ) -> T:
        named = _named(tag, serial, touch=touch)
        return function(naming=Naming(named, by, ledger, in_ports), **others)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _named(tag: str | None, serial: int | None, *, touch: bool) -> Named:
    if [tag is not None, serial is not None, touch].count(True) != 1:
        raise click.UsageError(
            "name the key in one way: --tag TAG, --serial NUMBER (on its label), or --touch"
        )
    return Named(tag=tag or "", serial=serial, touch=touch)


@contextmanager
def at_key(naming: Naming) -> Iterator[AtKey]:
    """The key that was named; where it is registered, somebody must be named who works on it.

    Raises:
        UsageError: The key is registered, and nobody was named.
        InputError: A tag was given, and there is no ledger that could know it.
        RefusedError: The register has no such tag, or two keys claim one serial number.
        DeviceError: No plugged-in key fits.
    """
    with looked_for(naming) as at:
        if at.tag and not at.desk.person:
            raise click.UsageError(f"key {at.tag} is registered: name who does it with --by PERSON")
        yield at


@contextmanager
def looked_for(naming: Naming) -> Iterator[AtKey]:
    """The key that was named, of which nothing is entered.

    Raises:
        InputError: A tag was given, and there is no ledger that could know it.
        RefusedError: The register has no such tag, or two keys claim one serial number.
        DeviceError: No plugged-in key fits.
    """
    with _desk(naming) as desk:
        if naming.named.tag and not desk.register.size:
            raise InputError(
                f"there is no ledger here that knows the tag {naming.named.tag}",
                mend="Name the ledger with --ledger, or the key by --serial or --touch.",
            )
        yield desk.find(naming.named)


@contextmanager
def _desk(naming: Naming) -> Iterator[KeyDesk]:
    """The desk to work at: that of the ledger's station, or one without a ledger."""
    path = naming.ledger or DEFAULT_LEDGER
    if naming.ledger is None and not path.exists():
        yield _without_ledger(naming.by)
        return
    with at_work(path, in_ports=naming.in_ports) as it:
        person, book = one(it.register, naming.by) if naming.by else "", it.station.book
        yield KeyDesk.of(it.station, it.people, person, lambda fact: book.record([fact], (person,)))


def _without_ledger(by: tuple[str, ...]) -> KeyDesk:
    if by:
        raise click.UsageError("--by names people of a ledger, and there is none here: --ledger")
    return KeyDesk(
        bus=plugged_in_keys(),
        guard=pin_guard(),
        random=os.urandom,
        now=lambda: datetime.now(UTC),
        people=TerminalInteraction(),
        anchors=makers_anchors,
    )
