"""The makes of key that a software key can be like.

Each has an AAGUID and USB strings of the project's own, so that no program takes it for the
original. What differs between makes is data, here.
"""

from enum import Enum
from typing import Final

import msgspec

from keyvault_kit.errors import InputError

AAGUID_PREFIX: Final = b"keyvault-kit"
"""The first 12 of the 16 bytes of every software key's AAGUID."""

YUBICO_VENDOR_ID: Final = 0x1050
TEST_VENDOR_ID: Final = 0x1209
"""The vendor id of pid.codes, whose first product ids are free for tests."""


class SerialPlace(Enum):
    """Where a key tells its serial number."""

    NOWHERE = "nowhere"
    CONFIG = "config"
    USB = "usb"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A make of key.

    Attributes:
        name: What the profile is called.
        product: USB product string.
        vendor_id: USB vendor id.
        product_id: USB product id.
        release: USB release number, binary-coded decimal.
        aaguid: 16 bytes.
        version: Firmware: major, minor, patch.
        serial_place: Where its serial number can be read.
        form_factor: Yubico's form factor byte; None where the key knows no read-config.
        supported: Yubico's capability bits, all that the key has.
        enabled: Those switched on over USB. U2F (2) is off: a software key speaks FIDO2 alone.
        nfc: Whether it has NFC.
        capacity: How many discoverable credentials it holds.
        min_pin_length: In code points, as it leaves the factory.
        tells_power_cycle: Whether getPINRetries says that a power cycle is needed.
    """

    name: str
    product: str
    vendor_id: int
    product_id: int
    release: int
    aaguid: bytes
    version: tuple[int, int, int]
    serial_place: SerialPlace
    form_factor: int | None = None
    supported: int = 0
    enabled: int = 0
    nfc: bool = False
    capacity: int = 25
    min_pin_length: int = 4
    tells_power_cycle: bool = True


MANUFACTURER: Final = "keyvault-kit"

_ALL = (
    Profile(
        name="five",
        product="Software key like a YubiKey 5 NFC",
        vendor_id=YUBICO_VENDOR_ID,
        product_id=0x0407,
        release=0x0574,
        aaguid=AAGUID_PREFIX + b"\0\0\0\x01",
        version=(5, 7, 4),
        serial_place=SerialPlace.CONFIG,
        form_factor=0x01,
        supported=0x033B,
        enabled=0x0339,
        nfc=True,
        capacity=100,
    ),
    Profile(
        name="security-key",
        product="Software key like a Security Key NFC",
        vendor_id=YUBICO_VENDOR_ID,
        product_id=0x0402,
        release=0x0574,
        aaguid=AAGUID_PREFIX + b"\0\0\0\x02",
        version=(5, 7, 4),
        serial_place=SerialPlace.NOWHERE,
        form_factor=0x41,
        supported=0x0202,
        enabled=0x0200,
        nfc=True,
        capacity=100,
    ),
    Profile(
        name="other",
        product="Software key of another maker",
        vendor_id=TEST_VENDOR_ID,
        product_id=0x0001,
        release=0x0102,
        aaguid=AAGUID_PREFIX + b"\0\0\0\x03",
        version=(1, 2, 0),
        serial_place=SerialPlace.USB,
        tells_power_cycle=False,
    ),
)

PROFILES: Final = {profile.name: profile for profile in _ALL}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        InputError: There is none.
    """
    try:
        return PROFILES[name]
    except KeyError as error:
        raise InputError(
            f"there is no software key like {name!r}", mend=f"Take one of {', '.join(PROFILES)}."
        ) from error
