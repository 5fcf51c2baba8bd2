"""Paper without a secret, from the register to the pages of `sheets`: labels, tags, checkpoints."""

from collections.abc import Mapping, Sequence
from typing import Final

from keyvault_kit.ceremonies.paperwork import (
    heading,
    name_of,
    paper_at,
    sheet_name,
    today,
)
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody.model import (
    Envelope,
    Form,
    PaperSize,
    SecretSet,
    SecurityKey,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash
from keyvault_kit.ledger.pgpwords import encode
from keyvault_kit.ledger.sshsig import PublicKey
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.sheets.geometry import PAPERS
from keyvault_kit.sheets.pages import (
    checkpoint,
    envelope,
    founding,
    key_tag,
    liner,
    recovery,
)

FOR_THE_AUDITOR: Final = "auditor"


def checkpoint_sheet_name(number: int) -> str:
    """The name of the sheet of the `number`-th checkpoint ceremony."""
    return sheet_name("checkpoint", str(number))


def founding_sheet_name(copy_for: str) -> str:
    """The name of the founding sheet for a site, or for the auditor."""
    return sheet_name("founding", copy_for)


def contents_of(holds: str, its_set: SecretSet | None = None) -> str:
    """What an envelope holds, in plain words, and how many such give the secret.

    Args:
        holds: What the organisation's plan calls it: `share:bg1:2` is 'Share 2 of 3 of bg1, any 2
            needed', `part:bg1:1` 'Part 1 of 2 of bg1, all needed'.
        its_set: The secret set of its sheet; None for a key or a card.
    """
    kind, what, *number = holds.split(":")
    if its_set and number:
        of_set = f"{kind.capitalize()} {number[0]} of {its_set.count} of {what}"
        every = its_set.threshold == its_set.count
        return f"{of_set}, {'all' if every else f'any {its_set.threshold}'} needed"
    contents = {
        "key": f"Key {what}",
        "pin": f"PIN of key {what}",
        "evidence": f"Evidence: not key {what}",
        "identity": "Identity of the station",
        "password": f"Whole password of {what}",
        "card": f"Site card of {what}",
        "item": f"{what}, of the station",
    }
    return contents.get(kind, " ".join((kind.capitalize(), *number, "of", what)))


def contents_in(register: Register, its: Envelope) -> str:
    """What an envelope of the register holds, as `contents_of`."""
    return contents_of(its.holds, register.sets.get(its.set or ""))


def print_companions(work: Work, its: Envelope, safe: str) -> None:
    """Print what goes into the bag of a secret sheet, or on it: label, liner, recovery sheet."""
    print_label(work, its.id, its.holds, safe)
    paper, its_set = paper_at(work.register, safe), work.register.sets[its.set or ""]
    top = heading(
        work.station.book,
        label=f"Envelope {its.id}",
        sheet_id=its.id,
        day=today(work),
        number=its.number or 1,
        count=its_set.count,
    )
    pdf = liner.render(liner.LinerSheet(heading=top, set_id=its_set.id), paper)
    work.station.paper.put(sheet_name("liner", its.id), pdf)
    if its_set.form is Form.SHARES:
        pdf = recovery.render(recovery.RecoverySheet(heading=top), paper)
        work.station.paper.put(sheet_name("recovery", its.id), pdf)


def print_label(work: Work, envelope_id: str, holds: str, safe: str) -> None:
    """Print the outer label of an envelope; nothing on it is secret."""
    its = work.register.envelopes.get(envelope_id)
    what = holds.split(":")[1]
    sheet = envelope.EnvelopeLabel(
        heading=heading(
            work.station.book, label=f"Safe {safe}", sheet_id=envelope_id, day=today(work)
        ),
        contents=contents_in(work.register, its) if its else contents_of(holds),
        set_id=(its.set if its else None) or what,
        safe=safe,
        site=work.register.safes[safe].site,
    )
    pdf = envelope.render(sheet, paper_at(work.register, safe))
    work.station.paper.put(sheet_name("label", envelope_id), pdf)


def print_key_tag(work: Work, key: SecurityKey, envelope_id: str, safe: str) -> None:
    """Print the tag of a key."""
    sheet = key_tag.KeyTag(
        heading=heading(
            work.station.book, label=f"Key {key.id}", sheet_id=envelope_id, day=today(work)
        ),
        tag=key.id,
        product=key.product,
        aaguid=key.aaguid,
        serial=key.serial,
        account=key.account,
        use=key.use,
    )
    pdf = key_tag.render(sheet, paper_at(work.register, safe))
    work.station.paper.put(sheet_name("key", envelope_id), pdf)


def print_checkpoint(
    work: Work, signed: Checkpoint, people: Sequence[str], *, paper: PaperSize, number: int
) -> None:
    """Print a signed checkpoint: its text and code, its root as words, its signers."""
    keys = {person: PublicKey.parse(work.register.signers[person].public_key) for person in people}
    signers = tuple(
        checkpoint.CheckpointSigner(name_of(work.station.book, person), key.fingerprint())
        for person, key in keys.items()
    )
    sheet = checkpoint.CheckpointSheet(
        heading=heading(
            work.station.book,
            label=f"{signed.size} entries",
            sheet_id=work.ceremony,
            day=today(work),
        ),
        text=signed.text().decode(),
        words=encode(signed.root),
        signers=signers,
    )
    work.station.paper.put(checkpoint_sheet_name(number), checkpoint.render(sheet, PAPERS[paper]))


def print_founding(work: Work, papers: Mapping[str, PaperSize]) -> None:
    """Print the founding sheet: a copy for each site, on its paper, and one for the auditor."""
    register, book = work.register, work.station.book
    founders = {term.signer.person: term.signer for term in register.terms_from_trust()}
    since = register.trusted_from
    leaf = leaf_hash(book.ledger.body(since)).hex() if since else ""
    trust = Trust.of(book.ledger.register_id, since, founders, leaf=leaf)
    auditor = FOR_THE_AUDITOR if FOR_THE_AUDITOR not in papers else f"the-{FOR_THE_AUDITOR}"
    copies = {**papers, auditor: next(iter(papers.values()))}
    for number, (copy_for, paper) in enumerate(copies.items(), 1):
        sheet = founding.FoundingSheet(
            heading=heading(
                work.station.book,
                label="Founding of the ledger",
                sheet_id=work.ceremony,
                day=today(work),
                number=number,
                count=len(copies),
            ),
            text=trust.text(),
            founders=tuple(
                founding.Founder(person, name_of(work.station.book, person), fingerprint)
                for person, fingerprint in trust.founders
            ),
            words=encode(bytes.fromhex(trust.register)),
            copy_for=copy_for,
        )
        work.station.paper.put(
            sheet_name(work.ceremony, copy_for), founding.render(sheet, PAPERS[paper])
        )
