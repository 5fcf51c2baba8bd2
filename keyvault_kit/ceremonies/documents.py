"""Paper without a secret, from the register to the pages of `sheets`: labels, tags, reports."""

from collections.abc import Mapping, Sequence
from typing import Final

from keyvault_kit.ceremonies.paperwork import heading, name_of, paper_at, role_of, sheet_name, today
from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.ceremonies.recognition import SERIAL_ONLY
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.model import Envelope, Finding, Form, PageCount, PaperSize, SecurityKey
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash
from keyvault_kit.ledger.pgpwords import encode
from keyvault_kit.ledger.sshsig import PublicKey
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.sheets.geometry import PAPERS
from keyvault_kit.sheets.pages import (
    audit,
    checkpoint,
    envelope,
    founding,
    key_tag,
    liner,
    record,
    recovery,
)

FOR_THE_AUDITOR: Final = "auditor"


def checkpoint_sheet_name(number: int) -> str:
    """The name of the sheet of the `number`-th checkpoint ceremony."""
    return sheet_name("checkpoint", str(number))


def founding_sheet_name(copy_for: str) -> str:
    """The name of the founding sheet for a site, or for the auditor."""
    return sheet_name("founding", copy_for)


def contents_of(holds: str) -> str:
    """What an envelope holds, in plain words: `share:bg1:2` is 'Share 2 of bg1'."""
    kind, what, *number = holds.split(":")
    contents = {
        "key": f"Key {what}",
        "pin": f"PIN of key {what}",
        "evidence": f"Evidence: not key {what}",
        "identity": "Identity of the station",
        "password": f"Password of {what}",
        "card": f"Site card of {what}",
    }
    return contents.get(kind, f"{kind.capitalize()} {''.join(number)} of {what}")


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
        contents=contents_of(holds),
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


def print_audit_report(work: Work, keys: Sequence[str], *, people: Sequence[str]) -> None:
    """Print the report of the audit that this ceremony is."""
    register = work.register
    started = register.ceremonies[work.ceremony].started
    found = [it for it in register.findings if it.seq > started]
    findings = {it.subject: it for it in found if it.subject in keys}
    verdicts = tuple(
        audit.KeyVerdict(
            tag=key.id,
            product=key.product,
            serial=key.serial,
            verdict=_verdict(key, findings),
            how=_how(key, findings),
        )
        for key in (register.keys[tag] for tag in keys)
    )
    sheet = audit.AuditReport(
        heading=heading(
            work.station.book, label="Security keys", sheet_id=work.ceremony, day=today(work)
        ),
        scope=f"{len(keys)} security keys",
        checkpoint=register.ceremonies[work.ceremony].started,
        verdicts=verdicts,
        findings=tuple(
            audit.AuditFinding(subject=it.subject, rule=it.rule, what=it.what, mend=it.mend)
            for it in found
        ),
        signatures=tuple(
            audit.Signature(role=role_of(register, person), name=name_of(work.station.book, person))
            for person in people
        ),
    )
    work.station.paper.put("audit-report", audit.render(sheet, PAPERS[PaperSize.A4]))


def _verdict(key: SecurityKey, findings: Mapping[str, Finding]) -> str:
    if key.id in findings:
        return "finding"
    return "proven" if key.answers else SERIAL_ONLY


def _how(key: SecurityKey, findings: Mapping[str, Finding]) -> str:
    if key.id in findings:
        return findings[key.id].rule
    if key.answers:
        return "signed a fresh challenge with a registered credential"
    return "claims its number; signs with its PIN only, or nothing is on record"


def print_record(station: Station, ceremony: Ceremony) -> None:
    """Print the record of a finished ceremony, from the ledger alone."""
    book = station.book
    its = book.register.ceremonies[ceremony.id]
    steps = ceremony.plan.steps(book.register_at(its.started), ceremony.request)
    times = dict(zip(its.done, its.times, strict=True))
    sheet = record.CeremonyRecord(
        heading=heading(
            book, label=f"Ceremony {its.plan}", sheet_id=its.id, day=max(its.times).date()
        ),
        title=f"{its.plan.capitalize()}: {its.id}",
        site="",
        steps=tuple(
            record.RecordStep(
                number=number,
                activity=step.activity,
                initials=", ".join(step.by),
                time=times[step.id],
            )
            for number, step in enumerate(steps, 1)
        ),
        exceptions=tuple(
            record.RecordException(
                step=1 + [step.id for step in steps].index(back.to),
                time=back.time,
                expected="to go on",
                happened=back.why,
                decided=f"went back to step {back.to}; what was half-made was destroyed",
            )
            for back in its.returns
        ),
        participants=tuple(
            record.Participant(role=role_of(book.register, person), name=name_of(book, person))
            for person in sorted({*its.people, *(who for step in steps for who in step.by)})
        ),
        pages=_counted(its.pages),
        bags=tuple(
            record.UsedBag(it.id, contents_of(it.holds), it.bag)
            for it in (book.register.envelopes[envelope] for envelope in its.printed)
            if it.bag
        ),
    )
    pdf = record.render(sheet, PAPERS[PaperSize.A4])
    station.paper.put(sheet_name("record", its.id), pdf)


def _counted(pages: PageCount | None) -> record.Pages | None:
    if pages is None:
        return None
    return record.Pages(
        printed=pages.printed,
        sealed=pages.sealed,
        spoiled=pages.spoiled,
        destroyed=pages.destroyed,
    )
