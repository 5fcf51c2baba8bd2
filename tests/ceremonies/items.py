"""The station's own things, entered as two people enter them: shared by the tests of custody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.ceremonies.media import logged_in
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyvault_kit.ceremonies.plan import Work
    from tests.ceremonies.conftest import Desk

BOTH = ("alice", "bob")


def enter(desk: Desk, *facts: ev.Fact) -> None:
    """Have alice and bob sign facts."""
    desk.run(change.ceremony(desk.register, "Enter it", BOTH, lambda _: facts))


def add_item(desk: Desk, item: str, kind: ItemKind = ItemKind.TRANSFER_MEDIUM) -> None:
    """Put an item under custody; its medium is seen as the register has it from then on."""

    def act(work: Work) -> Sequence[ev.Fact]:
        details = work.write_down({"item": item, "make": "Sample Works", "serial": "S-1"})
        return [ev.ItemAdded(item=item, item_kind=kind, details=details)]

    desk.run(change.ceremony(desk.register, f"Add {item}", BOTH, act))
    object.__setattr__(desk.station, "media", lambda: logged_in(desk.register))


def log_in(desk: Desk, item: str) -> None:
    """Enter that a medium was plugged in."""
    desk.book.record([ev.MediumLoggedIn(item=item)], ("carol",))


def log_out(desk: Desk, item: str) -> None:
    """Enter that a medium was taken out."""
    desk.book.record([ev.MediumLoggedOut(item=item)], ("carol",))
