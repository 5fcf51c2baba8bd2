"""What workers tell the application, in the past tense. No message ever holds a secret."""

from dataclasses import dataclass
from threading import Event

from textual.message import Message

from keyvault_kit.keys.hid import PluggedKey
from keyvault_kit.keys.reading import Reading, Unreadable
from tui.desk import Desk
from tui.standing import Standing


@dataclass
class Progressed(Message):
    """Something that takes a while went on to its next part."""

    activity: str


@dataclass
class DeskOpened(Message):
    """The keys and the ledger are there to be worked with."""

    desk: Desk


@dataclass
class DeskFailed(Message):
    """There is nothing to work with; `error` says why and what to do."""

    error: str


@dataclass
class KeysSeen(Message):
    """Other keys are plugged in than before; `trouble` says why they cannot be listed."""

    present: tuple[PluggedKey, ...]
    trouble: str = ""


@dataclass
class KeyRead(Message):
    """A key said what it is, or failed to."""

    key: PluggedKey
    result: Reading | Unreadable


@dataclass
class KeyKnown(Message):
    """A key proved that it is the registered one with this tag; empty where it is none of them."""

    key: PluggedKey
    tag: str


@dataclass
class PinAnswered(Message):
    """A key judged a PIN, or the PIN was not sent: `text` says so in plain words."""

    key: PluggedKey
    right: bool
    text: str


@dataclass
class LedgerGrew(Message):
    """Something was entered into the ledger: what is shown of it is old."""


@dataclass
class NotEntered(Message):
    """Something was seen that could not be entered: `text` says what, and why."""

    text: str


@dataclass
class KeyBlinked(Message):
    """A key was asked to blink; `error` is empty where it does."""

    key: PluggedKey
    error: str = ""


@dataclass
class TouchEnded(Message):
    """A wait for a touch ended: by the touch of `key`, or otherwise, which `error` says."""

    wait: Event
    key: PluggedKey | None
    error: str = ""


@dataclass
class LedgerRead(Message):
    """The ledger was read and folded."""

    standing: Standing


@dataclass
class LedgerVerified(Message):
    """Every entry and signature of the ledger was looked at; `verdict` is for people."""

    holds: bool
    verdict: str


@dataclass
class LedgerFailed(Message):
    """The ledger cannot be read; `error` says why and what to do."""

    error: str
