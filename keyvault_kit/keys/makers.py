"""Makers' roots that the kit ships: what a genuine key's attestation chain ends in.

Each lies in `data/roots/` as PEM, and `index.json` there says whose it is and where it is from.
Left out on purpose: the roots of preview keys, whose attestation proves no product, and roots of
which nobody but collectors has published a copy. For keys whose root is not here, an imported BLOB
of the FIDO Metadata Service speaks (:mod:`keyvault_kit.keys.mds`).
"""

import hashlib
import ssl
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from keyvault_kit.errors import InternalError
from keyvault_kit.keys.chain import load_certificate


class Root(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A root, as the index describes it.

    Attributes:
        file: Its name in `data/roots/`.
        maker: Whose keys it vouches for, as in :class:`~keyvault_kit.keys.models.Model`.
        subject: The name in the certificate (RFC 4514).
        sha256: The fingerprint, SHA-256 of the DER, lower-case hex.
        valid_until: The last day of its validity, ISO 8601.
        sources: Where it was published.
    """

    file: str
    maker: str
    subject: str
    sha256: str
    valid_until: str
    sources: tuple[str, ...]


class Shelf(msgspec.Struct, frozen=True):
    """All that is shipped.

    Attributes:
        roots: What can be used, with its DER, in the order of the index.
        skipped: What breaks X.509's rules so that our library cannot read it; keys that chain to
            one of these stay 'unknown maker'.
    """

    roots: tuple[tuple[Root, bytes], ...]
    skipped: tuple[Root, ...]


@cache
def shelf() -> Shelf:
    """The shipped roots; read once.

    Raises:
        InternalError: A file is not the one that the index names.
    """
    directory = resources.files(__package__).joinpath("data", "roots")
    index = msgspec.json.decode(
        directory.joinpath("index.json").read_bytes(), type=tuple[Root, ...]
    )
    usable: list[tuple[Root, bytes]] = []
    skipped: list[Root] = []
    for root in index:
        der = ssl.PEM_cert_to_DER_cert(directory.joinpath(root.file).read_text("ascii"))
        if hashlib.sha256(der).hexdigest() != root.sha256:
            raise InternalError(
                f"the shipped root {root.file} is not the one that the index names",
                mend="Install the kit anew, and look at who can write to where it is installed.",
            )
        if _is_readable(der):
            usable.append((root, der))
        else:
            skipped.append(root)
    return Shelf(tuple(usable), tuple(skipped))


def shipped_roots() -> tuple[bytes, ...]:
    """The shipped roots that can be used, DER.

    Raises:
        InternalError: A file is not the one that the index names.
    """
    return tuple(der for _, der in shelf().roots)


def root_by_fingerprint(sha256: str) -> Root | None:
    """What the index says of a root; None for one that is not shipped.

    Args:
        sha256: The fingerprint, lower-case hex.

    Raises:
        InternalError: A file is not the one that the index names.
    """
    return _by_fingerprint().get(sha256)


@cache
def _by_fingerprint() -> Mapping[str, Root]:
    return {root.sha256: root for root, _ in shelf().roots}


def _is_readable(der: bytes) -> bool:
    try:
        load_certificate(der)
    except ValueError:
        return False
    return True
