"""A secret that wipes itself and never prints itself.

Python copies strings and integers at will, so wiping here is best effort: it ends the life of the
one buffer that the kit keeps. What remains is stated in docs/limitations.md.
"""

import hmac
import unicodedata
from collections.abc import Iterable
from types import TracebackType
from typing import NoReturn, Self


class Secret:
    """Bytes that must not leave memory but through :meth:`expose` and :meth:`expose_text`.

    Args:
        value: The secret's bytes; they are copied, so a caller's bytearray is the caller's to wipe.

    A `Secret` is a context manager that wipes on leaving. It cannot be printed, formatted,
    pickled or hashed; two are compared in constant time.
    """

    __slots__ = ("_buffer", "_wiped")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: bytes | bytearray | memoryview) -> None:
        self._buffer = bytearray(value)
        self._wiped = False

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A secret from text, normalised to NFC and encoded as UTF-8 (CTAP 2.1, 6.5.1)."""
        return cls(unicodedata.normalize("NFC", text).encode())

    def expose(self) -> bytes:
        """The bytes themselves, for the moment of use.

        Raises:
            ValueError: The secret was wiped.
        """
        if self._wiped:
            raise ValueError("this secret was wiped")
        return bytes(self._buffer)

    def expose_text(self) -> str:
        """The secret as text (UTF-8), for the moment of use.

        Raises:
            ValueError: The secret was wiped, or is not UTF-8.
        """
        return self.expose().decode()

    def wipe(self) -> None:
        """Overwrite the buffer with zeros; using the secret afterwards raises."""
        for i in range(len(self._buffer)):
            self._buffer[i] = 0
        self._wiped = True

    def __len__(self) -> int:
        return len(self._buffer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.expose(), other.expose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wipe()

    def __del__(self) -> None:
        if hasattr(self, "_buffer"):
            self.wipe()

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


def wipe_all(secrets: Iterable[Secret]) -> None:
    """Wipe each of the secrets."""
    for secret in secrets:
        secret.wipe()
