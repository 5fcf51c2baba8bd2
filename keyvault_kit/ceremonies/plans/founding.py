"""Found a ledger: two founders enrol signing credentials, and the organisation is entered.

Entry 0 needs no earlier signature: it holds the public keys by which all later ones are judged.
"""

import functools
from collections.abc import Sequence

import msgspec

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.engine import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.custody.model import Signer
from keyvault_kit.custody.organisation import Organisation
from keyvault_kit.custody.register import Register
from keyvault_kit.ledger.store import Detail


def ceremony(organisation: Organisation) -> Ceremony:
    """The founding of a ledger for this organisation."""
    founders = organisation.founders()
    return Ceremony(
        id="founding",
        plan=Plan("founding", functools.partial(_steps, organisation)),
        request={"organisation": organisation.name},
        people=tuple(sorted(founders)),
    )


def _steps(organisation: Organisation, _: Register, __: ev.Request) -> tuple[Step, ...]:
    founders = organisation.founders()
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
        *(_person(work, it.id, it.name, it.roles) for it in organisation.people),
        *(ev.SiteAdded(site=it.id, paper=it.paper) for it in organisation.sites),
        *(
            ev.SafeAdded(safe=it.id, site=it.site, openers=it.openers, need=it.need)
            for it in organisation.safes
        ),
        *(ev.AccountAdded(account=it.id, upn=it.upn) for it in organisation.accounts),
    ]


def _person(work: Work, person: str, name: str, roles: tuple[object, ...]) -> ev.PersonAdded:
    """The fact about a person, and the erasable row with the name that it commits to."""
    row, salt = {"person": person, "name": name}, work.station.random(SALT_SIZE)
    commitment = commit(salt, row)
    work.details.append(Detail(commitment=commitment, salt=salt, row=canonical_json(dict(row))))
    return msgspec.convert(
        {"person": person, "roles": roles, "details": commitment}, ev.PersonAdded
    )
