"""Literal parts of a password as they come to the table, and the password that they are."""

from keyvault_kit.cli.known import KnownSheets
from keyvault_kit.cli.recovering import Found, code_told
from keyvault_kit.cli.sheets import Brought
from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import parts
from keyvault_kit.sharing.passwords import GROUP
from keyvault_kit.sheets.characters import secret_rows
from keyvault_kit.sheets.codes import Kind, SheetCode


class Parts:
    """The parts that have come so far, by their numbers.

    Args:
        count: How many there are: 2 or 3.
        known: What a register knows of them; none is needed.
    """

    def __init__(self, count: int, known: KnownSheets | None) -> None:
        self._count = count
        self._known = known
        self._parts: dict[int, Secret] = {}
        self._of: tuple[str, str] | None = None
        self._doubts: tuple[str, ...] = ()

    @property
    def next(self) -> int:
        """The number of the first part that is missing, from 1."""
        return next(it for it in range(1, self._count + 2) if it not in self._parts)

    def add(self, brought: Brought) -> tuple[str, ...]:
        """Take the code of a part, or the characters of the next one.

        Returns:
            What it is and what is odd about it, in sentences.

        Raises:
            InputError: It is no part of this password, or is there already; what came before is
                kept.
        """
        if isinstance(brought, Secret):
            self._parts[self.next] = brought
            return ()
        self._check(brought)
        told, doubts = code_told(brought, self._known)
        self._doubts += doubts
        if brought.content is not None:
            self._parts[brought.number] = Secret(brought.content.expose())
        self._of = (brought.register8, brought.set_id)
        return told

    @property
    def status(self) -> str:
        """What is there and what is missing, in a sentence."""
        have = f"{len(self._parts)} of {self._count} parts are there"
        return f"{have}." if self.next > self._count else f"{have}; part {self.next} is missing."

    def found(self) -> Found | None:
        """The password, as soon as all parts are there; they are off the table then."""
        if self.next <= self._count:
            return None
        whose = f" of set {self._of[1]}" if self._of else ""
        password = parts.join([self._parts[it] for it in range(1, self._count + 1)])
        title = f"The password{whose}, if its sheets say 'of {self._count}':"
        found = Found(title, password, self._doubts)
        self._parts, self._of, self._doubts = {}, None, ()
        return found

    def _check(self, code: SheetCode) -> None:
        if code.kind is not Kind.PART:
            raise InputError(f"this is a sheet of kind {code.kind}, and no part of a password")
        if self._of and self._of != (code.register8, code.set_id):
            raise InputError(
                f"this is a part of set {code.set_id}, not of {self._of[1]}",
                mend="Take the parts of one set; its id stands on the sheet in large type.",
            )
        count = self._known.parts_of(code.set_id) if self._known else None
        if count not in (None, self._count):
            raise InputError(
                f"set {code.set_id} has {count} parts by the ledger, not {self._count}",
                mend=f"Run it again with --parts {count}.",
            )
        if code.number > self._count:
            raise InputError(
                f"this is part {code.number}, and there were to be {self._count}",
                mend=f"Run it again with --parts {code.number}.",
            )
        if code.number in self._parts:
            raise InputError(f"part {code.number} is there already", mend="Take another one.")


def as_typed(text: str) -> Secret:
    """The characters of a part, typed in groups as they are printed, or without the blanks.

    Raises:
        InputError: There are none.
    """
    if not text.strip():
        raise InputError("nothing was typed", mend="Type the part, or scan its code.")
    step = GROUP + 1
    if len(text) > GROUP and text[GROUP::step].strip(" ") == "":
        text = "".join(text[at : at + GROUP] for at in range(0, len(text), step))
    return Secret.from_text(text)


def check_letters(part: Secret) -> str:
    """The check letters of a part's rows, as they stand on its sheet, for people to compare.

    Raises:
        InputError: A character is on no sheet; only its position is told.
    """
    return ", ".join(row.check for row in secret_rows(part, "the part"))
