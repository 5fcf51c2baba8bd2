"""Where the sources disagree: the positions, and the default until somebody decides (C1 to C8).

A decision counts until the day on which it is to be looked at again: then the default is back.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from keyvault_kit.custody.model import Decision
from keyvault_kit.custody.register import Register


class Conflict(msgspec.Struct, frozen=True):
    """A disagreement of the sources.

    Attributes:
        about: What it is about.
        positions: Choice, in a word -> the position in plain words.
        default: The choice that holds until the organisation decides.
    """

    about: str
    positions: dict[str, str]
    default: str


CONFLICTS: Final = {
    "C1": Conflict(
        "MFA on the account",
        {
            "phishing-resistant": "phishing-resistant MFA (A, C, D)",
            "none": "no MFA at all (B)",
        },
        "phishing-resistant",
    ),
    "C2": Conflict(
        "Conditional Access exclusion",
        {
            "all-but-own": "excluded from all but its own policy (D)",
            "all": "excluded from all policies (B, C)",
            "one-account": "at least one account excluded (E)",
            "required-by-policy": "phishing-resistant MFA required by policy (A)",
        },
        "all-but-own",
    ),
    "C3": Conflict(
        "password length",
        {"40": "40 or more (D)", "30": "30 or more (B)", "16": "16 (E)"},
        "40",
    ),
    "C4": Conflict(
        "role assignment",
        {
            "group": "through a role-assignable group (D)",
            "direct": "directly (A, B, C, E)",
        },
        "group",
    ),
    "C5": Conflict(
        "account names",
        {
            "recorded": "the organisation's own names, recorded",
            "breakglass": "breakglass1 and so on (B)",
            "arbitrary": "names that tell nothing (D)",
        },
        "recorded",
    ),
    "C6": Conflict(
        "where the PIN goes",
        {
            "separate": "in separate, restricted places (D)",
            "with-key": "with the key in a safe place (C)",
        },
        "separate",
    ),
    "C7": Conflict(
        "keep a password at all",
        {
            "split": "keep one, split (B, E)",
            "not-kept": "set and not kept (D)",
        },
        "split",
    ),
    "C8": Conflict(
        "different methods for different accounts",
        {
            "one-differs": "at least one account's keys differ in maker or model (E)",
            "all-differ": "all accounts differ (D)",
            "not-the-usual": "not the method that administrators use (A)",
        },
        "one-differs",
    ),
}
"""Conflict -> its positions. Where nobody decided, the default holds."""


def counting(register: Register, name: str, now: datetime) -> Decision | None:
    """The decision of that name, if there is one and the day to look at it again is not over."""
    made = register.decisions.get(name)
    return made if made and now.astimezone(UTC).date() <= made.review else None


def position(register: Register, conflict: str, now: datetime) -> str:
    """What holds where the sources disagree: what was decided, else the default (C1 to C8)."""
    decided = counting(register, conflict, now)
    return decided.choice if decided else CONFLICTS[conflict].default
