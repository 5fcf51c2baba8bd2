"""Is a key what its maker says? Asked of the key itself, by a credential that is thrown away."""

import hashlib
from typing import Final

from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.keys.credentials import ES256, CredentialRequest
from keyvault_kit.keys.metadata import Verdict, verify_attestation

RP_ID: Final = "keyvault-kit.invalid"
"""Our relying party for proofs and PIN checks, for ever; no sign-in can come of it (RFC 2606)."""

GENUINE: Final = "genuine"


def prove(work: Work, tag: str) -> Verdict:
    """The verdict on a key's attestation over a hash that was made for this alone.

    The credential is not discoverable, so nothing of it stays on the key.

    Raises:
        DeviceError: The key failed.
    """
    client_data_hash = hashlib.sha256(work.station.random(32)).digest()
    request = CredentialRequest(
        client_data_hash=client_data_hash,
        rp_id=RP_ID,
        rp_name="keyvault-kit proof",
        user_id=work.station.random(32),
        user_name="proof",
        user_display_name="proof",
        algorithms=(ES256,),
        resident=False,
    )
    with handling.key_session(work, tag) as session:
        made = session.make_credential(request, pin=None)
    return judge(work, made.attestation_object, client_data_hash)


def judge(work: Work, attestation_object: bytes, client_data_hash: bytes) -> Verdict:
    """The verdict on an attestation, by the roots that count on this station."""
    return verify_attestation(
        attestation_object,
        client_data_hash,
        roots=work.station.roots,
        now=work.station.clock(),
    )
