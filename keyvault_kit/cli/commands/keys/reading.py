"""`keyvault keys list`, `show`: what the keys that are plugged in say about themselves."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from keyvault_kit.assembly import open_book, plugged_in_keys
from keyvault_kit.ceremonies.which_key import tag_of
from keyvault_kit.cli.commands.keys.details import details, pin_word, product
from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.errors import DeviceError, InputError
from keyvault_kit.keys.hid import HidBus, plugged
from keyvault_kit.keys.reading import Reading, Unreadable, read_all, read_each, read_one

COLUMNS: Final = {"tag": 8, "serial": 10, "firmware": 8, "PIN": 11, "attempts": 8, "room": 4}
"""Heads and widths; the product comes last, in what is left of a line."""

LINE: Final = 100
MARK: Final = "! "
MARKED: Final = f"{MARK}An advisory speaks of this model and firmware: 'keys show' tells which."

NONE_PLUGGED: Final = "No FIDO2 key is plugged in; 'keyvault doctor keys' says what may be missing."

tags_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A ledger that knows keys by tag. None is needed.",
)

TagOf = Callable[[Reading], str | None]
"""From a key to its asset tag; None for a key that is not registered."""


@click.command("list")
@tags_option
@json_option
def list_keys(ledger: Path | None, *, as_json: bool) -> int:
    """List every FIDO2 key that is plugged in, with what it says about itself.

    Spends no PIN attempt and wants no touch. A key that fails spoils nothing but its own row, and
    one that hangs holds up no other. Attempts are wrong PINs left, room is for further
    passkeys.
    """
    bus = plugged_in_keys()
    tag = _tags(ledger, bus)
    if as_json:
        found = read_all(bus)
        print_json([_document(it, tag) for it in found])
    else:
        found = _print_rows(bus, tag)
    if not found:
        say(NONE_PLUGGED, as_json=as_json)
    broken = [it for it in found if isinstance(it, Unreadable)]
    for it in broken:
        say(_complaint(it), as_json=True)
    return DeviceError.exit_status if broken else 0


def _print_rows(bus: HidBus, tag: TagOf | None) -> tuple[Reading | Unreadable, ...]:
    """Each row as soon as its key is read, so that none waits for another."""
    columns = {name: width for name, width in COLUMNS.items() if name != "tag" or tag}
    found: list[Reading | Unreadable] = []
    readings: list[Reading] = []
    for it in read_each(bus):
        found.append(it)
        if isinstance(it, Reading):
            if not readings:
                say(_line(columns, {name: name for name in columns}, "product"))
            last = (MARK if it.advisories else "") + product(it)
            say(_line(columns, _cells(it, tag), last))
            readings.append(it)
    if any(it.advisories for it in readings):
        say(MARKED)
    return tuple(found)


def _line(columns: Mapping[str, int], cells: Mapping[str, str], last: str) -> str:
    line = "  ".join([*(cells[name].ljust(width) for name, width in columns.items()), last])
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"


def _cells(it: Reading, tag: TagOf | None) -> dict[str, str]:
    values = {
        "tag": tag(it) if tag else None,
        "serial": it.serial or "none",
        "firmware": it.firmware,
        "PIN": pin_word(it),
        "attempts": it.pin_retries,
        "room": it.remaining_credentials,
    }
    return {name: "-" if value is None else str(value) for name, value in values.items()}


@click.command("show")
@click.option("--serial", type=click.IntRange(1), help="The one with this serial number.")
@click.option("--path", help="The one that is plugged in here, '/dev/hidraw3'.")
@tags_option
@json_option
def show(serial: int | None, path: str | None, ledger: Path | None, *, as_json: bool) -> None:
    """Show all that one key says about itself; needs naming where several are plugged in."""
    if serial is not None and path is not None:
        raise click.UsageError("name the key by --serial or by --path, not by both")
    bus = plugged_in_keys()
    tag = _tags(ledger, bus)
    it = _at(bus, path) if path is not None else _among(read_all(bus), serial)
    if isinstance(it, Unreadable):
        raise DeviceError(_complaint(it))
    if as_json:
        print_json(_document(it, tag))
        return
    say(details(it, (tag(it) if tag else None) or ""))


def _at(bus: HidBus, path: str) -> Reading | Unreadable:
    for key in plugged(bus):
        if key.path == os.fsencode(path):
            return read_one(bus, key)
    raise DeviceError(f"no FIDO2 key is plugged in at {path}", mend="'keys list' shows what is.")


def _among(found: tuple[Reading | Unreadable, ...], serial: int | None) -> Reading | Unreadable:
    """The only one, or the only one with that serial number."""
    if not found:
        raise DeviceError(NONE_PLUGGED.removesuffix("."))
    fitting = [
        it for it in found if serial is None or (isinstance(it, Reading) and it.serial == serial)
    ]
    if not fitting:
        broken = " ".join(map(_complaint, (it for it in found if isinstance(it, Unreadable))))
        raise DeviceError(f"no key has the serial number {serial}", mend=broken)
    if len(fitting) > 1:
        named = "".join(f"\n    {_way_to_name(it, by_path=serial is not None)}" for it in fitting)
        raise InputError("several keys are plugged in", mend=f"Name one of them:{named}")
    return fitting[0]


def _way_to_name(it: Reading | Unreadable, *, by_path: bool) -> str:
    if isinstance(it, Unreadable):
        return f"--path {it.plugged.where}  {it.plugged.name}, which cannot be read"
    if it.serial and not by_path:
        return f"--serial {it.serial}  {product(it)}"
    return f"--path {it.path}  {product(it)}"


def _complaint(it: Unreadable) -> str:
    name = it.plugged.name
    return it.error if name in it.error else f"{name}: {it.error}"


def _tags(ledger: Path | None, bus: HidBus) -> TagOf | None:
    """How keys are known by a ledger: by number or, without one, by credential; None without it."""
    if ledger is None:
        return None
    register = open_book(ledger).register

    def tag(it: Reading) -> str | None:
        try:
            return tag_of(bus, register, it, os.urandom) or None
        except DeviceError:  # it was read a moment ago: its row stands, without a tag
            return None

    return tag


def _document(it: Reading | Unreadable, tag: TagOf | None) -> dict[str, Any]:
    """What `--json` says of a key: a reading, or what is known without one and what went wrong."""
    found: dict[str, Any]
    if isinstance(it, Unreadable):
        found = msgspec.to_builtins(it.plugged)
        return found | {"path": it.plugged.where, "tag": None, "error": it.error}
    found = msgspec.to_builtins(it)
    return found | {"tag": tag(it) if tag else None, "error": None}
