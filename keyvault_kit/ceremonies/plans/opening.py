"""Open and recover: enough envelopes of a set, the password, and the sign-in (S32, S57, S62).

An opening never waits: nothing here asks for a signature or a green light first, and a bag that is
not intact is recorded, not an obstacle.
"""

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import handling, paperwork
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, KeyvaultError, MismatchError
from keyvault_kit.sharing import passwords
from keyvault_kit.sharing.recovery import RecoveryState

_ANOTHER: Final = "Use another envelope of the set."


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is opened.

    Attributes:
        envelopes: Those that are opened to recover the password.
        checked: Envelopes opened only to verify their share alone.
    """

    account: str
    set: str
    envelopes: tuple[str, ...]
    checked: tuple[str, ...]
    officers: tuple[str, str]
    why: str


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The `number`-th opening of an account."""
    return Ceremony(
        id=f"open-{request.account}-{number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: a bag each, the recovery, and each further share by itself."""
    it = msgspec.convert(request, Request)
    return (
        *(
            Step(
                id=f"open-{envelope}",
                activity=f"Inspect and open envelope {envelope} ({it.why})",
                by=it.officers,
                act=functools.partial(_open, it, envelope),
            )
            for envelope in it.envelopes
        ),
        Step(
            id="recover",
            activity=f"Read the shares, recover the password of {it.account} and sign in",
            by=it.officers,
            act=functools.partial(_recover, it),
        ),
        *(
            Step(
                id=f"verify-{envelope}",
                activity=f"Open envelope {envelope} and verify its share alone",
                by=it.officers,
                act=functools.partial(_verify, envelope),
            )
            for envelope in it.checked
        ),
    )


PLAN = Plan("open", steps, clock=False)


def _open(it: Request, envelope: str, work: Work) -> Sequence[ev.Fact]:
    return _take_out(work, envelope, it.why)


def _take_out(work: Work, envelope: str, why: str) -> list[ev.Fact]:
    """Open an envelope; whoever stands by could read its sheet."""
    its = work.register.envelopes[envelope]
    opened: list[ev.Fact] = [handling.open_envelope(work, envelope, why)]
    if its.set is not None:
        opened += [
            ev.SecretExposed(person=person, set=its.set, number=its.number)
            for person in work.step.by
        ]
    return opened


def _recover(it: Request, work: Work) -> Sequence[ev.Fact]:
    state = RecoveryState()
    for envelope in it.envelopes:
        _add_share(state, envelope, work)
    for envelope in _others(it, work):
        if not state.complete:
            work.observe(*_take_out(work, envelope, f"{it.why}: another sheet could not be used"))
            _add_share(state, envelope, work)
    person = it.officers[0]
    with state.recover() as secret, passwords.password_from_secret(secret) as password:
        work.observe(ev.AccountUsed(account=it.account, why=it.why))
        told = f"{person}: sign in to {it.account} with this password"
        prompt = Prompt(topic=Topic.SIGN_IN, text=told, person=person, subject=it.account)
        work.reveal(prompt, password, set_id=it.set)
    question = f"Did the sign-in to {it.account} succeed?"
    prompt = Prompt(topic=Topic.SIGN_IN, text=question, person=person, subject=it.account)
    accepted = work.interaction.confirm(prompt)
    return [ev.PasswordRecovered(account=it.account, set=it.set, accepted=accepted)]


def _others(it: Request, work: Work) -> list[str]:
    """The envelopes of the set that are still sealed: what there is if a sheet cannot be used."""
    sealed = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    live = work.register.live_envelopes(it.set)
    return [e.id for e in live if e.id not in it.envelopes and e.state in sealed]


def _add_share(state: RecoveryState, envelope: str, work: Work) -> None:
    """Add the share of an envelope; one that is wrong or cannot be read is a finding."""
    try:
        with paperwork.read_share(work, work.register.envelopes[envelope], _ANOTHER) as share:
            state.add(share.expose_text())
    except (InputError, MismatchError) as error:
        work.observe(_unusable(envelope, error))


def _unusable(envelope: str, error: KeyvaultError) -> ev.FindingMade:
    return ev.FindingMade(
        rule="sheet-unusable", subject=envelope, what=error.what, mend="Find out who had access."
    )


def _verify(envelope: str, work: Work) -> Sequence[ev.Fact]:
    facts: list[ev.Fact] = []
    if work.register.envelopes[envelope].state is not EnvelopeState.OPENED:
        facts = _take_out(work, envelope, "its share is verified alone")
    try:
        with paperwork.read_share(work, work.register.envelopes[envelope], _ANOTHER):
            return [*facts, ev.ShareVerified(envelope=envelope)]
    except (InputError, MismatchError) as error:
        return [*facts, _unusable(envelope, error)]
