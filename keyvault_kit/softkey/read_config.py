"""What a key says about itself to Yubico's own programs: the read-config command."""

from enum import IntEnum
from typing import Final

from keyvault_kit.softkey.profiles import Profile, ReadConfig, SerialPlace
from keyvault_kit.softkey.state import KeyState

_FIDO2: Final = 0x0200
_FIDO2_IN_FIPS_MODE: Final = 0x01


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
    MORE_PAGES = 0x10
    PART_NUMBER = 0x13
    FIPS_CAPABLE = 0x14
    FIPS_APPROVED = 0x15
    PIN_COMPLEXITY = 0x16
    NFC_RESTRICTED = 0x17
    RESET_BLOCKED = 0x18


def read_config(profile: Profile, state: KeyState, page: int = 0) -> bytes:
    """A page of the read-config answer: its length, then tag, length, value of each item.

    Args:
        profile: The key's make.
        state: What the key keeps.
        page: Which page, from 0.

    Raises:
        ValueError: Keys of this make know no such command, or have no such page.
    """
    config = profile.read_config
    if config is None:
        raise ValueError(f"{profile.name} has no read-config")
    if page >= config.pages:
        raise ValueError(f"the read-config of {profile.name} has no page {page}")
    known = _first_items(profile, config, state) | _later_items(profile, config, state)
    items = sorted(known.items())
    size = -(-len(items) // config.pages)
    on_page = dict(items[page * size : (page + 1) * size])
    if config.part_number:
        on_page[Tag.MORE_PAGES] = bytes([config.pages - 1 - page])
    body = b"".join(bytes([tag, len(value)]) + value for tag, value in sorted(on_page.items()))
    return bytes([len(body)]) + body


def _first_items(profile: Profile, config: ReadConfig, state: KeyState) -> dict[Tag, bytes]:
    items = {
        Tag.USB_SUPPORTED: config.supported.to_bytes(2),
        Tag.USB_ENABLED: config.enabled.to_bytes(2),
        Tag.FORM_FACTOR: bytes([config.form_factor]),
        Tag.VERSION: bytes(profile.version),
        Tag.CONFIG_LOCK: b"\0",
    }
    if profile.serial_place is SerialPlace.CONFIG and state.serial is not None:
        items[Tag.SERIAL] = state.serial.to_bytes(4)
    if profile.nfc:
        items[Tag.NFC_SUPPORTED] = items[Tag.NFC_ENABLED] = config.enabled.to_bytes(2)
    return items


def _later_items(profile: Profile, config: ReadConfig, state: KeyState) -> dict[Tag, bytes]:
    """What keys tell since firmware 5.7."""
    if not config.part_number:
        return {}
    return {
        Tag.PART_NUMBER: config.part_number.encode(),
        Tag.FIPS_CAPABLE: config.fips_capable.to_bytes(2),
        Tag.FIPS_APPROVED: _approved(config, state).to_bytes(2),
        Tag.PIN_COMPLEXITY: bytes([profile.pin_complexity]),
        Tag.NFC_RESTRICTED: b"\0",
        Tag.RESET_BLOCKED: (_FIDO2 if state.reset_blocked else 0).to_bytes(2),
    }


def _approved(config: ReadConfig, state: KeyState) -> int:
    """The applications in FIPS mode; FIDO2, the only one that there is, once it has a PIN."""
    fit = state.pin_hash is not None and state.always_uv
    return config.fips_capable & _FIDO2_IN_FIPS_MODE if fit else 0
