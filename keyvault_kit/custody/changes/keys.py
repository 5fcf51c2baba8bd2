"""Security keys."""

from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.changes.secret_sets import bring_into_force
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Purpose, SecurityKey, SetState
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError

GENUINE: Final = "genuine"
"""The verdict without which nothing is put on a key."""


def _key_registered(state: Register, fact: ev.KeyRegistered, _: Entry) -> None:
    known(state.accounts, fact.account, "account")
    twin = next((k for k in state.keys.values() if k.serial and k.serial == fact.serial), None)
    if twin:
        raise RefusedError(f"serial number {fact.serial} belongs to key {twin.id} already")
    key = SecurityKey(
        id=fact.key,
        account=fact.account,
        use=fact.use,
        product=fact.product,
        aaguid=fact.aaguid,
        firmware=fact.firmware,
        serial=fact.serial,
    )
    add(state.keys, fact.key, key, "key")


def _change_key(state: Register, key: str, **changes: object) -> None:
    state.keys[key] = msgspec.structs.replace(known(state.keys, key, "key"), **changes)


def _key_proven(state: Register, fact: ev.KeyProven, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key was examined")
        return
    if state.keys[fact.key].proven == GENUINE != fact.verdict:
        note_contradiction(state, fact.key, f"a key that was proven genuine is {fact.verdict} now")
    _change_key(state, fact.key, proven=fact.verdict)


def _key_reset(state: Register, fact: ev.KeyReset, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key was reset")
        return
    key = state.keys[fact.key]
    if key.credential:
        note_contradiction(state, key.id, "a key was reset that held a passkey in use")
    if key.pin_set:
        lost = state.sets[key.pin_set]
        state.sets[lost.id] = msgspec.structs.replace(lost, state=SetState.DEAD)
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
    _change_key(
        state, key.id, rp_id=fact.rp_id, credential=fact.credential, public_key=fact.public_key
    )


def _key_asserted(state: Register, fact: ev.KeyAsserted, _: Entry) -> None:
    if fact.key not in state.keys:
        note_contradiction(state, fact.key, "an unknown key answered a challenge")


HANDLERS: Handlers = {
    ev.KeyRegistered: _key_registered,
    ev.KeyProven: _key_proven,
    ev.KeyReset: _key_reset,
    ev.PinSet: _pin_set,
    ev.PinChecked: _pin_checked,
    ev.PasskeyEnrolled: _passkey,
    ev.KeyAsserted: _key_asserted,
}
