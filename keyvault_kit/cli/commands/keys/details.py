"""What `keyvault keys show` prints: a reading in words, laid out in lines."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Final

from keyvault_kit.keys.reading import Reading
from keyvault_kit.keys.wording import Line, described, pin_word, product

__all__ = ["details", "pin_word", "product"]

_WIDTH: Final = 100


def details(it: Reading, tag: str) -> str:
    """All that is known of a key, in sections.

    Args:
        it: The reading.
        tag: Its tag in the register; empty where no register knows it.
    """
    sections = described(it, tag)
    return "\n\n".join([product(it), *(_block(*section) for section in sections.items())])


def _block(title: str, lines: Iterable[Line]) -> str:
    found = list(lines)
    width = max(len(label) for label, _ in found)
    told = [title]
    for label, text in found:
        told += wrap(
            text,
            _WIDTH,
            initial_indent=f"  {label.ljust(width)}  ",
            subsequent_indent=" " * (width + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(told)
