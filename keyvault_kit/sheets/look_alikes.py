"""The key to glyphs that are taken for one another, in families."""

from typing import Final

from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face, width
from keyvault_kit.sheets.geometry import Box

_LETTERS: Final = (
    ("0", "digit zero"),
    ("O", "capital o"),
    ("o", "small o"),
    ("Q", "capital q"),
    ("1", "digit one"),
    ("l", "small L"),
    ("I", "capital i"),
    ("i", "small i"),
    ("2", "digit two"),
    ("Z", "capital z"),
    ("5", "digit five"),
    ("S", "capital s"),
    ("8", "digit eight"),
    ("B", "capital b"),
    ("6", "digit six"),
    ("G", "capital g"),
    ("9", "digit nine"),
    ("g", "small G"),
    ("q", "small Q"),
    ("u", "small U"),
    ("v", "small V"),
)

_SIGNS: Final = (
    ("|", "vertical bar"),
    ("!", "exclamation"),
    ("'", "apostrophe"),
    ("`", "grave accent"),
    ('"', "double quote"),
    ("*", "asterisk"),
    (".", "full stop"),
    (",", "comma"),
    (":", "colon"),
    (";", "semicolon"),
    ("-", "hyphen"),
    ("_", "underscore"),
    ("~", "tilde"),
    ("=", "equals"),
    ("()", "round brackets"),
    ("[]", "square brackets"),
    ("{}", "curly brackets"),
    ("<>", "angle brackets"),
    ("/", "slash"),
    ("\\", "backslash"),
    (" ", "blank"),
)

_COLUMNS: Final = 7
_TITLE: Final = 7.0
_ROW: Final = 5.4
_SIZE: Final = 11.0


def _entries(secret: str) -> tuple[tuple[str, str], ...]:
    """Letters and digits; signs too where the secret has any."""
    return _LETTERS if secret.isalnum() else _LETTERS + _SIGNS


def height(secret: str) -> float:
    """The height of the key to a secret, in millimetres."""
    return _TITLE + _ROW * (len(_entries(secret)) // _COLUMNS)


def look_alikes(drawing: Drawing, box: Box, secret: str) -> None:
    """Draw the key to the glyphs of a secret at the top of a box."""
    drawing.text(box.x, box.y + 4, "Glyphs that look alike", size=10, face=Face.BOLD)
    advance = width("0", Face.MONO, _SIZE)
    for at, (glyphs, meaning) in enumerate(_entries(secret)):
        x = box.x + at % _COLUMNS * box.width / _COLUMNS
        line = box.y + _TITLE + at // _COLUMNS * _ROW + 3.8
        if glyphs == " ":
            drawing.open_box(x, line, advance)
        else:
            drawing.text(x, line, glyphs, size=_SIZE, face=Face.MONO)
        drawing.text(x + 2 * advance + 0.8, line, meaning, size=6.5)
