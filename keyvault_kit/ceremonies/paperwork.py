"""Paper in ceremonies: from the register to the pages of `sheets`, out, and read back again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.ceremonies.recognition import SERIAL_ONLY
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.model import (
    Envelope,
    Finding,
    Mode,
    PaperSize,
    SecretSet,
    SecurityKey,
)
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import MismatchError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash
from keyvault_kit.ledger.pgpwords import encode
from keyvault_kit.ledger.sshsig import PublicKey
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import share_proof, sheet_proof
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets.codes import SheetCode, parse_share
from keyvault_kit.sheets.geometry import PAPERS, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import (
    audit,
    checkpoint,
    envelope,
    founding,
    identity,
    key_tag,
    pin,
    record,
    share,
)

_SPOIL: Final = "Destroy the sheet; the ceremony makes a new one."


def sheet_name(kind: str, what: str) -> str:
    """The neutral name under which a sheet is printed."""
    return f"{kind}-{what}"


def checkpoint_sheet_name(number: int) -> str:
    """The name of the sheet of the `number`-th checkpoint ceremony."""
    return sheet_name("checkpoint", str(number))


def founding_sheet_name(copy_for: str) -> str:
    """The name of the founding sheet for a site, or for the auditor."""
    return sheet_name("founding", copy_for)


def name_of(station: Station, person: str) -> str:
    """A person's name from the erasable table; the id where it was erased."""
    known = station.book.register.people.get(person)
    return station.book.name_behind(known.details) if known else person


def _heading(
    station: Station, *, label: str, sheet_id: str, day: date, number: int = 1, count: int = 1
) -> Heading:
    return Heading(
        organisation=station.book.register.organisation,
        register=station.book.ledger.register_id,
        label=label,
        date=day,
        sheet_id=sheet_id,
        number=number,
        count=count,
        rehearsal=station.mode is Mode.REHEARSAL,
    )


def _today(work: Work) -> date:
    return work.station.clock().date()


def _paper_at(register: Register, safe: str) -> Paper:
    """The paper of the site where a safe stands."""
    return PAPERS[register.sites[register.safes[safe].site].paper]


# --- Secret sheets


def share_sheet(
    work: Work, its_set: SecretSet, number: int, mnemonic: Secret, *, envelope: str, safe: str
) -> bytes:
    """The sheet of one share, as a PDF."""
    heading = _heading(
        work.station,
        label=f"Password of {its_set.subject}",
        sheet_id=envelope,
        day=_today(work),
        number=number,
        count=its_set.count,
    )
    sheet = share.ShareSheet(
        heading=heading, set_id=its_set.id, threshold=its_set.threshold, mnemonic=mnemonic
    )
    return share.render(sheet, _paper_at(work.register, safe))


def pin_mailer(
    work: Work,
    its_set: SecretSet,
    key: SecurityKey,
    secret: Secret,
    salt: bytes,
    *,
    safe: str,
) -> bytes:
    """The PIN mailer of a key, as a PDF."""
    heading = _heading(
        work.station, label=f"PIN of key {key.id}", sheet_id=f"{its_set.id}-1", day=_today(work)
    )
    sheet = pin.PinSheet(
        heading=heading,
        set_id=its_set.id,
        key_tag=key.id,
        serial=key.serial,
        pin=secret,
        salt=Secret(salt),
    )
    return pin.render(sheet, _paper_at(work.register, safe))


def identity_sheet(
    work: Work, its_set: SecretSet, secret: Secret, salt: bytes, recipient: str, *, safe: str
) -> bytes:
    """The sheet of the station's age identity, as a PDF."""
    heading = _heading(
        work.station,
        label="Identity of the station",
        sheet_id=f"{its_set.id}-1",
        day=_today(work),
    )
    sheet = identity.IdentitySheet(
        heading=heading, set_id=its_set.id, identity=secret, salt=Secret(salt), recipient=recipient
    )
    return identity.render(sheet, _paper_at(work.register, safe))


@contextmanager
def read_share(work: Work, envelope: Envelope, mend: str = _SPOIL) -> Iterator[Secret]:
    """The words on a printed share, read back and compared with the proof in the ledger.

    Args:
        mend: What to do where it does not agree.

    Raises:
        InputError: The sheet is not there, or what is on it is no share.
        MismatchError: It is not the share that was made for this envelope.
    """
    (code,) = _codes(work, sheet_name("share", envelope.id), mend)
    with parse_share(code) as words:
        mnemonic = Share.parse(words.expose_text()).mnemonic()
    if share_proof(mnemonic) != envelope.proof:
        raise MismatchError(f"the share of envelope {envelope.id} is another one", mend=mend)
    with Secret.from_text(mnemonic) as secret:
        yield secret


def prove_salted(work: Work, kind: str, envelope: Envelope) -> None:
    """Read a sheet with a salted secret (`pin`, `identity`) back and compare it with its proof.

    Raises:
        InputError: The sheet is not there, or what is on it is no such code.
        MismatchError: It is not the sheet that was made for this envelope.
    """
    (text,) = _codes(work, sheet_name(kind, envelope.id), _SPOIL)
    code = SheetCode.parse(text)
    if code.salt is None or code.content is None or code.set_id != envelope.set:
        raise MismatchError(f"the sheet of envelope {envelope.id} is another one", mend=_SPOIL)
    with code.salt as salt, code.content as content:
        proof = sheet_proof(salt.expose(), content)
    if proof != envelope.proof:
        raise MismatchError(f"the {kind} of envelope {envelope.id} is another one", mend=_SPOIL)


def _codes(work: Work, name: str, mend: str) -> tuple[str, ...]:
    codes = work.station.paper.read(name)
    if len(codes) != 1:
        raise MismatchError(f"sheet {name} shows {len(codes)} different codes, not 1", mend=mend)
    return codes


def shred(work: Work, kind: str, envelope_id: str) -> None:
    """Destroy a secret sheet and the label of its envelope, as far as they came out."""
    for name in (sheet_name(kind, envelope_id), sheet_name("label", envelope_id)):
        work.station.paper.shred(name)


# --- Sheets without a secret


def print_label(work: Work, envelope_id: str, holds: str, safe: str) -> None:
    """Print the outer label of an envelope; nothing on it is secret."""
    its = work.register.envelopes.get(envelope_id)
    kind, what, *number = holds.split(":")
    contents = {
        "key": f"Key {what}",
        "pin": f"PIN of key {what}",
        "evidence": f"Evidence: not key {what}",
        "identity": "Identity of the station",
    }
    sheet = envelope.EnvelopeLabel(
        heading=_heading(
            work.station, label=f"Safe {safe}", sheet_id=envelope_id, day=_today(work)
        ),
        contents=contents.get(kind, f"Share {''.join(number)} of {what}"),
        set_id=(its.set if its else None) or what,
        safe=safe,
        site=work.register.safes[safe].site,
    )
    pdf = envelope.render(sheet, _paper_at(work.register, safe))
    work.station.paper.put(sheet_name("label", envelope_id), pdf)


def print_key_tag(work: Work, key: SecurityKey, envelope_id: str, safe: str) -> None:
    """Print the tag of a key."""
    sheet = key_tag.KeyTag(
        heading=_heading(
            work.station, label=f"Key {key.id}", sheet_id=envelope_id, day=_today(work)
        ),
        tag=key.id,
        product=key.product,
        aaguid=key.aaguid,
        serial=key.serial,
        account=key.account,
        use=key.use,
    )
    pdf = key_tag.render(sheet, _paper_at(work.register, safe))
    work.station.paper.put(sheet_name("key", envelope_id), pdf)


def print_checkpoint(
    work: Work, signed: Checkpoint, people: Sequence[str], *, paper: PaperSize, number: int
) -> None:
    """Print a signed checkpoint: its text and code, its root as words, its signers."""
    keys = {person: PublicKey.parse(work.register.signers[person].public_key) for person in people}
    signers = tuple(
        checkpoint.CheckpointSigner(name_of(work.station, person), key.fingerprint())
        for person, key in keys.items()
    )
    sheet = checkpoint.CheckpointSheet(
        heading=_heading(
            work.station,
            label=f"{signed.size} entries",
            sheet_id=work.ceremony,
            day=_today(work),
        ),
        text=signed.text().decode(),
        words=encode(signed.root),
        signers=signers,
    )
    work.station.paper.put(checkpoint_sheet_name(number), checkpoint.render(sheet, PAPERS[paper]))


def person_row(person: str, name: str, contact: str = "") -> dict[str, str]:
    """The erasable row of a person; a contact only where there is one."""
    return {"person": person, "name": name} | ({"contact": contact} if contact else {})


FOR_THE_AUDITOR: Final = "auditor"


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
            heading=_heading(
                work.station,
                label="Founding of the ledger",
                sheet_id=work.ceremony,
                day=_today(work),
                number=number,
                count=len(copies),
            ),
            text=trust.text(),
            founders=tuple(
                founding.Founder(person, name_of(work.station, person), fingerprint)
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
        heading=_heading(
            work.station, label="Security keys", sheet_id=work.ceremony, day=_today(work)
        ),
        scope=f"{len(keys)} security keys",
        checkpoint=register.ceremonies[work.ceremony].started,
        verdicts=verdicts,
        findings=tuple(
            audit.AuditFinding(subject=it.subject, rule=it.rule, what=it.what, mend=it.mend)
            for it in found
        ),
        signatures=tuple(
            audit.Signature(role=_role(register, person), name=name_of(work.station, person))
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
        heading=_heading(
            station, label=f"Ceremony {its.plan}", sheet_id=its.id, day=max(its.times).date()
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
            record.Participant(role=_role(book.register, person), name=name_of(station, person))
            for person in sorted({*its.people, *(who for step in steps for who in step.by)})
        ),
    )
    pdf = record.render(sheet, PAPERS[PaperSize.A4])
    station.paper.put(sheet_name("record", its.id), pdf)


def _role(register: Register, person: str) -> str:
    known = register.people.get(person)
    return ", ".join(known.roles) if known else ""
