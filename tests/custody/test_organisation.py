"""The organisation file: the sample is right, and each mistake is named with its path."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from keyvault_kit.custody.organisation import parse
from keyvault_kit.errors import InputError
from keyvault_kit.rehearsal.run import sample_organisation

SAMPLE = sample_organisation()


def test_the_sample_is_right_and_every_set_of_it_needs_two() -> None:
    organisation = parse(SAMPLE)

    assert [account.threshold for account in organisation.accounts] == [2, 2]
    assert {key.account for key in organisation.keys} == {"bg1", "bg2"}
    assert {site.paper for site in organisation.sites} == {"A4", "Letter"}


def test_nobody_of_the_sample_reaches_a_key_and_its_pin_or_two_shares_of_a_set() -> None:
    organisation = parse(SAMPLE)
    openers = {safe.id: set(safe.openers) for safe in organisation.safes}

    def reach(item: str) -> set[str]:
        return openers[organisation.safe_of(item)]

    for key in organisation.keys:
        assert not reach(f"key:{key.tag}") & reach(f"pin:{key.tag}")
    for account in organisation.accounts:
        shares = [reach(f"share:{account.id}:{n}") for n in range(1, account.shares + 1)]
        assert sum(map(len, shares)) == len(set().union(*shares))


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


OBJECT_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def with_person(fields: str) -> str:
    """The sample without contacts: those fields for alice."""
    without = re.sub(r"contact = .*\n", "", SAMPLE)
    return swap('name = "Alice Archer"', f'name = "Alice Archer"\n{fields}')(without)


def with_account(fields: str) -> str:
    """The sample with other object ids: those fields for bg1, and none for bg2."""
    without = re.sub(r"object_id = .*\n", "", SAMPLE)
    return swap('id = "bg1"', f'id = "bg1"\n{fields}')(without)


def with_site(fields: str) -> str:
    return swap('id = "vault"', f'id = "vault"\n{fields}')(SAMPLE)


def with_envelope(holds: str) -> str:
    return f'{SAMPLE}\n[[envelopes]]\nholds = ["{holds}"]\nsafe = "hq-keys"\n'


def test_what_may_be_left_out_is_read_where_it_stands() -> None:
    days = "since = 2026-01-31\nuntil = 2027-01-31\n"
    alice, bob = parse(with_person(f'{days}contact = "+44 20 7946 0000"')).people[:2]
    bg1, bg2 = parse(with_account(f'object_id = "{OBJECT_ID}"')).accounts

    assert (alice.since, alice.until) == (date(2026, 1, 31), date(2027, 1, 31))
    assert alice.contact == "+44 20 7946 0000"
    assert (bob.since, bob.until, bob.contact) == (None, None, "")
    assert (bg1.object_id, bg2.object_id) == (OBJECT_ID, None)


def test_a_site_may_name_the_envelope_of_its_paper() -> None:
    envelopes = {site.id: site.envelope for site in parse(with_site('envelope = "#10"')).sites}

    assert envelopes.pop("vault") == "#10"
    assert set(envelopes.values()) == {None}


def test_the_stations_identity_lies_in_an_envelope_or_in_none() -> None:
    last = '[[envelopes]]\nholds = ["identity:station"]\nsafe = "vault-shares"\n'

    assert parse(SAMPLE).holds_identity()
    assert parse(SAMPLE).safe_of("identity:station") == "vault-shares"
    assert not parse(swap(last, "")(SAMPLE)).holds_identity()


OPTIONAL_MISTAKES = {
    "a day with a time": (
        with_person("since = 2026-01-31T09:00:00Z"),
        "people[0].since: Expected `date | null`, got `datetime`",
    ),
    "a day that is none": (with_person('until = "soon"'), "people[0].until: Invalid"),
    "an authority that ends before it begins": (
        with_person("since = 2026-02-01\nuntil = 2026-01-31"),
        "people[0].until",
    ),
    "a contact too long for a row": (
        with_person(f'contact = "{"1" * 201}"'),
        "people[0].contact: Expected `str` of length <= 200",
    ),
    "an envelope of another paper": (
        with_site('envelope = "DL"'),
        "].envelope: Letter paper is folded for #10, not for DL",
    ),
    "an envelope that there is not": (
        with_site('envelope = "DL-B"'),
        "].envelope: Invalid enum value 'DL-B'",
    ),
    "an object id in capitals": (
        with_account(f'object_id = "{OBJECT_ID.upper()}"'),
        "accounts[0].object_id: Expected `str`",
    ),
    "an object id in braces": (
        with_account(f'object_id = "{{{OBJECT_ID}}}"'),
        "accounts[0].object_id: Expected `str`",
    ),
    "an identity in two envelopes": (
        with_envelope("identity:station"),
        "envelopes[15].holds[0]: identity:station lies in envelopes[14] already",
    ),
    "an identity of something else": (
        with_envelope("identity:bg1"),
        "envelopes[15].holds[0]: 'identity:bg1' is nothing that this file describes",
    ),
}


@pytest.mark.parametrize("mistake", OPTIONAL_MISTAKES)
def test_a_mistake_in_what_may_be_left_out_is_named_too(mistake: str) -> None:
    text, message = OPTIONAL_MISTAKES[mistake]

    with pytest.raises(InputError, match=re.escape(message)):
        parse(text)


MISTAKES = {
    "unknown field": (
        swap('name = "Alice Archer"', 'name = "Alice Archer"\nrank = 3'),
        "people[0].rank: unknown field",
    ),
    "unknown field at the top": (swap("name = ", "nam = "), "nam: unknown field"),
    "missing field": (swap('name = "Bob Baker"\n', ""), "people[1].name: this field is missing"),
    "safe without openers": (
        swap('openers = ["carol", "dave", "ivan"]', "openers = []"),
        "safes[0].openers: safe hq-keys has no openers",
    ),
    "more openers needed than there are": (
        swap('openers = ["carol", "dave", "ivan"]', 'openers = ["carol", "dave"]\nneed = 3'),
        "safes[0].need: safe hq-keys needs 3 openers and has 2",
    ),
    "an opener twice": (
        swap('openers = ["carol", "dave", "ivan"]', 'openers = ["carol", "carol"]'),
        "safes[0].openers: safe hq-keys names an opener twice",
    ),
    "duplicate person": (
        swap('id = "bob"', 'id = "alice"'),
        "people[1].id: 'alice' is the id of people[0] already",
    ),
    "duplicate key": (
        swap('tag = "K2"', 'tag = "K1"'),
        "keys[1].tag: 'K1' is the tag of keys[0] already",
    ),
    "fewer shares than the threshold": (
        swap("threshold = 2\nshares = 3", "threshold = 4\nshares = 3"),
        "accounts[0].shares: 3 shares are fewer than the threshold 4",
    ),
    "one share is enough": (
        swap("threshold = 2", "threshold = 1"),
        "accounts[0].threshold: a threshold of 1 lets one person alone sign in",
    ),
    "missing person": (
        swap('openers = ["grace", "heidi", "kate"]', 'openers = ["grace", "zoe"]'),
        "safes[2].openers[1]: there is no person 'zoe' in this file",
    ),
    "missing site": (
        swap('site = "branch"', 'site = "moon"'),
        "safes[1].site: there is no site 'moon' in this file",
    ),
    "missing safe": (
        swap('safe = "vault-shares"', 'safe = "cupboard"'),
        "envelopes[10].safe: there is no safe 'cupboard' in this file",
    ),
    "missing account": (
        swap('account = "bg2"', 'account = "bg9"'),
        "keys[2].account: there is no account 'bg9' in this file",
    ),
    "key and PIN in one envelope": (
        swap('holds = ["key:K1"]', 'holds = ["key:K1", "pin:K1"]'),
        "envelopes[0].holds: a key and a PIN lie in one envelope (S36)",
    ),
    "a thing in two envelopes": (
        swap('holds = ["pin:K2"]', 'holds = ["pin:K1"]'),
        "envelopes[3].holds[0]: pin:K1 lies in envelopes[1] already",
    ),
    "a thing that nothing describes": (
        swap('holds = ["share:bg2:3"]', 'holds = ["share:bg2:4"]'),
        "envelopes[13].holds[0]: 'share:bg2:4' is nothing that this file describes",
    ),
    "a thing in no envelope": (
        swap('[[envelopes]]\nholds = ["share:bg2:3"]\nsafe = "vault-shares"\n', ""),
        "envelopes: no envelope holds share:bg2:3",
    ),
    "one founder": (
        swap("founder = true", "founder = false"),
        "people: two people or more must be founders",
    ),
    "an account with one key": (
        swap('tag = "K4"\naccount = "bg2"', 'tag = "K4"\naccount = "bg1"'),
        "accounts[1].id: account bg2 has 1 key(s), not two (S17)",
    ),
    "two accounts with one sign-in name": (
        swap("bg2@example", "BG1@example"),
        "accounts[1].upn: 'BG1@example.onmicrosoft.com' is the upn of accounts[0] already",
    ),
    "two tags that differ in case alone": (
        swap('tag = "K2"', 'tag = "k1"'),
        "keys[1].tag: 'k1' is the tag of keys[0] already",
    ),
    "two primary keys": (
        swap('use = "backup"', 'use = "primary"'),
        "accounts[0].id: account bg1 has 2 primary keys",
    ),
    "no sign-in name": (
        swap("bg1@example.onmicrosoft.com", "bg1"),
        "accounts[0].upn: 'bg1' is no sign-in name",
    ),
    "no role": (swap('roles = ["witness"]', "roles = []"), "people[8].roles: ivan has no role"),
    "no name": (swap('"Example Organisation"', '""'), "name: Expected `str` of length >= 1"),
    "a name too long for paper": (
        swap("Alice Archer", "A" * 61),
        "people[0].name: Expected `str` of length <= 60",
    ),
    "an id with a line end": (swap('id = "hq"', r'id = "hq\n"'), "sites[0].id: Expected `str`"),
    "a number beyond all bounds": (swap("shares = 3", f"shares = {'9' * 5000}"), "is not TOML"),
    "an unknown role": (
        swap('roles = ["auditor"]', 'roles = ["king"]'),
        "people[4].roles[0]: Invalid enum value 'king'",
    ),
    "no auditor": (swap('roles = ["auditor"]', 'roles = ["witness"]'), "people: 1 with the role"),
    "an id with a space": (swap('id = "alice"', 'id = "al ice"'), "people[0].id: Expected `str`"),
    "a word for a number": (swap("shares = 3", 'shares = "3"'), "accounts[0].shares: Expected"),
    "no TOML": (swap("[[people]]", "[[people"), "organisation file is not TOML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_path(mistake: str) -> None:
    change, message = MISTAKES[mistake]

    with pytest.raises(InputError, match=re.escape(message)):
        parse(change(SAMPLE))
