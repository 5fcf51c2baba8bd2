"""Open and recover: enough envelopes of a set, the password, and the sign-in (S32, S57, S62).

An opening never waits: nothing here asks for a signature or a green light first, and a bag that is
not intact is recorded, not an obstacle.
"""

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import handling, reading_back, splitting
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Form
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.recovery import RecoveryState

_ANOTHER: Final = "Use another envelope of the set."
_ANOTHER_WAY: Final = "No other sheet stands in for it: use the account's keys."


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
    form = work.register.sets[it.set].form
    person = it.officers[0]
    with _from_shares(it, work) if form is Form.SHARES else _from_all(it, form, work) as password:
        work.observe(ev.AccountUsed(account=it.account, why=it.why))
        told = f"{person}: sign in to {it.account} with this password"
        prompt = Prompt(topic=Topic.SIGN_IN, text=told, person=person, subject=it.account)
        work.reveal(prompt, password, set_id=it.set)
    question = f"Did the sign-in to {it.account} succeed?"
    prompt = Prompt(topic=Topic.SIGN_IN, text=question, person=person, subject=it.account)
    accepted = work.interaction.confirm(prompt)
    return [ev.PasswordRecovered(account=it.account, set=it.set, accepted=accepted)]


def _from_shares(it: Request, work: Work) -> Secret:
    """The password from enough shares; in the place of a useless sheet another is opened."""
    state = RecoveryState()
    for envelope in it.envelopes:
        _add_share(state, envelope, work)
    for envelope in _others(it, work):
        if not state.complete:
            work.observe(*_take_out(work, envelope, f"{it.why}: another sheet could not be used"))
            _add_share(state, envelope, work)
    with state.recover() as secret:
        return splitting.password_behind(secret)


def _from_all(it: Request, form: Form, work: Work) -> Secret:
    """The password from its one sheet, or from all of its parts: no other stands in for one."""
    sheets = [work.register.envelopes[envelope] for envelope in it.envelopes]
    read: list[Secret] = []
    for envelope in sorted(sheets, key=lambda sheet: sheet.number or 0):
        with reading_back.content(work, form, envelope, _ANOTHER_WAY) as content:
            read.append(Secret(content.expose()))
    try:
        return splitting.password_of(form, read)
    finally:
        for content in read:
            content.wipe()


def _others(it: Request, work: Work) -> list[str]:
    """The envelopes of the set that are still sealed: what there is if a sheet cannot be used."""
    sealed = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    live = work.register.live_envelopes(it.set)
    return [e.id for e in live if e.id not in it.envelopes and e.state in sealed]


def _add_share(state: RecoveryState, envelope: str, work: Work) -> None:
    """Add the share of an envelope; one that is wrong or cannot be read is a finding."""
    try:
        with reading_back.share(work, work.register.envelopes[envelope], _ANOTHER) as share:
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
        its = work.register.envelopes[envelope]
        with reading_back.content(work, work.register.sets[its.set or ""].form, its, _ANOTHER):
            return [*facts, ev.ShareVerified(envelope=envelope)]
    except (InputError, MismatchError) as error:
        return [*facts, _unusable(envelope, error)]
