"""A reading: what a key says about itself at one moment, without a PIN and without a touch."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import fsdecode
from queue import Empty, SimpleQueue
from threading import Thread

from msgspec import structs

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.advisories import advisories_for
from keyvault_kit.keys.failures import PinState
from keyvault_kit.keys.hid import Clock, HidBus, HidHandle, PluggedKey, plugged, printable
from keyvault_kit.keys.models import maker_of, model_of
from keyvault_kit.keys.record import Fips, Reading, Unreadable
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.keys.yubico import FIDO2, YubicoConfig, read_config
from keyvault_kit.keys.yubico import VENDOR_ID as YUBICO

__all__ = [
    "READING_LIMIT_S",
    "Fips",
    "Reading",
    "Unreadable",
    "read",
    "read_all",
    "read_each",
    "read_one",
]

READING_LIMIT_S = 10.0
"""For one key, however busy it says it is. A healthy one needs a tenth of a second."""

# What a call that never returns gets beyond that: what the key itself does wrong says more.
_GRACE_S = 2.0
# As long as a number may be in every program that reads our JSON.
_LABEL_NUMBER = r"[0-9]{1,15}"
_THREE_BYTES = 0x10000
# FIDO Registry of Predefined Values, 3.1, by bit.
_MODALITIES = {
    0x001: "presence",
    0x002: "fingerprint",
    0x004: "passcode",
    0x008: "voice",
    0x010: "face",
    0x020: "location",
    0x040: "eye",
    0x080: "pattern",
    0x100: "hand",
    0x200: "none",
    0x400: "all",
    0x800: "passcode from outside",
    0x1000: "pattern from outside",
}


def read(session: KeySession) -> Reading:
    """Read one key; nothing on it changes, and no PIN is sent.

    Beyond the greeting and getInfo, which opened the session, it asks for the PIN counter where a
    PIN is set, and a YubiKey for its configuration.

    Raises:
        DeviceError: The key failed.
    """
    state = session.pin_state() if session.info.options.get("clientPin") else PinState(None)
    config = read_config(session)
    with session.operation("say what it is"):
        return _known(_claims(session, state, config))


def _claims(session: KeySession, state: PinState, config: YubicoConfig | None) -> Reading:
    """What the key says."""
    key, info, options = session.plugged, session.info, session.info.options
    return Reading(
        path=fsdecode(key.path),
        plugging=key.plugging,
        vendor_id=key.vendor_id,
        product_id=key.product_id,
        manufacturer=key.manufacturer,
        product=key.product,
        usb_serial=key.usb_serial,
        release=key.release,
        aaguid=str(info.aaguid),
        serial=_serial(key, config),
        firmware=_firmware(key, info.firmware_version, config),
        device_version=".".join(map(str, session.device.device_version)),
        versions=_names(info.versions),
        extensions=_names(info.extensions),
        options={printable(name): bool(on) for name, on in options.items()},
        transports=_names(info.transports),
        algorithms=_algorithms(info.algorithms),
        pin_set=options.get("clientPin"),
        pin_retries=state.retries,
        power_cycle_needed=state.power_cycle_needed,
        force_pin_change=info.force_pin_change,
        min_pin_length=info.min_pin_length,
        max_pin_length=info.max_pin_length,
        pin_complexity=info.pin_complexity_policy,
        always_uv=bool(options.get("alwaysUv")),
        built_in_uv=options.get("uv"),
        uv_modality=tuple(word for bit, word in _MODALITIES.items() if info.uv_modality & bit),
        enterprise_attestation=options.get("ep"),
        remaining_credentials=_count(info.remaining_disc_creds),
        long_touch_for_reset=info.long_touch_for_reset,
        transports_for_reset=_names(info.transports_for_reset),
        encrypted_identifier=info.enc_identifier is not None,
        certifications={printable(name): int(n) for name, n in info.certifications.items()},
        max_message_size=info.max_msg_size,
        yubico=config,
    )


def _known(it: Reading) -> Reading:
    """The same with what our own tables know of such a key."""
    form = it.yubico.form_factor if it.yubico else None
    maker = maker_of(it.vendor_id, it.aaguid)
    model = model_of(it.aaguid, it.firmware, it.product, form)
    return structs.replace(
        it,
        maker=maker,
        model=model,
        fips=_fips(it.yubico, it.certifications, of_series=bool(model and model.fips)),
        advisories=advisories_for(model, it.firmware, maker=maker),
    )


def _serial(key: PluggedKey, config: YubicoConfig | None) -> int | None:
    """By the maker's own command, or the USB serial where that is a number, as on some labels."""
    if config:
        return config.serial
    if re.fullmatch(_LABEL_NUMBER, key.usb_serial):
        return int(key.usb_serial) or None
    return None


def _firmware(key: PluggedKey, member: int, config: YubicoConfig | None) -> str | None:
    """The member 0x0E means something else with each maker: only what is known is decoded."""
    if config and config.version:
        return config.qualifier or config.version
    if not member:
        return None
    if key.vendor_id == YUBICO and _THREE_BYTES <= member < _THREE_BYTES << 8:
        return f"{member >> 16}.{member >> 8 & 0xFF}.{member & 0xFF}"
    return str(member)


def _names(names: Iterable[object]) -> tuple[str, ...]:
    """What a key calls things, without what could take hold of a terminal."""
    return tuple(filter(None, map(printable, names)))


def _count(number: int | None) -> int | None:
    return None if number is None or number < 0 else number


def _algorithms(declared: Sequence[Mapping[str, object]]) -> tuple[int, ...]:
    """The algorithm numbers, as numbers: -48, say, has two meanings in the field."""
    numbers = (entry.get("alg") for entry in declared)
    return tuple(number for number in numbers if isinstance(number, int))


def _fips(
    config: YubicoConfig | None, certifications: Mapping[str, int], *, of_series: bool
) -> Fips | None:
    """What the configuration says of FIDO2; else whether anything speaks of FIPS at all."""
    if config and config.fips_approved & FIDO2:
        return Fips.APPROVED
    if config and config.fips_capable & FIDO2:
        return Fips.NOT_APPROVED
    of_series = of_series or bool(config and config.fips)
    return Fips.UNTOLD if of_series or any("FIPS" in name for name in certifications) else None


# --- Many keys at once


def read_one(
    bus: HidBus, key: PluggedKey, *, clock: Clock = time.monotonic
) -> Reading | Unreadable:
    """Read one plugged-in key; what goes wrong is its row.

    Args:
        bus: Where it is plugged in.
        key: Which one.
        clock: Monotonic seconds, by which it has :data:`READING_LIMIT_S`.
    """
    (row,) = _as_they_finish(bus, (key,), clock)
    return row


def read_each(bus: HidBus, *, clock: Clock = time.monotonic) -> Iterator[Reading | Unreadable]:
    """Read all plugged-in keys at once; each comes as soon as it is read.

    A key that fails or hangs spoils and delays its own row alone, :data:`READING_LIMIT_S` at most.

    Raises:
        DeviceError: The bus cannot be listed.
    """
    return _as_they_finish(bus, plugged(bus), clock)


def read_all(bus: HidBus, *, clock: Clock = time.monotonic) -> tuple[Reading | Unreadable, ...]:
    """As :func:`read_each`, all of them, in the order of :func:`hid.plugged`.

    Raises:
        DeviceError: The bus cannot be listed.
    """
    keys = plugged(bus)
    rows = {row.plugged.path: row for row in _as_they_finish(bus, keys, clock)}
    return tuple(rows[key.path] for key in keys)


def _as_they_finish(
    bus: HidBus, keys: Sequence[PluggedKey], clock: Clock
) -> Iterator[Reading | Unreadable]:
    """A thread for each key. One that is stuck in the system is left behind: nothing can end it."""
    done: SimpleQueue[tuple[PluggedKey, Reading | Unreadable | Exception]] = SimpleQueue()

    def work(key: PluggedKey) -> None:
        try:
            done.put((key, _read_in_time(bus, key, clock)))
        except Exception as error:  # noqa: BLE001 - our own fault, for whoever waits for the row
            done.put((key, error))

    for key in keys:
        Thread(target=work, args=(key,), name=f"reading {key.name}", daemon=True).start()
    give_up = time.monotonic() + READING_LIMIT_S + _GRACE_S
    missing = list(keys)
    while missing:
        try:
            key, row = done.get(timeout=max(0.0, give_up - time.monotonic()))
        except Empty:
            break
        if isinstance(row, Exception):
            raise row
        missing.remove(key)
        yield row
    for key in missing:
        yield Unreadable(
            key, f"{key.name} hangs: the system waits for it without end. Unplug the key."
        )


def _read_in_time(bus: HidBus, key: PluggedKey, clock: Clock) -> Reading | Unreadable:
    try:
        with open_session(_Hurried(bus, clock), key, clock=clock) as session:
            return read(session)
    except DeviceError as error:
        return Unreadable(key, str(error))


class _Hurried:
    """A bus whose devices answer until the time for a reading is over."""

    def __init__(self, bus: HidBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    def enumerate(self) -> list[dict[str, object]]:
        return self._bus.enumerate()

    def open(self, path: bytes) -> HidHandle:
        return _HurriedHandle(self._bus.open(path), self._clock)


class _HurriedHandle:
    def __init__(self, handle: HidHandle, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock
        self._until = clock() + READING_LIMIT_S

    def write(self, data: bytes) -> int:
        self._demand_time()
        return self._handle.write(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        self._demand_time()
        return self._handle.read(max_length, timeout_ms)

    def close(self) -> None:
        self._handle.close()

    def _demand_time(self) -> None:
        if self._clock() >= self._until:
            raise TimeoutError("the reading takes too long")
