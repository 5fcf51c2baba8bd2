"""What must lie ready before a ceremony begins, for its script."""

from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies.plan import Ceremony, Step
from keyvault_kit.ceremonies.plans import seal
from keyvault_kit.custody.model import Form


def materials_of(ceremony: Ceremony, steps: Sequence[Step]) -> tuple[str, ...]:
    """An item a line, in plain words: what all ceremonies need, and what a sealing needs."""
    signing = sorted({person for step in steps if step.signed for person in step.by})
    return (
        *(("A clock that is not the workstation's",) if ceremony.plan.clock else ()),
        *(f"Signing key of {person}" for person in signing),
        "Exception sheets, blank: 'keyvault sheets exception'",
        *(_for_sealing(ceremony) if ceremony.plan.name == seal.PLAN.name else ()),
    )


def _for_sealing(ceremony: Ceremony) -> tuple[str, ...]:
    request = msgspec.convert(ceremony.request, seal.Request)
    count = request.count
    shares = request.form is Form.SHARES
    companions = ("label", "liner", "recovery sheet") if shares else ("label", "liner")
    sheets = f"{count} {'sheet' if count == 1 else 'sheets'}"
    return (
        f"Printer, with paper for {sheets}, each with its {', '.join(companions)}; and spare paper",
        f"Numbered tamper-evident bags: {count}, and {count} to spare",
        f"Envelopes: {count}, and spare ones; a pair of scissors for the labels",
        "Hand-held scanner that types; never a phone",
        "Shredder",
        *(f"Whoever opens safe {safe}" for safe in dict.fromkeys(request.safes)),
    )
