"""Makers' security advisories, by series of models and by firmware.

The table is `data/advisories.json`, each advisory with its sources. It speaks of what was published
when the kit was made; a key without an advisory here is not thereby a good one.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal, Self

import msgspec

from keyvault_kit.keys.models import Model

Applies = Literal["affected", "may be affected"]

_NUMBERS = 4
_RANKS = {"alpha": 0, "beta": 1, "rc": 2, "final": 3, None: 3}
# '5.4.3', '5.8.0.beta.3', '5.8.0-rc1'. One bare number is some maker's own count, no version.
_VERSION = re.compile(
    r"(?P<numbers>[0-9]{1,6}(\.[0-9]{1,6}){1,3})"
    r"([.-]?(?P<rank>alpha|beta|rc|final)[.-]?(?P<iteration>[0-9]{1,6})?)?"
)


class Version(msgspec.Struct, frozen=True, order=True):
    """A firmware version; a pre-release comes before its release.

    Attributes:
        numbers: Four of them, filled up with zeros: 5.7 is 5.7.0.
        rank: 0 alpha, 1 beta, 2 release candidate, 3 the release.
        iteration: Which one of its rank; 0 for a release.
    """

    numbers: tuple[int, ...]
    rank: int
    iteration: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The version in a text; None where it holds none of a form that can be compared."""
        found = _VERSION.fullmatch(text)
        if not found:
            return None
        numbers = [int(number) for number in found["numbers"].split(".")]
        rank = _RANKS[found["rank"]]
        return cls(
            numbers=tuple(numbers + [0] * (_NUMBERS - len(numbers))),
            rank=rank,
            iteration=int(found["iteration"] or 0) if rank < _RANKS["final"] else 0,
        )


class Affected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A series and its firmware, as an advisory names them.

    Attributes:
        maker: As in :class:`~keyvault_kit.keys.models.Model`.
        series: As in :class:`~keyvault_kit.keys.models.Model`.
        introduced: The first version that is affected; None where the advisory names none.
        fixed: The first version that is not; None where there is none, or none is named.
        surely_below: Where the advisory leaves a gap: from here to `fixed`, keys may be affected.
        versions: Those that are affected, where the advisory names single ones.
        last: The last version that is affected, where the advisory names it.
    """

    maker: str
    series: str
    introduced: str | None = None
    fixed: str | None = None
    surely_below: str | None = None
    versions: tuple[str, ...] = ()
    last: str | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether only some firmware is affected."""
        return bool(self.introduced or self.fixed or self.versions or self.last)


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An advisory as it was published.

    Attributes:
        id: The maker's own number, or the CVE's.
        name: In plain words.
        cve: The CVE number; None where there is none.
        severity: In the words of its source; may be empty.
        affects_fido: Whether it touches FIDO2 and U2F at all.
        impact: What can happen, in plain words.
        affected: Series and versions.
        sources: Addresses.
    """

    id: str
    name: str
    cve: str | None
    severity: str
    affects_fido: bool
    impact: str
    affected: tuple[Affected, ...]
    sources: tuple[str, ...]


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """An advisory that speaks of a key.

    Attributes:
        id: The maker's own number, or the CVE's.
        name: In plain words.
        cve: The CVE number; None where there is none.
        severity: In the words of its source; may be empty.
        affects_fido: Whether it touches FIDO2 and U2F at all.
        impact: What can happen, in plain words.
        applies: 'affected', or 'may be affected' where model or firmware leave it open.
        why: Which firmware it speaks of, and what leaves it open.
        sources: Addresses.
    """

    id: str
    name: str
    cve: str | None
    severity: str
    affects_fido: bool
    impact: str
    applies: Applies
    why: str
    sources: tuple[str, ...]


@cache
def published() -> tuple[Published, ...]:
    """All advisories of the table; read once."""
    text = resources.files(__package__).joinpath("data", "advisories.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Published, ...])


def advisories_for(
    model: Model | None, firmware: str | None, *, maker: str | None = None
) -> tuple[Advisory, ...]:
    """The advisories that speak of a key, or may speak of it.

    A key of an unknown model is compared by maker and firmware alone, which never gives more than
    'may be affected', and passes over what has no bounds of firmware.

    Args:
        model: What the table of models knows; None for an unknown model.
        firmware: '5.4.3', with or without a qualifier; None where it is not known.
        maker: The maker of a key whose model is not known.

    Returns:
        In the order of the table; empty for an unknown model whose firmware cannot be read either.
    """
    version = Version.parse(firmware) if firmware else None
    if model is None and version is None:
        return ()
    found = (_judge(advisory, model, version, maker) for advisory in published())
    return tuple(advisory for advisory in found if advisory)


def _judge(
    advisory: Published, model: Model | None, version: Version | None, maker: str | None
) -> Advisory | None:
    """The advisory, where at least one of its series applies to the key."""
    applying = [
        (affected, applies)
        for affected in advisory.affected
        if _is_named(affected, model, maker) and (applies := _compare(affected, version))
    ]
    if not applying:
        return None
    ranges = "; ".join(_range(affected) for affected, _ in applying)
    question = _open_question(applying, model, version)
    return Advisory(
        id=advisory.id,
        name=advisory.name,
        cve=advisory.cve,
        severity=advisory.severity,
        affects_fido=advisory.affects_fido,
        impact=advisory.impact,
        applies="may be affected" if question else "affected",
        why=f"{ranges} ({question})" if question else ranges,
        sources=advisory.sources,
    )


def _is_named(affected: Affected, model: Model | None, maker: str | None) -> bool:
    """Whether the key may be of this series; by its firmware alone where there is no model."""
    if model:
        return affected.maker == model.maker and affected.series in model.series
    return affected.maker == maker and affected.is_bounded


def _open_question(
    applying: Sequence[tuple[Affected, Applies]], model: Model | None, version: Version | None
) -> str:
    """What leaves it open whether the key is affected; nothing where it certainly is."""
    if model is None:
        return "the model of this key is not known"
    if {affected.series for affected, _ in applying} != set(model.series):
        return "it is not certain of which series this key is"
    if any(applies == "may be affected" for _, applies in applying):
        if version is None:
            return "the firmware of this key is not known"
        return "the advisory leaves this version open"
    return ""


def _compare(affected: Affected, version: Version | None) -> Applies | None:
    """Whether a version is affected; None where it is not."""
    if version is None:
        return "may be affected" if affected.is_bounded else "affected"
    introduced, fixed, below, last = map(
        _parsed, (affected.introduced, affected.fixed, affected.surely_below, affected.last)
    )
    if (
        (introduced and version < introduced)
        or (fixed and version >= fixed)
        or (last and version > last)
    ):
        return None
    if affected.versions:
        if version in [_parsed(each) for each in affected.versions]:
            return "affected"
        return None if fixed else "may be affected"
    if below and version >= below:
        return "may be affected"
    # The fix may have come between a pre-release and its release.
    return "may be affected" if fixed and version.numbers == fixed.numbers else "affected"


def _parsed(text: str | None) -> Version | None:
    return Version.parse(text) if text else None


def _range(affected: Affected) -> str:
    if not affected.is_bounded:
        return f"{affected.series}, any firmware"
    if affected.versions:
        return f"{affected.series}, firmware {' and '.join(affected.versions)}"
    words = [
        f"from {affected.introduced}" if affected.introduced else "",
        f"before {affected.fixed}" if affected.fixed else "",
        f"up to {affected.last}" if affected.last else "",
    ]
    return f"{affected.series}, firmware {' '.join(filter(None, words))}"
