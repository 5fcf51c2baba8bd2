"""An export: the objects of the tenant by kind, each once, and which kinds are whole."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.entra.evidence.pages import Object, Page

T = TypeVar("T")

_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


class Export:
    """The objects of an export.

    What is found twice is one object with the fields of both; where they contradict each other,
    the one that was modified later counts, or else that of the file whose name comes later.

    Args:
        pages: In the order of their names.

    Attributes:
        remarks: What is odd about it, in sentences.
        ignored: `KIND: FIELD` that nothing was done with -> in how many objects.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self.remarks: list[str] = []
        self.ignored: Counter[str] = Counter()
        self._pages: dict[tuple[Kind, str], list[Page]] = defaultdict(list)
        self._found: dict[Kind, tuple[Object, ...]] = {}
        for page in pages:
            if page.about.kind:
                self._pages[page.about.kind, page.about.owner].append(page)
        self._cut: set[tuple[Kind, str]] = set()
        for (kind, owner), its in sorted(self._pages.items()):
            last = {it.series: it for it in its}.values()
            for page in (it for it in last if it.more):
                self._cut.add((kind, owner))
                self.remarks.append(
                    f"The {kind}{f' of {owner}' if owner else ''} were cut short: a next page is"
                    f" named in {page.file}, and is not there. Export them whole."
                )

    # --- Objects

    def owners(self, kind: Kind) -> frozenset[str]:
        """Whose things of a kind the export has."""
        return frozenset(owner for its, owner in self._pages if its is kind)

    def alone(self, kind: Kind) -> bool:
        """Whether each thing of a kind has a file to itself: then no file means that none is."""
        return any(it.alone for its, pages in self._pages.items() if its[0] is kind for it in pages)

    def of(self, kind: Kind, owner: str = "") -> tuple[Object, ...] | None:
        """The whole of a kind, or of somebody's things; None where the export has not all."""
        pages = self._pages.get((kind, owner), ())
        if (kind, owner) in self._cut or not any(it.listed or it.alone for it in pages):
            return None
        return tuple(self._merged(kind, pages))

    def is_cut(self, kind: Kind, owners: Iterable[str]) -> bool:
        """Whether the things of one of these were cut short."""
        return any((kind, it) in self._cut for it in owners)

    def found(self, kind: Kind, owner: str | None = None) -> tuple[Object, ...]:
        """Everything of a kind that is there, whether it is all or not.

        Args:
            owner: Whose; of everybody where it is None.
        """
        if owner is not None:
            return tuple(self._merged(kind, self._pages.get((kind, owner), ())))
        if kind not in self._found:
            of = (its for (about, _), its in self._pages.items() if about is kind)
            self._found[kind] = tuple(self._merged(kind, (it for its in of for it in its)))
        return self._found[kind]

    def _merged(self, kind: Kind, pages: Iterable[Page]) -> Iterator[Object]:
        named: dict[str, tuple[str, Object]] = {}
        for page in pages:
            for it in page.objects:
                key = str(it.get("id") or "").lower()
                if not key:
                    yield it
                elif key in named:
                    named[key] = page.file, self._one(kind, named[key], (page.file, it))
                else:
                    named[key] = page.file, it
        yield from (it for _, it in named.values())

    def _one(self, kind: Kind, first: tuple[str, Object], second: tuple[str, Object]) -> Object:
        """One object of two that have the same id."""
        (file, before), (other, after) = first, second
        times = [str(it.get("modifiedDateTime") or "") for it in (before, after)]
        if times[0] > times[1]:
            file, before, other, after = other, after, file, before
        told = [
            name
            for name in before.keys() & after.keys()
            if not name.startswith("@") and _differ(before[name], after[name])
        ]
        if told:
            self._remark_once(
                f"{file} and {other} differ in {', '.join(sorted(told))} of"
                f" {kind} {before['id']}: {other} counts."
            )
        return before | after

    def _remark_once(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    # --- As values

    def read(
        self, kind: Kind, objects: Iterable[Object], shape: type[T], *, counted: bool = True
    ) -> tuple[T, ...] | None:
        """Objects as structs of ours; None, and a remark, where one has another shape.

        Args:
            counted: Whether fields that the struct does not have are counted as ignored.
        """
        values = []
        for it in objects:
            try:
                values.append(msgspec.convert(it, shape))
            except msgspec.ValidationError as error:
                name = it.get("displayName") or it.get("id") or "one"
                self._remark_once(
                    f"The {kind} are left out: {name!r} is not as they are known here: {error}."
                )
                return None
            if counted:
                self._count(kind, it, shape)
        return tuple(values)

    def _count(self, kind: Kind, it: Mapping[str, object], shape: type) -> None:
        known = {field.encode_name for field in msgspec.structs.fields(shape)}
        left = (name for name in it if "@" not in name and name not in known)
        self.ignored.update(f"{kind}: {name}" for name in left)


def _differ(one: object, other: object) -> bool:
    """Whether two values contradict each other; that one answer has less in it is nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        return any(_differ(one[name], other[name]) for name in one.keys() & other.keys())
    if one in _EMPTY and other in _EMPTY:
        return False
    return one != other
