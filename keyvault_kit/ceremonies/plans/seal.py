"""Seal a password: make, split, print, prove, bag, count; set it at the tenant, deposit, evidence.

Nothing goes live before its paper is proven (design rule; S28 to S30, S38). One sheet lies open at
a time: the next is printed once two people have read the number of the last one's bag.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import (
    at_tenant,
    documents,
    handling,
    reading_back,
    secret_sheets,
    splitting,
)
from keyvault_kit.ceremonies.at_tenant import SECRETS
from keyvault_kit.ceremonies.new_password import Request, ceremony_of, check, next_of
from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.plan import Ceremony, Condition, Plan, Step, Work
from keyvault_kit.ceremonies.secret_sheets import KINDS, Place
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Form, Purpose, SecretSet, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.sharing import passwords
from keyvault_kit.sharing.policy import policy_named

__all__ = ["PLAN", "Request", "ceremony", "check", "next_ceremony", "steps"]


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The ceremony that seals the `number`-th password of an account."""
    return ceremony_of(PLAN, request, number)


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the account's next one.

    Raises:
        RefusedError: One was cut short that was about something else: it is ended first.
    """
    return next_of(PLAN, register, request)


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: make, three for each sheet, seal, count, offer, set, a deposit each, evidence."""
    it = msgspec.convert(request, Request)
    numbers = range(1, it.count + 1)
    before = frozenset(its.id for its in register.sets_of(it.account, Purpose.PASSWORD))
    return (
        Step(
            id="make",
            activity=_making(it),
            by=it.officers,
            act=functools.partial(_make, it),
            secret=True,
            on_return=functools.partial(_give_up, it),
        ),
        *(step for n in numbers for step in _sheet_steps(it, n)),
        *_sealing_steps(it),
        *_tenant_steps(it, before),
        *(
            Step(
                id=f"deposit-{n}",
                activity=f"Deposit sheet {n} in safe {it.safes[n - 1]}",
                by=it.officers,
                act=functools.partial(_deposit, it, n),
            )
            for n in numbers
        ),
        *at_tenant.evidence_steps(it.account, it.officers),
    )


PLAN = Plan("seal", steps)


def _making(it: Request) -> str:
    return {
        Form.SHARES: f"Draw a password for {it.account} and split it into {it.count} shares,"
        f" {it.threshold} of which give it back",
        Form.PARTS: f"Draw a password for {it.account} and cut it into {it.count} parts",
        Form.WHOLE: f"Draw a password for {it.account}",
    }[it.form]


def _sheet_steps(it: Request, n: int) -> tuple[Step, ...]:
    beside = "liner and recovery sheet" if it.form is Form.SHARES else "liner"
    doing = (
        ("print", f"Print sheet {n} of {it.count}", _print, _in_its_bag(it, n - 1)),
        ("prove", f"Read sheet {n} back and compare it with its proof", _prove, None),
        (
            "bag",
            f"Put sheet {n} with its {beside} into its bag; both read the bag's number",
            _bag,
            None,
        ),
    )
    return tuple(
        Step(
            id=f"{verb}-{n}",
            activity=activity,
            by=it.officers,
            act=functools.partial(act, it, n),
            before=before,
            needs=SECRETS,
            restart="make",
        )
        for verb, activity, act, before in doing
    )


def _in_its_bag(it: Request, n: int) -> Condition | None:
    """The handover gate: no sheet is printed while the one before lies open."""
    if n == 0:
        return None
    return Condition(
        f"sheet {n} is not in its bag yet",
        lambda register: bool(register.envelopes[_envelope(register, it, n)].bag),
    )


def _sealing_steps(it: Request) -> tuple[Step, ...]:
    return (
        Step(
            id="seal",
            activity=f"Sign that the {it.count} sheets are sealed, each in a bag of its own",
            by=it.officers,
            act=functools.partial(_seal, it),
            signed=True,
            needs=SECRETS,
            restart="make",
        ),
        Step(
            id="count",
            activity="Count the pages: all that were printed are sealed or destroyed",
            by=it.officers,
            act=handling.count_pages,
            needs=SECRETS,
            restart="make",
        ),
    )


def _tenant_steps(it: Request, before: frozenset[str]) -> tuple[Step, ...]:
    """Offer the password to the tenant, and set it: only once every sheet is sealed.

    Args:
        before: The account's sets from before the ceremony.
    """
    return (
        Step(
            id="offer",
            activity=f"Go to the tenant with the new password of {it.account}, sealed and proven",
            by=it.officers,
            act=functools.partial(_offer, it),
            before=Condition(
                "not every sheet is sealed",
                lambda register: _all_sealed(register, it),
            ),
            needs=SECRETS,
            restart="make",
        ),
        Step(
            id="set",
            activity=f"Set the password of {it.account} at the tenant, half by half",
            by=it.officers,
            act=functools.partial(_set, it),
            signed=True,
            after=Condition(
                "the new password is not on record",
                lambda register: any(
                    its.since and its.id not in before
                    for its in register.sets_of(it.account, Purpose.PASSWORD)
                ),
            ),
            restart="make",
        ),
    )


def _set_of(register: Register, it: Request) -> SecretSet:
    """The account's newest password set: the one that this ceremony is about."""
    return register.set_being_made(it.account, Purpose.PASSWORD)


def _envelope(register: Register, it: Request, n: int) -> str:
    return f"{_set_of(register, it).id}-{n}"


def _all_sealed(register: Register, it: Request) -> bool:
    envelopes = register.live_envelopes(_set_of(register, it).id)
    return [e.state for e in envelopes] == [EnvelopeState.SEALED] * it.count


# --- The sheets


def _make(it: Request, work: Work) -> Sequence[ev.Fact]:
    drawn_by = policy_named(it.policy)
    made = splitting.make(drawn_by, it.form, it.threshold, it.count, work.station.random)
    passwords.check_for_entra(made.password, _names(work.register, it))
    work.hands.take("password", made.password)
    work.hands.take("sheets", made.sheets)
    fact = ev.SetMade(
        set=handling.next_id(f"{it.account}-pw", work.register.sets),
        purpose=Purpose.PASSWORD,
        subject=it.account,
        threshold=it.threshold,
        count=it.count,
        form=it.form,
        alphabet=it.policy.rpartition("-")[0],
        length=drawn_by.length,
        ceremony=work.ceremony,
    )
    return [fact]


def _names(register: Register, it: Request) -> tuple[str, ...]:
    """What Entra does not want to see in a password: the names of the user and of the tenant."""
    user, _, domain = register.accounts[it.account].upn.partition("@")
    return (user, domain.partition(".")[0])


def _give_up(it: Request, work: Work) -> Sequence[ev.Fact]:
    """The password is lost: destroy its sheets, spoil its envelopes, void its set."""
    lost = _set_of(work.register, it)
    if lost.state is not SetState.MADE:
        return []
    live, why = secret_sheets.shred_set(work, lost), "the password was lost before it was set"
    spoiled = [ev.EnvelopeSpoiled(envelope=e.id, why=why) for e in live]
    return [*spoiled, ev.SetVoided(set=lost.id, why=why)]


def _print(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    its_set, place = _set_of(work.register, it), _place(it, n, work)
    work.lay_open(its_set.id, n)
    content = work.hands.secrets("sheets")[n - 1]
    printed = secret_sheets.print_password_sheet(
        work, its_set, n, content, place, policy=policy_named(it.policy)
    )
    return [printed]


def _place(it: Request, n: int, work: Work) -> Place:
    return Place(_envelope(work.register, it, n), it.safes[n - 1])


def _prove(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    envelope = work.register.envelopes[_envelope(work.register, it, n)]
    with reading_back.content(work, it.form, envelope):
        return [ev.EnvelopeProven(envelope=envelope.id)]


def _bag(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    envelope = work.register.envelopes[_envelope(work.register, it, n)]
    documents.print_companions(work, envelope, it.safes[n - 1])
    bagged = handling.bag(work, envelope.id)
    work.station.paper.let_go(sheet_name(KINDS[it.form], envelope.id))
    return [bagged]


def _seal(it: Request, work: Work) -> Sequence[ev.Fact]:
    """Both sign for all bags at once: were it interrupted, the password would be made anew."""
    live = work.register.live_envelopes(_set_of(work.register, it).id)
    return [ev.EnvelopeSealed(envelope=e.id, bag=e.bag or "") for e in live]


# --- The tenant


def _offer(it: Request, work: Work) -> Sequence[ev.Fact]:
    return [ev.PasswordOffered(account=it.account, set=_set_of(work.register, it).id)]


def _set(it: Request, work: Work) -> Sequence[ev.Fact]:
    return at_tenant.set_password(work, _set_of(work.register, it), it.officers)


def _deposit(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    envelope = f"{at_tenant.made_here(work, it.account).id}-{n}"
    return [handling.deposit(work, envelope, it.safes[n - 1])]
