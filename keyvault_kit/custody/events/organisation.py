"""The organisation: people, sites, safes, accounts, decisions."""

from datetime import date

from keyvault_kit.custody.events.base import Fact
from keyvault_kit.custody.model import Count, EnvelopeFormat, Hex256, Id, PaperSize, Role


class OrganisationNamed(Fact, frozen=True, tag="organisation.named"):
    """Whose ledger this is, as sheets and reports print it."""

    name: str


class PersonAdded(Fact, frozen=True, tag="person.added"):
    """A person who may act (S40); `details` commits to the erasable row with the name."""

    person: Id
    roles: tuple[Role, ...]
    details: Hex256
    since: date | None = None
    until: date | None = None


class PersonChanged(Fact, frozen=True, tag="person.changed"):
    """Another name, roles or validity of a person (S40): the whole as it is from now on."""

    person: Id
    roles: tuple[Role, ...]
    details: Hex256
    since: date | None = None
    until: date | None = None


class AbsenceNoted(Fact, frozen=True, tag="absence.noted"):
    """A person is away for a time (S37); when and why lies in the erasable row."""

    person: Id
    details: Hex256


class DetailsErased(Fact, frozen=True, tag="details.erased"):
    """These rows were erased with their salts; what the log says of them tells nothing now."""

    commitments: tuple[Hex256, ...]
    person: Id | None = None


class SiteAdded(Fact, frozen=True, tag="site.added"):
    """A place with safes, the paper that is printed on there and the envelope it is folded into."""

    site: Id
    paper: PaperSize
    envelope: EnvelopeFormat | None = None


class SiteChanged(Fact, frozen=True, tag="site.changed"):
    """Another paper or envelope is used at a site: the whole as it is from now on."""

    site: Id
    paper: PaperSize
    envelope: EnvelopeFormat | None = None


class SafeAdded(Fact, frozen=True, tag="safe.added"):
    """A container with its openers and how many of them it needs (S34)."""

    safe: Id
    site: Id
    openers: tuple[Id, ...]
    need: Count


class SafeChanged(Fact, frozen=True, tag="safe.changed"):
    """Other openers of a safe, or another number of them that it needs."""

    safe: Id
    openers: tuple[Id, ...]
    need: Count


class SafeMoved(Fact, frozen=True, tag="safe.moved"):
    """A safe stands at another site now, with all that lies in it (S55)."""

    safe: Id
    site: Id


class AccountAdded(Fact, frozen=True, tag="account.added"):
    """An emergency access account, its sign-in name and its object id (S1, S7)."""

    account: Id
    upn: str
    object_id: str | None = None


class AccountChanged(Fact, frozen=True, tag="account.changed"):
    """Another sign-in name or object id of an account (S7): the whole as it is from now on."""

    account: Id
    upn: str
    object_id: str | None = None


class DecisionMade(Fact, frozen=True, tag="decision.made"):
    """A choice between positions of the sources, or an exception; why lies in the erasable row."""

    decision: Id
    choice: Id
    review: date
    details: Hex256
