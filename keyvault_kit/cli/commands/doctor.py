"""`keyvault doctor`: what is missing on this workstation, why, and how to mend it."""

import sys
from collections.abc import Sequence
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import plugged_in_keys
from keyvault_kit.assembly.printing import PrintingCheck, check_printing
from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say, sentence
from keyvault_kit.errors import EXIT_FINDINGS, DeviceError
from keyvault_kit.host.doctor import (
    Checkup,
    Finding,
    KeyAccess,
    check_keys,
    check_media,
    this_machine,
)
from keyvault_kit.keys.hid import HidBus, PluggedKey, plugged

_WHY_HIDAPI: Final = "the kit finds keys and talks to them by hidapi"


@click.group("doctor")
def command() -> None:
    """What is missing on this workstation, and how to mend it. Needs no ledger."""


@command.command("keys")
@json_option
def keys(*, as_json: bool) -> int:
    """Why a security key that is plugged in cannot be used.

    Looks at the kernel, udev, who sits at the console, and hidapi; changes nothing, and talks to
    no key. Exit status 1 where something is missing.
    """
    found = _checkup()
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print(found)
    return EXIT_FINDINGS if found.findings else 0


@command.command("printing")
@json_option
def printing(*, as_json: bool) -> int:
    """Whether sheets can be printed, and what CUPS would keep of them.

    Lists the queues of this machine with their trays, and what of CUPS's settings would leave a
    sheet on a disk; prints nothing and changes nothing. Exit status 1 where something is found.
    """
    found = check_printing()
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print_queues(found)
    return EXIT_FINDINGS if found.findings or not found.queues else 0


@command.command("media")
@json_option
def media(*, as_json: bool) -> int:
    """Whether this machine tells which media are plugged in.

    No secret comes into memory while a transfer medium is in: what the machine does not tell,
    people look after alone. Exit status 1 where it does not.
    """
    found = check_media(this_machine())
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _say_findings(found)
    return EXIT_FINDINGS if found else 0


def _print_queues(found: PrintingCheck) -> None:
    say(f"CUPS at {found.server}.")
    for it in found.queues:
        ready = f"NOT READY: {it.trouble}" if it.trouble else "ready"
        cable = "" if it.direct else "; its printer is not on a cable of this machine"
        trays = f"; trays {', '.join(it.trays)}" if it.trays else ""
        say(f"  {it.name}: {ready}{cable}{trays}")
    if not found.queues:
        say("It has no queue that sheets could go to.")
    _say_findings(found.findings)


def _checkup() -> Checkup:
    """What the system's files tell, where it is Linux; and what hidapi makes of it."""
    found = check_keys(this_machine()) if sys.platform == "linux" else None
    try:
        listed = plugged(plugged_in_keys())
    except DeviceError as error:
        keys, findings = (found.keys, found.findings) if found else ((), ())
        return Checkup(keys, (*findings, _finding(error, _WHY_HIDAPI)))
    return found or _tried(plugged_in_keys(), listed)


def _tried(bus: HidBus, keys: Sequence[PluggedKey]) -> Checkup:
    """Where no files tell: whether each key opens."""
    refused = {key.path: finding for key in keys if (finding := _refused(bus, key))}
    access = [KeyAccess(it.product, it.where, it.path not in refused) for it in keys]
    return Checkup(tuple(access), tuple(refused.values()))


def _refused(bus: HidBus, key: PluggedKey) -> Finding | None:
    try:
        bus.open(key.path).close()
    except DeviceError as error:
        return _finding(error, "the system refused")
    return None


def _finding(error: DeviceError, why: str) -> Finding:
    return Finding(error.what, why, error.mend)


def _print(found: Checkup) -> None:
    for key in found.keys:
        say(f"{key.product} at {key.node} {'can' if key.openable else 'CANNOT'} be opened.")
    if not found.keys:
        say("No FIDO2 key is plugged in, as far as this system knows.")
    _say_findings(found.findings)


def _say_findings(findings: Sequence[Finding]) -> None:
    for it in findings:
        say(f"\n{sentence(it.what)}.\n  Why: {it.why}.\n  Mend: {it.mend}")
    if not findings:
        say("Nothing is missing.")
