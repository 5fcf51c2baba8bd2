"""The rows of a plan, as they stand in its file: TOML or JSON, laid out freely (docs/custody.md).

Unknown fields and duplicate keys are refused, and errors name the path inside the file. What the
rows mean together is checked in :mod:`keyvault_kit.custody.plan.faults`.
"""

import json
import re
import tomllib
from collections.abc import Collection
from typing import Annotated, Any, Final, NoReturn, TypeVar

import msgspec

from keyvault_kit.custody.holdings import Kind
from keyvault_kit.errors import InputError

T = TypeVar("T")

_LINE: Final = 60
"""Characters of a line that an error shows."""

MEND: Final = "Mend the plan and start again; docs/custody.md describes every field."


Number = Annotated[int, msgspec.Meta(le=1_000_000)]
"""No organisation counts further, and a slip of the keyboard is found."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown fields are errors."""


class SafeRow(_Row, frozen=True):
    """A safe: any `need` of its `openers` open it."""

    openers: tuple[str, ...]
    need: Number


class AccountRow(_Row, frozen=True):
    """An account, and whether its password signs in (C7)."""

    password_signs_in: bool = True


class ItemRow(_Row, frozen=True):
    """A key, a PIN, a password, a share or a part, and where it lies or who holds it.

    Attributes:
        account: Of a key, a password and the pieces of one: the account that it opens, or several.
        for_: Of a PIN and the pieces of one: the key that it is for, or several.
    """

    id: str
    kind: Kind
    account: str | tuple[str, ...] | None = None
    for_: str | tuple[str, ...] | None = msgspec.field(default=None, name="for")
    set: str | None = None
    threshold: Number | None = None
    of: Number | None = None
    safe: str | None = None
    holder: str | None = None
    uv: str | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it names."""
        return _listed(self.account)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it is for."""
        return _listed(self.for_)


class Memory(_Row, frozen=True):
    """What a person still knows, wherever it lies now."""

    person: str
    item: str
    note: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as its file has it; `accounts` is absent where the file has no such table."""

    people: tuple[str, ...]
    sites: dict[str, tuple[str, ...]]
    safes: dict[str, SafeRow]
    accounts: dict[str, AccountRow] | None
    items: tuple[ItemRow, ...]
    remembered: tuple[Memory, ...]


class _File(_Row, frozen=True):
    """The outermost table; the rows in it are read one by one."""

    people: tuple[str, ...]
    sites: dict[str, object]
    safes: dict[str, object]
    items: tuple[object, ...]
    accounts: dict[str, object] | None = None
    remembered: tuple[object, ...] = ()


def read(text: str, source: str) -> Plan:
    """The rows of a plan.

    Args:
        text: The file's content.
        source: Its name: `.json` and `.toml` say what it is; otherwise its first character does.

    Raises:
        InputError: It is neither, or a field is unknown, missing, twice there or of another form.
    """
    try:
        file = _converted(_document(text, source), _File, "")
        return Plan(
            people=file.people,
            sites=_members(file.sites, "sites", tuple[str, ...]),
            safes=_members(file.safes, "safes", SafeRow),
            accounts=None
            if file.accounts is None
            else _members(file.accounts, "accounts", AccountRow),
            items=_rows(file.items, "items", ItemRow),
            remembered=_rows(file.remembered, "remembered", Memory),
        )
    except _MisfitError as error:
        raise InputError(f"{source}: {error}", mend=MEND) from error
    except RecursionError as error:
        raise InputError(f"{source} is nested too deeply", mend=MEND) from error


class _MisfitError(ValueError):
    """A path inside the file, and what is wrong there."""


def _document(text: str, source: str) -> object:
    text = text.removeprefix("\ufeff")
    name = source.lower()
    begins_as_json = not name.endswith(".toml") and text.lstrip().startswith("{")
    as_json = name.endswith(".json") or begins_as_json
    try:
        if as_json:
            return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        return tomllib.loads(text)
    except _MisfitError:
        raise
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        form = "JSON" if as_json else "TOML"
        told = f"{source} is not {form}: {error}{_line_of(text, str(error))}"
        raise InputError(told, mend=MEND) from error
    except ValueError as error:  # Python's own limit, and no matter of either form
        raise InputError(f"{source} holds a number of too many digits", mend=MEND) from error


def _line_of(text: str, message: str) -> str:
    """The line that an error speaks of, where it can be shown."""
    number = re.search(r"\bline (\d+)", message)
    lines = text.split("\n")
    if not number or int(number[1]) > len(lines):
        return ""
    line = lines[int(number[1]) - 1].strip()[:_LINE]
    return f": {line!r}" if line else ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of two equal keys the standard library would keep the last."""
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise _MisfitError(f"the key {name!r} stands twice in one object")
        table[name] = value
    return table


def _no_number(word: str) -> NoReturn:
    raise _MisfitError(f"{word} is no number of JSON")


def _members(table: dict[str, object], name: str, kind: type[T]) -> dict[str, T]:
    return {key: _converted(value, kind, step(name, key)) for key, value in table.items()}


def _rows(rows: tuple[object, ...], name: str, kind: type[T]) -> tuple[T, ...]:
    return tuple(_converted(row, kind, f"{name}[{i}]") for i, row in enumerate(rows))


def _converted(value: object, kind: type[T], path: str) -> T:
    _check_fields(value, getattr(kind, "__struct_encode_fields__", ()), path)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _MisfitError(_readable(str(error), path)) from error


def _check_fields(value: object, fields: Collection[str], path: str) -> None:
    """Find an unknown field before msgspec does, whose message a name of the file could garble."""
    for name in value if fields and isinstance(value, dict) else ():
        if name not in fields:
            raise _MisfitError(f"{step(path, name)}: unknown field")


def _readable(message: str, before: str) -> str:
    """Msgspec's message with the path first: 'items[0].threshold: Expected `int`, got `str`'."""
    what, at, path = message.rpartition(" - at `$")
    path = f"{before}{path.rstrip('`')}".lstrip(".") if at else before
    what = what if at else message
    missing = re.fullmatch(r"Object missing required field `(.*)`", what)
    if missing:
        return f"{step(path, missing[1])}: this field is missing"
    if what.startswith("Invalid enum value"):
        return f"{path}: there are the kinds {', '.join(Kind)}, and this is none of them"
    return f"{path}: {what}" if path else what


def step(path: str, name: str) -> str:
    """The path to a member; a name that is more than a word is quoted, as in TOML."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    its = name if plain else json.dumps(name)
    return f"{path}.{its}" if path else its


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
