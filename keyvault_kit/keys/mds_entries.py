"""The entries of the FIDO Metadata Service's BLOB, one by one (FIDO Metadata Service 3.1, 3.1).

Members that we do not use may be absent or wrong: the real payload holds entries without members
that the specification requires.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

NO_AAGUID: Final = "00000000-0000-0000-0000-000000000000"
"""What U2F keys have for an AAGUID."""

_AAGUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KEY_IDENTIFIER = re.compile(r"[0-9a-f]{40}")


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became known of a model (FIDO Metadata Service 3.1, StatusReport).

    Attributes:
        status: 'REVOKED', 'FIDO_CERTIFIED_L1', ...; the service may name new ones.
        effective: Since when; None where the report does not say.
        certificate: The attestation certificate that it speaks of, DER; None for all of them.
        url: Where there is more; may be empty.
        descriptor: What was certified, in words; may be empty.
    """

    status: str
    effective: date | None = None
    certificate: bytes | None = None
    url: str = ""
    descriptor: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A model.

    Attributes:
        aaguid: Lower-case and hyphenated; empty for models without one.
        key_identifiers: Of the attestation certificates of a U2F model, SHA-1 in lower-case hex.
        description: The model's name; may be empty.
        roots: What its attestations may end in, DER; also leaves.
        reports: In the order of the BLOB.
        last_change: When its status changed last; None where the entry does not say.
    """

    aaguid: str
    key_identifiers: tuple[str, ...]
    description: str
    roots: tuple[bytes, ...]
    reports: tuple[StatusReport, ...]
    last_change: date | None


class Parsed(msgspec.Struct, frozen=True):
    """All entries of a BLOB.

    Attributes:
        entries: What could be read, without models that know neither FIDO2 nor U2F.
        left_out: What could not be read: which entry, and why.
        left_out_ids: The AAGUIDs and key identifiers of those, where they say, in lower case.
    """

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    left_out_ids: frozenset[str]


class _RawReport(msgspec.Struct, frozen=True, rename="camel"):
    status: str
    effective_date: str = ""
    certificate: str | None = None
    batch_certificate: str | None = None
    url: str = ""
    certification_descriptor: str = ""


class _RawStatement(msgspec.Struct, frozen=True, rename="camel"):
    description: str = ""
    attestation_root_certificates: tuple[str, ...] = ()


class _RawEntry(msgspec.Struct, frozen=True, rename="camel"):
    status_reports: tuple[_RawReport, ...]
    aaid: str = ""
    aaguid: str = ""
    attestation_certificate_key_identifiers: tuple[str, ...] = ()
    metadata_statement: _RawStatement = _RawStatement()
    time_of_last_status_change: str = ""


def parse_entries(raw: Sequence[object]) -> Parsed:
    """Parse the entries one by one; what cannot be read is left out and named.

    Args:
        raw: As the JSON decoder gives them.
    """
    entries: list[Entry] = []
    left_out: list[str] = []
    identifiers: set[str] = set()
    for number, each in enumerate(raw, start=1):
        try:
            entry = _entry(msgspec.convert(each, _RawEntry))
        except ValueError as error:
            left_out.append(f"entry {number}{_named(each)}: {error}")
            identifiers |= set(_claimed(each))
            continue
        if entry:
            entries.append(entry)
    return Parsed(tuple(entries), tuple(left_out), frozenset(identifiers))


def _entry(raw: _RawEntry) -> Entry | None:
    """An entry; None for models of UAF alone, of which no security key is one."""
    aaguid = raw.aaguid.lower()
    identifiers = tuple(each.lower() for each in raw.attestation_certificate_key_identifiers)
    if raw.aaid and not aaguid and not identifiers:
        return None
    if aaguid and (aaguid == NO_AAGUID or not _AAGUID.fullmatch(aaguid)):
        raise ValueError("its AAGUID is none")
    if not all(map(_KEY_IDENTIFIER.fullmatch, identifiers)):
        raise ValueError("a key identifier is none")
    if not aaguid and not identifiers:
        raise ValueError("it does not say of which model it speaks")
    return Entry(
        aaguid=aaguid,
        key_identifiers=identifiers,
        description=raw.metadata_statement.description,
        roots=tuple(map(from_base64, raw.metadata_statement.attestation_root_certificates)),
        reports=tuple(map(_report, raw.status_reports)),
        last_change=_date(raw.time_of_last_status_change),
    )


def _report(raw: _RawReport) -> StatusReport:
    named = raw.batch_certificate or raw.certificate
    return StatusReport(
        status=raw.status,
        effective=_date(raw.effective_date),
        certificate=from_base64(named) if named else None,
        url=raw.url,
        descriptor=raw.certification_descriptor,
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def from_base64(text: str) -> bytes:
    """Standard base64; real entries hold line breaks within.

    Raises:
        ValueError: It is none.
    """
    try:
        return b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("a certificate is no base64") from error


def _named(raw: object) -> str:
    """The description of an entry that cannot be read, where that much can be read of it."""
    statement = raw.get("metadataStatement") if isinstance(raw, dict) else None
    description = statement.get("description") if isinstance(statement, dict) else None
    return f" ({description[:80]})" if isinstance(description, str) else ""


def _claimed(raw: object) -> Iterator[str]:
    """What an entry that cannot be read says of which model it speaks."""
    if isinstance(raw, dict):
        keys = raw.get("attestationCertificateKeyIdentifiers")
        for each in (raw.get("aaguid"), *(keys if isinstance(keys, list) else ())):
            if isinstance(each, str) and each:
                yield each.lower()
