"""authenticatorCredentialManagement (6.8), by the standard's command or by the draft's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.softkey.conformance.client import RP, rp_hash
from tests.softkey.conformance.makes import MANAGED, SCOPED, makes
from tests.softkey.conformance.spec import Cmd, Manage, May, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client, Fields
    from tests.softkey.conformance.conftest import Rig

OTHER = "other.example"
STANDARD = makes(lambda profile: Cmd.CREDENTIAL_MANAGEMENT in profile.management.value)


class Manager:
    """Credential management by the first command that the make knows."""

    def __init__(self, rig: Rig, client: Client) -> None:
        self.client = client
        self.command = rig.profile.management.value[0]

    def ask(self, subcommand: int, params: Fields | None = None) -> Fields:
        return self.client.ok(self.command, self.fields(subcommand, params))

    def refused(self, subcommand: int, params: Fields | None = None) -> Status:
        return self.client.status(self.command, self.fields(subcommand, params))

    def fields(self, subcommand: int, params: Fields | None = None) -> Fields:
        token = self.client.token(May.MANAGE, None)
        return self.client.manage_fields(subcommand, params, token)

    def next(self, subcommand: int) -> Status:
        return self.client.status(self.command, {1: subcommand})

    def counts(self) -> tuple[int, int]:
        answer = self.ask(Manage.METADATA)
        return answer[1], answer[2]


@pytest.fixture
def manager(rig: Rig, known: Client) -> Manager:
    return Manager(rig, known)


def named(credential_id: bytes) -> dict[str, Any]:
    return {"type": "public-key", "id": credential_id}


@MANAGED
def test_6_8_the_commands_are_those_of_the_make(rig: Rig, client: Client) -> None:
    for command in (Cmd.CREDENTIAL_MANAGEMENT, Cmd.CREDENTIAL_MANAGEMENT_PREVIEW):
        knows = command in rig.profile.management.value
        expected = Status.MISSING_PARAMETER if knows else Status.INVALID_COMMAND
        assert client.status(command, {}) is expected


@MANAGED
def test_6_8_subcommands_are_known_and_numbers(manager: Manager) -> None:
    for subcommand in (0, 8, 0x7F):
        assert manager.refused(subcommand) is Status.INVALID_SUBCOMMAND
    status = manager.client.status(manager.command, {1: "list"})
    assert status is Status.CBOR_UNEXPECTED_TYPE


@MANAGED
@pytest.mark.parametrize("subcommand", [1, 2, 4, 6])
def test_6_8_without_the_pin_nothing_is_told(manager: Manager, subcommand: int) -> None:
    ask = manager.client.status
    assert ask(manager.command, {1: subcommand}) is Status.PUAT_REQUIRED
    good = manager.fields(subcommand, {1: rp_hash()})
    assert ask(manager.command, good | {3: 9}) is Status.INVALID_PARAMETER
    assert ask(manager.command, good | {4: b""}) is Status.PIN_AUTH_INVALID
    assert ask(manager.command, good | {4: bytes(32)}) is Status.PIN_AUTH_INVALID
    assert ask(manager.command, good | {2: {1: b"other"}}) is Status.PIN_AUTH_INVALID
    assert ask(manager.command, good | {2: b"params"}) is Status.CBOR_UNEXPECTED_TYPE
    del good[3]
    assert ask(manager.command, good) is Status.MISSING_PARAMETER


@SCOPED
@pytest.mark.parametrize("subcommand", [1, 2, 4, 6, 7])
def test_6_8_a_token_needs_the_cm_permission(known: Client, subcommand: int) -> None:
    known.make()
    token = known.token(May.MAKE | May.ASSERT)
    fields = known.manage_fields(subcommand, {1: rp_hash()}, token)
    assert known.status(Cmd.CREDENTIAL_MANAGEMENT, fields) is Status.PIN_AUTH_INVALID


@SCOPED
@pytest.mark.parametrize("subcommand", [Manage.METADATA, Manage.RPS_BEGIN])
def test_6_8_what_concerns_all_is_refused_to_a_token_for_one(
    known: Client, subcommand: int
) -> None:
    known.make()
    fields = known.manage_fields(subcommand, token=known.token(May.MANAGE, RP))
    assert known.status(Cmd.CREDENTIAL_MANAGEMENT, fields) is Status.PIN_AUTH_INVALID


@SCOPED
def test_6_8_a_token_for_one_relying_party_manages_that_one(known: Client) -> None:
    mine, other = known.make(b"a"), known.make(b"b", OTHER)

    def status(subcommand: int, params: Fields) -> Status:
        fields = known.manage_fields(subcommand, params, known.token(May.MANAGE, RP))
        return known.status(Cmd.CREDENTIAL_MANAGEMENT, fields)

    assert status(Manage.CREDENTIALS_BEGIN, {1: rp_hash()}) is Status.OK
    assert status(Manage.CREDENTIALS_BEGIN, {1: rp_hash(OTHER)}) is Status.PIN_AUTH_INVALID
    assert status(Manage.DELETE, {2: named(other.credential_id)}) is Status.PIN_AUTH_INVALID
    assert status(Manage.DELETE, {2: named(mine.credential_id)}) is Status.OK


@MANAGED
def test_6_8_2_metadata_counts_what_is_there_and_the_room(rig: Rig, manager: Manager) -> None:
    assert manager.counts() == (0, rig.profile.capacity)
    for user in (b"a", b"b"):
        manager.client.make(user)
    manager.client.make(b"c", rk=False)
    assert manager.counts() == (2, rig.profile.capacity - 2)


@MANAGED
def test_6_8_3_relying_parties_are_told_one_by_one(manager: Manager) -> None:
    for user, rp in ((b"a", RP), (b"b", OTHER), (b"c", RP)):
        manager.client.make(user, rp)
    first = manager.ask(Manage.RPS_BEGIN)
    second = manager.client.ok(manager.command, {1: Manage.RPS_NEXT})
    assert first[5] == 2
    assert 5 not in second
    assert {(each[3]["id"], each[4]) for each in (first, second)} == {
        (RP, rp_hash()),
        (OTHER, rp_hash(OTHER)),
    }
    assert manager.next(Manage.RPS_NEXT) is Status.NOT_ALLOWED


@MANAGED
def test_6_8_3_an_empty_key_has_no_relying_parties(manager: Manager) -> None:
    assert manager.refused(Manage.RPS_BEGIN) is Status.NO_CREDENTIALS


@MANAGED
def test_6_8_4_credentials_are_told_one_by_one(manager: Manager) -> None:
    made = {user: manager.client.make(user) for user in (b"a", b"b")}
    manager.client.make(b"c", OTHER)
    first = manager.ask(Manage.CREDENTIALS_BEGIN, {1: rp_hash()})
    second = manager.client.ok(manager.command, {1: Manage.CREDENTIALS_NEXT})
    assert first[9] == 2
    assert 9 not in second
    for told in (first, second):
        one = made.pop(told[6]["id"])
        assert told[6]["name"] == f"{told[6]['id'].hex()}@{RP}"
        assert told[7] == named(one.credential_id)
        assert told[8] == one.public_key
        assert told[10] == 1
    assert manager.next(Manage.CREDENTIALS_NEXT) is Status.NOT_ALLOWED


@MANAGED
def test_6_8_4_the_relying_party_is_named_by_its_hash(manager: Manager) -> None:
    manager.client.make()
    begin = Manage.CREDENTIALS_BEGIN
    assert manager.refused(begin, {}) is Status.MISSING_PARAMETER
    assert manager.refused(begin) is Status.MISSING_PARAMETER
    assert manager.refused(begin, {1: RP}) is Status.CBOR_UNEXPECTED_TYPE
    assert manager.refused(begin, {1: rp_hash(OTHER)}) is Status.NO_CREDENTIALS
    assert manager.refused(begin, {1: b"short"}) is Status.NO_CREDENTIALS


@MANAGED
@pytest.mark.parametrize("subcommand", [Manage.RPS_NEXT, Manage.CREDENTIALS_NEXT])
def test_6_8_without_a_beginning_there_is_no_next(manager: Manager, subcommand: int) -> None:
    assert manager.next(subcommand) is Status.NOT_ALLOWED


@MANAGED
def test_6_8_one_enumeration_does_not_go_on_as_another(manager: Manager) -> None:
    for rp in (RP, OTHER):
        manager.client.make(b"a", rp)
    manager.ask(Manage.RPS_BEGIN)
    assert manager.next(Manage.CREDENTIALS_NEXT) is Status.NOT_ALLOWED
    assert manager.next(Manage.RPS_NEXT) is Status.NOT_ALLOWED


@MANAGED
def test_6_8_another_command_or_time_ends_an_enumeration(rig: Rig, manager: Manager) -> None:
    for rp in (RP, OTHER):
        manager.client.make(b"a", rp)
    manager.ask(Manage.RPS_BEGIN)
    manager.client.info()
    assert manager.next(Manage.RPS_NEXT) is Status.NOT_ALLOWED
    manager.ask(Manage.RPS_BEGIN)
    rig.now += 31.0
    assert manager.next(Manage.RPS_NEXT) is Status.NOT_ALLOWED


@MANAGED
def test_6_8_5_a_deleted_credential_is_gone(manager: Manager) -> None:
    gone, kept = manager.client.make(b"a"), manager.client.make(b"b")
    assert manager.ask(Manage.DELETE, {2: named(gone.credential_id)}) == {}
    assert manager.counts()[0] == 1
    manager.client.sign(kept.credential_id)
    fields = manager.client.assert_fields(
        gone.credential_id, token=manager.client.token(May.ASSERT)
    )
    assert manager.client.status(Cmd.GET_ASSERTION, fields) is Status.NO_CREDENTIALS
    again = manager.refused(Manage.DELETE, {2: named(gone.credential_id)})
    assert again is Status.NO_CREDENTIALS


@MANAGED
def test_6_8_5_deleting_needs_a_credential(manager: Manager) -> None:
    assert manager.refused(Manage.DELETE) is Status.MISSING_PARAMETER
    assert manager.refused(Manage.DELETE, {2: b"id"}) is Status.CBOR_UNEXPECTED_TYPE
    assert manager.refused(Manage.DELETE, {2: {"type": "x"}}) is Status.MISSING_PARAMETER
    assert manager.refused(Manage.DELETE, {2: named(b"x" * 32)}) is Status.NO_CREDENTIALS


@STANDARD
def test_6_8_6_an_account_gets_new_names(manager: Manager) -> None:
    made = manager.client.make(b"a")
    user = {"id": b"a", "name": "new", "displayName": "New"}
    params = {2: named(made.credential_id), 3: user}
    assert manager.ask(Manage.UPDATE, params) == {}
    assert manager.client.sign()[0][4] == user
    # What is not given is no more.
    manager.ask(Manage.UPDATE, params | {3: {"id": b"a"}})
    assert manager.client.sign()[0][4] == {"id": b"a"}


@STANDARD
def test_6_8_6_an_account_keeps_its_id(manager: Manager) -> None:
    made = manager.client.make(b"a")
    here = {2: named(made.credential_id)}
    other = manager.refused(Manage.UPDATE, here | {3: {"id": b"b"}})
    assert other is Status.INVALID_PARAMETER
    assert manager.refused(Manage.UPDATE, here) is Status.MISSING_PARAMETER
    nobody = {2: named(b"x" * 32), 3: {"id": b"a"}}
    assert manager.refused(Manage.UPDATE, nobody) is Status.NO_CREDENTIALS


@makes(lambda profile: Cmd.CREDENTIAL_MANAGEMENT_PREVIEW in profile.management.value)
def test_the_draft_renames_no_account(manager: Manager) -> None:
    made = manager.client.make(b"a")
    manager.command = Cmd.CREDENTIAL_MANAGEMENT_PREVIEW
    params = {2: named(made.credential_id), 3: {"id": b"a"}}
    assert manager.refused(Manage.UPDATE, params) is Status.INVALID_SUBCOMMAND
    assert manager.counts()[0] == 1
