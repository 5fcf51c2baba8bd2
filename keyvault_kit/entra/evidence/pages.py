"""Files of evidence, unpacked: what each holds, and whether it is the whole of it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.answers import Answers, is_answers, read_answers
from keyvault_kit.entra.evidence.kinds import About, about, is_id, stands_alone
from keyvault_kit.entra.foreign import text_of
from keyvault_kit.errors import InputError

MANIFEST: Final = "keyvault-kit/tenant-export/v1"
"""What the manifest of the kit's own export says it is."""

_OURS: Final = tuple("keyvault-kit/".encode(it) for it in ("utf-8", "utf-16-le", "utf-16-be"))
"""What stands in every file that a script of the kit wrote; looking for it is quick."""

MOST_DAYS: Final = 3660
"""No log of a tenant is asked for longer."""

_JSON: Final = re.compile(r"\.json$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d*)(\.json)?$", re.IGNORECASE)

Object = dict[str, Any]


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What the kit's own export says of itself.

    Attributes:
        taken: When it began, aware.
        failed: What could not be read at the tenant, as `NAME: WHY`.
        days: How far back the logs were asked for; None where it does not say.
    """

    format: str
    taken: str
    tenant_id: str = ""
    failed: tuple[str, ...] = ()
    days: Annotated[int, msgspec.Meta(ge=0, le=MOST_DAYS)] | None = None

    @property
    def left_out(self) -> tuple[About, ...]:
        """What the things are that could not be read, as far as their names tell."""
        return tuple(about(it.partition(":")[0], "", None) for it in self.failed)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Objects of one kind from one file.

    Attributes:
        file: Its name within the evidence.
        listed: Whether the tenant listed them; one object alone says nothing of others.
        more: Whether the tenant had more, on a page that should follow.
        count: How many the tenant said that the whole list has; 0 where it did not say.
        alone: Whether it is a file of EntraExporter, which gives each object of a list one.
    """

    file: str
    about: About
    objects: tuple[Object, ...]
    listed: bool = False
    more: bool = False
    count: int = 0
    alone: bool = False

    @property
    def series(self) -> str:
        """What the names of all pages of one list begin with."""
        return _NUMBER.sub("", self.file)

    @property
    def number(self) -> int:
        """Which page of its list it is by its name; the first where that says nothing."""
        stem = _JSON.sub("", self.file.rpartition("/")[2])
        found = None if is_id(stem) else _NUMBER.search(self.file)
        return int(found[1]) if found and found[1] else 1


class Unpacked(msgspec.Struct, frozen=True):
    """All files of an export.

    Attributes:
        pages: In the order of their names, numbers in these by value.
        answers: What the kit's own script did at the tenant, oldest first.
        unknown: Part of the evidence that is left alone -> how many files.
    """

    pages: tuple[Page, ...]
    manifest: Manifest | None
    answers: tuple[Answers, ...]
    unknown: Mapping[str, int]


def unpack(files: Mapping[str, bytes]) -> Unpacked:
    """Unpack files of evidence.

    Args:
        files: Name, with `/`, -> bytes: UTF-8 or UTF-16, with or without a byte order mark.

    Raises:
        InputError: One is no JSON; says which, and in which line. Or they are of two exports: what
            changed between these would be both.
    """
    pages: list[Page] = []
    answers: list[Answers] = []
    manifests: dict[str, Manifest] = {}
    unknown: dict[str, int] = {}
    for name in sorted(files, key=_natural):
        data = files[name]
        if any(it in data for it in _OURS) and is_answers(data):
            answers.append(read_answers(data))
            continue
        document = _document(name, data)
        if isinstance(document, dict) and document.get("format") == MANIFEST:
            manifests[name] = _manifest(name, document)
            continue
        found = [*_pages(name, document)]
        known = [it for it in found if it.about.kind]
        pages += known
        if len(known) < len(found) or not found:
            part = name.rpartition("/")[0].partition("/")[0] or name
            unknown[part] = unknown.get(part, 0) + 1
    manifest = _the_only(manifests)
    return Unpacked(tuple(pages), manifest, tuple(sorted(answers, key=_taken)), unknown)


def _the_only(manifests: Mapping[str, Manifest]) -> Manifest | None:
    if len(manifests) > 1:
        raise InputError(
            f"there is more than one export in it: {listed(manifests)}",
            mend="Name the folder of one of them.",
        )
    return next(iter(manifests.values()), None)


def _taken(it: Answers) -> float:
    return it.taken.timestamp()


def _natural(name: str) -> list[tuple[int, str]]:
    """`users-10` after `users-9`."""
    parts = re.split(r"(\d+)", name)
    return [(int(it), "") if it.isdecimal() else (-1, it) for it in parts]


def _document(name: str, data: bytes) -> object:
    try:
        text = text_of(data)
    except ValueError as error:
        raise InputError(
            f"{name} is neither UTF-8 nor UTF-16 text", mend="Export it again, as JSON."
        ) from error
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{name} is no JSON: {_where(text, error)}",
            mend="It was cut short or changed: export it again, or take it out of the folder.",
        ) from error


def _where(text: str, error: Exception) -> str:
    """What is wrong with a text that is no JSON, with its line."""
    try:
        json.loads(text)
    except json.JSONDecodeError as found:
        return f"line {found.lineno}, column {found.colno}: {found.msg}"
    except (ValueError, RecursionError) as found:
        return str(found)
    return str(error)


def _manifest(name: str, document: Object) -> Manifest:
    try:
        return msgspec.convert(document, Manifest)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{name} is no manifest of the kit's export: {error}",
            mend="Take the file as the script wrote it.",
        ) from error


# --- Pages


def _pages(name: str, document: object) -> Iterator[Page]:
    """What a document holds: an answer of Graph, several of them, or objects without one."""
    if isinstance(document, dict):
        yield _page(name, document)
    elif isinstance(document, list) and document and all(map(_is_page, document)):
        for it in document:
            yield _page(name, it)
    elif isinstance(document, list):
        yield _of_objects(name, "", document, whole=True)


def _is_page(document: object) -> bool:
    return isinstance(document, dict) and isinstance(document.get("value"), list)


def _page(name: str, document: Object) -> Page:
    context = str(document.get("@odata.context") or "")
    if not _is_page(document):
        return _of_objects(name, context, [document], whole=False)
    page = _of_objects(name, context, document["value"], whole=True)
    more = bool(document.get("@odata.nextLink") or document.get("nextLink"))
    count = document.get("@odata.count")
    return replace(page, more=more, count=count if isinstance(count, int) else 0)


def _of_objects(name: str, context: str, objects: list[Any], *, whole: bool) -> Page:
    its = tuple(it for it in objects if isinstance(it, dict))
    what = about(name, context, its[0] if its else None)
    return Page(file=name, about=what, objects=its, listed=whole, alone=stands_alone(name))
