"""What is asked of emergency access accounts, numbered once and for ever, and what covers it.

Five documents ask for it: A, the how-to of Microsoft Entra; B, a short guide to break-glass
accounts; C, a walk-through of phishing-resistant sign-in; D, a set-up article of 2024; E, an older
article on good practice. Where they disagree, C1 to C8 are decided (:mod:`.decisions`).
"""

from enum import StrEnum
from typing import Final

import msgspec


class Must(StrEnum):
    """What the kit does about a requirement."""

    HOLD = "hold"
    """The register records it."""
    CHECK = "check"
    """A rule judges it."""
    COMPUTE = "compute"
    """The kit works it out, and a rule judges what comes of it."""
    GENERATE = "generate"
    """The kit makes the artefact."""
    PRINT = "print"
    """The kit puts it on paper."""


JUDGED: Final = frozenset({Must.CHECK, Must.COMPUTE})
"""What has a rule."""


class Requirement(msgspec.Struct, frozen=True):
    """A requirement.

    Attributes:
        id: `S36`.
        section: What it is about.
        sources: The documents that ask for it, a letter each.
    """

    id: str
    section: str
    sources: str
    must: tuple[Must, ...]
    text: str


_ROWS: Final = {
    "Accounts": (
        ("S1", "ABD", "hold check", "Two accounts or more; a few more to follow the sun only"),
        ("S2", "ABCDE", "check", "Cloud-only, in the onmicrosoft domain, not federated or synced"),
        ("S3", "ABCDE", "check", "Global Administrator, permanently active, never eligible"),
        ("S4", "ABCE", "check", "Tied to no person, no employee's telephone, no issued token"),
        ("S5", "A", "hold", "The other model: accounts of persons, to be accountable and remote"),
        ("S6", "BD", "hold check", "The choice of names is recorded; groups tell no more than it"),
        ("S7", "ACE", "hold check", "The object id of each account is recorded"),
        ("S8", "D", "generate check", "A role-assignable security group carries the role"),
        ("S9", "D", "check", "No licences; MFA for single users is off"),
        ("S10", "AC", "check", "Never used for daily administration"),
        ("S11", "AE", "check", "Devices and credentials never expire and are never cleaned up"),
        ("S12", "CD", "check generate", "The password never expires"),
        (
            "S13",
            "A",
            "generate",
            "Mail to administrators: a shared mailbox that forwards to a list",
        ),
        ("S14", "AE", "check", "No dependency between the premises and access to the cloud"),
        ("S15", "A", "hold", "Used from a privileged workstation that is named for it, only"),
    ),
    "Authentication": (
        ("S16", "ACD", "check", "FIDO2 before all; certificates only with a PKI that is there"),
        ("S17", "C", "check", "Two passkeys of each account"),
        ("S18", "ADE", "check", "Another method than other administrators', or another account's"),
        ("S19", "C", "check", "A PIN is set, and touch was proven at enrolment"),
        ("S20", "CD", "print", "The order: interim method, first password, key, interim removed"),
        ("S21", "C", "check", "The passkey method is enabled for the accounts first"),
        ("S22", "D", "generate", "An authentication strength of its own, passkeys only"),
        ("S23", "A", "check", "Phishing-resistant MFA is required"),
        (
            "S24",
            "ADE",
            "generate check",
            "No self-service reset: no methods, or off; else all told",
        ),
    ),
    "Conditional Access": (
        ("S25", "BCDE", "check", "Excluded from every policy but its own"),
        ("S26", "D", "generate check", "A policy of its own: passkeys, every time, everywhere, on"),
        ("S27", "D", "check", "Few conditions; without FIDO2 certain places or devices only"),
    ),
    "Passwords": (
        ("S28", "BDE", "generate", "A random password, as long as was decided"),
        ("S29", "BD", "print", "On paper, offline, in a sealed envelope, in a safe"),
        ("S30", "DE", "generate print", "Split, the pieces on papers and in places of their own"),
        ("S31", "D", "hold", "The option to keep no password"),
        ("S32", "DE", "compute", "Changed after each use and yearly, and stored again as before"),
        ("S33", "B", "check", "Never kept only where that very sign-in is needed"),
    ),
    "Custody": (
        ("S34", "ABE", "hold check", "Fireproof safes, at two separate places at least"),
        ("S35", "D", "compute", "One fire or thief cannot take both keys, nor both PINs"),
        ("S36", "D", "check", "Keys and PINs in separate, restricted places"),
        ("S37", "AD", "compute", "Two people with access at all times, holidays included"),
        ("S38", "D", "compute", "Two people for the keys, two others for the PINs; nobody alone"),
        ("S39", "D", "compute", "Who leaves never holds everything"),
        ("S40", "AE", "hold", "A short list of who is authorised, reviewed"),
        ("S41", "AE", "check", "A registered device in reach of all, by two network paths"),
        ("S42", "A", "compute", "Combinations are changed after somebody left, and regularly"),
        ("S43", "D", "hold", "Who sees the documents of the process is restricted and audited"),
    ),
    "Monitoring": (
        ("S44", "CD", "check", "Subscription, P1 or P2, and the logs in a workspace"),
        ("S45", "ABCE", "generate", "A query by object id or name, a clause for each account"),
        ("S46", "ACE", "generate", "More than no result alerts"),
        ("S47", "ACE", "check", "Run as often as the period that is read and counted by"),
        ("S48", "ACE", "generate", "Severity 0, critical, and on from the start"),
        ("S49", "ACE", "generate", "An action group: names, mail, messages, calls"),
        ("S50", "AE", "hold", "The window in which alerts are suppressed is recorded"),
        ("S51", "AE", "hold", "The least roles for the work on users and on monitoring"),
        ("S52", "D", "generate", "Group membership and exclusions are watched for drift"),
        ("S53", "AC", "check", "Audit logs are watched too; other administrators are told"),
    ),
    "Reviews, drills and process": (
        ("S54", "ABE", "compute", "Validated every 90 days at least"),
        ("S55", "ADE", "compute", "And after changes of staff, subscription, place or authority"),
        ("S56", "AE", "print", "Monitoring is told before a test"),
        (
            "S57",
            "AB",
            "check print hold",
            "A drill: private browser, role, alert, signed out, recorded",
        ),
        ("S58", "AE", "check", "No personal methods are registered"),
        ("S59", "ADE", "hold", "The process document is current; people are trained"),
        ("S60", "D", "print hold", "Tests of access, alert, keys and PINs, and documents"),
        ("S61", "D", "hold print", "The twelve steps from the role group to trained people"),
        ("S62", "A", "print hold", "After a use: logs kept, the use classed, acts compared"),
        ("S63", "ABDE", "hold", "A register of scenarios"),
        ("S64", "D", "hold", "Part of the continuity plan, and an early task of the roadmap"),
        ("S65", "B", "compute", "A sign-in without a drill on record: emergency or compromise"),
    ),
}

REQUIREMENTS: Final = {
    row[0]: Requirement(row[0], section, row[1], tuple(map(Must, row[2].split())), row[3])
    for section, rows in _ROWS.items()
    for row in rows
}
"""Number -> requirement, in order."""

RULE: Final = "rule"
"""What covers a requirement that a rule of its number judges."""

_COVERED: Final = {
    "S1": "rule event:account.added",
    "S2": "rule",
    "S3": "rule artefact:role-assignment",
    "S4": "rule",
    "S5": "",
    "S6": "rule decision:C5 command:entra",
    "S7": "rule event:account.added event:account.changed",
    "S8": (
        "rule decision:C4 artefact:Deploy.ps1 artefact:group artefact:member "
        "artefact:role-assignment artefact:Rollback.ps1"
    ),
    "S9": "rule",
    "S10": "rule",
    "S11": "rule",
    "S12": "rule artefact:Deploy.ps1 artefact:password artefact:Rollback.ps1",
    "S13": "artefact:shared-mailbox",
    "S14": "rule",
    "S15": "command:drill command:open sheet:drill",
    "S16": "rule",
    "S17": "rule command:enroll event:passkey.enrolled artefact:Enroll.ps1",
    "S18": "rule decision:C8",
    "S19": (
        "rule command:enroll event:key.proven event:passkey.enrolled event:pin.set "
        "sheet:key_tag sheet:pin artefact:Enroll.ps1 artefact:passkey-method"
    ),
    "S20": "artefact:Enroll.ps1 artefact:runbook",
    "S21": "rule artefact:Enroll.ps1 artefact:passkey-method",
    "S22": "artefact:Deploy.ps1 artefact:Rollback.ps1 artefact:strength artefact:strength-models",
    "S23": "rule decision:C1 artefact:own-policy artefact:strength artefact:strength-models",
    "S24": "rule artefact:Deploy.ps1 artefact:Rollback.ps1 artefact:self-service-reset",
    "S25": (
        "rule decision:C2 artefact:exclude artefact:group artefact:maester-config "
        "artefact:scubagear"
    ),
    "S26": (
        "rule decision:C2 artefact:Deploy.ps1 artefact:group artefact:own-policy "
        "artefact:Rollback.ps1"
    ),
    "S27": "rule decision:C2 artefact:own-policy",
    "S28": "decision:C3 command:seal event:set.made sheet:password artefact:Enroll.ps1",
    "S29": (
        "command:seal event:envelope.deposited event:envelope.sealed sheet:envelope "
        "sheet:liner sheet:password sheet:recovery sheet:share"
    ),
    "S30": "command:seal event:set.made sheet:part sheet:share",
    "S31": "decision:C7",
    "S32": (
        "rule command:destroy command:due command:open command:reseal command:rotate "
        "event:account.used event:password.set event:secret.exposed sheet:certificate "
        "sheet:drill sheet:opening sheet:site_card sheet:wall_chart"
    ),
    "S33": "rule sheet:recovery",
    "S34": (
        "rule command:audit command:custody command:relocate event:safe.added sheet:audit "
        "sheet:custody_map sheet:inventory sheet:key_tag sheet:site_card sheet:transfer"
    ),
    "S35": "rule command:custody command:relocate sheet:custody_map sheet:pin sheet:site_card",
    "S36": (
        "rule decision:C6 command:custody command:enroll command:relocate command:rotate "
        "sheet:custody_map sheet:inventory sheet:pin sheet:site_card sheet:transfer"
    ),
    "S37": (
        "rule command:custody command:leaver command:relocate event:absence.noted "
        "sheet:custody_map sheet:site_card"
    ),
    "S38": (
        "rule command:custody command:drill command:enroll command:leaver command:relocate "
        "command:rotate command:seal sheet:custody_map sheet:share sheet:site_card "
        "artefact:Enroll.ps1"
    ),
    "S39": (
        "rule command:custody command:leaver command:relocate event:secret.exposed "
        "sheet:custody_map sheet:work_orders"
    ),
    "S40": (
        "command:leaver command:review event:duty.done event:person.added event:person.changed "
        "sheet:review"
    ),
    "S41": "rule",
    "S42": (
        "rule command:due command:leaver command:relocate event:duty.done sheet:opening "
        "sheet:wall_chart sheet:work_orders"
    ),
    "S43": "sheet:custody_map sheet:site_card",
    "S44": (
        "rule command:drill sheet:drill artefact:Deploy.ps1 artefact:diagnostic-setting "
        "artefact:runbook"
    ),
    "S45": "artefact:alert-rules artefact:Deploy.ps1 artefact:kql artefact:sentinel",
    "S46": "artefact:alert-rules artefact:Deploy.ps1 artefact:kql artefact:sentinel",
    "S47": "rule artefact:alert-rules artefact:Deploy.ps1",
    "S48": "artefact:alert-rules artefact:Deploy.ps1",
    "S49": "artefact:action-group artefact:Deploy.ps1",
    "S50": (
        "decision:S50 command:drill sheet:drill artefact:alert-rules artefact:Deploy.ps1 "
        "artefact:runbook"
    ),
    "S51": "artefact:runbook",
    "S52": "artefact:alert-rules artefact:kql artefact:sentinel artefact:vip-users",
    "S53": "rule artefact:action-group artefact:alert-rules artefact:kql artefact:sentinel",
    "S54": (
        "rule command:audit command:drill command:due command:leaver command:review "
        "event:duty.done sheet:audit sheet:inventory sheet:review sheet:wall_chart"
    ),
    "S55": (
        "rule command:due command:leaver command:relocate command:review event:safe.moved "
        "event:trigger.noted sheet:review sheet:work_orders"
    ),
    "S56": "command:drill sheet:drill artefact:runbook",
    "S57": (
        "rule command:drill command:due command:entra command:open command:review "
        "event:duty.done sheet:drill sheet:exception sheet:record sheet:review sheet:script "
        "sheet:wall_chart"
    ),
    "S58": "rule command:drill command:entra command:review sheet:drill sheet:review",
    "S59": "command:due command:review event:duty.done sheet:audit sheet:review sheet:wall_chart",
    "S60": (
        "command:drill command:review sheet:drill sheet:record sheet:review sheet:script "
        "artefact:runbook"
    ),
    "S61": "sheet:runbook artefact:runbook",
    "S62": (
        "command:due command:open command:post-mortem event:use.classed sheet:opening "
        "sheet:site_card"
    ),
    "S63": "artefact:runbook",
    "S64": "artefact:runbook",
    "S65": (
        "rule command:entra command:open command:post-mortem event:account.used "
        "event:sign-in.seen sheet:opening artefact:kql artefact:sentinel"
    ),
    "C1": "rule:S23",
    "C2": "rule:S25 rule:S26 rule:S27",
    "C3": "event:set.made",
    "C4": "rule:S8",
    "C5": "rule:S6",
    "C6": "rule:S36",
    "C7": "rule:S32 rule:S33",
    "C8": "rule:S18",
}
"""Number -> what covers it, with spaces between."""

COVERAGE: Final = {number: tuple(covers.split()) for number, covers in _COVERED.items()}
"""What covers a requirement, or asks what was decided on a conflict; nothing where it is empty.

`rule` is the rule of the same number; `sheet:drill` a sheet, `event:set.made` a kind of entry,
`command:due` a verb, `decision:C5` a decision, `artefact:...` a file for the tenant.
"""
