"""Who gets which sheet: nobody a second one of a set, nor what completes what they saw.

The guard behind sealing, moving an envelope and naming an opener (PCI PIN 21-2.4; S38). It looks at
what a person would have *alone*: a safe that takes two gives nobody anything. It goes by history,
too: who knows a safe's combination still opens it, and who saw a sheet has it until the secret is
changed. That two officers stood by when all sheets of a set were made does not count here, else no
officer could open any safe: that is what the handover from bag to bag is for.

Two officers may decide otherwise by name, until the day on which they look at it again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.custody.access import may_open
from keyvault_kit.custody.changes.keys import ALLOWED
from keyvault_kit.custody.model import EnvelopeState, Form, SetState
from keyvault_kit.custody.reach import Pieces, Reach, alone_in, known_part
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError

SECOND_SHARE: Final = "second-share"
"""The decision that lets somebody have a second share all the same."""

_PIECES: Final = (Form.SHARES, Form.PARTS)


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


def check_new(register: Register, its: NewSet, day: date) -> None:
    """Check where the sheets of a new set would go.

    Raises:
        RefusedError: Somebody would have two of them alone; or, of literal parts, one that adds to
            the half that they type.
    """
    if its.form not in _PIECES:
        return
    gets: dict[str, set[int]] = {}
    for number, safe in enumerate(its.safes, 1):
        for person in alone_in(register, safe):
            gets.setdefault(person, set()).add(number)
    for person in sorted(gets):
        halves = {half for half, each in enumerate(its.typists, 1) if each == person}
        has = Pieces(halves=frozenset(halves))
        safes = [its.safes[number - 1] for number in sorted(gets[person])]
        it = _Gain(person, its.what, its.form, len(its.safes), has, frozenset(gets[person]), safes)
        _demand_no_second(register, it, day)


def check_move(register: Register, envelope: str, safe: str, day: date) -> None:
    """Check that nobody who opens a safe gets a second sheet of a set by an envelope's move there.

    Raises:
        RefusedError: Somebody would; or there is no such envelope or safe.
    """
    known(register.safes, safe, "safe")
    moved = known(register.envelopes, envelope, "envelope")
    if moved.set and moved.number:
        for person in sorted(alone_in(register, safe)):
            _check_gain(register, person, {moved.set: {moved.number}}, [safe], day)


def check_openers(
    register: Register, safe: str, openers: Sequence[str], need: int, day: date
) -> None:
    """Check that nobody gets a second sheet of a set by becoming an opener of a safe.

    Raises:
        RefusedError: Somebody would; or there is no such safe.
    """
    known(register.safes, safe, "safe")
    if need > 1:
        return
    gets: dict[str, set[int]] = {}
    for it in register.envelopes.values():
        if it.state is EnvelopeState.DEPOSITED and it.safe == safe and it.set and it.number:
            gets.setdefault(it.set, set()).add(it.number)
    for person in sorted(set(openers) - alone_in(register, safe)):
        _check_gain(register, person, gets, [safe], day)


def _check_gain(
    register: Register,
    person: str,
    gets: Mapping[str, Collection[int]],
    safes: Sequence[str],
    day: date,
) -> None:
    """Check what somebody would have of each living set, with these sheets of it."""
    reach = Reach(register, person)
    for set_id, numbers in gets.items():
        its = register.sets[set_id]
        if its.form in _PIECES and (its.state is SetState.IN_FORCE or may_open(its)):
            has = reach.pieces(set_id)
            it = _Gain(person, f"set {set_id}", its.form, its.count, has, frozenset(numbers), safes)
            _demand_no_second(register, it, day)


class _Gain(msgspec.Struct, frozen=True):
    """What a person has of a set, and would get."""

    person: str
    what: str
    form: Form
    count: int
    has: Pieces
    gets: frozenset[int]
    safes: Sequence[str]

    def told(self) -> str:
        """What would be wrong with it; empty where nothing would."""
        where = f"alone opens safe {' and '.join(dict.fromkeys(self.safes))}"
        already = self.has.seen | self.has.reached
        if len(self.gets | already) > 1 and self.gets - already:
            numbers = " and ".join(str(it) for it in sorted(self.gets | already))
            return f"{self.person} {where}, and would have sheets {numbers} of {self.what}"
        if self.form is Form.PARTS and self.has.halves:
            saw = known_part(self.count, (), self.has.halves)
            if not known_part(self.count, self.gets, ()) <= saw:
                halves = " and ".join(str(it) for it in sorted(self.has.halves))
                return f"{self.person} {where}, and types or typed half {halves} of {self.what}"
        return ""


def _demand_no_second(register: Register, it: _Gain, day: date) -> None:
    told = it.told()
    made = register.decisions.get(SECOND_SHARE)
    decided = made is not None and made.choice == ALLOWED and made.review >= day
    if told and not decided:
        raise RefusedError(
            f"{told}: nobody has a second share of a secret, or the rest of what they saw",
            mend=f"Choose another safe ('custody assign' proposes one), or two decide otherwise:"
            f" 'decide make {SECOND_SHARE} {ALLOWED}'.",
        )
