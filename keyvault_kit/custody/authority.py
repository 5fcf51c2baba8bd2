"""Who may act: what each role may do, and which acts nobody does alone.

The table is the whole rule. An act is done by people of the register, each with a role that may do
it, within their validity; one that needs signatures counts when that many of them have signed its
exact bytes with keys of their own. An observation is taken from anybody: what was seen, was seen.
"""

from datetime import date
from typing import Final

import msgspec

from keyvault_kit.custody import events
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.signing import Warrant
from keyvault_kit.errors import RefusedError

TWO: Final = 2
"""How many people it takes where nobody acts alone (S38)."""


class Rule(msgspec.Struct, frozen=True):
    """What it takes to do something.

    Attributes:
        act: What is done, in plain words.
        roles: Everybody who does it has one of these.
        signatures: How many of them must have signed.
    """

    act: str
    roles: tuple[Role, ...]
    signatures: int = 0


_OFFICER: Final = (Role.OFFICER,)
_CUSTODIAN: Final = (Role.CUSTODIAN,)
_HANDS: Final = (Role.OFFICER, Role.CUSTODIAN, Role.WITNESS)
"""Those who handle envelopes. Auditors do not: they find, and change nothing."""
_ALL: Final = tuple(Role)

TABLE: Final[dict[type[ev.Fact], Rule]] = {
    # The organisation
    ev.OrganisationNamed: Rule("name the organisation", _OFFICER, TWO),
    ev.PersonAdded: Rule("add a person", _OFFICER, TWO),
    ev.PersonChanged: Rule("change a person's roles or validity", _OFFICER, TWO),
    ev.AbsenceNoted: Rule("note an absence", _OFFICER),
    ev.DetailsErased: Rule("erase names, contacts or free text", _OFFICER, TWO),
    ev.SiteAdded: Rule("add a site", _OFFICER, TWO),
    ev.SiteChanged: Rule("change a site", _OFFICER, TWO),
    ev.SafeAdded: Rule("add a safe", _OFFICER, TWO),
    ev.SafeMoved: Rule("move a safe to another site", _OFFICER, TWO),
    ev.SafeChanged: Rule("change who opens a safe", _OFFICER, TWO),
    ev.AccountAdded: Rule("add an account", _OFFICER, TWO),
    ev.AccountChanged: Rule("change an account", _OFFICER, TWO),
    ev.DecisionMade: Rule("decide", _OFFICER, TWO),
    # The log
    ev.LedgerRefounded: Rule("found the ledger again", _HANDS),
    ev.SignerAdded: Rule("add a signer", _HANDS, TWO),
    ev.SignerReplaced: Rule("replace a signer's key", _HANDS, TWO),
    ev.SignerRevoked: Rule("revoke a signer", _HANDS, TWO),
    ev.ActsSigned: Rule("sign acts", _ALL),
    ev.ProposalAccepted: Rule("accept a proposal", _OFFICER),
    ev.RecipientSet: Rule("set the station's age recipient", _OFFICER, TWO),
    ev.CheckpointSigned: Rule("sign a checkpoint", _ALL),
    ev.ClockChecked: Rule("check the clock", _ALL),
    ev.ClockOverruled: Rule("go on although the clock is wrong", _ALL, TWO),
    # Keys
    ev.KeyRegistered: Rule("register a key", _CUSTODIAN),
    ev.KeyBound: Rule("bind a key by a custody credential", _CUSTODIAN),
    ev.KeyRetired: Rule("retire a key", (Role.CUSTODIAN, Role.OFFICER), TWO),
    ev.MetadataImported: Rule("import metadata of makers", (Role.CUSTODIAN, Role.OFFICER)),
    ev.KeyCorrected: Rule("correct what is registered of a key", _HANDS, TWO),
    ev.PinSet: Rule("set a PIN", _CUSTODIAN),
    ev.PasskeyEnrolled: Rule("enrol a passkey", _CUSTODIAN),
    # Secrets
    ev.SetMade: Rule("make a secret", _OFFICER),
    ev.SetVoided: Rule("give up a secret that was never in force", _OFFICER),
    ev.PasswordSet: Rule("put a password in force", _OFFICER, TWO),
    ev.PasswordAnswered: Rule("enter what the tenant answered to a password", _OFFICER, TWO),
    # Envelopes
    ev.EnvelopePrinted: Rule("print a secret sheet", _OFFICER),
    ev.EnvelopeProven: Rule("prove a secret sheet", _OFFICER),
    ev.EnvelopeBagged: Rule("put a sheet into its bag", _HANDS),
    ev.KeyPacked: Rule("pack a key", _HANDS),
    ev.ItemPacked: Rule("pack an item of the station", _HANDS),
    ev.CardPacked: Rule("make the card of a site", _OFFICER),
    ev.EnvelopeSealed: Rule("seal an envelope", _HANDS, TWO),
    ev.EnvelopeDeposited: Rule("deposit an envelope", _HANDS),
    ev.EnvelopeMoved: Rule("move an envelope to another safe", _HANDS, TWO),
    ev.EnvelopeResealed: Rule("seal a sheet in force in a new bag", _HANDS, TWO),
    ev.EnvelopeSpoiled: Rule("spoil a sheet that was never in force", _HANDS),
    ev.EnvelopeDestroyed: Rule("destroy a dead sheet", _HANDS, TWO),
    ev.EnvelopeCorrected: Rule("correct what is registered of an envelope", _HANDS, TWO),
    # Ceremonies
    ev.CeremonyStarted: Rule("begin a ceremony", _ALL),
    ev.CeremonyStepped: Rule("end a step", _ALL),
    ev.CeremonyReturned: Rule("go back in a ceremony", _ALL),
    ev.PagesCounted: Rule("count the pages of a ceremony", _HANDS),
    ev.CeremonyClosed: Rule("close a ceremony", _ALL),
    ev.FindingSettled: Rule("settle a finding", _OFFICER, TWO),
    # Duties
    ev.DutyDone: Rule("enter that a duty was done", _HANDS, TWO),
    ev.TriggerNoted: Rule("note what sets off a review", _OFFICER),
    ev.UseClassed: Rule("class the use of an account", _OFFICER, TWO),
    # The station
    ev.ItemAdded: Rule("add an item of the station", _HANDS, TWO),
    ev.ItemRetired: Rule("retire an item of the station", _HANDS, TWO),
}
"""Kind of act -> what it takes. The founding has no rule: before it there is nobody."""


def signatures_needed(*facts: ev.Fact) -> int:
    """How many people must sign for these facts to be entered."""
    rules = (TABLE.get(type(fact)) for fact in facts)
    return max((rule.signatures for rule in rules if rule), default=0)


def check(state: Register, entry: Entry) -> None:
    """Check the people of an entry, and their signatures, against the table.

    Raises:
        RefusedError: Somebody is not in the register, has no role or no authority for it (any
            more), or one signature is too few.
    """
    if state.warrant and state.warrant.proposed:
        _check_proposed(state.warrant, entry)
    if isinstance(entry.fact, ev.Observation):
        return
    rule = TABLE[type(entry.fact)]
    if not entry.by:
        raise RefusedError(f"nobody is named who wants to {rule.act}")
    for person in entry.by:
        for day in sorted(
            {entry.when.date(), entry.time.date()}
        ):  # when it was done, and when entered
            _check_person(state, person, rule, day)
    signed = set(state.warrant.signers if state.warrant else ()) & set(entry.by)
    unsigned = set(entry.by) - signed
    if rule.signatures and len(signed) >= rule.signatures and unsigned:
        raise RefusedError(
            f"{' and '.join(sorted(unsigned))} did not sign, and is named as who would {rule.act}",
            mend="Whoever is named signs.",
        )
    if len(signed) < rule.signatures:
        raise RefusedError(
            f"to {rule.act} takes the signatures of two people, and there are {len(signed)}",
            mend="Nobody does it alone (S38): both sign with their own keys.",
        )


_OF_THE_STATION: Final = tuple(
    module.__name__ for module in (events.log, events.ceremonies, events.evidence, events.items)
)
"""Facts of these modules are the ledger's station's own: no other site proposes them."""
_OWN: Final = (ev.DetailsErased, ev.MetadataImported)
"""So are these: what they are about lies at the station."""


def _check_proposed(warrant: Warrant, entry: Entry) -> None:
    """What comes from another site is vouched for by everybody whom it names."""
    kind = type(entry.fact)
    own = kind.__module__ in _OF_THE_STATION or kind in _OWN
    if own and kind is not ev.FindingMade:
        raise RefusedError("only the ledger's own station enters that; it cannot be proposed")
    if getattr(entry.fact, "ceremony", None) is not None:
        raise RefusedError("what belongs to a ceremony is entered where that goes on, not proposed")
    unsigned = set(entry.by) - set(warrant.signers)
    if unsigned or not entry.by:
        named = ", ".join(sorted(unsigned)) or "nobody"
        raise RefusedError(f"the proposal names {named}, who did not sign it")


def roles_of(state: Register, person: str) -> tuple[Role, ...]:
    """A person's roles; founders are officers until the organisation is entered.

    Raises:
        RefusedError: There is no such person.
    """
    known = state.people.get(person)
    if known:
        return known.roles
    if person in state.signers:
        return (Role.OFFICER,)
    raise RefusedError(
        f"there is no person {person} in the register", mend="Add them with 'people add' first."
    )


def _check_person(state: Register, person: str, rule: Rule, day: date) -> None:
    roles = roles_of(state, person)
    if not set(roles) & set(rule.roles):
        raise RefusedError(
            f"{person} is {' and '.join(roles)}: to {rule.act} takes {' or '.join(rule.roles)}"
        )
    known = state.people.get(person)
    if known and known.since and day < known.since:
        raise RefusedError(f"{person} has authority from {known.since} on, not on {day}")
    if known and known.until and day > known.until:
        raise RefusedError(f"the authority of {person} ended on {known.until}")


def check_two_can_act(state: Register, entry: Entry) -> None:
    """Check that two officers can still sign: else the ledger could never be changed again.

    Raises:
        RefusedError: They could not, after this entry.
    """
    day = entry.time.date()
    able = [
        person.id
        for person in state.people.values()
        if person.id in state.signers
        and Role.OFFICER in person.roles
        and (person.since or day) <= day <= (person.until or day)
    ]
    if len(able) < TWO:
        raise RefusedError(
            "then fewer than two officers could sign, and nothing could be changed any more",
            mend="Enrol another officer's key first.",
        )
