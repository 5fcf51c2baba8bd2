"""Found a ledger: founders enrol signing keys, the organisation is entered, the trust is printed.

Entry 0 needs no earlier signature: it holds the public keys by which all later ones are judged, and
the founding sheets carry their fingerprints, in ink, to every site and to the auditor.
"""

import functools
import hashlib
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import documents, signing
from keyvault_kit.ceremonies.paperwork import person_row
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.plans import identity
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Signer
from keyvault_kit.custody.organisation import IDENTITY, Organisation, PersonPlan
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sheets import fonts


def ceremony(organisation: Organisation) -> Ceremony:
    """The founding of a ledger for this organisation."""
    founders = organisation.founders()
    return Ceremony(
        id="founding",
        plan=Plan("founding", functools.partial(_steps, organisation), clock=False),
        request={"organisation": organisation.name, "file": _digest(organisation)},
        people=tuple(sorted(founders)),
    )


def check_printable(organisation: Organisation, source: str) -> None:
    """Say what the fonts cannot print before anything is begun.

    Args:
        source: What the error calls the organisation file.

    Raises:
        InputError: A name cannot be printed; its path inside the file is named.
    """
    texts = {"name": organisation.name}
    texts |= {f"people[{i}].name": it.name for i, it in enumerate(organisation.people)}
    for path, text in texts.items():
        try:
            fonts.require(text)
        except InputError as error:
            raise InputError(f"{source}: {path}: {error.what}", mend=error.mend) from error


def _digest(organisation: Organisation) -> str:
    """What tells one organisation file from another, and nothing of what is in it."""
    salted = b"keyvault-kit/organisation\n" + msgspec.json.encode(organisation)
    return hashlib.sha256(salted).hexdigest()


def _steps(organisation: Organisation, _: Register, request: ev.Request) -> tuple[Step, ...]:
    if request["file"] != _digest(organisation):
        raise RefusedError(
            f"this founding was begun with another organisation file, of"
            f" {request['organisation']!r}",
            mend="Name the one that it was begun with.",
        )
    founders = organisation.founders()
    safe = organisation.safe_of(IDENTITY) if organisation.holds_identity() else None
    return (
        Step(
            id="found",
            activity=f"{' and '.join(founders)} enrol their signing keys and found the ledger",
            by=founders,
            act=functools.partial(_found, founders),
        ),
        Step(
            id="enter",
            activity="Enter people, sites, safes and accounts of the organisation",
            by=founders,
            act=functools.partial(_enter, organisation),
            signed=True,
        ),
        *(identity.steps(founders, safe) if safe else ()),
        Step(
            id="print",
            activity="Print the founding sheets, compare the fingerprints and sign them in ink",
            by=founders,
            act=functools.partial(_print, organisation),
        ),
    )


def _found(founders: tuple[str, ...], work: Work) -> Sequence[ev.Fact]:
    signers: list[Signer] = []
    for person in founders:
        signers.append(signing.enrol_signer(work, person, others=tuple(signers)))
    nonce = work.station.random(32).hex()
    return [ev.LedgerFounded(founders=tuple(signers), nonce=nonce, mode=work.station.mode)]


def _enter(organisation: Organisation, work: Work) -> Sequence[ev.Fact]:
    return [
        ev.OrganisationNamed(name=organisation.name),
        *(_person(work, it) for it in organisation.people),
        *(
            ev.SiteAdded(site=it.id, paper=it.paper, envelope=it.envelope)
            for it in organisation.sites
        ),
        *(
            ev.SafeAdded(safe=it.id, site=it.site, openers=it.openers, need=it.need)
            for it in organisation.safes
        ),
        *(
            ev.AccountAdded(account=it.id, upn=it.upn, object_id=it.object_id)
            for it in organisation.accounts
        ),
    ]


def _person(work: Work, it: PersonPlan) -> ev.PersonAdded:
    """The fact about a person, and the erasable row with the name that it commits to."""
    details = work.write_down(person_row(it.id, it.name, it.contact))
    return ev.PersonAdded(
        person=it.id, roles=it.roles, details=details, since=it.since, until=it.until
    )


def _print(organisation: Organisation, work: Work) -> Sequence[ev.Fact]:
    papers = {site.id: site.paper for site in organisation.sites}
    documents.print_founding(work, papers)
    return []
