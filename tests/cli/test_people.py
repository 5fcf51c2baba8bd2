"""`keyvault people`: who may act; and, by this verb, how every change is asked for and refused."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

ADD: Final = ("people", "add", "dave", "--name", "Dave Dyer", "--role", "witness")


def person(desk: "Desk", name: str) -> dict[str, object]:
    """What `people list --json` says of a person."""
    (its,) = [it for it in json.loads(desk.read("people", "list", "--json")) if it["id"] == name]
    assert isinstance(its, dict)
    return its


def assert_nothing_was_entered(desk: "Desk", since: int) -> None:
    """Nothing was, but perhaps that people read the time."""
    assert set(desk.kinds(since)) <= {"clock.checked"}
    assert "dave" not in desk.register.people


# --- Who they are


def test_people_are_added_changed_and_listed(desk: "Desk") -> None:
    since = ("--since", "2026-01-01", "--until", "2031-12-31")
    done = desk.do(*ADD, "--contact", "dave@example.org", *since)
    assert f"The ledger has {len(desk.entries)} entries." in done.stdout
    assert person(desk, "dave") == {
        "id": "dave",
        "name": "Dave Dyer",
        "roles": ["witness"],
        "since": "2026-01-01",
        "until": "2031-12-31",
        "absences": [],
        "key": None,
    }

    roles = ("--role", "witness", "--role", "custodian")
    desk.do("people", "change", "dave", *roles, "--until", "2032-12-31")

    changed = person(desk, "dave")
    assert (changed["name"], changed["roles"]) == ("Dave Dyer", ["witness", "custodian"])
    assert (changed["since"], changed["until"]) == ("2026-01-01", "2032-12-31")
    (row,) = [it for it in desk.read("people", "list").splitlines() if it.startswith("dave")]
    assert all(it in row for it in ("Dave Dyer", "witness, custodian", "2026-01-01 - 2032-12-31"))
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


def test_a_name_is_changed_and_the_old_one_is_gone(desk: "Desk") -> None:
    desk.do(*ADD)
    desk.do("people", "change", "dave", "--name", "Dave Doe")

    assert person(desk, "dave")["name"] == "Dave Doe"
    assert b"Dave Dyer" not in desk.ledger.read_bytes()
    desk.read("ledger", "verify")


def test_whoever_confirms_sees_all_that_is_entered(desk: "Desk") -> None:
    until = ("--until", "2031-12-31")
    added = desk.do(*ADD, "--contact", "dave@example.org", *until).stderr
    changed = desk.do("people", "change", "dave", "--role", "custodian").stderr

    assert all(it in added for it in ("Dave Dyer", "dave@example.org", "witness", "2031-12-31"))
    assert "custodian" in changed


def test_a_change_names_something(desk: "Desk") -> None:
    before = desk.ledger.read_bytes()

    done = desk.sit("people", "change", "carol", *desk.by)

    assert done.returncode == 2
    assert desk.ledger.read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["", "Dave\x1b[2JDyer", "Dave\nDyer", b"Dave \xff".decode(errors="surrogateescape"), "ดาว"],
    ids=("nothing", "escape", "newline", "not UTF-8", "not in the fonts"),
)
def test_a_name_is_one_that_can_be_shown_and_printed(desk: "Desk", name: str) -> None:
    before = len(desk.entries)

    done = desk.sit("people", "add", "dave", "--name", name, "--role", "witness", *desk.by)

    assert done.returncode == 2
    assert "Invalid value for '--name'" in done.stderr
    assert_nothing_was_entered(desk, before)


# --- Erasing


def test_nothing_is_erased_that_is_still_kept(desk: "Desk", refusal: Refusal) -> None:
    before = desk.ledger.read_bytes()

    done = desk.sit("people", "erase", "--expired", *desk.by, typed=("erase expired",))

    assert refusal(done, 2, "nothing to erase")
    assert desk.ledger.read_bytes() == before


def test_an_erased_name_is_gone_from_every_byte(desk: "Desk") -> None:
    desk.do(*ADD, "--contact", "dave@example.org")
    days = ("--from", "2026-11-01", "--until", "2099-12-01")
    desk.do("people", "absent", "dave", *days, "--why", "sabbatical")
    words = (b"Dyer", b"dave@example.org", b"sabbatical", b"2099-12-01")
    assert all(word in desk.ledger.read_bytes() for word in words)

    desk.do("people", "erase", "dave", typed=("erase dave",))

    left = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert not [(path, word) for path in left for word in words if word in path.read_bytes()]
    assert person(desk, "dave")["name"] == "(erased)"
    assert "dave   (erased)" in desk.read("people", "list")
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


def test_an_erased_person_still_has_roles_and_may_get_a_name_again(desk: "Desk") -> None:
    desk.do(*ADD)
    desk.do("people", "erase", "dave", typed=("erase dave",))
    desk.do("people", "change", "dave", "--role", "custodian")
    assert person(desk, "dave")["roles"] == ["custodian"]
    desk.do("people", "change", "dave", "--name", "Dave Doe")

    assert person(desk, "dave")["name"] == "Dave Doe"
    desk.read("ledger", "verify")


@pytest.mark.parametrize("typed", ["y", "Erase carol"])
def test_only_the_exact_words_erase(desk: "Desk", typed: str, refusal: Refusal) -> None:
    before = len(desk.entries)

    done = desk.sit("people", "erase", "carol", *desk.by, typed=(typed, "n", "n"))

    assert refusal(done, 5, "the words were not typed", "erase carol")
    assert_nothing_was_entered(desk, before)
    assert person(desk, "carol")["name"] == "Carol Carter"


# --- How every change is confirmed


@pytest.mark.parametrize(("typed", "status"), [(("n",), 5), ((), 130)])
def test_without_a_yes_nothing_is_entered(
    desk: "Desk", typed: tuple[str, ...], status: int
) -> None:
    before = len(desk.entries)

    done = desk.sit(*ADD, *desk.by, typed=typed)

    assert done.returncode == status
    assert_nothing_was_entered(desk, before)


def test_a_no_is_an_answer_that_is_not_asked_for_again(desk: "Desk") -> None:
    done = desk.sit(*ADD, *desk.by, typed=("n",))

    assert done.returncode == 5
    assert "Try this step again?" not in done.stderr


@pytest.mark.parametrize("lines", [0, 1])
def test_an_end_of_input_at_the_time_changes_no_byte(desk: "Desk", lines: int) -> None:
    before = desk.ledger.read_bytes()

    done = desk.run(*ADD, *desk.by, typed=(desk.now(),) * lines)

    assert done.returncode == 130
    assert done.stderr.endswith("Interrupted.\n")
    assert desk.ledger.read_bytes() == before


def test_of_two_at_once_one_is_refused_and_begins_again(desk: "Desk", refusal: Refusal) -> None:
    with desk.start(*ADD, *desk.by) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(f"{desk.now()}\n{desk.now()}\n")
        process.stdin.flush()
        while "change-1 1/1" not in process.stderr.readline():
            assert process.poll() is None
        desk.do("sites", "add", "north")
        process.stdin.write("y\n")
        process.stdin.close()
        process.stdin = None
        told = process.stderr.read()

    assert refusal(subprocess.CompletedProcess((), process.returncode, "", told), 5), told
    assert "north" in desk.register.sites
    assert "dave" not in desk.register.people
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


# --- Who may


@pytest.mark.parametrize("by", [("--by", "alice"), ("--by", "alice", "--by", "alice")])
def test_one_alone_is_a_usage_error(desk: "Desk", by: tuple[str, ...]) -> None:
    before = desk.ledger.read_bytes()

    done = desk.sit(*ADD, *by)

    assert done.returncode == 2
    assert "name the two who do it together" in done.stderr
    assert "alice, bob, carol, erin" in done.stderr
    assert desk.ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("erin", "erin is auditor: to add a person takes officer"),
        ("carol", "carol is custodian: to add a person takes officer"),
        ("zoe", "zoe cannot sign: there is no signing key"),
    ],
)
def test_who_may_not_is_refused_and_nothing_is_entered(
    desk: "Desk", who: str, why: str, refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.sit(*ADD, "--by", "alice", "--by", who)

    assert refusal(done, 5, why)
    assert_nothing_was_entered(desk, before)


def test_an_authority_that_has_ended_is_none(desk: "Desk", refusal: Refusal) -> None:
    desk.do("people", "add", "dora", "--name", "Dora Dale", "--role", "officer")
    desk.do("people", "enrol", "dora", typed=("1",) * 3)
    desk.do("people", "change", "dora", "--until", "2020-01-31")
    before = len(desk.entries)

    done = desk.sit(*ADD, "--by", "alice", "--by", "dora")

    assert refusal(done, 5, "the authority of dora ended on 2020-01-31")
    assert_nothing_was_entered(desk, before)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("add", "carol", "--name", "C", "--role", "witness"), 5, "there is a person 'carol'"),
        (("add", "d", "--name", "D", "--role", "witness", "--role", "witness"), 5, "one twice"),
        (
            (
                *("add", "d", "--name", "D", "--role", "witness"),
                *("--since", "2026-02-01", "--until", "2026-01-01"),
            ),
            5,
            "end before it begins",
        ),
        (("erase", "zoe"), 5, "no person 'zoe'"),
        (("revoke", "zoe", "--why", "left"), 5, "no signer 'zoe'"),
        (("revoke", "alice", "--why", "lost"), 5, "the signatures of two other signers"),
    ],
)
def test_what_cannot_be_is_refused(
    desk: "Desk", words: tuple[str, ...], status: int, message: str, refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.sit("people", *words, *desk.by)

    assert refusal(done, status, message), done.stderr
    assert_nothing_was_entered(desk, before)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add", "d d", "--name", "D", "--role", "witness"), "is no id"),
        (("add", "d", "--name", "D", "--role", "king"), "'king' is not one of"),
        (("add", "d", "--name", "D"), "--role"),
        (("change", "carol", "--contact", "x"), "--contact goes with --name"),
        (("change", "carol", "--since", "2027-02-30"), "2027-02-30"),
        (("absent", "carol", "--from", "2026-02-02", "--until", "2026-02-01"), "before it begins"),
        (("erase",), "name a person, or --expired"),
        (("erase", "carol", "--expired"), "name a person, or --expired"),
    ],
)
def test_usage_errors_come_before_anybody_is_asked(
    desk: "Desk", words: tuple[str, ...], message: str
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.ask("people", *words, *desk.by)

    assert done.returncode == 2
    assert message in done.stderr
    assert "the time from a source" not in done.stderr
    assert desk.ledger.read_bytes() == before


# --- Signing keys


def test_a_key_is_replaced_and_revoked_by_two_others(desk: "Desk") -> None:
    first = person(desk, "carol")["key"]
    desk.do("people", "replace", "carol", "--why", "lost", typed=("1",) * 3)
    second = person(desk, "carol")["key"]
    done = desk.do("people", "revoke", "carol", "--why", "left", typed=())

    assert len({first, second, None}) == 3
    assert person(desk, "carol")["key"] is None
    assert "Signers are now alice, bob, erin." in done.stdout
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


def test_enrolling_never_replaces_a_key_unasked(desk: "Desk", refusal: Refusal) -> None:
    before = person(desk, "carol")["key"]

    done = desk.sit("people", "enrol", "carol", *desk.by, typed=())

    assert refusal(done, 5, "replace"), done.stdout
    assert person(desk, "carol")["key"] == before


# --- The time


@pytest.mark.parametrize(
    ("typed", "status", "message"),
    [
        (("lunch", "n"), 2, "'lunch' is no time"),
        (("{now}", "2020-01-01 10:00", "n"), 5, "the two sources differ"),
        (("2020-01-01 10:00", "2020-01-01 10:01", "n", "n"), 5, " s ahead"),
        (("2099-01-01 10:00", "2099-01-01 10:00", "n", "n"), 5, " s behind"),
    ],
)
def test_a_wrong_time_is_said_so_and_nothing_is_entered(
    desk: "Desk", typed: tuple[str, ...], status: int, message: str, refusal: Refusal
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.run(*ADD, *desk.by, typed=tuple(it.format(now=desk.now()) for it in typed))

    assert refusal(done, status, message), done.stderr
    assert desk.ledger.read_bytes() == before


def test_a_mistyped_time_may_be_typed_again(desk: "Desk") -> None:
    now = desk.now()

    done = desk.run(*ADD, *desk.by, typed=("lunch", "y", now, f"{now}Z", "y"))

    assert done.returncode == 0, done.stderr
    assert "dave" in desk.register.people


def test_two_may_go_on_with_a_wrong_clock_and_sign_that(desk: "Desk") -> None:
    before, wrong = len(desk.entries), f"{datetime.now(UTC) + timedelta(hours=3):%Y-%m-%d %H:%M}"

    done = desk.run(*ADD, *desk.by, typed=(wrong, wrong, "y", "y"))

    assert done.returncode == 0, done.stderr
    assert "s behind. Go on all the same? Then both of you sign that." in done.stderr
    assert desk.kinds(before)[:3] == ["acts.signed", "clock.overruled", "acts.signed"]
    assert desk.register.offset in range(3 * 3600 - 60, 3 * 3600 + 1)
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")
