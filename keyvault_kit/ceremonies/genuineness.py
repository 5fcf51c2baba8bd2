"""Is a key what its maker says? Asked of the key itself, by a credential that is thrown away."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.station import Anchors
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import RefusedError
from keyvault_kit.keys import pin, relying_party
from keyvault_kit.keys.credentials import MadeCredential
from keyvault_kit.keys.metadata import Verdict, verify_attestation
from keyvault_kit.keys.session import KeySession
from keyvault_kit.secret import Secret

TEMPORARY: Final = "temporary"
"""What the hands call the PIN of an always-UV key until it gets the one that is sealed."""
_LENGTH: Final = 8
_NO_MODEL: Final = str(UUID(int=0))


def prove(work: Work, tag: str) -> Verdict:
    """The verdict on a key's attestation over a hash that was made for this alone.

    The credential is not discoverable, so nothing of it stays on the key. A key that makes none
    without a PIN gets a temporary one, which the hands of this run hold.

    Raises:
        RefusedError: It has a PIN that the hands do not hold.
        DeviceError: The key failed.
    """
    request = relying_party.throw_away(work.station.random)
    with key_session(work, tag) as session:
        secret = _temporary_pin(work, session) if session.makes_only_with_pin else None
        made = session.make_credential(request, pin=secret)
    claimed, station = work.register.keys[tag].aaguid, work.station
    return judge(station.anchors(), station.clock(), made, request.client_data_hash, claimed)


def _temporary_pin(work: Work, session: KeySession) -> Secret:
    if TEMPORARY in work.hands:
        return work.hands.secret(TEMPORARY)
    if session.info.options.get("clientPin"):
        raise RefusedError(
            f"{session.name} proves its maker with its PIN only, and has one that is not on record",
            mend="Reset the key first ('keys reset'); whatever it holds is lost by that.",
        )
    length = max(_LENGTH, session.info.min_pin_length)
    work.hands.take(TEMPORARY, pin.generate_pin(work.station.random, length))
    pin.set_pin(session, work.hands.secret(TEMPORARY))
    return work.hands.secret(TEMPORARY)


def judge(
    anchors: Anchors, now: datetime, made: MadeCredential, client_data_hash: bytes, claimed: str
) -> Verdict:
    """The verdict on the attestation that came with a credential.

    Args:
        anchors: What it is judged by.
        now: The time of day, aware.
        made: The credential.
        client_data_hash: What it was made over.
        claimed: The AAGUID that the key told when it was read.
    """
    verdict = verify_attestation(
        made.attestation_object,
        client_data_hash,
        roots=anchors.roots,
        blob=anchors.blob,
        now=now,
    )
    return compared(verdict, claimed)


def compared(verdict: Verdict, claimed: str) -> Verdict:
    """The verdict, where the key attests as the model that it says it is; U2F names no model."""
    if verdict.aaguid in (claimed, _NO_MODEL):
        return verdict
    why = f"it says that it is of model {claimed}, and attests as {verdict.aaguid}"
    return msgspec.structs.replace(verdict, outcome="not genuine", reasons=(why, *verdict.reasons))


def proven(tag: str, verdict: Verdict) -> ev.KeyProven:
    """A verdict as the ledger keeps it, with its evidence."""
    return ev.KeyProven(
        key=tag,
        verdict=verdict.outcome,
        reasons=(*verdict.reasons, *verdict.remarks),
        leaf=verdict.leaf_fingerprint,
        root=verdict.root_fingerprint,
        metadata=verdict.metadata_number,
        aaguid=verdict.aaguid,
    )
