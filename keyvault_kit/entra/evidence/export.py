"""An export: the objects of the tenant by kind, each once, and which kinds are whole."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from keyvault_kit.entra.evidence.kinds import About, Kind
from keyvault_kit.entra.evidence.pages import Object, Page
from keyvault_kit.entra.evidence.whole import lacking, missing_half

T = TypeVar("T", bound=msgspec.Struct)
V = TypeVar("V")

_EMPTY: Final[tuple[object, ...]] = (None, "", False, [], {})
"""How Graph writes 'nothing', in one version or the other."""


class Export:
    """The objects of an export.

    What is found twice is one object with the fields of both; where they contradict each other,
    the one that was modified later counts. Where neither says that it was, what rules would read
    of it is not known.

    Args:
        pages: In the order of their names.
        failed: What the export could not read, or not to its end.

    Attributes:
        remarks: What is odd about it, in sentences.
        ignored: `KIND: FIELD` that nothing was done with -> in how many objects.
    """

    def __init__(self, pages: Iterable[Page], failed: Iterable[About] = ()) -> None:
        self.remarks: list[str] = []
        self.ignored: Counter[str] = Counter()
        self._pages: dict[tuple[Kind, str], list[Page]] = defaultdict(list)
        self._found: dict[Kind, tuple[Object, ...]] = {}
        for page in pages:
            if page.about.kind:
                self._pages[page.about.kind, page.about.owner].append(page)
        self._doubts: dict[tuple[Kind, str], set[str]] = defaultdict(set)
        self._cut = {(it.kind, it.owner) for it in failed if it.kind}
        for (kind, owner), its in sorted(self._pages.items()):
            whose = f"{kind}{f' of {owner}' if owner else ''}"
            for found in _lacking(kind, its):
                self._cut.add((kind, owner))
                self.remarks.append(f"The {whose} were cut short: {found}. Export them whole.")

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

    def is_cut(self, kind: Kind, owners: Iterable[str] = ("",)) -> bool:
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
        told = differences(before, after)
        if told:
            dated = all(times) and times[0] != times[1]
            if not dated:
                self._doubts[kind, str(before["id"]).lower()] |= told
            counts = f"{other} counts" if dated else "neither says that it is the newer"
            self.remark_once(
                f"{file} and {other} differ in {', '.join(sorted(told))} of"
                f" {kind} {before['id']}: {counts}."
            )
        return before | after

    def remark_once(self, remark: str) -> None:
        """Say something odd about the export, if it was not said before."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def in_doubt(self, kind: Kind, it: Object, names: Collection[str]) -> bool:
        """Whether files contradict each other in one of these properties of an object."""
        doubts = self._doubts.get((kind, str(it.get("id") or "").lower()), set())
        return not doubts.isdisjoint(names)

    # --- As values

    def read(
        self, kind: Kind, objects: Iterable[Object], shape: type[T], *, counted: bool = True
    ) -> tuple[T, ...] | None:
        """Objects as structs of ours; None where one has another shape, or is in doubt.

        Args:
            counted: Whether fields that the struct does not have are counted as ignored.
        """
        values = []
        names = {field.encode_name for field in msgspec.structs.fields(shape)}
        for it in objects:
            if self.in_doubt(kind, it, names):
                return None
            try:
                values.append(msgspec.convert(it, shape))
            except msgspec.ValidationError as error:
                name = it.get("displayName") or it.get("id") or "one"
                self.remark_once(
                    f"The {kind} are left out: {name!r} is not as they are known here: {error}."
                )
                return None
            if counted:
                left = (name for name in it if "@" not in name and name not in names)
                self.ignored.update(f"{kind}: {name}" for name in left)
        return tuple(values)


def _lacking(kind: Kind, pages: Iterable[Page]) -> Iterator[str]:
    """What the lists of a kind lack: their pages, and of a log a half."""
    series: dict[str, list[Page]] = defaultdict(list)
    for it in pages:
        series[it.series].append(it)
    for its in series.values():
        yield from lacking(its)
    half = missing_half([*pages]) if kind is Kind.SIGN_INS else ""
    if half:
        yield f"the {half} ones are not there"


def only(values: Collection[V]) -> V | None:
    """The one value of several answers; None where they have none, or contradict each other."""
    return next(iter(values)) if len(values) == 1 else None


def differences(one: Object, other: Object) -> set[str]:
    """The properties in which two objects contradict each other.

    That one answer has less in it is nothing, nor is an annotation.
    """
    both = (name for name in one.keys() & other.keys() if "@" not in name)
    return {name for name in both if _differ(one[name], other[name])}


def _differ(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(differences(one, other))
    if one in _EMPTY and other in _EMPTY:
        return False
    return one != other
