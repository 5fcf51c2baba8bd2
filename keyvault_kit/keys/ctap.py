"""python-fido2's messages and CTAP2 commands, taught the habits of real keys."""

import os
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, cast

from fido2 import cbor
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.base import Ctap2, Info
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin
from fido2.hid import CTAPHID, CtapHidDevice
from fido2.hid.base import HidDescriptor

from keyvault_kit.keys.failures import ERR
from keyvault_kit.keys.hid import PACKET_SIZE, KeyConnection, PluggedKey

# CTAP 2.1, 11.2.9.1.6: a busy key is asked again after a while.
_BUSY_S = 0.1
_NONCE_SIZE = 8
_PIN_HASH_ENC = 6


class KeyDevice(CtapHidDevice):
    """Messages to a key and back, in step also after one that came to nothing.

    Args:
        key: The key.
        connection: Its packets.
    """

    _is_in_step = True

    def __init__(self, key: PluggedKey, connection: KeyConnection) -> None:
        self._packets = connection
        self._exchange: Callable[..., bytes] = self._do_call
        super().__init__(
            HidDescriptor(
                key.path,
                key.vendor_id,
                key.product_id,
                PACKET_SIZE,
                PACKET_SIZE,
                key.product,
                key.usb_serial,
            ),
            connection,
        )

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        """Send a message and read the answer; what carries a PIN is sent once, come what may."""
        event = event or Event()
        while True:
            try:
                return self._transact(cmd, data, event, on_keepalive)
            except CtapError as error:
                if error.code != ERR.CHANNEL_BUSY or event.is_set() or _carries_pin(cmd, data):
                    raise
                if not self._packets.rest(_BUSY_S):
                    raise

    def _transact(
        self,
        cmd: int,
        data: bytes,
        event: Event,
        on_keepalive: Callable[[STATUS], None] | None,
    ) -> bytes:
        if not self._is_in_step:
            self._fall_into_step()
        self._is_in_step = False
        try:
            answer = self._exchange(cmd, data, event, on_keepalive)
        except CtapError:
            self._is_in_step = True
            raise
        self._is_in_step = True
        if cmd == CTAPHID.CBOR:
            _demand_whole(answer[1:])
        return answer

    def _fall_into_step(self) -> None:
        """Have the key drop what it may still be at, so that no late answer is taken for another.

        CTAP 2.1, 11.2.9.1.3: INIT on a channel that exists.
        """
        self._exchange(CTAPHID.INIT, os.urandom(_NONCE_SIZE), Event(), None)


def _carries_pin(command: int, message: bytes) -> bool:
    if command != CTAPHID.CBOR or message[:1] != bytes([Ctap2.CMD.CLIENT_PIN]):
        return False
    return _PIN_HASH_ENC in cast("Mapping[int, Any]", cbor.decode(message[1:]))


def _demand_whole(encoded: bytes) -> None:
    """Refuse CBOR that ends too early: the library takes a string that is cut short for whole.

    Raises:
        ValueError: It is cut short, or goes on after its end.
    """
    end = b"\0"
    if encoded and cbor.decode_from(encoded + end)[1] != end:
        raise ValueError("the answer is cut short")


class ResilientCtap2(Ctap2):
    """Ctap2 for keys as they are, not as the specification has them.

    Some answer in non-canonical CBOR; some advertise `credMgmt` and speak only the preview command,
    and some advertise nothing and answer all the same.
    """

    # Members that are byte strings: `bytes(value)` in the library would take a number for a length.
    _BYTE_STRINGS: Mapping[int, tuple[int, ...]] = {
        Ctap2.CMD.MAKE_CREDENTIAL: (2, 5),
        Ctap2.CMD.GET_INFO: (3, 25, 28, 30),
    }

    def __init__(self, device: CtapDevice) -> None:
        self._credential_command: int = Ctap2.CMD.CREDENTIAL_MGMT
        super().__init__(device, strict_cbor=False)

    def send_cbor(
        self,
        cmd: int,
        data: Mapping[int, Any] | None = None,
        *,
        event: Event | None = None,
        on_keepalive: Callable[[int], None] | None = None,
    ) -> Mapping[int, Any]:
        """Send a command, and refuse answers that cannot be those to it.

        A number in the place of a byte string; anything where nothing is to be said but 'done',
        which is then the answer to another command.
        """
        answer = super().send_cbor(cmd, data, event=event, on_keepalive=on_keepalive)
        if answer and _is_done_in_silence(cmd, data or {}):
            raise ValueError("an answer to another command")
        for member in self._BYTE_STRINGS.get(cmd, ()):
            if not isinstance(answer.get(member, b""), bytes):
                raise TypeError(f"member {member} is no byte string")
        return answer

    def credential_mgmt(
        self,
        sub_cmd: int,
        sub_cmd_params: Mapping[int, Any] | None = None,
        pin_uv_protocol: int | None = None,
        pin_uv_param: bytes | None = None,
    ) -> Mapping[int, Any]:
        """The standard command; the preview command where the key does not know the standard."""
        values = (sub_cmd, sub_cmd_params, pin_uv_protocol, pin_uv_param)
        arguments = {n: value for n, value in enumerate(values, 1) if value is not None}
        try:
            return self.send_cbor(self._credential_command, arguments)
        except CtapError as error:
            preview = Ctap2.CMD.CREDENTIAL_MGMT_PRE
            if error.code != ERR.INVALID_COMMAND or self._credential_command == preview:
                raise
            self._credential_command = preview
            return self.send_cbor(preview, arguments)


def _is_done_in_silence(command: int, members: Mapping[int, Any]) -> bool:
    match command:
        case Ctap2.CMD.RESET | Ctap2.CMD.SELECTION | Ctap2.CMD.CONFIG:
            return True
        case Ctap2.CMD.CLIENT_PIN:
            return members.get(2) in {ClientPin.CMD.SET_PIN, ClientPin.CMD.CHANGE_PIN}
        case Ctap2.CMD.CREDENTIAL_MGMT | Ctap2.CMD.CREDENTIAL_MGMT_PRE:
            return members.get(1) == CredentialManagement.CMD.DELETE_CREDENTIAL
    return False


class AnyCredentialManagement(CredentialManagement):
    """Asks whatever the key advertises; its answer counts."""

    @staticmethod
    def is_supported(info: Info) -> bool:  # noqa: ARG004 - the library's signature
        """Always: what a key advertises about this is not to be relied on."""
        return True
