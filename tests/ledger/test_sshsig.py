"""SSH signatures: real ssh-keygen accepts ours; ours accepts what it should and no more."""

import hashlib
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.ledger import sshsig

NAMESPACE = "keyvault-checkpoint"
MESSAGE = b"keyvault-kit/00\n12\nroot\n"
APPLICATION = "ssh:keyvault-kit"
TOUCHED, VERIFIED = 0x01, 0x04


class Signer(NamedTuple):
    """A plain P-256 key that plays the authenticator."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> sshsig.PublicKey:
        point = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return sshsig.PublicKey(point=point, application=APPLICATION)

    def sign(
        self, message: bytes = MESSAGE, namespace: str = NAMESPACE, flags: int = TOUCHED | VERIFIED
    ) -> str:
        head = hashlib.sha256(APPLICATION.encode()).digest() + bytes([flags, 0, 0, 1, 2])
        asserted = head + sshsig.client_data_hash(message, namespace)
        der = self.private.sign(asserted, ec.ECDSA(SHA256()))
        return sshsig.armor(self.public, namespace, der_signature=der, flags=flags, counter=258)


ALICE, BOB = (Signer(ec.derive_private_key(n, ec.SECP256R1())) for n in (11, 12))
SIGNED = ALICE.sign()
ALLOWED = {"alice": (ALICE.public,), "bob": (BOB.public,)}


def ssh_keygen(
    folder: Path, armored: str, message: bytes, person: str = "alice", namespace: str = NAMESPACE
) -> bool:
    (folder / "signature").write_text(armored)
    (folder / "allowed").write_text(sshsig.allowed_signers(ALLOWED))
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", person, "-n", namespace]
    done = subprocess.run(
        [*command, "-s", "signature"], input=message, cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.needs("ssh-keygen")
def test_ssh_keygen_accepts_a_signature_and_refuses_every_change(tmp_path: Path) -> None:
    armored = ALICE.sign()

    assert ssh_keygen(tmp_path, armored, MESSAGE)
    assert not ssh_keygen(tmp_path, armored, MESSAGE + b"x")
    assert not ssh_keygen(tmp_path, armored, MESSAGE, person="bob")
    assert not ssh_keygen(tmp_path, armored, MESSAGE, namespace="file")
    assert not ssh_keygen(tmp_path, ALICE.sign(namespace="file"), MESSAGE)


@pytest.mark.needs("ssh-keygen")
@pytest.mark.parametrize("flags", [0, TOUCHED, VERIFIED])
def test_ssh_keygen_asks_for_neither_touch_nor_pin_and_we_ask_for_both(
    tmp_path: Path, flags: int
) -> None:
    armored = ALICE.sign(flags=flags)

    assert ssh_keygen(tmp_path, armored, MESSAGE)
    with pytest.raises(LedgerError, match="touch" if not flags & TOUCHED else "PIN"):
        sshsig.verify(armored, MESSAGE, NAMESPACE, ALLOWED)


@pytest.mark.needs("ssh-keygen")
def test_ssh_keygen_reads_our_keys_and_prints_our_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(ALICE.public.line("alice") + "\n")

    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", file], capture_output=True, text=True, check=True
    )

    assert ALICE.public.fingerprint() in done.stdout


def test_our_verifier_says_who_signed() -> None:
    assert sshsig.verify(ALICE.sign(), MESSAGE, NAMESPACE, ALLOWED) == "alice"
    assert sshsig.verify(BOB.sign(), MESSAGE, NAMESPACE, ALLOWED) == "bob"


@pytest.mark.parametrize(
    ("armored", "because"),
    [
        (ALICE.sign(MESSAGE + b"x"), "not one over this text"),
        (ALICE.sign(namespace="file"), "namespace"),
        (ALICE.sign(flags=VERIFIED), "without a touch"),
        (ALICE.sign(flags=TOUCHED), "without user verification"),
        (Signer(ec.derive_private_key(13, ec.SECP256R1())).sign(), "of no signer that counts"),
        (ALICE.sign().replace("BEGIN SSH", "BEGIN PGP"), "no armoured"),
        ("", "no armoured"),
    ],
)
def test_our_verifier_refuses(armored: str, because: str) -> None:
    with pytest.raises(LedgerError, match=because):
        sshsig.verify(armored, MESSAGE, NAMESPACE, ALLOWED)


SIGNED = ALICE.sign()  # once: ECDSA signs anew each time, and hypothesis wants the same again


@given(st.data())
def test_a_damaged_signature_is_refused_by_our_error(data: st.DataObject) -> None:
    lines = SIGNED.splitlines()
    body = list("".join(lines[1:-1]))
    place = data.draw(st.integers(0, len(body) - 4))
    body[place] = data.draw(st.sampled_from([c for c in "ABCabc019+/" if c != body[place]]))
    cut = data.draw(st.sampled_from([len(body), len(body) // 2, 8]))
    armored = "\n".join([lines[0], "".join(body[:cut]), lines[-1], ""])

    with pytest.raises(LedgerError):
        sshsig.verify(armored, MESSAGE, NAMESPACE, ALLOWED)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_key(data: bytes) -> None:
    with pytest.raises(LedgerError):
        sshsig.PublicKey.from_blob(data)


def test_a_key_is_read_from_its_line() -> None:
    assert sshsig.PublicKey.parse(ALICE.public.line("a comment")) == ALICE.public
    for line in ("", "ssh-ed25519", "ssh-ed25519 AAAA", ALICE.public.line()[:-8]):
        with pytest.raises(InputError):
            sshsig.PublicKey.parse(line)
