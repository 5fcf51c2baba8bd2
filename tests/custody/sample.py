"""The register of the sample organisation when all its work is done, and of ones changed a little.

Everything is entered as the ceremonies enter it: keys enrolled, PINs and passwords printed, proven,
sealed and deposited, each password drilled once and changed afterwards, people trained,
combinations set, accounts reviewed.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import STATION, Mode, Purpose, Role
from keyvault_kit.custody.organisation import AccountPlan, KeyPlan, Organisation, parse
from keyvault_kit.rehearsal.run import sample_organisation
from keyvault_kit.softkey.profiles import PROFILES
from tests.custody.life import DIGEST, START, TWO, Life, signer_of

Change = Callable[[Organisation], Organisation]
Facts = Iterator[Any]


def _as_it_is(organisation: Organisation) -> Organisation:
    return organisation


def sample(change: Change = _as_it_is, *, entered: datetime = START) -> Life:
    """The life of the sample organisation, all of its work done within the hour.

    Args:
        change: What is other in this one; `alice` and `bob` are its founders, `carol` and `dave`
            its first custodians.
        entered: When its ledger was founded; what comes next follows minute by minute.
    """
    organisation = change(_organisation())
    custodian = (organisation.custodian(),)
    life = Life().enter(_founding(), at=entered).enter(*_entered(organisation))
    life.enter(*_identity(organisation))
    life.enter(*_registered(organisation), by=custodian)
    officers = organisation.officers_beside(custodian[0])[-2:]
    life.enter(*_pins(organisation, officers), by=officers, signed=officers)
    life.enter(*_enrolled(organisation), by=custodian)
    life.enter(*_put_away(organisation))
    for turn in (1, 2):
        life.enter(*_passwords(organisation, turn))
        if turn == 1:
            life.enter(*_drilled(organisation))
    return life.enter(*_duties(organisation))


@cache
def _organisation() -> Organisation:
    return parse(sample_organisation())


# --- Founding, people and places


def _founding() -> ev.LedgerFounded:
    founders = tuple(signer_of(person) for person in TWO)
    return ev.LedgerFounded(founders=founders, nonce=DIGEST, mode=Mode.LIVE)


def _entered(it: Organisation) -> Facts:
    yield ev.OrganisationNamed(name=it.name)
    for p in it.people:
        yield ev.PersonAdded(
            person=p.id, roles=p.roles, details=DIGEST, since=p.since, until=p.until
        )
    for site in it.sites:
        yield ev.SiteAdded(site=site.id, paper=site.paper, envelope=site.envelope)
    for safe in it.safes:
        yield ev.SafeAdded(safe=safe.id, site=safe.site, openers=safe.openers, need=safe.need)
    for n, account in enumerate(it.accounts, 1):
        object_id = account.object_id or f"00000000-0000-4000-8000-{n:012d}"
        yield ev.AccountAdded(account=account.id, upn=account.upn, object_id=object_id)
    for p in it.people:
        if p.id not in TWO and {Role.OFFICER, Role.CUSTODIAN} & set(p.roles):
            yield ev.SignerAdded(signer=signer_of(p.id))


# --- Sheets


def _sealed_sheets(name: str, holds: tuple[str, ...], beside: tuple[str, ...]) -> Facts:
    """The sheets of a set, one after the other into their bags, and who stood beside them."""
    for n, what in enumerate(holds, 1):
        envelope = f"{name}-{n}"
        for person in beside:
            yield ev.SecretExposed(person=person, set=name, number=n, present=True)
        yield ev.EnvelopePrinted(envelope=envelope, holds=what, set=name, number=n, proof=DIGEST)
        yield ev.EnvelopeProven(envelope=envelope)
        yield ev.EnvelopeSealed(envelope=envelope, bag=f"B-{envelope}")


def _identity(it: Organisation) -> Facts:
    if not it.holds_identity():
        return
    name, holds = f"{STATION}-id1", "identity:station"
    yield ev.SetMade(set=name, purpose=Purpose.IDENTITY, subject=STATION, threshold=1, count=1)
    yield from _sealed_sheets(name, (holds,), TWO)
    yield ev.RecipientSet(recipient="age1example", set=name)
    yield ev.EnvelopeDeposited(envelope=f"{name}-1", safe=it.safe_of(holds))


# --- Keys and their PINs


def _registered(it: Organisation) -> Facts:
    for n, key in enumerate(it.keys, 1):
        profile = PROFILES[key.model]
        yield ev.KeyRegistered(
            key=key.tag,
            account=key.account,
            use=key.use,
            product=profile.product,
            aaguid=str(UUID(bytes=profile.aaguid)),
            serial=1000 + n,
        )
        yield ev.KeyProven(key=key.tag, verdict="genuine")


def _pins(it: Organisation, officers: tuple[str, ...]) -> Facts:
    """The PIN of each key, made and sealed by two officers who have no business with passwords."""
    for key in it.keys:
        name, holds = f"{key.tag}-pin1", f"pin:{key.tag}"
        yield ev.SetMade(set=name, purpose=Purpose.PIN, subject=key.tag, threshold=1, count=1)
        yield from _sealed_sheets(name, (holds,), officers)


def _enrolled(it: Organisation) -> Facts:
    for key in it.keys:
        yield ev.PinSet(key=key.tag, set=f"{key.tag}-pin1")
        yield ev.PinChecked(key=key.tag, right=True, retries=8)
        yield ev.KeyBound(key=key.tag, credential=_hex("custody", key), public_key="a0")
        yield ev.KeyAsserted(key=key.tag, nonce=DIGEST, custody=True)
        yield ev.PasskeyEnrolled(
            key=key.tag,
            rp_id="login.microsoft.com",
            credential=_hex("passkey", key),
            public_key="a0",
            answer=DIGEST,
        )


def _hex(which: str, key: KeyPlan) -> str:
    return f"{which} {key.tag}".encode().hex()


def _put_away(it: Organisation) -> Facts:
    for key in it.keys:
        holds, envelope = f"key:{key.tag}", f"{key.tag}-key1"
        yield ev.KeyPacked(envelope=envelope, holds=holds, key=key.tag)
        yield ev.EnvelopeSealed(envelope=envelope, bag=f"B-{envelope}")
        yield ev.EnvelopeDeposited(envelope=envelope, safe=it.safe_of(holds))
        pin = it.safe_of(f"pin:{key.tag}")
        yield ev.EnvelopeDeposited(envelope=f"{key.tag}-pin1-1", safe=pin)


# --- Passwords


def _shares(account: AccountPlan) -> tuple[str, ...]:
    return tuple(f"share:{account.id}:{n}" for n in range(1, account.shares + 1))


def _passwords(it: Organisation, turn: int) -> Facts:
    """A password of each account: sealed, typed at the tenant in two halves, put away."""
    for account in it.accounts:
        name, holds = f"{account.id}-pw{turn}", _shares(account)
        yield ev.SetMade(
            set=name,
            purpose=Purpose.PASSWORD,
            subject=account.id,
            threshold=account.threshold,
            count=account.shares,
            length=44,
        )
        yield from _sealed_sheets(name, holds, TWO)
        yield ev.PasswordOffered(account=account.id, set=name)
        for half, person in enumerate(TWO, 1):
            yield ev.SecretExposed(person=person, set=name, half=half)
        yield ev.PasswordSet(account=account.id, set=name)
        yield ev.PasswordAnswered(account=account.id, set=name, taken=True, evidence=DIGEST)
        for n, what in enumerate(holds, 1):
            yield ev.EnvelopeDeposited(envelope=f"{name}-{n}", safe=it.safe_of(what))


def _drilled(it: Organisation) -> Facts:
    """Each account is signed in to with its first password, recovered from paper."""
    for account in it.accounts:
        name = f"{account.id}-pw1"
        for n in range(1, account.threshold + 1):
            yield ev.EnvelopeOpened(envelope=f"{name}-{n}", why="drill", intact=True)
        yield ev.SecretExposed(person="alice", set=name)
        yield ev.PasswordRecovered(account=account.id, set=name, accepted=True)
        yield ev.AccountUsed(account=account.id, why="drill")
        yield ev.DutyDone(duty=Duty.DRILL, subject=account.id)


# --- Duties


def _duties(it: Organisation) -> Facts:
    """What is done once a round, and the dead sheets destroyed."""
    for account in it.accounts:
        for n in range(1, account.shares + 1):
            yield ev.EnvelopeDestroyed(envelope=f"{account.id}-pw1-{n}", why="dead")
    for safe in it.safes:
        yield ev.DutyDone(duty=Duty.COMBINATION, subject=safe.id)
    for person in it.people:
        yield ev.DutyDone(duty=Duty.TRAINING, subject=person.id)
    for account in it.accounts:
        yield ev.DutyDone(duty=Duty.REVIEW, subject=account.id)
    yield ev.DutyDone(duty=Duty.DOCUMENT, subject="process")


# --- Changes


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(organisation: Organisation) -> Organisation:
        for it in changes:
            organisation = it(organisation)
        return organisation

    return change


def move(holds: str, safe: str) -> Change:
    """The envelope that holds something (`pin:K1`, `share:bg1:2`) lies in another safe."""
    return lambda it: replace(
        it,
        envelopes=tuple(replace(e, safe=safe) if holds in e.holds else e for e in it.envelopes),
    )


def safe_changed(safe: str, **changes: Any) -> Change:
    """A safe has other openers, needs another number of them, or stands at another site."""
    return lambda it: replace(
        it, safes=tuple(replace(s, **changes) if s.id == safe else s for s in it.safes)
    )


def with_opener(safe: str, person: str) -> Change:
    """One more person opens a safe."""
    return lambda it: safe_changed(safe, openers=(*_openers(it, safe), person))(it)


def without_opener(safe: str, person: str) -> Change:
    """A person does not open a safe."""
    return lambda it: safe_changed(
        safe, openers=tuple(each for each in _openers(it, safe) if each != person)
    )(it)


def _openers(it: Organisation, safe: str) -> tuple[str, ...]:
    return next(each.openers for each in it.safes if each.id == safe)


def person_changed(person: str, **changes: Any) -> Change:
    """A person has other roles or another validity."""
    return lambda it: replace(
        it, people=tuple(replace(p, **changes) if p.id == person else p for p in it.people)
    )


def at_one_site(site: str = "hq") -> Change:
    """All safes stand at one site."""
    return lambda it: replace(it, safes=tuple(replace(s, site=site) for s in it.safes))
