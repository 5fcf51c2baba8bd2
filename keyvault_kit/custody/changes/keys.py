"""Security keys."""

from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.secret_sets import bring_into_force, retire
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Purpose, Role, SecurityKey
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError

GENUINE: Final = "genuine"
"""The verdict without which nothing is put on a key."""


def _key_registered(state: Register, fact: ev.KeyRegistered, _: Entry) -> None:
    known(state.accounts, fact.account, "account")
    key = SecurityKey(
        id=fact.key,
        account=fact.account,
        use=fact.use,
        product=fact.product,
        aaguid=fact.aaguid,
        firmware=fact.firmware,
        serial=fact.serial,
    )
    _claim_serial(state, fact.serial, fact.key)
    add(state.keys, fact.key, key, "key")


def _claim_serial(state: Register, serial: int | None, key: str) -> None:
    """A serial number is one key's; a key may have none."""
    if serial and state.serials.setdefault(serial, key) != key:
        raise RefusedError(f"serial number {serial} belongs to key {state.serials[serial]} already")


def _key_corrected(state: Register, fact: ev.KeyCorrected, _: Entry) -> None:
    before = known(state.keys, fact.key, "key").serial
    if before and before != fact.serial:
        del state.serials[before]
    _claim_serial(state, fact.serial, fact.key)
    _change_key(state, fact.key, product=fact.product, firmware=fact.firmware, serial=fact.serial)


def _change_key(state: Register, key: str, **changes: object) -> None:
    state.keys[key] = msgspec.structs.replace(known(state.keys, key, "key"), **changes)


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
    _change_key(state, fact.key, pin_set=None, rp_id=None, credential=None, public_key=None)


def _pin_set(state: Register, fact: ev.PinSet, _: Entry) -> None:
    key = known(state.keys, fact.key, "key")
    if key.proven != GENUINE:
        raise RefusedError(f"key {key.id} is not proven genuine", mend="Prove it first.")
    bring_into_force(state, fact.set, Purpose.PIN, fact.key)
    _change_key(state, fact.key, pin_set=fact.set)


def _pin_checked(state: Register, fact: ev.PinChecked, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "the PIN of an unknown key was tried")


def _passkey(state: Register, fact: ev.PasskeyEnrolled, _: Entry) -> None:
    key = known(state.keys, fact.key, "key")
    if key.proven != GENUINE:
        raise RefusedError(f"key {key.id} is not proven genuine", mend="Prove it first.")
    if key.pin_set is None:
        raise RefusedError(f"key {key.id} has no PIN on record", mend="Set its PIN first.")
    if key.credential is not None:
        raise RefusedError(f"key {key.id} holds a passkey already", mend="Reset it first.")
    _change_key(
        state, key.id, rp_id=fact.rp_id, credential=fact.credential, public_key=fact.public_key
    )


def _key_asserted(state: Register, fact: ev.KeyAsserted, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key answered a challenge")
    elif state.keys[fact.key].credential is None:
        note_contradiction(state, fact.key, "a key answered that has no passkey on record")


HANDLERS: Handlers = {
    ev.KeyRegistered: _key_registered,
    ev.KeyCorrected: _key_corrected,
    ev.KeyProven: _key_proven,
    ev.KeyReset: _key_reset,
    ev.PinSet: _pin_set,
    ev.PinChecked: _pin_checked,
    ev.PasskeyEnrolled: _passkey,
    ev.KeyAsserted: _key_asserted,
}
