"""Open: bags of an account, its password or its keys, and the sign-in (S32, S57, S62).

An opening never waits: nothing here asks for a signature or a green light first, and a bag that is
not intact is recorded, not an obstacle.
"""

import functools
from collections.abc import Iterator, Sequence

import msgspec

from keyvault_kit.ceremonies import recovering, walking
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is opened.

    Attributes:
        account: Whose password or keys.
        set: The secret set of the envelopes; empty where only keys are opened.
        envelopes: Those that are opened to recover the password, if they are enough for it.
        checked: Envelopes opened only to verify their share alone.
        officers: Who opens; the first signs in. One is enough where nobody else is there.
        why: Why: `emergency`, `drill` or `review`.
        keys: Tags of keys that are taken out with their PINs, to sign in with.
    """

    account: str
    set: str = ""
    envelopes: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    officers: tuple[str, ...]
    why: str
    keys: tuple[str, ...] = ()


def check(register: Register, it: Request) -> None:
    """Say what was mistyped. How things stand is no obstacle to an opening.

    Raises:
        RefusedError: The register has no such account, key or envelope.
        InputError: One is another account's, or holds no sheet of that password; or nothing is
            named.
    """
    known(register.accounts, it.account, "account")
    for tag in it.keys:
        if known(register.keys, tag, "key").account != it.account:
            raise InputError(f"key {tag} is that of {register.keys[tag].account}")
    if it.set and known(register.sets, it.set, "secret set").purpose is not Purpose.PASSWORD:
        raise InputError(
            f"set {it.set} is no password", mend="Name the key: its PIN is taken out with it."
        )
    for envelope in (*it.envelopes, *it.checked):
        if known(register.envelopes, envelope, "envelope").set != it.set:
            raise InputError(
                f"envelope {envelope} holds no sheet of set {it.set}",
                mend="Open the envelopes of one set, or the keys; then the next.",
            )
    if not (it.keys or it.envelopes or it.checked):
        raise InputError(
            f"no password of {it.account} is in force, and no key was named",
            mend="Name the envelopes, or the keys: 'envelopes list' has them.",
        )


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The `number`-th opening of an account."""
    return Ceremony(
        id=f"open-{request.account}-{number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The opening of this request that was cut short, or else the account's next one.

    Another that was cut short does not stand in its way.
    """
    mine = [
        it
        for it in register.ceremonies.values()
        if it.plan == PLAN.name and it.request.get("account") == request.account
    ]
    for number, it in enumerate(mine, 1):
        if not it.closed and msgspec.convert(it.request, Request) == request:
            return ceremony(request, number=number)
    return ceremony(request, number=len(mine) + 1)


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: a bag each, the recovery, each key, and each further share by itself.

    Bags that were open before are not opened again, but looked at; of too few sheets nothing is
    recovered.
    """
    it = msgspec.convert(request, Request)
    return tuple(_by_hands(it, step) for step in _steps(register, it))


PLAN = Plan("open", steps, clock=False)


def _by_hands(it: Request, step: Step) -> Step:
    act = functools.partial(recovering.by_hands, step.act, it.account, it.why)
    return msgspec.structs.replace(step, act=act)


def _steps(register: Register, it: Request) -> tuple[Step, ...]:
    return (
        *(_opening(register, it, envelope) for envelope in it.envelopes),
        *_recovering(register, it),
        *(step for tag in it.keys for step in _key_steps(register, it, tag)),
        *(
            Step(
                id=f"verify-{envelope}",
                activity=f"Open envelope {envelope} and verify its share alone",
                by=it.officers,
                act=functools.partial(_verify, it, envelope),
                secret=True,
            )
            for envelope in it.checked
        ),
    )


def _opening(register: Register, it: Request, envelope: str) -> Step:
    if register.envelopes[envelope].state is EnvelopeState.OPENED:
        return looking(envelope, it.officers)
    home = walking.home_of(register, envelope)
    return Step(
        id=f"open-{envelope}",
        activity=f"Inspect and open envelope {envelope} ({it.why}){home and f', from {home}'}",
        by=it.officers,
        act=functools.partial(_open, it, envelope),
    )


def looking(envelope: str, by: tuple[str, ...]) -> Step:
    """The step in which people look at what is open already."""

    def look(work: Work) -> Sequence[ev.Fact]:
        return recovering.look_at(work, envelope)

    return Step(
        id=f"look-{envelope}",
        activity=f"Look at the sheet of envelope {envelope}, which is open",
        by=by,
        act=look,
    )


def _recovering(register: Register, it: Request) -> Iterator[Step]:
    its = register.sets.get(it.set)
    if its and len(it.envelopes) >= its.threshold:
        yield Step(
            id="recover",
            activity=f"Read the sheets, recover the password of {it.account} and sign in",
            by=it.officers,
            act=functools.partial(_recover, it),
            secret=True,
        )


def _key_steps(register: Register, it: Request, tag: str) -> Iterator[Step]:
    for envelope in recovering.bags_of_key(register, tag):
        yield _opening(register, it, envelope)
    yield Step(
        id=f"sign-in-{tag}",
        activity=f"Sign in to {it.account} with key {tag} and its PIN",
        by=it.officers,
        act=functools.partial(_sign_in, it, tag),
    )


def _open(it: Request, envelope: str, work: Work) -> Sequence[ev.Fact]:
    return recovering.take_out(work, envelope, it.why)


def _recover(it: Request, work: Work) -> Sequence[ev.Fact]:
    use = recovering.Use(account=it.account, set=it.set, envelopes=it.envelopes, why=it.why)
    return recovering.use_password(work, use)


def _sign_in(it: Request, tag: str, work: Work) -> Sequence[ev.Fact]:
    return recovering.use_key(work, it.account, tag, it.why)


def _verify(it: Request, envelope: str, work: Work) -> Sequence[ev.Fact]:
    facts: list[ev.Fact] = []
    if work.register.envelopes[envelope].state is not EnvelopeState.OPENED:
        facts = recovering.take_out(work, envelope, it.why, ": its share is verified alone")
    return facts if work.occurred else [*facts, recovering.verify(work, envelope)]
