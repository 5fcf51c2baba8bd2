"""A plan of who opens what and what lies where: the custody of an organisation before it exists.

`custody analyse --plan` judges it as a ledger is judged (S34 to S39).
"""

from collections import defaultdict

from keyvault_kit.custody.holdings import Container, Holdings, Item, Kind, Way
from keyvault_kit.custody.plan.faults import PINLESS, faults, remarks, tidy
from keyvault_kit.custody.plan.rows import MEND, ItemRow, Memory, Plan, read
from keyvault_kit.errors import InputError


def parse(text: str, source: str = "plan") -> Holdings:
    """The holdings that a plan describes (docs/custody.md has the format).

    Args:
        text: The file's content, TOML or JSON.
        source: What the errors call it, usually its name; `.json` and `.toml` say what it is.

    Raises:
        InputError: The text cannot be read, the plan contradicts itself, or it points at something
            that is not there; the error names the path inside the file, such as `items[3].safe`.
    """
    plan = read(text, source)
    for path, what in faults(plan):
        raise InputError(f"{source}: {path}: {what}", mend=MEND)
    return _holdings(plan)


def _holdings(plan: Plan) -> Holdings:
    safes = {
        name: Container(openers=frozenset(safe.openers), need=safe.need)
        for name, safe in plan.safes.items()
    }
    memories: dict[str, list[Memory]] = defaultdict(list)
    for memory in plan.remembered:
        memories[memory.item].append(memory)
    return Holdings(
        people=tuple(sorted(plan.people)),
        sites=dict(plan.sites),
        safes=safes,
        signs_in={name: it.password_signs_in for name, it in (plan.accounts or {}).items()},
        items=tuple(_item(row, safes, memories[row.id]) for row in plan.items),
        remarks=tuple(remarks(plan)),
    )


def _item(row: ItemRow, safes: dict[str, Container], memories: list[Memory]) -> Item:
    return Item(
        id=row.id,
        kind=row.kind,
        accounts=row.accounts,
        keys=row.keys,
        set=row.set or "",
        threshold=(row.of if row.kind is Kind.PART else row.threshold) or 1,
        pinless=row.uv == PINLESS,
        safe=row.safe or "",
        holder=row.holder or "",
        now=(_way(row, safes),),
        before=tuple(_memory(it) for it in memories),
    )


def _way(row: ItemRow, safes: dict[str, Container]) -> Way:
    if row.safe is not None:
        safe = safes[row.safe]
        return Way(people=safe.openers, need=safe.need, how=f"opens safe {row.safe}")
    return Way(people=frozenset({row.holder or ""}), need=1, how="holds it")


def _memory(memory: Memory) -> Way:
    note = tidy(memory.note)
    how = f"remembers it: {note}" if note else "remembers it"
    return Way(people=frozenset({memory.person}), need=1, how=how)
