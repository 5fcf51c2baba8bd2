"""SSHSIG byte by byte: OpenSSH's own test data, and envelopes put together here."""

import base64
import hashlib
import struct
from string import ascii_lowercase, ascii_uppercase

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import DeviceError, InputError, LedgerError
from keyvault_kit.ledger import sshsig
from keyvault_kit.ledger.sshsig import PublicKey

NAMESPACE = "keyvault-checkpoint"
APPLICATION = "ssh:keyvault-kit"
MESSAGE = b"keyvault-kit/00\n12\nroot\n"
PRESENT, VERIFIED = 0x01, 0x04
BASE64 = f"{ascii_uppercase}{ascii_lowercase}0123456789+/"

# regress/unittests/sshsig/testdata of OpenSSH, ecdsa_sk.pub and .sig, public domain. Its counter
# is made up, and the key did not verify its user, which we demand.
OPENSSH_KEY = (
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbm"
    "lzdHAyNTYAAABBBKDVa5jRcT5V7E6ysmwVi7HJWh7p5D+hebLPakQcpnD2ajJZ6G/4WzuhlYWnclWY63JspDp299Rlhq5"
    "AT86/g8AAAAAEc3NoOg== ECDSA-SK test key"
)
OPENSSH_SIGNATURE = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAH8AAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBvcGVuc3NoLmNvbQ
AAAAhuaXN0cDI1NgAAAEEEoNVrmNFxPlXsTrKybBWLsclaHunkP6F5ss9qRBymcPZqMlno
b/hbO6GVhadyVZjrcmykOnb31GWGrkBPzr+DwAAAAARzc2g6AAAACHVuaXR0ZXN0AAAAAA
AAAAZzaGE1MTIAAAB3AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20A
AABIAAAAIHohGwyy8iKT3zwd1TYA9V/Ioo7h/3zCJUtyq/Qigt/HAAAAIGzidTwq7D/kFa
7Xjcp/KkdbIs4MfQpfAW/0OciajlpzARI0Vng=
-----END SSH SIGNATURE-----
"""
OPENSSH_TEXT = b"This is a test, this is only a test"


def key_of(private: ec.EllipticCurvePrivateKey) -> PublicKey:
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PublicKey(point, APPLICATION)


PRIVATE = ec.derive_private_key(1001, ec.SECP256R1())
ALICE, BOB = key_of(PRIVATE), key_of(ec.derive_private_key(1002, ec.SECP256R1()))
ALLOWED = {"alice": [ALICE], "bob": [BOB]}


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def armored(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A signature by Alice of which every field can be another one (PROTOCOL.sshsig, 'Format')."""

    magic: bytes = b"SSHSIG"
    version: int = 1
    key: bytes = ALICE.blob()
    reserved: bytes = b""
    hash_name: bytes = b"sha512"
    kind: bytes = b"sk-ecdsa-sha2-nistp256@openssh.com"
    after_numbers: bytes = b""
    after_counter: bytes = b""
    after_all: bytes = b""

    def signature(self) -> bytes:
        digest = hashlib.new(self.hash_name.decode(), MESSAGE).digest()
        fields = (NAMESPACE.encode(), b"", self.hash_name, digest)
        data = b"SSHSIG" + b"".join(string(field) for field in fields)
        tail = bytes([PRESENT | VERIFIED]) + struct.pack(">I", 2**32 - 1)
        application = hashlib.sha256(APPLICATION.encode()).digest()
        asserted = application + tail + hashlib.sha256(data).digest()
        pair = decode_dss_signature(PRIVATE.sign(asserted, ec.ECDSA(SHA256())))
        numbers = b"".join(string(b"\x00" + number.to_bytes(32, "big")) for number in pair)
        return string(self.kind) + string(numbers + self.after_numbers) + tail

    def blob(self) -> bytes:
        signature = self.signature() + self.after_counter
        fields = (self.key, NAMESPACE.encode(), self.reserved, self.hash_name, signature)
        head = self.magic + struct.pack(">I", self.version)
        return head + b"".join(string(field) for field in fields) + self.after_all


def verify(text: str) -> str:
    return sshsig.verify(text, MESSAGE, NAMESPACE, ALLOWED)


# --- OpenSSH's data


def test_we_write_what_openssh_wrote() -> None:
    raw = base64.b64decode("".join(OPENSSH_SIGNATURE.splitlines()[1:-1]))
    r, s = (int.from_bytes(number, "big") for number in (raw[-73:-41], raw[-37:-5]))
    key = PublicKey.parse(OPENSSH_KEY)

    assert key.application == "ssh:"
    assert key.line("ECDSA-SK test key") == OPENSSH_KEY
    der = encode_dss_signature(r, s)
    written = sshsig.armor(key, "unittest", der_signature=der, flags=PRESENT, counter=0x12345678)
    assert written == OPENSSH_SIGNATURE


def test_we_check_what_openssh_wrote_and_miss_the_pin() -> None:
    allowed = {"tester": [PublicKey.parse(OPENSSH_KEY)]}

    with pytest.raises(LedgerError, match="without user verification"):
        sshsig.verify(OPENSSH_SIGNATURE, OPENSSH_TEXT, "unittest", allowed)
    with pytest.raises(LedgerError, match="not one over this text"):
        sshsig.verify(OPENSSH_SIGNATURE, OPENSSH_TEXT + b".", "unittest", allowed)


# --- Envelopes


@pytest.mark.parametrize(
    "envelope", [Envelope(), Envelope(hash_name=b"sha256"), Envelope(reserved=b"ignored")]
)
def test_what_the_protocol_allows_is_read(envelope: Envelope) -> None:
    assert verify(armored(envelope.blob())) == "alice"


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        (Envelope(magic=b"SSHSIX"), "version 1"),
        (Envelope(version=2), "version 1"),
        (Envelope(hash_name=b"sha384"), "a hash that does not count"),
        (Envelope(hash_name=b"md5"), "a hash that does not count"),
        (Envelope(kind=b"ecdsa-sha2-nistp256"), "not of its key's type"),
        (Envelope(key=string(b"ssh-ed25519") + string(b"k" * 32)), "cut short"),
        (Envelope(key=string(b"ssh-rsa") + string(b"") * 3), "type ssh-rsa cannot sign"),
        (Envelope(after_numbers=b"\x00"), "behind its end"),
        (Envelope(after_counter=b"\x00"), "behind its end"),
        (Envelope(after_all=b"\x00"), "behind its end"),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused(envelope: Envelope, told: str) -> None:
    with pytest.raises(LedgerError, match=told):
        verify(armored(envelope.blob()))


SIGNED = Envelope().blob()  # once: ECDSA signs anew each time


@given(data=st.data())
def test_each_bit_counts_and_so_does_the_length(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SIGNED) - 1))
    flip = 1 << data.draw(st.integers(0, 7))
    changed = SIGNED[:place] + bytes([SIGNED[place] ^ flip]) + SIGNED[place + 1 :]

    for wrong in (changed, SIGNED[:place]):
        with pytest.raises(LedgerError):
            verify(armored(wrong))


@given(text=st.text(max_size=300), blob=st.binary(max_size=300))
def test_any_text_and_any_bytes_in_armour_are_refused(text: str, blob: bytes) -> None:
    for wrong in (text, armored(blob)):
        with pytest.raises(LedgerError):
            verify(wrong)


def test_base64_that_is_cut_is_said_so() -> None:
    with pytest.raises(LedgerError, match="not base64"):
        verify(armored(SIGNED).replace("\n-----END", "A\n-----END"))


def test_a_signature_with_spare_bits_that_are_not_zero_is_refused() -> None:
    tried = 0
    for size in range(3):  # with each there may be, the base64 ends in another padding
        blob = Envelope(reserved=b"r" * size).blob()
        text = armored(blob)
        assert verify(text) == "alice"
        digits = base64.b64encode(blob).decode()
        end = len(digits.rstrip("=")) - 1
        for spare in range(1, 4 ** digits.count("=")):
            other = f"{digits[:end]}{BASE64[BASE64.index(digits[end]) + spare]}{digits[end + 1 :]}"
            assert base64.b64decode(other) == blob
            with pytest.raises(LedgerError, match="not the one way to write its base64"):
                verify(text.replace(digits, other))
            tried += 1
    assert tried == 3 + 15


@pytest.mark.parametrize("sign", ["\v", "\f", "\x1c", "\x85", "\u2028"])
@pytest.mark.parametrize("where", ["within", "around"])
def test_a_line_ends_in_no_other_sign_than_its_own(where: str, sign: str) -> None:
    text = armored(SIGNED)
    end = text.rindex("-----") + 5
    for place in range(1, end) if where == "within" else (0, end, len(text)):
        with pytest.raises(LedgerError, match="no armoured"):
            verify(text[:place] + sign + text[place:])


# --- Keys and people


def test_a_key_in_two_hands_proves_neither() -> None:
    shared = {"alice": [ALICE], "bob": [BOB, ALICE]}
    with pytest.raises(LedgerError, match="is of alice and bob"):
        sshsig.verify(armored(SIGNED), MESSAGE, NAMESPACE, shared)


def test_the_key_of_another_application_is_another_key() -> None:
    with pytest.raises(LedgerError, match="of no signer that counts"):
        sshsig.verify(
            armored(SIGNED), MESSAGE, NAMESPACE, {"alice": [PublicKey(ALICE.point, "ssh:")]}
        )


def test_an_answer_that_is_no_signature_is_the_keys_fault() -> None:
    with pytest.raises(DeviceError, match="no ECDSA signature"):
        sshsig.armor(ALICE, NAMESPACE, der_signature=b"\x30\x00", flags=PRESENT, counter=0)


@pytest.mark.parametrize(
    "line",
    [
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com !!!!",
        "sk-ecdsa-sha2-nistp256@openssh.com ÄÖÜ=",
        ALICE.line().replace("sk-ecdsa", "ecdsa", 1),
        PublicKey(b"\x04" + bytes(64), APPLICATION).line(),
        PublicKey(b"\x02" + ALICE.point[1:33], APPLICATION).line(),
        PublicKey(b"\x00", APPLICATION).line(),
        f"{sshsig.KEY_TYPE.decode()} {base64.b64encode(ALICE.blob() + b'x').decode()}",
    ],
)
def test_a_line_that_is_no_such_key_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="key"):
        PublicKey.parse(line)


@given(text=st.text(max_size=100))
def test_any_other_line_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        PublicKey.parse(text)


def test_each_key_has_its_line_for_the_one_namespace() -> None:
    signers = {"bob": [BOB], "alice": [ALICE, PublicKey.parse(OPENSSH_KEY)]}

    assert sshsig.allowed_signers(signers).splitlines() == [
        f'alice namespaces="keyvault-checkpoint" {ALICE.line()}',
        f'alice namespaces="keyvault-checkpoint" {PublicKey.parse(OPENSSH_KEY).line()}',
        f'bob namespaces="keyvault-checkpoint" {BOB.line()}',
    ]


@pytest.mark.parametrize("person", ["*", "a b", "", "alice,bob", "!bob", "a\n* ", "@x"])
def test_who_could_stand_for_others_is_no_allowed_signer(person: str) -> None:
    with pytest.raises(InputError, match="no person's id"):
        sshsig.allowed_signers({person: [ALICE]})
