"""What a rehearsal leaves beside its sheets: checkpoint, signatures, summary."""

from pathlib import Path
from typing import Final

from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.register import Register
from keyvault_kit.host.files import write_atomically
from keyvault_kit.ledger.sshsig import PublicKey, allowed_signers
from keyvault_kit.rehearsal.outcome import Outcome

SOUND: Final = (
    "Nobody could use an account alone; and with any one site lost, or any one person away, every"
    " account could still be used."
)
"""What it means that the rules of custody find nothing (S34 to S39)."""


def leave_papers(folder: Path, station: Station, outcome: Outcome) -> None:
    """Write them all; doing it again writes the same.

    Raises:
        InputError: The folder cannot be written.
    """
    register = station.book.register
    _leave_checkpoint(folder, station, register)
    write_atomically(folder / "summary.md", summary(register, outcome).encode())


def _leave_checkpoint(folder: Path, station: Station, register: Register) -> None:
    """The last signed checkpoint, its signatures and who may sign, for `ssh-keygen -Y verify`."""
    ledger = station.book.ledger
    size = max(register.checkpoints)
    write_atomically(folder / "checkpoint.txt", ledger.checkpoint(size).text())
    for person, armored in ledger.signatures(size).items():
        write_atomically(folder / f"checkpoint.{person}.sig", armored.encode())
    keys = {s.person: (PublicKey.parse(s.public_key),) for s in register.signers.values()}
    write_atomically(folder / "allowed_signers", allowed_signers(keys).encode())


def summary(register: Register, outcome: Outcome) -> str:
    """One page, in Markdown, that a person understands who was not there."""
    verdict = "Every promise was kept." if outcome.kept else "NOT EVERY PROMISE WAS KEPT."
    parts = (
        [f"# Rehearsal of {register.organisation}", ""],
        ["All keys were software and nothing here opens a real account.", "", f"**{verdict}**", ""],
        ["## What was shown", ""],
        [
            f"- {'Kept' if it.kept else '**BROKEN**'}: {it.what} ({it.how})."
            for it in outcome.promises
        ],
        ["", "## Who could act, and who always can, when all was sealed", ""],
        [f"- {it.severity}: {it.what} ({it.rule}). {it.mend}" for it in outcome.custody]
        or [f"- {SOUND}"],
        ["", "## Where everything lies", ""],
        _envelope_table(register),
        ["", "## What was found", ""],
        [f"- {it.what}. {it.mend}" for it in register.findings] or ["- Nothing."],
        ["", "## What is due now", ""],
        [f"- {it.what} ({it.requirement})" for it in outcome.due] or ["- Nothing."],
        ["", "## Who saw what", ""],
        _exposure_lines(register),
        ["", "## Check it without this program", "", *_CHECK],
    )
    return "\n".join(line for part in parts for line in part) + "\n"


_CHECK = (
    "```",
    "ssh-keygen -Y verify -f allowed_signers -I PERSON -n keyvault-checkpoint \\",
    "    -s checkpoint.PERSON.sig < checkpoint.txt",
    "```",
)


def _envelope_table(register: Register) -> list[str]:
    rows = [
        f"| {e.id} | {e.holds} | {e.bag or '-'} | {e.safe or '-'} | {e.state} |"
        for e in register.envelopes.values()
    ]
    return ["| envelope | holds | bag | safe | state |", "|---|---|---|---|---|", *rows]


def _exposure_lines(register: Register) -> list[str]:
    lines = []
    for it in register.exposures:
        seen = (
            f"half {it.half} of" if it.half else f"sheet {it.number} of" if it.number else "all of"
        )
        what = f"{seen} secret set {it.set}"
        told = f"stood by while {what} lay open" if it.present else f"saw {what}"
        lines.append(f"- {it.person} {told}.")
    return lines or ["- Nobody saw a secret."]
