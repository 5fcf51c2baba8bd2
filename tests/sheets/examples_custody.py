"""Examples of the custody map and of the work orders."""

from collections.abc import Callable
from datetime import date

from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import custody_map, work_orders
from keyvault_kit.sheets.pages.custody_map import MapRow
from keyvault_kit.sheets.pages.work_orders import OrderLine
from tests.sheets.example import Example

ROOT = "3q2+7w4oXc5ZyTQk8nJr0bVhL1mUeSfGdPiAq9xR2sE="


def plain(
    heading: Heading, accounts: tuple[str, ...], rows: tuple[MapRow, ...]
) -> custody_map.CustodyMap:
    """A map without a word but those of the matrix."""
    return custody_map.CustodyMap(
        heading=heading, entries=417, root=ROOT, accounts=accounts, rows=rows
    )


def a_map(heading: Heading) -> custody_map.CustodyMap:
    return custody_map.CustodyMap(
        heading=heading,
        entries=417,
        root=ROOT,
        accounts=("bg1", "bg2"),
        rows=(
            MapRow(("Bob Baker",), ("2", "alone"), ("2", "alone")),
            MapRow(("Carol Carter", "Зоя Иванова"), ("2", "3"), ("alone", "3")),
            MapRow(("Erin Eldridge",), ("-", "-"), ("-", "-")),
        ),
        survivals=(
            ("site hq", ("bg1",)),
            ("site vault", ("bg1", "bg2")),
            ("safe hq-1", ()),
        ),
        sentences=(
            "bob alone can use bg2: its key K3 and PIN K3-pin1-1 lie in safe hq-1.",
            "carol alone could use bg1: its key K1 lies in safe hq-1; carol saw PIN K1-pin1-1.",
        ),
        days=("2026-12-24 to 2026-12-31: bg1, its keys: bob alone, while carol is away.",),
        findings=(("high", "S36: key K3 and its PIN lie in the same safe. Move one of them."),),
    )


def the_orders(heading: Heading) -> work_orders.WorkOrders:
    return work_orders.WorkOrders(
        heading=heading,
        person="Carol Carter (carol)",
        on=date(2026, 3, 31),
        reached=("Opens safe hq-keys alone: keys K1 and K3 lie there",),
        remembers=("Saw share 2 of bg1-pw-1 on 2025-11-03",),
        orders=(
            OrderLine("Name another opener of safe hq-keys", date(2026, 2, 27), "S37", done=False),
            OrderLine("Revoke the signing key of carol", date(2026, 3, 1), "S39", done=True),
            OrderLine("Change the combination of hq-keys", date(2026, 3, 31), "S42", done=False),
        ),
    )


def _custody_map(heading: Heading) -> Example:
    data = a_map(heading)
    return Example(
        lambda paper: custody_map.render(data, paper), custody_map.payload(data), 1, (), data
    )


def _work_orders(heading: Heading) -> Example:
    data = the_orders(heading)
    return Example(
        lambda paper: work_orders.render(data, paper), work_orders.payload(data), 1, (), data
    )


PAGES: dict[str, Callable[[Heading], Example]] = {
    "custody_map": _custody_map,
    "work_orders": _work_orders,
}
