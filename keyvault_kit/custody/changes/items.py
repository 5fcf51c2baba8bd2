"""The station's own things: added, packed, logged in and out."""

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.items import Item, ItemKind
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError


def _added(state: Register, fact: ev.ItemAdded, entry: Entry) -> None:
    item = Item(id=fact.item, kind=ItemKind(fact.item_kind), details=fact.details, hands=entry.by)
    add(state.items, fact.item, item, "item")


def item_in_service(state: Register, item: str) -> Item:
    """The item of that id, if it may still be used.

    Raises:
        RefusedError: There is none, or it was retired.
    """
    it = known(state.items, item, "item")
    if it.retired:
        raise RefusedError(f"item {item} is retired ({it.retired})", mend="Add another one.")
    return it


def _retired(state: Register, fact: ev.ItemRetired, _: Entry) -> None:
    it = item_in_service(state, fact.item)
    if it.logged_in:
        raise RefusedError(f"item {it.id} is logged in", mend="Take it out, and log it out first.")
    state.items[it.id] = msgspec.structs.replace(it, retired=fact.why)


def _logged_in(state: Register, fact: ev.MediumLoggedIn, entry: Entry) -> None:
    it = state.items.get(fact.item)
    if it is None or it.kind is not ItemKind.TRANSFER_MEDIUM:
        note_contradiction(state, fact.item, "a medium was plugged in that is no transfer medium")
        return
    if it.logged_in:
        note_contradiction(state, it.id, "a medium was plugged in that never was logged out")
    if it.retired:
        note_contradiction(state, it.id, "a medium was plugged in that is out of service")
    state.items[it.id] = msgspec.structs.replace(it, logged_in=entry.when, hands=entry.by)


def _logged_out(state: Register, fact: ev.MediumLoggedOut, entry: Entry) -> None:
    it = state.items.get(fact.item)
    if it is None or not it.logged_in:
        note_contradiction(state, fact.item, "a medium was taken out that was not logged in")
        return
    state.items[it.id] = msgspec.structs.replace(it, logged_in=None, hands=entry.by)


HANDLERS: Handlers = {
    ev.ItemAdded: _added,
    ev.ItemRetired: _retired,
    ev.MediumLoggedIn: _logged_in,
    ev.MediumLoggedOut: _logged_out,
}
