"""Recovery: any order, what is there, what is missing, and which share is wrong."""

import os
from collections.abc import Sequence
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import gf256, shamir, slip39
from keyvault_kit.sharing.recovery import GroupState, RecoveryState
from keyvault_kit.sharing.slip39 import DamagedShareError, Share

SECRET = bytes(range(32))


def made(threshold: int, count: int) -> tuple[Share, ...]:
    return slip39.split(
        Secret(SECRET), threshold=threshold, count=count, random=os.urandom, exponent=0
    )


def forged(share: Share) -> str:
    """A share with the right words around a wrong value."""
    return msgspec.structs.replace(share, value=os.urandom(len(share.value))).mnemonic()


def test_a_recovery_takes_shares_in_any_order_and_keeps_what_came_before() -> None:
    ours, theirs = made(3, 5), made(3, 5)
    state = RecoveryState()
    assert (state.status(), state.groups) == ("There is no share yet.", ())

    state.add(ours[4].mnemonic()).add(ours[0].mnemonic())
    damaged = ours[1].mnemonic().split()
    damaged[7:9] = "academic", "acid"
    for wrong, kind in (
        (ours[4].mnemonic(), slip39.RepeatedShareError),
        (forged(ours[4]), slip39.ConflictingShareError),
        (theirs[1].mnemonic(), slip39.ForeignShareError),
        (" ".join(damaged), DamagedShareError),
        ("academic acid", InputError),
    ):
        with pytest.raises(kind):
            state.add(wrong)
    assert state.status() == f"Shares 1 and 5 of set {state.identifier}: 1 more."
    assert state.groups == (GroupState(number=1, threshold=3, shares=(1, 5)),)
    with pytest.raises(slip39.MissingSharesError, match="not enough"):
        state.recover()

    assert state.add(ours[2].mnemonic()).complete
    assert state.status() == f"Shares 1, 3 and 5 of set {state.identifier}: enough."
    assert state.recover().expose() == SECRET


def test_a_recovery_counts_what_is_missing() -> None:
    state = RecoveryState()
    assert (state.threshold, state.missing, state.complete) == (None, 1, False)

    for share, missing in zip(made(3, 5), (2, 1, 0, 0, 0), strict=True):
        state.add(share.mnemonic())
        assert (state.threshold, state.missing) == (3, missing)
    assert state.complete
    assert state.wrong == ()


def test_a_recovery_of_groups_counts_at_least_what_is_missing() -> None:
    texts = generate_mnemonics(2, [(3, 3), (2, 2), (1, 1)], SECRET, iteration_exponent=0)
    state = RecoveryState().add(texts[0][0])
    assert (state.threshold, state.missing) == (None, 2)  # two groups not seen yet, one share each

    state.add(texts[1][0])
    assert state.missing == 2
    state.add(texts[2][0])
    assert state.missing == 1
    assert state.status() == (
        f"Set {state.identifier} needs 2 of its 3 groups: at least 1 more."
        " Group 1: share 1, 2 more. Group 2: share 1, 1 more. Group 3: share 1, whole."
    )
    assert state.add(texts[1][1]).recover().expose() == SECRET
    assert [(group.number, group.missing) for group in state.groups] == [(1, 2), (2, 0), (3, 0)]


@settings(max_examples=20)
@given(st.data())
def test_any_order_of_any_groups_is_recovered(data: st.DataObject) -> None:
    texts = generate_mnemonics(2, [(2, 3), (1, 1), (3, 4)], SECRET, iteration_exponent=0)
    state, told = RecoveryState(), []

    for text in data.draw(st.permutations([text for group in texts for text in group])):
        if not state.complete:
            told.append(state.missing)
            state.add(text)

    assert state.recover().expose() == SECRET
    assert all(missing <= len(told) - came for came, missing in enumerate(told))
    assert all(missing >= 1 for missing in told)


def test_with_one_wrong_share_more_than_enough_recover_and_name_it() -> None:
    right = made(2, 3)
    texts = [right[0].mnemonic(), forged(right[1]), right[2].mnemonic()]

    for order in permutations(range(3)):
        state = RecoveryState().add(texts[order[0]]).add(texts[order[1]])
        if order[2] == 1:  # the wrong one comes when two right ones agree
            with pytest.raises(MismatchError, match="share 2 contradicts those that are there"):
                state.add(texts[1])
            assert state.wrong == ()
        else:
            assert not state.complete
            assert state.missing == 1
            assert "do not belong together" in state.status()
            with pytest.raises(MismatchError, match="then the wrong one is named"):
                state.recover()
            state.add(texts[order[2]])
            assert state.wrong == ("share 2",)
            assert state.status().endswith("Left out, since the rest contradicts it: share 2.")
        assert state.complete
        assert state.recover().expose() == SECRET


@pytest.mark.parametrize("wrong", [(), (0,), (7, 15), (0, 1, 2), (13, 14, 15), (1, 6, 12)])
def test_up_to_three_wrong_shares_of_sixteen_are_found(wrong: tuple[int, ...]) -> None:
    texts = [
        forged(share) if at in wrong else share.mnemonic() for at, share in enumerate(made(8, 16))
    ]
    if not wrong:
        assert slip39.combine(map(Share.parse, texts)).expose() == SECRET
        return

    with pytest.raises(MismatchError) as caught:
        slip39.combine(map(Share.parse, texts))

    named = " and ".join(f"share {at + 1}" for at in wrong)
    assert f"the rest contradicts {named}." in f"{caught.value.what}."


def test_shares_that_all_contradict_each_other_are_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interpolate, tried = gf256.interpolate, [0]

    def counted(points: Sequence[shamir.Point], x: int) -> bytes:
        tried[-1] += x == shamir.SECRET_X
        return interpolate(points, x)

    monkeypatch.setattr(gf256, "interpolate", counted)
    state = RecoveryState()
    for share in made(8, 16):
        tried.append(0)
        state.add(forged(share))

    assert 1000 < max(tried) <= shamir.MOST_CHOICES  # of the 12870 that there are
    assert not state.complete
    assert "oo many of the shares contradict each other" in state.status()
    with pytest.raises(MismatchError, match="Verify each alone against the ledger"):
        state.recover()


def test_a_wrong_share_can_be_taken_out_for_the_right_one() -> None:
    right = made(2, 2)
    state = RecoveryState().add(right[0].mnemonic()).add(forged(right[1]))
    with pytest.raises(slip39.ConflictingShareError):
        state.add(right[1].mnemonic())

    state.remove(2).add(right[1].mnemonic())

    assert state.recover().expose() == SECRET
    for number, group in ((3, 1), (1, 2)):
        with pytest.raises(InputError, match=f"share {number} is not there"):
            state.remove(number, group)
    assert state.remove(1).remove(2).identifier is None


def test_a_wrong_share_of_a_group_is_named_with_its_group() -> None:
    texts = generate_mnemonics(2, [(2, 3), (1, 1)], SECRET, iteration_exponent=0)
    first = [Share.parse(text) for text in texts[0]]
    state = RecoveryState().add(texts[1][0]).add(forged(first[2])).add(texts[0][0])
    assert "the shares of group 1 do not belong together" in state.status().casefold()

    state.add(texts[0][1])

    assert state.wrong == ("share 3 of group 1",)
    assert state.recover().expose() == SECRET


def test_a_wrong_group_is_named_where_enough_are_right() -> None:
    texts = generate_mnemonics(2, [(1, 1), (1, 1), (1, 1)], SECRET, iteration_exponent=0)
    shares = [Share.parse(text) for (text,) in texts]
    state = RecoveryState().add(forged(shares[0])).add(texts[1][0])
    assert not state.complete

    state.add(texts[2][0])

    assert state.wrong == ("group 1",)
    assert state.recover().expose() == SECRET
    with pytest.raises(MismatchError, match="the rest contradicts group 1"):
        slip39.combine([Share.parse(forged(shares[0])), *shares[1:]])


def test_of_two_whole_secrets_that_differ_nobody_can_say_which_is_right() -> None:
    texts = generate_mnemonics(1, [(1, 1), (1, 1)], SECRET, iteration_exponent=0)
    other = Share.parse(texts[1][0])

    assert slip39.combine(map(Share.parse, (texts[0][0], texts[1][0]))).expose() == SECRET
    with pytest.raises(MismatchError, match="the groups contradict each other"):
        slip39.combine([Share.parse(texts[0][0]), Share.parse(forged(other))])


def test_a_group_whose_shares_do_not_agree_is_left_out_where_others_suffice() -> None:
    texts = generate_mnemonics(1, [(2, 2), (1, 1)], SECRET, iteration_exponent=0)
    bad = forged(Share.parse(texts[0][1]))
    state = RecoveryState().add(texts[0][0]).add(bad)
    assert not state.complete

    state.add(texts[1][0])

    assert state.wrong == ("group 1",)
    assert state.recover().expose() == SECRET
