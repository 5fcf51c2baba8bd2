"""Reading a printed sheet back at the command line: scanned, typed, or from the file of a scan."""

from pathlib import Path

from keyvault_kit.assembly import read_sheet
from keyvault_kit.cli.output import say
from keyvault_kit.cli.sheets import line_from_person, warn_of_disk
from keyvault_kit.cli.word_entry import entry_screen, is_possible
from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret


def read_back(text: str, *, words: bool) -> Secret:
    """What somebody scans or types of a sheet; the caller wipes it.

    Args:
        text: What is asked for.
        words: Whether it is a share, whose words are typed one by one where nothing is scanned.

    Returns:
        The text of the sheet's code, or what was typed in its place.

    Raises:
        InputError: A file was named that does not show exactly one code, or nothing was typed.
    """
    by_word = words and is_possible()
    instead = "; Enter alone to type its words" if by_word else ""
    line = line_from_person(f"{text} (not shown; or the file of a scan{instead})").strip()
    if not line and by_word:
        with entry_screen(_tell) as screen:
            return screen.ask(text)
    if not line:
        raise InputError("nothing was scanned or typed", mend="Scan a code of the sheet.")
    if file := _named_file(line):
        warn_of_disk(file, _tell)
        return _from_file(file)
    try:
        return Secret.from_text(line)
    except UnicodeEncodeError:
        # Not chained: that error carries what was typed.
        raise InputError("what was typed is no text", mend="Type it again.") from None


def _named_file(line: str) -> Path | None:
    """The file that a line names; none where it is what stands on a sheet: '~Qx7!abcd', say."""
    if not line.startswith(("/", "./", "~")):
        return None
    try:
        file = Path(line).expanduser()
        return file if file.is_file() else None
    except (OSError, RuntimeError, ValueError):  # too long, nobody's home, or no path at all
        return None


def _from_file(file: Path) -> Secret:
    codes = read_sheet(file)
    if len(codes) != 1:
        raise InputError(
            f"{file} shows {len(codes)} different codes, not one", mend="Scan one sheet at a time."
        )
    return Secret.from_text(codes[0])


def _tell(text: str) -> None:
    say(text, as_json=True)
