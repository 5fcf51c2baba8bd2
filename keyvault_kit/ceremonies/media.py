"""Transfer media in a ceremony: plugged in for a step with files, and out before a secret is made.

The boot medium and the volume with the ledger are none: the work itself needs them.
"""

import re
from collections.abc import Sequence
from typing import Final

from keyvault_kit.ceremonies import station_papers
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work, printable
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import Item, ItemKind
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, InternalError, RefusedError

PLUGGED: Final = "medium-plugged"
"""Rule of the finding that a medium was plugged in while a secret was in memory."""

_IN_HAND: Final = "transfer medium"
"""Under this name a run holds the id of the medium that it had plugged in, until it is out."""

_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_LONGEST: Final = 200
_IN_BAGS: Final = (EnvelopeState.PROVEN, EnvelopeState.SEALED, EnvelopeState.DEPOSITED)


def in_service(register: Register) -> tuple[Item, ...]:
    """The transfer media that may be used, in the order in which they were added."""
    return tuple(
        it
        for it in register.items.values()
        if it.kind is ItemKind.TRANSFER_MEDIUM and not it.retired
    )


def logged_in(register: Register) -> tuple[str, ...]:
    """Ids of the transfer media that are at the station, as the register has it."""
    return tuple(it.id for it in register.items.values() if it.logged_in)


def bag_with(register: Register, item: str) -> str:
    """The id of the envelope in which an item lies; empty where it lies in none."""
    packed = register.envelopes_holding(f"item:{item}")
    return next((it.id for it in reversed(packed) if it.state in _IN_BAGS), "")


def log_in(work: Work) -> list[ev.Fact]:
    """Have a transfer medium plugged in, in a step without a secret in which files are carried.

    Returns:
        What is recorded with the step: nothing where the register has no transfer medium in
        service, or one is logged in already.

    Raises:
        RefusedError: It is not plugged in, or all of them lie in their bags.
        InternalError: A secret is in memory.
    """
    media = in_service(work.register)
    if not media or logged_in(work.register):
        return []
    if work.step.secret or work.hands.hold_secret:
        raise InternalError(f"step {work.step.id} has a secret, and would plug a medium in")
    out = [it.id for it in media if not bag_with(work.register, it.id)]
    if not out:
        named = listed(it.id for it in media)
        raise RefusedError(
            f"no transfer medium is at hand: {named} in bags",
            mend=f"Take it out, two of you: 'station take-out {media[0].id}'.",
        )
    medium = _which(work, out, "Which transfer medium do you plug in?")
    if not _confirmed(work, medium, f"Is transfer medium {medium} plugged in now, and no other?"):
        raise RefusedError(f"transfer medium {medium} is not plugged in", mend="Plug it in.")
    work.hands.take(_IN_HAND, medium)
    return [ev.MediumLoggedIn(item=medium)]


def log_out(work: Work, files: Sequence[tuple[str, str]] = ()) -> list[ev.Fact]:
    """Have the transfer medium taken out that is plugged in.

    Args:
        files: Name and SHA-256, 64 hex digits, of each file of ours that leaves on it.

    Returns:
        What is recorded with the step: nothing where the register has no transfer medium in
        service.

    Raises:
        RefusedError: It is not taken out, or none was plugged in.
        InputError: A name is none of ours.
    """
    hashes = tuple(ev.FileHash(name=checked(name), sha256=sha256) for name, sha256 in files)
    inside = [*logged_in(work.register)]
    if _IN_HAND in work.hands:
        inside = [work.hands.thing(_IN_HAND, str)]
    if not inside:
        if not in_service(work.register):
            return []
        raise RefusedError("no transfer medium is logged in", mend="Begin the step again.")
    medium = _which(work, inside, "Which transfer medium do you take out?")
    with_files = f", with {listed(name for name, _ in files)} on it" if files else ""
    if not _confirmed(work, medium, f"Is transfer medium {medium} taken out{with_files}?"):
        raise RefusedError(f"transfer medium {medium} is still plugged in", mend="Take it out.")
    work.hands.drop(_IN_HAND)
    return [ev.MediumLoggedOut(item=medium, files=hashes)]


def was_plugged(work: Work, names: Sequence[str]) -> ev.FindingMade:
    """The finding that media were plugged in during a step, while a secret was in memory.

    Args:
        names: Those that this machine sees.
    """
    what = f"{listed(printable(it) for it in names)}: plugged in while a secret was in memory"
    return ev.FindingMade(
        rule=PLUGGED,
        subject=work.ceremony,
        what=f"{what}, at step {work.step.id} of {work.ceremony}",
        mend="Find out who plugged it in, and keep it as evidence. Treat what was in memory as"
        " seen: make it anew.",
    )


def print_outgoing(work: Work, files: Sequence[tuple[str, bytes]]) -> None:
    """Print the list of the files that leave the station, with their sizes and hashes.

    Args:
        files: Name and content of each.

    Raises:
        InputError: A name is none of ours.
    """
    for name, _ in files:
        checked(name)
    station_papers.print_outgoing(work, files, medium=_medium(work))


def checked(name: str) -> str:
    """The name of a file of ours: letters, digits, `.`, `_`, `-`, and folders before it.

    Raises:
        InputError: It is none.
    """
    if len(name) > _LONGEST or not _FILE.fullmatch(name):
        raise InputError(
            "that is no name for a file that leaves the station",
            mend="Take letters, digits, dots, - and _ alone, without blanks.",
        )
    return name


def _medium(work: Work) -> str:
    if _IN_HAND in work.hands:
        return work.hands.thing(_IN_HAND, str)
    return ", ".join(logged_in(work.register))


def _which(work: Work, media: Sequence[str], question: str) -> str:
    if len(media) == 1:
        return media[0]
    prompt = Prompt(topic=Topic.MEDIUM, text=question, subject=media[0])
    return media[work.interaction.choose(prompt, tuple(media))]


def _confirmed(work: Work, medium: str, question: str) -> bool:
    return work.interaction.confirm(Prompt(topic=Topic.MEDIUM, text=question, subject=medium))
