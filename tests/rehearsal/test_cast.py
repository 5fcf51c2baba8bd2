"""Who does what in a rehearsed year; where nobody can, that is said."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from keyvault_kit.custody import organisation as organisations
from keyvault_kit.custody.history import SafeTerm, Stay
from keyvault_kit.custody.model import (
    Account,
    Envelope,
    EnvelopeState,
    Form,
    Person,
    Purpose,
    Safe,
    SecretSet,
    SetState,
    Signer,
)
from keyvault_kit.custody.organisation import Organisation
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.rehearsal.cast import Cast
from keyvault_kit.rehearsal.run import Options, rehearse, sample_organisation

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY = "2026-03-02"
HEX = "0" * 64


@pytest.fixture
def sample() -> Organisation:
    return organisations.parse(sample_organisation())


@pytest.fixture
def small(small_organisation: tuple[str, str]) -> Organisation:
    return organisations.parse(*small_organisation)


def settled(plan: Organisation) -> Register:
    """Everything lies where the plan has it, and everybody signs."""
    register = Register(
        people={it.id: Person(it.id, it.roles, HEX) for it in plan.people},
        signers={it.id: Signer(it.id, "", "") for it in plan.people},
        safes={it.id: Safe(it.id, it.site, it.openers, it.need) for it in plan.safes},
        safe_terms={it.id: (SafeTerm(it.openers, it.need, NOW),) for it in plan.safes},
    )
    for account in plan.accounts:
        its = f"{account.id}-pw1"
        register.accounts[account.id] = Account(account.id, account.upn, password_set=its)
        register.sets[its] = SecretSet(
            id=its,
            purpose=Purpose.PASSWORD,
            subject=account.id,
            threshold=account.threshold,
            count=account.shares,
            form=Form.SHARES,
            state=SetState.IN_FORCE,
        )
    for holds, safe in ((holds, it.safe) for it in plan.envelopes for holds in it.holds):
        _lay(register, holds, safe)
    return register


def _lay(register: Register, holds: str, safe: str) -> None:
    kind, _, what = holds.partition(":")
    account, _, number = what.partition(":")
    its_set = f"{account}-pw1" if kind == "share" else None
    it = Envelope(
        id=holds.replace(":", "-"),
        holds=holds,
        state=EnvelopeState.DEPOSITED,
        set=its_set,
        number=int(number) if number else None,
        safe=safe,
    )
    register.envelopes[it.id] = it
    register.stays[it.id] = (Stay(safe, NOW),)
    if its_set:
        register.sheets[its_set] = (*register.sheets.get(its_set, ()), it.id)


def test_somebody_leaves_whose_place_is_taken_without_harm(sample: Organisation) -> None:
    register = settled(sample)

    request = Cast(sample).leaver(register, DAY)

    assert request.person not in sample.founders()
    assert request.officers == ("alice", "bob")
    opened = [it.id for it in register.safes.values() if request.person in it.openers]
    assert sorted(request.successors) == sorted(opened)
    ((heir,),) = set(request.successors.values())
    for safe in (it for it in register.safes.values() if heir in it.openers):
        assert not [it for it in register.envelopes.values() if it.safe == safe.id and it.set]


def test_where_nobody_can_leave_it_is_said(small: Organisation) -> None:
    with pytest.raises(RefusedError, match="nobody could leave this organisation") as refused:
        Cast(small).leaver(settled(small), DAY)

    assert "somebody who is no founder" in str(refused.value.mend)


def test_two_practise_with_an_envelope_who_could_not_make_the_password(
    sample: Organisation,
) -> None:
    register = settled(sample)

    request = Cast(sample).envelope_drill(register, "bg2")

    assert register.envelopes[request.envelope].set == "bg2-pw1"
    for other in register.live_envelopes("bg2-pw1"):
        openers = register.safes[other.safe or ""].openers
        assert other.id == request.envelope or not set(openers) & set(request.people)


def test_where_nobody_can_practise_it_is_said(small: Organisation) -> None:
    register = settled(small)
    del register.signers["carol"]

    with pytest.raises(RefusedError, match="practise with one envelope of bg1") as refused:
        Cast(small).envelope_drill(register, "bg1")

    assert "two more people" in str(refused.value.mend)


def test_what_a_year_takes_is_said_before_it_begins(small: Organisation) -> None:
    account = msgspec.structs.replace(
        small.accounts[0], object_id="00000000-0000-4000-8000-0000000000b1"
    )
    with pytest.raises(InputError, match=r"x.toml: accounts\[0\].object_id: a year reads evidence"):
        Cast(small).check("x.toml")
    with pytest.raises(RefusedError, match="a witness beside carol and alice and bob"):
        Cast(msgspec.structs.replace(small, accounts=(account,))).check("x.toml")
    Cast(organisations.parse(sample_organisation())).check("organisation.toml")


def test_nothing_is_begun_for_an_organisation_that_is_too_small(
    small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    options = Options(out=tmp_path / "out", organisation=small_organisation, year=True)

    with pytest.raises(InputError, match="object_id"):
        rehearse(options, now=NOW, say=print)
    assert not (tmp_path / "out").exists()
