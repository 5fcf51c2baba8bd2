"""Holdings: who can lay hands on what, from a plan or from the register.

Everything that is worked out about custody (coalitions, survival, thin days, assignments) is worked
out from this value alone, so that a plan and a ledger are judged by the same code.
"""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What an item is."""

    KEY = "key"
    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    SHARE = "share"
    PART = "part"


class Source(StrEnum):
    """What holdings were read from; the rule of a finding about what is odd in them."""

    PLAN = "plan"
    REGISTER = "register"


class Way(msgspec.Struct, frozen=True):
    """A way to an item: any `need` of these people have it together.

    Attributes:
        people: The openers of a safe; or the one person who holds or remembers it.
        need: How many of them it takes; more than there are if nobody can go this way.
        how: In words that follow a person's name: 'opens safe hq-1', 'holds it', 'remembers it'.
    """

    people: frozenset[str]
    need: int
    how: str


class Container(msgspec.Struct, frozen=True):
    """A safe: any `need` of its `openers` open it."""

    openers: frozenset[str]
    need: int


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that opens an account, or is a piece of what does.

    Attributes:
        accounts: Of a key, a password and the pieces of a password: what they open.
        keys: Of a PIN and the pieces of a PIN: ids of the key items that they are for.
        set: Of a share or part: the set that it belongs to.
        threshold: Of a share or part: how many of the set give the secret; of parts, all.
        pinless: Of a key: whether it works without its PIN.
        safe: Where it lies; empty where a person holds it, or nobody.
        holder: Who holds it, where it lies in no safe; empty where several may have it, or nobody.
        now: The ways to it now: through its safe, or by whoever holds it.
        before: The ways that were or are open beside those: memories, past access (`ever`).
        counts: Whether survival counts on it: not where it lies nowhere for certain.
    """

    id: str
    kind: Kind
    accounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    set: str = ""
    threshold: int = 1
    pinless: bool = False
    safe: str = ""
    holder: str = ""
    now: tuple[Way, ...] = ()
    before: tuple[Way, ...] = ()
    counts: bool = True


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """Who can lay hands on what.

    Attributes:
        people: Sorted ids.
        unauthorised: Those of them who may not act (yet, or any more): misuse counts them all the
            same, survival does not.
        sites: Site -> its safes.
        signs_in: Account -> whether its password signs in, so that survival counts on it; an
            account that is not named here: yes.
        items: In any order; ids are unique.
        remarks: What is odd and was taken literally all the same, in sentences without a full stop.
        source: Whether they are a plan's or a register's.
    """

    people: tuple[str, ...]
    sites: dict[str, tuple[str, ...]]
    safes: dict[str, Container]
    signs_in: dict[str, bool]
    items: tuple[Item, ...]
    unauthorised: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    source: Source = Source.PLAN

    @property
    def acting(self) -> frozenset[str]:
        """The people on whom survival counts."""
        return frozenset(self.people) - self.unauthorised

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that an item names, sorted, also through the key that it is for."""
        return tuple(sorted({account for it in self.items for account in it.accounts}))
