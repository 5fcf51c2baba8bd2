"""What a key says about itself: authenticatorGetInfo (CTAP 2.1, 6.4)."""

from typing import Final

from keyvault_kit.softkey import es256
from keyvault_kit.softkey.cbor import Map, Value
from keyvault_kit.softkey.configuration import RP_IDS_LIMIT
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.extensions import MIN_PIN_LENGTH
from keyvault_kit.softkey.make_credential import CREDENTIAL_ID_SIZE
from keyvault_kit.softkey.members import Member
from keyvault_kit.softkey.parameters import PUBLIC_KEY
from keyvault_kit.softkey.profiles import AlwaysUv, ConfigCommand, Profile

MESSAGE_LIMIT: Final = 1200
LIST_LIMIT: Final = 8


def get_info(core: Core) -> Map:
    """The answer to authenticatorGetInfo: what keys of this make tell, and there is to tell."""
    told = {**_of_the_make(core.profile), **_of_the_key(core)}
    return {
        member: value
        for member, value in sorted(told.items())
        if value is not None and member in core.profile.members
    }


def _of_the_make(profile: Profile) -> "dict[Member, Value | None]":
    asked_for_length = MIN_PIN_LENGTH in profile.extensions
    long_touch = profile.long_touch_for_reset
    return {
        Member.VERSIONS: [*profile.versions],
        Member.EXTENSIONS: [*profile.extensions],
        Member.AAGUID: profile.aaguid,
        Member.MAX_MSG_SIZE: MESSAGE_LIMIT,
        Member.PIN_UV_AUTH_PROTOCOLS: [*profile.pin_protocols],
        Member.MAX_CREDENTIAL_COUNT_IN_LIST: LIST_LIMIT,
        Member.MAX_CREDENTIAL_ID_LENGTH: CREDENTIAL_ID_SIZE,
        Member.TRANSPORTS: ["nfc", "usb"] if profile.nfc else ["usb"],
        Member.ALGORITHMS: [{"alg": es256.ES256, "type": PUBLIC_KEY}],
        Member.FIRMWARE_VERSION: int.from_bytes(bytes(profile.version)),
        Member.MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH: RP_IDS_LIMIT if asked_for_length else None,
        Member.CERTIFICATIONS: profile.certifications or None,
        Member.LONG_TOUCH_FOR_RESET: long_touch,
        Member.TRANSPORTS_FOR_RESET: None if long_touch is None else ["usb"],
        Member.PIN_COMPLEXITY_POLICY: profile.pin_complexity or None,
    }


def _of_the_key(core: Core) -> "dict[Member, Value | None]":
    state = core.state
    return {
        Member.OPTIONS: _options(core),
        Member.FORCE_PIN_CHANGE: state.force_pin_change,
        Member.MIN_PIN_LENGTH: state.min_pin_length,
        Member.REMAINING_DISCOVERABLE_CREDENTIALS: core.room,
    }


def _options(core: Core) -> Map:
    """Options by their names; in the order in which an untidy key tells them."""
    profile, state = core.profile, core.state
    configures = profile.config_commands
    told: dict[str, bool | None] = {
        "plat": False,
        "rk": True,
        "clientPin": state.pin_hash is not None,
        "up": True,
        "ep": state.enterprise_attestation if core.enterprise else None,
        "alwaysUv": None if profile.always_uv is AlwaysUv.UNKNOWN else state.always_uv,
        **dict.fromkeys(profile.advertises, True),
        "authnrCfg": bool(configures) or None,
        "setMinPINLength": ConfigCommand.SET_MIN_PIN_LENGTH in configures or None,
        "pinUvAuthToken": profile.scoped_tokens or None,
        "makeCredUvNotRqd": not state.always_uv if profile.spares_pin else None,
    }
    return {name: value for name, value in told.items() if value is not None}
