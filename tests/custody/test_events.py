"""Commitments: an entry ties an erasable row without telling anything of it."""

from keyvault_kit.custody.commitments import commit


def test_a_commitment_depends_on_salt_and_row() -> None:
    row = {"person": "alice", "name": "Alice Archer"}

    one = commit(b"s" * 16, row)

    assert one == commit(b"s" * 16, dict(reversed(row.items())))
    assert one != commit(b"t" * 16, row)
    assert one != commit(b"s" * 16, row | {"name": "Alice"})
