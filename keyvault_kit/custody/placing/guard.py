"""Who gets which sheet: nobody a second one of a set, nor what completes what they saw.

The guard behind sealing, depositing and moving an envelope, naming an opener, and accepting what
another site proposes (PCI PIN 21-2.4; S38). It looks at what a person would have *alone*: a safe
that takes two gives nobody anything. It goes by history, too: who knows a safe's combination still
opens it, and who saw a sheet has it until the secret is changed. That two officers stood by when
all sheets of a set were made, or carry its bags, does not count here, else no officer could open
any safe: that is what the handover from bag to bag is for.

Two officers may decide otherwise by name, until the day on which they look at it again. What is so
already cannot be refused: a correction is entered, and is a finding.

The fold knows nothing of all this: what was entered once is never refused afterwards.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.keys import ALLOWED
from keyvault_kit.custody.model import EnvelopeState, Form, SetState
from keyvault_kit.custody.opening import may_open
from keyvault_kit.custody.reach import Pieces, Reach, alone_in, known_part
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import RefusedError

SECOND_SHARE: Final = "second-share"
"""The decision that lets somebody have a second share all the same; and the rule of the finding."""

_BELONGS: Final = (EnvelopeState.DEPOSITED, EnvelopeState.OPENED, EnvelopeState.SEALED)
"""States in which an envelope lies in its safe, or goes back there."""


class NewSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set that is about to be made.

    Attributes:
        what: What it is called: 'the new password of bg1'.
        safes: Where each sheet goes, sheet 1 first.
        typists: Who types the first and the second half of the password.
    """

    what: str
    form: Form
    safes: tuple[str, ...]
    typists: tuple[str, ...] = ()


# --- What is refused


def check_new(register: Register, its: NewSet, day: date) -> None:
    """Check where the sheets of a new set would go.

    Raises:
        RefusedError: Somebody would have two of them alone; or, of literal parts, one that adds to
            the half that they type.
    """
    _demand_none(register, _by_making(register, its), day)


def check_move(register: Register, envelope: str, safe: str, day: date) -> None:
    """Check that nobody who opens a safe gets a second sheet of a set by an envelope's way there.

    Raises:
        RefusedError: Somebody would; or there is no such envelope or safe.
    """
    _demand_none(register, _by_placing(register, envelope, safe), day)


def check_openers(
    register: Register, safe: str, openers: Sequence[str], need: int, day: date
) -> None:
    """Check that nobody gets a second sheet of a set by becoming an opener of a safe.

    Raises:
        RefusedError: Somebody would; or there is no such safe.
    """
    _demand_none(register, _by_opening(register, safe, openers, need), day)


def check_fact(register: Register, fact: ev.Fact, day: date) -> None:
    """Check a fact that is about to be entered, of whatever kind.

    Raises:
        RefusedError: Somebody would get a second sheet by it; or there is no such envelope or safe.
    """
    if isinstance(fact, ev.SafeChanged):
        check_openers(register, fact.safe, fact.openers, fact.need, day)
    elif isinstance(fact, (ev.EnvelopeDeposited, ev.EnvelopeMoved)):
        check_move(register, fact.envelope, fact.safe, day)


# --- What is found


def found_in(register: Register, fact: ev.Fact, day: date) -> tuple[ev.FindingMade, ...]:
    """Who has a second sheet of a set, if it is as a correction says; of another fact, nothing.

    People say what is so, and so it is entered; but with these findings.

    Raises:
        RefusedError: There is no such envelope or safe.
    """
    if not isinstance(fact, ev.EnvelopeCorrected) or not fact.safe or _decided(register, day):
        return ()
    told = (it.told("has") for it in _by_placing(register, fact.envelope, fact.safe))
    return tuple(
        ev.FindingMade(
            rule=SECOND_SHARE,
            subject=fact.envelope,
            what=what,
            mend="Seal a new password ('seal'), and settle this then ('decide settle'): what"
            " somebody had counts until the secret is changed.",
        )
        for what in filter(None, told)
    )


# --- What people would get


class _Gain(msgspec.Struct, frozen=True):
    """What a person has of a set, and would get.

    Attributes:
        gets: Number of a sheet -> the safe that would give it to them, which they open alone.
        outdated: Those of the safes that they open alone only by a combination older than the list.
    """

    person: str
    what: str
    form: Form
    count: int
    has: Pieces
    gets: Mapping[int, str]
    outdated: frozenset[str] = frozenset()

    def told(self, would_have: str = "would have") -> str:
        """What would be wrong with it; empty where nothing would."""
        gets, already = frozenset(self.gets), self.has.seen | self.has.reached
        if len(gets | already) > 1 and gets - already:
            numbers = listed(str(it) for it in sorted(gets | already))
            return f"{self._where()}, and {would_have} sheets {numbers} of {self.what}"
        if self.form is Form.PARTS and self.has.halves:
            saw = known_part(self.count, (), self.has.halves)
            if not known_part(self.count, gets, ()) <= saw:
                halves = listed(str(it) for it in sorted(self.has.halves))
                return f"{self._where()}, and types or typed half {halves} of {self.what}"
        return ""

    def _where(self) -> str:
        """Which safes they open alone, and why where the list of a safe says otherwise (ADR 15)."""
        where = f"{self.person} alone opens safe {listed(dict.fromkeys(self.gets.values()))}"
        if not self.outdated:
            return where
        safes = listed(sorted(self.outdated))
        if len(self.outdated) == 1:
            return f"{where} (the combination of {safes} is older than its list)"
        return f"{where} (the combinations of {safes} are older than their lists)"

    def combinations(self) -> tuple[str, ...]:
        """The safes whose combinations need only be changed, and nothing is wrong any more."""
        left = {number: it for number, it in self.gets.items() if it not in self.outdated}
        still = msgspec.structs.replace(self, gets=left, outdated=frozenset())
        return () if still.told() else tuple(sorted(self.outdated))


_Gains = Iterator[_Gain]


def _by_making(register: Register, its: NewSet) -> _Gains:
    if its.form is Form.WHOLE:
        return
    gets: dict[str, set[int]] = {}
    for number, safe in enumerate(its.safes, 1):
        for person in alone_in(register, safe):
            gets.setdefault(person, set()).add(number)
    for person in sorted(gets):
        halves = {half for half, each in enumerate(its.typists, 1) if each == person}
        has = Pieces(halves=frozenset(halves))
        mine = {number: its.safes[number - 1] for number in sorted(gets[person])}
        outdated = _outdated(register, person, mine.values())
        yield _Gain(person, its.what, its.form, len(its.safes), has, mine, outdated)


def _by_placing(register: Register, envelope: str, safe: str) -> _Gains:
    known(register.safes, safe, "safe")
    placed = known(register.envelopes, envelope, "envelope")
    if placed.set and placed.number:
        for person in sorted(alone_in(register, safe)):
            outdated = _outdated(register, person, (safe,))
            yield from _gains(register, person, {placed.set: {placed.number}}, safe, outdated)


def _by_opening(register: Register, safe: str, openers: Sequence[str], need: int) -> _Gains:
    known(register.safes, safe, "safe")
    if need > 1:
        return
    gets: dict[str, set[int]] = {}
    for it in register.envelopes.values():
        if it.state in _BELONGS and it.safe == safe and it.set and it.number:
            gets.setdefault(it.set, set()).add(it.number)
    for person in sorted(set(openers) - alone_in(register, safe)):
        yield from _gains(register, person, gets, safe)


def _outdated(register: Register, person: str, safes: Iterable[str]) -> frozenset[str]:
    """Those of the safes that by its list somebody does not open alone."""
    lists = (register.safes[it] for it in safes)
    return frozenset(it.id for it in lists if it.need > 1 or person not in it.openers)


def _gains(
    register: Register,
    person: str,
    gets: Mapping[str, Collection[int]],
    safe: str,
    outdated: frozenset[str] = frozenset(),
) -> _Gains:
    """What somebody would have of each living set, with these sheets of it."""
    reach = Reach(register, person)
    for set_id, numbers in gets.items():
        its = register.sets[set_id]
        if its.form is not Form.WHOLE and (
            its.state is SetState.IN_FORCE or may_open(register, its)
        ):
            has = _kept(register, reach, set_id)
            what = f"set {set_id}"
            mine = dict.fromkeys(sorted(numbers), safe)
            yield _Gain(person, what, its.form, its.count, has, mine, outdated)


def _kept(register: Register, reach: Reach, set_id: str) -> Pieces:
    """What somebody has of a set, without the bags that they only carry to a safe."""
    has = reach.pieces(set_id)
    carried = {
        it.number
        for it in register.live_envelopes(set_id)
        if it.state is EnvelopeState.SEALED and not any(way.alone for way in reach.ways(it.id))
    }
    return msgspec.structs.replace(has, reached=has.reached - carried)


# --- Decided


def _decided(register: Register, day: date) -> bool:
    made = register.decisions.get(SECOND_SHARE)
    return made is not None and made.choice == ALLOWED and made.review >= day


def _demand_none(register: Register, gains: Iterable[_Gain], day: date) -> None:
    for it in gains:
        told = it.told()
        if told and not _decided(register, day):
            raise RefusedError(
                f"{told}: nobody has a second share of a secret, or the rest of what they saw",
                mend=_mend(it.combinations()),
            )


def _mend(combinations: Sequence[str]) -> str:
    begin = "Take"
    if combinations:
        entered = listed(f"'due done combination {it}'" for it in combinations)
        many = "combination" if len(combinations) == 1 else "combinations"
        begin = f"Change the {many} of {listed(combinations)}, enter that ({entered}), or take"
    return (
        f"{begin} another safe ('custody assign' proposes one) or other openers, or two decide"
        f" otherwise: 'decide make {SECOND_SHARE} {ALLOWED}'."
    )
