"""A platform: commands as maps of numbers, so that a test can leave out or spoil any of them."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.softkey.conformance import cbor
from tests.softkey.conformance.pin import Shared, mac, pin_hash
from tests.softkey.conformance.spec import Cmd, Flag, Hid, May, Pin, Status
from tests.softkey.conformance.wire import Wire

Fields = dict[int, Any]

HASH = b"\x5a" * 32
RP = "example.com"
PIN = "31415926"
OTHER_PIN = "27182845"
ES256 = {"type": "public-key", "alg": -7}


class AuthData:
    """Authenticator data taken apart (WebAuthn level 2, 6.1)."""

    def __init__(self, data: bytes) -> None:
        self.bytes = data
        self.rp_id_hash, self.flags = data[:32], Flag(data[32])
        self.count = int.from_bytes(data[33:37])
        rest = data[37:]
        self.aaguid = self.credential_id = b""
        self.public_key: dict[int, Any] = {}
        if Flag.AT in self.flags:
            self.aaguid, size = rest[:16], int.from_bytes(rest[16:18])
            self.credential_id = rest[18 : 18 + size]
            self.public_key, rest = cbor.decode_from(rest[18 + size :])
        self.extensions: dict[str, Any] = {}
        if Flag.ED in self.flags:
            self.extensions, rest = cbor.decode_from(rest)
        assert not rest


def verify(public_key: dict[int, Any], signature: bytes, data: bytes) -> None:
    """Check an ES256 signature by a COSE_Key."""
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(public_key[-2]), int.from_bytes(public_key[-3]), ec.SECP256R1()
    )
    numbers.public_key().verify(signature, data, ec.ECDSA(hashes.SHA256()))


class Client:
    """A platform at one key.

    Args:
        wire: The channel.
        protocol: The PIN protocol to use.
        scoped: Whether tokens are asked for with permissions.
    """

    def __init__(self, wire: Wire, protocol: int, *, scoped: bool) -> None:
        self.wire = wire
        self.protocol = protocol
        self.scoped = scoped

    def raw(self, request: bytes) -> bytes:
        """The answer to a CTAPHID_CBOR message."""
        return self.wire.ask(Hid.CBOR, request)

    def status(self, command: int, fields: Any = None) -> Status:
        """The status of an answer; one that is no success has nothing more to say."""
        request = bytes([command]) + (b"" if fields is None else cbor.encode(fields))
        answer = self.raw(request)
        assert answer[0] == 0 or len(answer) == 1
        return Status(answer[0])

    def ok(self, command: int, fields: Any = None) -> Fields:
        """The members of a good answer."""
        answer = self.raw(bytes([command]) + (b"" if fields is None else cbor.encode(fields)))
        assert Status(answer[0]) is Status.OK
        members: Fields = cbor.decode(answer[1:]) if len(answer) > 1 else {}
        return members

    def info(self) -> Fields:
        return self.ok(Cmd.GET_INFO)

    def options(self) -> dict[str, bool]:
        told: dict[str, bool] = self.info()[4]
        return told

    # authenticatorClientPIN

    def agree(self) -> Shared:
        peer = self.ok(Cmd.CLIENT_PIN, {1: self.protocol, 2: Pin.KEY_AGREEMENT})[1]
        return Shared(self.protocol, peer)

    def set_pin_fields(self, pin: str = PIN) -> Fields:
        shared = self.agree()
        new = shared.encrypt(pin.encode().ljust(64, b"\0"))
        return {1: self.protocol, 2: Pin.SET, 3: shared.cose, 4: shared.mac(new), 5: new}

    def change_pin_fields(self, old: str = PIN, new: str = OTHER_PIN) -> Fields:
        shared = self.agree()
        new_enc = shared.encrypt(new.encode().ljust(64, b"\0"))
        old_enc = shared.encrypt(pin_hash(old))
        proof = shared.mac(new_enc + old_enc)
        head = {1: self.protocol, 2: Pin.CHANGE, 3: shared.cose}
        return {**head, 4: proof, 5: new_enc, 6: old_enc}

    def set_pin(self, pin: str = PIN) -> None:
        self.ok(Cmd.CLIENT_PIN, self.set_pin_fields(pin))

    def token_fields(
        self, shared: Shared, may: May | int, rp_id: str | None = RP, pin: str = PIN
    ) -> Fields:
        """A request for a token with permissions; for a plain one where keys know no others."""
        plain = {1: self.protocol, 3: shared.cose, 6: shared.encrypt(pin_hash(pin))}
        if not self.scoped:
            return {**plain, 2: Pin.TOKEN}
        bound = {} if rp_id is None else {0x0A: rp_id}
        return {**plain, 2: Pin.TOKEN_WITH_PERMISSIONS, 9: int(may), **bound}

    def try_pin(self, pin: str = PIN) -> Status:
        """What a request for a token comes to."""
        return self.status(Cmd.CLIENT_PIN, self.token_fields(self.agree(), May.ASSERT, pin=pin))

    def token(self, may: May | int, rp_id: str | None = RP) -> bytes:
        shared = self.agree()
        return shared.decrypt(self.ok(Cmd.CLIENT_PIN, self.token_fields(shared, may, rp_id))[2])

    def plain_token(self, pin: str = PIN) -> bytes:
        """A token as CTAP 2.0 knows it."""
        shared = self.agree()
        fields = {1: self.protocol, 2: Pin.TOKEN, 3: shared.cose, 6: shared.encrypt(pin_hash(pin))}
        return shared.decrypt(self.ok(Cmd.CLIENT_PIN, fields)[2])

    def mac(self, token: bytes, message: bytes) -> bytes:
        return mac(self.protocol, token, message)

    def retries(self) -> int:
        left: int = self.ok(Cmd.CLIENT_PIN, {1: self.protocol, 2: Pin.RETRIES})[3]
        return left

    # authenticatorMakeCredential and authenticatorGetAssertion

    def make_fields(
        self, user: bytes = b"user", rp: str = RP, *, rk: bool = True, token: bytes | None = None
    ) -> Fields:
        """A request for a credential, with a proof by the token if one is given."""
        fields: Fields = {
            1: HASH,
            2: {"id": rp, "name": "Example"},
            3: {"id": user, "name": f"{user.hex()}@{rp}", "displayName": "Somebody"},
            4: [ES256],
            7: {"rk": rk},
        }
        return fields if token is None else fields | self.proof(token, 8)

    def assert_fields(self, *ids: bytes, rp: str = RP, token: bytes | None = None) -> Fields:
        """A request for an assertion, of these credentials or of any."""
        fields: Fields = {1: rp, 2: HASH}
        if ids:
            fields[3] = [{"type": "public-key", "id": each} for each in ids]
        return fields if token is None else fields | self.proof(token, 6)

    def proof(self, token: bytes, at: int, message: bytes = HASH) -> Fields:
        """PinUvAuthParam at its number, and pinUvAuthProtocol at the next."""
        return {at: self.mac(token, message), at + 1: self.protocol}

    def make(self, user: bytes = b"user", rp: str = RP, **more: Any) -> AuthData:
        """Make a credential at a key with our PIN; `more` by name of the member."""
        fields = self.make_fields(user, rp, rk=more.pop("rk", True), token=self.token(May.MAKE, rp))
        numbers = {"exclude": 5, "extensions": 6, "enterprise": 10}
        fields |= {numbers[name]: value for name, value in more.items()}
        return AuthData(self.ok(Cmd.MAKE_CREDENTIAL, fields)[2])

    def sign(self, *ids: bytes, rp: str = RP, **more: Any) -> tuple[Fields, AuthData]:
        """An assertion with our PIN."""
        fields = self.assert_fields(*ids, rp=rp, token=self.token(May.ASSERT, rp))
        numbers = {"extensions": 4, "options": 5}
        fields |= {numbers[name]: value for name, value in more.items()}
        answer = self.ok(Cmd.GET_ASSERTION, fields)
        return answer, AuthData(answer[2])

    # authenticatorCredentialManagement and authenticatorConfig

    def manage_fields(
        self, subcommand: int, params: Fields | None = None, token: bytes | None = None
    ) -> Fields:
        fields: Fields = {1: subcommand} | ({} if params is None else {2: params})
        if token is None:
            return fields
        message = bytes([subcommand]) + (b"" if params is None else cbor.encode(params))
        return fields | {3: self.protocol, 4: self.mac(token, message)}

    def config_fields(
        self, subcommand: int, params: Fields | None = None, token: bytes | None = None
    ) -> Fields:
        fields: Fields = {1: subcommand} | ({} if params is None else {2: params})
        if token is None:
            return fields
        head = b"\xff" * 32 + bytes([Cmd.CONFIG, subcommand])
        message = head + (b"" if params is None else cbor.encode(params))
        return fields | {3: self.protocol, 4: self.mac(token, message)}

    def configure(self, subcommand: int, params: Fields | None = None) -> Status:
        """A configuration with our PIN."""
        token = self.token(May.CONFIGURE, None)
        return self.status(Cmd.CONFIG, self.config_fields(subcommand, params, token))


def rp_hash(rp: str = RP) -> bytes:
    return hashlib.sha256(rp.encode()).digest()
