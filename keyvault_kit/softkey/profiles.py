"""The makes of key that a software key can be like.

Each has an AAGUID and USB strings of the project's own, so that no program takes it for the
original. What differs between makes is data, here.
"""

from enum import Enum, IntEnum
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.members import ALL, CTAP_2_0, IN_LISTS, Member
from keyvault_kit.softkey.status import Status

AAGUID_PREFIX: Final = b"keyvault-kit"
"""The first 12 of the 16 bytes of every software key's AAGUID."""

YUBICO_VENDOR_ID: Final = 0x1050
TEST_VENDOR_ID: Final = 0x1209
"""The vendor id of pid.codes, whose first product ids are free for tests."""

VENDOR_RP_ID: Final = "enterprise.example"
"""The relying party that makes with enterprise attestation come configured for."""

CTAP_2_1: Final = "FIDO_2_1"


class SerialPlace(Enum):
    """Where a key tells its serial number."""

    NOWHERE = "nowhere"
    CONFIG = "config"
    USB = "usb"


class AlwaysUv(Enum):
    """Whether a key leaves the factory wanting its PIN always (CTAP 2.1, 7.2)."""

    UNKNOWN = "unknown"
    OFF = "off"
    ON = "on"
    LOCKED = "locked"


class ConfigCommand(IntEnum):
    """Subcommands of authenticatorConfig (CTAP 2.1, 6.11)."""

    ENABLE_ENTERPRISE_ATTESTATION = 0x01
    TOGGLE_ALWAYS_UV = 0x02
    SET_MIN_PIN_LENGTH = 0x03


class Management(Enum):
    """Which commands a make manages its credentials by: as in CTAP 2.1, as before it, or none."""

    NONE = ()
    PREVIEW = (0x41,)
    BOTH = (0x0A, 0x41)
    STANDARD = (0x0A,)


class ReadConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a make answers to Yubico's read-config.

    Attributes:
        form_factor: Yubico's form factor byte: 0x40 for the Security Key series, 0x80 for FIPS.
        supported: Yubico's capability bits, all that the key has.
        enabled: Those switched on over USB. U2F (2) is off: a software key speaks FIDO2 alone.
        part_number: Yubico's part number; keys before firmware 5.7 do not tell it, nor the rest.
        fips_capable: The bits of the applications that can be run in FIPS mode, FIDO2 the lowest.
        pages: In how many pages the answer comes.
    """

    form_factor: int
    supported: int
    enabled: int
    part_number: str = ""
    fips_capable: int = 0
    pages: int = 1


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
        read_config: What it answers to Yubico's read-config; None where it knows no such command.
        nfc: Whether it has NFC.
        capacity: How many discoverable credentials it holds.
        versions: The CTAP versions that it speaks.
        extensions: The extensions that it knows.
        pin_protocols: Its PIN protocols, by preference.
        scoped_tokens: Whether its tokens have permissions (pinUvAuthToken). Those of older keys
            open everything until the power is cut, the PIN changed or another token given.
        management: By which commands it manages its credentials.
        advertises: The options that promise credential management, truly or not.
        spares_pin: Whether makeCredential needs no PIN for credentials that are not discoverable
            (makeCredUvNotRqd).
        sets_pin_length: Whether its minimum PIN length can be raised (setMinPINLength).
        always_uv: Whether it wants its PIN always, and whether that can be changed.
        silent_needs_uv: Whether always-UV covers assertions without a touch too; the specification
            exempts them (CTAP 2.1, 6.2.2 step 5).
        enterprise: Whether it can give an enterprise attestation.
        attestation: The format of its attestation statements (WebAuthn level 2, 8.2 and 8.6).
        min_pin_length: In code points, as it leaves the factory.
        pin_complexity: Whether it refuses simple PINs.
        tells_power_cycle: Whether getPINRetries says that a power cycle is needed.
        tells_retries_unset: Whether it tells the PIN retries before there is a PIN.
        untouched: The status of a credential or an assertion for which no touch came;
            OPERATION_DENIED in the specification (CTAP 2.1, 6.1.2 step 14).
        reset_window_s: How long after coming to power it lets itself be reset, in seconds.
        long_touch_for_reset: Whether a reset wants a long touch; None where it does not say.
        certifications: Its certifications and their levels.
        members: The members of getInfo that it tells, as far as there is something to tell.
        canonical: Whether it encodes getInfo in canonical CBOR.
    """

    name: str
    product: str
    vendor_id: int
    product_id: int
    release: int
    aaguid: bytes
    version: tuple[int, int, int]
    serial_place: SerialPlace
    read_config: ReadConfig | None = None
    nfc: bool = False
    capacity: int = 25
    versions: tuple[str, ...] = ("FIDO_2_0", CTAP_2_1)
    extensions: tuple[str, ...] = ("credProtect", "hmac-secret")
    pin_protocols: tuple[int, ...] = (2, 1)
    scoped_tokens: bool = True
    management: Management = Management.STANDARD
    advertises: tuple[str, ...] = ("credMgmt",)
    spares_pin: bool = True
    sets_pin_length: bool = True
    always_uv: AlwaysUv = AlwaysUv.UNKNOWN
    silent_needs_uv: bool = False
    enterprise: bool = False
    attestation: str = "packed"
    min_pin_length: int = 4
    pin_complexity: bool = False
    tells_power_cycle: bool = True
    tells_retries_unset: bool = False
    untouched: Status = Status.USER_ACTION_TIMEOUT
    reset_window_s: float = 10.0
    long_touch_for_reset: bool | None = None
    certifications: Map = {}
    members: frozenset[Member] = ALL
    canonical: bool = True

    @property
    def speaks_ctap_2_1(self) -> bool:
        """Whether it has the commands that came with CTAP 2.1."""
        return CTAP_2_1 in self.versions

    @property
    def config_commands(self) -> frozenset[ConfigCommand]:
        """The subcommands of authenticatorConfig that it knows."""
        known = {
            ConfigCommand.ENABLE_ENTERPRISE_ATTESTATION: self.enterprise,
            ConfigCommand.TOGGLE_ALWAYS_UV: self.always_uv is not AlwaysUv.UNKNOWN,
            ConfigCommand.SET_MIN_PIN_LENGTH: self.sets_pin_length,
        }
        return frozenset(command for command, is_known in known.items() if is_known)


MANUFACTURER: Final = "keyvault-kit"

# What all keys of firmware 5.7 have in common.
_FIVE_SEVEN: Final = Profile(
    name="",
    product="",
    vendor_id=YUBICO_VENDOR_ID,
    product_id=0x0407,
    release=0x0574,
    aaguid=b"",
    version=(5, 7, 4),
    serial_place=SerialPlace.CONFIG,
    nfc=True,
    capacity=100,
    versions=("FIDO_2_0", "FIDO_2_1_PRE", CTAP_2_1),
    extensions=("credProtect", "hmac-secret", "minPinLength"),
    management=Management.BOTH,
    advertises=("credMgmt", "credentialMgmtPreview"),
    always_uv=AlwaysUv.OFF,
)

_FIVE = msgspec.structs.replace(
    _FIVE_SEVEN,
    name="five",
    product="Software key like a YubiKey 5 NFC",
    aaguid=AAGUID_PREFIX + b"\0\0\0\x01",
    read_config=ReadConfig(
        form_factor=0x01, supported=0x033B, enabled=0x0339, part_number="SOFTFIVENFC1"
    ),
    enterprise=True,
    certifications={"FIDO": 1},
)

_SECURITY_KEY = msgspec.structs.replace(
    _FIVE_SEVEN,
    name="security-key",
    product="Software key like a Security Key NFC",
    product_id=0x0402,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x02",
    serial_place=SerialPlace.NOWHERE,
    read_config=ReadConfig(
        form_factor=0x41, supported=0x0202, enabled=0x0200, part_number="SOFTSECKEYN1"
    ),
)

_OTHER = Profile(
    name="other",
    product="Software key of another maker",
    vendor_id=TEST_VENDOR_ID,
    product_id=0x0001,
    release=0x0102,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x03",
    version=(1, 2, 0),
    serial_place=SerialPlace.USB,
    tells_power_cycle=False,
    tells_retries_unset=True,
    untouched=Status.OPERATION_DENIED,
)

# Real keys of firmware 5.4 speak the draft of CTAP 2.1 that was current then.
_FIVE_FOUR = Profile(
    name="five-54",
    product="Software key like a YubiKey 5 NFC of firmware 5.4",
    vendor_id=YUBICO_VENDOR_ID,
    product_id=0x0407,
    release=0x0543,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x04",
    version=(5, 4, 3),
    serial_place=SerialPlace.CONFIG,
    read_config=ReadConfig(form_factor=0x01, supported=0x033B, enabled=0x0339),
    nfc=True,
    versions=("FIDO_2_0", "FIDO_2_1_PRE"),
    scoped_tokens=False,
    management=Management.PREVIEW,
    advertises=("credentialMgmtPreview",),
    spares_pin=False,
    sets_pin_length=False,
    reset_window_s=5.0,
    members=frozenset(n for n in ALL if n <= Member.FIRMWARE_VERSION),
)

# FIPS 140-3: eight characters, always-UV for good, simple PINs refused.
_FIVE_FIPS = msgspec.structs.replace(
    _FIVE_SEVEN,
    name="five-fips",
    product="Software key like a YubiKey 5 NFC FIPS",
    aaguid=AAGUID_PREFIX + b"\0\0\0\x05",
    read_config=ReadConfig(
        form_factor=0x81,
        supported=0x033B,
        enabled=0x0339,
        part_number="SOFTFIVEFIP1",
        fips_capable=0x1F,
        pages=2,
    ),
    enterprise=True,
    always_uv=AlwaysUv.LOCKED,
    min_pin_length=8,
    pin_complexity=True,
    certifications={"FIDO": 3, "FIPS-CMVP-3": 2, "FIPS-CMVP-3-PHY": 3},
)

# As open keys of 2020: they promise the standard command and know the preview alone.
_PREVIEW_ONLY = Profile(
    name="preview-only",
    product="Software key with a preview of credential management",
    vendor_id=TEST_VENDOR_ID,
    product_id=0x0002,
    release=0x0200,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x06",
    version=(2, 0, 0),
    serial_place=SerialPlace.USB,
    versions=("FIDO_2_0", "FIDO_2_1_PRE"),
    pin_protocols=(1,),
    scoped_tokens=False,
    management=Management.PREVIEW,
    advertises=("credMgmt",),
    spares_pin=False,
    sets_pin_length=False,
    attestation="fido-u2f",
    tells_power_cycle=False,
    tells_retries_unset=True,
    members=CTAP_2_0 | IN_LISTS,
)

_ALWAYS_UV = Profile(
    name="always-uv",
    product="Software key that always wants its PIN",
    vendor_id=TEST_VENDOR_ID,
    product_id=0x0003,
    release=0x0300,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x07",
    version=(3, 0, 0),
    serial_place=SerialPlace.USB,
    extensions=("credProtect", "hmac-secret", "minPinLength"),
    always_uv=AlwaysUv.ON,
    silent_needs_uv=True,
    min_pin_length=6,
    tells_retries_unset=True,
    untouched=Status.OPERATION_DENIED,
    long_touch_for_reset=True,
)

# A plain key of CTAP 2.0: no credProtect, no credential management.
_NON_CANONICAL = Profile(
    name="non-canonical",
    product="Software key that encodes out of order",
    vendor_id=TEST_VENDOR_ID,
    product_id=0x0004,
    release=0x0100,
    aaguid=AAGUID_PREFIX + b"\0\0\0\x08",
    version=(1, 0, 0),
    serial_place=SerialPlace.NOWHERE,
    versions=("FIDO_2_0",),
    extensions=("hmac-secret",),
    pin_protocols=(1,),
    scoped_tokens=False,
    management=Management.NONE,
    advertises=(),
    spares_pin=False,
    sets_pin_length=False,
    tells_power_cycle=False,
    members=CTAP_2_0,
    canonical=False,
)

_ALL: Final = (
    _FIVE,
    _SECURITY_KEY,
    _OTHER,
    _FIVE_FOUR,
    _FIVE_FIPS,
    _PREVIEW_ONLY,
    _ALWAYS_UV,
    _NON_CANONICAL,
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
