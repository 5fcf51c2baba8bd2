"""A secret in the wrong place: what people type of a ceremony is kept only where it holds none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import slips
from keyvault_kit.ceremonies.closing import DISAGREES
from keyvault_kit.ceremonies.interaction import OffScript, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ceremonies.conftest import Desk

PASSWORD = "7Kb3QxWm9pLdTz4HnVcR2sYgEa8fJuXw5BtNqMhDk6Gv"
PIN = "40718295"
SHARE = " ".join(WORDS[100:120])
BY = ("alice", "bob")


def groups(text: str) -> str:
    """A text as it is shown and printed: in groups of four."""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


# --- What is a slip


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        f"it said {groups(PASSWORD)}, and then nothing",
        PASSWORD[:22].upper(),
        groups(PASSWORD[22:]).lower(),
        PASSWORD[13:21],
        f"the pin is {PIN[:4]} {PIN[4:]}",
    ],
)
def test_a_secret_in_hand_is_told_in_any_writing(text: str) -> None:
    with Secret.from_text(PASSWORD) as password, Secret.from_text(PIN) as pin:
        assert slips.holds(text, (password, pin))


def test_bytes_in_hand_are_told_by_the_digits_that_a_sheet_has() -> None:
    with Secret(bytes(range(16))) as salt:
        assert slips.holds("its salt is 0001-0203-0405-0607", (salt,))
        assert not slips.holds("there is no salt in it", (salt,))


def test_what_was_wiped_is_passed_over() -> None:
    secret = Secret.from_text(PASSWORD)
    secret.wipe()

    assert not slips.holds(PASSWORD, (secret,))


def test_words_of_a_share_in_hand_are_ordinary_words() -> None:
    with Secret.from_text(SHARE) as share:
        assert not slips.holds(f"the {WORDS[100]} was {WORDS[101]} all day", (share,))
        assert slips.has_share(SHARE)


@pytest.mark.parametrize(
    ("text", "is_share"),
    [
        (SHARE.upper(), True),
        (", ".join(WORDS[:10]), True),
        (" ".join(word[:4] for word in WORDS[:10]), True),
        (" ".join(f"{n}. {word}" for n, word in enumerate(WORDS[300:305], 1)), True),
        (" ".join(WORDS[:9]), False),
        ("The bag was torn at a seam, so we took another one out of the box beside it.", False),
    ],
)
def test_ten_words_of_the_list_in_a_row_are_a_share(text: str, is_share: bool) -> None:  # noqa: FBT001
    assert slips.has_share(text) is is_share


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        (PASSWORD[:22], True),
        (f"half of it: {groups(PASSWORD[:24])}", True),
        (f" {PIN} ", True),
        (SHARE, True),
        ("the serial number on its label is 14836211", False),
        ("sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", False),
        ("object 2f0f9a51-6a0c-4d2a-8f43-1c9d2f5a7f10", False),
        ("bag BAG-1041200-1 had none", False),
        ("", False),
    ],
)
def test_what_looks_like_a_secret_is_told_from_what_people_say(text: str, looks: bool) -> None:  # noqa: FBT001
    assert slips.looks_secret(text) is looks


# --- What becomes of it


def ceremony(*acts: object) -> Ceremony:
    steps = tuple(
        Step(id=f"step-{n}", activity=f"Do thing {n}", by=BY, act=act)  # type: ignore[arg-type]
        for n, act in enumerate(acts, 1)
    )
    return Ceremony(
        id="trial-1", plan=Plan("trial", lambda _register, _request: steps), request={}, people=BY
    )


def nothing(_: Work) -> Sequence[ev.Fact]:
    return []


def hold(work: Work) -> Sequence[ev.Fact]:
    work.hands.take("password", Secret.from_text(PASSWORD))
    return []


def test_an_exception_is_kept_without_the_password_that_was_typed_into_it(desk: Desk) -> None:
    raised = [OffScript()]

    def surprised(_: Work) -> Sequence[ev.Fact]:
        if raised:
            raise raised.pop()
        return []

    leaks = (groups(PASSWORD), PASSWORD[22:], SHARE, "a\tb")
    desk.people.says[Topic.EXCEPTION] = ["a bag", *leaks, "it was torn", "another"]

    desk.run(ceremony(hold, surprised))

    (only,) = desk.register.ceremonies["trial-1"].exceptions
    row = desk.book.row_behind(only.details)
    assert (row["expected"], row["happened"], row["decided"]) == ("a bag", "it was torn", "another")
    told = desk.people.texts(Topic.NOTE)
    assert len([it for it in told if "held a secret" in it]) == 3
    assert len([it for it in told if "cannot be shown" in it]) == 1
    assert all("never a secret" in it for it in desk.people.texts(Topic.EXCEPTION))
    kept = desk.path.read_bytes()
    assert not [it for it in leaks[:3] if it.encode() in kept or it in " ".join(told)]


def test_who_does_not_agree_says_why_without_the_password(desk: Desk) -> None:
    desk.people.says[Topic.AGREEMENT] = [DISAGREES]
    desk.people.says[Topic.REMARK] = [PASSWORD, "the bag was torn"]

    desk.run(ceremony(nothing, nothing))

    (said, _) = desk.register.ceremonies["trial-1"].agreements
    assert desk.book.row_behind(said.details or "")["why"] == "the bag was torn"
    assert PASSWORD.encode() not in desk.path.read_bytes()


@pytest.mark.parametrize("at_once", [False, True])
def test_what_is_entered_is_no_secret_in_hand(desk: Desk, at_once: bool) -> None:  # noqa: FBT001
    typed = [PASSWORD[:22], "BAG-9"]

    def bag(work: Work) -> Sequence[ev.Fact]:
        number = typed.pop(0)
        found = ev.FindingMade(rule="bag-another", subject=number, what="a bag", mend="")
        if at_once:
            work.observe(found)
            return []
        return [found]

    desk.people.says[Topic.RETRY] = [True]
    desk.run(ceremony(hold, bag))

    assert [it.subject for it in desk.register.findings] == ["BAG-9"]
    (retry,) = desk.people.texts(Topic.RETRY)
    assert "what was typed is a secret, and was not entered" in retry
    assert PASSWORD[:22] not in retry
    assert PASSWORD[:22].encode() not in desk.path.read_bytes()


@pytest.mark.parametrize("text", [PASSWORD[:22], SHARE])
def test_a_row_is_not_written_with_a_secret_in_it(desk: Desk, text: str) -> None:
    work = desk.work(*BY)
    hold(work)

    with pytest.raises(InputError, match="holds a secret, and was not kept") as refused:
        work.write_down({"why": f"because of {text}"})

    assert text not in str(refused.value)
    assert work.details == []
