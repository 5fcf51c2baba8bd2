"""`keyvault metadata import`, `show`: by a metadata service of our own in place of the real."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keyvault_kit.keys import mds

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

TODAY: Final = datetime.now(UTC)
DAY: Final = timedelta(days=1)
TWO: Final = ("--by", "alice", "--by", "bob")
MODEL: Final = {
    "aaguid": "00010203-0405-0607-0809-0a0b0c0d0e0f",
    "statusReports": [],
    "metadataStatement": {"description": "A model"},
}
UNREADABLE: Final = {
    "aaguid": "x",
    "statusReports": [],
    "metadataStatement": {"description": "An \x1b[2Jodd model"},
}


class Service:
    """A metadata service: a root, and what it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A root of our own")])
        names = x509.SubjectAlternativeName([x509.DNSName(mds.SIGNER)])
        self._root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(TODAY - DAY)
            .not_valid_after(TODAY + 99 * DAY)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def root(self) -> bytes:
        """DER."""
        return self._root.public_bytes(Encoding.DER)

    def blob(self, number: int, *entries: Any, days: int = 30) -> bytes:
        """A BLOB that is to be replaced in so many days."""
        header = {"alg": "ES256", "x5c": [b64encode(self.root).decode()]}
        payload = {
            "no": number,
            "nextUpdate": (TODAY + days * DAY).date().isoformat(),
            "entries": list(entries),
        }
        signed = b".".join(_url(json.dumps(part).encode()) for part in (header, payload))
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return signed + b"." + _url(r.to_bytes(32) + s.to_bytes(32))


def _url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@pytest.fixture(autouse=True)
def trusted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """That service is the one that the kit trusts."""
    monkeypatch.setattr(mds, "globalsign_r3", lambda: service.root)


def import_(desk: Desk, data: bytes, *words: str) -> Any:
    """Import a BLOB from the transfer medium."""
    medium = desk.folder / "transfer"
    medium.mkdir(exist_ok=True)
    (medium / "blob.jwt").write_bytes(data)
    return desk.ask("metadata", "import", "transfer/blob.jwt", *(words or ("--by", "carol")))


def kept(desk: Desk) -> list[Path]:
    """The BLOBs beside the ledger."""
    return sorted(desk.folder.glob("ledger.metadata-*.jwt"))


def decide(desk: Desk, decision: str, review: datetime) -> None:
    day = review.date().isoformat()
    desk.do("decide", "make", decision, "allowed", "--why", "offline", "--review", day)


def test_metadata_is_imported_kept_beside_the_ledger_and_shown(
    desk: Desk, service: Service
) -> None:
    assert desk.ask("metadata", "show").returncode == 1
    size, data = desk.register.size, service.blob(7, MODEL, UNREADABLE)

    done = import_(desk, data)

    assert done.returncode == 0, done.stderr
    assert "Metadata no. 7, 1 models, next update" in done.stdout
    assert "left out: entry 2 (An ?[2Jodd model): its AAGUID is none" in done.stdout
    assert "\x1b" not in done.stdout
    assert "Entered by carol: Import metadata no. 7." in done.stdout
    assert "metadata.imported" in desk.kinds(size)
    (file,) = kept(desk)
    assert file.read_bytes() == data
    (desk.folder / "transfer" / "blob.jwt").unlink()
    shown = json.loads(desk.read("metadata", "show", "--json"))
    assert (shown["number"], shown["entries"], len(shown["left_out"])) == (7, 1, 1)
    assert shown["sha256"].startswith(file.stem.rpartition("-")[2])


def test_the_newer_one_counts_and_the_one_before_stays(desk: Desk, service: Service) -> None:
    for number in (7, 8):
        assert import_(desk, service.blob(number, MODEL)).returncode == 0

    assert "Metadata no. 8" in desk.read("metadata", "show")
    assert len(kept(desk)) == 2


def test_a_file_that_was_put_in_its_place_is_not_believed(
    desk: Desk, service: Service, refusal: Refusal
) -> None:
    """Not even one that the service itself has signed."""
    import_(desk, service.blob(7, MODEL))
    (file,) = kept(desk)
    file.write_bytes(service.blob(9))
    assert refusal(
        desk.ask("metadata", "show"), 4, "is not the metadata that was imported", "metadata import"
    )

    file.unlink()
    assert refusal(desk.ask("metadata", "show"), 2, "cannot read the metadata BLOB", file.name)


@pytest.mark.parametrize(
    ("decision", "number", "days", "why"),
    [
        ("older-metadata", 6, 30, "metadata no. 6 is older than no. 7, in use here"),
        ("stale-metadata", 8, -1, "metadata no. 8 was to be replaced by"),
    ],
)
def test_older_or_stale_metadata_takes_a_decision(
    desk: Desk,
    service: Service,
    refusal: Refusal,
    decision: str,
    number: int,
    days: int,
    why: str,
) -> None:
    assert import_(desk, service.blob(7, MODEL)).returncode == 0
    news = service.blob(number, MODEL, days=days)

    refused = import_(desk, news)
    assert refusal(refused, 5, why, f"decide make {decision}")
    assert "Metadata no. 7" in desk.read("metadata", "show")

    decide(desk, decision, TODAY + 5 * DAY)
    assert import_(desk, news).returncode == 0
    assert f"Metadata no. {number}" in desk.read("metadata", "show")


def test_one_of_another_service_and_what_is_none_are_refused(desk: Desk, refusal: Refusal) -> None:
    size = desk.register.size
    for data, why in (
        (Service().blob(7, MODEL), "the metadata BLOB is not genuine"),
        (b"{}", "this is no metadata BLOB"),
    ):
        assert refusal(import_(desk, data), 2, why, "https://mds3.fidoalliance.org")
    assert refusal(desk.ask("metadata", "import", "no.jwt", "--by", "carol"), 2, "no.jwt")
    assert desk.register.size == size
    assert kept(desk) == []


def test_a_real_one_of_2021_is_not_trusted_today(
    desk: Desk, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    real = Path(__file__).parents[1] / "data" / "keys" / "mds3-no4-2021.jwt"

    done = import_(desk, real.read_bytes())

    assert refusal(done, 2, "the metadata BLOB cannot be trusted any more")


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("--by", "erin"), 5, "erin is auditor: to import metadata of makers takes"),
        (("--by", "mallory"), 5, "there is no person 'mallory'"),
    ],
)
def test_it_takes_a_custodian_or_an_officer(
    desk: Desk, service: Service, refusal: Refusal, words: tuple[str, ...], status: int, why: str
) -> None:
    assert refusal(import_(desk, service.blob(7), *words), status, why)
    assert desk.register.metadata is None


def test_without_metadata_the_json_document_is_null(desk: Desk) -> None:
    done = desk.ask("metadata", "show", "--json")

    assert (done.returncode, done.stdout) == (1, "null\n")
