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
from keyvault_kit.entra.enrollment import RP_IDS, to_base64url
from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.host.files import read_file, write_atomically

CHALLENGE_LIFE: Final = timedelta(hours=12)


class _Account(msgspec.Struct):
    """What the tenant keeps of an account."""

    salt: str = ""
    password: str = ""
    changes: int = 0
    """How often its password was changed."""

    passkeys: dict[str, str] = {}
    """Display name -> credential id, base64url."""


class RehearsalTenant:
    """The stand-in, over its file."""

    def __init__(self, file: Path, random: Callable[[int], bytes]) -> None:
        self._file = file
        self._random = random
        self._accounts: dict[str, _Account] = {}
        if file.exists():
            data = read_file(file, "tenant")
            self._accounts = msgspec.json.decode(data, type=dict[str, _Account])

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

    def take_registration(self, upn: str, answer: bytes) -> None:
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
        self._account(upn).passkeys[name] = credential
        self._save()

    def set_password(self, upn: str, password: str) -> None:
        """Change an account's password."""
        account = self._account(upn)
        account.salt = self._random(16).hex()
        account.password = _hash(account.salt, password)
        account.changes += 1
        self._save()

    def sign_in(self, upn: str, password: str) -> bool:
        """Whether this is the account's password.

        Raises:
            MismatchError: The account has no password.
        """
        account = self._account(upn)
        if not account.password:
            raise MismatchError(f"no password was ever set for {upn}")
        return hmac.compare_digest(account.password, _hash(account.salt, password))

    def changes(self, upn: str) -> int:
        """How often the account's password was changed."""
        return self._account(upn).changes

    def passkeys(self, upn: str) -> tuple[str, ...]:
        """Display names of the account's passkeys."""
        return tuple(self._account(upn).passkeys)

    def _account(self, upn: str) -> _Account:
        return self._accounts.setdefault(upn, _Account())

    def _save(self) -> None:
        write_atomically(self._file, msgspec.json.encode(self._accounts))


def _hash(salt: str, password: str) -> str:
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**13, r=8, p=1)
    return digest.hex()
