"""Plans by their names: those whose steps follow from the register and what was requested alone."""

from collections.abc import Mapping
from typing import Final

from keyvault_kit.ceremonies.plan import Plan
from keyvault_kit.ceremonies.plans import (
    audit,
    card,
    checkpoint,
    destroy,
    drill,
    enrol,
    giving_up,
    identity,
    leaver,
    opening,
    packing,
    pin,
    post_mortem,
    recovery,
    refounding,
    registering,
    relocation,
    reseal,
    review,
    rotate,
    seal,
    signers,
    taking_out,
)

PLANS: Final[Mapping[str, Plan]] = {
    module.PLAN.name: module.PLAN
    for module in (
        audit,
        card,
        checkpoint,
        destroy,
        drill,
        enrol,
        giving_up,
        identity,
        leaver,
        opening,
        packing,
        pin,
        post_mortem,
        recovery,
        refounding,
        registering,
        relocation,
        reseal,
        review,
        rotate,
        seal,
        signers,
        taking_out,
    )
}
