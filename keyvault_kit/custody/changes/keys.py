"""Security keys."""

from datetime import date
from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.secret_sets import bring_into_force, retire
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import (
    GENUINE,
    EnvelopeState,
    Finding,
    ImportedMetadata,
    Purpose,
    Retirement,
    Role,
    SecurityKey,
    UnrecordedPin,
)
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError

OLDER_METADATA: Final = "older-metadata"
STALE_METADATA: Final = "stale-metadata"
"""Decisions that let metadata in which would be refused, until the day of their review."""
STILL_GOOD: Final = "key-retired"
"""The rule of the finding that a key is out of service while its passkey is still good."""
ALLOWED: Final = "allowed"
"""What such a decision has to say; any other word ends it."""


def _key_registered(state: Register, fact: ev.KeyRegistered, entry: Entry) -> None:
    known(state.accounts, fact.account, "account")
    key = SecurityKey(
        id=fact.key,
        account=fact.account,
        use=fact.use,
        product=fact.product,
        aaguid=fact.aaguid,
        firmware=fact.firmware,
        serial=fact.serial,
        hands=entry.by,
    )
    _claim_serial(state, fact.serial, fact.key)
    add(state.keys, fact.key, key, "key")


def _claim_serial(state: Register, serial: int | None, key: str) -> None:
    """A serial number is one key's; a key may have none."""
    if serial and state.serials.setdefault(serial, key) != key:
        raise RefusedError(f"serial number {serial} belongs to key {state.serials[serial]} already")


def _key_corrected(state: Register, fact: ev.KeyCorrected, _: Entry) -> None:
    before = known(state.keys, fact.key, "key")
    if before.retired is not Retirement.RESET:
        if before.serial and before.serial != fact.serial:
            del state.serials[before.serial]
        _claim_serial(state, fact.serial, fact.key)
    _change_key(state, fact.key, product=fact.product, firmware=fact.firmware, serial=fact.serial)


def _change_key(state: Register, key: str, **changes: object) -> None:
    state.keys[key] = msgspec.structs.replace(known(state.keys, key, "key"), **changes)


def in_service(state: Register, tag: str) -> SecurityKey:
    """The key of that tag, if it may still be used.

    Raises:
        RefusedError: There is none, or it was retired.
    """
    key = known(state.keys, tag, "key")
    if key.retired:
        raise RefusedError(
            f"key {tag} is retired ({key.retired})", mend="Register another key in its place."
        )
    return key


def _key_bound(state: Register, fact: ev.KeyBound, _: Entry) -> None:
    key = in_service(state, fact.key)
    if key.custody_credential is not None:
        raise RefusedError(f"key {key.id} has a custody credential already")
    _change_key(
        state, key.id, custody_credential=fact.credential, custody_public_key=fact.public_key
    )


def _key_retired(state: Register, fact: ev.KeyRetired, entry: Entry) -> None:
    key = in_service(state, fact.key)
    lies = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
    bags = [it for it in state.envelopes_holding(f"key:{key.id}") if it.state in lies]
    if bags and fact.why is not Retirement.LOST:
        raise RefusedError(
            f"key {key.id} lies in envelope {bags[-1].id}, by the register",
            mend="Open the envelope first, or retire the key as lost.",
        )
    if fact.why is Retirement.RESET and (key.credential or key.pin_set):
        raise RefusedError(
            f"key {key.id} was not reset, by the register: it holds a passkey or a PIN",
            mend="Reset it with 'keys reset', or retire it as lost or broken.",
        )
    _change_key(state, key.id, retired=fact.why)
    if key.serial and fact.why is Retirement.RESET:  # it may come back under another tag
        del state.serials[key.serial]
    if key.credential:
        what = f"key {key.id} is {fact.why}, and its passkey of {key.account} is still good"
        mend = "Remove the passkey at the tenant, and enrol another key."
        state.findings.append(
            Finding(rule=STILL_GOOD, subject=key.id, what=what, mend=mend, seq=entry.seq)
        )
    else:
        drop_pin(state, key.id)


def drop_pin(state: Register, tag: str) -> None:
    """The PIN of a retired key opens nothing any more: the account knows no passkey of that key."""
    retire(state, Purpose.PIN, tag)
    _change_key(state, tag, pin_set=None)


def _key_proven(state: Register, fact: ev.KeyProven, entry: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key was examined")
        return
    if state.keys[fact.key].proven == GENUINE != fact.verdict:
        note_contradiction(state, fact.key, f"a key that was proven genuine is {fact.verdict} now")
    if fact.verdict == GENUINE and not _may_prove(state, entry):
        note_contradiction(
            state, fact.key, "a key was called genuine by somebody who does not prove keys here"
        )
        return
    _change_key(state, fact.key, proven=fact.verdict)


def _may_prove(state: Register, entry: Entry) -> bool:
    """A verdict is lowered by anybody; it is raised by custodians at the ledger's own station."""
    people = (state.people.get(person) for person in entry.by)
    custodian = any(Role.CUSTODIAN in person.roles for person in people if person)
    return custodian and not (state.warrant and state.warrant.proposed)


def _key_reset(state: Register, fact: ev.KeyReset, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key was reset")
        return
    key = state.keys[fact.key]
    if key.credential:
        note_contradiction(state, key.id, "a key was reset that held a passkey in use")
    retire(state, Purpose.PIN, key.id)
    _change_key(
        state,
        fact.key,
        pin_set=None,
        rp_id=None,
        credential=None,
        public_key=None,
        custody_credential=None,
        custody_public_key=None,
        answers=False,
        unrecorded=None,
        user=None,
        method=None,
        confirmed=None,
    )


def _pin_set(state: Register, fact: ev.PinSet, entry: Entry) -> None:
    key = in_service(state, fact.key)
    if key.proven != GENUINE:
        raise RefusedError(f"key {key.id} is not proven genuine", mend="Prove it first.")
    bring_into_force(state, fact.set, Purpose.PIN, fact.key, entry)
    _change_key(state, fact.key, pin_set=fact.set, unrecorded=None)


def _pin_checked(state: Register, fact: ev.PinChecked, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "the PIN of an unknown key was tried")


def _pin_changed(state: Register, fact: ev.PinChanged, entry: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "the PIN of an unknown key was changed")
        return
    if state.keys[fact.key].pin_set:
        note_contradiction(state, fact.key, "its PIN was changed: what is sealed opens it no more")
    retire(state, Purpose.PIN, fact.key)
    known_to = UnrecordedPin(by=entry.by, since=entry.when)
    _change_key(state, fact.key, pin_set=None, unrecorded=known_to)


def _pin_policy(state: Register, fact: ev.PinPolicyRaised, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "the PIN policy of an unknown key was changed")


def _credential_deleted(state: Register, fact: ev.CredentialDeleted, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "a credential was deleted from an unknown key")
    elif state.keys[fact.key].credential == fact.credential:
        note_contradiction(state, fact.key, "its passkey, which was in use, was deleted")
        nothing = dict.fromkeys(
            ("rp_id", "credential", "public_key", "user", "method", "confirmed")
        )
        _change_key(state, fact.key, **nothing)


def _passkey(state: Register, fact: ev.PasskeyEnrolled, entry: Entry) -> None:
    key = in_service(state, fact.key)
    if key.proven != GENUINE:
        raise RefusedError(f"key {key.id} is not proven genuine", mend="Prove it first.")
    if key.pin_set is None:
        raise RefusedError(f"key {key.id} has no PIN on record", mend="Set its PIN first.")
    if key.credential is not None:
        raise RefusedError(f"key {key.id} holds a passkey already", mend="Reset it first.")
    _change_key(
        state,
        key.id,
        rp_id=fact.rp_id,
        credential=fact.credential,
        public_key=fact.public_key,
        user=fact.user,
        method=None,
        confirmed=None,
        hands=entry.by,
    )


def _key_asserted(state: Register, fact: ev.KeyAsserted, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key answered a challenge")
        return
    key = state.keys[fact.key]
    if (key.custody_credential if fact.custody else key.credential) is None:
        which = "custody credential" if fact.custody else "passkey"
        note_contradiction(state, fact.key, f"a key answered that has no {which} on record")
        return
    _change_key(state, fact.key, answers=True)


def _key_seen(state: Register, fact: ev.KeySeen, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key was seen")


def _metadata_imported(state: Register, fact: ev.MetadataImported, entry: Entry) -> None:
    """Neither older than what is there nor past its date, unless two people decided so."""
    day = entry.time.date()
    if state.metadata and fact.number < state.metadata.number:
        what = f"metadata no. {fact.number} is older than no. {state.metadata.number}, in use here"
        _demand_decision(state, OLDER_METADATA, day, what)
    if fact.next_update < day:
        what = f"metadata no. {fact.number} was to be replaced by {fact.next_update}"
        _demand_decision(state, STALE_METADATA, day, what)
    state.metadata = ImportedMetadata(
        number=fact.number, next_update=fact.next_update, sha256=fact.sha256, time=entry.time
    )


def _demand_decision(state: Register, decision: str, day: date, otherwise: str) -> None:
    made = state.decisions.get(decision)
    if made is None or made.choice != ALLOWED or made.review < day:
        raise RefusedError(
            otherwise,
            mend=f"Import the newest one, or two decide: 'decide make {decision} {ALLOWED}'.",
        )


HANDLERS: Handlers = {
    ev.KeyRegistered: _key_registered,
    ev.KeyCorrected: _key_corrected,
    ev.KeyBound: _key_bound,
    ev.KeyRetired: _key_retired,
    ev.KeyProven: _key_proven,
    ev.KeyReset: _key_reset,
    ev.PinSet: _pin_set,
    ev.PinChecked: _pin_checked,
    ev.PinChanged: _pin_changed,
    ev.PinPolicyRaised: _pin_policy,
    ev.CredentialDeleted: _credential_deleted,
    ev.MetadataImported: _metadata_imported,
    ev.PasskeyEnrolled: _passkey,
    ev.KeyAsserted: _key_asserted,
    ev.KeySeen: _key_seen,
}
