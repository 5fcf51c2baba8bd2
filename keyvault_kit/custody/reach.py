"""What one person had within reach, and what they saw, as the register remembers it.

Two rules run through it. Alone means alone: what lies in a safe that takes two is nobody's. And
knowing lasts: who was taken off the openers of a safe opens it until its combination was changed,
and who saw a sheet knows it until its secret was changed (S42, S55; PCI PIN 21-2.4).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.custody.history import Exposure, Stay, Witnesses
from keyvault_kit.custody.model import Form, SecretSet
from keyvault_kit.custody.register import Register

HALVES: Final = (1, 2)
"""The halves in which a password is typed at the tenant."""

_TWELFTHS: Final = 12
"""A password as far as it is known; halves, and two or three parts, are whole twelfths of it."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody opens a safe, or opened it, for a time.

    Attributes:
        others: Who else opened it then.
        need: How many of them all it took.
        since: From when on they opened it.
        until: When that ended: the combination was changed after they were taken off; absent while
            they could open it.
        named: Whether they are among the openers now; who is not may know the combination still.
    """

    safe: str
    others: tuple[str, ...]
    need: int
    since: datetime
    until: datetime | None = None
    named: bool = False

    @property
    def alone(self) -> bool:
        """Whether nobody else was needed."""
        return self.need == 1

    def met(self, stay: Stay) -> bool:
        """Whether an envelope lay in the safe at that time."""
        return (
            stay.safe == self.safe
            and (self.until is None or stay.since < self.until)
            and (stay.until is None or self.since < stay.until)
        )


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has of a secret set.

    Attributes:
        seen: Numbers of the sheets that they saw.
        stood_by: Numbers of those beside which they stood, under the eyes of another, while these
            lay open; who stood there alone saw them.
        reached: Numbers of those that lay, sealed, where they alone could take them.
        halves: The halves of the password that they typed or saw.
        whole: Whether they saw the whole secret.
    """

    seen: frozenset[int] = frozenset()
    stood_by: frozenset[int] = frozenset()
    reached: frozenset[int] = frozenset()
    halves: frozenset[int] = frozenset()
    whole: bool = False


class Reach:
    """What one person of the register had within reach, or saw.

    Args:
        person: Id; somebody who never opened or saw anything has nothing.
    """

    def __init__(self, register: Register, person: str) -> None:
        self._register = register
        self._person = person
        self._saw: dict[str, list[Exposure]] = defaultdict(list)
        self._witnesses = Witnesses(register.exposures)
        for it in register.exposures:
            if it.person == person:
                self._saw[it.set].append(it)
        self.accesses = tuple(
            it for safe in register.safe_terms for it in _accesses(register, safe, person)
        )

    def ways(self, envelope: str) -> tuple[Access, ...]:
        """How they could come to an envelope, while it lay in a safe."""
        stays = self._register.stays.get(envelope, ())
        return tuple(it for it in self.accesses if any(it.met(stay) for stay in stays))

    def holds(self, envelope: str) -> bool:
        """Whether they were among the last to handle an envelope that lies in no safe."""
        return self._person in self._register.envelopes[envelope].hands

    def alone(self, envelope: str) -> bool:
        """Whether they could take an envelope without anybody else."""
        return self.holds(envelope) or any(it.alone for it in self.ways(envelope))

    def pieces(self, set_id: str) -> Pieces:
        """What they have of a set, whatever became of its sheets since."""
        register = self._register
        every = range(1, register.sets[set_id].count + 1)
        beside = [it for it in self._saw[set_id] if it.present and self._witnesses.beside(it)]
        read = [it for it in self._saw[set_id] if it not in beside]
        sheets = (register.envelopes[it] for it in register.sheets.get(set_id, ()))
        return Pieces(
            seen=frozenset(number for number in every if number in {it.number for it in read}),
            stood_by=frozenset(
                number for it in beside for number in every if it.number in (None, number)
            ),
            reached=frozenset(it.number for it in sheets if it.number and self.alone(it.id)),
            halves=frozenset(it.half for it in read if it.half in HALVES),
            whole=any(it.number is None and it.half is None for it in read),
        )


def _accesses(register: Register, safe: str, person: str) -> Iterator[Access]:
    """When somebody opened a safe; each time lasts until the combination that they had is gone."""
    for it in register.safe_terms[safe]:
        told = [era for era in register.eras(safe) if era.told(it)]
        if person in it.openers and told:
            yield Access(
                safe=safe,
                others=tuple(each for each in it.openers if each != person),
                need=it.need,
                since=it.since,
                until=told[-1].until,
                named=it.until is None,
            )


def alone_in(register: Register, safe: str) -> frozenset[str]:
    """Who opens a safe alone: its openers, and those who know its combination still."""
    return frozenset(person for person, need in register.knowing(safe).items() if need == 1)


def suffices(its: SecretSet, numbers: Collection[int], halves: Collection[int]) -> bool:
    """Whether these sheets and halves of a password give a set's secret."""
    if set(HALVES) <= set(halves):
        return True
    if its.form is Form.PARTS:
        return len(known_part(its.count, numbers, halves)) == _TWELFTHS
    return len(numbers) >= its.threshold


def known_part(count: int, numbers: Collection[int], halves: Collection[int]) -> frozenset[int]:
    """How much of a password is known to whoever has these of its `count` parts, and halves."""
    return frozenset(
        i
        for i in range(_TWELFTHS)
        if _covering(i, count) in numbers or _covering(i, len(HALVES)) in halves
    )


def spans(count: int) -> tuple[tuple[int, int], ...]:
    """A password from end to end, as (its part, its half): 'either gives this much of it'.

    Args:
        count: Of its parts.
    """
    every = ((_covering(i, count), _covering(i, len(HALVES))) for i in range(_TWELFTHS))
    return tuple(dict.fromkeys(every))


def _covering(twelfth: int, count: int) -> int:
    """Which of so many equal pieces, from 1, a twelfth of a password lies in."""
    return twelfth * count // _TWELFTHS + 1
