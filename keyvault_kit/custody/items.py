"""The station itself is custody: the machine, what it starts from, its printer, its media."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from keyvault_kit.custody.model import Hex256, Id, Value


class ItemKind(StrEnum):
    """What an item of the station is."""

    WORKSTATION = "workstation"
    BOOT_MEDIUM = "boot-medium"
    """What the workstation starts from."""
    PRINTER = "printer"
    VOLUME = "volume"
    """The encrypted volume on which the ledger lies."""
    TRANSFER_MEDIUM = "transfer-medium"
    """What carries files to and from the online side."""


ALWAYS_IN: Final = (ItemKind.BOOT_MEDIUM, ItemKind.VOLUME)
"""Media that the work itself needs: they are not logged in and out."""


class Item(Value, frozen=True):
    """Something of the station under custody; it lies in a bag when it is not in use.

    Attributes:
        details: Commitment to the erasable row with its make, serial number and so on.
        hands: Who had it last, while it lies in no bag.
        logged_in: Since when a transfer medium is at the station; absent while it is not.
        retired: Why it is out of service; absent while it is in service.
    """

    id: Id
    kind: ItemKind
    details: Hex256
    hands: tuple[Id, ...] = ()
    logged_in: datetime | None = None
    retired: str | None = None
