"""The runbook: how the files of this folder come to the tenant, and what proves each step (S61).

One text for both forms: Markdown beside the files, and paper (ceremonies/runbook.py). The sentences
lie in `templates/runbook.toml`; which files a step takes is worked out from the files themselves.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import chain
from typing import Final

import msgspec
from msgspec.structs import replace

from keyvault_kit.entra.artefacts import graph, kql, mailbox, monitoring
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted

RUNBOOK: Final = "runbook.md"
PRINTED: Final = "runbook.pdf"
"""Names of its two forms."""

SERVES: Final = ("S20", "S44", "S50", "S51", "S56", "S60", "S61", "S63", "S64")

_WITH_STEPS: Final = (graph, mailbox, kql, monitoring)
_DEPLOYED: Final = ("graph/", "azure/")
"""Folders whose files `Deploy.ps1` carries out; people do the others by hand."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A heading and what stands below it, a sentence or more each."""

    title: str
    items: tuple[str, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the twelve steps.

    Attributes:
        does: What is done, in order.
        roles: The least roles for it (S51).
        rules: Numbers of the requirements whose rules judge it.
        proof: What a person sees when it is done.
        evidence: The kinds of evidence that show it; empty where paper does.
        takes: The command and the files that it takes.
    """

    number: int
    title: str
    does: tuple[str, ...]
    roles: str
    rules: tuple[str, ...]
    proof: str
    evidence: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()

    def proofs(self) -> Iterator[tuple[str, str]]:
        """What proves it, each after a word: what is seen, which evidence, which rules."""
        yield "Proof", self.proof
        if self.evidence:
            yield "Evidence", f"{', '.join(self.evidence)}."
        verb = "entra check" if self.evidence else "rules"
        yield "Judged", f"'keyvault {verb}' passes {', '.join(self.rules)}."


class _Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text, the same for every organisation."""

    before: tuple[Section, ...]
    steps: tuple[Step, ...]
    after: tuple[Section, ...]


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    """The runbook; nothing in it is secret.

    Attributes:
        made: What it was made from, and when.
        evidence: SHA-256 of the evidence of the tenant; empty without any.
        accounts: Id, sign-in name and object id of each.
        before: What to know before.
        steps: The twelve.
        after: What comes afterwards.
    """

    made: str
    evidence: str
    accounts: tuple[tuple[str, str, str], ...]
    before: tuple[Section, ...]
    steps: tuple[Step, ...]
    after: tuple[Section, ...]
    rehearsal: bool


def runbook(it: Wanted) -> Runbook:
    """The runbook of this organisation.

    Raises:
        InputError: The files that it names cannot be made.
    """
    source = "evidence" if it.evidence else "no evidence"
    files = tuple(chain.from_iterable(module.artefacts(it) for module in _WITH_STEPS))
    text, named = _text(), _named(it)
    return Runbook(
        made=f"Made on {it.now:%Y-%m-%d %H:%M} UTC from the register and {source} of the tenant.",
        evidence=it.evidence,
        accounts=tuple((its.id, its.upn, it.object_id(its)) for its in it.accounts()),
        before=text.before,
        steps=tuple(
            replace(
                step,
                does=tuple(does.format(**named) for does in step.does),
                takes=tuple(_takes(step.number, files)),
            )
            for step in text.steps
        ),
        after=text.after,
        rehearsal=it.rehearsal,
    )


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """The runbook in Markdown.

    Raises:
        InputError: The files that it names cannot be made.
    """
    yield Artefact(
        name=RUNBOOK,
        content=_markdown(runbook(it)).encode(),
        serves=SERVES,
        about="The twelve steps in order, and what proves each",
        annotated=True,
    )


@cache
def _text() -> _Text:
    file = resources.files("keyvault_kit.entra").joinpath("templates", "runbook.toml")
    return msgspec.toml.decode(file.read_bytes(), type=_Text)


def _named(it: Wanted) -> dict[str, str]:
    """What stands in braces in the text."""
    muted = monitoring.suppression(it)
    window = f"{muted}, by decision S50."
    if muted == monitoring.NOT_MUTED:
        window = "no time, each tells. 'keyvault decide make S50 PT30M' records another choice."
    return {
        "group": it.marked(it.names.group),
        "policy": it.marked(it.names.policy),
        "strength": it.marked(it.names.strength),
        "window": window,
    }


def _takes(step: int, files: Iterable[Artefact]) -> Iterator[str]:
    names = [its.name for its in files if its.step == step]
    if any(name.startswith(_DEPLOYED) for name in names):
        yield f"./Deploy.ps1 -Step {step}"
    yield from names


# --- Markdown


def _markdown(it: Runbook) -> str:
    lines = ["# Runbook of the emergency access accounts", ""]
    if it.rehearsal:
        lines += [f"**{REHEARSAL}**: nothing of this is for a tenant.", ""]
    lines += [it.made, *([f"SHA-256 of the evidence: `{it.evidence}`."] if it.evidence else [])]
    lines += ["", f"Serves {', '.join(SERVES)}.", ""]
    lines += ["| account | sign-in name | object id |", "| --- | --- | --- |"]
    lines += [f"| {name} | `{upn}` | `{object_id}` |" for name, upn, object_id in it.accounts]
    lines += chain.from_iterable(map(_section, it.before))
    lines += ["", "## The twelve steps"]
    lines += chain.from_iterable(map(_step, it.steps))
    lines += chain.from_iterable(map(_section, it.after))
    return "\n".join(lines) + "\n"


def _section(it: Section) -> Iterator[str]:
    yield from ("", f"## {it.title}", "")
    yield from (f"- {item}" for item in it.items)


def _step(it: Step) -> Iterator[str]:
    yield from ("", f"### {it.number}. {it.title}", "")
    yield from (f"- {item}" for item in it.does)
    if it.takes:
        yield f"- With: {', '.join(f'`{name}`' for name in it.takes)}"
    yield f"- Least role: {it.roles}."
    yield from (f"- {caption}: {told}" for caption, told in it.proofs())
