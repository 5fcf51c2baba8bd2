"""A passkey on behalf of an account: options in, a credential made, the answer out (S17, S19).

Files come and go on a transfer medium, and no medium is plugged in while the key's PIN is in
memory: so the options are read before the PIN is drawn, and the answer leaves after it is gone.
In between the answer lies beside the ledger. It is no secret, and were it lost in a crash, the key
would have to be reset, and a new PIN drawn, printed and sealed for it.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.ceremonies import genuineness, key_pin, media
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import GoBack, Work, printable
from keyvault_kit.ceremonies.recognition import Credential, first_assertion
from keyvault_kit.ceremonies.which_key import key_session
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import GENUINE
from keyvault_kit.custody.register import Register
from keyvault_kit.entra import enrollment
from keyvault_kit.entra.enrollment import ES256, CreationOptions
from keyvault_kit.errors import LedgerError, MismatchError, RefusedError
from keyvault_kit.host.files import read_file, remove, write_atomically
from keyvault_kit.keys import relying_party
from keyvault_kit.keys.audit import NONCE_SIZE, audit_hash
from keyvault_kit.keys.credentials import AssertionRequest, CredentialRequest, MadeCredential
from keyvault_kit.keys.metadata import verify_assertion
from keyvault_kit.keys.session import KeySession
from keyvault_kit.secret import Secret

OPTIONS: Final = "options"
"""What the hands call the creation options."""


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """Whose passkey is made, on which key.

    Attributes:
        key: Asset tag.
        account: Id of the account.
        custodian: Who holds the key.
    """

    key: str
    account: str
    custodian: str


# --- Options


def take_options(it: Passkey, work: Work) -> Sequence[ev.Fact]:
    """Read the creation options from the transfer medium, and hold them.

    Raises:
        InputError: The file cannot be read, or is none.
        RefusedError: They are not for this account, or no longer, or would not make a passkey of
            ours.
    """
    carried = media.log_in(work)
    upn = work.register.accounts[it.account].upn
    usual = f"options-{it.key}.json"
    text = (
        f"Name the file with the creation options of {upn} on the transfer medium; {usual} if"
        " nothing is typed"
    )
    name = Path(work.interaction.ask(_prompt(it, Topic.OPTIONS, text)).strip()).name or usual
    data = read_file(work.station.transfer / name, "file of creation options")
    now = work.station.clock()
    options = enrollment.read_options(data, upn=upn, now=now)
    demand_same_user(work.register, it, options)
    _tell(it, work, options.time_left(now))
    _tell_ignored(it, work, options)
    work.hands.take(OPTIONS, options)
    return [*carried, *media.log_out(work)]


def demand_same_user(register: Register, it: Passkey, options: CreationOptions) -> None:
    """Check that the keys of an account hold passkeys of one user of the tenant.

    Raises:
        RefusedError: This one would be another's.
    """
    for twin in register.keys.values():
        if twin.account != it.account or twin.id == it.key or twin.retired or not twin.user:
            continue
        if twin.user != options.user_sha256:
            raise RefusedError(
                f"key {it.key} would hold a passkey of another user than {twin.id}",
                mend=f"Was the user of {it.account} made anew, or is it another tenant's? Fetch its"
                f" options again, or reset and retire {twin.id} first.",
            )


def _tell_ignored(it: Passkey, work: Work, options: CreationOptions) -> None:
    """What is not taken as it stands is said: nothing that the tenant wrote is changed in silence.

    Where the tenant prefers another algorithm, a key is asked for ES256 alone: by that one all of
    its later signatures are checked here.
    """
    if options.ignored:
        names = ", ".join(printable(name[:40]) for name in sorted(options.ignored))
        count = sum(options.ignored.values())
        _tell(it, work, f"Left alone, since this version does not know them: {names} ({count}).")
    if options.algorithms[0] != ES256:
        text = "The tenant prefers another algorithm; of those that it takes, ES256 is used."
        _tell(it, work, text)


def demand_time(it: Passkey, work: Work) -> CreationOptions:
    """The options that are held, while the tenant still takes an answer to them.

    Raises:
        GoBack: They expired meanwhile; they are held no more.
    """
    options = work.hands.thing(OPTIONS, CreationOptions)
    if options.is_over(work.station.clock()):
        work.hands.drop(OPTIONS)
        raise GoBack(f"the options for {options.upn} expired before key {it.key} had its passkey")
    return options


# --- The passkey


def make(it: Passkey, work: Work) -> Sequence[ev.Fact]:
    """Make the passkey, have it answer as it would at a sign-in, and keep its answer.

    From here on the PIN is in no memory.

    Raises:
        GoBack: The options expired meanwhile.
        RefusedError: The passkey is not one of ours.
        MismatchError: The key answers with another one, or for another user.
        DeviceError: The key failed.
    """
    options, secret = demand_time(it, work), work.hands.secret("pin")
    with key_session(work, it.key) as session:
        _demand_protection(it, session, options)
        bound = _bind(it, work, session, secret)
        made = session.make_credential(_request(options), pin=secret)
        _demand_ours(it, work, options, made)
        user = _signed_in(it, work, session, options, made)
        did_secret = options.hmac_secret and "hmac-secret" in session.info.extensions
    answer = enrollment.registration(
        options,
        credential_id=made.credential_id,
        attestation_object=made.attestation_object,
        name=it.key,
        hmac_secret=did_secret,
    )
    write_atomically(_kept(work.station.book, it.key), answer)
    for name in (*key_pin.SECRETS, OPTIONS):
        work.hands.drop(name)
    enrolled = ev.PasskeyEnrolled(
        key=it.key,
        rp_id=options.rp_id,
        credential=made.credential_id.hex(),
        public_key=made.public_key.hex(),
        answer=hashlib.sha256(answer).hexdigest(),
        user=hashlib.sha256(user).hexdigest(),
    )
    return [*bound, enrolled]


def _request(options: CreationOptions) -> CredentialRequest:
    first = options.algorithms[0]
    return CredentialRequest(
        client_data_hash=options.client_data_hash,
        rp_id=options.rp_id,
        rp_name=options.rp_name,
        user_id=options.user_id,
        user_name=options.upn,
        user_display_name=options.display_name,
        algorithms=options.algorithms if first == ES256 else (ES256,),
        exclude=options.exclude,
        resident=True,
        protection=options.protection,
        hmac_secret=options.hmac_secret,
    )


def _demand_protection(it: Passkey, session: KeySession, options: CreationOptions) -> None:
    wanted = options.enforced and (options.protection or 1) > relying_party.UV_OPTIONAL
    if wanted and "credProtect" not in session.info.extensions:
        raise RefusedError(
            f"the tenant wants a passkey that key {it.key} cannot protect as it says",
            mend="Use a key that knows credProtect.",
        )


def _bind(it: Passkey, work: Work, session: KeySession, secret: Secret) -> Sequence[ev.Fact]:
    """The credential by which the key is known again, unless it has one."""
    if work.register.keys[it.key].custody_credential:
        return ()
    request = relying_party.custody(work.station.random, it.key)
    made = session.make_credential(request, pin=secret)
    mine = Credential(request.rp_id, made.credential_id, made.public_key)
    answered = first_assertion(session, it.key, mine, work.station.random)
    bound = ev.KeyBound(key=it.key, credential=mine.id.hex(), public_key=mine.public_key.hex())
    return (bound, *answered)


def _demand_ours(it: Passkey, work: Work, options: CreationOptions, made: MadeCredential) -> None:
    claimed, station = work.register.keys[it.key].aaguid, work.station
    verdict = genuineness.judge(
        station.anchors(), station.clock(), made, options.client_data_hash, claimed
    )
    if verdict.outcome != GENUINE:
        why = "; ".join(verdict.reasons)
        raise RefusedError(
            f"the passkey of key {it.key} attests as {verdict.outcome}: {why}",
            mend="Do not use this key.",
        )
    if not made.user_verified:
        raise RefusedError(
            f"key {it.key} made a passkey without checking its PIN", mend="Do not use this key."
        )


def _signed_in(
    it: Passkey,
    work: Work,
    session: KeySession,
    options: CreationOptions,
    made: MadeCredential,
) -> bytes:
    """Have the key sign as at a sign-in: with PIN and touch, and by itself knowing for whom.

    No credential is named to it. So it is shown that the passkey is kept on the key, and that it
    is the one that a sign-in would find.

    Returns:
        The user handle that the key keeps with it.
    """
    challenge = audit_hash(work.station.random(NONCE_SIZE))
    request = AssertionRequest(rp_id=options.rp_id, client_data_hash=challenge)
    signed = session.get_assertion(request, pin=work.hands.secret("pin"))
    if signed.credential_id != made.credential_id or signed.user_id != options.user_id:
        raise MismatchError(
            f"key {it.key} answers a sign-in with another passkey than the new one of"
            f" {options.upn}",
            mend="It holds passkeys from before. Reset it ('keys reset'), and enrol it again.",
        )
    verify_assertion(made.public_key, options.rp_id, challenge, signed)
    if not (signed.user_verified and signed.user_present):
        raise MismatchError(
            f"key {it.key} signed without its PIN, or without a touch",
            mend="Do not use this key.",
        )
    return signed.user_id


def give_up(it: Passkey, work: Work) -> None:
    """Forget an answer that was kept: its passkey is given up."""
    remove(_kept(work.station.book, it.key))


# --- The answer


def hand_over(it: Passkey, work: Work) -> Sequence[ev.Fact]:
    """Put the registration answer onto the transfer medium, and its hash on paper.

    Raises:
        LedgerError: What was kept is not the answer that the ledger has.
        InputError: It is gone, or the medium cannot be written.
    """
    name, data = f"registration-{it.key}.json", _kept_answer(it, work)
    carried = media.log_in(work)
    write_atomically(work.station.transfer / name, data)
    media.print_outgoing(work, [(name, data)])
    sha256 = hashlib.sha256(data).hexdigest()
    _tell(it, work, f"{name} is on the transfer medium. Its SHA-256: {sha256}")
    return [*carried, *media.log_out(work, [(name, sha256)])]


def enrolments(book: Book, start: int = 0) -> dict[str, ev.PasskeyEnrolled]:
    """Asset tag -> the last passkey that was made on that key.

    Args:
        start: Only what was entered from that entry on.
    """
    facts = (decode(body).fact for body in book.ledger.bodies(start))
    return {fact.key: fact for fact in facts if isinstance(fact, ev.PasskeyEnrolled)}


def _kept_answer(it: Passkey, work: Work) -> bytes:
    book = work.station.book
    file = _kept(book, it.key)
    data = read_file(file, "registration answer")
    enrolled = enrolments(book, work.register.ceremonies[work.ceremony].started)[it.key]
    if hashlib.sha256(data).hexdigest() != enrolled.answer:
        raise LedgerError(
            f"{file} is not the answer that key {it.key} gave",
            mend="Put it back from where it was copied, or reset the key and enrol it again.",
        )
    return data


def _kept(book: Book, key: str) -> Path:
    """Where an answer lies until it is handed over, and afterwards, should a medium be lost."""
    ledger = book.ledger.path
    return ledger.with_name(f"{ledger.stem}.registration-{key}.json")


def _tell(it: Passkey, work: Work, text: str) -> None:
    work.interaction.show(_prompt(it, Topic.NOTE, text))


def _prompt(it: Passkey, topic: Topic, text: str) -> Prompt:
    return Prompt(topic=topic, text=text, person=it.custodian, subject=it.key)
