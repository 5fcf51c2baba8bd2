"""Recovery as a state: shares come in any order, and it says what is still missing."""

from typing import Self

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import slip39
from keyvault_kit.sharing.slip39 import Share


class RecoveryState:
    """The shares of one set that have come so far. A share that does not fit changes nothing."""

    def __init__(self) -> None:
        self._shares: list[Share] = []

    def add(self, text: str) -> Self:
        """Take one more share.

        Raises:
            InputError: It is no share, or is repeated, of another set, or contradicts another;
                what came before is kept.
        """
        share = Share.parse(text)
        if self._shares:
            groups = slip39.gather(self._shares)
            group = groups.get(share.group_index, {})
            slip39.check_fits(share, self._shares[0], group, "this share")
        self._shares.append(share)
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
    def missing(self) -> int:
        """How many more shares are needed at least; exactly, in a set of one group."""
        if not self._shares:
            return 1
        first, groups = self._shares[0], slip39.gather(self._shares)
        unseen = [1] * (first.group_count - len(groups))
        known = [slip39.missing(group) for group in groups.values()]
        return sum(sorted(known + unseen)[: first.group_threshold])

    @property
    def complete(self) -> bool:
        """Whether there are enough shares."""
        return self.missing == 0

    def status(self) -> str:
        """What is there and what is missing, in one sentence."""
        if not self._shares:
            return "There is no share yet."
        have, missing = len(self._shares), self.missing
        if not missing:
            return f"{have} shares of set {self.identifier}: enough."
        if self.threshold is None:
            return f"{have} shares of set {self.identifier}: at least {missing} more."
        return f"{have} of {self.threshold} shares of set {self.identifier}: {missing} more."

    def recover(self) -> Secret:
        """The secret.

        Raises:
            InputError: Shares are missing.
            MismatchError: They do not belong together although they say so.
        """
        if not self.complete:
            raise InputError("there are not enough shares yet", mend=self.status())
        return slip39.combine(self._shares)
