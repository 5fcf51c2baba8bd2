"""The queries, judged by Microsoft's parser, and what stands in them."""

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.model import Mode
from keyvault_kit.entra.artefacts import kql
from keyvault_kit.entra.artefacts.monitoring import EVERY
from keyvault_kit.entra.artefacts.wanted import Names, Wanted
from keyvault_kit.errors import InputError
from tests.custody.rules.tenants import now, register
from tests.entra.kusto import assert_sound, faults, readings
from tests.entra.making import used, wanted
from tests.kusto_parser import demand_pinned

AWKWARD = ("o'hara", 'say "x"', "back\\slash", "\\", '\\"', "tab\tend", "Зоя", "", "// no comment")


def texts(it: Wanted) -> dict[str, str]:
    return {its.name: its.content.decode() for its in kql.artefacts(it)}


def query(it: Wanted, name: str) -> str:
    return texts(it)[f"kql/{name}.kql"]


def rehearsed(it: Wanted) -> Wanted:
    its = it.register.copy()
    its.mode = Mode.REHEARSAL
    return replace(it, register=its)


def without_object_id(it: Wanted, account: str) -> Wanted:
    its = it.register.copy()
    its.accounts[account] = replace(its.accounts[account], object_id=None)
    return replace(it, register=its)


@pytest.mark.needs("node")
def test_microsofts_parser_takes_every_query_and_knows_every_name_in_it() -> None:
    assert_sound(texts(wanted()))
    assert_sound(texts(wanted(used())))
    assert_sound(texts(rehearsed(wanted())))
    assert_sound(texts(without_object_id(wanted(), "bg1")))
    assert_sound({its.name: its.text(EVERY) for its in kql.queries(wanted())})


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("SigninLogs\nwhere UserId == 'x'", "cannot be the first operator"),
        ("SigninLogs\n| where UserIdentifier == 'x'", "UserIdentifier"),
        ("SigninLog\n| take 1", "SigninLog"),
        ("SigninLogs\n| where UserId = 'x'", "must have the type bool"),
        ("SigninLogs\n| where UserId ==", "expression"),
    ],
)
def test_the_parser_finds_what_is_wrong(broken: str, said: str) -> None:
    found = faults(broken)

    assert any(said in it.message for it in found), found
    assert all(it.line <= 2 for it in found)


@pytest.mark.needs("node")
def test_whatever_is_quoted_is_read_as_it_was() -> None:
    asked = ", ".join(f"c{at} = {kql.quoted(it)}" for at, it in enumerate(AWKWARD))

    (reading,) = readings({"all": f"print {asked}"}).values()

    assert not reading.faults
    assert reading.texts == AWKWARD


@pytest.mark.needs("node")
def test_a_policy_with_an_awkward_name_is_watched_under_that_name() -> None:
    name = 'Grant "emergency" \\ o\'hara'
    it = replace(wanted(), names=Names(policy=name))

    (reading,) = readings({"policy": query(it, "04-policy")}).values()

    assert not reading.faults
    assert name in reading.texts


def test_every_account_has_a_clause_of_its_own_by_object_id() -> None:
    for name in ("01-sign-in", "02-account"):
        lines = query(wanted(), name).splitlines()
        for account in register().accounts.values():
            (clause,) = [line for line in lines if line.endswith(f"// {account.id}")]
            assert f'"{account.object_id}"' in clause
            assert account.upn not in clause


def test_an_account_without_an_object_id_is_watched_by_its_name() -> None:
    it = without_object_id(wanted(), "bg1")
    (clause,) = [line for line in query(it, "01-sign-in").splitlines() if "// bg1" in line]
    assert clause == f'| where UserPrincipalName =~ "{register().accounts["bg1"].upn}" // bg1'


def test_sign_ins_are_read_from_both_tables_even_where_one_has_no_row_yet() -> None:
    for its in (query(wanted(), "01-sign-in"), kql.queries(wanted())[0].text(EVERY)):
        assert "union isfuzzy=true" in its
        assert "SigninLogs" in its.replace("AADNonInteractiveUserSignInLogs", "")
        assert "AADNonInteractiveUserSignInLogs" in its


def test_no_query_needs_a_watchlist_or_leaves_failures_out() -> None:
    for text in texts(wanted()).values():
        assert "_GetWatchlist" not in text
        assert "| where Result" not in text


def test_the_group_is_the_tenants_or_what_will_be_its_id() -> None:
    directory = used()
    ours = [account.object_id or "" for account in register().accounts.values()]
    group = directory.add_group("Emergency Access", *ours, isAssignableToRole=True)["id"]

    seen, unseen = wanted(directory), wanted(used())

    for name in ("03-group", "04-policy"):
        assert f'contains "{group}"' in query(seen, name)
        assert 'contains "{{emergency_group_object_id}}"' in query(unseen, name)


def test_each_file_says_in_comments_what_it_is_and_serves() -> None:
    for its in kql.artefacts(wanted()):
        first, second, *_ = its.content.decode().splitlines()
        assert first == f"// {its.about}."
        assert second == f"// Serves {', '.join(its.serves)}."


def test_in_a_rehearsal_every_file_and_every_object_id_says_so() -> None:
    it = rehearsed(wanted())
    for name, text in texts(it).items():
        assert text.startswith("// REHEARSAL: for no tenant.\n"), name
        for account in register().accounts.values():
            assert account.object_id
            assert account.object_id not in text
    assert '"REHEARSAL-bg1" // bg1' in query(it, "01-sign-in")


def test_without_accounts_there_is_nothing_to_watch() -> None:
    its = register().copy()
    its.accounts = {}

    with pytest.raises(InputError, match="no account that could be watched"):
        kql.queries(Wanted(register=its, now=now()))


def test_another_archive_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(InputError, match="not what was pinned"):
        demand_pinned(b"another")
