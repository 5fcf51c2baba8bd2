"""Examples of the sheets that carry a secret or hide one, and all of them at once."""

from collections.abc import Callable

from keyvault_kit.secret import Secret
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import liner, part
from tests.sheets.example import Example

PART = "8xVbM6tKwP1QnR5k"
SALT = bytes(range(0xA0, 0xB0))


def _part(heading: Heading) -> Example:
    data = part.PartSheet(
        heading=heading,
        set_id="bg1-pw-1",
        part=Secret.from_text(PART),
        bits_left=82.9,
        salt=Secret(SALT),
    )
    groups = tuple(PART[at : at + 4] for at in range(0, 16, 4))
    return Example(lambda paper: part.render(data, paper), part.payload(data), 2, groups, data)


def _liner(heading: Heading) -> Example:
    data = liner.LinerSheet(heading=heading, set_id="bg1-pw-1")
    return Example(lambda paper: liner.render(data, paper), liner.payload(data), 1, (), data)


PAGES: dict[str, Callable[[Heading], Example]] = {"part": _part, "liner": _liner}
