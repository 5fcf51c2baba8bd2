"""python-fido2's CTAP2 commands, taught the habits of real keys."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from fido2.ctap import CtapDevice, CtapError
from fido2.ctap2.base import Ctap2, Info
from fido2.ctap2.credman import CredentialManagement

from keyvault_kit.keys.failures import ERR


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
        """Send a command, and refuse answers with numbers in the place of byte strings."""
        answer = super().send_cbor(cmd, data, event=event, on_keepalive=on_keepalive)
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


class AnyCredentialManagement(CredentialManagement):
    """Asks whatever the key advertises; its answer counts."""

    @staticmethod
    def is_supported(info: Info) -> bool:  # noqa: ARG004 - the library's signature
        """Always: what a key advertises about this is not to be relied on."""
        return True
