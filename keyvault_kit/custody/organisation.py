"""The organisation file: who, where, which accounts, and what lies in which envelope.

TOML, read strictly; every error names the path inside the file, such as `safes[1].openers`
(docs/organisation-file.md).
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Annotated, Final

import msgspec

from keyvault_kit.custody.model import (
    ENVELOPES,
    ID_PATTERN,
    OBJECT_ID_PATTERN,
    Count,
    EnvelopeFormat,
    Id,
    PaperSize,
    Role,
    Use,
)
from keyvault_kit.errors import InputError


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown fields are errors."""


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Tag = Annotated[str, msgspec.Meta(pattern=ID_PATTERN, max_length=20)]
"""Printed on small tags, and the name of a passkey at the tenant, which keeps 30 characters."""

ShortId = Annotated[str, msgspec.Meta(pattern=ID_PATTERN, max_length=30)]
"""Ids of sets and envelopes are made from it, and they are printed."""


ObjectId = Annotated[str, msgspec.Meta(pattern=OBJECT_ID_PATTERN)]


class PersonPlan(_Table, frozen=True):
    """Somebody who may act. `founder` people sign the founding of the ledger."""

    id: ShortId
    name: Name
    roles: tuple[Role, ...]
    founder: bool = False
    contact: Annotated[str, msgspec.Meta(max_length=200)] = ""
    since: date | None = None
    until: date | None = None


class SitePlan(_Table, frozen=True):
    """A place with safes, the paper printed on there and the envelope it is folded into.

    Attributes:
        envelope: The usual one of the paper where absent.
    """

    id: ShortId
    paper: PaperSize = PaperSize.A4
    envelope: EnvelopeFormat | None = None


class SafePlan(_Table, frozen=True):
    """A safe: any `need` of its `openers` open it."""

    id: ShortId
    site: Id
    openers: tuple[Id, ...]
    need: Count = 1


class AccountPlan(_Table, frozen=True):
    """An account; its password is split into `shares` sheets, any `threshold` of which give it."""

    id: ShortId
    upn: Annotated[str, msgspec.Meta(max_length=113)]
    object_id: ObjectId | None = None
    threshold: Count = 2
    shares: Count = 3


class KeyPlan(_Table, frozen=True):
    """A security key by its asset tag.

    Attributes:
        model: The profile of the software key that stands for it in rehearsals.
    """

    tag: Tag
    account: Id
    use: Use
    model: str = "five"


class EnvelopePlan(_Table, frozen=True):
    """One envelope: what it holds and where it lies.

    `key:TAG`, `pin:TAG`, `share:ACCOUNT:NUMBER` or, once and if at all, `identity:station`.
    """

    holds: tuple[str, ...]
    safe: Id


IDENTITY: Final = "identity:station"
_HANDS: Final = (Role.OFFICER, Role.CUSTODIAN, Role.WITNESS)


class Organisation(_Table, frozen=True):
    """A checked organisation file."""

    name: Name
    people: tuple[PersonPlan, ...]
    sites: tuple[SitePlan, ...]
    safes: tuple[SafePlan, ...]
    accounts: tuple[AccountPlan, ...]
    keys: tuple[KeyPlan, ...]
    envelopes: tuple[EnvelopePlan, ...]

    def founders(self) -> tuple[str, ...]:
        """Ids of the people who found and sign the ledger."""
        return tuple(p.id for p in self.people if p.founder)

    def with_role(self, role: Role) -> tuple[str, ...]:
        """Ids of the people of a role, in the file's order."""
        return tuple(p.id for p in self.people if role in p.roles)

    def holds_identity(self) -> bool:
        """Whether the station's age identity is put on paper."""
        return any(IDENTITY in envelope.holds for envelope in self.envelopes)

    def witness_beside(self, custodian: str, away: Iterable[str]) -> str:
        """Who reads a key's bag beside its custodian: a witness or custodian if there is one.

        Args:
            away: The people of its PIN, who have no business with the key (S36); but two officers
                and one custodian are enough to begin with, and then one of them looks on.
        """
        others = [it.id for it in self.people if it.id != custodian and set(it.roles) & set(_HANDS)]
        preferred = (Role.WITNESS, Role.CUSTODIAN, Role.OFFICER)
        away = set(away)

        def rank(person: str) -> tuple[bool, int]:
            roles = next(it.roles for it in self.people if it.id == person)
            return person in away, min(preferred.index(it) for it in roles if it in preferred)

        return min(others, key=rank)

    def custodian(self) -> str:
        """The custodian who enrols: the first of `custodians`."""
        return self.custodians()[0]

    def officers_beside(self, custodian: str) -> tuple[str, ...]:
        """The officers other than that custodian (S38)."""
        return tuple(it for it in self.with_role(Role.OFFICER) if it != custodian)

    def auditor_beside(self, custodian: str) -> str:
        """The first auditor other than that custodian."""
        return next(it for it in self.with_role(Role.AUDITOR) if it != custodian)

    def custodians(self) -> list[str]:
        """The custodians beside whom there are two officers and an auditor."""
        return [
            it
            for it in self.with_role(Role.CUSTODIAN)
            if len(self.officers_beside(it)) >= 2  # noqa: PLR2004 - the two of a PIN
            and set(self.with_role(Role.AUDITOR)) - {it}
        ]

    def safe_of(self, item: str) -> str:
        """The safe in which the envelope that holds `item` belongs."""
        return next(e.safe for e in self.envelopes if item in e.holds)

    def paper_of(self, item: str) -> PaperSize:
        """The paper of the site where the envelope that holds `item` belongs."""
        safe = next(s for s in self.safes if s.id == self.safe_of(item))
        return next(s.paper for s in self.sites if s.id == safe.site)


def parse(text: str, source: str = "organisation file") -> Organisation:
    """The organisation that a TOML text describes.

    Args:
        text: The file's content.
        source: What the errors call it, usually its name.

    Raises:
        InputError: The text is no TOML, a field is unknown, missing or of the wrong form, or the
            parts contradict each other; the error names the path inside the file.
    """
    try:
        organisation = msgspec.convert(tomllib.loads(text), Organisation)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise _unreadable(source, error) from error
    except RecursionError as error:
        raise InputError(f"{source} is nested too deeply") from error
    for check in _CHECKS:
        for path, what in check(organisation):
            raise InputError(f"{source}: {path}: {what}", mend=_MEND)
    return organisation


_MEND: Final = "Mend the file and start again; docs/organisation-file.md describes every field."


def _unreadable(source: str, error: Exception) -> InputError:
    if isinstance(error, msgspec.ValidationError):
        return InputError(f"{source}: {_readable(str(error))}", mend=_MEND)
    return InputError(f"{source} is not TOML: {error}", mend=_MEND)


def _readable(message: str) -> str:
    """Msgspec's message with the path first: 'people[0].rank: unknown field'."""
    what, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown:
        path = f"{path}.{unknown[1]}".lstrip(".")
        return f"{path}: unknown field"
    missing = re.fullmatch(r"Object missing required field `(.*)`", what)
    if missing:
        path = f"{path}.{missing[1]}".lstrip(".")
        return f"{path}: this field is missing"
    return f"{path}: {what}" if path else what


Fault = tuple[str, str]
"""Path inside the file, and what is wrong there."""


def _check_unique(org: Organisation) -> Iterator[Fault]:
    lists = {
        "people": [p.id for p in org.people],
        "sites": [s.id for s in org.sites],
        "safes": [s.id for s in org.safes],
        "accounts": [a.id for a in org.accounts],
    }
    for name, ids in lists.items():
        yield from _repeated(name, "id", ids)
    yield from _repeated("keys", "tag", [k.tag for k in org.keys])
    yield from _repeated("accounts", "upn", [a.upn for a in org.accounts])


def _repeated(name: str, field: str, ids: list[str]) -> Iterator[Fault]:
    """Ids that stand twice; capitals do not tell two apart, since ids also name files."""
    folded = [it.casefold() for it in ids]
    for i, it in enumerate(ids):
        first = folded.index(it.casefold())
        if first < i:
            yield f"{name}[{i}].{field}", f"{it!r} is the {field} of {name}[{first}] already"


def _check_references(org: Organisation) -> Iterator[Fault]:
    people = {p.id for p in org.people}
    for i, safe in enumerate(org.safes):
        for j, opener in enumerate(safe.openers):
            yield from _must_exist(people, opener, f"safes[{i}].openers[{j}]", "person")
        yield from _must_exist({s.id for s in org.sites}, safe.site, f"safes[{i}].site", "site")
    accounts = {a.id for a in org.accounts}
    for i, key in enumerate(org.keys):
        yield from _must_exist(accounts, key.account, f"keys[{i}].account", "account")
    safes = {s.id for s in org.safes}
    for i, envelope in enumerate(org.envelopes):
        yield from _must_exist(safes, envelope.safe, f"envelopes[{i}].safe", "safe")


def _must_exist(ids: set[str], it: str, path: str, word: str) -> Iterator[Fault]:
    if it not in ids:
        yield path, f"there is no {word} {it!r} in this file"


def _check_people(org: Organisation) -> Iterator[Fault]:
    founders = org.founders()
    if len(founders) < 2:  # noqa: PLR2004 - nobody founds alone
        yield "people", "two people or more must be founders (founder = true)"
    for i, person in enumerate(org.people):
        if not person.roles or len(set(person.roles)) < len(person.roles):
            yield f"people[{i}].roles", f"{person.id} has no role, or one twice"
        if person.since and person.until and person.until < person.since:
            yield f"people[{i}].until", f"the authority of {person.id} ends before it begins"
        if person.founder and Role.OFFICER not in person.roles:
            yield f"people[{i}].roles", f"founder {person.id} must be an officer"
    for role, least in ((Role.OFFICER, 2), (Role.CUSTODIAN, 1), (Role.AUDITOR, 1)):
        have = len(org.with_role(role))
        if have < least:
            yield "people", f"{least} with the role {role} are needed, and there are {have}"
    if not org.custodians():
        yield "people", "a custodian is needed beside whom there are two officers and an auditor"


def _check_sites(org: Organisation) -> Iterator[Fault]:
    for i, site in enumerate(org.sites):
        fitting = ENVELOPES[site.paper]
        if site.envelope is not None and site.envelope not in fitting:
            yield (
                f"sites[{i}].envelope",
                f"{site.paper} paper is folded for {' or '.join(fitting)}, not for {site.envelope}",
            )


def _check_safes(org: Organisation) -> Iterator[Fault]:
    for i, safe in enumerate(org.safes):
        if not safe.openers:
            yield f"safes[{i}].openers", f"safe {safe.id} has no openers"
        elif len(set(safe.openers)) < len(safe.openers):
            yield f"safes[{i}].openers", f"safe {safe.id} names an opener twice"
        elif safe.need > len(safe.openers):
            have = len(safe.openers)
            yield f"safes[{i}].need", f"safe {safe.id} needs {safe.need} openers and has {have}"


def _check_accounts(org: Organisation) -> Iterator[Fault]:
    if not org.accounts:
        yield "accounts", "there is no account"
    for i, account in enumerate(org.accounts):
        if account.shares < account.threshold:
            yield (
                f"accounts[{i}].shares",
                f"{account.shares} shares are fewer than the threshold {account.threshold}",
            )
        elif account.threshold == 1:
            yield f"accounts[{i}].threshold", "a threshold of 1 lets one person alone sign in"
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", account.upn):
            yield f"accounts[{i}].upn", f"{account.upn!r} is no sign-in name"
        primaries = [k for k in org.keys if k.account == account.id and k.use is Use.PRIMARY]
        if len(primaries) != 1:
            yield f"accounts[{i}].id", f"account {account.id} has {len(primaries)} primary keys"
        keys = sum(key.account == account.id for key in org.keys)
        if keys < 2:  # noqa: PLR2004 - one to use, one to lose
            yield f"accounts[{i}].id", f"account {account.id} has {keys} key(s), not two (S17)"


def _check_envelopes(org: Organisation) -> Iterator[Fault]:
    wanted = {f"{kind}:{key.tag}" for key in org.keys for kind in ("key", "pin")}
    for account in org.accounts:
        wanted |= {f"share:{account.id}:{n}" for n in range(1, account.shares + 1)}
    optional = {IDENTITY}
    placed: dict[str, int] = {}
    for i, envelope in enumerate(org.envelopes):
        yield from _check_contents(i, envelope.holds)
        for j, item in enumerate(envelope.holds):
            path = f"envelopes[{i}].holds[{j}]"
            if item not in wanted | optional:
                yield path, f"{item!r} is nothing that this file describes"
            if item in placed:
                yield path, f"{item} lies in envelopes[{placed[item]}] already"
            placed[item] = i
    for item in sorted(wanted - set(placed)):
        yield "envelopes", f"no envelope holds {item}"


def _check_contents(i: int, holds: tuple[str, ...]) -> Iterator[Fault]:
    path = f"envelopes[{i}].holds"
    kinds = [item.partition(":")[0] for item in holds]
    if not holds:
        yield path, "the envelope holds nothing"
    elif "key" in kinds and "pin" in kinds:
        yield path, "a key and a PIN lie in one envelope (S36)"
    elif len(holds) > 1:
        yield path, "one envelope holds one thing"


_CHECKS: Final[tuple[Callable[[Organisation], Iterable[Fault]], ...]] = (
    _check_unique,
    _check_references,
    _check_people,
    _check_sites,
    _check_safes,
    _check_accounts,
    _check_envelopes,
)
