"""Recovery as a state: shares come in any order, and it says what is there and what is missing."""

from collections.abc import Sequence
from typing import Self

import msgspec

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import sets, slip39
from keyvault_kit.sharing.share import Share


class GroupState(msgspec.Struct, frozen=True):
    """What is there of one group.

    Attributes:
        number: The group's, from 1; the kit's own sets have one group.
        threshold: Shares that the group needs.
        shares: The numbers of those that are there, from 1, as sheets print them, in order.
    """

    number: int
    threshold: int
    shares: tuple[int, ...]

    @property
    def missing(self) -> int:
        """How many more shares the group needs."""
        return max(0, self.threshold - len(self.shares))


class _Verdict(msgspec.Struct, frozen=True):
    """What is wrong with shares that are enough: names of the wrong ones, or why none are."""

    wrong: tuple[str, ...] = ()
    trouble: str = ""
    mend: str = ""


class RecoveryState:
    """The shares of one set that have come so far. A share that does not fit changes nothing."""

    def __init__(self) -> None:
        self._shares: list[Share] = []
        self._verdict = _Verdict()

    def add(self, text: str) -> Self:
        """Take one more share.

        Raises:
            InputError: It is no share, or is repeated, of another set, or has the place of
                another one; what came before is kept.
            MismatchError: It contradicts shares that are enough and agree with each other.
        """
        share = Share.parse(text)
        if self._shares:
            group = sets.gather(self._shares).get(share.group_index, {})
            sets.check_fits(share, self._shares[0], group, "this share")
        shares = [*self._shares, share]
        verdict = _judge(shares)
        if self.complete and (verdict.trouble or len(verdict.wrong) > len(self.wrong)):
            raise MismatchError(
                f"{share.name} contradicts those that are there, and they are enough",
                mend="Leave it out, and verify it alone against the ledger.",
            )
        self._shares, self._verdict = shares, verdict
        return self

    def remove(self, number: int, group: int = 1) -> Self:
        """Take a share out again: its place is wanted for another one.

        Args:
            number: The share's in its group, from 1.
            group: The group's, from 1.

        Raises:
            InputError: No such share is there.
        """
        place = (group - 1, number - 1)
        kept = [it for it in self._shares if (it.group_index, it.member_index) != place]
        if len(kept) == len(self._shares):
            raise InputError(f"share {number} is not there", mend=self.status())
        self._shares, self._verdict = kept, _judge(kept)
        return self

    @property
    def identifier(self) -> int | None:
        """The set's identifier, 15 bits; None before the first share."""
        return self._shares[0].identifier if self._shares else None

    @property
    def threshold(self) -> int | None:
        """Shares that are needed; None before the first share, and for a set of several groups."""
        if not self._shares or self._shares[0].group_count > 1:
            return None
        return self._shares[0].member_threshold

    @property
    def groups(self) -> tuple[GroupState, ...]:
        """What is there, group by group, in order; groups of which nothing came are left out."""
        groups = sets.gather(self._shares)
        return tuple(
            GroupState(
                number=index + 1,
                threshold=next(iter(group.values())).member_threshold,
                shares=tuple(sorted(place + 1 for place in group)),
            )
            for index, group in sorted(groups.items())
        )

    @property
    def missing(self) -> int:
        """How many more shares are needed at least; exactly, in a set of one group.

        Where there are enough and they contradict each other, one more, which tells the wrong one.
        """
        if not self._shares:
            return 1
        first, groups = self._shares[0], self.groups
        unseen = [1] * (first.group_count - len(groups))
        known = [group.missing for group in groups]
        needed = sum(sorted(known + unseen)[: first.group_threshold])
        return needed or int(self._verdict.trouble != "")

    @property
    def complete(self) -> bool:
        """Whether there are enough shares, and they give a secret."""
        return self.missing == 0

    @property
    def wrong(self) -> tuple[str, ...]:
        """Shares or groups that contradict the rest, by name; the secret is right without them."""
        return self._verdict.wrong

    def status(self) -> str:
        """What is there and what is missing, in one or a few sentences."""
        if not self._shares:
            return "There is no share yet."
        first, groups = self._shares[0], self.groups
        if first.group_count == 1:
            told = f"{_numbers(groups[0].shares)} of set {first.identifier}: {self._what_next()}."
        else:
            parts = (
                f"Group {it.number}: {_numbers(it.shares).lower()},"
                f" {f'{it.missing} more' if it.missing else 'whole'}."
                for it in groups
            )
            told = (
                f"Set {first.identifier} needs {first.group_threshold} of its {first.group_count}"
                f" groups: {self._what_next()}. {' '.join(parts)}"
            )
        return f"{told} {self._complaint()}".rstrip()

    def _what_next(self) -> str:
        if not self.missing:
            return "enough"
        exactly = self.threshold is not None
        return f"{self.missing} more" if exactly else f"at least {self.missing} more"

    def _complaint(self) -> str:
        if self.wrong:
            return f"Left out, since the rest contradicts it: {', '.join(self.wrong)}."
        trouble = self._verdict.trouble
        return f"{trouble[0].upper()}{trouble[1:]}." if trouble else ""

    def recover(self) -> Secret:
        """The secret; what is wrong among more shares than are needed is left out.

        Raises:
            MissingSharesError: There are not enough shares.
            MismatchError: They do not belong together although they say so.
        """
        if self._verdict.trouble:
            raise MismatchError(self._verdict.trouble, mend=self._verdict.mend)
        if not self.complete:
            raise slip39.MissingSharesError("there are not enough shares yet", mend=self.status())
        with sets.solve(self._shares).encrypted as encrypted:
            return slip39.decrypt(encrypted, self._shares[0])


def _judge(shares: Sequence[Share]) -> _Verdict:
    try:
        return _Verdict(wrong=sets.solve(shares).wrong)
    except slip39.MissingSharesError:
        return _Verdict()
    except MismatchError as error:
        return _Verdict(trouble=error.what, mend=error.mend)


def _numbers(numbers: Sequence[int]) -> str:
    *before, last = map(str, numbers)
    return f"Shares {', '.join(before)} and {last}" if before else f"Share {last}"
