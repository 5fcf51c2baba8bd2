"""Artefacts of the sample register, with evidence of a directory, and carried out there."""

from keyvault_kit.custody.register import Register
from keyvault_kit.entra.artefacts import graph
from keyvault_kit.entra.artefacts.collection import collect
from keyvault_kit.entra.artefacts.wanted import Names, Wanted
from keyvault_kit.entra.evidence import read_evidence
from tests.custody.rules.tenants import now, register
from tests.entra.directory import Directory, guid


def wanted(directory: Directory | None = None, its: Register | None = None, **names: str) -> Wanted:
    """What artefacts are made from: a register, and evidence of that directory if there is one."""
    its = its or register()
    if directory is None:
        return Wanted(register=its, now=now(), names=Names(**names))
    evidence = read_evidence(directory.evidence(), tuple(its.accounts.values()), taken=now())
    return Wanted(
        register=its,
        now=now(),
        facts=evidence.facts,
        objects=evidence.objects,
        evidence=evidence.sha256,
        names=Names(**names),
    )


def exported(it: Wanted) -> dict[str, bytes]:
    """The files, by name."""
    return {its.name: its.content for its in collect(it)}


def asked(it: Wanted) -> dict[str, bytes]:
    """Those of the files that are about requests, by name."""
    return {its.name: its.content for its in graph.artefacts(it)}


def carried_out(directory: Directory, its: Register | None = None) -> Directory:
    """The directory after an export to it was carried out."""
    directory.carry_out(asked(wanted(directory, its)))
    return directory


def used() -> Directory:
    """A tenant with policies and groups of its own, and nothing for the accounts."""
    directory = Directory(register())
    directory.add_group("Everybody's phones", guid(1), guid(2))
    directory.add_policy("Require MFA", excludeGroups=[guid(7)], excludeUsers=[guid(8)])
    directory.add_policy("Administrators", includeUsers=[], includeRoles=[guid(9)])
    return directory
