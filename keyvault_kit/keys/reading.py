"""A reading: what a key says about itself at one moment, without a PIN and without a touch."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import fsdecode, fsencode
from time import monotonic

import msgspec

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.failures import PinState
from keyvault_kit.keys.hid import Clock, HidBus, PluggedKey, plugged
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.keys.yubico import VENDOR_ID as YUBICO
from keyvault_kit.keys.yubico import YubicoConfig, read_config

_THREADS = 8
# As long as a number may be in every program that reads our JSON.
_LABEL_NUMBER = r"[0-9]{1,15}"
_THREE_BYTES = 0x10000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One key at one moment. All of it is a claim of the key.

    Attributes:
        path: Where it is plugged in.
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
        pin_complexity: Whether the key refuses simple PINs; None where it does not say.
        always_uv: Whether it asks for user verification every time.
        enterprise_attestation: None where the key cannot; else whether it is on.
        remaining_credentials: Room for further resident credentials, where the key says.
        long_touch_for_reset: Whether a reset wants a long touch.
        certifications: 'FIDO' and others, with their levels.
        max_message_size: Bytes.
        yubico: What a YubiKey adds.
    """

    path: str
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
    pin_complexity: bool | None = None
    always_uv: bool = False
    enterprise_attestation: bool | None = None
    remaining_credentials: int | None = None
    long_touch_for_reset: bool = False
    certifications: Mapping[str, int]
    max_message_size: int
    yubico: YubicoConfig | None = None

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
        )


class Unreadable(msgspec.Struct, frozen=True):
    """A key that could not be read.

    Attributes:
        plugged: The key as it is plugged in.
        error: What happened, and what to do next.
    """

    plugged: PluggedKey
    error: str


def read(session: KeySession) -> Reading:
    """Read one key; nothing on it changes, and no PIN is sent.

    Raises:
        DeviceError: The key failed.
    """
    key, info = session.plugged, session.info
    pin_set = info.options.get("clientPin")
    state = session.pin_state() if pin_set else PinState(None)
    config = read_config(session)
    with session.operation("say what it is"):
        return Reading(
            path=fsdecode(key.path),
            vendor_id=key.vendor_id,
            product_id=key.product_id,
            manufacturer=key.manufacturer,
            product=key.product,
            usb_serial=key.usb_serial,
            release=key.release,
            aaguid=str(info.aaguid),
            serial=_serial(key, config),
            firmware=_firmware(key.vendor_id, info.firmware_version, config),
            device_version=".".join(map(str, session.device.device_version)),
            versions=tuple(info.versions),
            extensions=tuple(info.extensions),
            options=info.options,
            transports=tuple(info.transports),
            algorithms=_algorithms(info.algorithms),
            pin_set=pin_set,
            pin_retries=state.retries,
            power_cycle_needed=state.power_cycle_needed,
            force_pin_change=info.force_pin_change,
            min_pin_length=info.min_pin_length,
            pin_complexity=info.pin_complexity_policy,
            always_uv=bool(info.options.get("alwaysUv")),
            enterprise_attestation=info.options.get("ep"),
            remaining_credentials=info.remaining_disc_creds,
            long_touch_for_reset=info.long_touch_for_reset,
            certifications={str(name): int(level) for name, level in info.certifications.items()},
            max_message_size=info.max_msg_size,
            yubico=config,
        )


def read_all(bus: HidBus, *, clock: Clock = monotonic) -> tuple[Reading | Unreadable, ...]:
    """Read all plugged keys at once, in the order of :func:`hid.plugged`.

    A key that fails or hangs spoils its own row alone.

    Raises:
        DeviceError: The bus cannot be listed.
    """
    keys = plugged(bus)

    def read_one(key: PluggedKey) -> Reading | Unreadable:
        try:
            with open_session(bus, key, clock=clock) as session:
                return read(session)
        except DeviceError as error:
            return Unreadable(key, str(error))

    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        return tuple(pool.map(read_one, keys))


def _serial(key: PluggedKey, config: YubicoConfig | None) -> int | None:
    """By the maker's own command, or the USB serial where that is a number, as on some labels."""
    if config:
        return config.serial
    if re.fullmatch(_LABEL_NUMBER, key.usb_serial):
        return int(key.usb_serial) or None
    return None


def _firmware(vendor_id: int, member: int, config: YubicoConfig | None) -> str | None:
    """The member 0x0E means something else with each maker: only what is known is decoded."""
    if config and config.version:
        return config.qualifier or config.version
    if not member:
        return None
    if vendor_id == YUBICO and _THREE_BYTES <= member < _THREE_BYTES << 8:
        return f"{member >> 16}.{member >> 8 & 0xFF}.{member & 0xFF}"
    return str(member)


def _algorithms(declared: Sequence[Mapping[str, object]]) -> tuple[int, ...]:
    """The algorithm numbers, as numbers: -48, say, has two meanings in the field."""
    numbers = (entry.get("alg") for entry in declared)
    return tuple(number for number in numbers if isinstance(number, int))
