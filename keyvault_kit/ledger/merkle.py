"""Merkle trees as in RFC 6962, 2.1 (RFC 9162, 2.1): roots, proofs, and a frontier that grows.

All hashes are SHA-256, 32 bytes. Sizes and indices count leaves.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Self

from keyvault_kit.errors import LedgerError

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 | entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The compact state of a tree: the roots of its full subtrees, largest first.

    A leaf costs O(log n) hashes. The state is a value: :meth:`extend` makes a new tree.

    Args:
        size: Number of leaves.
        frontier: A hash for each bit that is set in `size`, the highest first.
    """

    __slots__ = ("frontier", "size")

    def __init__(self, size: int = 0, frontier: tuple[bytes, ...] = ()) -> None:
        if len(frontier) != size.bit_count() or any(len(it) != HASH_SIZE for it in frontier):
            raise LedgerError(f"the stored state of a tree of {size} leaves is damaged")
        self.size = size
        self.frontier = frontier

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> Self:
        """The tree of these leaf hashes."""
        return cls().extend(leaves)

    def append(self, leaf: bytes) -> Self:
        """The tree with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """The tree with more leaf hashes."""
        frontier, size = list(self.frontier), self.size
        for leaf in leaves:
            node, full = leaf, size
            while full & 1:  # each 1 at the end of the size is a full subtree of that height
                node = node_hash(frontier.pop(), node)
                full >>= 1
            frontier.append(node)
            size += 1
        return type(self)(size, tuple(frontier))

    def root(self) -> bytes:
        """The root hash."""
        if not self.frontier:
            return EMPTY_ROOT
        node = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root hash of these leaf hashes."""
    return Tree.of(leaves).root()


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size` (RFC 6962, 2.1)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of a leaf in the tree of `leaves` (RFC 6962, 2.1.1).

    Raises:
        LedgerError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise LedgerError(f"there is no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    while len(leaves) > 1:
        k = _split(len(leaves))
        if index < k:
            path.append(root_of(leaves[k:]))
            leaves = leaves[:k]
        else:
            path.append(root_of(leaves[:k]))
            leaves, index = leaves[k:], index - k
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf stands at `index` of the tree of that size and root (RFC 9162, 2.1.3.2).

    Raises:
        LedgerError: The proof does not show it.
    """
    if not 0 <= index < size:
        raise LedgerError(f"there is no leaf {index} in a tree of {size}")
    node, first, last = leaf, index, size - 1
    for step in proof:
        if last == 0:
            raise LedgerError("the inclusion proof is too long")
        if first & 1 or first == last:
            node = node_hash(step, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, step)
        first, last = first >> 1, last >> 1
    if last or node != root:
        raise LedgerError(f"entry {index} is not in the tree of {size} entries with that root")


def consistency_proof(leaves: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """The proof that the tree of `leaves` extends that of its first `old` (RFC 6962, 2.1.2).

    Raises:
        LedgerError: There is no such size.
    """
    if not 0 < old <= len(leaves):
        raise LedgerError(f"a tree of {len(leaves)} extends none of {old}")
    proof: list[bytes] = []
    whole = True  # the old tree is, so far, a whole subtree that the verifier knows
    while old != len(leaves):
        k = _split(len(leaves))
        if old <= k:
            proof.append(root_of(leaves[k:]))
            leaves = leaves[:k]
        else:
            proof.append(root_of(leaves[:k]))
            leaves, old, whole = leaves[k:], old - k, False
    if not whole:
        proof.append(root_of(leaves))
    return tuple(reversed(proof))


def verify_consistency(  # noqa: C901 - RFC 9162's algorithm, step by step
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the newer tree extends the older one (RFC 9162, 2.1.4.2).

    Raises:
        LedgerError: The proof does not show it.
    """
    if not 0 < old <= new:
        raise LedgerError(f"a tree of {new} extends none of {old}")
    if old == new:
        if proof or old_root != new_root:
            raise LedgerError("two trees of one size have different roots")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise LedgerError("the consistency proof is empty")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_node = new_node = path[0]
    for step in path[1:]:
        if last == 0:
            raise LedgerError("the consistency proof is too long")
        if first & 1 or first == last:
            old_node, new_node = node_hash(step, old_node), node_hash(step, new_node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_node = node_hash(new_node, step)
        first, last = first >> 1, last >> 1
    if last or old_node != old_root or new_node != new_root:
        raise LedgerError(f"the tree of {new} entries does not extend that of {old}")
