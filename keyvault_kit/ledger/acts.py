"""Signatures on acts: what is signed, and whether a ledger's signatures hold.

The message is the checkpoint of all before, and what `ledger show --raw` prints of the entries that
stand under the signatures: the exact bytes of each, followed by LF. So a signature is good for
this ledger and this place in it alone. `ssh-keygen -Y verify -n keyvault-act` checks it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from keyvault_kit.custody.model import Signature, Signer
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import sshsig
from keyvault_kit.ledger.checkpoint import Checkpoint

ACT_NAMESPACE: Final = "keyvault-act"


def message(before: Checkpoint, bodies: Iterable[bytes]) -> bytes:
    """What is signed for these entries.

    Args:
        before: Of all entries before the one that holds the signatures.
    """
    return before.text() + b"".join(body + b"\n" for body in bodies)


def check(
    signatures: Sequence[Signature], signed: bytes, namespace: str, signers: Mapping[str, Signer]
) -> None:
    """Check that each of these people signed, with the key that counts as theirs.

    Raises:
        LedgerError: A signature does not hold, or its person is no signer; names whose.
    """
    for signature in signatures:
        person = signature.person
        if person not in signers:
            raise LedgerError(f"{person} signed, and is no signer who counts (any more)")
        key = sshsig.PublicKey.parse(signers[person].public_key)
        try:
            sshsig.verify(signature.armored, signed, namespace, {person: (key,)})
        except LedgerError as error:
            raise LedgerError(f"the signature of {person} does not hold: {error.what}") from error
