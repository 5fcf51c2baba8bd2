"""A rehearsed day: which ceremonies, in which order, and what must come of them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from keyvault_kit.assembly import Bench, SeededRandom, rehearsal_station
from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.ceremonies.plans import (
    audit,
    card,
    checkpoint,
    enrol,
    founding,
    opening,
    seal,
    signers,
)
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.organisation import AccountPlan, KeyPlan, Organisation
from keyvault_kit.custody.register import Register
from keyvault_kit.host.files import read_file
from keyvault_kit.keys.reading import Reading, read_all
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal import plants
from keyvault_kit.rehearsal.folder import RehearsalFolder
from keyvault_kit.rehearsal.outcome import Outcome, judge
from keyvault_kit.rehearsal.papers import leave_papers
from keyvault_kit.rehearsal.people import Say, ScriptedPeople
from keyvault_kit.rehearsal.tenant import RehearsalTenant


class Part(NamedTuple):
    """A part of a rehearsal.

    Attributes:
        again: Whether a rehearsal that is resumed does it once more: what it leaves is in memory.
    """

    title: str
    act: Callable[[], object]
    again: bool = False


class Rehearsal:
    """One run of a rehearsal over its folder and ledger."""

    def __init__(
        self,
        folder: RehearsalFolder,
        organisation: Organisation,
        ledger: Ledger,
        say: Say,
        watch: Watcher,
    ) -> None:
        begun = folder.begun
        self.folder = folder
        self.organisation = organisation
        self.say = say
        self.watch = watch
        self.bench = Bench.begin(folder.path / "softkeys", seed=folder.seed, now=begun.started)
        self.station: Station = rehearsal_station(
            folder.path, ledger, self.bench, seed=folder.seed, started=begun.started
        )
        random = SeededRandom(folder.seed, b"tenant " + self.station.random(32))
        self.tenant = RehearsalTenant(folder.path / "tenant.json", random)
        self.people = ScriptedPeople(self.station, self.bench, self.tenant, say)
        self.plants = plants.choose(self.keys)

    @property
    def register(self) -> Register:
        """What is true now."""
        return self.station.book.register

    @property
    def sheets(self) -> Path:
        """The folder with all paper."""
        return self.folder.path / "sheets"

    @property
    def keys(self) -> tuple[KeyPlan, ...]:
        """The keys that the audit finds in service."""
        return self.organisation.keys

    def go(self) -> Outcome:
        """Do everything that is not done yet."""
        done = self.folder.begun.parts
        for number, part in enumerate(self._parts(), 1):
            if number > done or part.again:
                self.say(part.title)
                part.act()
                self.folder.go_past(number)
        outcome = self._judge()
        leave_papers(self.folder.path, self.station, outcome)
        return outcome

    def _judge(self) -> Outcome:
        return judge(self.station, self.organisation, self.plants, self.sheets)

    def _parts(self) -> tuple[Part, ...]:
        return (
            Part("Founding the ledger", self._found),
            Part("Enrolling the keys with which the others sign", self._enrol_signers),
            Part("Plugging in the keys and reading them", self._plug_in, again=True),
            Part("Proving and enrolling the keys", self._enrol),
            Part("Making, splitting and sealing the passwords", self._seal),
            Part("Making the card of each site", self._make_cards),
            Part("Signing a checkpoint", lambda: self._sign(1)),
            Part("An emergency: opening and recovering", self._open),
            Part("Auditing the keys, two of which are not what they were", self._audit),
            Part("Signing the closing checkpoint", lambda: self._sign(2)),
        )

    def _run(self, ceremony: Ceremony) -> None:
        engine.run(ceremony, self.station, self.people, self.watch)

    def _done(self, ceremony: str) -> bool:
        record = self.register.ceremonies.get(ceremony)
        return record is not None and record.closed

    def _found(self) -> None:
        self._run(founding.ceremony(self.organisation))

    def _enrol_signers(self) -> None:
        """Everybody who seals signs, with a key of their own; two founders vouch for each."""
        acting = {
            person
            for key in self.organisation.keys
            for it in [self._enrolment(key, show_guard=False)]
            for person in (it.custodian, it.witness, *it.pin_people)
        }
        officers = self._officers()
        others = tuple(sorted(acting - set(self.organisation.founders())))
        if others:
            request = signers.Request(enrol=others, signers=officers, number=1)
            self._run(signers.ceremony(request))

    def _plug_in(self) -> None:
        self.bench.unplug_personal()
        for key in self.organisation.keys:
            self.bench.add(key.tag, key.model)
            self.bench.plug(key.tag)
        for reading in read_all(self.station.bus):
            if isinstance(reading, Reading):
                serial = reading.serial or "no serial number"
                self.say(f"  {reading.product}, firmware {reading.firmware}, {serial}")
            else:
                self.say(f"  {reading.error}")

    def _enrol(self) -> None:
        for i, key in enumerate(self.organisation.keys):
            self._run(enrol.ceremony(self._enrolment(key, show_guard=i == 0)))
            self._hand_in(key)

    def _hand_in(self, key: KeyPlan) -> None:
        """Carry the registration answer of a key to the tenant."""
        answer = self.station.transfer / f"registration-{key.tag}.json"
        upn = self.register.accounts[key.account].upn
        data = read_file(answer, "registration answer")
        self.tenant.take_registration(upn, data, self.station.clock())

    def _enrolment(self, key: KeyPlan, *, show_guard: bool) -> enrol.Request:
        organisation = self.organisation
        key_safe = organisation.safe_of(f"key:{key.tag}")
        pin_safe = organisation.safe_of(f"pin:{key.tag}")
        custodian = organisation.custodian()
        openers = next(s.openers for s in organisation.safes if s.id == pin_safe)
        officers = organisation.officers_beside(custodian)
        pin_people = sorted(officers, key=lambda it: it not in openers)  # openers first
        return enrol.Request(
            key=key.tag,
            account=key.account,
            use=key.use,
            custodian=custodian,
            witness=organisation.witness_beside(custodian, pin_people[:2]),
            pin_people=(pin_people[0], pin_people[1]),
            key_safe=key_safe,
            pin_safe=pin_safe,
            show_guard=show_guard,
        )

    def _officers(self) -> tuple[str, str]:
        first, second = self.organisation.founders()[:2]
        return first, second

    def _seal(self) -> None:
        for account in self.organisation.accounts:
            self._run(seal.ceremony(self._sealing(account), number=1))

    def _sealing(self, account: AccountPlan) -> seal.Request:
        items = [f"share:{account.id}:{n}" for n in range(1, account.shares + 1)]
        return seal.Request(
            account=account.id,
            threshold=account.threshold,
            officers=self._officers(),
            safes=tuple(self.organisation.safe_of(item) for item in items),
        )

    def _make_cards(self, first: int = 1) -> None:
        """A card for each site with a safe; the ceremonies are numbered from `first`."""
        for number, site in enumerate(self.register.sites, first):
            safes = [it.id for it in self.register.safes.values() if it.site == site]
            if safes:
                request = card.Request(
                    site=site, safe=safes[0], officers=self._officers(), number=number
                )
                self._run(card.ceremony(request))

    def _sign(self, number: int) -> None:
        founders = self.organisation.founders()
        paper = self.organisation.sites[0].paper
        self._run(
            checkpoint.ceremony(
                checkpoint.Request(
                    signers=founders, paper=paper, number=number, size=self.register.size
                )
            )
        )

    def _open(self) -> None:
        account = self.organisation.accounts[0]
        set_id = self.register.accounts[account.id].password_set or ""
        sealed = [envelope.id for envelope in self.register.live_envelopes(set_id)]
        request = opening.Request(
            account=account.id,
            set=set_id,
            envelopes=tuple(sealed[: account.threshold]),
            checked=tuple(sealed[account.threshold :]),
            officers=self._officers(),
            why="emergency",
        )
        self._run(opening.ceremony(request, number=1))

    def _audit(self) -> None:
        custodian = self.organisation.custodian()
        request = audit.Request(
            keys=tuple(key.tag for key in self.organisation.keys),
            auditor=self.organisation.auditor_beside(custodian),
            custodian=custodian,
            witness=self.organisation.witness_beside(custodian, self.organisation.founders()),
            number=1,
        )
        ceremony = audit.ceremony(request)
        if not self._done(ceremony.id):
            plants.plant(self.plants, self.keys, self.bench, self.folder.seed)
            self.people.look_away()
        self._run(ceremony)
