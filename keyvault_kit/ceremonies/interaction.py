"""The human, as a parameter.

A ceremony talks to people through this protocol alone. Terminal prompts, the interface's dialogs
and a script (rehearsals, tests) all answer the same prompts, told apart by their topic.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from keyvault_kit.secret import Secret


class Topic(StrEnum):
    """What a prompt is about, for whoever answers by script."""

    AGREEMENT = "agreement"
    BAG_NUMBER = "bag number"
    BAG_INTACT = "bag intact"
    BAG_SHOWN = "bag shown"
    """The number on a bag that was fetched; nothing where it is not there."""
    BLINKING = "blinking"
    CHANGE = "change"
    CHECK = "check"
    """An item of a checklist: yes, or it is a finding."""
    CLASS = "class of a use"
    CLOCK = "clock"
    DEPOSIT = "deposit"
    EVIDENCE = "evidence"
    """The name of a file of evidence on the transfer medium."""
    EXCEPTION = "exception"
    FOUND = "found in a safe"
    """The number of a bag that lies in a safe; nothing when there is no other."""
    KEY_PIN = "PIN of a key"
    MEDIUM = "transfer medium"
    NEW_PIN = "new PIN"
    NOTE = "note"
    OPTIONS = "creation options"
    OVERRULE = "overrule"
    PAGES = "pages"
    PERSONAL_KEY = "personal key"
    PLUG = "plug in"
    PRINTED = "printed"
    PROPOSAL = "proposal"
    READ_BACK = "read back"
    RESET = "reset"
    REMARK = "remark"
    """Free text; nothing where there is nothing to say."""
    RETRY = "retry"
    REVEAL = "reveal"
    SERIAL = "serial number"
    SHRED = "shred"
    SIGN_IN = "sign-in"
    TAKEN_OUT = "taken out"
    TENANT_PASSWORD = "tenant password"  # noqa: S105 - a topic, not a password
    TOUCH = "touch"


class OffScript(Exception):  # noqa: N818 - no error: a turn that a ceremony can take
    """Raised by an interaction, at any prompt, where somebody says: this is not as planned."""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What is said or asked, to whom, about what.

    Attributes:
        text: In plain words, complete in itself.
        person: Id of the person it is for; empty for everybody in the room.
        subject: Id of the key, envelope or account that it is about.
    """

    topic: Topic
    text: str
    person: str = ""
    subject: str = ""


class Interaction(Protocol):
    """What a ceremony wants of the people in the room.

    Any of its questions may raise :class:`OffScript`: the engine notes it, and asks anew.
    """

    def show(self, prompt: Prompt) -> None:
        """Tell something; nothing is asked."""

    def confirm(self, prompt: Prompt) -> bool:
        """Ask a question whose answer defaults to no."""

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        """Let the person pick one of several; the answer is its index."""

    def ask(self, prompt: Prompt) -> str:
        """Ask for a text that is not secret."""

    def ask_pin(self, prompt: Prompt) -> Secret:
        """Ask for a PIN; what is typed is not shown. The caller wipes it."""

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        """Have a printed sheet scanned, typed, or given as an image; the caller wipes it.

        Args:
            words: Whether it is the sheet of a share, whose words can be typed one by one.

        Returns:
            The text of its code, as the scanner sent it, or what was typed.
        """

    def wait_for_key(self, prompt: Prompt) -> None:
        """Ask for a key to be plugged in, and return when the person says that it is."""

    def touch(self, prompt: Prompt) -> None:
        """Say that a key, which blinks, waits for a touch."""

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        """Show a secret to one person, for a time at most; nothing of it stays on the screen."""

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        """Say which step of a ceremony begins."""
