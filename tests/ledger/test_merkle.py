"""Merkle trees: the Certificate Transparency reference data, and the laws of proofs."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import merkle

# The test data of Google's certificate-transparency repository (merkletree/merkle_tree_test.cc).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
SIZES = st.integers(1, 70)


def root_by_definition(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962, 2.1, defines it."""
    if len(leaves) == 1:
        return leaves[0]
    k = max(1 << i for i in range(len(leaves)) if 1 << i < len(leaves))
    return merkle.node_hash(root_by_definition(leaves[:k]), root_by_definition(leaves[k:]))


def some(size: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([i])) for i in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_certificate_transparency(size: int) -> None:
    assert merkle.root_of(HASHES[:size]).hex() == ROOTS[size - 1]
    assert merkle.Tree.of(HASHES[:size]).root().hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.Tree().root() == hashlib.sha256(b"").digest()


def test_known_inclusion_proofs() -> None:
    for (index, size), proof in INCLUSION.items():
        assert [it.hex() for it in merkle.inclusion_proof(HASHES[:size], index)] == proof


def test_known_consistency_proofs() -> None:
    for (old, new), proof in CONSISTENCY.items():
        assert [it.hex() for it in merkle.consistency_proof(HASHES[:new], old)] == proof


@given(SIZES, st.data())
def test_each_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    leaves, index = some(size), data.draw(st.integers(0, size - 1))
    root, proof = merkle.root_of(leaves), merkle.inclusion_proof(leaves, index)

    merkle.verify_inclusion(leaves[index], index, size, proof, root)
    for wrong in (
        (merkle.leaf_hash(b"another"), index, size, proof, root),
        (leaves[index], index, size, (*proof, root), root),
        (leaves[index], index, size, proof[:-1], root) if proof else None,
        (leaves[index], size, size, proof, root),
        (leaves[index], index, size, proof, merkle.leaf_hash(root)),
    ):
        if wrong:
            with pytest.raises(LedgerError):
                merkle.verify_inclusion(*wrong)


@given(SIZES, st.data())
def test_a_longer_tree_is_proven_to_extend_a_shorter_one(size: int, data: st.DataObject) -> None:
    leaves, old = some(size), data.draw(st.integers(1, size))
    old_root, root = merkle.root_of(leaves[:old]), merkle.root_of(leaves)
    proof = merkle.consistency_proof(leaves, old)
    forged = merkle.root_of([merkle.leaf_hash(b"forged"), *leaves[1:old]])

    merkle.verify_consistency(old, old_root, size, root, proof)
    with pytest.raises(LedgerError):
        merkle.verify_consistency(old, forged, size, root, proof)
    with pytest.raises(LedgerError):
        merkle.verify_consistency(old, old_root, size, merkle.leaf_hash(root), proof)
    with pytest.raises(LedgerError):
        merkle.verify_consistency(old, old_root, size, root, (*proof, root))


@given(SIZES)
def test_a_tree_is_rebuilt_from_its_frontier_and_append_leaves_the_old_one(size: int) -> None:
    tree = merkle.Tree.of(some(size))
    again = merkle.Tree(tree.size, tree.frontier)
    root = again.root()

    assert again.append(merkle.leaf_hash(b"x")).root() != root
    assert again.root() == tree.root() == merkle.root_of(some(size))
    assert root == root_by_definition(some(size))
    with pytest.raises(LedgerError, match="damaged"):
        merkle.Tree(tree.size, tree.frontier[1:])


@given(st.integers(2, 70), st.data())
def test_a_rewritten_log_extends_nothing(size: int, data: st.DataObject) -> None:
    leaves, old = some(size), data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:changed], merkle.leaf_hash(b"another"), *leaves[changed + 1 :]]
    proof = merkle.consistency_proof(rewritten, old)

    with pytest.raises(LedgerError, match="does not extend"):
        merkle.verify_consistency(
            old, merkle.root_of(leaves[:old]), size, merkle.root_of(rewritten), proof
        )


@pytest.mark.parametrize("index", [-1, 8, 9])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(LedgerError, match="no leaf"):
        merkle.inclusion_proof(HASHES, index)
    with pytest.raises(LedgerError, match="no leaf"):
        merkle.verify_inclusion(HASHES[0], index, 8, (), merkle.root_of(HASHES))


@pytest.mark.parametrize("old", [-1, 0, 9])
def test_a_tree_extends_no_larger_one_and_not_nothing(old: int) -> None:
    with pytest.raises(LedgerError, match="extends none"):
        merkle.consistency_proof(HASHES, old)
    with pytest.raises(LedgerError, match="extends none"):
        merkle.verify_consistency(old, merkle.EMPTY_ROOT, 8, merkle.root_of(HASHES), ())


@given(SIZES, st.integers(1, 40), st.data())
def test_a_proof_of_extension_holds_for_its_own_sizes_alone(
    size: int, far: int, data: st.DataObject
) -> None:
    leaves, old = some(size), data.draw(st.integers(1, size))
    old_root, root = merkle.root_of(leaves[:old]), merkle.root_of(leaves)
    proof = merkle.consistency_proof(leaves, old)
    beyond = 1 << size.bit_length() + far  # its root has a level more, wherever the old tree ends

    with pytest.raises(LedgerError):
        merkle.verify_consistency(old, old_root, beyond, root, proof)
