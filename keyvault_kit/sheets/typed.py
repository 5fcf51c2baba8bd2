"""The exact text of a code again, from what a scanner that types sent, or a person.

A hand-held scanner is a keyboard. It adds an Enter, a Tab or the symbology, the system reads its
keys by another layout or with Caps Lock on, and a terminal breaks long lines. What can have been
meant in one way only is put right; the rest is an error that says what to set otherwise. No error
repeats what was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.sharing import mnemonic, words
from keyvault_kit.sharing.slip39 import MAX_WORDS, MIN_WORDS, Share, is_length
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets.codes import MAGIC, SheetCode
from keyvault_kit.sheets.keyboards import mixups

LONGEST: Final = 10_000
"""Characters that are looked at; the longest code holds some 1200."""

_ORIGIN: Final = "keyvault-kit/"
"""With it the texts of checkpoints and founding sheets begin."""

_AIM: Final = re.compile(r"\A\S?Q[0-6]")
"""The identifier of a QR code (ISO/IEC 15424), which scanners may send before it; not every
keyboard has its bracket where the others have it."""

_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SIGNS: Final[dict[int, str | None]] = {
    **dict.fromkeys(map(ord, _INVISIBLE)),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
}
"""What word processors make of nothing, and of a hyphen."""

# The content may begin with a blank of its own: one sign stands before it, and no more.
_FIELDS: Final = re.compile(r"(\S+)" + r"\s+(\S+)" * 4 + r"(?:\s+(\S+)\s(.+))?", re.DOTALL)
# Base64 of 32 bytes; were it of one case alone, the other would have been lost.
_HASH: Final = r"(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9+/]{43}"
_CHECKPOINT: Final = re.compile(rf"({_ORIGIN}[0-9a-f]{{64}}) ([0-9]+) ({_HASH}=)")
_FOUNDER: Final = rf"[A-Za-z0-9_-]+ SHA256:{_HASH}"
_FOUNDING: Final = re.compile(
    rf"({_ORIGIN}[0-9a-f]{{64}}) (founding (?:0|[0-9]+ [0-9a-f]{{64}}))((?: {_FOUNDER}){{2,}})"
)

_BETWEEN_WORDS: Final = re.compile(r"[\s,;]+")
_WORDS_OF_A_SEED: Final = 12
"""From so many words on a text is what somebody takes for a share, of whichever list they are."""

_LONGEST_PREFIX: Final = 4

_OTHERS: Final = (
    (re.compile(r"https?:|www\.", re.IGNORECASE), "a web address"),
    (re.compile(r"WIFI:", re.IGNORECASE), "the code of a wireless network"),
    (re.compile(r"BEGIN:VCARD|MECARD:", re.IGNORECASE), "somebody's visiting card"),
    (re.compile(r"otpauth", re.IGNORECASE), "the code of an authenticator app"),
    (re.compile(r"FIDO:/", re.IGNORECASE), "a FIDO code for signing in with a phone"),
    (re.compile(r"(\(01\)|01)[0-9]{14}"), "the label of an article (GS1)"),
    (re.compile(r"AGE-SECRET-KEY-1", re.IGNORECASE), "an age identity without its sheet's code"),
)


def read(text: str, tell: Callable[[str], None] | None = None) -> str:
    """The text of a code, exactly as it was printed.

    Blanks and line ends round it, the scanner's symbology identifier, typographic signs and broken
    lines are put right without a word, where only one code can have been meant. What makes codes
    look otherwise (a keyboard layout, Caps Lock, a prefix) is refused, but for a share that agrees
    with its checksum afterwards: then it is told. A secret in which all that differs are letters
    that two layouts exchange looks like a code: it fails its proof.

    Args:
        text: What was typed: the words of a share (or their numbers), the code of a sheet, a
            checkpoint's or a founding sheet's text.
        tell: Gets a sentence for people where a share was repaired; without it, none is.

    Returns:
        A share's words as its code has them, `KVK1 ...`, or the lines of a checkpoint or founding
        sheet. Whether a share's checksum holds is for `sharing.slip39` to say.

    Raises:
        InputError: It is no code of a sheet, or came changed; says which setting is to blame.
    """
    if len(text) > LONGEST:
        raise InputError(f"this is no code of a sheet: it has {len(text)} characters")
    exact = _exact(text)
    if exact is not None:
        return exact
    for what, mend, meant in _faults(text):
        exact = _exact(meant)
        if exact is not None:
            if tell is None or not _is_share(exact):
                raise InputError(what, mend=f"{mend} Then scan again.")
            tell(f"Put right, and the share's checksum holds: {what}. {mend}")
            return exact
    raise _error(_clean(text))


def _clean(text: str) -> str:
    """The text without what scanners and word processors add."""
    plain = unicodedata.normalize("NFC", text).strip().lstrip(_INVISIBLE)
    return _AIM.sub("", plain, count=1).strip()


def _exact(text: str) -> str | None:
    """The one code that the text can have been; none where it is not of a code's form."""
    plain = _clean(text)
    if plain.startswith(MAGIC):
        return _sheet_code(plain)
    if plain.startswith(_ORIGIN):
        return _ledger_text(plain)
    return _share(plain)


def _sheet_code(text: str) -> str | None:
    fields = _FIELDS.fullmatch(text)
    if fields is None:
        return None
    *header, content = fields.groups()
    # What is secret stays as it is; a line end cannot be told from a blank there.
    if content is not None and len(content.splitlines()) > 1:
        return None
    exact = " ".join(field.translate(_SIGNS) for field in header if field is not None)
    exact += f" {content}" if content is not None else ""
    try:
        SheetCode.parse(exact)
    except InputError:
        return None
    return exact


def _ledger_text(text: str) -> str | None:
    flat = " ".join(text.translate(_SIGNS).split())
    if found := _CHECKPOINT.fullmatch(flat):
        return "".join(f"{line}\n" for line in found.groups())
    if found := _FOUNDING.fullmatch(flat):
        founders: list[str] = re.findall(_FOUNDER, found[3])
        return "".join(f"{line}\n" for line in (found[1], found[2], *founders))
    return None


def _share(text: str) -> str | None:
    if len(_BETWEEN_WORDS.split(text)) < MIN_WORDS:
        return None  # without looking for what each of them might have been
    try:
        numbers = mnemonic.numbers(text, MAX_WORDS)
    except InputError:
        return None
    return " ".join(WORDS[at] for at in numbers).upper() if is_length(len(numbers)) else None


def _is_share(exact: str) -> bool:
    """Whether it is a share whose checksum holds."""
    try:
        Share.parse(exact)
    except InputError:
        return False
    return True


def _faults(text: str) -> Iterator[tuple[str, str, str]]:
    """What may have happened to it, the likeliest first; what to do; and the text before that."""
    yield "the letters came with their case exchanged", "Turn Caps Lock off.", text.swapcase()
    yield (
        "capitals and small letters came alike",
        "Turn Caps Lock off, and the scanner's conversion to upper or lower case.",
        _as_cased(text),
    )
    yield "the code came twice", "Scan it once.", _first_half(text)
    for mixup in mixups():
        mend = (
            f"It seems to be set to {mixup.scanner}, the system to {mixup.system}: set the"
            f" scanner's 'country' or 'keyboard' to {mixup.system}."
        )
        meant = text.translate(mixup.undo)
        yield "the scanner's keyboard layout is not this system's", mend, meant
    for length in range(1, _LONGEST_PREFIX + 1):
        mend = "Switch off what the scanner sends first (its 'code ID' or 'prefix')."
        yield "something stands before the code", mend, text.lstrip()[length:]


def _as_cased(text: str) -> str:
    """With the case of a code's fields where it is known: its id and content keep theirs."""
    fields = _FIELDS.fullmatch(_clean(text))
    if fields is None:
        return text
    magic, kind, register, *rest, salt, content = fields.groups()
    secret = [salt.lower(), content] if salt is not None else []
    return " ".join((magic.upper(), kind.upper(), register.lower(), *rest, *secret))


def _first_half(text: str) -> str:
    """Of a text that says the same twice, once."""
    plain = _clean(text)
    first, second = plain[: len(plain) // 2], plain[-(len(plain) // 2) :]
    return first if first.strip() == second.strip() else text


def _error(plain: str) -> InputError:
    """What is wrong with a text that is none, and was none before any known fault."""
    if not plain:
        return InputError("nothing was typed", mend="Scan the code, or type the words.")
    if plain.casefold().startswith((MAGIC.casefold(), _ORIGIN)):
        return _broken(plain)
    if re.match(r"KVK[0-9]+\s", plain):
        return InputError(
            f"this is the code of a sheet of another version: it does not begin with {MAGIC}",
            mend="Read it with the version that its sheet names.",
        )
    if _looks_like_words(plain):
        return _no_share(plain)
    looks = [name for form, name in _OTHERS if form.match(plain)]
    return InputError(
        "this is no code of a sheet" + (f": it looks like {looks[0]}" if looks else ""),
        mend="Scan the code of a sheet of this kit, or type the words of a share.",
    )


def _broken(plain: str) -> InputError:
    """Why something that begins as a code is none."""
    if plain.casefold().startswith(_ORIGIN):
        return InputError(
            "the text of a checkpoint or founding sheet is not whole, or lost its capitals",
            mend="Scan it again, whole; with Caps Lock off.",
        )
    if len(plain.splitlines()) > 1:
        return InputError(
            "the code came in several lines", mend="Scan it again, into a line that is not broken."
        )
    try:
        SheetCode.parse(plain)
    except InputError as error:
        return error
    return InputError("the code of the sheet is not of its form", mend="Scan it again.")


def _looks_like_words(plain: str) -> bool:
    """Whether somebody took it for a share: many words, or words of the list."""
    found = plain.split()
    if not all(map(str.isalpha, found)):
        return all(map(str.isdecimal, found)) and len(found) > 1
    known = sum(words.find(word) is not None for word in found)
    return _WORDS_OF_A_SEED <= len(found) <= MAX_WORDS or 1 < len(found) <= 2 * known


def _no_share(plain: str) -> InputError:
    """Why words are no share: as `Share.parse` says it."""
    try:
        Share.parse(plain)
    except InputError as error:
        return error
    return InputError("these words are no share", mend="Scan the code of a share's sheet.")
