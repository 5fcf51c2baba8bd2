"""The extensions credProtect, minPinLength and hmac-secret (CTAP 2.1, 12.1, 12.4 and 12.5)."""

import hmac
from typing import Final

from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.parameters import optional, required
from keyvault_kit.softkey.state import Credential
from keyvault_kit.softkey.status import CtapError, Status

CRED_PROTECT: Final = "credProtect"
HMAC_SECRET: Final = "hmac-secret"  # noqa: S105 - the name of an extension
MIN_PIN_LENGTH: Final = "minPinLength"

OPTIONAL, OPTIONAL_WITH_LIST, REQUIRED = 1, 2, 3

_KEY_AGREEMENT, _SALT_ENC, _SALT_AUTH, _PROTOCOL = 1, 2, 3, 4
_SALT_SIZE = 32


def known(core: Core, asked: Map) -> Map:
    """The extensions asked for that keys of this make know; the others are ignored (6.1.2)."""
    return {name: value for name, value in asked.items() if name in core.profile.extensions}


def at_creation(core: Core, asked: Map) -> Map:
    """The same for a new credential, each of its type, before anything is asked of the person.

    Raises:
        CtapError: One is of another type, or asks for a level of protection that there is not.
    """
    ours = known(core, asked)
    protection(ours)
    for name in (HMAC_SECRET, MIN_PIN_LENGTH):
        optional(ours, name, bool)
    return ours


def protection(extensions: Map) -> int:
    """The credProtect level asked for: 1, 2 or 3; 1 where none is.

    Raises:
        CtapError: There is no such level.
    """
    level = optional(extensions, CRED_PROTECT, int)
    if level not in (None, OPTIONAL, OPTIONAL_WITH_LIST, REQUIRED):
        raise CtapError(Status.INVALID_OPTION)
    return level or OPTIONAL


def outputs_at_creation(core: Core, extensions: Map, credential: Credential) -> Map:
    """What a new credential answers to the extensions asked for."""
    outputs: Map = {}
    may_know_length = credential.rp_id in core.state.min_pin_length_rp_ids
    if extensions.get(MIN_PIN_LENGTH) and may_know_length:
        outputs[MIN_PIN_LENGTH] = core.state.min_pin_length
    if CRED_PROTECT in extensions:
        outputs[CRED_PROTECT] = credential.protection
    if HMAC_SECRET in extensions:
        outputs[HMAC_SECRET] = credential.hmac_secret
    return outputs


class HmacSecret:
    """A request for hmac-secret, checked: it is asked of the credential that is found later.

    Args:
        core: The key.
        request: The extension's input map.

    Raises:
        CtapError: The salts are not two, not one, or not authentic.
    """

    def __init__(self, core: Core, request: Map) -> None:
        # Without a protocol number the platform means protocol one (12.5).
        self._protocol = core.pin.protocol(optional(request, _PROTOCOL, int) or 1)
        self._shared = self._protocol.decapsulate(required(request, _KEY_AGREEMENT, dict))
        encrypted = required(request, _SALT_ENC, bytes)
        self._protocol.verify(self._shared, encrypted, required(request, _SALT_AUTH, bytes))
        self._salts = self._protocol.decrypt(self._shared, encrypted)
        if len(self._salts) not in (_SALT_SIZE, 2 * _SALT_SIZE):
            raise CtapError(Status.INVALID_PARAMETER)

    def output(self, credential: Credential, *, verified: bool) -> bytes:
        """The encrypted secrets; others with user verification than without."""
        purpose = b"hmac-secret with UV" if verified else b"hmac-secret without UV"
        secret = hmac.digest(credential.private_key, purpose, "sha256")
        halves = (self._salts[:_SALT_SIZE], self._salts[_SALT_SIZE:])
        plain = b"".join(hmac.digest(secret, salt, "sha256") for salt in halves if salt)
        return self._protocol.encrypt(self._shared, plain)
