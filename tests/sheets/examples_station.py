"""An example of the list of files that leave the station."""

import hashlib
from collections.abc import Callable

from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import outgoing
from tests.sheets.example import Example


def outgoing_files(heading: Heading, names: tuple[str, ...]) -> outgoing.OutgoingFiles:
    return outgoing.OutgoingFiles(
        heading=heading,
        files=tuple(
            outgoing.OutgoingFile(name, 100 + at, hashlib.sha256(name.encode()).hexdigest())
            for at, name in enumerate(names)
        ),
        medium="usb-1",
        people=(("Custodian", "Anna Berg"), ("Officer", "Зоя Иванова")),
    )


def _outgoing(heading: Heading) -> Example:
    data = outgoing_files(heading, ("registration-KEY-01.json", "graph/01-group.json"))
    return Example(lambda paper: outgoing.render(data, paper), outgoing.payload(data), 1, (), data)


PAGES: dict[str, Callable[[Heading], Example]] = {"outgoing": _outgoing}
