"""Lives of ledgers: random facts of all kinds, and what the register takes of them.

A life is made of moves. A move is a seed: from it a kind of fact is drawn, and then the fact over
small pools of ids, with its people and signatures: again and again, until the register takes one.
One move in five is nonsense: it is drawn once, and mostly refused. Of what is used up, the pools
hold the next new one and the youngest that still live, so that a life goes on as long as it may.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import EnumType
from random import Random
from typing import Any, Final, get_args

import msgspec
import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.fold import admit, fold
from keyvault_kit.custody.model import (
    EnvelopeFormat,
    EnvelopeState,
    Form,
    Mode,
    PaperSize,
    Purpose,
    Role,
    SetState,
    Signature,
    Signer,
    Use,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

Pools = dict[str, list[Any]]
Step = tuple[Register, Entry, Register]
"""The register before an entry that was accepted, the entry, and the register after it."""

DIGEST: Final = "ab" * 32
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
KINDS: Final = get_args(ev.AnyFact)
OFTEN: Final = (
    ev.EnvelopePrinted,
    ev.EnvelopeProven,
    ev.EnvelopeSealed,
    ev.EnvelopeDeposited,
    ev.PasswordSet,
    ev.PinSet,
    ev.PasskeyEnrolled,
    ev.RecipientSet,
)
"""What most lives are made of, and what all else needs."""
MOVES: Final = (*KINDS, *OFTEN * 5)
TRIES: Final = 20

PEOPLE: Final = {
    "alice": (Role.OFFICER, Role.CUSTODIAN),
    "bob": (Role.OFFICER, Role.WITNESS, Role.CUSTODIAN),
    "carol": (Role.OFFICER,),
    "erin": (Role.AUDITOR,),
}


# --- What is tried


def window(word: str, used: Sequence[str], living: Sequence[str]) -> list[str]:
    """The next new id, the youngest that live, and the oldest of all."""
    return [f"{word}{len(used) + 1}", *living[-4:], *used[:1]]


def in_service(state: Register) -> list[str]:
    """The keys that are not retired."""
    return [it.id for it in state.keys.values() if it.retired is None]


def keys(state: Register) -> list[str]:
    """Few keys at a time, so that each lives long: a new one comes where too few are left."""
    living = in_service(state)[-3:]
    return [*living, *living, "K0"] if len(living) > 2 else [f"K{len(state.keys) + 1}", *living]


def pools(state: Register) -> Pools:
    """Field of a fact -> what it may be."""
    gone = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
    envelopes = [it.id for it in state.envelopes.values() if it.state not in gone]
    over = (SetState.VOID, SetState.DEAD)
    sets = [it.id for it in state.sets.values() if it.state not in over]
    ceremonies = [it.id for it in state.ceremonies.values() if not it.closed]
    return FIXED | {
        "bag": window("B", list(state.bags), list(state.bags)[-1:]),
        "ceremony": window("C", list(state.ceremonies), ceremonies),
        "envelope": window("E", list(state.envelopes), envelopes),
        "item": window("I", list(state.items), [it.id for it in state.items.values()]),
        "key": keys(state),
        "proposal": [f"{len(state.proposals):064x}", f"{0:064x}"],
        "set": window("P", list(state.sets), sets),
        "turn": [0, len(state.terms)],
    }


_DAYS: Final = [*[None] * 20, date(2026, 1, 1), date(2099, 1, 1)]
FIXED: Final[Pools] = {
    "account": ["bg1", "bg1", "bg2", "bg3"],
    "alphabet": [None, "base58"],
    "back": [0, 0, 60, 600],
    "choice": ["split"],
    "commitments": [(DIGEST,), ()],
    "count": [1, 1, 2],
    "decision": ["C1", "C7"],
    "finding": [0, 9, 30],
    "form": [*[None] * 4, *Form],
    "half": [None, 1, 2],
    "files": [()],
    "holds": [
        "item:I1",
        "key:K1",
        "key:K2",
        "evidence:K1",
        "card:hq",
        "share:bg1:1",
        "share:bg1:2",
    ],
    "left_out": [0],
    "length": [None, 44, 44, 20],
    "metadata": [None, 1],
    "min_length": [6],
    "need": [1, 2, 3],
    "next_update": [date(2026, 1, 1), date(2099, 1, 1)],
    "number": [1, 2],
    "offset": [0, -300, 301],
    "person": [*PEOPLE, "zoe"],
    **{where: [0, 0, 1, 2] for where in ("printed", "sealed", "spoiled", "destroyed")},
    "reasons": [()],
    "request": [{}],
    "review": [date(2026, 1, 1), date(2099, 1, 1)],
    "roles": [*[PEOPLE["bob"]] * 4, *PEOPLE.values(), (Role.WITNESS,), ()],
    "safe": ["S1", "S2", "S3"],
    "serial": [None, 7, 8],
    "since": _DAYS,
    "site": ["hq", "vault"],
    "size": [0, 1, 2, 10**6],
    "state": list(EnvelopeState),
    "step": ["make", "seal"],
    "subject": ["bg1", "bg2", "K1", "K2", "station", "x"],
    "threshold": [1, 2],
    "undone": [("make", "seal"), ("seal",), ("x",), ()],
    "until": _DAYS,
    "upn": ["bg1@x.test", "BG2@x.test", "bg2@x.test", "bg3@x.test"],
    "verdict": ["genuine", "genuine", "unknown"],
}


def some(random: Random, things: Sequence[Any]) -> tuple[Any, ...]:
    """None, one or some of these, in any order, and now and then one twice."""
    chosen = random.sample(things, min(len(things), random.choice([0, 1, 2, 2, 3, 3])))
    return tuple(chosen + chosen[:1]) if random.random() < 0.03 else tuple(chosen)


def signer(person: str, turn: int) -> Signer:
    return Signer(
        person=person,
        public_key=f"sk-ecdsa-sha2-nistp256@openssh.com {person}{turn}",
        credential="00",
    )


def signatures(people: Sequence[str]) -> tuple[Signature, ...]:
    return tuple(Signature(person=person, armored="") for person in people)


def of_people(name: str, random: Random, turns: Sequence[int]) -> Any:
    """What a field holds that is about people: ids, signers or signatures."""
    people = some(random, list(PEOPLE))
    if name == "signatures":
        return signatures(people)
    if name == "founders":
        return tuple(signer(person, random.choice(turns)) for person in people)
    return people


def draw_field(field: msgspec.structs.FieldInfo, random: Random, pool: Pools) -> Any:
    if not field.required and random.random() < 0.3:
        return field.default if field.default is not msgspec.NODEFAULT else ()
    if field.name in pool:
        return random.choice(pool[field.name])
    if field.name == "signer":
        return signer(random.choice(list(PEOPLE)), random.choice(pool["turn"]))
    if field.name in ("people", "openers", "readers", "signers", "founders", "signatures"):
        return of_people(field.name, random, pool["turn"])
    if isinstance(field.type, EnumType):
        return random.choice(list(field.type))
    plain = {bool: random.random() < 0.5, int: 1, str: "x"}
    return plain.get(field.type, DIGEST)


READY: Final[dict[Any, EnvelopeState]] = {
    ev.EnvelopeProven: EnvelopeState.PRINTED,
    ev.EnvelopeBagged: EnvelopeState.PROVEN,
    ev.EnvelopeSealed: EnvelopeState.PROVEN,
    ev.EnvelopeDeposited: EnvelopeState.SEALED,
    ev.EnvelopeMoved: EnvelopeState.DEPOSITED,
    ev.EnvelopeResealed: EnvelopeState.OPENED,
    ev.EnvelopeDestroyed: EnvelopeState.OPENED,
}
"""What is done -> how the envelope is before."""

OF_SET: Final[dict[Any, tuple[Purpose | None, str]]] = {
    ev.EnvelopePrinted: (None, ""),
    ev.PasswordSet: (Purpose.PASSWORD, "account"),
    ev.PinSet: (Purpose.PIN, "key"),
    ev.RecipientSet: (Purpose.IDENTITY, ""),
}
"""What is done with a new set -> what it must be for, and the field that names for whom."""


OF_SITES: Final = (ev.SiteAdded, ev.SiteChanged)


OWNERS: Final = {
    Purpose.PASSWORD: ("bg1", "bg2"),
    Purpose.PIN: ("K1", "K2"),
    Purpose.IDENTITY: ("station",),
}


def aimed(fact: Any, random: Random, state: Register) -> dict[str, Any]:  # noqa: PLR0911 - a line a kind
    """Fields of the fact that make it one about something that waits for it."""
    kind = type(fact)
    if kind is ev.FindingSettled and state.open_findings():
        finding = random.choice(state.open_findings())
        return {"finding": finding.seq, "subject": finding.subject}
    if kind is ev.SetMade:
        of_keys = in_service(state)[-3:] if fact.purpose is Purpose.PIN else []
        return {"subject": random.choice(of_keys or OWNERS[fact.purpose])}
    if kind is ev.PasskeyEnrolled:
        ready = [it.id for it in state.keys.values() if it.pin_set and not it.credential]
        return {"key": random.choice(ready)} if ready else {}
    if kind is ev.PagesCounted:
        return counted(state)
    if kind in READY:
        waiting = [it.id for it in state.envelopes.values() if it.state is READY[kind]]
        return {"envelope": random.choice(waiting)} if waiting else {}
    if kind in OF_SET:
        purpose, owner = OF_SET[kind]
        new = [it for it in state.sets.values() if it.state is SetState.MADE]
        mine = [it for it in new if purpose in (None, it.purpose)]
        it = random.choice(mine) if mine else None
        return ({"set": it.id} | ({owner: it.subject} if owner else {})) if it else {}
    return {}


def counted(state: Register) -> dict[str, Any]:
    """The pages of a ceremony in which sheets were printed, as the register has them."""
    for it in reversed(state.ceremonies.values()):
        if it.printed and not it.closed:
            states = [state.envelopes[envelope].state for envelope in it.printed]
            spoiled, destroyed = (
                states.count(gone) for gone in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
            )
            return {
                "ceremony": it.id,
                "printed": len(states),
                "sealed": len(states) - spoiled - destroyed,
                "spoiled": spoiled,
                "destroyed": destroyed,
            }
    return {}


FIELDS: Final = {kind: msgspec.structs.fields(kind) for kind in KINDS}


def draw(kind: Any, random: Random, state: Register, pool: Pools) -> Any:
    """A fact of a kind, mostly about something that waits for it."""
    if kind in OF_SITES:  # what others call an envelope is a thing; a site's is a format
        pool = pool | {"envelope": [None, *EnvelopeFormat]}
    if kind is ev.UseClassed:
        pool = pool | {"verdict": list(UseClass)}
    fact = kind(**{it.name: draw_field(it, random, pool) for it in FIELDS[kind]})
    changes = aimed(fact, random, state) if random.random() < 0.7 else {}
    return msgspec.structs.replace(fact, **changes)


def able(state: Register, kind: Any) -> list[str]:
    """Who may do it by their role: those of them who can sign, if they are two or more."""
    roles = TABLE[kind].roles if kind in TABLE else tuple(Role)
    people = [it.id for it in state.people.values() if set(it.roles) & set(roles)] or list(PEOPLE)
    signers = [it for it in people if it in state.signers]
    return signers if len(signers) > 1 else people


def batch(fact: Any, random: Random, state: Register, *, sense: bool) -> list[Entry]:
    """The entry of a fact, where it makes sense behind one with the signatures that it wants."""
    assert state.time is not None
    signing = some(random, able(state, type(fact)) if sense else list(PEOPLE))
    by = tuple(sorted(set(signing)))
    back = getattr(fact, "back", 0) if sense else random.choice([0, 0, 60])
    forward = random.choice([0, 1, 3600])
    time = state.time + timedelta(seconds=-back if back else forward)
    occurred = random.choice([None, None, time - timedelta(hours=1)])
    entry = Entry(state.size, time, by, fact, occurred)
    rule = TABLE.get(type(fact))
    if not (sense and rule and rule.signatures and state.warrant is None):
        return [entry]
    signed = ev.ActsSigned(count=random.choice([1, 1, 2]), signatures=signatures(signing))
    return [
        Entry(state.size, state.time, by, signed),
        Entry(state.size + 1, time, by, fact, occurred),
    ]


# --- Lives


def _founding() -> list[Entry]:
    """The entries of a small organisation."""
    founders = tuple(signer(it, -1) for it in ("alice", "bob", "carol"))
    facts: list[Any] = [
        *(ev.PersonAdded(person=it, roles=roles, details=DIGEST) for it, roles in PEOPLE.items()),
        ev.SiteAdded(site="hq", paper=PaperSize.A4),
        *(ev.SafeAdded(safe=it, site="hq", openers=("alice",), need=1) for it in ("S1", "S2")),
        *(ev.AccountAdded(account=it, upn=f"{it}@x.test") for it in ("bg1", "bg2")),
        *(
            ev.KeyRegistered(key=it, account="bg1", use=Use.BACKUP, product="p", aaguid="a")
            for it in ("K1", "K2")
        ),
        ev.KeyProven(key="K1", verdict="genuine"),
    ]
    signed = ev.ActsSigned(count=len(facts), signatures=signatures(["alice", "bob"]))
    start = ev.LedgerFounded(founders=founders, nonce=DIGEST, mode=Mode.REHEARSAL)
    return [
        Entry(seq, START, ("alice", "bob"), fact)
        for seq, fact in enumerate([start, signed, *facts])
    ]


class Lives:
    """Registers to begin with, and what comes of moves from there.

    Attributes:
        founding: The entries of `founded`.
        founded: A small organisation.
        bare: A ledger that was founded, and nothing else.
    """

    def __init__(self) -> None:
        self.founding = _founding()
        self.founded = fold(self.founding)
        self.bare = fold(self.founding[:1])

    def steps(self, state: Register, moves: Iterable[int]) -> Iterator[Step]:
        """What the register takes of these moves, one entry after the other."""
        for move in moves:
            random = Random(move)  # noqa: S311 - a test that can be repeated
            for entry in _move(state, random):
                before, state = state, admit(state, [entry])
                yield before, entry, state


def _move(state: Register, random: Random) -> list[Entry]:
    """The entries of one move, or none where the register took nothing."""
    kind, sense, pool = random.choice(MOVES), random.random() < 0.8, pools(state)
    for _ in range(TRIES if sense else 1):
        entries = batch(draw(kind, random, state, pool), random, state, sense=sense)
        try:
            admit(state, entries)
        except RefusedError:
            continue
        return entries
    return []


@pytest.fixture(scope="session")
def lives() -> Lives:
    """Lives to look at: their registers are not to be changed."""
    return Lives()
