"""Shares as they come to the table: kept by set, told apart, and what they give."""

from contextlib import suppress
from typing import Final

import msgspec

from keyvault_kit.ceremonies.splitting import password_behind
from keyvault_kit.cli.known import KnownSheet, KnownSheets
from keyvault_kit.cli.output import sentence
from keyvault_kit.cli.sheets import Brought
from keyvault_kit.custody.model import Purpose, SecretSet
from keyvault_kit.errors import InputError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords
from keyvault_kit.sharing.recovery import RecoveryState
from keyvault_kit.sharing.slip39 import DamagedShareError, ForeignShareError, Share
from keyvault_kit.sheets.codes import Kind, SheetCode

_SHOWN: Final = {Kind.PASSWORD: "password", Kind.PIN: "PIN"}
"""The sheets that hold a whole secret which people type."""


class Found(msgspec.Struct, frozen=True, eq=False):
    """A secret that came back.

    Attributes:
        title: What it is.
        doubts: What speaks for a forgery, in sentences.
    """

    title: str
    secret: Secret
    doubts: tuple[str, ...] = ()


class _Pile(msgspec.Struct, frozen=True, eq=False):
    """The shares of one set.

    Attributes:
        set: What a register calls it, if it knows the shares.
        is_strange: Whether there is a register, and it does not know them.
    """

    set: SecretSet | None
    is_strange: bool
    state: RecoveryState

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks for a forgery; nothing, where a register knows each share."""
        if self.set is not None:
            return ()
        found = ["The ledger does not know its shares."] if self.is_strange else []
        if self.state.threshold == 1:
            found.append("One share alone is enough for it, and this kit makes no such shares.")
        elif self.state.threshold is None:
            found.append("Its shares are in groups, and this kit makes no groups.")
        return tuple(found)

    def open(self) -> Found:
        """What the shares give.

        Raises:
            MismatchError: Nothing that this kit has ever split.
        """
        with self.state.recover() as secret:
            return _open(secret, self.set, self.doubts)


class Shares:
    """The shares that have come so far, a pile for each set.

    Args:
        known: What a register knows of them; none is needed.
    """

    def __init__(self, known: KnownSheets | None) -> None:
        self._known = known
        self._piles: list[_Pile] = []
        self._whole: list[Found] = []

    def add(self, brought: Brought) -> tuple[str, ...]:
        """Take a share, or the code of a sheet with a whole secret.

        Returns:
            What it is and what is odd about it, in sentences.

        Raises:
            DamagedShareError: The words contradict their checksum; what came before is kept.
            InputError: It is no share, or is there already; what came before is kept.
            MismatchError: It contradicts shares that are enough.
        """
        if isinstance(brought, SheetCode):
            return self._add_code(brought)
        words = _plain(brought, self._known)
        sheet, told = self._look_up(words)
        if self._put(words, sheet):
            told = (*told, "It is of another set than those before: they are kept apart.")
        return told

    @property
    def status(self) -> str:
        """What is there and what is missing, in sentences."""
        return " ".join(pile.state.status() for pile in self._piles) or "There is no share yet."

    def found(self) -> Found | None:
        """The secret, as soon as there is enough for it; the one with the fewest doubts first.

        What it came from is off the table then, also where it gave nothing: call it again.

        Raises:
            MismatchError: The shares give nothing that this kit has ever split; all others are
                kept.
        """
        ready: list[Found | _Pile] = [*self._whole]
        ready += (pile for pile in self._piles if pile.state.complete)
        first = min(ready, key=lambda it: len(it.doubts), default=None)
        if isinstance(first, _Pile):
            self._piles.remove(first)
            return first.open()
        if first is not None:
            self._whole.remove(first)
        return first

    def _add_code(self, code: SheetCode) -> tuple[str, ...]:
        if code.kind is Kind.PART:
            raise InputError(
                f"this is part {code.number} of set {code.set_id}, and no share",
                mend="Run 'keyvault recover --parts 2', or 3: as many as its sheet says.",
            )
        if code.kind not in _SHOWN or code.content is None:
            raise InputError(f"a sheet of kind {code.kind} is not recovered here")
        title = f"The {_SHOWN[code.kind]} on the sheet of set {code.set_id}:"
        told, doubts = code_told(code, self._known)
        self._whole.append(Found(title, Secret(code.content.expose()), doubts))
        return told

    def _look_up(self, words: Secret) -> tuple[KnownSheet | None, tuple[str, ...]]:
        if self._known is None:
            return None, ()
        try:
            sheet = self._known.share(words)
        except MismatchError as error:
            return None, (f"{sentence(str(error))}",)
        return sheet, (f"This is {sheet}.", *sheet.warnings())

    def _put(self, words: Secret, sheet: KnownSheet | None) -> bool:
        """Put a share on the pile where it belongs; whether that is another than those before."""
        it = sheet.set if sheet else None
        for pile in self._piles:
            if pile.set == it:
                with suppress(ForeignShareError):
                    pile.state.add(words.expose_text())
                    return False
        state = RecoveryState().add(words.expose_text())
        self._piles.append(_Pile(it, self._known is not None, state))
        return len(self._piles) > 1


def code_told(
    code: SheetCode, known: KnownSheets | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a register says of a sheet's code, in sentences; that it says no keeps nobody.

    Returns:
        What is told at once, and the doubts that remain.
    """
    if known is None:
        return (), ()
    try:
        sheet = known.sheet(code)
    except MismatchError as error:
        doubt = f"The ledger does not know sheet {code.number} of set {code.set_id}."
        return (f"Warning: {error}",), (doubt,)
    return (f"This is {sheet}.", *sheet.warnings()), ()


def _plain(words: Secret, known: KnownSheets | None) -> Secret:
    """The share's words, whole and in lower case; where they are damaged, what is known of it."""
    try:
        return Secret.from_text(Share.parse(words.expose_text()).mnemonic())
    except DamagedShareError as error:
        if known and (mended := known.mended(error)):
            raise InputError(error.what, mend=" ".join(mended)) from None
        raise


def _open(secret: Secret, it: SecretSet | None, doubts: tuple[str, ...]) -> Found:
    """What the shares give (docs/formats.md), and whether it is what the register's set wants."""
    try:
        text = password_behind(secret)
    except KeyvaultError as error:
        raise MismatchError(
            f"the shares give {len(secret)} bytes, and {error.what}",
            mend="They were split by another program: recover them with that. They are put aside.",
        ) from error
    if it is None:
        kind = "password" if len(secret) == passwords.SECRET_SIZE else "secret"
        return Found(f"The {kind}:", text, doubts)
    kind = "PIN" if it.purpose is Purpose.PIN else str(it.purpose)
    title = f"The {kind} of {it.subject} (set {it.id}):"
    length = len(text.expose_text())
    if it.length not in (None, length):
        title += f"\nIt has {length} characters, and {it.length} by the ledger: be careful."
    return Found(title, text, doubts)
