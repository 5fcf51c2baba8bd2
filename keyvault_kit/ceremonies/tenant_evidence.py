"""Evidence from the tenant, entered: it outlives the tenant's own logs (S57, S65).

What it says lies in an erasable row, for it holds names and addresses; the log has its hash, when
it was exported, each sign-in, and what became of passkeys.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.passkeys import enrolments
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.custody.evidence import Evidence
from keyvault_kit.custody.model import Account, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import FIDO2, SignIn, TenantFacts
from keyvault_kit.entra.evidence import TenantEvidence
from keyvault_kit.ledger.store import Detail

_PASSKEYS: Final = ("fido2", "passkey")
"""How the log names a passkey that showed who it was, among other words."""


class Entered(msgspec.Struct, frozen=True):
    """What was entered of evidence.

    Attributes:
        sign_ins: How many sign-ins were not on record before.
        passkeys: Keys of which it was not on record that the tenant took or refused their passkey.
        known: Whether this very evidence was on record before.
    """

    sign_ins: int
    passkeys: tuple[str, ...]
    known: bool


# --- Read again


def newest_evidence(register: Register) -> Evidence | None:
    """The evidence on record that was exported last, of that which says something of the tenant."""
    told = (it for it in register.evidence if it.facts)
    return max(told, key=lambda it: it.taken, default=None)


def facts_on_record(book: Book) -> TenantFacts | None:
    """What the newest evidence on record says.

    Returns:
        None where there is none, its row was erased, or another version of the program wrote it.
    """
    newest = newest_evidence(book.register)
    row = book.row_behind(newest.facts) if newest and newest.facts else {}
    try:
        return msgspec.json.decode(row["facts"], type=TenantFacts) if row else None
    except msgspec.MsgspecError:
        return None


# --- Entered


def enter(
    book: Book,
    evidence: TenantEvidence,
    by: Iterable[str],
    *,
    random: Callable[[int], bytes],
    keep_until: date,
) -> Entered:
    """Enter evidence, and what it says that is not on record yet, all or nothing.

    The same evidence twice is nothing.

    Args:
        random: That many random bytes.
        keep_until: How long the row with what it says is kept.

    Raises:
        RefusedError: Somebody else wrote to the ledger meanwhile.
        LedgerError: The ledger cannot be written.
    """
    register, people = book.register, tuple(by)
    known = any(it.sha256 == evidence.sha256 for it in register.evidence)
    signed_in = sorted(_sign_ins(register, evidence), key=lambda it: it[0])
    answered = [*_answers(book, evidence, known=known)]
    told = {fact.key for _, fact in answered}
    answered += [it for it in _methods(register, evidence) if it[1].key not in told]
    seen: list[tuple[datetime, ev.Fact]] = [*signed_in, *answered]
    details = [_row(evidence, random, keep_until)] if evidence.says_something and not known else []
    if not known:
        row = details[0].commitment if details else None
        taken = ev.EvidenceTaken(evidence=evidence.sha256, details=row)
        seen.append((evidence.facts.taken, taken))
    now = book.now()
    if seen:
        whens = [min(when, now) for when, _ in seen]
        book.record([fact for _, fact in seen], people, details, occurred=whens)
    return Entered(len(signed_in), tuple(sorted({fact.key for _, fact in answered})), known)


def _row(evidence: TenantEvidence, random: Callable[[int], bytes], keep_until: date) -> Detail:
    facts = msgspec.to_builtins(_lasting(evidence.facts))
    row = {"facts": json.dumps(facts, separators=(",", ":")), "keep_until": keep_until.isoformat()}
    salt = random(SALT_SIZE)
    return Detail(
        commitment=commit(salt, row),
        salt=salt,
        row=canonical_json(dict(row)),
        keep_until=keep_until.isoformat(),
    )


def _lasting(facts: TenantFacts) -> TenantFacts:
    """Facts with the sign-ins that are entered, and no more of them."""
    accounts = facts.accounts and tuple(
        msgspec.structs.replace(it, sign_ins=it.sign_ins and tuple(telling(it.sign_ins)))
        for it in facts.accounts
    )
    return msgspec.structs.replace(facts, accounts=accounts)


# --- Sign-ins


def telling(sign_ins: Iterable[SignIn]) -> Iterator[SignIn]:
    """The sign-ins that are worth an entry each, in their order.

    Of what programs repeat, and of attempts that were refused, that is the first of each hour: who
    guesses passwords makes thousands.
    """
    seen: set[tuple[object, ...]] = set()
    for it in sign_ins:
        hour = it.created_date_time.replace(minute=0, second=0, microsecond=0)
        kind = (hour, it.succeeded, it.interactive, it.authentication_method_detail)
        if (it.succeeded and it.interactive) or kind not in seen:
            seen.add(kind)
            yield it


def _sign_ins(
    register: Register, evidence: TenantEvidence
) -> Iterator[tuple[datetime, ev.SignInSeen]]:
    """The sign-ins that are not on record yet, each with its time."""
    for account in register.accounts.values():
        seen = evidence.facts.account(account)
        before = register.sign_ins.get(account.id, ())
        known = {(it.time, it.succeeded, it.interactive, it.key) for it in before}
        for it in telling(seen.sign_ins or ()) if seen else ():
            when = it.created_date_time.replace(microsecond=0)
            key = key_of(register, account, it)
            event = (when, it.succeeded, it.interactive, key)
            if event not in known:
                known.add(event)
                yield (
                    when,
                    ev.SignInSeen(
                        account=account.id,
                        evidence=evidence.sha256,
                        succeeded=it.succeeded,
                        interactive=it.interactive,
                        key=key,
                    ),
                )


def key_of(register: Register, account: Account, it: SignIn) -> str | None:
    """The key that signed in, as far as the log says it.

    The log has the name of the passkey, which is the key's tag (`K1`, or `K1 - AAGUID`); else the
    model, or nothing: then it is the only key that it can be, or none is named.
    """
    if not any(word in it.authentication_method.casefold() for word in _PASSKEYS):
        return None
    keys = [it for it in register.keys.values() if it.account == account.id and it.credential]
    detail = it.authentication_method_detail.casefold()
    name = detail.partition(" - ")[0].strip()
    named = [key for key in keys if key.id.casefold() == name]
    of_model = [key for key in keys if key.aaguid and key.aaguid.casefold() in detail]
    in_service = [key for key in keys if not key.retired]
    for found in (named, of_model or in_service):
        if len(found) == 1:
            return found[0].id
    return None


# --- Passkeys


def _answers(
    book: Book, evidence: TenantEvidence, *, known: bool
) -> Iterator[tuple[datetime, ev.PasskeyAnswered]]:
    """What the kit's own record says of passkeys of which nothing is on record yet.

    Args:
        known: Whether this evidence is on record: then a refusal in it is, as well.
    """
    answers = evidence.answers
    if answers is None:
        return
    made = enrolments(book)
    for key in _unconfirmed(book.register):
        event = answers.passkey(key.id, made[key.id].answer) if key.id in made else None
        if event and (event.ok or not known):
            yield (
                event.time.replace(microsecond=0),
                ev.PasskeyAnswered(
                    key=key.id,
                    taken=event.ok,
                    evidence=answers.sha256,
                    method=event.method_id if event.ok else None,
                ),
            )


def _methods(
    register: Register, evidence: TenantEvidence
) -> Iterator[tuple[datetime, ev.PasskeyAnswered]]:
    """The passkeys that the tenant lists, and that are not on record as taken yet."""
    for key in _unconfirmed(register):
        seen = evidence.facts.account(register.accounts[key.account])
        for it in (seen.methods or ()) if seen else ():
            if it.kind == FIDO2 and key.credential in it.credential_ids:
                answered = ev.PasskeyAnswered(
                    key=key.id, taken=True, evidence=evidence.sha256, method=it.id
                )
                yield evidence.facts.taken.replace(microsecond=0), answered


def _unconfirmed(register: Register) -> Iterator[SecurityKey]:
    its = (it for it in register.keys.values() if it.credential and not it.retired)
    return (it for it in its if it.confirmed is None and it.account in register.accounts)
