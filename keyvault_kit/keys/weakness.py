"""What makes a PIN easy to guess. Pure: no key is asked."""

import re
from collections.abc import Callable
from datetime import date
from itertools import groupby, pairwise

from keyvault_kit.keys.pintext import SHORTEST, pin_text
from keyvault_kit.secret import Secret

_LONG_RUN = 5
_FEW_SIGNS = 2
_LARGEST_STEP = 2
_YEARS = range(1900, 2100)

_COMMON = frozenset(
    """
    112233 121212 123123 123321 123654 123789 131313 147258 147852 159357 159753 159951 232323
    246810 258456 314159 318008 369258 420420 456123 456852 789456 11223344 12121212 12131415
    12233445 12341234 13131313 14725836 14725839 15935700 15975300 18273645 19283746 20406080
    22446688 24681012 25802580 27182818 31415926 36925814 42042069 69696969 74108520 78945612
    98741236 147258369 741852963 789456123 963852741 1029384756 a1b2c3d4 abc12345 abcd1234
    admin123 changeme fido2key iloveyou letmein1 passw0rd password password1 pa55word p@ssw0rd
    qwerty12 security trustno1 welcome1 yubikey1 q1w2e3r4 1q2w3e4r 1qaz2wsx qazwsxedc zaq12wsx
    """.split()
)
_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop")
_KEYBOARD_RUNS = frozenset(
    row[::way][start : start + _LONG_RUN]
    for row in _KEYBOARD_ROWS
    for way in (1, -1)
    for start in range(len(row) - _LONG_RUN + 1)
)
_DATE_SHAPES = (
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
    r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d{4})",
    r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>\d{4})",
    r"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)",
    r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d\d)",
    r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>\d\d)",
    r"(?P<d>\d\d)(?P<m>\d\d)",
    r"(?P<m>\d\d)(?P<d>\d\d)",
    r"(?P<y>\d{4})",
)


def weakness(pin: Secret, serial: int | None = None) -> str | None:
    """Why a PIN is weak, in words that do not tell it.

    Args:
        pin: The PIN.
        serial: The serial number of its key, where there is one.

    Returns:
        None for a PIN that is not known to be weak.

    Raises:
        InputError: The PIN is no text.
    """
    text = pin_text(pin).casefold()
    for reason, is_so in _CHECKS:
        if is_so(text):
            return reason
    if serial is not None and _is_of_serial(text, str(serial)):
        return "it is part of the serial number, which stands on the key"
    return None


def _is_of_few_signs(text: str) -> bool:
    return len(set(text)) <= _FEW_SIGNS


def _is_repeated(text: str) -> bool:
    """Made of one group: exactly then is a text a rotation of itself (1234 1234)."""
    return text in (text + text)[1:-1]


def _is_mirrored(text: str) -> bool:
    return text == text[::-1]


def _holds_run(text: str) -> bool:
    """Five signs or more, or all there are, in small equal steps: 12345, 97531, 00000."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    runs = (len(list(group)) + 1 for step, group in groupby(steps) if abs(step) <= _LARGEST_STEP)
    return max(runs, default=0) >= min(_LONG_RUN, len(text))


def _follows_keyboard(text: str) -> bool:
    return any(run in text for run in _KEYBOARD_RUNS)


def _is_date(text: str) -> bool:
    return any(
        _is_real_date(found.groupdict())
        for shape in _DATE_SHAPES
        if (found := re.fullmatch(shape, text, re.ASCII))
    )


def _is_real_date(parts: dict[str, str]) -> bool:
    # 2000, a leap year, stands in where no year was given, or two digits of one.
    year = int(parts["y"]) if len(parts.get("y", "")) == 4 else 2000  # noqa: PLR2004
    try:
        date(year, int(parts.get("m", "1")), int(parts.get("d", "1")))
    except ValueError:
        return False
    return year in _YEARS


def _is_of_serial(text: str, serial: str) -> bool:
    return text in serial.zfill(len(text)) or (len(serial) >= SHORTEST and serial in text)


_CHECKS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("it is among the most common PINs", _COMMON.__contains__),
    ("it is made of one or two signs", _is_of_few_signs),
    ("it is one group repeated", _is_repeated),
    ("it reads the same backwards", _is_mirrored),
    ("it holds a run, such as 12345", _holds_run),
    ("it follows a row of the keyboard", _follows_keyboard),
    ("it is a date", _is_date),
)
