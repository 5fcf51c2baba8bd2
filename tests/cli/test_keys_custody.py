"""`keyvault keys register`, `retire`, `reset`, and how a key is named to any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Retirement

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

ONE = ("--tag", "K1", "--by", "carol")
TWO = ("--by", "alice", "--by", "bob")


# --- Named in exactly one way, by somebody


VERBS = {
    "check-pin": (),
    "set-pin": (),
    "change-pin": (),
    "identify": (),
    "verify": (),
    "reset": (),
    "credentials list": (),
    "credentials delete": ("abcd",),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "naming",
    [
        (),
        ("--tag", "K1", "--touch"),
        ("--tag", "K1", "--serial", "5"),
        ("--serial", "5", "--touch"),
        ("--tag", "K1", "--serial", "5", "--touch"),
    ],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_a_key_is_named_in_exactly_one_way(keyed: Desk, verb: str, naming: tuple[str, ...]) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", *verb.split(), *VERBS[verb], *naming, "--by", "carol")

    assert done.returncode == 2
    assert "name the key in one way: --tag TAG, --serial NUMBER (on its label), or" in done.stderr
    assert keyed.register.size == size


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "identify"])
def test_whoever_works_on_a_registered_key_is_named(keyed: Desk, verb: str) -> None:
    size = keyed.register.size

    done = keyed.ask("keys", *verb.split(), *VERBS[verb], "--tag", "K1")

    assert done.returncode == 2
    assert "key K1 is registered: name who does it with --by PERSON" in done.stderr
    assert keyed.register.size == size


def test_nobody_is_named_twice_and_no_stranger(keyed: Desk, refusal: Refusal) -> None:
    twice = keyed.ask("keys", "check-pin", "--tag", "K1", "--by", "carol", "--by", "erin")
    assert twice.returncode == 2
    assert "name who does it with --by PERSON, once" in twice.stderr

    nobody = keyed.ask("keys", "check-pin", "--tag", "K1", "--by", "mallory")
    assert refusal(nobody, 5, "there is no person 'mallory'")


def test_a_tag_that_the_ledger_does_not_know_is_refused(keyed: Desk, refusal: Refusal) -> None:
    done = keyed.ask("keys", "check-pin", "--tag", "K9", "--by", "carol")

    assert refusal(done, 5, "there is no key 'K9' in the register")


@pytest.mark.parametrize("verb", VERBS)
def test_a_tag_without_a_ledger_is_refused(empty: Desk, refusal: Refusal, verb: str) -> None:
    done = empty.ask("keys", *verb.split(), *VERBS[verb], "--tag", "K1")

    assert refusal(done, 2, "there is no ledger here that knows the tag K1", "--ledger")


def test_people_without_a_ledger_and_a_ledger_that_is_not_there_are_said(
    empty: Desk, refusal: Refusal
) -> None:
    people = empty.ask("keys", "check-pin", "--touch", "--by", "carol")
    assert people.returncode == 2
    assert "--by names people of a ledger, and there is none here: --ledger" in people.stderr

    missing = empty.ask("keys", "check-pin", "--touch", "--ledger", "other.db")
    assert refusal(missing, 2, "other.db")


# --- Register


def test_a_key_is_registered_with_its_verdict(keyed: Desk) -> None:
    keyed.put_key("K5", "five")
    size, label = keyed.register.size, keyed.key("K5").serial

    done = keyed.ask(
        *("keys", "register", "K5", "--account", "bg1", "--use", "backup", "--by", "carol"),
        typed=(str(label),),
    )

    assert done.returncode == 0, done.stderr
    assert f"Key K5 is registered: Software key like a YubiKey 5 NFC, serial number {label}." in (
        done.stdout
    )
    assert "Its maker: genuine." in done.stdout
    assert f"its label says {label}" in done.stderr
    assert keyed.kinds(size)[2:5] == ["key.registered", "key.proven", "key.bound"]
    assert keyed.register.keys["K5"].proven == "genuine"


def test_a_key_is_not_registered_twice(keyed: Desk, refusal: Refusal) -> None:
    done = keyed.ask(
        *("keys", "register", "K1", "--account", "bg1", "--use", "backup", "--by", "carol"),
        typed=(str(keyed.key("K1").serial),),
    )

    assert refusal(done, 5, "key K1 is registered already")


def test_a_key_whose_label_says_something_else_is_not_registered(
    keyed: Desk, refusal: Refusal
) -> None:
    keyed.put_key("K5", "five")

    done = keyed.ask(
        *("keys", "register", "K5", "--account", "bg1", "--use", "backup", "--by", "carol"),
        typed=("12345678", "n"),
    )

    assert refusal(done, 3, "no plugged-in key has the serial number 12345678")
    assert "K5" not in keyed.register.keys


# --- Reset


def test_a_key_is_reset_after_exact_words(keyed: Desk, refusal: Refusal) -> None:
    size = keyed.register.size
    declined = keyed.ask("keys", "reset", *ONE, typed=("yes",))
    assert refusal(declined, 5, "the words were not typed", "type: reset K1")
    assert keyed.key("K1").pin_hash is not None
    assert keyed.register.size == size

    done = keyed.ask("keys", "reset", *ONE, typed=("reset K1",))

    assert done.returncode == 0, done.stderr
    assert done.stdout == "Key K1 is as it left the factory.\n"
    assert keyed.key("K1").pin_hash is None
    assert keyed.kinds(size) == ["key.reset"]
    key = keyed.register.keys["K1"]
    assert (key.custody_credential, key.pin_set) == (None, None)


# --- Retire


def test_two_people_retire_a_key_with_the_time_and_exact_words(
    keyed: Desk, refusal: Refusal
) -> None:
    words = ("keys", "retire", "K1", "--why", "broken", "--note", "the plug is bent", *TWO)
    declined = keyed.ask(*words, typed=(keyed.now(), keyed.now(), "retire"))
    assert refusal(declined, 5, "the words were not typed", "type: retire K1")
    assert keyed.register.keys["K1"].retired is None

    done = keyed.ask(*words, typed=(keyed.now(), keyed.now(), "retire K1"))

    assert done.returncode == 0, done.stderr
    assert "Entered by alice and bob: Retire key K1: it is broken." in done.stdout
    assert keyed.register.keys["K1"].retired is Retirement.BROKEN
    (retired,) = [it.fact for it in keyed.entries if isinstance(it.fact, ev.KeyRetired)]
    book = open_book(keyed.ledger)
    with book.ledger:
        assert book.row_behind(retired.details or "")["note"] == "the plug is bent"
        assert b"bent" not in b"".join(book.ledger.bodies())


def test_one_person_alone_retires_nothing(keyed: Desk) -> None:
    done = keyed.ask("keys", "retire", "K1", "--why", "lost", "--by", "carol")

    assert done.returncode == 2
    assert "name the two who do it together" in done.stderr


def test_a_key_that_was_reset_is_retired_once_without_a_finding(
    keyed: Desk, refusal: Refusal
) -> None:
    keyed.ask("keys", "reset", *ONE, typed=("reset K1",))

    done = keyed.ask(
        *("keys", "retire", "K1", "--why", "reset", *TWO),
        typed=(keyed.now(), keyed.now(), "retire K1"),
    )

    assert done.returncode == 0, done.stderr
    assert keyed.register.findings == []
    again = keyed.ask(
        *("keys", "retire", "K1", "--why", "lost", *TWO),
        typed=(keyed.now(), keyed.now(), "retire K1"),
    )
    assert refusal(again, 5, "key K1 is retired (reset)")
