"""Plans by their names: those whose steps follow from the register and what was requested alone."""

from collections.abc import Mapping
from typing import Final

from keyvault_kit.ceremonies.plan import Plan
from keyvault_kit.ceremonies.plans import (
    audit,
    card,
    checkpoint,
    enrol,
    giving_up,
    identity,
    opening,
    refounding,
    registering,
    seal,
    signers,
)

PLANS: Final[Mapping[str, Plan]] = {
    module.PLAN.name: module.PLAN
    for module in (
        audit,
        card,
        checkpoint,
        enrol,
        giving_up,
        identity,
        opening,
        refounding,
        registering,
        seal,
        signers,
    )
}
