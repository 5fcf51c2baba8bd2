"""`keyvault keys credentials list`, `delete`: the passkeys on a key."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.assembly import Bench
from keyvault_kit.custody import events as ev
from keyvault_kit.keys.credentials import CredentialRequest
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.session import open_session
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

ONE: Final = ("--tag", "K1", "--by", "carol")
LIST: Final = ("keys", "credentials", "list", *ONE)


def make(desk: Desk, rp_id: str, user_name: str) -> str:
    """Make a passkey on K1; its id."""
    bench = Bench.again(desk.folder / "softkeys")
    bench.fetch("K1")
    (key,) = plugged(bench.bus)
    request = CredentialRequest(
        client_data_hash=os.urandom(32),
        rp_id=rp_id,
        rp_name=rp_id,
        user_id=b"\x01\x02",
        user_name=user_name,
        user_display_name=user_name,
    )
    with open_session(bench.bus, key) as session:
        made = session.make_credential(request, pin=Secret.from_text(desk.pin))
    return made.credential_id.hex()


@pytest.fixture
def passkey(keyed: Desk) -> str:
    """A passkey of bg1 on K1."""
    return make(keyed, "login.microsoft.com", "bg1@example.onmicrosoft.com")


def test_the_passkeys_are_listed_with_account_and_relying_party(keyed: Desk, passkey: str) -> None:
    size = keyed.register.size

    done = keyed.ask(*LIST, typed=(keyed.pin,))

    assert done.returncode == 0, done.stderr
    head, row = done.stdout.splitlines()
    assert head.split() == ["relying", "party", "account", "credential", "id"]
    assert row.split() == ["login.microsoft.com", "bg1@example.onmicrosoft.com", passkey]
    assert keyed.kinds(size) == ["pin.checked"]


def test_as_json_they_are_one_document(keyed: Desk, passkey: str) -> None:
    done = keyed.ask(*LIST, "--json", typed=(keyed.pin,))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {
            "rp_id": "login.microsoft.com",
            "user_name": "bg1@example.onmicrosoft.com",
            "user_id": "0102",
            "credential": passkey,
        }
    ]


def test_a_key_with_none_says_so(keyed: Desk) -> None:
    """The custody credential is not discoverable, and no passkey."""
    assert keyed.ask(*LIST, typed=(keyed.pin,)).stdout == "Key K1 holds no passkey.\n"
    assert json.loads(keyed.ask(*LIST, "--json", typed=(keyed.pin,)).stdout) == []


def test_what_a_site_named_itself_draws_nothing_on_the_screen(keyed: Desk) -> None:
    make(keyed, "evil.example", "\x1b[2Jbg1")

    out = keyed.ask(*LIST, typed=(keyed.pin,)).stdout

    assert "?[2Jbg1" in out
    assert "\x1b" not in out


def test_a_key_without_a_pin_is_told_so(keyed: Desk, refusal: Refusal) -> None:
    done = keyed.ask("keys", "credentials", "list", "--tag", "K2", "--by", "carol")

    assert refusal(done, 3, "key K2 has no PIN", "Set a PIN first")


def test_a_wrong_pin_is_entered(keyed: Desk, refusal: Refusal) -> None:
    size = keyed.register.size

    done = keyed.ask(*LIST, typed=("40718296",))

    assert refusal(done, 3, "the PIN is wrong", "7 attempts left")
    assert [it.fact for it in keyed.entries[size:]] == [
        ev.PinChecked(key="K1", right=False, retries=7)
    ]


def test_one_is_deleted_after_exact_words(keyed: Desk, passkey: str, refusal: Refusal) -> None:
    size = keyed.register.size
    words = ("keys", "credentials", "delete", passkey, *ONE)
    declined = keyed.ask(*words, typed=(keyed.pin, "yes"))
    assert refusal(declined, 5, "the words were not typed", "delete login.microsoft.com")

    done = keyed.ask(*words, typed=(keyed.pin, "delete login.microsoft.com"))

    assert done.returncode == 0, done.stderr
    assert done.stdout == "The passkey of bg1@example.onmicrosoft.com is off key K1.\n"
    assert keyed.kinds(size) == [*["pin.checked"] * 3, "credential.deleted"]
    deleted = keyed.entries[-1].fact
    assert isinstance(deleted, ev.CredentialDeleted)
    assert (deleted.credential, deleted.rp_id) == (passkey, "login.microsoft.com")
    assert "holds no passkey" in keyed.ask(*LIST, typed=(keyed.pin,)).stdout


def test_one_that_is_not_there_or_is_no_id_is_said(keyed: Desk, refusal: Refusal) -> None:
    gone = keyed.ask("keys", "credentials", "delete", "abcd", *ONE, typed=(keyed.pin,))
    assert refusal(gone, 2, "key K1 holds no credential abcd", "keys credentials list")

    nonsense = keyed.ask("keys", "credentials", "delete", "xyz", *ONE)
    assert nonsense.returncode == 2
    assert "'xyz' is no credential id" in nonsense.stderr
