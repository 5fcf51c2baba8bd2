"""What must not leak, and what a person with a damaged sheet is told."""

import itertools
import os
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr
from shamir_mnemonic.shamir import RawShare, _interpolate

from keyvault_kit.errors import InputError, InternalError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import gf256, slip39
from keyvault_kit.sharing.slip39 import Share

MNEMONIC = (
    slip39.split(Secret(bytes(range(32))), threshold=2, count=2, random=os.urandom, exponent=0)[0]
    .mnemonic()
    .split()
)


def test_a_traceback_with_local_variables_shows_no_share() -> None:
    """Textual prints local variables after a crash, through rich."""
    share = Share.parse(" ".join(MNEMONIC))

    assert repr(share.value) not in pretty_repr(share)
    assert "value" not in pretty_repr(share)


def test_what_is_typed_in_the_wrong_field_is_not_repeated() -> None:
    with pytest.raises(InputError, match="word 1 is no word") as caught:
        Share.parse("3vB9kQ7Fx2 Tz81")

    assert "3vb9" not in str(caught.value).casefold()
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("count", [3, 32, 34])
def test_a_missing_or_double_word_is_counted(count: int) -> None:
    words = list(itertools.islice(itertools.cycle(MNEMONIC), count))

    with pytest.raises(InputError, match=f"no share has {count} words"):
        Share.parse(" ".join(words))


def test_the_longest_secret_that_is_split_is_read_again() -> None:
    secret = os.urandom(slip39.MAX_SECRET)
    made = slip39.split(Secret(secret), threshold=2, count=2, random=os.urandom, exponent=0)

    assert slip39.combine(Share.parse(s.mnemonic()) for s in made).expose() == secret
    with pytest.raises(InputError, match="16 to 512"):
        slip39.split(Secret(secret + b"\0\0"), threshold=2, count=2, random=os.urandom, exponent=0)


@given(
    st.lists(st.integers(0, 255), min_size=1, max_size=8, unique=True),
    st.integers(0, 255),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_interpolation_agrees_with_the_reference(
    xs: list[int], x: int, size: int, random: Random
) -> None:
    points = [(own, random.randbytes(size)) for own in xs]

    assert gf256.interpolate(points, x) == _interpolate([RawShare(*p) for p in points], x)


def recorded_widths(monkeypatch: pytest.MonkeyPatch, value: bytes) -> list[int]:
    """The width of every integer that comes out of a step of the interpolation."""
    widths: list[int] = []

    class Watched(int):
        """An integer that notes the width of what is computed from it."""

    def watched(name: str) -> None:
        def step(self: int, term: int) -> Watched:
            result = Watched(getattr(int, name)(self, term))
            widths.append(result.bit_length())
            return result

        setattr(Watched, name, step)

    for name in ("__and__", "__or__", "__xor__", "__lshift__", "__rshift__"):
        watched(name)
    init = gf256._Lanes.__init__

    def start(self: gf256._Lanes, size: int) -> None:
        init(self, size)
        self.guard = Watched(self.guard)

    with monkeypatch.context() as patch:
        patch.setattr(gf256._Lanes, "__init__", start)
        gf256.interpolate([(0, value), (1, value[::-1])], 255)
    return widths


def test_no_integer_of_the_interpolation_is_as_wide_as_the_secret_makes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = (bytes(32), b"\xff" * 32, bytes(31) + b"\1", b"\x80" + bytes(31), os.urandom(32))
    widths = [recorded_widths(monkeypatch, value) for value in values]

    assert len(widths[0]) > 8 * 10
    assert all(row == widths[0] for row in widths)


@settings(max_examples=20)
@given(st.integers(2, 5), st.integers(2, 4), st.data())
def test_wrong_shares_are_named_where_enough_are_right(
    threshold: int, extra: int, data: st.DataObject
) -> None:
    count = threshold + extra
    made = slip39.split(
        Secret(bytes(32)), threshold=threshold, count=count, random=os.urandom, exponent=0
    )
    wrong = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=extra))
    mixed = [
        msgspec.structs.replace(it, value=os.urandom(32)) if it.member_index in wrong else it
        for it in made
    ]
    named = " and ".join(f"share {index + 1}" for index in sorted(wrong))

    with pytest.raises(MismatchError, match=rf"the rest contradicts {named}\."):
        slip39.combine(data.draw(st.permutations(mixed)))


def test_short_randomness_is_never_used() -> None:
    with pytest.raises(InternalError, match="gave 31 bytes, not 32"):
        slip39.split(
            Secret(bytes(32)),
            threshold=3,
            count=3,
            random=lambda size: bytes(min(size, 31)),
            exponent=0,
        )
