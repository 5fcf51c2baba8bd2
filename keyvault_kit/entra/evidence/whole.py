"""Whether a list of the tenant is there whole: all its pages, and both halves of a log.

A list that is not whole tells nothing of what it leaves out, and so no rule may pass by it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from keyvault_kit.entra.evidence.pages import Page

_HALF: Final = re.compile(r"(non[-_ ]?)?interactive", re.IGNORECASE)
_HALVES: Final = ("interactive", "non-interactive")
"""The log of sign-ins is asked for twice: for what people did, and what programs did for them."""


def lacking(pages: Sequence[Page]) -> Iterator[str]:
    """What a list lacks, in words that follow 'it was cut short:'.

    Args:
        pages: Of one list, in the order of their names; at least one.
    """
    first, last = pages[0], pages[-1]
    if any(it.more for it in pages) and first.number > 1:
        yield f"{first.file} is not its first page"
    for one, other in pairwise(pages):
        if not one.more and other.more:
            yield f"{one.file} names no next page, and {other.file} follows"
        elif one.more and one.file != other.file and other.number != one.number + 1:
            yield _not_there(one)
    if last.more:
        yield _not_there(last)
    there, most = sum(len(it.objects) for it in pages), max(pages, key=lambda it: it.count)
    if most.count > there:
        yield f"by {most.file} there are {most.count}, and {there} of them are here"


def _not_there(page: Page) -> str:
    return f"a next page is named in {page.file}, and is not there"


def missing_half(pages: Sequence[Page]) -> str:
    """The half of a log that is not there; empty where both are, or no file says what it has."""
    halves = {_half(it.file) for it in pages}
    missing = [it for it in _HALVES if it not in halves]
    return missing[0] if len(missing) == 1 and "" not in halves else ""


def _half(file: str) -> str:
    found = _HALF.search(file.rpartition("/")[2])
    return _HALVES[bool(found[1])] if found else ""
