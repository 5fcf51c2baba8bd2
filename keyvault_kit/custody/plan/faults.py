"""What is wrong with a plan, and what is only odd.

A plan that contradicts itself, or points at something that is not there, is refused. A plan that
could be real is answered, with a remark where it is odd.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple
from unicodedata import normalize

from keyvault_kit.custody.holdings import Kind
from keyvault_kit.custody.plan.rows import ItemRow, Plan, step
from keyvault_kit.custody.wording import count_of

PINLESS: Final = "none"
"""The `uv` of a key that works without its PIN."""

_UVS: Final = frozenset({PINLESS, "pin", "required", "fingerprint"})
_LONGEST: Final = 64
_LONGEST_NOTE: Final = 200


class Fault(NamedTuple):
    """Where in the file, and what is wrong there."""

    path: str
    what: str


def faults(plan: Plan) -> Iterator[Fault]:
    """What the plan is refused for, in the order of its file."""
    for check in _CHECKS:
        yield from check(plan)


def remarks(plan: Plan) -> Iterator[str]:
    """What is odd and is taken literally, in sentences without a full stop."""
    yield from _odd_safes(plan)
    yield from _odd_keys(plan)
    if plan.accounts is not None:
        named = {account for item in plan.items for account in item.accounts}
        for account in sorted(named - set(plan.accounts)):
            yield f"account {account} is not among the accounts: its password is taken to sign in"
    keys = {item.id for item in plan.items if item.kind is Kind.KEY}
    for memory in plan.remembered:
        if memory.item in keys:
            whose = f"{memory.person} is said to remember key {memory.item}"
            yield f"{whose}: it is counted as if {memory.person} still had it"


def _odd_safes(plan: Plan) -> Iterator[str]:
    standing = {safe for safes in plan.sites.values() for safe in safes}
    for name, safe in sorted(plan.safes.items()):
        if safe.need > len(safe.openers):
            told = f"safe {name} needs {safe.need} openers and has {len(safe.openers)}"
            yield f"{told}: nobody can open it"
        if name not in standing:
            yield f"safe {name} stands at no site: what the loss of a site takes leaves it alone"


def _odd_keys(plan: Plan) -> Iterator[str]:
    with_pin = {key for item in plan.items for key in item.keys}
    for item in plan.items:
        if item.kind is not Kind.KEY:
            continue
        if item.uv is not None and item.uv not in _UVS:
            known = f"uv {item.uv!r} of key {item.id} is none that is known"
            yield f"{known}: the key is counted as needing its PIN"
        if item.uv != PINLESS and item.id not in with_pin:
            yield f"key {item.id} needs a PIN, and nothing is for it: nobody can use this key"


def _check_ids(plan: Plan) -> Iterator[Fault]:
    for i, person in enumerate(plan.people):
        yield from _no_id(f"people[{i}]", person)
    for table, names in (
        ("sites", plan.sites),
        ("safes", plan.safes),
        ("accounts", plan.accounts or {}),
    ):
        for name in names:
            yield from _no_id(step(table, name), name)
    for i, item in enumerate(plan.items):
        yield from _no_id(f"items[{i}].id", item.id)
        if item.set is not None:
            yield from _no_id(f"items[{i}].set", item.set)
        for path, account in _each(f"items[{i}].account", item.account):
            yield from _no_id(path, account)


def _no_id(path: str, it: str) -> Iterator[Fault]:
    if not it or it != it.strip() or not it.isprintable():
        yield Fault(path, f"{it!r} is no name: it is empty, or holds what cannot be seen")
    elif len(it) > _LONGEST:
        yield Fault(path, f"a name has at most {_LONGEST} characters, and this one {len(it)}")


def _each(path: str, value: str | tuple[str, ...] | None) -> Iterator[tuple[str, str]]:
    """What a field names that takes one name or a list, with the path of each."""
    if isinstance(value, str):
        yield path, value
    for i, it in enumerate(value if isinstance(value, tuple) else ()):
        yield f"{path}[{i}]", it


def _check_unique(plan: Plan) -> Iterator[Fault]:
    yield from _repeated((f"people[{i}]", it) for i, it in enumerate(plan.people))
    yield from _repeated((f"items[{i}].id", it.id) for i, it in enumerate(plan.items))
    yield from _repeated(
        (f"{step('sites', site)}[{i}]", safe)
        for site, safes in plan.sites.items()
        for i, safe in enumerate(safes)
    )
    for name, safe in plan.safes.items():
        path = f"{step('safes', name)}.openers"
        yield from _repeated((f"{path}[{i}]", it) for i, it in enumerate(safe.openers))
    for i, item in enumerate(plan.items):
        yield from _repeated(_each(f"items[{i}].account", item.account))
        yield from _repeated(_each(f"items[{i}].for", item.for_))


def _repeated(named: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for path, it in named:
        if it in first:
            yield Fault(path, f"{it!r} stands at {first[it]} already")
        first.setdefault(it, path)


def _check_spelling(plan: Plan) -> Iterator[Fault]:
    """A name has one spelling: what looks the same to people is one thing (Unicode's NFC)."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for word, path, name in _names(plan):
        where, other = first.setdefault((word, normalize("NFC", name)), (path, name))
        if name != other:
            told = f"{name!a} looks like {other!a} at {where}, and is other characters"
            yield Fault(path, told)


def _names(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every name, wherever it stands: of what, the path, and the name."""
    yield from (("person", f"people[{i}]", it) for i, it in enumerate(plan.people))
    for site, safes in plan.sites.items():
        yield "site", step("sites", site), site
        yield from (("safe", f"{step('sites', site)}[{i}]", it) for i, it in enumerate(safes))
    for safe, row in plan.safes.items():
        path = step("safes", safe)
        yield "safe", path, safe
        yield from (("person", f"{path}.openers[{i}]", it) for i, it in enumerate(row.openers))
    yield from (("account", step("accounts", it), it) for it in plan.accounts or {})
    for i, item in enumerate(plan.items):
        yield from _names_of(f"items[{i}]", item)
    for i, memory in enumerate(plan.remembered):
        yield "person", f"remembered[{i}].person", memory.person
        yield "item", f"remembered[{i}].item", memory.item


def _names_of(path: str, item: ItemRow) -> Iterator[tuple[str, str, str]]:
    yield "item", f"{path}.id", item.id
    yield from (("account", where, it) for where, it in _each(f"{path}.account", item.account))
    yield from (("item", where, it) for where, it in _each(f"{path}.for", item.for_))
    for word, field, name in (
        ("set", "set", item.set),
        ("safe", "safe", item.safe),
        ("person", "holder", item.holder),
    ):
        if name is not None:
            yield word, f"{path}.{field}", name


def _check_places(plan: Plan) -> Iterator[Fault]:
    for site, safes in plan.sites.items():
        for i, safe in enumerate(safes):
            yield from _must_be(plan.safes, safe, f"{step('sites', site)}[{i}]", "safe")
    people = frozenset(plan.people)
    for name, safe_row in plan.safes.items():
        path = step("safes", name)
        for i, opener in enumerate(safe_row.openers):
            yield from _must_be(people, opener, f"{path}.openers[{i}]", "person")
        if safe_row.need < 1:
            yield Fault(f"{path}.need", f"{safe_row.need} is below 1: a safe needs an opener")


def _must_be(there: Collection[str], it: str, path: str, word: str) -> Iterator[Fault]:
    if it not in there:
        yield Fault(path, f"there is no {word} {it!r} in this plan")


def _check_items(plan: Plan) -> Iterator[Fault]:
    people = frozenset(plan.people)
    keys = frozenset(it.id for it in plan.items if it.kind is Kind.KEY)
    for i, item in enumerate(plan.items):
        path = f"items[{i}]"
        yield from _check_shape(path, item)
        if (item.safe is None) == (item.holder is None):
            how_many = "neither" if item.safe is None else "both"
            told = f"it lies in a safe or somebody holds it, and this item has {how_many}"
            yield Fault(f"{path}.safe", told)
        if item.safe is not None:
            yield from _must_be(plan.safes, item.safe, f"{path}.safe", "safe")
        if item.holder is not None:
            yield from _must_be(people, item.holder, f"{path}.holder", "person")
        for where, key in _each(f"{path}.for", item.for_):
            yield from _must_be(keys, key, where, "key")


class _Shape(NamedTuple):
    """The fields that a kind of item must have, and those that it may have."""

    must: frozenset[str]
    may: frozenset[str]


_SHAPES: Final = {
    Kind.KEY: _Shape(frozenset({"account"}), frozenset({"uv"})),
    Kind.PIN: _Shape(frozenset({"for"}), frozenset()),
    Kind.PASSWORD: _Shape(frozenset({"account"}), frozenset()),
    Kind.SHARE: _Shape(frozenset({"set", "threshold"}), frozenset({"account", "for", "of"})),
    Kind.PART: _Shape(frozenset({"set", "of"}), frozenset({"account", "for", "threshold"})),
}


def _check_shape(path: str, item: ItemRow) -> Iterator[Fault]:
    fields = {
        "account": item.account,
        "for": item.for_,
        "set": item.set,
        "threshold": item.threshold,
        "of": item.of,
        "uv": item.uv,
    }
    given = {name for name, value in fields.items() if value is not None}
    must, may = _SHAPES[item.kind]
    for name in sorted(given - must - may):
        yield Fault(f"{path}.{name}", f"a {item.kind} has no such field")
    for name in sorted(must - given):
        yield Fault(f"{path}.{name}", f"a {item.kind} must have this field")
    if "set" in must and len(given & {"account", "for"}) != 1:
        told = f"a {item.kind} is a piece of the password of an account, or is for a key"
        yield Fault(f"{path}.account", f"{told}: name one of account and for")
    for name in ("account", "for"):
        if fields[name] == ():
            yield Fault(f"{path}.{name}", "the list is empty")


def _check_sets(plan: Plan) -> Iterator[Fault]:
    """The pieces of a set agree on what they are pieces of, and on how many it takes."""
    first: dict[str, tuple[str, ItemRow]] = {}
    for i, item in enumerate(plan.items):
        if item.set is None:
            continue
        path = f"items[{i}]"
        where, other = first.setdefault(item.set, (path, item))
        for name, mine, its in (
            ("kind", item.kind, other.kind),
            ("account", sorted(item.accounts), sorted(other.accounts)),
            ("for", sorted(item.keys), sorted(other.keys)),
            ("threshold", _threshold(item), _threshold(other)),
        ):
            if mine != its:
                told = f"the pieces of set {item.set} disagree: {where} says otherwise"
                yield Fault(f"{path}.{name}", told)


def _threshold(item: ItemRow) -> int | None:
    return item.of if item.kind is Kind.PART else item.threshold


def _check_numbers(plan: Plan) -> Iterator[Fault]:
    sizes = Counter(item.set for item in plan.items)
    for i, item in enumerate(plan.items):
        if item.set is not None:
            yield from _misnumbered(f"items[{i}]", item, sizes[item.set])


def _misnumbered(path: str, item: ItemRow, size: int) -> Iterator[Fault]:
    """How many pieces a set has, and how many of them it takes."""
    if item.of is not None and item.of != size:
        told = f"set {item.set} has {count_of(size, 'piece')} in this plan, not {item.of}"
        yield Fault(f"{path}.of", told)
    if item.threshold is None:
        return
    if item.threshold < 1:
        yield Fault(f"{path}.threshold", f"{item.threshold} is below 1")
    elif item.kind is Kind.PART and item.threshold != item.of:
        yield Fault(f"{path}.threshold", f"all {item.of} parts are needed, not {item.threshold}")
    elif item.threshold > size:
        told = f"{item.threshold} is above the {count_of(size, 'piece')} of set {item.set}"
        yield Fault(f"{path}.threshold", told)


def _check_remembered(plan: Plan) -> Iterator[Fault]:
    people = frozenset(plan.people)
    items = frozenset(it.id for it in plan.items)
    for i, memory in enumerate(plan.remembered):
        path = f"remembered[{i}]"
        yield from _must_be(people, memory.person, f"{path}.person", "person")
        yield from _must_be(items, memory.item, f"{path}.item", "item")
        if not tidy(memory.note).isprintable():
            yield Fault(f"{path}.note", "it holds what cannot be seen")
        elif len(tidy(memory.note)) > _LONGEST_NOTE:
            yield Fault(f"{path}.note", f"a note has at most {_LONGEST_NOTE} characters")


def tidy(note: str) -> str:
    """A note on one line."""
    return " ".join(note.split())


_CHECKS: Final[tuple[Callable[[Plan], Iterable[Fault]], ...]] = (
    _check_ids,
    _check_unique,
    _check_spelling,
    _check_places,
    _check_items,
    _check_sets,
    _check_numbers,
    _check_remembered,
)
