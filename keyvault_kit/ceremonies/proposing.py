"""Proposals: made at another site, on a copy of the ledger; entered by the ledger's own station."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.interaction import Interaction
from keyvault_kit.ceremonies.plan import Hands, Step, Work, demand_printable, printable
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import (
    Entry,
    canonical_json,
    decode,
    encode,
    encode_proposed,
)
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.model import Id, Role, Signature
from keyvault_kit.custody.placing import guard
from keyvault_kit.custody.proposals import Proposal, ProposedEntry, signers_of, utc
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.bundle import Signed
from keyvault_kit.ledger.store import Detail
from keyvault_kit.ledger.trail import PROPOSAL_NAMESPACE

MOST: Final = 1000
"""Entries in one proposal."""


class Admitted(msgspec.Struct, frozen=True):
    """What becomes of a proposal.

    Attributes:
        bodies: Its entries, to be appended, and the findings after them.
        after: The register after all of these.
        found: What follows from a correction, which is entered all the same.
    """

    bodies: list[bytes]
    after: Register
    found: tuple[ev.FindingMade, ...]


class Wanted(msgspec.Struct, frozen=True):
    """One entry that is to be proposed, and the free text that it commits to."""

    entry: ProposedEntry
    details: tuple[Detail, ...] = ()


def read_wanted(
    text: str, source: str, *, by: tuple[str, ...], now: datetime, station: Station
) -> tuple[Wanted, ...]:
    """What a file of proposed entries wants: a JSON list of objects with `kind` and its fields.

    Each may have `by` (people; those of the command otherwise), `occurred` (now otherwise) and, for
    a kind with `details`, `row`: an object of texts, which becomes an erasable row.

    Raises:
        InputError: It is no such list; the place in it is named.
    """
    try:
        decoded = json.loads(text, object_pairs_hook=_once)
        items = msgspec.convert(decoded, list[dict[str, Any]])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"{source} is no JSON list of objects: {error}") from error
    if not 0 < len(items) <= MOST:
        raise InputError(f"{source} has {len(items)} entries, and 1 to {MOST} make a proposal")
    wanted = []
    for place, item in enumerate(items):
        try:
            wanted.append(_wanted(item, by, now, station))
        except (msgspec.MsgspecError, InputError) as error:
            raise InputError(
                f"{source}: [{place}]: {error}", mend="Mend it, and repeat."
            ) from error
    return tuple(wanted)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of whose names stands once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _wanted(item: dict[str, Any], by: tuple[str, ...], now: datetime, station: Station) -> Wanted:
    people = msgspec.convert(item.pop("by", by), tuple[Id, ...])
    occurred = msgspec.convert(item.pop("occurred", now), datetime)
    if occurred.tzinfo is None:
        raise InputError("occurred has no zone", mend="End it with Z for UTC.")
    row = msgspec.convert(item.pop("row", {}), dict[str, str])
    details: tuple[Detail, ...] = ()
    if row:
        salt = station.random(SALT_SIZE)
        details = (Detail(commit(salt, row), salt, canonical_json(dict(row))),)
        item["details"] = details[0].commitment
    fact = msgspec.convert(item, ev.AnyFact)
    return Wanted(ProposedEntry(tuple(sorted(set(people))), utc(occurred), fact), details)


def make(station: Station, people: Interaction, wanted: Sequence[Wanted]) -> Signed:
    """Have a proposal signed by everybody whom it names.

    Raises:
        RefusedError: The register of this copy refuses it already, or somebody is no signer.
        DeviceError: A key failed.
    """
    book = station.book
    checkpoint = book.ledger.checkpoint()
    proposal = Proposal(
        register=checkpoint.register,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        nonce=station.random(32).hex(),
        entries=tuple(
            encode_proposed(it.entry.by, it.entry.occurred, it.entry.fact) for it in wanted
        ),
    )
    who = signers_of([it.entry for it in wanted])
    if not who:
        raise InputError("nobody is named who proposes it", mend="Name them with --by.")
    for row in (read_row(detail) for it in wanted for detail in it.details):
        demand_printable(row)
    unsigned = dict.fromkeys(who, "")
    officer = _an_officer(book.register)
    admitted(book.register, proposal, unsigned, by=(officer,), now=utc(station.clock()))
    message = proposal.message()
    signatures = {}
    for person in who:
        step = Step(id="sign", activity="Sign a proposal", by=(person,), act=lambda _: ())
        work = Work(station, people, "proposal", Hands(), step)
        signatures[person] = signing.sign(work, person, message, PROPOSAL_NAMESPACE)
    _check(signatures, message, book.register)
    return Signed(message, signatures, tuple(detail for it in wanted for detail in it.details))


def _an_officer(register: Register) -> str:
    """Somebody who could accept it: whether the rest is right does not depend on who."""
    for person in register.people.values():
        if Role.OFFICER in person.roles:
            return person.id
    raise RefusedError("there is no officer in the register who could accept a proposal")


def admitted(
    register: Register,
    proposal: Proposal,
    signatures: Mapping[str, str],
    *,
    by: Sequence[str],
    now: datetime,
) -> Admitted:
    """The entries that a proposal becomes, and the register after them.

    Nobody gets a second sheet of a secret by it: the other site's copy may not know who has one.

    Args:
        by: Who accepts it.

    Raises:
        InputError: It holds what is no entry.
        RefusedError: The register or the guard of shares refuses an entry; says which and why.
    """
    entries = proposal.proposed()
    accepted = ev.ProposalAccepted(
        proposal=proposal.id,
        count=len(entries),
        size=proposal.size,
        root=proposal.root,
        nonce=proposal.nonce,
        signatures=tuple(Signature(person=p, armored=a) for p, a in sorted(signatures.items())),
    )
    first = register.size
    bodies = [encode(Entry(first, now, tuple(by), accepted))]
    bodies += [
        encode(Entry(seq, now, it.by, it.fact, it.occurred))
        for seq, it in enumerate(entries, first + 1)
    ]
    after = admit(register, [decode(bodies[0])])
    found: list[ev.FindingMade] = []
    for place, body in enumerate(bodies[1:]):
        entry, before = decode(body), after
        try:
            after = admit(before, [entry])
            guard.check_fact(before, entry.fact, now.date())
            found += guard.found_in(before, entry.fact, now.date())
        except RefusedError as error:
            raise RefusedError(
                f"its entry {place} is refused: {error.what}", mend=error.mend
            ) from error
    for fact in found:  # entered by whoever accepts: the other site did not say that
        entry = Entry(after.size, now, tuple(by), fact)
        bodies, after = [*bodies, encode(entry)], admit(after, [entry])
    return Admitted(bodies, after, tuple(found))


def check(signed: Signed, book: Book) -> Proposal:
    """The proposal, after its signatures and its place in this ledger's history were checked.

    Raises:
        InputError: It is no proposal.
        RefusedError: It is for another ledger, was made from another history, was accepted before,
            or somebody who does not count signed it.
    """
    proposal = Proposal.parse(signed.message)
    ledger = book.ledger
    if proposal.register != ledger.register_id:
        raise RefusedError(
            f"it is for the ledger {proposal.register[:8]}, and this is {ledger.register_id[:8]}"
        )
    if proposal.id in book.register.proposals:
        seq = book.register.proposals[proposal.id]
        raise RefusedError(f"it was accepted before, as entry {seq}: this is a copy")
    if not 0 < proposal.size <= ledger.size:
        raise RefusedError(
            f"it was made from a ledger of {proposal.size} entries, and this has {ledger.size}",
            mend="This may be an older copy: find the newest ledger.",
        )
    if ledger.checkpoint(proposal.size).root.hex() != proposal.root:
        raise RefusedError(
            f"it was made from another history: its first {proposal.size} entries are not these",
            mend="One of the two ledgers was forked or changed: compare both with the last paper.",
        )
    _check(signed.signatures, signed.message, book.register)
    return proposal


def details_of(proposal: Proposal, signed: Signed, book: Book) -> list[Detail]:
    """The rows that a proposal's entries commit to: all of them, and none that is known already.

    Raises:
        InputError: One is missing, unreadable, or cannot be shown.
        RefusedError: One is the row of another entry.
    """
    wanted = [getattr(entry.fact, "details", None) for entry in proposal.proposed()]
    commitments = {commitment for commitment in wanted if commitment is not None}
    given = {detail.commitment: detail for detail in signed.details}
    for commitment in commitments:
        if commitment not in given:
            raise InputError("the name or text that an entry speaks of is not in the bundle")
        if book.ledger.detail(commitment):
            raise RefusedError("an entry speaks of a name or text that is another entry's")
        demand_printable(read_row(given[commitment]))
    return [given[commitment] for commitment in sorted(commitments)]


def read_row(detail: Detail) -> dict[str, str]:
    """What a row says.

    Raises:
        InputError: It is no object of texts, or not in the one form.
    """
    try:
        row = msgspec.json.decode(detail.row, type=dict[str, str])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError("a name or text of the bundle cannot be read") from error
    if canonical_json(dict(row)) != detail.row:
        raise InputError("a name or text of the bundle is not in canonical form")
    return row


def told(proposal: Proposal, details: Sequence[Detail]) -> list[str]:
    """A line for each entry, with the text that it speaks of; nothing in it moves the cursor."""
    rows = {detail.commitment: read_row(detail) for detail in details}
    lines = []
    for entry in proposal.proposed():
        fields = msgspec.to_builtins(entry.fact)
        row = rows.get(fields.pop("details", ""), {})
        kind = fields.pop("kind")
        plain = ", ".join(f"{name} {_plain(value)}" for name, value in (fields | row).items())
        when = f"{entry.occurred:%Y-%m-%d %H:%M}Z"
        lines.append(printable(f"{when} {', '.join(entry.by)}: {kind}: {plain}"))
    return lines


def _plain(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _check(signatures: Mapping[str, str], message: bytes, register: Register) -> None:
    its = [Signature(person=person, armored=armored) for person, armored in signatures.items()]
    acts.check(its, message, PROPOSAL_NAMESPACE, register.signers)
