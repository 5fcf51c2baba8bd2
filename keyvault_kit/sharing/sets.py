"""Shares of one set: which belong together, what is missing, and what they give."""

import hmac
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import shamir
from keyvault_kit.sharing.share import Share

Group = Mapping[int, Share]
"""Shares of one group by their place in it, from 0."""


class ForeignShareError(InputError):
    """A share of another set, or of a set made with other settings."""


class RepeatedShareError(InputError):
    """A share that is there already."""


class ConflictingShareError(InputError):
    """Two different shares with the same place in a set: one of them is forged or damaged."""


class MissingSharesError(InputError):
    """There are fewer shares than the threshold."""


class Solution(msgspec.Struct, frozen=True):
    """What shares give together.

    Attributes:
        encrypted: The secret, still encrypted.
        wrong: Shares or groups that contradict the rest, by name: 'share 3', 'group 2'.
    """

    encrypted: Secret
    wrong: tuple[str, ...]


def gather(shares: Sequence[Share]) -> dict[int, dict[int, Share]]:
    """Shares of one set by group and place, both from 0.

    Raises:
        InputError: One is repeated, of another set, or contradicts another; it is named by its
            place among `shares`, from 1.
    """
    groups: dict[int, dict[int, Share]] = {}
    for place, share in enumerate(shares, 1):
        check_fits(share, shares[0], groups.get(share.group_index, {}), f"given share {place}")
        groups.setdefault(share.group_index, {})[share.member_index] = share
    return groups


def check_fits(share: Share, first: Share, group: Group, name: str) -> None:
    """Check that a share belongs to the set of `first` and adds to its group.

    Raises:
        InputError: It does not; `name` says which share it is.
    """
    if share.setting != first.setting:
        raise ForeignShareError(
            f"{name} is of another set ({share.identifier}, not {first.identifier})"
            if share.identifier != first.identifier
            else f"{name} is of a set made with other settings",
            mend="Take another: the shares of a set begin with the same two words.",
        )
    other = next(iter(group.values()), share)
    if other.member_threshold != share.member_threshold:
        raise ForeignShareError(f"{name} says another threshold than the rest of its group")
    twin = group.get(share.member_index)
    if twin is None:
        return
    if hmac.compare_digest(twin.value, share.value):
        raise RepeatedShareError(f"{name} is there already", mend="Take another share.")
    raise ConflictingShareError(
        f"{name} has the place of another share and is not the same: one of them is wrong",
        mend="Verify each alone against the ledger.",
    )


def missing(group: Group) -> int:
    """How many more shares a group needs."""
    threshold = next(iter(group.values())).member_threshold
    return max(0, threshold - len(group))


def solve(shares: Sequence[Share]) -> Solution:
    """What these shares give; more than enough are fine, and the wrong ones among them are named.

    Raises:
        InputError: Shares are missing, repeated, of another set, or contradict each other.
        MismatchError: They do not belong together although they say so, and which of them is
            wrong cannot be told.
    """
    if not shares:
        raise MissingSharesError("there are no shares")
    first, groups = shares[0], gather(shares)
    whole = {index: group for index, group in groups.items() if not missing(group)}
    if len(whole) < first.group_threshold:
        raise MissingSharesError(_what_is_missing(first, groups))
    points: list[shamir.Point] = []
    wrong: list[str] = []
    for index, group in sorted(whole.items()):
        try:
            value, others = _solve_group(group)
        except MismatchError:
            if len(whole) == first.group_threshold:
                raise
            wrong.append(f"group {index + 1}")
        else:
            points.append((index, value))
            wrong.extend(group[place].name for place in others)
    if len(points) < first.group_threshold:
        raise MismatchError(f"{' and '.join(wrong)} do not belong to the rest of the set")
    encrypted, others = shamir.recover(points, first.group_threshold, "the groups")
    return Solution(Secret(encrypted), (*wrong, *(f"group {index + 1}" for index in others)))


def _solve_group(group: Group) -> tuple[bytes, Iterable[int]]:
    one = next(iter(group.values()))
    what = "the shares" if one.group_count == 1 else f"the shares of group {one.group_index + 1}"
    points = [(x, share.value) for x, share in sorted(group.items())]
    return shamir.recover(points, one.member_threshold, what)


def _what_is_missing(first: Share, groups: Mapping[int, Group]) -> str:
    if first.group_count == 1:
        (group,) = groups.values()
        return f"{missing(group)} more share(s) of set {first.identifier} are needed"
    return (
        f"{first.group_threshold} groups of set {first.identifier} are needed whole, and"
        f" {sum(not missing(group) for group in groups.values())} are there"
    )
