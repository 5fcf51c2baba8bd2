"""What an artefact is: a file for the tenant, with the requirements that it serves."""

import msgspec


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody carries to the tenant.

    Attributes:
        name: Its path in the folder of artefacts, with `/`: letters, digits, `-`, `_`, `.` alone.
        content: Its bytes; UTF-8, a line feed at the end of each line.
        serves: Numbers of the requirements that it serves, in order: `S22`.
        about: What it is, in a sentence without a full stop.
        step: Which of the twelve steps needs it (S61); 0 where it is not part of one.
        annotated: Whether `content` itself names `serves`; where its format allows no comment, a
            file `NAME.md` beside it does.
    """

    name: str
    content: bytes
    serves: tuple[str, ...]
    about: str
    step: int = 0
    annotated: bool = False
