"""Signatures of OpenSSH security keys (OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f).

Key type `sk-ecdsa-sha2-nistp256@openssh.com`. A FIDO2 key signs `SHA-256(application) | flags |
counter | SHA-256(signed data)`; the kit makes the signed data, and checks the whole.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from keyvault_kit.errors import DeviceError, InputError, LedgerError
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE

KEY_TYPE: Final = b"sk-ecdsa-sha2-nistp256@openssh.com"
CURVE: Final = b"nistp256"
POINT_SIZE: Final = 65
MAGIC: Final = b"SSHSIG"
VERSION: Final = 1
HASHES: Final = {b"sha512": hashlib.sha512, b"sha256": hashlib.sha256}
USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04

_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_COLUMNS: Final = 70


class PublicKey(msgspec.Struct, frozen=True):
    """A security key's public key, as OpenSSH writes it.

    Attributes:
        point: Uncompressed point on P-256, 65 bytes.
        application: The relying party id, `ssh:` and a name.
    """

    point: bytes
    application: str

    def blob(self) -> bytes:
        """The key in SSH wire format."""
        fields = (KEY_TYPE, CURVE, self.point, self.application.encode())
        return b"".join(_string(field) for field in fields)

    def line(self, comment: str = "") -> str:
        """The key as a line of authorized_keys, without a line end."""
        text = f"{KEY_TYPE.decode()} {base64.b64encode(self.blob()).decode()}"
        return f"{text} {comment}" if comment else text

    def fingerprint(self) -> str:
        """The fingerprint as `ssh-keygen -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob()).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """The key of a line of authorized_keys.

        Raises:
            InputError: It is no key of this type.
        """
        try:
            kind, text = line.split()[:2]
            blob = base64.b64decode(text, validate=True)
            key = cls.from_blob(blob)
        except (ValueError, LedgerError) as error:
            raise InputError("this is no public key of an OpenSSH security key") from error
        if kind.encode() != KEY_TYPE:
            raise InputError(f"a key of type {kind} cannot sign here")
        return key

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """The key of these bytes in SSH wire format.

        Raises:
            LedgerError: They are not such a key.
        """
        reader = _Reader(blob)
        kind, curve, point, application = (reader.string() for _ in range(4))
        reader.end()
        if kind != KEY_TYPE or curve != CURVE:
            raise LedgerError(f"a key of type {kind.decode(errors='replace')} cannot sign here")
        if len(point) != POINT_SIZE:  # OpenSSH knows no compressed points
            raise LedgerError("the public key is no uncompressed point")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            return cls(point, application.decode())
        except ValueError as error:
            raise LedgerError("the public key is no point of its curve") from error


def signed_data(message: bytes, namespace: str, hash_name: bytes = b"sha512") -> bytes:
    """What is signed for a message (PROTOCOL.sshsig, 'Signed Data')."""
    digest = HASHES[hash_name](message).digest()
    fields = (namespace.encode(), b"", hash_name, digest)
    return MAGIC + b"".join(_string(field) for field in fields)


def client_data_hash(message: bytes, namespace: str) -> bytes:
    """What a FIDO2 key is asked to assert over, 32 bytes."""
    return hashlib.sha256(signed_data(message, namespace)).digest()


def armor(
    public_key: PublicKey, namespace: str, *, der_signature: bytes, flags: int, counter: int
) -> str:
    """An assertion as an armoured SSHSIG, as `ssh-keygen -Y sign` would write it.

    Args:
        der_signature: The ECDSA signature of the assertion, DER.
        flags: Its flags byte.
        counter: Its signature counter.

    Raises:
        DeviceError: The key's signature is no ECDSA signature.
    """
    try:
        r, s = decode_dss_signature(der_signature)
    except ValueError as error:
        raise DeviceError(
            "the key's answer is no ECDSA signature", mend="Sign again, or with another key."
        ) from error
    numbers = _string(_mpint(r)) + _string(_mpint(s))
    signature = _string(KEY_TYPE) + _string(numbers) + bytes([flags]) + counter.to_bytes(4, "big")
    fields = (public_key.blob(), namespace.encode(), b"", b"sha512", signature)
    blob = MAGIC + VERSION.to_bytes(4, "big") + b"".join(_string(field) for field in fields)
    text = base64.b64encode(blob).decode()
    lines = [text[i : i + _COLUMNS] for i in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END]) + "\n"


def verify(
    armored: str, message: bytes, namespace: str, allowed: Mapping[str, Sequence[PublicKey]]
) -> str:
    """Check a signature; it must have been made with touch and with user verification.

    Args:
        allowed: Person -> the keys that count as theirs.

    Returns:
        The person who signed.

    Raises:
        LedgerError: The signature does not hold; says why.
    """
    reader = _Reader(_unarmor(armored))
    if reader.take(len(MAGIC)) != MAGIC or int.from_bytes(reader.take(4), "big") != VERSION:
        raise LedgerError("this is no SSH signature of version 1")
    key = PublicKey.from_blob(reader.string())
    named, _reserved, hash_name = (reader.string() for _ in range(3))
    signature = _Reader(reader.string())
    reader.end()
    if named != namespace.encode():
        raise LedgerError(f"the signature is not one of the namespace {namespace}")
    if hash_name not in HASHES:
        raise LedgerError("the signature is over a hash that does not count")
    person = _owner(key, allowed)
    _verify_assertion(key, signature, signed_data(message, namespace, hash_name))
    return person


def _owner(key: PublicKey, allowed: Mapping[str, Sequence[PublicKey]]) -> str:
    owners = [person for person, keys in allowed.items() if key in keys]
    if not owners:
        raise LedgerError(f"the key {key.fingerprint()} is of no signer that counts")
    if len(owners) > 1:  # whose hand it was is then anybody's guess
        raise LedgerError(f"the key {key.fingerprint()} is of {' and '.join(sorted(owners))}")
    return owners[0]


def _verify_assertion(key: PublicKey, signature: "_Reader", data: bytes) -> None:
    if signature.string() != KEY_TYPE:
        raise LedgerError("the signature is not of its key's type")
    numbers = _Reader(signature.string())
    r, s = (int.from_bytes(numbers.string(), "big") for _ in range(2))
    numbers.end()
    flags, counter = signature.take(1), signature.take(4)
    signature.end()
    application = hashlib.sha256(key.application.encode()).digest()
    asserted = application + flags + counter + hashlib.sha256(data).digest()
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.point)
    try:
        point.verify(encode_dss_signature(r, s), asserted, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise LedgerError("the signature is not one over this text by this key") from error
    if not flags[0] & USER_PRESENT:
        raise LedgerError("the signature was made without a touch")
    if not flags[0] & USER_VERIFIED:
        raise LedgerError("the signature was made without user verification (PIN)")


def allowed_signers(signers: Mapping[str, Sequence[PublicKey]], *namespaces: str) -> str:
    """The file that `ssh-keygen -Y verify -f` takes; a person's id is the principal.

    Args:
        namespaces: What they may sign; checkpoints where none is named.

    Raises:
        InputError: An id is none: in that file it could stand for others (a `*` for everybody).
    """
    for person in signers:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", person):
            raise InputError(f"{person!r} is no person's id")
    lines = [
        f'{person} namespaces="{",".join(namespaces or (CHECKPOINT_NAMESPACE,))}" {key.line()}\n'
        for person, keys in sorted(signers.items())
        for key in keys
    ]
    return "".join(lines)


def _unarmor(text: str) -> bytes:
    match = re.fullmatch(rf"[ \t\r\n]*{_BEGIN}\r?\n([A-Za-z0-9+/=\r\n]+){_END}[ \t\r\n]*", text)
    if match is None:
        raise LedgerError("this is no armoured SSH signature")
    digits = "".join(match[1].split())
    try:
        blob = base64.b64decode(digits, validate=True)
    except binascii.Error as error:
        raise LedgerError("the armoured SSH signature is not base64") from error
    if base64.b64encode(blob).decode() != digits:
        raise LedgerError("the armoured SSH signature is not the one way to write its base64")
    return blob


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


class _Reader:
    """Reads SSH wire format (RFC 4251, 5), and nothing beyond its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if size > len(self._data):
            raise LedgerError("the signature or key is cut short")
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def end(self) -> None:
        if self._data:
            raise LedgerError("the signature or key has something behind its end")
