"""The station's age identity: made, printed, proven and sealed; in no file, ever.

Other sites encrypt their proposals to it, and backups are encrypted to it: who holds this paper
opens both, with the kit or with stock `age`.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, handling, reading_back, secret_sheets
from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.secret_sheets import Place
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import STATION, Purpose, SecretSet, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.ledger import age
from keyvault_kit.secret import Secret

SECRETS = ("identity", "identity-salt")
WHY_LOST = "the identity was lost before it was sealed"


class Request(msgspec.Struct, frozen=True):
    """Who makes it, and where its sheet goes."""

    officers: tuple[str, ...]
    safe: str


def ceremony(register: Register, officers: tuple[str, ...], safe: str) -> Ceremony:
    """A new identity of the station, in the place of the one before it; one cut short goes on."""
    return Ceremony(
        id=handling.unfinished(register, PLAN.name, "identity-"),
        plan=PLAN,
        request={"officers": officers, "safe": safe},
        people=officers,
    )


def _steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    it = msgspec.convert(request, Request)
    return steps(it.officers, it.safe)


PLAN = Plan("identity", _steps)


def steps(officers: tuple[str, ...], safe: str) -> tuple[Step, ...]:
    """The steps: make, print, prove, seal (and from then on it counts), count, deposit."""
    doing = (
        ("print", "Print the sheet of the station's identity", _print),
        ("prove", "Read the identity's sheet back and compare it with its proof", _prove),
        (
            "seal",
            "Seal the identity's sheet in a bag; from now on it is the one that counts",
            _seal,
        ),
    )
    return (
        Step(
            id="make-identity",
            activity="Draw the station's age identity, to which other sites encrypt",
            by=officers,
            act=_make,
            on_return=_give_up,
        ),
        *(
            Step(
                id=f"{verb}-identity",
                activity=activity,
                by=officers,
                act=functools.partial(act, safe),
                signed=verb == "seal",
                needs=SECRETS,
                restart="make-identity",
            )
            for verb, activity, act in doing
        ),
        Step(
            id="count-identity",
            activity="Count the pages: all that were printed are sealed or destroyed",
            by=officers,
            act=handling.count_pages,
        ),
        Step(
            id="deposit-identity",
            activity=f"Deposit the station's identity in safe {safe}",
            by=officers,
            act=functools.partial(_deposit, safe),
        ),
    )


def _set(register: Register) -> SecretSet:
    """The newest identity: the one that this ceremony is about."""
    return register.set_being_made(STATION, Purpose.IDENTITY)


def _envelope(register: Register) -> str:
    return f"{_set(register).id}-1"


def _make(work: Work) -> Sequence[ev.Fact]:
    work.hands.take("identity", age.identity_from(work.station.random(32)))
    work.hands.take("identity-salt", Secret(work.station.random(16)))
    made = ev.SetMade(
        set=handling.next_id(f"{STATION}-id", work.register.sets),
        purpose=Purpose.IDENTITY,
        subject=STATION,
        threshold=1,
        count=1,
        ceremony=work.ceremony,
    )
    return [made]


def _give_up(work: Work) -> Sequence[ev.Fact]:
    """It is lost, and nothing was encrypted to it: destroy its sheet, void its set."""
    lost = _set(work.register)
    if lost.state is not SetState.MADE:
        return []
    live = secret_sheets.shred_set(work, lost)
    spoiled = [ev.EnvelopeSpoiled(envelope=e.id, why=WHY_LOST) for e in live]
    return [*spoiled, ev.SetVoided(set=lost.id, why=WHY_LOST)]


def _print(safe: str, work: Work) -> Sequence[ev.Fact]:
    identity, salt = work.hands.secret("identity"), work.hands.secret("identity-salt")
    its_set, envelope = _set(work.register), _envelope(work.register)
    work.lay_open(its_set.id, 1)
    recipient = age.recipient_of(identity)
    place = Place(envelope, safe)
    return [secret_sheets.print_identity(work, its_set, identity, salt, recipient, place)]


def _prove(_: str, work: Work) -> Sequence[ev.Fact]:
    envelope = work.register.envelopes[_envelope(work.register)]
    with reading_back.salted(work, "identity", envelope):
        pass
    return [ev.EnvelopeProven(envelope=envelope.id)]


def _seal(safe: str, work: Work) -> Sequence[ev.Fact]:
    envelope = _envelope(work.register)
    documents.print_companions(work, work.register.envelopes[envelope], safe)
    recipient = age.recipient_of(work.hands.secret("identity"))
    sealed = handling.seal(work, envelope)
    return [sealed, ev.RecipientSet(recipient=recipient, set=_set(work.register).id)]


def _deposit(safe: str, work: Work) -> Sequence[ev.Fact]:
    work.hands.drop("identity")
    work.hands.drop("identity-salt")
    envelope = _envelope(work.register)
    work.station.paper.let_go(sheet_name("identity", envelope))
    return [handling.deposit(work, _envelope(work.register), safe)]
