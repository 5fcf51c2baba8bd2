"""What must lie ready before a ceremony begins, for its script."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import new_password, walking
from keyvault_kit.ceremonies.plan import Ceremony, Step
from keyvault_kit.ceremonies.plans import (
    audit,
    destroy,
    drill,
    enrol,
    packing,
    pin,
    reseal,
    rotate,
    seal,
)
from keyvault_kit.custody.model import Form

_SCANNER: Final = "Hand-held scanner that types; never a phone"
_SHREDDER: Final = "Shredder"
_KEY_BAGS: Final = 2
"""A key is in one bag, its PIN in another."""


def materials_of(ceremony: Ceremony, steps: Sequence[Step]) -> tuple[str, ...]:
    """An item a line, in plain words: what all ceremonies need, and what this one needs."""
    signing = sorted({person for step in steps if step.signed for person in step.by})
    own = _OWN.get(ceremony.plan.name)
    return (
        *(("A clock that is not the workstation's",) if ceremony.plan.clock else ()),
        *(f"Signing key of {person}" for person in signing),
        "Exception sheets, blank: 'keyvault sheets exception'",
        *(own(ceremony, steps) if own else ()),
    )


def _for_a_password(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, new_password.Request)
    count = request.count
    shares = request.form is Form.SHARES
    companions = ("label", "liner", "recovery sheet") if shares else ("label", "liner")
    sheets = f"{count} {'sheet' if count == 1 else 'sheets'}"
    return (
        f"Printer, with paper for {sheets}, each with its {', '.join(companions)}; and spare paper",
        _bags(count, count),
        f"Envelopes: {count}, and spare ones; a pair of scissors for the labels",
        _SCANNER,
        _SHREDDER,
        "Transfer medium, on which the evidence of Enroll.ps1 comes back",
        *_openers(request.safes),
    )


def _for_enrolling(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, enrol.Request)
    return (
        f"Key {request.key}",
        f"Transfer medium, with options-{request.key}.json; not plugged in yet",
        *_for_a_pin(_KEY_BAGS, (request.key_safe, request.pin_safe)),
    )


def _for_a_new_pin(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, pin.Request)
    return _for_a_pin(_KEY_BAGS, (request.key_safe, request.pin_safe))


def _for_a_pin(bags: int, safes: Iterable[str]) -> tuple[str, ...]:
    return (
        "Printer, with paper for the PIN mailer, its label and its liner; and spare paper",
        _bags(bags, bags),
        "Envelopes, and a pair of scissors for the labels",
        _SCANNER,
        _SHREDDER,
        *_openers(safes),
    )


def _for_auditing(_: Ceremony, steps: Sequence[Step]) -> tuple[str, ...]:
    keys = sum(step.id.startswith("inspect-") for step in steps)
    before = f"{walking.WALK}-"
    safes = [step.id.removeprefix(before) for step in steps if step.id.startswith(before)]
    return (
        "Newest checkpoint on paper, if there is one",
        *((_bags(keys, 1),) if keys else ()),
        _SCANNER,
        "Printer, with paper for the report",
        *_openers(safes),
    )


def _for_drilling(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, drill.Request)
    bags = _KEY_BAGS if request.key else 1
    machine = ("The workstation that signs in, with a private browser",) if request.key else ()
    return (*machine, _bags(bags, 1), _SCANNER, "Printer, with paper for the checklist")


def _for_resealing(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    count = len(msgspec.convert(ceremony.request, reseal.Request).envelopes)
    return (_bags(count, 1), "Printer, with paper for the labels; a pair of scissors", _SCANNER)


def _for_destroying(_: Ceremony, __: Sequence[Step]) -> tuple[str, ...]:
    return (_SHREDDER, "Printer, with paper for the certificate")


def _for_packing(ceremony: Ceremony, _: Sequence[Step]) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, packing.Request)
    count = len(request.items)
    return (
        _bags(count, count),
        "Printer, with paper for the labels; a pair of scissors",
        *_openers((request.safe,)),
    )


def _bags(count: int, spare: int) -> str:
    return f"Numbered tamper-evident bags: {count}, and {spare} to spare"


def _openers(safes: Iterable[str]) -> Iterable[str]:
    return (f"Whoever opens safe {safe}" for safe in dict.fromkeys(safes))


_OWN: Final[Mapping[str, Callable[[Ceremony, Sequence[Step]], tuple[str, ...]]]] = {
    audit.PLAN.name: _for_auditing,
    destroy.PLAN.name: _for_destroying,
    drill.PLAN.name: _for_drilling,
    enrol.PLAN.name: _for_enrolling,
    packing.PLAN.name: _for_packing,
    pin.PLAN.name: _for_a_new_pin,
    reseal.PLAN.name: _for_resealing,
    rotate.PLAN.name: _for_a_password,
    seal.PLAN.name: _for_a_password,
}
"""Name of a plan -> what it needs beside what all need."""
