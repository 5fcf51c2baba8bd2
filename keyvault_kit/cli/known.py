"""What the register knows of a secret sheet: which set, which number, which envelope it is of."""

from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.custody.model import Envelope, EnvelopeState, Form, SecretSet, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import mending
from keyvault_kit.sharing.proofs import share_proof, sheet_proof, short_proof
from keyvault_kit.sharing.slip39 import DamagedShareError, Share
from keyvault_kit.sheets.codes import Kind, SheetCode

_OVER: Final = (SetState.VOID, SetState.DEAD)
_GONE: Final = (EnvelopeState.DESTROYED, EnvelopeState.SPOILED)
_WHOLE: Final[dict[str, str]] = {
    Kind.PIN: "the PIN",
    Kind.PASSWORD: "the password",
    Kind.IDENTITY: "the identity",
}


class KnownSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet whose proof stands in the register.

    Attributes:
        what: What it is, in words: 'share 2 of 3'.
    """

    what: str
    envelope: Envelope
    set: SecretSet

    @property
    def is_over(self) -> bool:
        """Whether what it opened is no longer in use: it opens nothing."""
        return self.set.state in _OVER

    def warnings(self) -> tuple[str, ...]:
        """What is odd about it, in sentences."""
        found = []
        if self.is_over:
            found.append(f"Set {self.set.id} is {self.set.state}: this sheet opens nothing now.")
        if self.set.state is SetState.MADE:
            found.append(f"Set {self.set.id} was made and never put in force: do not rely on it.")
        if self.envelope.state in _GONE:
            found.append(
                f"Envelope {self.envelope.id} was {self.envelope.state} by the ledger,"
                " and its sheet is here."
            )
        return tuple(found)

    def __str__(self) -> str:
        return f"{self.what} of set {self.set.id}, envelope {self.envelope.id}"


class KnownSheets:
    """The secret sheets of a register.

    Args:
        register_id: 64 hex digits.
    """

    def __init__(self, register: Register, register_id: str) -> None:
        self._register = register
        self._register_id = register_id
        self._envelopes = {it.proof: it for it in register.envelopes.values() if it.proof}

    def parts_of(self, set_id: str) -> int | None:
        """How many parts a set has; None where the register knows of none."""
        its = self._register.sets.get(set_id)
        return its.count if its and its.form is Form.PARTS else None

    @classmethod
    def of_ledger(cls, path: Path) -> "KnownSheets":
        """Those of a ledger, which is only read.

        Raises:
            InputError: There is no such file, or it is no ledger of ours.
            LedgerError: It is damaged.
        """
        book = open_book(path)
        with book.ledger:
            return cls(book.register, book.ledger.register_id)

    @property
    def proofs(self) -> frozenset[str]:
        """The proofs of all sheets, 64 hex digits each."""
        return frozenset(self._envelopes)

    @property
    def mode(self) -> str:
        """What the ledger is for: live, rehearsal, or nothing yet."""
        return str(self._register.mode or "")

    def share(self, words: Secret) -> KnownSheet:
        """The sheet of a share.

        Raises:
            DamagedShareError: Its checksum does not hold.
            InputError: It is no share.
            MismatchError: The register does not know it.
        """
        proof = share_proof(Share.parse(words.expose_text()).mnemonic())
        return self._found(proof, "share")

    def mended(self, error: DamagedShareError) -> tuple[str, ...]:
        """What the register says of each way to mend a damaged share, in sentences without words.

        The person with the sheet decides; only a proof makes it certain which share it is.
        """
        found = []
        for it in mending.candidates(error.numbers, self.proofs):
            where = _where(it.places)
            if it.confirmed:
                sheet = self._found(share_proof(it.mnemonic), "share")
                found.append(f"{where}; with it the words are {sheet}. Read the sheet again.")
            else:
                found.append(f"{where}, perhaps: no proof in the ledger confirms it.")
        return tuple(found)

    def sheet(self, code: SheetCode) -> KnownSheet:
        """The sheet of a PIN, a password, a part or an identity, from its code.

        Raises:
            MismatchError: It is of another register, or not what was printed.
        """
        if code.register8 != self._register_id[: len(code.register8)]:
            raise MismatchError(
                f"this sheet is of register {code.register8}, and the ledger is"
                f" {self._register_id[: len(code.register8)]}",
                mend="Name the ledger that it belongs to with --ledger.",
            )
        if code.salt is None or code.content is None:
            raise MismatchError(f"a sheet of kind {code.kind} holds no secret to be verified")
        found = self._found(sheet_proof(code.salt.expose(), code.content), str(code.kind))
        if (found.envelope.set, found.envelope.number) != (code.set_id, code.number):
            raise MismatchError(
                f"the sheet says that it is number {code.number} of set {code.set_id}, and its"
                f" content is that of {found}",
                mend="Somebody made this sheet by hand: find out who had access.",
            )
        return found

    def _found(self, proof: str, kind: str) -> KnownSheet:
        envelope = self._envelopes.get(proof)
        it = self._register.sets.get(envelope.set or "") if envelope else None
        if envelope is None or it is None:
            raise MismatchError(
                f"no sheet in this ledger has the proof {short_proof(proof)}",
                mend="It belongs to another ledger, or is not what was printed.",
            )
        what = _WHOLE.get(kind) or f"{kind.lower()} {envelope.number} of {it.count}"
        return KnownSheet(what=what, envelope=envelope, set=it)


def _where(places: tuple[int, ...]) -> str:
    """Which words are wrong, and in which row of the sheet."""
    rows = " and ".join(str(row + 1) for row in sorted({it // mending.ROW for it in places}))
    numbers = " and ".join(str(it + 1) for it in places)
    if len(places) == 1:
        return f"Row {rows}: word {numbers} is another one"
    return f"Row {rows}: words {numbers} change places"
