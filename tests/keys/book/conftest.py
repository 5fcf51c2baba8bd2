"""A key that keeps to the book, to be looked into by tests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2.pin import PinProtocolV2

from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.session import KeySession, open_session

if TYPE_CHECKING:
    from tests.keys.conftest import FakeClock, ScriptedBus

WINK = 0x08
ERR = CtapError.ERR


class BookKey:
    """A small FIDO2 key by the book: PIN protocol two, credentials, credential management.

    It is written from CTAP 2.1, 6, and counts everything that the kit makes it spend. A test gives
    it the habits of real keys by its attributes.
    """

    def __init__(self, pin: str | None = None) -> None:
        self.pin_hash = pin and self.hash_of(pin)
        self.retries = 8
        self.wrong_in_a_row = 0
        self.pins_seen = 0
        self.force_pin_change = False
        self.min_pin_length = 4
        self.touched = True
        self.touches = 0
        self.winks = 0
        self.credentials: dict[bytes, Stored] = {}
        self.room = 3
        self.user_verification_always = False
        self.management: tuple[int, ...] = (0x0A,)
        self.options: dict[str, bool] = {"rk": True, "credMgmt": True}
        self.versions = ["U2F_V2", "FIDO_2_0", "FIDO_2_1"]
        self.tokens = True
        self.names_credential = True
        self.answer_with_any = False
        self._protocol: Any = PinProtocolV2()
        self._agreement = ec.generate_private_key(ec.SECP256R1())
        self._token = os.urandom(32)
        self.permission: tuple[int | None, str | None] = (None, None)
        self._rest: list[dict[int, Any]] = []

    @staticmethod
    def hash_of(pin: str) -> bytes:
        return hashlib.sha256(pin.encode()).digest()[:16]

    def power_cycle(self) -> None:
        self.wrong_in_a_row = 0

    def __call__(self, command: int, payload: bytes) -> bytes:
        """An `Answer`."""
        if command == WINK:
            self.winks += 1
            return b""
        request = cbor.decode(payload[1:]) if payload[1:] else {}
        try:
            answer = self._commands()[payload[0]](request)
        except CtapError as error:
            return bytes([error.code])
        return b"\0" + (cbor.encode(answer) if answer else b"")

    def _commands(self) -> dict[int, Callable[[Any], dict[int, Any]]]:
        return {
            0x01: self._make_credential,
            0x02: self._get_assertion,
            0x04: self._get_info,
            0x06: self._client_pin,
            0x07: self._reset,
            0x0B: self._selection,
        } | {
            command: self._manage if command in self.management else self._unknown
            for command in (0x0A, 0x41)
        }

    def _unknown(self, _: Any) -> dict[int, Any]:
        raise CtapError(ERR.INVALID_COMMAND)

    def _get_info(self, _: Any) -> dict[int, Any]:
        options = self.options | {"clientPin": self.pin_hash is not None}
        if self.tokens:
            options["pinUvAuthToken"] = True
        info = {1: self.versions, 3: bytes(range(16)), 4: options, 6: [2]}
        return info | {12: self.force_pin_change, 13: self.min_pin_length}

    def _touch(self) -> None:
        if not self.touched:
            raise CtapError(ERR.USER_ACTION_TIMEOUT)
        self.touches += 1

    def _selection(self, _: Any) -> dict[int, Any]:
        if "FIDO_2_1" not in self.versions:
            raise CtapError(ERR.INVALID_COMMAND)
        self._touch()
        return {}

    def _reset(self, _: Any) -> dict[int, Any]:
        self._touch()
        self.pin_hash, self.retries = None, 8
        self.credentials.clear()
        return {}

    # --- clientPin (CTAP 2.1, 6.5.5)

    def _client_pin(self, request: dict[int, Any]) -> dict[int, Any]:
        match request[2]:
            case 1:
                assert self.pin_hash, "some keys crash when asked without a PIN"
                return {3: self.retries, 4: self.wrong_in_a_row >= 3}
            case 2:
                numbers = self._agreement.public_key().public_numbers()
                point = {-2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
                return {1: {1: 2, 3: -25, -1: 1} | point}
            case 3:
                self._store_pin(request)
            case 4:
                self._check_pin(request)
                self._store_pin(request)
            case 5 | 9:
                if request[2] == (5 if self.tokens else 9):
                    raise CtapError(ERR.INVALID_SUBCOMMAND)
                self._check_pin(request)
                if self.force_pin_change:
                    raise CtapError(ERR.PIN_INVALID)
                self.permission = (request.get(9), request.get(10))
                return {2: self._protocol.encrypt(self._shared(request), self._token)}
        return {}

    def _shared(self, request: dict[int, Any]) -> bytes:
        theirs = ec.EllipticCurvePublicNumbers(
            int.from_bytes(request[3][-2]), int.from_bytes(request[3][-3]), ec.SECP256R1()
        )
        secret = self._agreement.exchange(ec.ECDH(), theirs.public_key())
        return bytes(self._protocol.kdf(secret))

    def _store_pin(self, request: dict[int, Any]) -> None:
        padded = self._protocol.decrypt(self._shared(request), request[5])
        pin = padded.rstrip(b"\0")
        if len(pin.decode()) < self.min_pin_length:
            raise CtapError(ERR.PIN_POLICY_VIOLATION)
        self.pin_hash, self.retries = self.hash_of(pin.decode()), 8
        self.force_pin_change = False

    def _check_pin(self, request: dict[int, Any]) -> None:
        if self.retries == 0:
            raise CtapError(ERR.PIN_BLOCKED)
        if self.wrong_in_a_row >= 3:
            raise CtapError(ERR.PIN_AUTH_BLOCKED)
        self.pins_seen += 1
        self.retries -= 1
        if self._protocol.decrypt(self._shared(request), request[6]) == self.pin_hash:
            self.retries, self.wrong_in_a_row = 8, 0
            return
        self.wrong_in_a_row += 1
        if self.retries == 0:
            raise CtapError(ERR.PIN_BLOCKED)
        raise CtapError(ERR.PIN_AUTH_BLOCKED if self.wrong_in_a_row >= 3 else ERR.PIN_INVALID)

    def _verified(self, message: bytes, param: bytes | None) -> bool:
        """Whether the request is authorised by the token; a wrong proof is refused."""
        if param is None:
            return False
        if param != self._protocol.authenticate(self._token, message):
            raise CtapError(ERR.PIN_AUTH_INVALID)
        return True

    # --- Credentials (CTAP 2.1, 6.1 and 6.2)

    def _make_credential(self, request: dict[int, Any]) -> dict[int, Any]:
        if request.get(8) == b"":
            self._touch()
            raise CtapError(ERR.PIN_INVALID if self.pin_hash else ERR.PIN_NOT_SET)
        verified = self._verified(request[1], request.get(8))
        if self.pin_hash and not verified:
            raise CtapError(ERR.PUAT_REQUIRED)
        if any(each["id"] in self.credentials for each in request.get(5, [])):
            raise CtapError(ERR.CREDENTIAL_EXCLUDED)
        if len(self.credentials) >= self.room:
            raise CtapError(ERR.KEY_STORE_FULL)
        self._touch()
        stored = Stored(request[2], request[3], ec.generate_private_key(ec.SECP256R1()))
        credential_id = os.urandom(16)
        self.credentials[credential_id] = stored
        auth_data = stored.auth_data(0x45 if verified else 0x41) + bytes(range(16))
        auth_data += len(credential_id).to_bytes(2) + credential_id + cbor.encode(stored.cose())
        statement = {"alg": -7, "sig": stored.sign(auth_data + request[1])}
        return {1: "packed", 2: auth_data, 3: statement}

    def _get_assertion(self, request: dict[int, Any]) -> dict[int, Any]:
        verified = self._verified(request[2], request.get(6))
        if self.user_verification_always and not verified:
            raise CtapError(ERR.PUAT_REQUIRED)
        allowed = [each["id"] for each in request.get(3, [])] or list(self.credentials)
        known = [each for each in allowed if each in self.credentials]
        if self.answer_with_any:
            known = list(self.credentials)
        if not known:
            raise CtapError(ERR.NO_CREDENTIALS)
        present = request.get(5, {}).get("up", True)
        if present:
            self._touch()
        stored = self.credentials[known[0]]
        auth_data = stored.auth_data(present | verified << 2)
        answer = {2: auth_data, 3: stored.sign(auth_data + request[2])}
        named = {1: {"type": "public-key", "id": known[0]}}
        return answer | (named if self.names_credential else {})

    # --- Credential management (CTAP 2.1, 6.8)

    def _manage(self, request: dict[int, Any]) -> dict[int, Any]:
        kind, parameters = request[1], request.get(2, {})
        if kind in {3, 5}:
            return self._rest.pop(0)
        message = bytes([kind]) + (cbor.encode(parameters) if parameters else b"")
        assert self._verified(message, request[4])
        match kind:
            case 2:
                by_rp = {each.rp["id"]: each.rp for each in self.credentials.values()}
                return self._several(5, [{3: rp, 4: rp_hash(name)} for name, rp in by_rp.items()])
            case 4:
                found = [
                    {6: each.user, 7: {"type": "public-key", "id": credential_id}, 8: each.cose()}
                    for credential_id, each in self.credentials.items()
                    if rp_hash(each.rp["id"]) == parameters[1]
                ]
                return self._several(9, found)
            case 6:
                if self.credentials.pop(parameters[2]["id"], None) is None:
                    raise CtapError(ERR.NO_CREDENTIALS)
        return {}

    def _several(self, total: int, entries: list[dict[int, Any]]) -> dict[int, Any]:
        if not entries:
            raise CtapError(ERR.NO_CREDENTIALS)
        first, *self._rest = entries
        return first | {total: len(entries)}


def rp_hash(rp_id: str) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest()


class Stored(NamedTuple):
    """A credential on a :class:`BookKey`."""

    rp: dict[str, Any]
    user: dict[str, Any]
    key: ec.EllipticCurvePrivateKey

    def auth_data(self, flags: int) -> bytes:
        return rp_hash(self.rp["id"]) + bytes([flags]) + bytes(4)

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def cose(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


class Opened(NamedTuple):
    """A session with a :class:`BookKey`, and the key itself to look into."""

    session: KeySession
    key: BookKey


Open = Callable[[BookKey], AbstractContextManager[Opened]]


@pytest.fixture
def open_book(bus: ScriptedBus, clock: FakeClock) -> Open:
    """Plugs a key in, the first time, and opens it."""
    places: dict[BookKey, PluggedKey] = {}

    @contextmanager
    def opened(key: BookKey) -> Iterator[Opened]:
        if key not in places:
            places[key], _ = bus.plug_answer(key)
        with open_session(bus, places[key], clock=clock) as session:
            yield Opened(session, key)

    return opened


@pytest.fixture
def book_key() -> type[BookKey]:
    return BookKey
