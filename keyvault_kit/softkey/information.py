"""What a key says about itself: authenticatorGetInfo (CTAP 2.1, 6.4) and Yubico's read-config."""

from enum import IntEnum
from typing import Final

from keyvault_kit.softkey import es256, extensions
from keyvault_kit.softkey.cbor import Map, Value
from keyvault_kit.softkey.client_pin import PROTOCOLS
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.make_credential import CREDENTIAL_ID_SIZE
from keyvault_kit.softkey.parameters import PUBLIC_KEY
from keyvault_kit.softkey.profiles import Profile, SerialPlace
from keyvault_kit.softkey.state import KeyState

MESSAGE_LIMIT: Final = 1200
LIST_LIMIT: Final = 8


class Member(IntEnum):
    """Members of the answer to authenticatorGetInfo."""

    VERSIONS = 0x01
    EXTENSIONS = 0x02
    AAGUID = 0x03
    OPTIONS = 0x04
    MAX_MSG_SIZE = 0x05
    PIN_UV_AUTH_PROTOCOLS = 0x06
    MAX_CREDENTIAL_COUNT_IN_LIST = 0x07
    MAX_CREDENTIAL_ID_LENGTH = 0x08
    TRANSPORTS = 0x09
    ALGORITHMS = 0x0A
    FORCE_PIN_CHANGE = 0x0C
    MIN_PIN_LENGTH = 0x0D
    FIRMWARE_VERSION = 0x0E
    MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH = 0x10
    REMAINING_DISCOVERABLE_CREDENTIALS = 0x14


def get_info(core: Core) -> Map:
    """The answer to authenticatorGetInfo."""
    profile, state = core.profile, core.state
    extension_names: list[Value] = [*extensions.SUPPORTED]
    transports: list[Value] = ["nfc", "usb"] if profile.nfc else ["usb"]
    return {
        Member.VERSIONS: ["FIDO_2_0", "FIDO_2_1"],
        Member.EXTENSIONS: extension_names,
        Member.AAGUID: profile.aaguid,
        Member.OPTIONS: _options(state),
        Member.MAX_MSG_SIZE: MESSAGE_LIMIT,
        Member.PIN_UV_AUTH_PROTOCOLS: [*PROTOCOLS],
        Member.MAX_CREDENTIAL_COUNT_IN_LIST: LIST_LIMIT,
        Member.MAX_CREDENTIAL_ID_LENGTH: CREDENTIAL_ID_SIZE,
        Member.TRANSPORTS: transports,
        Member.ALGORITHMS: [{"alg": es256.ES256, "type": PUBLIC_KEY}],
        Member.FORCE_PIN_CHANGE: state.force_pin_change,
        Member.MIN_PIN_LENGTH: state.min_pin_length,
        Member.FIRMWARE_VERSION: int.from_bytes(bytes(profile.version)),
        Member.MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH: 0,
        Member.REMAINING_DISCOVERABLE_CREDENTIALS: profile.capacity - len(core.discoverable()),
    }


def _options(state: KeyState) -> Map:
    return {
        "rk": True,
        "up": True,
        "plat": False,
        "clientPin": state.pin_hash is not None,
        "credMgmt": True,
        "authnrCfg": True,
        "setMinPINLength": True,
        "pinUvAuthToken": True,
        "makeCredUvNotRqd": True,
    }


class Tag(IntEnum):
    """Tags of the read-config answer, as yubikey-manager reads them."""

    USB_SUPPORTED = 0x01
    SERIAL = 0x02
    USB_ENABLED = 0x03
    FORM_FACTOR = 0x04
    VERSION = 0x05
    CONFIG_LOCK = 0x0A
    NFC_SUPPORTED = 0x0D
    NFC_ENABLED = 0x0E


def read_config(profile: Profile, serial: int | None) -> bytes:
    """The one page of the read-config answer: its length, then tag, length, value of each item.

    Raises:
        ValueError: Keys of this make know no such command.
    """
    if profile.form_factor is None:
        raise ValueError(f"{profile.name} has no read-config")
    items = {
        Tag.USB_SUPPORTED: profile.supported.to_bytes(2),
        Tag.USB_ENABLED: profile.enabled.to_bytes(2),
        Tag.FORM_FACTOR: bytes([profile.form_factor]),
        Tag.VERSION: bytes(profile.version),
        Tag.CONFIG_LOCK: b"\0",
    }
    if profile.serial_place is SerialPlace.CONFIG and serial is not None:
        items[Tag.SERIAL] = serial.to_bytes(4)
    if profile.nfc:
        items[Tag.NFC_SUPPORTED] = items[Tag.NFC_ENABLED] = profile.enabled.to_bytes(2)
    page = b"".join(bytes([tag, len(value)]) + value for tag, value in sorted(items.items()))
    return bytes([len(page)]) + page
