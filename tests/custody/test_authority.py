"""Authority: whoever acts has a role that may, is within their time, and is not alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE
from keyvault_kit.custody.changes.clock import CLOCK_FACTS
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.model import PaperSize, Person, Role
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.signing import Warrant
from keyvault_kit.errors import RefusedError

if TYPE_CHECKING:
    from tests.custody.conftest import ValuesOf
    from tests.custody.life import Life

Example = Callable[[st.DataObject, Any], Any]

DIGEST = "ab" * 32
NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)

KINDS = get_args(ev.AnyFact)
ACTS = sorted(TABLE, key=lambda kind: kind.__name__)
FEW = settings(max_examples=4)  # for each of the kinds

AUDITED = {
    # Their signatures, the clock, and the course of their ceremonies.
    ev.ActsSigned,
    ev.CheckpointSigned,
    ev.ClockChecked,
    ev.ClockOverruled,
    ev.CeremonyStarted,
    ev.CeremonyStepped,
    ev.CeremonyReturned,
    ev.CeremonyClosed,
}
"""The acts that an auditor does: they change nothing of what is under custody."""


def named(kinds: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def example(values_of: ValuesOf) -> Example:
    """Any fact of a kind, but none that says that the clock went back."""

    def drawn(data: st.DataObject, kind: Any) -> Any:
        fact = data.draw(values_of(kind))
        return msgspec.structs.replace(fact, back=0) if kind in CLOCK_FACTS else fact

    return drawn


def entry(register: Register, fact: Any, *by: str) -> Entry:
    return Entry(register.size, NOW, tuple(sorted(by)), fact)


def refuse(register: Register, fact: Any, *by: str, because: str) -> RefusedError:
    with pytest.raises(RefusedError, match=because) as refused:
        admit(register, [entry(register, fact, *by)])
    return refused.value


def signed(register: Register, *people: str) -> Register:
    """The register when these people have just signed."""
    state = register.copy()
    state.warrant = Warrant(signers=people, left=9)
    return state


def with_pat(
    register: Register, *roles: Role, since: date | None = None, until: date | None = None
) -> Register:
    """The register with one more person, `pat`, who has just signed with `quin`, who may all."""
    state = signed(register, "pat", "quin")
    state.people["pat"] = Person(id="pat", roles=roles, details=DIGEST, since=since, until=until)
    state.people["quin"] = Person(id="quin", roles=tuple(Role), details=DIGEST)
    return state


# --- The table


@named(KINDS)
def test_an_act_has_a_rule_and_an_observation_or_the_founding_none(kind: Any) -> None:
    free = issubclass(kind, ev.Observation) or kind is ev.LedgerFounded

    assert (kind in TABLE) is not free


def test_the_rules_are_of_facts_alone_and_each_can_be_met() -> None:
    assert set(TABLE) <= set(KINDS)
    for rule in TABLE.values():
        assert rule.act
        assert rule.roles
        assert rule.signatures in (0, 2)


def test_as_many_must_sign_as_the_strictest_of_the_facts_asks_for() -> None:
    lax = ev.EnvelopeProven(envelope="e")
    strict = ev.EnvelopeSealed(envelope="e", bag="b")
    seen = ev.AccountUsed(account="bg1", why="drill")

    assert authority.signatures_needed() == 0
    assert authority.signatures_needed(seen, lax) == 0
    assert authority.signatures_needed(lax, strict, seen) == 2


# --- People


@named(ACTS)
@FEW
@given(data=st.data())
def test_nobody_does_nothing(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    state = signed(organised, "alice", "bob")

    refuse(state, example(data, kind), because=f"nobody is named who wants to {TABLE[kind].act}")


@named(ACTS)
@FEW
@given(data=st.data())
def test_who_is_not_in_the_register_does_nothing(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    fact, state = example(data, kind), with_pat(organised, *Role)

    error = refuse(state, fact, "pat", "quin", "zoe", because="there is no person zoe")

    assert "people add" in error.mend


@named(ACTS)
@FEW
@given(data=st.data())
def test_the_roles_of_the_rule_may_do_it_and_no_other(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    fact, rule = example(data, kind), TABLE[kind]

    for role in Role:
        state = with_pat(organised, role)
        if role in rule.roles:
            authority.check(state, entry(state, fact, "pat", "quin"))
        else:
            because = f"pat is {role}: to {rule.act} takes {' or '.join(rule.roles)}"
            refuse(state, fact, "pat", "quin", because=because)


@named(ACTS)
@FEW
@given(data=st.data())
def test_authority_begins_and_ends_with_its_days(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    fact = example(data, kind)

    for since, until in ((TODAY, TODAY), (None, TODAY), (TODAY, None)):
        state = with_pat(organised, *Role, since=since, until=until)
        authority.check(state, entry(state, fact, "pat", "quin"))
    early = with_pat(organised, *Role, since=TODAY + DAY)
    refuse(early, fact, "pat", "quin", because="pat has authority from 2026-02-02 on, not on")
    late = with_pat(organised, *Role, until=TODAY - DAY)
    refuse(late, fact, "pat", "quin", because="the authority of pat ended on 2026-01-31")


@pytest.mark.parametrize(
    ("since", "until", "because"),
    [
        (None, TODAY - DAY, "ended on 2026-01-31"),
        (TODAY, None, "from 2026-02-01 on, not on 2026-01-31"),
        (TODAY - DAY, TODAY, None),
    ],
)
def test_authority_is_needed_when_it_is_done_and_when_it_is_entered(
    organised: Register, since: date | None, until: date | None, because: str | None
) -> None:
    """Who was entitled yesterday does not say today what they did then."""
    fact = ev.EnvelopeSealed(envelope="e", bag="b")
    state = with_pat(organised, *Role, since=since, until=until)
    late = Entry(state.size, NOW, ("pat", "quin"), fact, NOW - DAY)

    if because is None:
        authority.check(state, late)
    else:
        with pytest.raises(RefusedError, match=because):
            authority.check(state, late)


def test_founders_are_officers_until_they_are_entered_as_somebody_else(founded: Life) -> None:
    site = ev.SiteAdded(site="hq", paper=PaperSize.A4)
    bob = ev.PersonAdded(person="bob", roles=(Role.WITNESS,), details=DIGEST)

    assert authority.roles_of(founded.register, "bob") == (Role.OFFICER,)
    founded.enter(site, bob)

    assert authority.roles_of(founded.register, "bob") == (Role.WITNESS,)
    founded.refuses(
        ev.SiteAdded(site="vault", paper=PaperSize.A4),
        because="bob is witness: to add a site takes officer",
    )


def test_a_person_with_two_roles_does_both(organised: Register) -> None:
    print_it = ev.EnvelopePrinted(envelope="e", holds="x", set="s", number=1, proof=DIGEST)
    enrol = ev.PinSet(key="K1", set="s")

    both = with_pat(organised, Role.AUDITOR, Role.CUSTODIAN, Role.OFFICER)
    one = with_pat(organised, Role.AUDITOR, Role.CUSTODIAN)

    for fact in (print_it, enrol):
        authority.check(both, entry(both, fact, "pat"))
    authority.check(one, entry(one, enrol, "pat"))
    refuse(one, print_it, "pat", because="pat is auditor and custodian: to print")


# --- Auditors


@named(KINDS)
@FEW
@given(data=st.data())
def test_an_auditor_sees_and_signs_and_changes_nothing(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    fact, state = example(data, kind), with_pat(organised, Role.AUDITOR)

    if kind in AUDITED:
        authority.check(state, entry(state, fact, "pat", "quin"))
    elif issubclass(kind, ev.Observation):
        assert admit(organised, [entry(organised, fact, "erin")]).size == organised.size + 1
    elif kind is ev.LedgerFounded:
        refuse(state, fact, "pat", "quin", because="has no other")
    else:
        refuse(state, fact, "pat", "quin", because="pat is auditor: to ")


# --- Signatures

TOO_FEW = {
    "nobody": (),
    "one of them": ("pat",),
    "the other": ("quin",),
    "one of them and somebody else": ("pat", "alice"),
    "two others": ("alice", "bob"),
}


@named(ACTS)
@FEW
@given(data=st.data(), signers=st.sampled_from(sorted(TOO_FEW)))
def test_an_act_of_two_waits_for_the_signatures_of_two_who_do_it(
    kind: Any, organised: Register, example: Example, data: st.DataObject, signers: str
) -> None:
    fact, register = example(data, kind), with_pat(organised, *Role)
    register.warrant = None
    state = signed(register, *TOO_FEW[signers]) if TOO_FEW[signers] else register
    count = len({"pat", "quin"} & set(TOO_FEW[signers]))

    if TABLE[kind].signatures:
        error = refuse(state, fact, "pat", "quin", because=f"of two people, and there are {count}")
        assert "both sign" in error.mend
    else:
        authority.check(state, entry(state, fact, "pat", "quin"))


@named([kind for kind in ACTS if TABLE[kind].signatures])
@FEW
@given(data=st.data())
def test_one_person_with_two_signatures_is_one(
    kind: Any, organised: Register, example: Example, data: st.DataObject
) -> None:
    state = with_pat(organised, *Role)

    refuse(state, example(data, kind), "pat", because="and there are 1")
    refuse(signed(state, "pat", "pat"), example(data, kind), "pat", "quin", because="there are 1")


SITE = ev.SiteAdded(site="vault", paper=PaperSize.A4)


@pytest.mark.parametrize(
    ("signers", "because"),
    [
        ((), "the signatures of two people, and there are 0"),
        (("alice",), "and there are 1"),
        (("alice", "alice"), "nobody signed, or somebody twice"),
        (("alice", "bob", "alice"), "nobody signed, or somebody twice"),
        (("alice", "olga"), "no signer 'olga'"),
        (("alice", "zoe"), "no signer 'zoe'"),
    ],
)
def test_signatures_that_do_not_suffice_are_refused(
    life: Life, signers: tuple[str, ...], because: str
) -> None:
    life.refuses(SITE, signed=signers, because=because)


def test_signatures_hold_for_as_many_entries_as_they_say(life: Life) -> None:
    life.enter(SITE)

    assert life.register.warrant is None
    more = ev.SiteAdded(site="third", paper=PaperSize.A4)
    life.refuses(more, signed=(), because="and there are 0")


def test_signatures_do_not_stand_among_the_entries_that_they_are_for(life: Life) -> None:
    again = life.entries[1].fact
    assert isinstance(again, ev.ActsSigned)

    life.refuses(again, because="signatures stand before the entries")


def test_an_entry_with_an_empty_set_of_signatures_is_refused(life: Life) -> None:
    nobody = ev.ActsSigned(count=1, signatures=())

    life.refuses(nobody, signed=(), because="nobody signed")
