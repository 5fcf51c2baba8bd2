"""What a reading of a key holds. All of it is a claim of the key, but what our tables add."""

from collections.abc import Mapping
from enum import StrEnum
from os import fsencode

import msgspec

from keyvault_kit.keys.advisories import Advisory
from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.models import Model
from keyvault_kit.keys.yubico import YubicoConfig


class Fips(StrEnum):
    """Where a key of a FIPS series stands."""

    APPROVED = "approved mode"
    NOT_APPROVED = "not in approved mode"
    UNTOLD = "mode unknown"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One key at one moment.

    `maker`, `model`, `fips` and `advisories` follow from our own tables and what the key claims.

    Attributes:
        path: Where it is plugged in.
        plugging: As in :class:`~keyvault_kit.keys.hid.PluggedKey`.
        vendor_id: USB vendor id.
        product_id: USB product id.
        manufacturer: USB manufacturer string; may be empty.
        product: USB product string; may be empty.
        usb_serial: USB serial string; may be empty.
        release: USB release number, binary-coded decimal.
        aaguid: The model, lower-case and hyphenated; all zeros where there is none.
        serial: The number printed on the key, where the maker lets it be read.
        firmware: Decoded where the maker's encoding is known, else the bare number; None where
            the key does not say.
        device_version: The version in the key's CTAPHID greeting, '5.4.3'.
        versions: Protocol versions, 'FIDO_2_1'.
        extensions: Extension names.
        options: Option names, and whether they are on.
        transports: 'usb', 'nfc', ...
        algorithms: COSE algorithm numbers; empty where the key does not say.
        pin_set: None where the key knows no PIN.
        pin_retries: Wrong PINs left; None where no PIN is set or the number makes no sense.
        power_cycle_needed: Whether the key wants to be replugged before any PIN.
        force_pin_change: Whether the PIN must be changed before it is used.
        min_pin_length: In code points.
        max_pin_length: In code points.
        pin_complexity: Whether the key refuses simple PINs; None where it does not say.
        always_uv: Whether it asks for user verification every time.
        built_in_uv: Whether its own sensor (a fingerprint, say) is set up; None where it has none.
        uv_modality: How it verifies a user, 'fingerprint'; empty where it does not say.
        enterprise_attestation: None where the key cannot; else whether it is on.
        remaining_credentials: Room for further resident credentials; None where the key does not
            say, at least not without its PIN.
        long_touch_for_reset: Whether a reset wants a long touch.
        transports_for_reset: Over what it can be reset; empty where the key does not say.
        encrypted_identifier: Whether it gives an identifier to those who have a token of its own.
        certifications: 'FIDO' and others, with their levels.
        max_message_size: Bytes.
        yubico: What a YubiKey adds.
        maker: By AAGUID or USB vendor id; None where the tables know neither.
        model: What the table of models holds for the AAGUID; None where it has none.
        fips: None where nothing says that it is of a FIPS series.
        advisories: Those that speak of this model and firmware.
    """

    path: str
    plugging: str
    vendor_id: int
    product_id: int
    manufacturer: str
    product: str
    usb_serial: str
    release: int
    aaguid: str
    serial: int | None = None
    firmware: str | None = None
    device_version: str
    versions: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    options: Mapping[str, bool]
    transports: tuple[str, ...] = ()
    algorithms: tuple[int, ...] = ()
    pin_set: bool | None = None
    pin_retries: int | None = None
    power_cycle_needed: bool | None = None
    force_pin_change: bool = False
    min_pin_length: int
    max_pin_length: int
    pin_complexity: bool | None = None
    always_uv: bool = False
    built_in_uv: bool | None = None
    uv_modality: tuple[str, ...] = ()
    enterprise_attestation: bool | None = None
    remaining_credentials: int | None = None
    long_touch_for_reset: bool = False
    transports_for_reset: tuple[str, ...] = ()
    encrypted_identifier: bool = False
    certifications: Mapping[str, int]
    max_message_size: int
    yubico: YubicoConfig | None = None
    maker: str | None = None
    model: Model | None = None
    fips: Fips | None = None
    advisories: tuple[Advisory, ...] = ()

    @property
    def plugged(self) -> PluggedKey:
        """The key as it is plugged in, to open it by."""
        return PluggedKey(
            path=fsencode(self.path),
            vendor_id=self.vendor_id,
            product_id=self.product_id,
            manufacturer=self.manufacturer,
            product=self.product,
            usb_serial=self.usb_serial,
            release=self.release,
            plugging=self.plugging,
        )


class Unreadable(msgspec.Struct, frozen=True):
    """A key that could not be read.

    Attributes:
        plugged: The key as it is plugged in.
        error: What happened, and what to do next.
    """

    plugged: PluggedKey
    error: str
