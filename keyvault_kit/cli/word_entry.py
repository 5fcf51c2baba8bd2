"""Shares typed or scanned on a screen of their own, word by word, in the terminal.

Plain text and three escape sequences: it works on a Linux console and a serial line. Only lines
that changed are drawn again.
"""

import codecs
import os
import select
import sys
import textwrap
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final

from keyvault_kit.cli.prompts import other_screen
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import entry_lines
from keyvault_kit.sharing.entry import Phase, ShareEntry

_KEYS: Final = (
    "Space takes a word, Enter ends the share. Backspace goes back, Up and Down go by rows.",
    "Ctrl-R shows and hides all rows. Ctrl-K forgets this share. Ctrl-C gives up.",
)
_INTERRUPT: Final = "\x03"
_ESCAPE: Final = "\x1b"
_NAMED: Final = {
    "\x7f": "back",
    "\x08": "back",
    "\x15": "clear",
    "\x05": "end",
    "\x0b": "forget",
    "\x12": "reveal",
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
}
_SEQUENCE_S: Final = 0.1
"""How long the rest of a key's sequence may take; at 9600 baud a character takes 1 ms."""

_QUIET_S: Final = 0.15
"""After the last word: what a scanner still sends, a line feed, say, is dropped."""

_RESIZE_S: Final = 0.5
_LONGEST_SEQUENCE: Final = 16
_SIZE: Final = (80, 24)
_MOST_NEWS: Final = 6
_LEAST_ROOM: Final = 9
"""Lines for the words; where there are fewer, the title is cut and the keys are left out."""


def is_possible() -> bool:
    """Whether there is a terminal on which words can be typed and hidden again."""
    if sys.platform == "win32" or sys.stdin is None or sys.stdout is None:
        return False
    known = os.environ.get("TERM", "dumb") != "dumb"
    return known and sys.stdin.isatty() and sys.stdout.isatty()


class EntryScreen:
    """The alternate screen with the keyboard in raw mode; made by :func:`entry_screen`."""

    def __init__(self) -> None:
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._shown: list[str] = []
        self._size = _SIZE
        self._revealed = False
        self.told: list[str] = []
        self._news = 0

    def tell(self, text: str) -> None:
        """Say something that is not secret: here, and on the normal screen afterwards."""
        self.told.append(text)

    def ask(self, title: str, proofs: Collection[str] = ()) -> Secret:
        """A share's mnemonic, or the text of the code of another sheet that was scanned.

        Args:
            title: What is asked for, and in a last line what is there already.
            proofs: As :class:`ShareEntry` takes them.

        Raises:
            KeyboardInterrupt: Somebody gave up.
            EOFError: The terminal has gone.
        """
        entry = ShareEntry(proofs)
        self._revealed = False
        try:
            while entry.phase is not Phase.COMPLETE:
                if not self._is_waiting(0):
                    self._paint(title, entry)
                self._handle(entry)
            self._drop_the_rest()
            self._news = len(self.told)
            return entry.take()
        finally:
            entry.wipe()

    # --- The keyboard

    def _handle(self, entry: ShareEntry) -> None:
        """Wait for keys and hand them to the entry."""
        if not self._is_waiting(_RESIZE_S):
            return
        keys: dict[str, Callable[[], None]] = {
            "back": entry.back,
            "clear": entry.clear,
            "up": entry.up,
            "down": entry.down,
            "end": entry.end,
            "forget": entry.forget,
            "reveal": self._turn,
        }
        for key in self._keys(self._read()):
            if key == _INTERRUPT:
                raise KeyboardInterrupt
            if key in _NAMED:
                keys[_NAMED[key]]()
            elif not key.startswith(_ESCAPE):
                entry.type(key)

    def _keys(self, text: str) -> Iterator[str]:
        """The keys in a text: characters, and the sequences of the named keys."""
        while text:
            size = 1
            if text.startswith(_ESCAPE):
                while not _is_whole(text) and self._is_waiting(_SEQUENCE_S):
                    text += self._read()
                size = _length(text)
            yield text[:size]
            text = text[size:]

    def _read(self) -> str:
        data = os.read(self._in, 4096)
        if not data:
            raise EOFError
        return self._decode(data)

    def _is_waiting(self, seconds: float) -> bool:
        return bool(select.select([self._in], [], [], seconds)[0])

    def _drop_the_rest(self) -> None:
        while self._is_waiting(_QUIET_S):
            self._read()

    def _turn(self) -> None:
        self._revealed = not self._revealed

    # --- The screen

    def _paint(self, title: str, entry: ShareEntry) -> None:
        """Draw the lines that changed."""
        size = self._look_at_size()
        if size != self._size:
            # Every line is drawn over: clearing would push it into the history of some terminals.
            self._size, self._shown = size, []
        lines = self._lines(title, entry)
        for at, line in enumerate(lines):
            if at >= len(self._shown) or self._shown[at] != line:
                self._write(f"\x1b[{at + 1};1H{line}\x1b[K")
        if not self._shown:
            self._write("\x1b[J")
        self._shown = lines
        sys.stdout.flush()

    def _lines(self, title: str, entry: ShareEntry) -> list[str]:
        width, height = self._size
        width -= 1  # a character in the last column would wrap on some terminals
        named = [it for text in title.splitlines() for it in textwrap.wrap(text, width)]
        news = [it for text in self.told[self._news :] for it in textwrap.wrap(text, width)]
        above = [*named, *news[:_MOST_NEWS], ""]
        below = ["", *(line for text in _KEYS for line in textwrap.wrap(text, width))]
        if height - len(above) - len(below) < _LEAST_ROOM:
            above, below = [*named[-1:], *news[:1]], []
        room = max(1, height - len(above) - len(below))
        middle = entry_lines.draw(entry, width=width, height=room, revealed=self._revealed)
        middle += [""] * (room - len(middle))
        return [*above, *middle, *below][:height]

    def _look_at_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self._out)
        except OSError:
            return _SIZE
        return (width, height) if width and height else _SIZE  # a serial line says 0 by 0

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)


def _is_whole(text: str) -> bool:
    """Whether the sequence at the beginning of a text has its end, or is none."""
    return _length(text) > 1 or len(text) >= _LONGEST_SEQUENCE


def _length(text: str) -> int:
    """The length of the sequence at the beginning of a text (ECMA-48, 5.4); 1 if it is cut off."""
    if text[1:2] == "O" and len(text) > 2:  # noqa: PLR2004 - SS3 and one letter
        return 3
    if text[1:2] != "[":
        return 1
    ends = (at for at, character in enumerate(text[2:], 3) if "@" <= character <= "~")
    return next(ends, 1)


@contextmanager
def entry_screen(say: Callable[[str], None]) -> Iterator[EntryScreen]:
    """Open the screen; whatever ends it, it is wiped and the terminal is as it was.

    Args:
        say: Gets, afterwards, what was told on the screen.
    """
    screen = EntryScreen()
    try:
        with other_screen(), _raw(sys.stdin.fileno()):
            yield screen
    finally:
        for text in screen.told:
            say(text)


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Have keys come one by one, not shown, and without signals made of them."""
    import termios  # noqa: PLC0415 - not on Windows

    before = termios.tcgetattr(descriptor)
    raw = termios.tcgetattr(descriptor)
    raw[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.ISTRIP)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, raw)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
