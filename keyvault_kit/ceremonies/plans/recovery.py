"""Recover: from envelopes that are open already to the password, and the sign-in (S32, S62, S65).

They were opened in an opening that was cut short, or on paper alone and entered afterwards. Like an
opening it never waits.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import recovering
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.plans import opening
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import RefusedError


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is recovered.

    Attributes:
        set: The secret set of the envelopes.
        envelopes: Those that are open.
        officers: Who reads them; the first signs in.
        why: Why: `emergency`, `drill` or `review`.
        number: Which recovery of the ledger it is.
    """

    account: str
    set: str
    envelopes: tuple[str, ...]
    officers: tuple[str, ...]
    why: str
    number: int


def open_of(register: Register, set_id: str) -> tuple[str, ...]:
    """The envelopes of a set that are open, by sheet number."""
    live = register.live_envelopes(set_id)
    return tuple(it.id for it in live if it.state is EnvelopeState.OPENED)


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        RefusedError: There is no such account, or fewer envelopes are open than it takes.
    """
    account = known(register.accounts, it.account, "account")
    its = known(register.sets, it.set, "secret set")
    if len(it.envelopes) < its.threshold:
        are_open = count_of(len(it.envelopes), "envelope")
        raise RefusedError(
            f"of the password of {account.id} it takes {its.threshold}, and {are_open} of it"
            " are open on record",
            mend=f"Open more: 'keyvault open {account.id}'. Or recover from the sheets alone,"
            " without the ledger: 'keyvault recover'.",
        )


def ceremony(request: Request) -> Ceremony:
    """The recovery of that number."""
    return Ceremony(
        id=f"recover-{request.account}-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """A look at each sheet; then read, recover and sign in."""
    it = msgspec.convert(request, Request)
    return (
        *(opening.looking(envelope, it.officers) for envelope in it.envelopes),
        Step(
            id="recover",
            activity=f"Read the open sheets, recover the password of {it.account} and sign in",
            by=it.officers,
            act=functools.partial(_recover, it),
            secret=True,
        ),
    )


PLAN = Plan("recover", steps, clock=False)


def _recover(it: Request, work: Work) -> Sequence[ev.Fact]:
    use = recovering.Use(account=it.account, set=it.set, envelopes=it.envelopes, why=it.why)
    return recovering.use_password(work, use)
