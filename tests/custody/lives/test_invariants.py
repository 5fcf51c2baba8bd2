"""Invariants: whatever is tried, what the register then holds never contradicts itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
from hypothesis import given, settings, target
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit, fold
from keyvault_kit.custody.model import EnvelopeState, Id, Purpose, Retirement, SetState
from keyvault_kit.custody.register import Register

if TYPE_CHECKING:
    from tests.custody.conftest import ValuesOf
    from tests.custody.lives.conftest import Lives

KINDS: Final = get_args(ev.AnyFact)
GONE: Final = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
SIGHTS: Final = [kind for kind in KINDS if issubclass(kind, ev.Observation)]


# --- What holds after every entry


def signed_by_signers(before: Register, entry: Entry, _: Register) -> None:
    fact, signers = entry.fact, set(before.signers)
    if isinstance(fact, ev.ActsSigned | ev.ProposalAccepted):
        people = [it.person for it in fact.signatures]
        assert set(people) <= signers
        assert len(set(people)) == len(people) > 0
    if isinstance(fact, ev.CheckpointSigned):
        assert set(fact.signers) <= signers
    rule = TABLE.get(type(fact))
    if rule and rule.signatures:
        assert before.warrant
        assert len(set(before.warrant.signers) & set(entry.by) & signers) >= 2


def warrants_run_out(before: Register, entry: Entry, after: Register) -> None:
    left = after.warrant.left if after.warrant else 0
    if isinstance(entry.fact, ev.ActsSigned | ev.ProposalAccepted):
        assert (before.warrant, left) == (None, entry.fact.count)
    else:
        assert left == max(0, before.warrant.left - 1 if before.warrant else 0)


def gone_for_ever(before: Register, entry: Entry, after: Register) -> None:
    refused = isinstance(entry.fact, ev.PasswordAnswered) and not entry.fact.taken
    for name in ("people", "sites", "safes", "accounts", "keys", "sets", "envelopes", "bags"):
        assert set(getattr(before, name)) <= set(getattr(after, name))
    for i, term in enumerate(before.terms):
        assert term.until is None or after.terms[i] == term
    for it in before.envelopes.values():
        if it.state in GONE:
            assert after.envelopes[it.id].state is it.state
    for old in before.sets.values():
        if old.state in (SetState.VOID, SetState.DEAD):
            new = after.sets[old.id]
            if refused and new.state is SetState.IN_FORCE:  # what was to replace it never was
                assert old.state is SetState.DEAD
                new = msgspec.structs.replace(new, state=SetState.DEAD)
            told = {"lives": old.lives, "offered": old.offered}  # as observations may say late
            assert msgspec.structs.replace(new, **told) == old
        assert after.sets[old.id].state is not SetState.MADE or old.state is SetState.MADE


def in_one_place(_: Register, __: Entry, after: Register) -> None:
    for it in after.envelopes.values():
        stays = after.stays.get(it.id, ())
        assert all(stay.until is not None for stay in stays[:-1])
        lies = [stay.safe for stay in stays if stay.until is None]
        assert lies == ([it.safe] if it.state is EnvelopeState.DEPOSITED else [])
        nobodys = (EnvelopeState.DEPOSITED, *(GONE if it.set else ()))
        assert not (it.hands and it.state in nobodys)
    for safe in after.safes.values():
        term = after.safe_terms[safe.id][-1]
        assert (term.openers, term.need, term.until) == (safe.openers, safe.need, None)
        for ended, following in pairwise(after.safe_terms[safe.id]):
            assert ended.until is not None
            assert ended.until >= max(ended.since, following.since)
        needs = after.knowing(safe.id)
        assert {person for person in needs if needs[person] <= safe.need} >= set(safe.openers)


def destroyed_when_dead(before: Register, entry: Entry, after: Register) -> None:
    never = {ev.EnvelopeDestroyed: SetState.MADE, ev.EnvelopeSpoiled: SetState.DEAD}
    for it in after.envelopes.values():
        if it.set and it.state in GONE and before.envelopes[it.id].state is not it.state:
            assert after.sets[it.set].state is not SetState.IN_FORCE
            assert after.sets[it.set].state is not never.get(type(entry.fact))


def a_bag_is_used_once(before: Register, entry: Entry, after: Register) -> None:
    bag, envelope = getattr(entry.fact, "bag", None), getattr(entry.fact, "envelope", "")
    assert after.bags == before.bags | ({bag: envelope} if bag else {})
    if isinstance(entry.fact, ev.EnvelopeSealed):
        assert before.envelopes[envelope].bag in (None, bag)
    elif bag and not isinstance(entry.fact, ev.EnvelopeCorrected):
        assert bag not in before.bags
    assert before.bags.items() <= after.bags.items()


def one_sheet_lies_open(_: Register, entry: Entry, after: Register) -> None:
    if isinstance(entry.fact, ev.EnvelopePrinted):
        lying = (EnvelopeState.PRINTED, EnvelopeState.PROVEN)
        live = after.live_envelopes(entry.fact.set)
        assert [it.id for it in live if it.state in lying and not it.bag] == [entry.fact.envelope]


def pages_add_up(_: Register, entry: Entry, after: Register) -> None:
    for it in after.ceremonies.values():
        if it.pages:
            assert it.pages.printed == it.pages.sealed + it.pages.spoiled + it.pages.destroyed
            assert it.pages.printed >= len(it.printed)
        if it.closed and isinstance(entry.fact, ev.CeremonyClosed):
            assert it.pages or not it.printed


def deposited_in_force(before: Register, _: Entry, after: Register) -> None:
    for it in after.envelopes.values():
        lay = before.envelopes.get(it.id)
        if it.state is EnvelopeState.DEPOSITED and it != lay:
            assert it.safe in after.safes
            assert it.bag
            assert it.set is None or after.sets[it.set].state is SetState.IN_FORCE


def retired_for_ever(before: Register, entry: Entry, after: Register) -> None:
    for old in before.keys.values():
        new = after.keys[old.id]
        if old.retired:
            assert new.retired is old.retired
            gained = {new.pin_set, new.credential, new.custody_credential}
            assert gained <= {None, old.pin_set, old.credential, old.custody_credential}
        if new.credential and new.credential != old.credential:
            assert isinstance(entry.fact, ev.PasskeyEnrolled)
            assert new.pin_set


def counted(before: Register, entry: Entry, after: Register) -> None:
    assert (after.size, after.time) == (before.size + 1, entry.time)
    found = len(after.findings) - len(before.findings)
    acts = ev.LedgerRefounded | ev.KeyRetired | ev.PasswordAnswered
    finding = isinstance(entry.fact, ev.Observation | acts)
    assert 0 <= found <= (3 if finding else 0)
    exposed = isinstance(entry.fact, ev.SecretExposed)
    assert len(after.exposures) == len(before.exposures) + exposed
    assert all(it.settled is None or it.seq < it.settled < after.size for it in after.findings)


CHANGES: Final[tuple[Callable[[Register, Entry, Register], None], ...]] = (
    signed_by_signers,
    warrants_run_out,
    gone_for_ever,
    in_one_place,
    destroyed_when_dead,
    a_bag_is_used_once,
    one_sheet_lies_open,
    pages_add_up,
    deposited_in_force,
    retired_for_ever,
    counted,
)


def indexes_agree(state: Register) -> None:
    """What the register keeps to be quick is what a search through it finds."""
    sheets, holding, made = defaultdict(list), defaultdict(list), defaultdict(list)
    for it in state.envelopes.values():
        holding[it.holds].append(it.id)
        if it.set:
            sheets[it.set].append(it.id)
    for each in state.sets.values():
        made[f"{each.purpose}:{each.subject}"].append(each.id)
    for index, found in ((state.sheets, sheets), (state.holding, holding), (state.made, made)):
        assert index == {name: tuple(its) for name, its in found.items()}
    ours = [key for key in state.keys.values() if key.retired is not Retirement.RESET]
    assert state.serials == {key.serial: key.id for key in ours if key.serial}
    terms = [term for term in state.terms if term.until is None]
    assert state.signers == {term.signer.person: term.signer for term in terms}


def one_in_force(state: Register) -> None:
    living = [it for it in state.sets.values() if it.state is SetState.IN_FORCE]
    assert state.in_force == {f"{it.purpose}:{it.subject}": it.id for it in living}
    assert len(state.in_force) == len(living)
    for account in state.accounts.values():
        assert account.password_set == state.in_force.get(f"{Purpose.PASSWORD}:{account.id}")
    for key in state.keys.values():
        assert key.pin_set == state.in_force.get(f"{Purpose.PIN}:{key.id}")
    assert bool(state.recipient) == ("identity:station" in state.in_force)


def a_bag_is_one_envelopes(state: Register) -> None:
    for it in state.envelopes.values():
        assert it.bag is None or state.bags[it.bag] == it.id
        assert it.bag or it.state not in (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)


def a_sheet_is_there_once(state: Register) -> None:
    for it in state.sets.values():
        numbers = [sheet.number for sheet in state.live_envelopes(it.id)]
        assert len(numbers) == len(set(numbers))
        assert set(numbers) <= set(range(1, it.count + 1))
        assert 1 <= it.threshold <= it.count


def what_is_deposited_lies_in_a_safe(state: Register) -> None:
    """One that was taken out keeps the name of its safe, into which it goes back."""
    for it in state.envelopes.values():
        assert it.safe or it.state is not EnvelopeState.DEPOSITED
        assert it.safe is None or it.state is not EnvelopeState.DESTROYED


def a_key_or_an_item_lies_in_one_envelope(state: Register) -> None:
    lying = (EnvelopeState.PROVEN, EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    inside = [it.holds for it in state.envelopes.values() if not it.set and it.state in lying]
    alone = [it for it in inside if it.startswith(("key:", "item:"))]
    assert len(alone) == len(set(alone))
    packed = (it for it in state.envelopes.values() if not it.set)
    bags = [it for it in packed if it.holds.startswith(("key:", "evidence:"))]
    assert {it.id for it in bags if it.hands} <= set(state.packed.values())
    assert {it.id for it in bags if it.state in lying and it.holds.startswith("key:")} <= set(
        state.packed.values()
    )


def what_is_named_exists(state: Register) -> None:
    assert {safe.site for safe in state.safes.values()} <= set(state.sites)
    assert {it for safe in state.safes.values() for it in safe.openers} <= set(state.people)
    assert {key.account for key in state.keys.values()} <= set(state.accounts)
    assert {key.pin_set for key in state.keys.values()} <= {None, *state.sets}
    assert {it.password_set for it in state.accounts.values()} <= {None, *state.sets}
    assert {it.set for it in state.envelopes.values()} <= {None, *state.sets}
    assert {it.safe for it in state.envelopes.values()} <= {None, *state.safes}
    assert set(state.bags.values()) <= set(state.envelopes)
    founders = {it.signer.person for it in state.terms if it.since == 0}
    assert {it.signer.person for it in state.terms} <= {*state.people, *founders}
    assert {it for d in state.decisions.values() for it in d.by} <= {*state.people, *founders}
    assert {it for people in state.checkpoints.values() for it in people} <= {
        it.signer.person for it in state.terms
    }
    owners = {Purpose.PASSWORD: set(state.accounts), Purpose.PIN: set(state.keys)}
    for each in state.sets.values():
        assert each.subject in owners.get(each.purpose, {"station"})


def what_is_unknown_was_found(state: Register) -> None:
    """An observation may name what is not there, and that is then a finding."""
    found = {it.subject for it in state.findings}
    for it in state.exposures:
        assert it.set in found or (it.set in state.sets and it.person in state.people)


STATES: Final[tuple[Callable[[Register], None], ...]] = (
    indexes_agree,
    one_in_force,
    a_bag_is_one_envelopes,
    a_sheet_is_there_once,
    what_is_deposited_lies_in_a_safe,
    a_key_or_an_item_lies_in_one_envelope,
    what_is_named_exists,
    what_is_unknown_was_found,
)


def check(before: Register, entry: Entry, after: Register) -> None:
    for holds in CHANGES:
        holds(before, entry, after)
    for stands in STATES:
        stands(after)


# --- The lives

MOVES: Final = st.lists(st.integers(0, 2**32), min_size=20, max_size=80)


@settings(max_examples=50)
@given(moves=MOVES, bare=st.booleans())
def test_no_life_breaks_an_invariant(lives: Lives, moves: list[int], bare: bool) -> None:  # noqa: FBT001
    life = list(lives.steps(lives.bare if bare else lives.founded, moves))

    for step in life:
        check(*step)
    target(float(len(life)))


@settings(max_examples=40)
@given(moves=MOVES)
def test_the_fold_of_a_whole_is_the_fold_of_its_parts(lives: Lives, moves: list[int]) -> None:
    life = lives.steps(lives.founded, moves)
    entries = [*lives.founding, *(entry for _, entry, _ in life)]
    whole = fold(entries)

    for cut in range(len(entries) + 1):
        first, kept = fold(entries[:cut]), fold(entries[:cut])
        assert fold(entries[cut:], first) == whole
        assert first == kept  # the fold does not change what it starts from


@settings(max_examples=60)
@given(moves=MOVES, data=st.data())
def test_an_observation_is_always_accepted(
    lives: Lives, values_of: ValuesOf, moves: list[int], data: st.DataObject
) -> None:
    states = [lives.founded, *(after for _, _, after in lives.steps(lives.founded, moves))]
    state = states[-1].copy()
    state.warrant = None  # those who propose have signed, and the next entries are theirs
    by = data.draw(values_of(tuple[Id, ...]))
    assert state.time

    for kind in SIGHTS:
        fact = data.draw(values_of(kind))
        if kind is ev.ClockUnchecked:
            fact = msgspec.structs.replace(fact, back=0)
        after = admit(state, [Entry(state.size, state.time, by, fact)])
        check(state, Entry(state.size, state.time, by, fact), after)


def test_long_lives_know_every_kind_of_fact_and_every_state(lives: Lives) -> None:
    accepted: Counter[Any] = Counter()
    envelopes: set[EnvelopeState] = set()
    sets: set[SetState] = set()

    for seed in range(4):
        random = Random(seed)  # noqa: S311 - a test that can be repeated
        moves = [random.randrange(2**32) for _ in range(4000)]
        for before, entry, after in lives.steps(lives.founded, moves):
            check(before, entry, after)
            accepted[type(entry.fact)] += 1
            envelopes |= {it.state for it in after.envelopes.values()}
            sets |= {it.state for it in after.sets.values()}

    assert set(KINDS) - set(accepted) == {ev.LedgerFounded}  # a ledger has one, before all else
    assert (envelopes, sets) == (set(EnvelopeState), set(SetState))
