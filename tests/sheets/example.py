"""An example of a sheet, which the general tests look at."""

from collections.abc import Callable
from typing import NamedTuple

from keyvault_kit.sheets.geometry import Paper


class Example(NamedTuple):
    """A sheet: how it is rendered, what its codes say, how often, and what on it is secret."""

    render: Callable[[Paper], bytes]
    payload: str
    copies: int
    secrets: tuple[str, ...]
    data: object
