"""The kit's own relying party: PIN checks, proofs and custody credentials (never a sign-in)."""

import hashlib
from collections.abc import Callable
from typing import Final

from keyvault_kit.keys.credentials import ES256, CredentialRequest

RP_ID: Final = "keyvault-kit.invalid"
"""For ever. Nobody owns the top level `invalid` (RFC 2606), so that no sign-in comes of it."""

UV_OPTIONAL: Final = 1
"""credProtect level 1, userVerificationOptional (CTAP 2.1, 12.1): found without PIN and touch."""

SOFTWARE: Final = b"keyvault-kit".hex()
"""How the AAGUIDs of software keys begin, which a live station reads and never trusts."""


def throw_away(random: Callable[[int], bytes]) -> CredentialRequest:
    """A credential that is made for its attestation alone; nothing of it stays on the key.

    Args:
        random: Gives as many random bytes as it is asked for.
    """
    return _request(random, "proof")


def custody(random: Callable[[int], bytes], tag: str) -> CredentialRequest:
    """The credential by which a key is known again: not discoverable, ES256, credProtect 1.

    Args:
        random: Gives as many random bytes as it is asked for.
        tag: The key's asset tag.
    """
    return _request(random, f"custody of {tag}", protection=UV_OPTIONAL)


def _request(
    random: Callable[[int], bytes], name: str, *, protection: int | None = None
) -> CredentialRequest:
    return CredentialRequest(
        client_data_hash=hashlib.sha256(random(32)).digest(),
        rp_id=RP_ID,
        rp_name="keyvault-kit",
        user_id=random(32),
        user_name=name,
        user_display_name=name,
        algorithms=(ES256,),
        resident=False,
        protection=protection,
    )


def is_software(aaguid: str) -> bool:
    """Whether an AAGUID, lower-case and hyphenated, is that of a software key."""
    return aaguid.replace("-", "").startswith(SOFTWARE)
