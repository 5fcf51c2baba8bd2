"""Who could come to what, asked of the lives of registers."""

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.holdings import Item
from tests.custody.life import Life


def item(life: Life, name: str) -> Item:
    return next(it for it in holdings_of(life.register).items if it.id == name)


def share_of(life: Life, account: str, number: int) -> str:
    """The envelope of a share of the password in force."""
    in_force = life.register.accounts[account].password_set or ""
    return life.register.live_envelopes(in_force)[number - 1].id


def coalitions(life: Life, *, ever: bool) -> tuple[tuple[str, ...], ...]:
    """The coalitions of bg1, none of which were cut."""
    found = minimal_coalitions(holdings_of(life.register), ever=ever)["bg1"]
    assert isinstance(found, tuple)
    return found


def people_before(it: Item) -> set[tuple[str, ...]]:
    """By whom alone, or by how many of whom, it was or is open beside what is open now."""
    return {tuple(sorted(way.people)) for way in it.before}
