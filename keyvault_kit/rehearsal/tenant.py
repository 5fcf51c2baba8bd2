"""A stand-in for the Entra tenant: it issues options, takes registrations and checks passwords.

It knows what a tenant knows and nothing more: passwords as salted hashes, passkeys by their ids.
Its state lies in a file of the rehearsal's folder, as a tenant outlives a workstation's crashes.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.entra.answers import FORMAT as ANSWERS
from keyvault_kit.entra.enrollment import RP_IDS, to_base64url
from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.host.files import read_file, write_atomically

CHALLENGE_LIFE: Final = timedelta(hours=12)


class SignIn(msgspec.Struct, frozen=True):
    """A sign-in, as the tenant's log has it; by a key where it names one."""

    time: datetime
    succeeded: bool
    key: str = ""


class _Account(msgspec.Struct):
    """What the tenant keeps of an account.

    Attributes:
        changes: How often its password was changed.
        passkeys: Display name -> credential id, base64url.
        log: Its sign-ins, oldest first.
    """

    salt: str = ""
    password: str = ""
    changes: int = 0
    passkeys: dict[str, str] = {}
    log: list[SignIn] = []


class _State(msgspec.Struct):
    """What the tenant keeps.

    Attributes:
        accounts: By sign-in name.
        events: What the kit's script did here, as its evidence file tells it.
    """

    accounts: dict[str, _Account] = {}
    events: list[dict[str, str | bool]] = []


class RehearsalTenant:
    """The stand-in, over its file."""

    def __init__(self, file: Path, random: Callable[[int], bytes]) -> None:
        self._file = file
        self._random = random
        self._state = _State()
        if file.exists():
            self._state = msgspec.json.decode(read_file(file, "tenant"), type=_State)

    def creation_options(self, upn: str, now: datetime) -> bytes:
        """Options for one more passkey of an account, as Graph beta writes them."""
        handle = hashlib.sha256(b"user handle " + upn.encode()).digest()
        exclude = [
            {"type": "public-key", "id": credential, "transports": []}
            for credential in self._account(upn).passkeys.values()
        ]
        options = {
            "@odata.context": "https://graph.microsoft.com/beta/$metadata"
            "#microsoft.graph.webauthnCredentialCreationOptions",
            "challengeTimeoutDateTime": (now + CHALLENGE_LIFE).strftime(TIME_FORMAT),
            "publicKey": {
                "rp": {"id": RP_IDS[0], "name": "Microsoft"},
                "user": {"id": to_base64url(handle), "name": upn, "displayName": upn},
                "challenge": to_base64url(self._random(64)),
                "pubKeyCredParams": [
                    {"type": "public-key", "alg": -7},
                    {"type": "public-key", "alg": -257},
                ],
                "timeout": 60000,
                "excludeCredentials": exclude,
                "authenticatorSelection": {
                    "authenticatorAttachment": "cross-platform",
                    "requireResidentKey": True,
                    "userVerification": "required",
                },
                "attestation": "direct",
                "extensions": {
                    "hmacCreateSecret": True,
                    "enforceCredentialProtectionPolicy": True,
                    "credentialProtectionPolicy": "userVerificationOptional",
                },
            },
        }
        return json.dumps(options, indent=2).encode()

    def take_registration(self, upn: str, answer: bytes, now: datetime) -> None:
        """Take a registration answer; the same one twice is the same passkey.

        Raises:
            InputError: The answer lacks what Graph wants.
        """
        try:
            fields = json.loads(answer)
            name = fields["displayName"]
            credential = fields["publicKeyCredential"]["id"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"the registration answer for {upn} is malformed") from error
        if self._account(upn).passkeys.get(name) == credential:
            return
        self._account(upn).passkeys[name] = credential
        sent = hashlib.sha256(answer).hexdigest()
        self._note("register", upn, now, key=name, methodId=credential, answerSha256=sent)

    def forget_passkey(self, upn: str, name: str) -> None:
        """Remove a passkey, as an administrator does when its key is gone."""
        self._account(upn).passkeys.pop(name, None)
        self._save()

    def set_password(self, upn: str, password: str, set_id: str, now: datetime) -> None:
        """Change an account's password to that of a secret set."""
        account = self._account(upn)
        account.salt = self._random(16).hex()
        account.password = _hash(account.salt, password)
        account.changes += 1
        self._note("setPassword", upn, now, set=set_id)

    def sign_in(self, upn: str, password: str, now: datetime) -> bool:
        """Whether this is the account's password; the log has the attempt.

        Raises:
            MismatchError: The account has no password.
        """
        account = self._account(upn)
        if not account.password:
            raise MismatchError(f"no password was ever set for {upn}")
        right = hmac.compare_digest(account.password, _hash(account.salt, password))
        self._log(upn, SignIn(_whole(now), right))
        return right

    def sign_in_by_key(self, upn: str, name: str, now: datetime) -> bool:
        """Whether a key of that display name signs the account in; the log has the attempt."""
        known = name in self._account(upn).passkeys
        self._log(upn, SignIn(_whole(now), known, name))
        return known

    def answers(self) -> bytes:
        """The evidence file that the kit's script would have written here.

        Raises:
            MismatchError: It did nothing here yet.
        """
        if not self._state.events:
            raise MismatchError("nothing was done at the tenant yet")
        return json.dumps({"format": ANSWERS, "events": self._state.events}, indent=2).encode()

    def changes(self, upn: str) -> int:
        """How often the account's password was changed."""
        return self._account(upn).changes

    def log(self, upn: str) -> tuple[SignIn, ...]:
        """The account's sign-ins, oldest first."""
        return tuple(self._account(upn).log)

    def passkeys(self, upn: str) -> tuple[str, ...]:
        """Display names of the account's passkeys."""
        return tuple(self._account(upn).passkeys)

    def _note(self, action: str, upn: str, now: datetime, **more: str | bool) -> None:
        event: dict[str, str | bool] = {
            "time": _whole(now).strftime(TIME_FORMAT),
            "action": action,
            "account": upn,
            "ok": True,
        }
        self._state.events.append({**event, **more})
        self._save()

    def _log(self, upn: str, it: SignIn) -> None:
        self._account(upn).log.append(it)
        self._save()

    def _account(self, upn: str) -> _Account:
        return self._state.accounts.setdefault(upn, _Account())

    def _save(self) -> None:
        write_atomically(self._file, msgspec.json.encode(self._state))


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _hash(salt: str, password: str) -> str:
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**13, r=8, p=1)
    return digest.hex()
