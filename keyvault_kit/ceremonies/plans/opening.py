"""Open and recover: enough envelopes of a set, the password, and the sign-in (S32, S57, S62).

An opening never waits: nothing here asks for a signature or a green light first, and a bag that is
not intact is recorded, not an obstacle.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import handling, paperwork
from keyvault_kit.ceremonies.engine import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import Register
from keyvault_kit.sharing import passwords
from keyvault_kit.sharing.recovery import RecoveryState


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


PLAN = Plan("open", steps)


def _open(it: Request, envelope: str, work: Work) -> Sequence[ev.Fact]:
    opened = handling.open_envelope(work, envelope, it.why)
    return [opened, *_seen(work, envelope)]


def _seen(work: Work, envelope: str) -> list[ev.Fact]:
    """Whoever stands by when a sheet is taken out could read it."""
    its = work.register.envelopes[envelope]
    return [
        ev.SecretExposed(person=person, set=its.set or "", number=its.number)
        for person in work.step.by
    ]


def _recover(it: Request, work: Work) -> Sequence[ev.Fact]:
    state = RecoveryState()
    for envelope in it.envelopes:
        with paperwork.read_share(work, work.register.envelopes[envelope]) as share:
            state.add(share.expose_text())
    person = it.officers[0]
    with state.recover() as secret, passwords.password_from_secret(secret) as password:
        told = f"{person}: sign in to {it.account} with this password"
        prompt = Prompt(topic=Topic.SIGN_IN, text=told, person=person, subject=it.account)
        work.reveal(prompt, password, set_id=it.set)
    question = f"Did the sign-in to {it.account} succeed?"
    prompt = Prompt(topic=Topic.SIGN_IN, text=question, person=person, subject=it.account)
    accepted = work.interaction.confirm(prompt)
    return [
        ev.PasswordRecovered(account=it.account, set=it.set, accepted=accepted),
        ev.AccountUsed(account=it.account, why=it.why),
    ]


def _verify(envelope: str, work: Work) -> Sequence[ev.Fact]:
    opened = handling.open_envelope(work, envelope, "its share is verified alone")
    with paperwork.read_share(work, work.register.envelopes[envelope]):
        return [opened, *_seen(work, envelope), ev.ShareVerified(envelope=envelope)]
