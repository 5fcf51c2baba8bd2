"""What a printer reports about itself, from keywords to the error that says what to do.

Sources: RFC 8011, 5.4.12 (`printer-state-reasons`): a keyword, with `-error`, `-warning` or
`-report` behind it; without one of these it counts as an error. The backends of CUPS 2.4, which say
in words alone that they do not reach a printer, in the language that was asked for.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.printing.errors import (
    DoorOpenError,
    OutOfPaperError,
    OutOfTonerError,
    PaperJamError,
    PrinterTroubleError,
    PrinterUnreachableError,
)

_ERROR: Final = "-error"
_WARNING: Final = "-warning"
_REPORT: Final = "-report"


class _Kind(msgspec.Struct, frozen=True):
    """One kind of trouble: the keywords that tell it, and its words.

    Attributes:
        mild: With what behind the keyword the sheet may come out all the same.
    """

    keywords: tuple[str, ...]
    error: type[PrinterTroubleError]
    what: str
    mend: str
    mild: tuple[str, ...] = (_REPORT,)


# The first that applies is what a person has to see to first.
_KINDS: Final = (
    _Kind(
        ("media-jam",),
        PaperJamError,
        "paper is stuck in the printer",
        "Take out every scrap, keep all of them, and void the set: a sheet that was stuck counts as"
        " seen. Do not let the printer repeat the page by itself.",
    ),
    _Kind(
        ("cover-open", "door-open", "interlock-open"),
        DoorOpenError,
        "a door or cover of the printer is open",
        "Close it.",
    ),
    _Kind(
        ("media-empty", "media-needed", "input-tray-missing"),
        OutOfPaperError,
        "the printer has no paper of this size",
        "Fill the tray, or put it in, with the paper size that was asked for.",
    ),
    _Kind(
        ("toner-empty", "marker-supply-empty", "developer-empty"),
        OutOfTonerError,
        "the printer is out of toner or ink",
        "Put in a new cartridge. A pale sheet is spoiled.",
        mild=(_WARNING, _REPORT),
    ),
    _Kind(
        ("connecting-to-device", "offline", "timed-out", "shutdown"),
        PrinterUnreachableError,
        "the printer does not answer",
        "Switch it on and plug its cable in.",
        mild=(),
    ),
    _Kind(
        ("output-area-full", "output-tray-missing"),
        PrinterTroubleError,
        "the printer's output tray is full or missing",
        "Take the sheets out, or put the tray in.",
    ),
)
_UNREACHABLE: Final = (
    "The printer did not respond.",
    "The printer is not connected.",
    "The printer is not responding.",
    "The printer is unreachable at this time.",
    "The printer may not exist or is unavailable at this time.",
    "Unable to locate printer",
    "Waiting for printer to become available.",
)
# What the queue says of itself as it works or stands still: not the printer's trouble.
_OF_THE_QUEUE: Final = ("none", "paused", "moving-to-paused", "cups-")


class Trouble(msgspec.Struct, frozen=True):
    """What stands in the way at the printer.

    Attributes:
        severe: Whether it stops the printer. Paper that is out is often called a warning, as an
            empty second tray is; toner that is nearly out is one too, and the printer goes on.
    """

    error: type[PrinterTroubleError]
    what: str
    mend: str
    severe: bool


def trouble(reasons: tuple[str, ...], message: str = "") -> Trouble | None:
    """What stops the printer, the worst first; None where nothing does.

    Args:
        reasons: `printer-state-reasons`, as the server gives them.
        message: `job-printer-state-message`, in English.
    """
    if message.startswith(_UNREACHABLE):
        reasons = (*reasons, "offline")
    found = sorted(
        filter(None, map(_trouble, reasons)), key=lambda item: (not item[1].severe, item[0])
    )
    return found[0][1] if found else None


def _trouble(reason: str) -> tuple[int, Trouble] | None:
    """A reason's place in the order, and what it says."""
    ending = next((end for end in (_ERROR, _WARNING, _REPORT) if reason.endswith(end)), "")
    keyword = reason.removesuffix(ending)
    for place, kind in enumerate(_KINDS):
        if keyword in kind.keywords:
            return place, Trouble(kind.error, kind.what, kind.mend, ending not in kind.mild)
    if ending == _ERROR and not reason.startswith(_OF_THE_QUEUE):
        what = f"the printer reports {keyword!r}"
        mend = "See the printer's display."
        return len(_KINDS), Trouble(PrinterTroubleError, what, mend, severe=True)
    return None
