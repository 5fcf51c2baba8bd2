"""What the FIDO Metadata Service knows against a model (FIDO Metadata Service 3.1, 3.1.4).

A report never expires and is never outweighed: an update or a certification that came after it
does not take it back, because the firmware of the key in the hand may be the old one. Nor does a
date in the future put it off: the clock of an air-gapped station may be slow, and the report is
out already.
"""

from collections.abc import Collection, Sequence
from datetime import date

import msgspec

from keyvault_kit.keys.mds_entries import Entry, StatusReport

# Who has such a key may have a forged one, or one that others can use from afar.
_REVOKED = {
    "REVOKED": "it should not be trusted for any reason",
    "USER_KEY_REMOTE_COMPROMISE": "its keys can be guessed, forged or taken from afar",
    "USER_VERIFICATION_BYPASS": "malware can use it without PIN and consent",
    "ATTESTATION_KEY_COMPROMISE": "others know its attestation key, so that it proves nothing",
}
# A sealed envelope in a safe is the answer to an attack that needs the key in a laboratory: it is
# told, as an advisory is, and does not take the key out of use by itself.
_TOLD = {
    "USER_KEY_PHYSICAL_COMPROMISE": "whoever has it in the hand can take its keys out",
    "UPDATE_AVAILABLE": "its maker has published an update, which this key may lack",
    "RETIRED": "its maker has retired it",
}


class Standing(msgspec.Struct, frozen=True):
    """What is known against a model.

    Attributes:
        revoked: Why it must not be trusted, in plain words, oldest first; empty where nothing says
            so.
        told: What its holder should know, oldest first.
    """

    revoked: tuple[str, ...]
    told: tuple[str, ...]


def standing(entries: Sequence[Entry], chain: Collection[bytes]) -> Standing:
    """Judge the reports on a key's model.

    Args:
        entries: Those that speak of it.
        chain: The certificates of its attestation and the root that they end in, DER: a report
            that names an attestation certificate speaks of the keys that have it, and of no other.
    """
    reports = sorted(
        (
            report
            for entry in entries
            for report in entry.reports
            if report.certificate is None or report.certificate in chain
        ),
        key=lambda report: report.effective or date.min,
    )
    return Standing(
        revoked=tuple(_words(each, _REVOKED) for each in reports if each.status in _REVOKED),
        told=tuple(_words(each, _TOLD) for each in reports if each.status in _TOLD),
    )


def _words(report: StatusReport, meanings: dict[str, str]) -> str:
    since = f" since {report.effective}" if report.effective else ""
    more = f" ({report.url})" if report.url else ""
    head = f"the FIDO Alliance lists the model as {report.status}{since}"
    return f"{head}: {meanings[report.status]}{more}"
