"""A year of the accounts: set up, reviewed, practised, used, changed, moved, audited (S54 to S62).

Each part happens on a day of the year. What was done stays done: a rehearsal that is cut short goes
on with the part in whose middle it was.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from keyvault_kit.assembly import RehearsalClock
from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.ceremonies.plans import (
    audit,
    drill,
    enrol,
    leaver,
    opening,
    post_mortem,
    relocation,
    review,
    rotate,
)
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.keys import STILL_GOOD
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.history import Why
from keyvault_kit.custody.model import EnvelopeState, Finding, Retirement
from keyvault_kit.custody.organisation import KeyPlan
from keyvault_kit.errors import InternalError
from keyvault_kit.rehearsal import plants
from keyvault_kit.rehearsal.day import Part
from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.set_up import SetUp
from keyvault_kit.rehearsal.year_outcome import Expected, judge

NEW_SITE: Final = "annexe"
SUCCESSOR: Final = "b"
"""What the tag of a key ends with that takes the place of a dead one."""
STRANGE_BAG: Final = "BAG-77"
"""The number of a bag that lies in a safe, and that nobody knows."""


class YearRehearsal(SetUp):
    """One run of a rehearsed year over its folder and ledger."""

    # --- The calendar

    def _parts(self) -> tuple[Part, ...]:
        first = self.organisation.accounts[0].id
        last = self.organisation.accounts[-1].id
        calendar: tuple[tuple[int, str, Callable[[], object]], ...] = (
            (0, "Founding the ledger", self._found),
            (0, "Enrolling the keys with which the others sign", self._enrol_signers),
            (0, "Putting the station itself under custody", self._add_items),
            (0, "Plugging in the keys and reading them", self._plug_in),
            (0, "Proving and enrolling the keys", self._enrol),
            (1, "Making, splitting and sealing the passwords", self._seal),
            (1, "Making the card of each site", self._make_cards),
            (2, "Training, combinations, the document of the process", self._begin_duties),
            (2, "Deciding what only people can say", self._decide),
            (2, "Reading what the tenant is, and deploying what it lacks", lambda: self._deploy(1)),
            (3, "Trying every key once", self._try_keys),
            (8, "Deploying again: every key has signed in", lambda: self._deploy(2)),
            (9, "Signing a checkpoint", lambda: self._sign(1)),
            (9, "Packing the station", lambda: self._pack(1)),
            (80, "Taking the station out of its bags", lambda: self._unpack(1)),
            (80, "The first review", lambda: self._review(1)),
            (100, "Somebody leaves", self._leave),
            (120, "A drill with one envelope", lambda: self._drill_envelope(last)),
            (160, "The second review", lambda: self._review(2)),
            (190, "An emergency: opening and recovering", self._open),
            (190, "Rotating the password that was used", lambda: self._rotate(first, 1)),
            (193, "Looking back at the emergency", lambda: self._look_back(first)),
            (200, "A key dies, and another takes its place", self._replace_key),
            (235, "The third review", lambda: self._review(3)),
            (250, "A safe moves to another site", self._move_safe),
            (310, "The fourth review", lambda: self._review(4)),
            (330, "Rotating what is a year old", lambda: self._rotate(last, 1)),
            (340, "Auditing, where not all is as it should be", self._audit),
            (341, "Reading the tenant for the last time", self._check_tenant),
            (341, "Making the cards anew: much has moved", self._make_cards_anew),
            (342, "Signing the closing checkpoint", lambda: self._sign(2)),
            (342, "Packing the station again", lambda: self._pack(2)),
        )
        return tuple(
            Part(title, self._on(day, act), again=act == self._plug_in)
            for day, title, act in calendar
        )

    @property
    def keys(self) -> tuple[KeyPlan, ...]:
        """The keys that the audit finds in service: an heir in the place of the dead one."""
        dead = self._dying()
        return tuple(self._heir() if it == dead else it for it in self.organisation.keys)

    def _judge(self) -> Outcome:
        expected = Expected(self.plants, self._taken_away(), STRANGE_BAG)
        return judge(self.station, self.organisation, expected, self.keys, self.sheets)

    def _on(self, day: int, part: Callable[[], object]) -> Callable[[], None]:
        """A part on its day; time passes until then, and never goes back."""

        def then() -> None:
            clock = self.station.clock
            if not isinstance(clock, RehearsalClock):
                raise InternalError("a rehearsal has a clock of its own")
            clock.forward(self.folder.begun.started + timedelta(days=day))
            part()

        return then

    # --- What comes again

    def _review(self, number: int) -> None:
        if f"{review.PLAN.name}-{number}" not in self.register.ceremonies:
            self._check_tenant()
        accounts = tuple(it.id for it in self.organisation.accounts)
        request = review.Request(accounts=accounts, officers=self.cast.officers, number=number)
        self._go(review.PLAN, f"review-{number}", lambda: review.ceremony(request))

    def _leave(self) -> None:
        """On the last day: before it is over, safes and signing key are somebody else's."""

        def made() -> Ceremony:
            today = self.station.clock().date().isoformat()
            return leaver.ceremony(self.cast.leaver(self.register, today))

        self._go(leaver.PLAN, "leaver-1", made)

    def _drill_envelope(self, account: str) -> None:
        number = len(self.organisation.keys) + 1

        def made() -> Ceremony:
            request = self.cast.envelope_drill(self.register, account)
            return drill.ceremony(msgspec.structs.replace(request, number=number))

        self._go(drill.PLAN, f"drill-{account}-{number}", made)

    def _make_cards_anew(self) -> None:
        self._make_cards(len(self.organisation.sites) + 1)

    # --- What happens

    def _open(self) -> None:
        """Not by both officers: one of them has to look back at it without a part in it (S62)."""
        account = self.organisation.accounts[0]

        def made() -> Ceremony:
            set_id = self.register.accounts[account.id].password_set or ""
            sealed = [it.id for it in self.register.live_envelopes(set_id)]
            request = opening.Request(
                account=account.id,
                set=set_id,
                envelopes=tuple(sealed[: account.threshold]),
                officers=(self.cast.officers[1], self.organisation.custodian()),
                why=Why.EMERGENCY,
            )
            return opening.ceremony(request, number=1)

        self._go(opening.PLAN, f"open-{account.id}-1", made)

    def _rotate(self, account: str, number: int) -> None:
        def made() -> Ceremony:
            request = rotate.as_before(self.register, account, self.cast.officers)
            return rotate.ceremony(request, number=number)

        self._go(rotate.PLAN, f"rotate-{account}-{number}", made)

    def _look_back(self, account: str) -> None:
        self._check_tenant()
        self.people.classes[account] = UseClass.EMERGENCY

        def made() -> Ceremony:
            officers = self.cast.looking_back(self.register, account)
            request = post_mortem.Request(account=account, officers=officers, number=1)
            return post_mortem.ceremony(request)

        self._go(post_mortem.PLAN, f"post-mortem-{account}-1", made)

    def _replace_key(self) -> None:
        """A key does not answer any more: it is retired, and another enrolled in its place."""
        dead, heir = self._dying(), self._heir()
        self._bury(dead)
        self._plug(heir)
        its = self._enrolment(dead, show_guard=False)
        request = msgspec.structs.replace(its, key=heir.tag)
        self._go(enrol.PLAN, f"enrol-{heir.tag}", lambda: enrol.ceremony(request))
        self._hand_in(heir)

    def _dying(self) -> KeyPlan:
        """The last account's primary key."""
        last = self.organisation.accounts[-1].id
        return next(
            it for it in self.organisation.keys if (it.account, it.use) == (last, "primary")
        )

    def _heir(self) -> KeyPlan:
        """The key that takes the place of the dying one."""
        dead = self._dying()
        return msgspec.structs.replace(dead, tag=f"{dead.tag}{SUCCESSOR}")

    def _plug(self, key: KeyPlan) -> None:
        self.bench.add(key.tag, key.model)
        self.bench.plug(key.tag)

    def _plug_in(self) -> None:
        super()._plug_in()
        if self._heir().tag in self.register.keys:
            self._plug(self._heir())

    def _bury(self, dead: KeyPlan) -> None:
        """Take a dead key out of its bag and out of service, and its passkey off the account."""
        bag = self.register.bag_of(dead.tag)
        if bag and bag.state is EnvelopeState.DEPOSITED:
            opened = ev.EnvelopeOpened(envelope=bag.id, why="inspection", intact=True)
            self.station.book.record([opened], (self.cast.organisation.custodian(),))
        if not self.register.keys[dead.tag].retired:
            retired = ev.KeyRetired(key=dead.tag, why=Retirement.BROKEN)
            self._change(f"Retire key {dead.tag}: it does not answer", lambda _: [retired])
        self.tenant.forget_passkey(self.register.accounts[dead.account].upn, dead.tag)
        for it in self.register.open_findings():
            if (it.rule, it.subject) == (STILL_GOOD, dead.tag):
                self._settle(it, "its passkey was removed at the tenant")

    def _settle(self, finding: Finding, why: str) -> None:
        def act(work: Work) -> list[ev.Fact]:
            details = work.write_down({"finding": str(finding.seq), "why": why})
            return [
                ev.FindingSettled(finding=finding.seq, subject=finding.subject, details=details)
            ]

        self._change(f"Settle the finding about {finding.subject}: {why}", act)

    def _move_safe(self) -> None:
        """The safe with the last share of the last account goes to a site of its own."""
        account = self.organisation.accounts[-1]
        safe = self.organisation.safe_of(f"share:{account.id}:{account.shares}")
        paper = self.register.sites[self.register.safes[safe].site].paper
        if NEW_SITE not in self.register.sites:
            site = ev.SiteAdded(site=NEW_SITE, paper=paper)
            self._change(f"Add site {NEW_SITE}", lambda _: [site])
        request = relocation.Request(to=NEW_SITE, officers=self.cast.officers, safe=safe)
        self._go(relocation.PLAN, "relocate-1", lambda: relocation.ceremony(request))

    # --- The audit

    def _audit(self) -> None:
        ceremony = self._auditing()
        if not self._done(ceremony.id):
            plants.plant(self.plants, self.keys, self.bench, self.folder.seed)
            self.people.taken_away.add(self._taken_away())
            self.people.strange_bags[STRANGE_BAG] = self.organisation.safes[0].id
            self.people.look_away()
        self._go(audit.PLAN, ceremony.id, lambda: ceremony)

    def _auditing(self) -> Ceremony:
        custodian = self.organisation.custodian()
        request = audit.Request(
            auditor=self.organisation.auditor_beside(custodian),
            custodian=custodian,
            witness=self.organisation.witness_beside(custodian, self.organisation.founders()),
            number=1,
            safes=tuple(self.register.safes),
        )
        return audit.ceremony(request)

    def _taken_away(self) -> str:
        """The last sheet of the first account's password: it is not where it should be."""
        password = self.register.accounts[self.organisation.accounts[0].id].password_set
        return self.register.live_envelopes(password or "")[-1].id
