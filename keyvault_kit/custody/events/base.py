"""What a fact is: one thing that was done or seen."""

from typing import Annotated

import msgspec

Natural = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]

Request = dict[str, str | int | bool | tuple[str, ...]]
"""What a ceremony is about: the fields of its plan's request, as the ledger keeps them."""


class Fact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
):
    """One thing that was done or seen: an act, unless it is an observation."""


class Observation(Fact, frozen=True):
    """What was seen: it is always accepted, and a finding where it contradicts the register."""
