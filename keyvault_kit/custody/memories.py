"""Memories: what people saw of the register's secrets, as items that lie nowhere.

Alone, what somebody saw; with another, what they both stood by to (ADR 13).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from keyvault_kit.custody.history import Exposure, Witnesses
from keyvault_kit.custody.holdings import Item, Kind, Way
from keyvault_kit.custody.model import Form, SecretSet
from keyvault_kit.custody.opening import accounts_of, keys_of, kind_of, may_open
from keyvault_kit.custody.reach import HALVES, spans
from keyvault_kit.custody.register import Register

_EYES: Final = 2
"""Whoever stands by under the eyes of another reads nothing, unless the two agree to."""


def seen_sheets(register: Register) -> dict[tuple[str, int | None], list[Way]]:
    """Set and number of a sheet -> by those who saw it."""
    found: dict[tuple[str, int | None], list[Way]] = defaultdict(list)
    witnesses = Witnesses(register.exposures)
    for it in register.exposures:
        if it.number is not None:
            found[it.set, it.number].append(_remembers(it, witnesses))
    return found


def _remembers(it: Exposure, witnesses: Witnesses) -> Way:
    """Alone, what somebody saw; with another, what they both stood by to (ADR 13)."""
    if not it.present:
        return Way(frozenset((it.person,)), 1, "saw it")
    people = frozenset((it.person, *witnesses.beside(it)))
    return Way(people, min(_EYES, len(people)), "stood by while it lay open")


def memories(register: Register, sheets: Iterable[Item]) -> Iterator[Item]:
    """What people saw of a whole secret, or of the halves in which a password was typed."""
    whole: dict[str, list[Way]] = defaultdict(list)
    halves: dict[str, dict[int, list[Way]]] = defaultdict(lambda: defaultdict(list))
    witnesses = Witnesses(register.exposures)
    for it in register.exposures:
        its = register.sets.get(it.set)
        if its is None or not may_open(register, its):
            continue
        if it.half is not None:
            halves[it.set][it.half].append(_remembers(it, witnesses))
        elif it.number is None:
            whole[it.set].append(_remembers(it, witnesses))
    for name, ways in whole.items():
        its = register.sets[name]
        yield _memory(register, its, f"seen:{name}", kind_of(its), ways)
    for name, typed in halves.items():
        its = register.sets[name]
        yield from _typed(register, its, typed, _parts(register, its, sheets))


def _parts(
    register: Register, its: SecretSet, sheets: Iterable[Item]
) -> dict[int | None, tuple[Way, ...]]:
    """Number of a literal part of a password -> all the ways to it."""
    if its.form is not Form.PARTS:
        return {}
    mine = (it for it in sheets if it.set == its.id)
    return {register.envelopes[it.id].number: it.now + it.before for it in mine}


def _typed(
    register: Register,
    its: SecretSet,
    halves: dict[int, list[Way]],
    parts: dict[int | None, tuple[Way, ...]],
) -> Iterator[Item]:
    """The halves of a password; where literal parts of it lie on paper, both fill the gaps."""
    if its.form is not Form.PARTS:
        for half, ways in halves.items():
            yield _memory(
                register, its, f"seen:{its.id}:half-{half}", Kind.PART, ways, f"halves:{its.id}"
            )
        return
    every = spans(its.count)
    for n, (part, half) in enumerate(every, 1):
        ways = [*parts.get(part, ()), *halves.get(half, ())]
        name, of = f"seen:{its.id}:piece-{n}", f"pieces:{its.id}"
        yield _memory(register, its, name, Kind.PART, ways, of, len(every))


def _memory(
    register: Register,
    its: SecretSet,
    name: str,
    kind: Kind,
    ways: Iterable[Way],
    of: str = "",
    need: int = 0,
) -> Item:
    """What lies nowhere by itself.

    Args:
        of: The set of which it is a piece.
        need: How many of its pieces give the secret; both halves, where nothing is said.
    """
    return Item(
        id=name,
        kind=kind,
        accounts=accounts_of(register, its),
        keys=keys_of(its),
        set=of,
        threshold=(need or len(HALVES)) if of else 1,
        before=tuple(dict.fromkeys(ways)),
        counts=False,
    )
