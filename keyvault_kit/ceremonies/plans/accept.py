"""Accept what other sites propose: each proposal is checked, shown, and entered or refused by name.

A bundle that was encrypted to the station's identity takes the identity's sheet out of its bag; it
goes back into a new one. What was entered is entered at once, so nothing is lost in a crash, and a
proposal that comes again is refused as a copy.
"""

import functools
from collections.abc import Callable, Sequence

from keyvault_kit.ceremonies import handling, proposing
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import STATION, EnvelopeState, Purpose, Role
from keyvault_kit.custody.proposals import Proposal, utc
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeclinedError, KeyvaultError, RefusedError
from keyvault_kit.ledger.bundle import Signed

Unpack = Callable[[], Sequence[Signed]]
"""Asks for the identity or the passphrase, and gives what the bundle holds."""


class Outcome:
    """What became of each proposal, for whoever asked."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self.refused: list[tuple[str, str]] = []

    def clear(self) -> None:
        """Forget everything: the proposals are looked at again."""
        self.accepted.clear()
        self.refused.clear()


def ceremony(
    register: Register,
    officers: tuple[str, ...],
    unpack: Unpack,
    outcome: Outcome,
    *,
    with_identity: bool,
) -> Ceremony:
    """The acceptance of one bundle.

    Args:
        with_identity: Whether the station's identity is taken out of its envelope for it.
    """
    accepting = Step(
        id="accept",
        activity="Open the bundle, and enter or refuse each proposal",
        by=officers,
        act=functools.partial(_accept, unpack, outcome),
    )

    def steps(_: Register, __: ev.Request) -> tuple[Step, ...]:
        return (*_before(officers), accepting, *_after(officers)) if with_identity else (accepting,)

    return Ceremony(
        id=handling.next_id("accept-", register.ceremonies),
        plan=Plan("accept", steps),
        request={"officers": officers},
        people=officers,
    )


def demand_officers(register: Register, people: tuple[str, ...]) -> None:
    """Check that those who accept may, before a bag is opened for it.

    Raises:
        RefusedError: Somebody is no officer.
    """
    for person in people:
        if Role.OFFICER not in authority.roles_of(register, person):
            raise RefusedError(f"{person} is no officer: to accept a proposal takes officers")


def _before(officers: tuple[str, ...]) -> tuple[Step, ...]:
    activity = "Take the station's identity out of its bag"
    return (Step(id="open-identity", activity=activity, by=officers, act=_open),)


def _after(officers: tuple[str, ...]) -> tuple[Step, ...]:
    return (
        Step(
            id="reseal-identity",
            activity="Seal the sheet of the station's identity in a new bag",
            by=officers,
            act=_reseal,
            signed=True,
        ),
        Step(
            id="deposit-identity",
            activity="Put the new bag with the station's identity back into its safe",
            by=officers,
            act=_deposit,
        ),
    )


def _envelope(register: Register) -> str:
    """The envelope of the identity in force.

    Raises:
        RefusedError: There is none.
    """
    set_id = register.in_force.get(f"{Purpose.IDENTITY}:{STATION}")
    live = register.live_envelopes(set_id) if set_id else ()
    if not live:
        raise RefusedError("this station has no identity on paper", mend="Use a passphrase.")
    return live[0].id


def _open(work: Work) -> Sequence[ev.Fact]:
    """Out of the bag; where the run before ended in the middle, it is out already."""
    envelope = _envelope(work.register)
    its = work.register.envelopes[envelope]
    work.lay_open(its.set or "", its.number or 1)
    if its.state is EnvelopeState.OPENED:
        return []
    return [handling.open_envelope(work, envelope, "to open a bundle")]


def _reseal(work: Work) -> Sequence[ev.Fact]:
    sealed = handling.seal(work, _envelope(work.register))
    return [ev.EnvelopeResealed(envelope=sealed.envelope, bag=sealed.bag)]


def _deposit(work: Work) -> Sequence[ev.Fact]:
    envelope = _envelope(work.register)
    return [handling.deposit(work, envelope, work.register.envelopes[envelope].safe or "")]


# --- The proposals


def _accept(unpack: Unpack, outcome: Outcome, work: Work) -> Sequence[ev.Fact]:
    signed = unpack()
    outcome.clear()
    for number, each in enumerate(signed, 1):
        name = f"proposal {number}"
        try:
            proposal = proposing.check(each, work.station.book)
        except KeyvaultError as error:  # of unknown hands: said, and not entered
            outcome.refused.append((name, str(error)))
            continue
        name = f"{name} ({proposal.id[:8]}, of {' and '.join(sorted(each.signatures))})"
        try:
            _enter(work, proposal, each)
        except KeyvaultError as error:
            outcome.refused.append((name, str(error)))
            people = tuple(sorted(each.signatures))
            why = type(error).__name__.removesuffix("Error").lower()
            work.observe(ev.ProposalRefused(proposal=proposal.id, people=people, why=why))
        else:
            outcome.accepted.append(name)
    return []


def _enter(work: Work, proposal: Proposal, signed: Signed) -> None:
    book, now = work.station.book, utc(work.station.clock())
    details = proposing.details_of(proposal, signed, book)
    admitted = proposing.admitted(
        book.register, proposal, signed.signatures, by=work.step.by, now=now
    )
    told = "\n".join(f"  {it}" for it in proposing.told(proposal, details))
    told += "".join(f"\n  WARNING: {it.what}" for it in admitted.found)
    text = f"{' and '.join(sorted(signed.signatures))} propose:\n{told}\nEnter that?"
    if not work.interaction.confirm(Prompt(topic=Topic.PROPOSAL, text=text)):
        raise DeclinedError("the officers did not enter it")
    book.enter(admitted.bodies, admitted.after, details=details)
