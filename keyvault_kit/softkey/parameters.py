"""Parameters out of a decoded request, each of the type that the specification gives it.

A wrong type ends the command with CBOR_UNEXPECTED_TYPE, a missing one with MISSING_PARAMETER
(CTAP 2.1, section 6).
"""

from typing import TypeVar

from keyvault_kit.softkey.cbor import Key, Map
from keyvault_kit.softkey.status import CtapError, Status

T = TypeVar("T")

PUBLIC_KEY = "public-key"


def optional(fields: Map, key: Key, kind: type[T]) -> T | None:
    """The value at `key`, or None where there is none.

    Raises:
        CtapError: It is of another type; true is no integer.
    """
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, kind) or type(value) is not kind:
        raise CtapError(Status.CBOR_UNEXPECTED_TYPE)
    return value


def required(fields: Map, key: Key, kind: type[T]) -> T:
    """The value at `key`.

    Raises:
        CtapError: It is missing, or of another type.
    """
    value = optional(fields, key, kind)
    if value is None:
        raise CtapError(Status.MISSING_PARAMETER)
    return value


def maps(items: list[object]) -> list[Map]:
    """An array of maps.

    Raises:
        CtapError: An item is something else.
    """
    if not all(isinstance(item, dict) for item in items):
        raise CtapError(Status.CBOR_UNEXPECTED_TYPE)
    return [item for item in items if isinstance(item, dict)]


def texts(items: list[object]) -> list[str]:
    """An array of text strings.

    Raises:
        CtapError: An item is something else.
    """
    if not all(isinstance(item, str) for item in items):
        raise CtapError(Status.CBOR_UNEXPECTED_TYPE)
    return [item for item in items if isinstance(item, str)]


def credential_ids(fields: Map, key: Key) -> list[bytes]:
    """The ids in a list of PublicKeyCredentialDescriptor; empty where there is no list.

    Raises:
        CtapError: It is no such list.
    """
    descriptors = maps(optional(fields, key, list) or [])
    # Both members are looked at before the type decides: a malformed list is refused as a whole.
    pairs = [(required(d, "type", str), required(d, "id", bytes)) for d in descriptors]
    return [credential_id for kind, credential_id in pairs if kind == PUBLIC_KEY]
