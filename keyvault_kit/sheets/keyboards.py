"""Keyboard layouts, to tell what a scanner meant whose layout is not the system's.

A scanner that types sends keys, not characters: it looks a character up in its own layout, and
the system looks the key up in another.
"""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final

import msgspec

_LAYOUTS: Final[Mapping[str, str]] = {
    "US": "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
    '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
    "German": "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-"
    "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    "French": "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!"
    "~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    "British": "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./"
    '¬!"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?',
    "Swiss German": "§1234567890'^qwertzuiopü¨$asdfghjklöäyxcvbnm,.-"
    '°+"*ç%&/()=?`QWERTZUIOPè!£ASDFGHJKLéàYXCVBNM;:_',
    "Belgian": "²&é\"'(§è!çà)-azertyuiop^$µqsdfghjklmùwxcvbn,;:="
    "³1234567890°_AZERTYUIOP¨*£QSDFGHJKLM%WXCVBN?./+",
    "Italian": "\\1234567890'ìqwertyuiopè+ùasdfghjklòàzxcvbnm,.-"
    '|!"£$%&/()=?^QWERTYUIOPé*§ASDFGHJKLç°ZXCVBNM;:_',
    "Spanish": "º1234567890'¡qwertyuiop`+çasdfghjklñ´zxcvbnm,.-"
    'ª!"·$%&/()=?¿QWERTYUIOP^*ÇASDFGHJKLÑ¨ZXCVBNM;:_',
    "Swedish": "§1234567890+´qwertyuiopå¨'asdfghjklöäzxcvbnm,.-"
    '½!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÖÄZXCVBNM;:_',
}
"""The 47 keys that type a character, in the order of a US keyboard: alone, then with Shift."""


class Mixup(msgspec.Struct, frozen=True):
    """Two layouts that are not the same.

    Attributes:
        scanner: The layout that the scanner is set to.
        system: The layout that the system has.
        undo: For `str.translate`: from what arrived to what was meant.
    """

    scanner: str
    system: str
    undo: Mapping[int, str]


def mixups() -> Iterator[Mixup]:
    """Every pair of layouts, the likeliest first: scanners are US keyboards when they are new."""
    for scanner, system in permutations(_LAYOUTS, 2):
        undo = dict(zip(map(ord, _LAYOUTS[system]), _LAYOUTS[scanner], strict=True))
        yield Mixup(scanner, system, undo)
