"""A reading in words: what the command line and the interface both say of a key."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from keyvault_kit.keys.reading import Reading
from keyvault_kit.keys.yubico import CAPABILITIES, YubicoConfig

Line = tuple[str, str]
"""A label, and the text behind it; an empty label goes on with the line before."""

_FIDO_LEVELS: Final = {1: "L1", 2: "L1+", 3: "L2", 4: "L2+", 5: "L3", 6: "L3+"}
"""What the number of the certification 'FIDO' stands for (CTAP 2.1, 7.3)."""


class PinWord(StrEnum):
    """Where the PIN of a key stands, in a word or two."""

    UNSUPPORTED = "n/a"
    NOT_SET = "not set"
    BLOCKED = "blocked"
    REPLUG = "replug"
    CHANGE = "change"
    SET = "set"


def product(it: Reading) -> str:
    """The model where the table knows it, else what the key calls itself."""
    if it.model:
        return it.model.name
    return it.product or f"security key {_usb_id(it)}"


def pin_word(it: Reading) -> PinWord:
    """Where the PIN stands; of several things that are so, the one to be mended first."""
    if it.pin_set is None:
        return PinWord.UNSUPPORTED
    if not it.pin_set:
        return PinWord.NOT_SET
    if it.pin_retries == 0:
        return PinWord.BLOCKED
    if it.power_cycle_needed:
        return PinWord.REPLUG
    return PinWord.CHANGE if it.force_pin_change else PinWord.SET


def described(it: Reading, tag: str) -> dict[str, tuple[Line, ...]]:
    """All that is known of a key, in titled sections, what matters most first.

    Args:
        it: The reading.
        tag: Its tag in the register; empty where no register knows it.
    """
    sections = {
        "Advisories": _advisories(it),
        "Key": _key(it, tag),
        "PIN": _pin(it),
        "FIDO2": _fido(it),
        "YubiKey": _yubikey(it.yubico) if it.yubico else (),
    }
    told = {title: tuple(lines) for title, lines in sections.items()}
    return {title: lines for title, lines in told.items() if lines}


def _advisories(it: Reading) -> Iterator[Line]:
    for advisory in it.advisories:
        known = dict.fromkeys((advisory.applies, advisory.severity, advisory.cve))
        spared = "" if advisory.affects_fido else " FIDO2 itself is not touched."
        yield advisory.id, f"{', '.join(filter(None, known))}: {advisory.name}"
        yield "", f"{advisory.impact}{spared}"
        yield "", advisory.why
        yield from (("", source) for source in advisory.sources)


def _key(it: Reading, tag: str) -> Iterator[Line]:
    if tag:
        by = "the serial number alone, which is a claim" if it.serial else "a registered credential"
        yield "tag", f"{tag}, by {by}"
    yield "serial number", _serial(it)
    yield "firmware", it.firmware or "not told"
    yield "device version", it.device_version
    yield "AAGUID", it.aaguid
    yield "maker", it.maker or "unknown"
    yield from _model(it)
    yield "FIPS", str(it.fips) if it.fips else "nothing speaks of it"
    yield "USB", f"{_usb_id(it)}, release {_release(it.release)}"
    if it.usb_serial:
        yield "USB serial number", it.usb_serial
    yield "calls itself", ", ".join(filter(None, (it.manufacturer, it.product))) or "nothing"
    yield "path", it.path


def _model(it: Reading) -> Iterator[Line]:
    if it.model is None:
        yield "model", "the table does not know this AAGUID"
        return
    yield "model", it.model.name
    if it.model.firmware:
        yield "made with firmware", it.model.firmware
    yield "certification", it.model.certification or "the table has none"
    yield "source", it.model.source


def _serial(it: Reading) -> str:
    if it.serial:
        return str(it.serial)
    return "none: its custody credential tells which key it is ('keyvault keys verify --tag')"


def _usb_id(it: Reading) -> str:
    return f"{it.vendor_id:04x}:{it.product_id:04x}"


def _release(bcd: int) -> str:
    return f"{bcd >> 8:x}.{bcd & 0xFF:02x}"


def _pin(it: Reading) -> Iterator[Line]:
    yield "state", str(pin_word(it))
    if it.pin_set:
        yield "attempts left", "not told" if it.pin_retries is None else str(it.pin_retries)
        yield "replug needed first", _yes(it.power_cycle_needed)
        yield "change needed first", _yes(it.force_pin_change)
    yield "length", f"{it.min_pin_length} to {it.max_pin_length} characters"
    yield "refuses simple PINs", _yes(it.pin_complexity)


def _fido(it: Reading) -> Iterator[Line]:
    yield "versions", _list(it.versions)
    yield "transports", _list(it.transports)
    yield "room for passkeys", _room(it)
    yield "always asks for PIN or finger", _yes(it.always_uv)
    yield "built-in sensor", _sensor(it)
    yield "enterprise attestation", _switch(it.enterprise_attestation)
    yield "encrypted identifier", _yes(it.encrypted_identifier)
    yield "reset", _reset(it)
    yield "certifications", _list(_certifications(it.certifications))
    yield "extensions", _list(it.extensions)
    yield "options", _list(name if on else f"no {name}" for name, on in it.options.items())
    yield "algorithms", _list(map(str, it.algorithms))
    yield "longest message", f"{it.max_message_size} bytes"


def _room(it: Reading) -> str:
    if it.remaining_credentials is None:
        return "not told without the PIN"
    return str(it.remaining_credentials)


def _sensor(it: Reading) -> str:
    how = f" ({', '.join(it.uv_modality)})" if it.uv_modality else ""
    if it.built_in_uv is None:
        return f"none{how}"
    return f"set up{how}" if it.built_in_uv else f"not set up{how}"


def _reset(it: Reading) -> str:
    touch = "wants a long touch" if it.long_touch_for_reset else "wants a touch"
    over = f", over {' or '.join(it.transports_for_reset)}" if it.transports_for_reset else ""
    return f"{touch}{over}"


def _certifications(found: Mapping[str, int]) -> Iterator[str]:
    for name, level in found.items():
        known = _FIDO_LEVELS.get(level) if name == "FIDO" else None
        yield f"{name} {known or level}"


def _yubikey(it: YubicoConfig) -> Iterator[Line]:
    yield "form", it.form_factor or "unknown"
    series = [name for name, on in (("Security Key", it.security_key), ("FIPS", it.fips)) if on]
    if series:
        yield "series", ", ".join(series)
    if it.part_number:
        yield "part number", it.part_number
    yield "over USB", _abilities(it.usb_supported, it.usb_enabled)
    if it.nfc_supported:
        asleep = "; asleep until it was in a USB port" if it.nfc_restricted else ""
        yield "over NFC", _abilities(it.nfc_supported, it.nfc_enabled) + asleep
    yield "configuration", "locked by a code" if it.locked else "not locked"
    yield "refuses simple PINs", _yes(it.pin_complexity)
    if it.fips_capable:
        yield "in FIPS mode", _abilities(it.fips_capable, it.fips_approved)
    if it.reset_blocked:
        yield "reset blocked", _list(_names(it.reset_blocked))


def _abilities(supported: int, on: int) -> str:
    off = supported & ~on
    told = ", ".join(_names(on)) or "none"
    return f"{told}; off: {', '.join(_names(off))}" if off else told


def _names(bits: int) -> Iterator[str]:
    return (name for bit, name in CAPABILITIES.items() if bits & bit)


def _list(words: Iterable[str]) -> str:
    return ", ".join(words) or "none told"


def _yes(value: bool | None) -> str:  # noqa: FBT001 - it is what is worded
    return "not told" if value is None else "yes" if value else "no"


def _switch(value: bool | None) -> str:  # noqa: FBT001 - it is what is worded
    return "not offered" if value is None else "on" if value else "off"
