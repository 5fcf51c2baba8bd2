"""Reading the rows of a secret off a sheet, as a person does who types them."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Written(Protocol):
    text: str


class ReadRow(NamedTuple):
    number: int
    text: str
    check: str


def rows_read(found: Iterable[Written]) -> list[ReadRow]:
    """Each row between its number and its check letter, without the spaces between groups."""
    texts = [piece.text for piece in found]
    starts = [at for at, text in enumerate(texts) if text.startswith("Row ")]
    rows = []
    for start in starts:
        end = texts.index("check", start)
        *groups, check = texts[start + 1 : end]
        rows.append(ReadRow(int(texts[start].split(" ")[1]), "".join(groups), check))
    return rows
