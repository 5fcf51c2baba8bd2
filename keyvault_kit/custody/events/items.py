"""The station itself: machine, boot medium, printer, media."""

import msgspec

from keyvault_kit.custody.events.base import Fact, Observation
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import Hex256, Id


class ItemAdded(Fact, frozen=True, tag="item.added"):
    """Something of the station came under custody; `details` commits to what it is."""

    item: Id
    item_kind: ItemKind
    details: Hex256


class ItemPacked(Fact, frozen=True, tag="item.packed"):
    """An item was put into an envelope of its own, `item:ID`."""

    envelope: Id
    holds: str
    item: Id


class ItemRetired(Fact, frozen=True, tag="item.retired"):
    """An item went out of service for good."""

    item: Id
    why: Id


class FileHash(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that leaves the station."""

    name: str
    sha256: Hex256


class MediumLoggedIn(Observation, frozen=True, tag="medium.in"):
    """A transfer medium was plugged in; no secret is made while it is."""

    item: Id


class MediumLoggedOut(Observation, frozen=True, tag="medium.out"):
    """A transfer medium was taken out, with these files of ours on it."""

    item: Id
    files: tuple[FileHash, ...] = ()
