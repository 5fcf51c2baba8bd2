"""People's own signatures: a FIDO2 key that makes OpenSSH signatures, with PIN and touch.

`ssh-keygen -Y verify` checks what is made here without the kit (OpenSSH PROTOCOL.u2f).
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody.model import Signer
from keyvault_kit.custody.register import known
from keyvault_kit.errors import DeviceError, InputError
from keyvault_kit.keys import pin
from keyvault_kit.keys.credentials import (
    ES256,
    AssertionRequest,
    CredentialRequest,
    p256_point,
)
from keyvault_kit.keys.hid import PluggedKey, plugged
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.ledger import acts, sshsig
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE
from keyvault_kit.secret import Secret

APPLICATION: Final = "ssh:keyvault-kit"
"""The relying party of signing credentials; OpenSSH's security keys want the prefix `ssh:`."""


def enrol_signer(work: Work, person: str, *, others: Sequence[Signer]) -> Signer:
    """Make a signing credential on a person's own key; a key without a PIN gets one first.

    Args:
        others: The signers so far; one key is never two people's.

    Raises:
        DeviceError: The key failed, or is the key of one of the others.
    """
    taken = tuple(bytes.fromhex(signer.credential) for signer in others)
    with _personal_key(work, person) as session:
        secret = _ask_pin(work, person, new=not session.info.options.get("clientPin"))
        with secret:
            if not session.info.options.get("clientPin"):
                pin.set_pin(session, secret)
            made = session.make_credential(
                _signing_credential(work, person, exclude=taken), pin=secret
            )
    key = sshsig.PublicKey(point=p256_point(made.public_key), application=APPLICATION)
    return Signer(person=person, public_key=key.line(), credential=made.credential_id.hex())


def sign_checkpoint(work: Work, person: str, size: int) -> str:
    """A person's armoured SSHSIG over the checkpoint of the first `size` entries.

    Raises:
        DeviceError: The key failed, or does not hold the person's signing credential.
        RefusedError: The person is no signer of this ledger.
    """
    message = work.station.book.ledger.checkpoint(size).text()
    return sign(work, person, message, CHECKPOINT_NAMESPACE)


def sign_act(work: Work, person: str, message: bytes) -> str:
    """A person's armoured SSHSIG over the exact bytes of entries.

    Raises:
        DeviceError: The key failed, or does not hold the person's signing credential.
        RefusedError: The person is no signer of this ledger.
    """
    return sign(work, person, message, acts.ACT_NAMESPACE)


def sign(work: Work, person: str, message: bytes, namespace: str) -> str:
    """A person's armoured SSHSIG over a message, by the key that they plug in now.

    Raises:
        DeviceError: The key failed, or does not hold the person's signing credential.
        RefusedError: The person is no signer of this ledger.
    """
    signer = known(work.register.signers, person, "signer")
    request = AssertionRequest(
        rp_id=APPLICATION,
        client_data_hash=sshsig.client_data_hash(message, namespace),
        allow=(bytes.fromhex(signer.credential),),
    )
    with _personal_key(work, person) as session, _ask_pin(work, person, new=False) as secret:
        assertion = session.get_assertion(request, pin=secret)
    return sshsig.armor(
        sshsig.PublicKey.parse(signer.public_key),
        namespace,
        der_signature=assertion.signature,
        flags=assertion.flags,
        counter=assertion.counter,
    )


def _signing_credential(
    work: Work, person: str, *, exclude: tuple[bytes, ...]
) -> CredentialRequest:
    return CredentialRequest(
        client_data_hash=hashlib.sha256(work.station.random(32)).digest(),
        rp_id=APPLICATION,
        rp_name="keyvault-kit",
        user_id=person.encode(),
        user_name=person,
        user_display_name=person,
        algorithms=(ES256,),
        exclude=exclude,
        resident=False,
    )


def _ask_pin(work: Work, person: str, *, new: bool) -> Secret:
    """The PIN of a person's own key; a new one is typed twice, since nobody else knows it.

    Raises:
        InputError: The two differ.
    """

    def ask(text: str) -> Secret:
        prompt = Prompt(topic=Topic.PERSONAL_KEY, text=text, person=person, subject=person)
        return work.interaction.ask_pin(prompt)

    if not new:
        return ask(f"{person}: the PIN of your key")
    chosen = ask(f"{person}: choose a PIN for your own key")
    with ask(f"{person}: the same PIN again") as again:
        if again != chosen:
            chosen.wipe()
            raise InputError(f"{person} typed two different PINs", mend="Choose it again.")
    return chosen


@contextmanager
def _personal_key(work: Work, person: str) -> Iterator[KeySession]:
    """A session with the key that a person plugs in now."""
    before = {key.path for key in plugged(work.station.bus)}
    text = f"{person}: plug in your own key now; if it is in already, pull it and plug it in again"
    prompt = Prompt(topic=Topic.PERSONAL_KEY, text=text, person=person, subject=person)
    work.interaction.wait_for_key(prompt)
    key = _plugged_now(work, person, before)
    work.station.guard.replugged(key)
    told = f"{person}: touch your key"
    touch = Prompt(topic=Topic.TOUCH, text=told, person=person, subject=person)
    with open_session(
        work.station.bus,
        key,
        on_touch=lambda: work.interaction.touch(touch),
        guard=work.station.guard,
    ) as session:
        yield session


def _plugged_now(work: Work, person: str, before: set[bytes]) -> PluggedKey:
    """The key that was plugged in; the system may give it the place that another had before.

    Raises:
        DeviceError: It is not clear which one it is.
    """
    now = plugged(work.station.bus)
    new = [key for key in now if key.path not in before] or list(now)
    if len(new) != 1:
        raise DeviceError(
            f"{len(new)} keys are plugged in, and one was asked for: that of {person}",
            mend="Leave only your own key plugged in.",
        )
    return new[0]
