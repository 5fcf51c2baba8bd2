"""A share while it is typed or scanned: word by word, in the rows of its sheet.

A pure state: what comes from the keyboard or from a scanner that types goes in character by
character, and what is to be shown comes out. No word enters that is not of the list.
"""

import re
import unicodedata
from array import array
from collections.abc import Collection
from enum import StrEnum
from typing import Final, NoReturn

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import mending, rs1024, slip39, words
from keyvault_kit.sharing.mending import ROW, Candidate
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.slip39 import DamagedShareError, Share
from keyvault_kit.sharing.words import WORDS

LONGEST_WORD: Final = 16
"""Letters of a place that are kept; a word of the list has 8 at most."""

LONGEST_CODE: Final = 4096
"""Characters of another sheet's code that are kept; ours have some hundreds."""

CODE: Final = "kvk1"
"""How the codes of all other sheets begin (docs/formats.md, 'QR codes')."""

MOST_NEAR: Final = 3

_ENTER: Final = "\r\n"
_BLANKS: Final = ",;\N{ZERO WIDTH SPACE}"
_AIM: Final = re.compile(r"\W?Q[0-6]")
"""The identifier of a QR code (ISO/IEC 15424), which scanners may send before it."""

_OTHER_CODES: Final = (CODE, "keyvault-kit")


class Phase(StrEnum):
    """What the entry is doing."""

    TYPING = "typing"
    CODE = "code"
    """The code of another sheet comes, which is taken as it is."""
    MENDING = "mending"
    """All words are there and contradict their checksum; candidates may be chosen."""
    COMPLETE = "complete"


class Row(msgspec.Struct, frozen=True):
    """A row of the sheet as far as it was typed; it shows no word.

    Attributes:
        number: From 1.
        words: One or two.
        check: Its check letter; empty while the row is not whole.
    """

    number: int
    words: tuple[str, ...]
    check: str

    def __repr__(self) -> str:
        return f"Row({self.number}, ...)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("number", self.number)]


class ShareEntry:
    """One share on its way in. It shows nothing of itself but through what it is asked for.

    Args:
        proofs: The share proofs that a register holds (64 hex digits each): they confirm which
            mended words are the right ones.

    Attributes:
        phase: What it is doing.
        at: The place of the cursor, from 0: a word that was typed, or behind the last one.
        text: What was typed at that place and not taken yet.
        note: What a person is to be told, in a sentence; it may quote words: a secret.
        candidates: While mending: the changes that would mend the share.
    """

    def __init__(self, proofs: Collection[str] = ()) -> None:
        self.phase = Phase.TYPING
        self.at = 0
        self.text = ""
        self.note = ""
        self.candidates: tuple[Candidate, ...] = ()
        self._proofs = frozenset(proofs)
        self._numbers = array("H")
        self._refused = False
        self._forgetting = False
        self._before = ""
        self._ended = 0

    def __repr__(self) -> str:
        return f"ShareEntry({self.phase})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("phase", self.phase)]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a share is never pickled")

    # --- What is to be shown

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_code(self) -> bool:
        """Whether the code of another sheet comes in place of words."""
        return not self._numbers and self.text.casefold().startswith(CODE)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows as far as they were typed."""
        return tuple(self._row(at) for at in range(0, len(self._numbers), ROW))

    @property
    def proposal(self) -> int | None:
        """The number of the one word that was typed so far, if it can be no other."""
        return words.typed(self.text) if self.text else None

    @property
    def options(self) -> tuple[str, ...]:
        """The words that begin with what was typed."""
        return tuple(WORDS[number] for number in words.completions(self.text)) if self.text else ()

    @property
    def near(self) -> tuple[str, ...]:
        """The words that are most like what was typed, where no word begins so."""
        known = self.options or self.proposal is not None
        if not self.text or known or self.text.isdecimal():
            return ()
        return words.nearest(self.text, MOST_NEAR) or self._begun_alike()

    @property
    def looks_complete(self) -> bool:
        """Whether the words are a share whose checksum holds."""
        return slip39.is_length(len(self._numbers)) and rs1024.verify(
            self._numbers, extendable=mending.is_extendable(self._numbers)
        )

    # --- What comes in

    def type(self, text: str) -> None:
        """Take characters: letters, digits, blanks, the ends of lines.

        A blank takes the word that was typed; Enter and Tab also end the share where its checksum
        holds; Enter on an empty place ends it in any case. Behind a word that is not of the list
        nothing more is taken until the cursor was moved.
        """
        for character in text:
            self._forgetting = False
            if self.phase is Phase.TYPING:
                self._type(character)
            elif self.phase is Phase.CODE:
                self._type_code(character)
            elif self.phase is Phase.MENDING:
                self._choose_by(character)
            self._before = character

    def back(self) -> None:
        """Take back the last letter; on an empty place, open the word before it again."""
        if self._leave_mending() or self.phase is Phase.COMPLETE:
            return
        self._calm()
        if self.text:
            self.text = self.text[:-1]
            if self.phase is Phase.CODE and len(self.text) < len(CODE):
                self.phase = Phase.TYPING
        elif self.at:
            self.at -= 1
            self.text = WORDS[self._numbers[self.at]]
            if self.at == len(self._numbers) - 1:
                self._numbers[self.at] = 0
                self._numbers.pop()

    def clear(self) -> None:
        """Take back all letters of this place."""
        if self.phase in (Phase.TYPING, Phase.CODE):
            self.phase, self.text = Phase.TYPING, ""
            self._calm()

    def up(self) -> None:
        """Go to the beginning of the row; from there, to the row before."""
        self._go(max(0, self.at - 1) // ROW * ROW)

    def down(self) -> None:
        """Go to the next row."""
        self._go((self.at // ROW + 1) * ROW)

    def end(self) -> None:
        """Go behind the last word."""
        self._go(len(self._numbers))

    def forget(self) -> None:
        """Forget all words of this share, at the second call in a row."""
        if self.phase is Phase.COMPLETE:
            return
        if self._forgetting:
            self.wipe()
            return
        self._forgetting = True
        self.note = f"The same key again forgets the {len(self._numbers)} words of this share."

    def choose(self, which: int) -> None:
        """While mending: take that candidate, from 0, once the paper was looked at."""
        if self.phase is not Phase.MENDING or not 0 <= which < len(self.candidates):
            return
        chosen = self.candidates[which]
        for place, word in zip(chosen.places, chosen.words, strict=True):
            self._numbers[place] = words.index(word)
        self._finish()

    def take(self) -> Secret:
        """The share's mnemonic, or the text of the other sheet's code; the entry is empty then.

        Raises:
            InputError: It is not complete.
        """
        if self.phase is not Phase.COMPLETE:
            raise InputError("the share is not typed to its end yet")
        taken = self.text if self.is_code else self._share().mnemonic()
        self.wipe()
        return Secret.from_text(taken)

    def wipe(self) -> None:
        """Forget everything that was typed."""
        for place in range(len(self._numbers)):
            self._numbers[place] = 0
        del self._numbers[:]
        self.phase, self.at, self.text, self.note = Phase.TYPING, 0, "", ""
        self.candidates, self._refused, self._forgetting, self._ended = (), False, False, 0

    # --- How

    def _type(self, character: str) -> None:
        if self._refused or (self._before, character) == ("\r", "\n"):
            return
        if character in _ENTER:
            self._enter()
        elif character == "\t":
            self._take_and_end()
        elif character.isspace() or character in _BLANKS:
            self._take()
        else:
            self._letter(character)

    def _letter(self, character: str) -> None:
        for plain in unicodedata.normalize("NFKC", character):
            # Marks that show nothing come with texts from elsewhere; other controls are no keys.
            if unicodedata.category(plain) not in ("Cf", "Cc") and len(self.text) < LONGEST_WORD:
                self.text += plain
        self.note = ""
        if self.is_code:
            self.phase = Phase.CODE
        elif not self._numbers and _AIM.fullmatch(self.text):
            self.text = ""

    def _type_code(self, character: str) -> None:
        if character in "\t\r\n":
            self.phase = Phase.COMPLETE
        elif len(self.text) >= LONGEST_CODE:
            self.wipe()
            self._refuse(f"This is no code of a sheet: it has more than {LONGEST_CODE} characters.")
        else:
            self.text += character

    def _choose_by(self, character: str) -> None:
        if character in "123456789":
            self.choose(int(character) - 1)
        elif character in _ENTER:
            self._leave_mending()

    def _enter(self) -> None:
        if self.text:
            self._take_and_end()
        elif self.at < len(self._numbers) and not self.looks_complete:
            self.at += 1
        else:
            self._finish()

    def _take_and_end(self) -> None:
        self._take()
        if not self._refused and self.looks_complete:
            self._finish()

    def _take(self) -> None:
        """Put the word that was typed into its place, if it is one."""
        if not self.text:
            return
        number = self.proposal
        if number is None:
            self._refuse(self._what_is_wrong())
        elif self.at < len(self._numbers):
            self._numbers[self.at] = number
            self._step()
        elif len(self._numbers) < slip39.MAX_WORDS:
            self._numbers.append(number)
            self._step()
        else:
            self._refuse(f"No share has more than {slip39.MAX_WORDS} words.")

    def _calm(self) -> None:
        """The cursor was moved: what was told is over."""
        self._refused, self._forgetting, self.note = False, False, ""

    def _step(self) -> None:
        self.at += 1
        self.text, self.note = "", ""

    def _refuse(self, note: str) -> None:
        self._refused, self.note = True, f"{note} Nothing more is taken until Backspace."

    def _what_is_wrong(self) -> str:
        if self.text.casefold().startswith(_OTHER_CODES):
            return "This is the code of another sheet, and no word of a share."
        if self.text.isdecimal():
            return f"Word {self.at + 1}: the numbers of the list are 0 to {len(WORDS) - 1}."
        if self.options:
            return f"Word {self.at + 1}: several words begin so. Type one more letter."
        near = self.near
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        return f"Word {self.at + 1} is no word of the list.{hint}"

    def _begun_alike(self) -> tuple[str, ...]:
        """Words that begin as what was typed does, for as many letters as possible."""
        for length in range(len(self.text) - 1, 0, -1):
            if found := words.completions(self.text[:length]):
                return tuple(WORDS[number] for number in found[:MOST_NEAR])
        return ()

    def _go(self, place: int) -> None:
        """Move the cursor; a whole word that was typed and not taken is kept."""
        if self._leave_mending() or self.phase is not Phase.TYPING:
            return
        self._calm()
        if self.proposal is not None:
            self._take()
        self.text = ""
        self.at = min(place, len(self._numbers))

    def _row(self, start: int) -> Row:
        row = tuple(WORDS[number] for number in self._numbers[start : start + ROW])
        number = start // ROW + 1
        # The last row may have one word; as long as more may come, its letter would mislead.
        whole = len(row) == ROW or len(self._numbers) == self._ended or self.looks_complete
        return Row(number, row, check_letter(number, " ".join(row)) if whole else "")

    def _share(self) -> Share:
        return Share.parse(" ".join(WORDS[number] for number in self._numbers))

    def _finish(self) -> None:
        """End the share, or say why it cannot end here."""
        count = self._ended = len(self._numbers)
        if not count:
            self.note = "Nothing was typed yet."
        elif not slip39.is_length(count):
            self.note = f"No share has {count} words. {_next_count(count)}"
        else:
            try:
                self._share()
                self.phase, self.note, self.candidates = Phase.COMPLETE, "", ()
            except DamagedShareError:
                self._mend()
            except InputError as error:
                self.note = f"{str(error)[:1].upper()}{str(error)[1:]}."

    def _mend(self) -> None:
        self.candidates = mending.candidates(tuple(self._numbers), self._proofs)
        if self.candidates:
            self.phase, self.at = Phase.MENDING, self.candidates[0].places[0]
            self.note = "The words contradict their checksum. Look at the paper again:"
        else:
            self.note = (
                "The words contradict their checksum, and no one change mends it."
                " Compare the check letter of every row with the paper."
            )

    def _leave_mending(self) -> bool:
        """Go to the first place that a candidate would change; whether it was mending."""
        if self.phase is not Phase.MENDING:
            return False
        self.phase, self.note, self.candidates = Phase.TYPING, "", ()
        return True


def _next_count(count: int) -> str:
    more = next((it for it in range(count, slip39.MAX_WORDS + 1) if slip39.is_length(it)), None)
    return "" if more is None else f"A share of a password has 33; the next that can be is {more}."
