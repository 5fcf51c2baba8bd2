"""The terminal as an `Interaction`: prompts, hidden PINs, and secrets on a screen of their own."""

import os
import select
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NoReturn

import click

from keyvault_kit.ceremonies.interaction import OffScript, Prompt
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.secret import Secret

# The alternate screen of xterm and its kin has no scroll-back: what is shown there is gone with it.
_OTHER_SCREEN: Final = "\x1b[?1049h\x1b[2J\x1b[H"
# Terminals without one (tmux can turn it off) get the rows overwritten, and the history cleared.
_BACK: Final = "\x1b[H" + "\x1b[K\r\n" * 24 + "\x1b[2J\x1b[3J\x1b[?1049l"

_BLANK: Final = "\N{OPEN BOX}"
"""In place of a blank in a secret: the blanks that are seen stand between groups."""


class TerminalInteraction:
    """An `Interaction` over the terminal that the command was started in; talks on stderr."""

    def show(self, prompt: Prompt) -> None:
        """Print it."""
        click.echo(prompt.text, err=True)

    def confirm(self, prompt: Prompt) -> bool:
        """Ask for yes or no; no is the default."""
        while True:
            answer = _asked(f"{prompt.text} [y/N]").lower()
            if answer in ("y", "yes", "n", "no", ""):
                return answer.startswith("y")
            click.echo("Error: invalid input", err=True)

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        """Print the choices with numbers and ask for one."""
        click.echo(prompt.text, err=True)
        for number, choice in enumerate(choices, 1):
            click.echo(f"  {number}  {choice}", err=True)
        while True:
            chosen = _asked("Number")
            if chosen.isascii() and chosen.isdecimal() and 1 <= int(chosen) <= len(choices):
                return int(chosen) - 1
            click.echo(f"Error: type a number from 1 to {len(choices)}", err=True)

    def ask(self, prompt: Prompt) -> str:
        """Ask for a line of text; an empty one is an answer too."""
        return _asked(prompt.text)

    def ask_pin(self, prompt: Prompt) -> Secret:
        """Ask for a PIN without showing it."""
        return _unless_off_script(ask_secret(prompt.text))

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        """Ask for a printed sheet: scanned, typed word by word, or as the file of a scan."""
        from keyvault_kit.cli.reading_back import read_back  # noqa: PLC0415 - it draws on this

        return _unless_off_script(read_back(prompt.text, words=words))

    def wait_for_key(self, prompt: Prompt) -> None:
        """Wait until Enter says that the key is plugged in."""
        _asked(f"{prompt.text}, then press Enter")

    def touch(self, prompt: Prompt) -> None:
        """Say that a key waits."""
        click.echo(prompt.text, err=True)

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        """Show a secret on the alternate screen until Enter, or until its time is over.

        Raises:
            RefusedError: Standard output is no terminal.
        """
        show_secret(prompt.text, secret.expose_text(), seconds=seconds)

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        """Print which step begins."""
        click.echo(f"{ceremony} {step}/{of}  {activity}", err=True)


OFF_SCRIPT: Final = "!"
"""What is typed at any question where something is not as planned."""


def _asked(text: str) -> str:
    """A line that was typed.

    Raises:
        OffScript: It says that this is not as planned.
    """
    answer: str = click.prompt(text, default="", show_default=False, err=True)
    if answer.strip() == OFF_SCRIPT:
        raise OffScript
    return answer


def _unless_off_script(typed: Secret) -> Secret:
    """What was typed without being shown, if it says nothing else; no PIN and no sheet is so short.

    Raises:
        OffScript: It says that this is not as planned.
    """
    if typed == Secret.from_text(OFF_SCRIPT):
        raise OffScript
    return typed


def ask_secret(text: str) -> Secret:
    """Ask for a secret without showing it; the caller wipes it.

    Raises:
        InputError: What was typed is no text.
    """
    return _secret(click.prompt(text, hide_input=True, err=True))


def _secret(typed: str) -> Secret:
    try:
        return Secret.from_text(typed)
    except UnicodeEncodeError:
        # Not chained: that error carries what was typed.
        raise InputError("what was typed is no text", mend="Type it again.") from None


def ask_new_passphrase() -> Secret:
    """Ask for a new passphrase, twice."""
    text = "A passphrase: six words or more, drawn by dice"
    return _secret(
        click.prompt(text, hide_input=True, confirmation_prompt="The same again", err=True)
    )


def demand_terminal() -> None:
    """Refuse to go on unless a secret would go to a terminal, and to nothing else.

    Raises:
        RefusedError: Standard output is a file or a pipe.
    """
    if sys.stdout is None or not sys.stdout.isatty():
        raise RefusedError(
            "a secret goes to a terminal only, and standard output is none",
            mend="Run the command without redirecting its output.",
        )


def show_secret(title: str, text: str, *, seconds: int) -> None:
    """Show a secret in groups of four on the alternate screen.

    It goes at Enter, or after `seconds`; the terminal's scroll-back never had it. What the terminal
    might obey, or could not show, stands there by its number: a forged sheet may say anything.

    Raises:
        RefusedError: Standard output is no terminal.
    """
    demand_terminal()
    with other_screen():
        sys.stdout.write(f"{title}\n\n")
        sys.stdout.writelines(f"{line}\n" for line in _secret_lines(text))
        sys.stdout.write(f"\nEnter hides it; so do {seconds} seconds. ")
        sys.stdout.flush()
        _wait_for_enter(seconds)


def _secret_lines(text: str) -> Iterator[str]:
    """A secret in rows of groups of four, and what stands in the place of its characters."""
    blank = _BLANK if _can_be_shown(_BLANK) else "_"
    odd = any(not _can_be_shown(char) for char in text)
    seen = [_by_number(char) for char in text] if odd else list(text)
    seen = [blank if char == " " else char for char in seen]
    groups = ["".join(seen[i : i + 4]) for i in range(0, len(seen), 4)]
    in_row = 1 if odd else 4  # numbers are wide
    for i in range(0, len(groups), in_row):
        yield f"    {' '.join(groups[i : i + in_row])}"
    if " " in text:
        yield f"\n{blank} is a blank."
    if odd:
        yield "\n<U+...> is one character, by its number in Unicode: it cannot be shown here."


def _can_be_shown(char: str) -> bool:
    """Whether a character is seen as itself on standard output, and changes nothing around it."""
    alone = char.isprintable() and not unicodedata.category(char).startswith("M")
    return alone and bool(char.encode(sys.stdout.encoding, "ignore"))


def _by_number(char: str) -> str:
    return char if _can_be_shown(char) else f"<U+{ord(char):04X}>"


@contextmanager
def other_screen() -> Iterator[None]:
    """The alternate screen of the terminal on standard output.

    It is wiped on leaving, also where the process is told to end, by SIGTERM or since the terminal
    was closed; the process then ends with 128 and the signal's number.
    """
    with ending_in_order():
        sys.stdout.write(_OTHER_SCREEN)
        sys.stdout.flush()
        try:
            yield
        finally:
            with suppress(OSError):  # the terminal may have gone
                sys.stdout.write(_BACK)
                sys.stdout.flush()


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Have the signals that end a process unwind it, so that what is open is closed."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main one's
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, _end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _wait_for_enter(seconds: int) -> None:
    """Until Enter is pressed at the terminal, or the time is over."""
    if sys.platform == "win32":
        click.pause(info="")
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:  # a shell without job control: what is typed comes by standard input
        _await_line(sys.stdin.fileno(), seconds)
        return
    try:
        _await_line(terminal, seconds)
    finally:
        os.close(terminal)


def _await_line(descriptor: int, seconds: int) -> None:
    """Wait for a line of input, and take it."""
    if select.select([descriptor], [], [], seconds)[0]:
        os.read(descriptor, 4096)
