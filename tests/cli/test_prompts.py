"""The terminal as an interaction: what it asks, and what an empty answer means."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from keyvault_kit.ceremonies.interaction import Interaction, OffScript, Prompt, Topic
from keyvault_kit.cli.prompts import TerminalInteraction
from keyvault_kit.errors import RefusedError
from keyvault_kit.secret import Secret

PROMPT = Prompt(topic=Topic.NOTE, text="Does it lie there?", person="alice", subject="e1")

Answer = Callable[[Interaction], object]


def answered(typed: str, ask: Answer) -> tuple[object, str]:
    """What comes of typing that, and what was printed on stderr."""
    with CliRunner().isolation(input=typed) as (_, stderr, _):
        answer = ask(TerminalInteraction())
        return answer, stderr.getvalue().decode()


def test_a_question_defaults_to_no() -> None:
    for typed, expected in (("\n", False), ("n\n", False), ("y\n", True)):
        answer, printed = answered(typed, lambda people: people.confirm(PROMPT))
        assert answer is expected
        assert "Does it lie there? [y/N]" in printed


def test_a_choice_is_asked_again_until_it_is_one() -> None:
    answer, printed = answered("0\n3\n2\n", lambda it: it.choose(PROMPT, ("left", "right")))

    assert answer == 1
    assert printed.count("type a number from 1 to 2") == 2


def test_a_text_may_be_empty() -> None:
    assert answered("\n", lambda it: it.ask(PROMPT))[0] == ""
    assert answered("BAG-1\n", lambda it: it.ask(PROMPT))[0] == "BAG-1"


def test_a_pin_is_a_secret_and_not_printed() -> None:
    answer, printed = answered("31415926\n", lambda it: it.ask_pin(PROMPT))

    assert answer == Secret.from_text("31415926")
    assert "31415926" not in printed


def test_what_is_told_goes_to_stderr() -> None:
    def tell(people: Interaction) -> None:
        people.show(PROMPT)
        people.touch(PROMPT)
        people.progress("seal-bg1-1", 2, 14, "Print it")
        people.wait_for_key(PROMPT)

    _, printed = answered("\n", tell)

    assert printed.count("Does it lie there?") == 3
    assert "seal-bg1-1 2/14  Print it" in printed


def test_a_secret_is_not_revealed_into_a_pipe() -> None:
    with pytest.raises(RefusedError, match="terminal only"):
        answered("", lambda it: it.reveal(PROMPT, Secret(b"secret"), seconds=1))


@pytest.mark.parametrize(
    "ask",
    [
        lambda it: it.confirm(PROMPT),
        lambda it: it.choose(PROMPT, ("left", "right")),
        lambda it: it.ask(PROMPT),
        lambda it: it.ask_pin(PROMPT),
        lambda it: it.wait_for_key(PROMPT),
    ],
)
def test_at_every_question_it_can_be_said_that_something_is_not_as_planned(ask: Answer) -> None:
    with pytest.raises(OffScript):
        answered("!\n", ask)


def test_a_pin_may_begin_with_that_sign() -> None:
    assert answered("!314159\n", lambda it: it.ask_pin(PROMPT))[0] == Secret.from_text("!314159")
