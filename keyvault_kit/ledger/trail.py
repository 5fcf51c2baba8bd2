"""What is to be checked along the entries, as they are read: signatures, proposals, commitments."""

from typing import Final

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, encode, proposed_of
from keyvault_kit.custody.model import Signature, Signer
from keyvault_kit.custody.proposals import Proposal
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.merkle import Tree, leaf_hash
from keyvault_kit.ledger.store import Ledger

PROPOSAL_NAMESPACE: Final = "keyvault-proposal"


class Trail:
    """Follows a ledger's entries and checks what stands under signatures.

    Attributes:
        acts: How many entries stood under signatures that hold.
        commitments: What entries say of erasable rows -> `seq` of the entry.
        erased: Commitments whose rows were erased by an entry.
        claims: What entries say of the ledger's own roots: `seq`, size and root, hex.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._warrant: _Warrant | None = None
        self.acts = 0
        self.commitments: dict[str, int] = {}
        self.erased: set[str] = set()
        self.claims: list[tuple[int, int, str]] = []
        self._tree = Tree()

    def follow(self, entry: Entry, state: Register) -> None:
        """Take the next entry.

        Args:
            state: The register after it.

        Raises:
            LedgerError: A signature does not hold, or a root is not the ledger's.
        """
        self._note(entry)
        body = encode(entry)
        if isinstance(entry.fact, (ev.ActsSigned, ev.ProposalAccepted)):
            self._warrant = _Warrant(entry.seq, entry.fact, state, self._tree.root())
        elif self._warrant:
            self._warrant.bodies.append(body)
            if state.warrant is None:
                self._check(self._warrant)
                self.acts += len(self._warrant.bodies)
                self._warrant = None
        self._tree = self._tree.append(leaf_hash(body))

    def end(self) -> None:
        """There are no more entries.

        Raises:
            LedgerError: Some that were signed are missing.
        """
        if self._warrant:
            raise LedgerError(
                f"the entries that entry {self._warrant.seq} has signatures for are not all there",
                mend="The end of the ledger is missing: restore the newest backup that verifies.",
            )
        roots = self._ledger.roots({size for _, size, _ in self.claims})
        for seq, size, root in self.claims:
            if roots[size].hex() != root:
                raise LedgerError(
                    f"entry {seq} names another history: its root of {size} entries is not this"
                    " ledger's"
                )

    def _note(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, ev.DetailsErased):
            self.erased.update(fact.commitments)
        if isinstance(fact, (ev.LedgerRefounded, ev.ProposalAccepted, ev.CheckpointSigned)):
            self.claims.append((entry.seq, fact.size, fact.root))
        details = getattr(fact, "details", None)
        if details is not None:
            self.commitments.setdefault(details, entry.seq)

    def _check(self, warrant: "_Warrant") -> None:
        try:
            if isinstance(warrant.fact, ev.ActsSigned):
                before = Checkpoint(self._ledger.register_id, warrant.seq, warrant.root)
                message = acts.message(before, warrant.bodies)
                acts.check(warrant.fact.signatures, message, acts.ACT_NAMESPACE, warrant.signers)
            else:
                self._check_proposal(warrant, warrant.fact)
        except LedgerError as error:
            first, last = warrant.seq + 1, warrant.seq + len(warrant.bodies)
            raise LedgerError(
                f"entries {first} to {last} are not what was signed: {error.what}",
                mend="They were changed, or their signatures were.",
            ) from error

    def _check_proposal(self, warrant: "_Warrant", fact: ev.ProposalAccepted) -> None:
        proposal = Proposal(
            register=self._ledger.register_id,
            size=fact.size,
            root=fact.root,
            nonce=fact.nonce,
            entries=tuple(proposed_of(body) for body in warrant.bodies),
        )
        if proposal.id != fact.proposal:
            raise LedgerError("they are not those of the proposal")
        acts.check(fact.signatures, proposal.message(), PROPOSAL_NAMESPACE, warrant.signers)


class _Warrant:
    """Signatures, and the entries that they are for, as far as they were read."""

    def __init__(
        self, seq: int, fact: ev.ActsSigned | ev.ProposalAccepted, state: Register, root: bytes
    ) -> None:
        self.seq = seq
        self.root = root  # of everything before
        self.fact = fact
        self.bodies: list[bytes] = []
        self.signers: dict[str, Signer] = {
            person: state.signers[person] for person in _people(fact.signatures)
        }


def _people(signatures: tuple[Signature, ...]) -> tuple[str, ...]:
    return tuple(signature.person for signature in signatures)
