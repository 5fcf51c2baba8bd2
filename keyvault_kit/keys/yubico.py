"""Yubico's read-config command: serial number, firmware, form factor, interfaces.

Vendor command 0x42 over CTAPHID means this on Yubico's keys alone; with other makers it means
other things, so it is sent to nobody else. Format: the tag-length-value pages that Yubico's own
yubikey-manager reads (yubikit/management.py).
"""

from collections.abc import Mapping

import msgspec
from fido2.ctap import CtapError

from keyvault_kit.errors import InputError
from keyvault_kit.keys.failures import ERR
from keyvault_kit.keys.session import KeySession

VENDOR_ID = 0x1050
FIDO2 = 0x200
CAPABILITIES = {
    0x001: "OTP",
    0x002: "U2F",
    0x008: "OpenPGP",
    0x010: "PIV",
    0x020: "OATH",
    0x100: "HSM Auth",
    FIDO2: "FIDO2",
}
"""By their bits."""

_READ_CONFIG = 0x42
_MORE_PAGES = 0x10
_PAGE_LIMIT = 16

_FORM_FACTORS = {
    1: "USB-A keychain",
    2: "USB-A nano",
    3: "USB-C keychain",
    4: "USB-C nano",
    5: "USB-C Lightning",
    6: "USB-A bio",
    7: "USB-C bio",
}
_SECURITY_KEY, _FIPS, _FORM = 0x40, 0x80, 0x0F
_RELEASES = {0: "alpha", 1: "beta", 2: "final"}
# The bits of the FIPS tags, in their order, as the capabilities they stand for:
# FIDO2, PIV, OpenPGP, OATH, HSM Auth.
_FIPS_CAPABILITIES = (FIDO2, 0x10, 0x08, 0x20, 0x100)


class YubicoConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a YubiKey says about itself beyond FIDO2.

    Capabilities are the bits of :data:`CAPABILITIES`.

    Attributes:
        serial: The number printed on the key; the Security Key series has none.
        version: Firmware, '5.7.4'; None where the key does not say.
        qualifier: The same for pre-releases, '5.8.0.beta.3'; None where the key does not say.
        form_factor: In words; None for one we do not know.
        fips: Whether it is of the FIPS series.
        security_key: Whether it is of the Security Key series.
        locked: Whether its configuration is locked by a code.
        part_number: Yubico's part number.
        pin_complexity: Whether the key refuses simple PINs.
        usb_supported: Capabilities over USB.
        usb_enabled: Those switched on.
        nfc_supported: Capabilities over NFC.
        nfc_enabled: Those switched on.
        nfc_restricted: Whether NFC sleeps until the key was in a USB port.
        fips_capable: Capabilities that can be run in FIPS mode.
        fips_approved: Those that are.
        reset_blocked: Capabilities whose reset is blocked.
    """

    serial: int | None = None
    version: str | None = None
    qualifier: str | None = None
    form_factor: str | None = None
    fips: bool = False
    security_key: bool = False
    locked: bool = False
    part_number: str | None = None
    pin_complexity: bool = False
    usb_supported: int = 0
    usb_enabled: int = 0
    nfc_supported: int = 0
    nfc_enabled: int = 0
    nfc_restricted: bool = False
    fips_capable: int = 0
    fips_approved: int = 0
    reset_blocked: int = 0


def read_config(session: KeySession) -> YubicoConfig | None:
    """Ask a Yubico key for its configuration.

    Args:
        session: The key.

    Returns:
        None for the keys of other makers, and for old ones that do not know the command.

    Raises:
        DeviceError: The key failed, or answered something that cannot be read.
    """
    if session.plugged.vendor_id != VENDOR_ID:
        return None
    tags: dict[int, bytes] = {}
    for page in range(_PAGE_LIMIT):
        answer = _read_page(session, page)
        if answer is None:
            return None
        tags.update(answer)
        if not any(answer.get(_MORE_PAGES, b"")):
            break
    with session.operation("say what it is"):
        return _config(tags)


def _read_page(session: KeySession, page: int) -> Mapping[int, bytes] | None:
    with session.operation("say what it is"):
        try:
            answer = session.device.call(_READ_CONFIG, bytes([page]))
        except CtapError as error:
            if error.code == ERR.INVALID_COMMAND:
                return None
            raise
        if not answer:
            raise ValueError("an empty page")
        return _tags(answer)


def parse_config(data: bytes) -> YubicoConfig:
    """Decode pages of tag-length-value data, with or without the length byte before them.

    Raises:
        InputError: The data is malformed.
    """
    try:
        return _config(_tags(data))
    except ValueError as error:
        raise InputError("this read-config answer cannot be read") from error


def _tags(data: bytes) -> dict[int, bytes]:
    if data and data[0] == len(data) - 1:
        data = data[1:]
    tags: dict[int, bytes] = {}
    while data:
        if len(data) < 2 or len(data) < 2 + data[1]:  # noqa: PLR2004 - a tag and a length
            raise ValueError("cut short")
        end = 2 + data[1]
        tags[data[0]], data = data[2:end], data[end:]
    return tags


def _config(tags: Mapping[int, bytes]) -> YubicoConfig:
    def number(tag: int) -> int:
        return int.from_bytes(tags.get(tag, b""))

    form = number(0x04)
    version, qualifier = _version(tags.get(0x05), tags.get(0x19))
    return YubicoConfig(
        serial=number(0x02) or None,
        version=version,
        qualifier=qualifier,
        form_factor=_FORM_FACTORS.get(form & _FORM),
        fips=bool(form & _FIPS),
        security_key=bool(form & _SECURITY_KEY),
        locked=number(0x0A) == 1,
        part_number=tags.get(0x13, b"").decode(errors="replace") or None,
        pin_complexity=number(0x16) == 1,
        usb_supported=number(0x01),
        usb_enabled=number(0x03),
        nfc_supported=number(0x0D),
        nfc_enabled=number(0x0E),
        nfc_restricted=number(0x17) == 1,
        fips_capable=_fips(number(0x14)),
        fips_approved=_fips(number(0x15)),
        reset_blocked=number(0x18),
    )


def _version(plain: bytes | None, qualified: bytes | None) -> tuple[str | None, str | None]:
    """The firmware version and its qualifier; a pre-release says 0.0.1 and the truth in a tag."""
    version = None if plain is None else _dotted(plain)
    if qualified is None:
        return version, None
    parts = _tags(qualified)
    true_version = _dotted(parts.get(0x01, b""))
    release = _RELEASES.get(int.from_bytes(parts.get(0x02, b"")), "unknown")
    iteration = int.from_bytes(parts.get(0x03, b""))
    return true_version, f"{true_version}.{release}.{iteration}"


def _dotted(version: bytes) -> str:
    if len(version) != 3:  # noqa: PLR2004 - major, minor, patch
        raise ValueError("a version has three numbers")
    return ".".join(map(str, version))


def _fips(bits: int) -> int:
    return sum(capability for n, capability in enumerate(_FIPS_CAPABILITIES) if bits >> n & 1)
