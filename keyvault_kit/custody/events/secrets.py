"""Passwords, PINs and who saw them."""

from keyvault_kit.custody.events.base import Fact, Observation, Positive
from keyvault_kit.custody.model import Count, Form, Id, Purpose


class SetMade(Fact, frozen=True, tag="set.made"):
    """A password or PIN was drawn and split; how it is put on paper (S28, S30).

    Attributes:
        form: Absent where it follows: one sheet is the whole, several are shares.
        alphabet: Name of the alphabet that a password was drawn from.
        length: Characters of that password.
        ceremony: In which; whatever it does next is about this set.
    """

    set: Id
    purpose: Purpose
    subject: Id
    threshold: Count
    count: Count
    form: Form | None = None
    alphabet: Id | None = None
    length: Positive | None = None
    ceremony: Id | None = None


class SetVoided(Fact, frozen=True, tag="set.voided"):
    """A set that never came into force is given up."""

    set: Id
    why: str


class PasswordOffered(Observation, frozen=True, tag="password.offered"):
    """The password of this set is about to be typed at the tenant.

    From here on the tenant may have it, so its sheets are not destroyed before people said no.
    """

    account: Id
    set: Id


class PasswordSet(Fact, frozen=True, tag="password.set"):
    """The tenant took the password of this set: it is in force, the one before it dead (S32)."""

    account: Id
    set: Id


class PasswordRecovered(Observation, frozen=True, tag="password.recovered"):
    """Enough shares gave a password, and whether the tenant took it."""

    account: Id
    set: Id
    accepted: bool


class ShareVerified(Observation, frozen=True, tag="share.verified"):
    """One sheet alone agrees with its proof."""

    envelope: Id


class SecretExposed(Observation, frozen=True, tag="secret.exposed"):
    """A person saw a secret, or could: the whole, a sheet, or a half of a password (S32, S39).

    `present`: the person stood by while it lay open, and may or may not have read it.
    """

    person: Id
    set: Id
    number: Count | None = None
    half: Count | None = None
    present: bool = False


class AccountUsed(Observation, frozen=True, tag="account.used"):
    """Somebody signed in to it, or could have (S65); rotation falls due (S32).

    Attributes:
        key: With which key; absent where it was with the password, which is then to be changed.
    """

    account: Id
    why: str
    key: Id | None = None
