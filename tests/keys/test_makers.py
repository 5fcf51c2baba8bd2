"""The shipped roots: each is the one that the index names, of a maker whose models we know."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path

import pytest
from cryptography import x509

from keyvault_kit.errors import InternalError
from keyvault_kit.keys.chain import load_certificate
from keyvault_kit.keys.makers import root_by_fingerprint, shelf, shipped_roots
from keyvault_kit.keys.models import table

SHIPPED = resources.files("keyvault_kit.keys").joinpath("data", "roots")


def test_every_shipped_root_is_the_one_of_the_index() -> None:
    assert len(shipped_roots()) == len(set(shipped_roots())) > 90
    for root, der in shelf().roots:
        certificate = load_certificate(der)
        assert hashlib.sha256(der).hexdigest() == root.sha256
        assert certificate.subject.rfc4514_string() == root.subject
        assert f"{certificate.not_valid_after_utc:%Y-%m-%d}" == root.valid_until
        assert root.file.endswith(f"-{root.sha256[:8]}.pem")
        assert root.sources


def test_roots_that_cannot_be_read_are_kept_and_skipped() -> None:
    skipped = shelf().skipped
    assert {root.maker for root in skipped} == {"RSA", "KONA I"}
    for root in skipped:
        pem = SHIPPED.joinpath(root.file).read_bytes()
        with pytest.raises(ValueError, match="ExtraData"):
            x509.load_pem_x509_certificate(pem)


def test_no_file_lies_there_that_the_index_does_not_name() -> None:
    named = {root.file for root, _ in shelf().roots} | {root.file for root in shelf().skipped}
    assert {file.name for file in SHIPPED.iterdir()} == named | {"index.json"}


def test_the_makers_of_roots_are_makers_of_models() -> None:
    makers_of_models = {rows[0].maker for rows in table().values()}
    unknown = {root.maker for root, _ in shelf().roots} - makers_of_models
    assert unknown == set()


def test_no_preview_root_is_shipped() -> None:
    """A preview key proves no product: its attestation key is handed out to developers."""
    assert not [root for root, _ in shelf().roots if "preview" in root.subject.casefold()]


def test_a_root_is_found_by_its_fingerprint() -> None:
    yubico = "0fa1386f80eb8713263ae5c1d84deb455bdf08aea50ab05503cefee82b092d42"
    root = root_by_fingerprint(yubico)
    assert root
    assert root.maker == "Yubico"
    assert root_by_fingerprint("00" * 32) is None


def test_a_file_that_was_put_in_the_place_of_a_root_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (root for root, _ in shelf().roots[:2])
    there = tmp_path / "data" / "roots"
    there.mkdir(parents=True)
    index = json.loads(SHIPPED.joinpath("index.json").read_text())
    (there / "index.json").write_text(json.dumps([x for x in index if x["file"] == first.file]))
    (there / first.file).write_text(SHIPPED.joinpath(second.file).read_text())
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(InternalError, match="not the one that the index names"):
        shelf.__wrapped__()
