"""Seal a password: make, split, print, prove, seal; then set it at the tenant, then deposit.

Nothing goes live before its paper is proven (design rule; S28 to S30, S38).
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import handling, paperwork
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Condition, GoBack, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose, SecretSet, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InternalError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sharing.proofs import share_proof

SECRETS = ("password", "shares")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed.

    Attributes:
        officers: Two; each types one half of the password at the tenant.
        safes: Where each share goes, share 1 first.
    """

    account: str
    threshold: int
    officers: tuple[str, str]
    safes: tuple[str, ...]


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The ceremony that seals the `number`-th password of an account."""
    return Ceremony(
        id=f"seal-{request.account}-{number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """The steps: make, two for each share, seal, set, and a deposit for each share."""
    it = msgspec.convert(request, Request)
    shares = range(1, len(it.safes) + 1)
    return (
        Step(
            id="make",
            activity=f"Draw a password for {it.account} and split it into {len(shares)} shares,"
            f" {it.threshold} of which give it back",
            by=it.officers,
            act=functools.partial(_make, it),
            on_return=functools.partial(_give_up, it),
        ),
        *(step for n in shares for step in _sheet_steps(it, n)),
        Step(
            id="seal",
            activity=f"Seal each of the {len(shares)} sheets in a bag of its own",
            by=it.officers,
            act=functools.partial(_seal, it),
            signed=True,
            needs=SECRETS,
            restart="make",
        ),
        *_tenant_steps(it),
        *(
            Step(
                id=f"deposit-{n}",
                activity=f"Deposit share {n} in safe {it.safes[n - 1]}",
                by=it.officers,
                act=functools.partial(_deposit, it, n),
            )
            for n in shares
        ),
    )


PLAN = Plan("seal", steps)


def _tenant_steps(it: Request) -> tuple[Step, ...]:
    """Offer the password to the tenant, and set it: only once every share is sealed."""
    return (
        Step(
            id="offer",
            activity=f"Go to the tenant with the new password of {it.account}, sealed and proven",
            by=it.officers,
            act=functools.partial(_offer, it),
            before=Condition(
                "not every share is sealed",
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
                lambda register: (
                    register.accounts[it.account].password_set == _set_of(register, it).id
                ),
            ),
            restart="make",
        ),
    )


def _sheet_steps(it: Request, n: int) -> tuple[Step, ...]:
    doing = (
        ("print", f"Print the sheet of share {n}", _print),
        ("prove", f"Read the sheet of share {n} back and compare it with its proof", _prove),
    )
    return tuple(
        Step(
            id=f"{verb}-{n}",
            activity=activity,
            by=it.officers,
            act=functools.partial(act, it, n),
            needs=SECRETS,
            restart="make",
        )
        for verb, activity, act in doing
    )


def _set_of(register: Register, it: Request) -> SecretSet:
    """The account's newest password set: the one that this ceremony is about."""
    return register.sets_of(it.account, Purpose.PASSWORD)[-1]


def _envelope(register: Register, it: Request, n: int) -> str:
    return f"{_set_of(register, it).id}-{n}"


def _all_sealed(register: Register, it: Request) -> bool:
    envelopes = register.live_envelopes(_set_of(register, it).id)
    return [e.state for e in envelopes] == [EnvelopeState.SEALED] * len(it.safes)


def _make(it: Request, work: Work) -> Sequence[ev.Fact]:
    random = work.station.random
    with passwords.draw(random) as secret:
        shares = slip39.split(secret, threshold=it.threshold, count=len(it.safes), random=random)
        with slip39.combine(shares[-it.threshold :]) as again:
            if again != secret:
                raise InternalError("the shares do not give the password back")
        work.hands.take("password", passwords.password_from_secret(secret))
    work.hands.take("shares", tuple(Secret.from_text(share.mnemonic()) for share in shares))
    made = ev.SetMade(
        set=handling.next_id(f"{it.account}-pw", work.register.sets),
        purpose=Purpose.PASSWORD,
        subject=it.account,
        threshold=it.threshold,
        count=len(it.safes),
    )
    return [made]


def _give_up(it: Request, work: Work) -> Sequence[ev.Fact]:
    """The password is lost: destroy its sheets, spoil its envelopes, void its set."""
    lost = _set_of(work.register, it)
    if lost.state is not SetState.MADE:
        return []
    for n in range(1, lost.count + 1):
        paperwork.shred(work, "share", f"{lost.id}-{n}")
    why = "the password was lost before it was set"
    spoiled = [
        ev.EnvelopeSpoiled(envelope=e.id, why=why) for e in work.register.live_envelopes(lost.id)
    ]
    return [*spoiled, ev.SetVoided(set=lost.id, why=why)]


def _print(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    share = work.hands.secrets("shares")[n - 1]
    envelope = _envelope(work.register, it, n)
    work.lay_open(_set_of(work.register, it).id, n)
    pdf = paperwork.share_sheet(
        work, _set_of(work.register, it), n, share, envelope=envelope, safe=it.safes[n - 1]
    )
    work.station.paper.put(paperwork.sheet_name("share", envelope), pdf)
    printed = ev.EnvelopePrinted(
        envelope=envelope,
        holds=f"share:{it.account}:{n}",
        set=_set_of(work.register, it).id,
        number=n,
        proof=share_proof(share.expose_text()),
    )
    return [printed]


def _prove(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    envelope = work.register.envelopes[_envelope(work.register, it, n)]
    with paperwork.read_share(work, envelope):
        return [ev.EnvelopeProven(envelope=envelope.id)]


def _seal(it: Request, work: Work) -> Sequence[ev.Fact]:
    """Bag by bag, in one step: were it interrupted, the password would be made anew anyway."""
    sealed: list[ev.EnvelopeSealed] = []
    for n in range(1, len(it.safes) + 1):
        envelope = work.register.envelopes[_envelope(work.register, it, n)]
        paperwork.print_label(work, envelope.id, envelope.holds, it.safes[n - 1])
        sealed.append(handling.seal(work, envelope.id, taken=[fact.bag for fact in sealed]))
    return sealed


def _offer(it: Request, work: Work) -> Sequence[ev.Fact]:
    return [ev.PasswordOffered(account=it.account, set=_set_of(work.register, it).id)]


def _set(it: Request, work: Work) -> Sequence[ev.Fact]:
    """Have the password typed, and ask what became of it.

    Where the run before stopped in this step, the tenant may have the password although it is in
    no hand any more: then only the question is asked, and nothing is destroyed before its answer.
    """
    set_id = _set_of(work.register, it).id
    if "password" in work.hands:
        _reveal_halves(it, work, set_id)
    question = f"Did the tenant take the new password of {it.account}?"
    prompt = Prompt(topic=Topic.TENANT_PASSWORD, text=question, subject=it.account)
    taken = work.interaction.confirm(prompt)
    work.hands.drop("password")
    work.hands.drop("shares")
    if not taken:
        raise GoBack(f"the tenant did not take the new password of {it.account}")
    return [ev.PasswordSet(account=it.account, set=set_id)]


def _reveal_halves(it: Request, work: Work, set_id: str) -> None:
    text = work.hands.secret("password").expose_text()
    middle = (len(text) + 1) // 2
    for half, person, part in zip((1, 2), it.officers, (text[:middle], text[middle:]), strict=True):
        told = f"{person}: type half {half} of the new password of {it.account} at the tenant"
        topic = Topic.TENANT_PASSWORD
        prompt = Prompt(topic=topic, text=told, person=person, subject=it.account)
        with Secret.from_text(part) as secret:
            work.reveal(prompt, secret, set_id=set_id, half=half)


def _deposit(it: Request, n: int, work: Work) -> Sequence[ev.Fact]:
    return [handling.deposit(work, _envelope(work.register, it, n), it.safes[n - 1])]
