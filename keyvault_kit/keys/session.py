"""A session with one security key: everything that is said to it goes through here.

python-fido2 speaks the protocol. What leaves this module are plain data and DeviceErrors that name
the key and what it was to do. No timer runs, here or in the library.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

from fido2.ctap import STATUS, CtapError
from fido2.ctap2.base import Ctap2, Info
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin, PinProtocol
from fido2.hid import CAPABILITY
from fido2.webauthn import PublicKeyCredentialDescriptor, PublicKeyCredentialType

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.credentials import (
    Assertion,
    AssertionRequest,
    CredentialRequest,
    MadeCredential,
    PinProof,
    ResidentCredential,
    asking,
    making,
    pin_proof,
    read_assertion,
    read_made,
    read_resident,
)
from keyvault_kit.keys.ctap import AnyCredentialManagement, KeyDevice, ResilientCtap2
from keyvault_kit.keys.failures import (
    ERR,
    CallbackError,
    PinBlockedError,
    PinChangeRequiredError,
    PinNotSetError,
    PinPolicyError,
    PinReplugError,
    PinState,
    UnsupportedByKeyError,
    WrongPinError,
    in_our_words,
    read_pin_state,
)
from keyvault_kit.keys.guard import PinGuard, SawPin
from keyvault_kit.keys.hid import Clock, HidBus, KeyConnection, PluggedKey
from keyvault_kit.keys.pintext import pin_text
from keyvault_kit.secret import Secret

__all__ = ["AssertionRequest", "CredentialRequest", "KeySession", "open_session"]

QUICK_LIMIT_S = 15.0
# Keys give up on a touch after 30 to 60 seconds; this stands behind them.
TOUCH_LIMIT_S = 120.0

PERMISSION = ClientPin.PERMISSION


def _no_touch() -> None:
    """Nobody wants to know when the key waits for a touch."""


class KeySession:
    """One open key. Made by :func:`open_session`; not to be shared between threads.

    Attributes:
        plugged: The key as it is plugged in.
        name: The key for people and errors.
        guard: Stands before every PIN that the session sends.
        override: Words typed by a person, which let one of the last attempts pass.
        saw_pin: Told of every PIN that was sent: the attempts left after it, where that is known,
            and whether it was right; None where the key did not tell, or somebody interrupted.
    """

    def __init__(
        self,
        plugged: PluggedKey,
        connection: KeyConnection,
        *,
        on_touch: Callable[[], None] = _no_touch,
        cancel: Event | None = None,
        guard: PinGuard | None = None,
        name: str = "",
    ) -> None:
        self.plugged = plugged
        self.name = name or plugged.name
        self.guard = guard or PinGuard()
        self.override = ""
        self.saw_pin: SawPin | None = None
        self._connection = connection
        self._on_touch = on_touch
        self._cancel = cancel
        with self.operation("be opened"):
            self.device = KeyDevice(plugged, connection)
            if not self.device.capabilities & CAPABILITY.CBOR:
                raise UnsupportedByKeyError(
                    f"{self.name} speaks U2F only", mend="Use a FIDO2 security key."
                )
            self.ctap = ResilientCtap2(self.device)

    @property
    def info(self) -> Info:
        """What the key says about itself (authenticatorGetInfo), as of the last change."""
        return self.ctap.info

    @contextmanager
    def operation(self, task: str, limit: float = QUICK_LIMIT_S) -> Iterator[None]:
        """Talk to the key inside the block, for `limit` seconds at most.

        Args:
            task: What the key is to do, to follow 'could not'.
            limit: Seconds.

        Raises:
            DeviceError: In place of every failure of the library.
        """
        self._connection.give(limit)
        with in_our_words(self.name, task):
            yield

    def refresh(self) -> None:
        """Read `info` anew, after something that changes it.

        Raises:
            DeviceError: The key failed.
        """
        with self.operation("say what it is"):
            self.ctap = ResilientCtap2(self.device)

    def wink(self) -> None:
        """Make the key blink.

        Raises:
            DeviceError: The key failed, or cannot blink.
        """
        with self.operation("blink"):
            self.device.wink()

    def selection(self) -> None:
        """Wait until somebody touches this key (CTAP 2.1, 6.9).

        Raises:
            TouchTimeoutError: Nobody did.
            CancelledAtKeyError: It was cancelled.
            DeviceError: The key failed.
        """
        with self.operation("be touched", TOUCH_LIMIT_S):
            if "FIDO_2_1" in self.info.versions:
                self.ctap.selection(event=self._cancel, on_keepalive=self._keepalive)
            else:
                self._old_selection()

    def _old_selection(self) -> None:
        # CTAP 2.0, 5.1: an empty pinAuth asks for a touch, and then says whether a PIN is set.
        request = CredentialRequest(
            client_data_hash=b"\0" * 32,
            rp_id="touch.keyvault-kit.invalid",
            rp_name="touch",
            user_id=b"\0",
            user_name="touch",
            user_display_name="touch",
            resident=False,
        )
        try:
            self._send(Ctap2.CMD.MAKE_CREDENTIAL, making(request, PinProof(b"", 1)))
        except CtapError as error:
            if error.code not in {ERR.PIN_NOT_SET, ERR.PIN_INVALID, ERR.PIN_AUTH_INVALID}:
                raise

    def reset(self) -> None:
        """Wipe the key: its credentials and its PIN. The caller has made sure which key it is.

        Raises:
            DeviceError: The key failed, or was plugged in too long ago.
        """
        with self.operation("be reset", TOUCH_LIMIT_S):
            self.ctap.reset(event=self._cancel, on_keepalive=self._keepalive)
        self.refresh()

    def pin_state(self) -> PinState:
        """Where the PIN counter stands; asked only where a PIN is set, since some keys crash.

        Raises:
            PinNotSetError: There is none.
            DeviceError: The key failed.
        """
        self._require_pin()
        with self.operation("say how many PIN attempts are left"):
            retries, cycle = ClientPin(self.ctap).get_pin_retries()
            return read_pin_state(retries, cycle)

    def _require_pin(self) -> None:
        if "clientPin" not in self.info.options:
            raise UnsupportedByKeyError(f"{self.name} knows no PIN", mend="Use another key.")
        if not self.info.options["clientPin"]:
            raise PinNotSetError(f"{self.name} has no PIN", mend="Set a PIN first.")

    @contextmanager
    def pin_attempt(
        self, task: str, guard: PinGuard | None = None, override: str = ""
    ) -> Iterator[ClientPin]:
        """The one way to send a PIN: the guard is asked first, and errors say what is left.

        Args:
            task: What the PIN is for, to follow 'could not'.
            guard: In place of the session's own.
            override: The words that allow one of the last attempts.

        Raises:
            PinError: The PIN was wrong or is blocked; `state` says how many attempts are left.
            RefusedError: The guard did not let it pass.
            DeviceError: The key failed.
        """
        state, words, guard = self.pin_state(), override or self.override, guard or self.guard
        sent, right, left = False, None, None
        try:
            with guard.attempt(self.plugged, state, words), self.operation(task):
                sent = True
                yield ClientPin(self.ctap)
            right = True
        except PinPolicyError:
            # Only the right PIN gets as far as the policy for the new one (CTAP 2.1, 6.5.5.6).
            left = self._state_if_told()
            if state.is_kept(left):
                guard.proven(self.plugged)
                right = True
            raise
        except (WrongPinError, PinReplugError, PinBlockedError) as error:
            right, left = (False if sent else None), error.state or self._state_if_told()
            if error.state or not left:
                raise
            raise error.with_state(left) from error
        finally:
            if sent:
                self._tell_of_pin(left, right=right)

    def _tell_of_pin(self, left: PinState | None, *, right: bool | None) -> None:
        if self.saw_pin is None:
            return
        if right and left is None:
            left = self._state_if_told()
        self.saw_pin(left.retries if left else None, right=right)

    def _state_if_told(self) -> PinState | None:
        """The counter after a wrong PIN: that it was wrong is said even by a key that fails now."""
        try:
            return self.pin_state()
        except DeviceError:
            return None

    def pin_token(
        self,
        pin: Secret,
        permissions: ClientPin.PERMISSION,
        rp_id: str | None = None,
        *,
        guard: PinGuard | None = None,
        override: str = "",
    ) -> tuple[PinProtocol, bytes]:
        """Trade the PIN for a token (CTAP 2.1, 6.5.5.7), with permissions where the key has them.

        Raises:
            PinChangeRequiredError: The PIN must be changed first; no attempt was spent.
            PinError: As :meth:`pin_attempt`.
            RefusedError: As :meth:`pin_attempt`.
            DeviceError: The key failed.
            InputError: The PIN is no text.
        """
        if self.info.force_pin_change:
            # Even the right PIN would be answered as if it were wrong (CTAP 2.1, 6.5.5.7.1).
            raise PinChangeRequiredError(
                f"the PIN of {self.name} must be changed before it is used", mend="Change the PIN."
            )
        text = pin_text(pin)
        with self.pin_attempt("accept the PIN", guard, override) as client:
            return client.protocol, client.get_pin_token(text, permissions, rp_id)

    def make_credential(self, request: CredentialRequest, *, pin: Secret | None) -> MadeCredential:
        """Make a credential; the key waits for a touch.

        Raises:
            CredentialExcludedError: The key holds one of the excluded credentials.
            KeyFullError: There is no room.
            PinError: As :meth:`pin_token`.
            DeviceError: The key failed.
        """
        token = self._token(pin, PERMISSION.MAKE_CREDENTIAL, request.rp_id)
        with self.operation("make a credential", TOUCH_LIMIT_S):
            proof = pin_proof(token, request.client_data_hash)
            members = making(request, proof, known=self.info.extensions)
            return read_made(self._send(Ctap2.CMD.MAKE_CREDENTIAL, members))

    @property
    def makes_only_with_pin(self) -> bool:
        """Whether the key wants its PIN even for a credential that is not discoverable (7.2)."""
        options = self.info.options
        asked = options.get("clientPin") and not options.get("makeCredUvNotRqd")
        return bool(options.get("alwaysUv") or asked)

    def get_assertion(self, request: AssertionRequest, *, pin: Secret | None) -> Assertion:
        """Have the key sign.

        Raises:
            NoCredentialError: The key holds none of these credentials.
            PinError: As :meth:`pin_token`.
            DeviceError: The key failed.
        """
        token = self._token(pin, PERMISSION.GET_ASSERTION, request.rp_id)
        with self.operation("sign", TOUCH_LIMIT_S):
            proof = pin_proof(token, request.client_data_hash)
            answer = self._send(Ctap2.CMD.GET_ASSERTION, asking(request, proof))
            return read_assertion(answer, request.allow)

    def credentials(self, pin: Secret) -> tuple[ResidentCredential, ...]:
        """The credentials that live on the key.

        Raises:
            UnsupportedByKeyError: The key cannot list them.
            PinError: As :meth:`pin_token`.
            DeviceError: The key failed.
        """
        protocol, token = self.pin_token(pin, PERMISSION.CREDENTIAL_MGMT)
        keys = CredentialManagement.RESULT
        with self.operation("list its credentials", TOUCH_LIMIT_S):
            management = AnyCredentialManagement(self.ctap, protocol, token)
            return tuple(
                read_resident(rp[keys.RP], entry)
                for rp in management.enumerate_rps()
                for entry in management.enumerate_creds(rp[keys.RP_ID_HASH])
            )

    def delete_credential(self, credential_id: bytes, pin: Secret) -> None:
        """Delete a credential that lives on the key.

        Raises:
            NoCredentialError: The key does not hold it.
            PinError: As :meth:`pin_token`.
            DeviceError: The key failed.
        """
        protocol, token = self.pin_token(pin, PERMISSION.CREDENTIAL_MGMT)
        credential = PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY, id=credential_id
        )
        with self.operation("delete a credential"):
            AnyCredentialManagement(self.ctap, protocol, token).delete_cred(credential)

    def _token(
        self, pin: Secret | None, permission: ClientPin.PERMISSION, rp_id: str
    ) -> tuple[PinProtocol, bytes] | None:
        return None if pin is None else self.pin_token(pin, permission, rp_id)

    def _send(self, command: int, members: Mapping[int, object]) -> Mapping[int, Any]:
        """Send a command that may wait for a touch."""
        return self.ctap.send_cbor(
            command, members, event=self._cancel, on_keepalive=self._keepalive
        )

    def _keepalive(self, status: int) -> None:
        if status != STATUS.UPNEEDED:
            return
        try:
            self._on_touch()
        except Exception as error:
            raise CallbackError(error) from error


@contextmanager
def open_session(
    bus: HidBus,
    plugged: PluggedKey,
    *,
    on_touch: Callable[[], None] = _no_touch,
    cancel: Event | None = None,
    guard: PinGuard | None = None,
    name: str = "",
    clock: Clock = time.monotonic,
) -> Iterator[KeySession]:
    """Open a key for the time of the block.

    Args:
        bus: Where the key is plugged in.
        plugged: Which one.
        on_touch: Called, on this thread, when the key begins to wait for a touch.
        cancel: Set from elsewhere, it ends an operation that waits for a touch.
        guard: Counts PINs across sessions; without it, the session counts alone.
        name: What errors call it; as it is plugged in where it is left out.
        clock: Monotonic seconds.

    Raises:
        UnreachableKeyError: The key is gone or silent.
        UnsupportedByKeyError: It is no FIDO2 key.
        DeviceError: It failed otherwise.
    """
    with in_our_words(name or plugged.name, "be opened"):
        handle = bus.open(plugged.path)
    try:
        connection = KeyConnection(handle, clock)
        yield KeySession(
            plugged, connection, on_touch=on_touch, cancel=cancel, guard=guard, name=name
        )
    finally:
        handle.close()
