"""What is done to one named key: PIN, credentials, proof, reset."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from keyvault_kit.ceremonies import genuineness, recognition
from keyvault_kit.ceremonies.at_keys import AtKey
from keyvault_kit.ceremonies.handling import demand_words
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plan import REVEAL_SECONDS, printable
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.keys import pin, relying_party
from keyvault_kit.keys.credentials import CredentialRequest, MadeCredential, ResidentCredential
from keyvault_kit.keys.failures import PinChangeRequiredError, PinState
from keyvault_kit.keys.metadata import Verdict
from keyvault_kit.keys.session import KeySession
from keyvault_kit.secret import Secret


class PinPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is to want of its PIN from now on.

    Attributes:
        min_length: The fewest code points; None leaves it.
        force_change: Whether the PIN must be changed before it is used again.
    """

    min_length: int | None = None
    force_change: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to change."""
        return self.min_length is not None or self.force_change


# --- PINs


def check_pin(at: AtKey) -> PinState:
    """Prove that a typed PIN is right; its key then has its full number of attempts again.

    Raises:
        PinError: It is wrong (`state` says what is left), or must be changed first.
        RefusedError: The guard let no attempt pass.
        DeviceError: The key failed.
    """
    with at.session() as session:
        at.demand_same(session)
        if session.info.force_pin_change:
            raise PinChangeRequiredError(
                f"the PIN of {at.name} must be changed before it is used",
                mend="Change it: 'keys change-pin'. Until then even the right PIN is refused.",
            )
        with at.pin(session) as secret, at.counted(session):
            return pin.check_pin(session, secret)


def set_pin(at: AtKey, policy: PinPolicy, *, generate: int | None = None) -> PinState:
    """Give a key its first PIN.

    Args:
        generate: Digits of a PIN that is drawn and shown, or more where the key wants more; None
            has one typed.

    Raises:
        RefusedError: The key has a PIN, or is another one than the registered.
        PinError: It refuses this one.
        InputError: The PIN is too short, too long, easy to guess, or was typed in two ways.
        DeviceError: The key failed.
    """
    with at.session() as session:
        at.demand_same(session, writes=True)
        if at.reading.pin_set:
            raise RefusedError(f"{at.name} has a PIN already", mend="Use 'keys change-pin'.")
        shortest = _shortest(session, policy)
        with _new_pin(at, shortest, generate) as new:
            with _storing(at, "got its PIN", "Try it: 'keys check-pin'."):
                pin.set_pin(session, new, serial=at.reading.serial, shortest=shortest)
            _raise_policy(at, session, new, policy)
        return session.pin_state()


def change_pin(at: AtKey, policy: PinPolicy, *, generate: int | None = None) -> PinState:
    """Change a key's PIN; a PIN that is sealed opens it no more, so exact words are typed first.

    Raises:
        PinError: The old PIN is wrong, or the key refuses the new one.
        InputError: The new PIN is too short, too long, easy to guess, or was typed in two ways.
        RefusedError: The guard let no attempt pass, or the words were not typed.
        DeviceError: The key failed.
    """
    with at.session() as session:
        at.demand_same(session, writes=True)
        what = f"The PIN of {at.name} in its sealed envelope will open it no more"
        at.demand_out_of_custody(what, f"change the PIN of {at.tag}")
        shortest = _shortest(session, policy)
        with at.pin(session) as old, _new_pin(at, shortest, generate) as new:
            storing = _storing(at, "got another PIN", "Try both PINs: 'keys check-pin'.")
            with storing, at.counted(session):
                pin.change_pin(session, old, new, serial=at.reading.serial, shortest=shortest)
            _raise_policy(at, session, new, policy)
        return session.pin_state()


def _shortest(session: KeySession, policy: PinPolicy) -> int:
    """How many code points a new PIN must have; a policy that the key cannot take is said first."""
    if policy.is_wanted:
        pin.demand_policy(session, policy.min_length)
    return max(session.info.min_pin_length, policy.min_length or 0)


def _new_pin(at: AtKey, shortest: int, generate: int | None) -> Secret:
    """A new PIN, typed; or drawn, shown, and typed once from what was shown."""
    if generate is None:
        return at.new_pin()
    length = max(generate, shortest)
    drawn = pin.generate_pin(at.desk.random, length, serial=at.reading.serial)
    shown = at.prompt(Topic.REVEAL, f"The new PIN of {at.name}: write it down")
    at.desk.people.reveal(shown, drawn, seconds=REVEAL_SECONDS)
    what = "Type it from what you wrote down"
    return at.again(drawn, what, "that is another PIN than the one shown")


@contextmanager
def _storing(at: AtKey, what: str, mend: str) -> Iterator[None]:
    """The key takes another PIN within the block: that is entered even if it fails after that."""
    with at.in_doubt(what, mend):
        try:
            yield
        except pin.PinStoredError:
            at.saw(lambda tag: ev.PinChanged(key=tag))
            raise
    at.saw(lambda tag: ev.PinChanged(key=tag))


def _raise_policy(at: AtKey, session: KeySession, new: Secret, policy: PinPolicy) -> None:
    """Set what the key is to want of its PIN from now on."""
    if policy.is_wanted:
        length, forced = policy.min_length, policy.force_change
        pin.raise_policy(session, new, min_length=length, force_change=forced)
        at.saw(lambda tag: ev.PinPolicyRaised(key=tag, min_length=length, forced=forced))


# --- Credentials


def credentials(at: AtKey) -> tuple[ResidentCredential, ...]:
    """The discoverable credentials on the key; wants its PIN.

    Raises:
        PinError: The PIN is wrong, or there is none.
        DeviceError: The key failed, or cannot list them.
    """
    with at.session() as session:
        at.demand_same(session)
        with at.pin(session) as secret, at.counted(session):
            return session.credentials(secret)


def delete_credential(at: AtKey, credential_id: bytes) -> ResidentCredential:
    """Delete one discoverable credential, after exact words.

    Raises:
        InputError: The key holds no such credential.
        DeclinedError: The words were not typed.
        PinError: The PIN is wrong, or there is none.
        DeviceError: The key failed.
    """
    with ExitStack() as stack:
        session = stack.enter_context(at.session())
        at.demand_same(session, writes=True)
        secret = stack.enter_context(at.pin(session))
        with at.counted(session):
            found = session.credentials(secret)
        doomed = next((it for it in found if it.credential_id == credential_id), None)
        if doomed is None:
            raise InputError(
                f"{at.name} holds no credential {credential_id.hex()}",
                mend="Look at them with 'keys credentials list'.",
            )
        whose = printable(doomed.user_name) or "an account"
        where = printable(doomed.rp_id) or "nowhere"
        what = f"The credential of {whose} at {where} is deleted"
        demand_words(at.desk.people, Topic.CHANGE, what, f"delete {where}", person=at.desk.person)
        doubt = at.in_doubt("had a credential deleted", "Look: 'keys credentials list'.")
        with doubt, at.counted(session):
            session.delete_credential(credential_id, secret)
    at.saw(
        lambda tag: ev.CredentialDeleted(
            key=tag, credential=credential_id.hex(), rp_id=doomed.rp_id
        )
    )
    return doomed


# --- Proof


def prove(at: AtKey) -> Verdict:
    """The verdict on the key's attestation, by a credential that is thrown away; one touch.

    Raises:
        PinError: The key wants its PIN for that, and it was wrong.
        DeviceError: The key failed.
    """
    request = relying_party.throw_away(at.desk.random)
    with at.session() as session:
        made = make(at, session, request)
    now, claimed = at.desk.now(), at.reading.aaguid
    verdict = genuineness.judge(at.desk.anchors(), now, made, request.client_data_hash, claimed)
    at.saw(lambda tag: genuineness.proven(tag, verdict))
    return verdict


def make(at: AtKey, session: KeySession, request: CredentialRequest) -> MadeCredential:
    """Make a credential, with the PIN where the key wants it even for this."""
    if not session.makes_only_with_pin:
        return session.make_credential(request, pin=None)
    with at.pin(session) as secret, at.counted(session):
        return session.make_credential(request, pin=secret)


def recognise(at: AtKey) -> ev.Fact:
    """Whether it is the very key that was registered: asserted, or the finding. No touch, no PIN.

    Raises:
        RefusedError: The key is not registered.
        DeviceError: The key failed.
    """
    if not at.tag:
        raise RefusedError(
            f"{at.name} is not registered here", mend="Register it first: 'keys register'."
        )
    key = at.desk.register.keys[at.tag]
    with at.session() as session:
        fact = recognition.recognise(session, key, at.reading, at.desk.random)
    at.desk.observe(fact)
    return fact


# --- Reset


def reset(at: AtKey) -> None:
    """Wipe a key: exact words, unplugged, the same key plugged in again, a touch.

    Raises:
        DeclinedError: The words were not typed.
        RefusedError: Another key came back.
        DeviceError: The key failed, or was touched too late.
    """
    with at.session() as session:
        at.demand_same(session, writes=True)
    wipe(at, f"A reset takes the PIN and {_what_is_lost(at)} off {at.name}, for good")
    at.saw(lambda tag: ev.KeyReset(key=tag, why="reset by hand"))


def wipe(at: AtKey, what: str) -> None:
    """As :func:`reset`, and nothing is told to the ledger but a doubt.

    Args:
        what: What it will do, in a sentence without a full stop.

    Raises:
        DeclinedError: The words were not typed.
        RefusedError: Another key came back.
        DeviceError: The key failed, or was touched too late.
    """
    words = f"reset {at.tag or at.reading.serial or at.reading.product}"
    demand_words(at.desk.people, Topic.RESET, what, words, person=at.desk.person)
    again = at.replugged()
    doubt = at.in_doubt("was reset", "Prove it: 'keys verify'. Reset it again where it was not.")
    with again.session() as session, doubt:
        session.reset()


def _what_is_lost(at: AtKey) -> str:
    key = at.desk.register.keys.get(at.tag)
    if key and key.credential:
        return f"every passkey, that of {key.account} among them,"
    return "every passkey"
