"""Killing: what lies in a rehearsal's folder at a moment is all that a killed process leaves.

So one undisturbed run serves for all kills: it leaves a copy of its folder at each moment, and a
child process goes on from each copy to the end of that ceremony.
"""

import os
import re
import shutil
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.custody.model import EnvelopeState, SetState
from keyvault_kit.custody.register import Register

Tell = Callable[[Path, Watcher], None]
"""Tells a rehearsal in a folder, from its beginning or from where it was cut short."""

GONE = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
SECRET = ("share", "pin", "identity")
"""How the names of sheets with a secret begin."""


class EndOfCeremonyError(Exception):
    """The ceremony that was to be run has ended."""


class Undisturbed:
    """A run that nobody disturbs, and the copies of its folder.

    Attributes:
        before: Ceremony -> a copy from its beginning.
        killed: Ceremony -> when -> a copy from then: each step has acted and is not on record yet,
            and the last one is.
        after: Ceremony -> the register in the end.
    """

    def __init__(self, out: Path, ceremonies: Iterable[str]) -> None:
        self.out = out
        self.before: dict[str, Path] = {}
        self.killed: dict[str, dict[str, Path]] = {it: {} for it in ceremonies}
        self.after: dict[str, Register] = {}
        self._now = ""

    def __call__(self, ceremony: str, step: str, moment: str) -> None:
        """Watch: copy the folder wherever a process is to be killed."""
        if ceremony != self._now:
            self.end()
            self._now = ceremony
            if ceremony in self.killed:
                self.before[ceremony] = self._copy(f"{ceremony} before")
        if ceremony in self.killed and moment != "begins":
            when = "last" if moment == "recorded" else step
            self.killed[ceremony][when] = self._copy(f"{ceremony} {when}")

    def end(self) -> None:
        """Keep what the ceremony that ended came to."""
        if self._now in self.killed:
            self.after[self._now] = register_in(self.out)

    def _copy(self, name: str) -> Path:
        to = self.out.parent / name
        shutil.rmtree(to, ignore_errors=True)
        return copy(self.out, to)


def copy(folder: Path, to: Path) -> Path:
    """Copy a rehearsal's folder; what is only ever replaced as a whole is linked."""

    def take(source: str, target: str) -> str:
        if source.endswith((".pdf", ".json")):
            os.link(source, target)
            return target
        return shutil.copy2(source, target)

    shutil.copytree(folder, to, copy_function=take)
    return to


def copies_at_writes(tell: Tell, before: Path, ceremony: str) -> list[Path]:
    """Copies of a folder from just before each file of a ceremony is put in its place."""
    copies: list[Path] = []
    replace = Path.replace
    out = copy(before, before.with_name(f"{ceremony} written"))

    def replace_and_copy(path: Path, target: Path) -> Path:
        if out in path.parents:
            copies.append(copy(out, out.with_name(f"{ceremony} write {len(copies)}")))
        return replace(path, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace_and_copy)
        with suppress(EndOfCeremonyError):
            tell(out, until_end_of(ceremony))
    return copies


def assert_survives(tell: Tell, undisturbed: Undisturbed, plan: str, ceremony: str) -> None:
    """A ceremony of that plan goes on wherever it is killed: at each of its steps."""
    after, killed = undisturbed.after[ceremony], undisturbed.killed[ceremony]
    record = after.ceremonies[ceremony]
    assert (record.plan, record.closed) == (plan, True)
    assert killed.keys() == {*record.done, "last"}

    for out in killed.values():
        assert_goes_on(tell, out, ceremony, after)


def assert_goes_on(tell: Tell, out: Path, ceremony: str, after: Register) -> None:
    """From a copy a process of its own comes to the register that an undisturbed run came to."""
    assert in_child(lambda: tell(out, until_end_of(ceremony))) == 0, out.name
    assert comparable(register_in(out)) == comparable(after), out.name
    assert list(lost_papers(out)) == [], out.name
    shutil.rmtree(out)


def in_child(work: Callable[[], None]) -> int:
    """Run it in a child process.

    Returns:
        The child's exit status, or minus the signal that ended it.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
        except EndOfCeremonyError:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child must end here, whatever happens
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(ceremony: str, step: str, moment: str) -> Watcher:
    """A watcher that kills its process there."""

    def watch(*now: str) -> None:
        if now == (ceremony, step, moment):
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def until_end_of(ceremony: str) -> Watcher:
    """A watcher that ends the run when the next ceremony begins."""

    def watch(now: str, _: str, moment: str) -> None:
        if now != ceremony and moment == "begins":
            raise EndOfCeremonyError

    return watch


def register_in(folder: Path) -> Register:
    """The register of a rehearsal's ledger."""
    return open_book(folder / "ledger.db").register


def comparable(register: Register) -> dict[str, Any]:
    """A register without what must differ: spoiled envelopes, ids of sets, proofs, bags, times.

    Fresh randomness (credentials, salted commitments) and evidence, which has a time, differ too.
    """
    live = [e for e in register.envelopes.values() if e.state not in GONE]
    sets = [s for s in register.sets.values() if s.state in (SetState.MADE, SetState.IN_FORCE)]
    return {
        "people": {p.id: (p.roles, p.since, p.until) for p in register.people.values()},
        "safes": register.safes,
        "accounts": {
            a.id: (a.upn, bool(a.password_set), a.recovered, bool(a.used), bool(a.signed_in))
            for a in register.accounts.values()
        },
        "keys": {
            k.id: (
                (k.serial, k.aaguid, k.proven, bool(k.pin_set), bool(k.credential), k.retired),
                (bool(k.custody_credential), k.answers, bool(k.confirmed), k.hands, k.unrecorded),
            )
            for k in register.keys.values()
        },
        "sets": sorted((s.purpose, s.subject, s.threshold, s.count, s.state) for s in sets),
        "envelopes": sorted((e.holds, e.number or 0, e.state, e.safe or "") for e in live),
        "ceremonies": {
            c.id: (c.plan, tuple(map(_unnumbered, c.done)), c.closed)
            for c in register.ceremonies.values()
        },
        "said": {c.id: c.agreements for c in register.ceremonies.values()},
        "exposures": sorted({(x.person, x.number or 0, x.half or 0) for x in register.exposures}),
        "findings": sorted((f.rule, f.subject, bool(f.settled)) for f in register.findings),
        "signers": sorted(register.signers),
        "items": {
            it.id: (it.kind, it.hands, bool(it.logged_in), it.retired)
            for it in register.items.values()
        },
        "done": sorted(register.done),
        "triggers": [it.trigger for it in register.triggers],
        "decisions": {d.id: (d.choice, d.review, d.by) for d in register.decisions.values()},
        "emergencies": sorted(register.emergencies),
        "classed": {a: [it.verdict for it in its] for a, its in register.classed.items()},
        "sign-ins": {
            a: sorted({(it.succeeded, it.interactive, it.key or "") for it in its})
            for a, its in register.sign_ins.items()
        },
    }


def _unnumbered(step: str) -> str:
    """A step's id without the numbers of sets and bags."""
    return re.sub(r"(pw|pin|id|key)\d+", r"\1", step)


def lost_papers(folder: Path) -> Iterator[str]:
    """Secret sheets that lie in the folder although their envelope is spoiled or unknown."""
    envelopes = register_in(folder).envelopes
    yield from (half.name for half in (folder / "sheets").glob(".*.half"))
    for sheet in (folder / "sheets").glob("*.pdf"):
        kind, _, envelope = sheet.stem.partition("-")
        if kind not in SECRET:
            continue
        known = envelopes.get(envelope)
        if known is None or known.state in GONE:
            yield sheet.name
