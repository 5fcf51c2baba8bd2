"""A year of the accounts: set up, reviewed, practised, used, changed, moved, audited (S54 to S62).

Each part happens on a day of the year. What was done stays done: a rehearsal that is cut short goes
on with the part in whose middle it was.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from keyvault_kit.assembly import RehearsalClock, SeededRandom
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.paperwork import usual_paper
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Work
from keyvault_kit.ceremonies.plans import (
    audit,
    change,
    drill,
    enrol,
    leaver,
    opening,
    packing,
    pin,
    post_mortem,
    relocation,
    review,
    rotate,
    signers,
    taking_out,
)
from keyvault_kit.ceremonies.runbook import runbook
from keyvault_kit.ceremonies.tenant_evidence import enter
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.duties import PROCESS
from keyvault_kit.custody.changes.keys import STILL_GOOD
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.history import Duty, Why
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import EnvelopeState, Finding, Retirement
from keyvault_kit.custody.organisation import KeyPlan, Organisation
from keyvault_kit.custody.rules.rule import MET
from keyvault_kit.entra.artefacts.collection import collect
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from keyvault_kit.errors import InternalError
from keyvault_kit.host.files import make_folder, write_atomically
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal import plants
from keyvault_kit.rehearsal.cast import Cast
from keyvault_kit.rehearsal.day import Rehearsal
from keyvault_kit.rehearsal.folder import RehearsalFolder
from keyvault_kit.rehearsal.online import Online
from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.people import Say
from keyvault_kit.rehearsal.year_outcome import Expected, judge

ITEMS: Final = {
    "WS-1": ItemKind.WORKSTATION,
    "BOOT-1": ItemKind.BOOT_MEDIUM,
    "PRN-1": ItemKind.PRINTER,
    "VOL-1": ItemKind.VOLUME,
    "STICK-1": ItemKind.TRANSFER_MEDIUM,
}
"""The station's own things."""

DECISIONS: Final = {
    "C5": ("recorded", "names that tell what an account is for help whoever opens it"),
    "S11": (MET, "nothing cleans up in this tenant"),
    "S14": (MET, "no account depends on the premises"),
    "S34": (MET, "all safes are fireproof, by their papers"),
    "S41": (MET, "a device with a mobile connection lies at each site"),
}
"""Decision -> what was decided, and why."""

NEW_SITE: Final = "annexe"
SUCCESSOR: Final = "b"
"""What the tag of a key ends with that takes the place of a dead one."""
STRANGE_BAG: Final = "BAG-77"
"""The number of a bag that lies in a safe, and that nobody knows."""


class YearRehearsal(Rehearsal):
    """One run of a rehearsed year over its folder and ledger."""

    def __init__(
        self,
        folder: RehearsalFolder,
        organisation: Organisation,
        ledger: Ledger,
        say: Say,
        watch: Watcher,
    ) -> None:
        super().__init__(folder, organisation, ledger, say, watch)
        random = SeededRandom(self.folder.seed, b"online " + self.station.random(32))
        self.online = Online(self.folder.path / "directory.json", self.tenant, random)
        self.cast = Cast(self.organisation)

    # --- The calendar

    def _parts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
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
            (342, "Signing the closing checkpoint", lambda: self._sign(2)),
            (342, "Packing the station again", lambda: self._pack(2)),
        )
        return tuple((title, self._on(day, part)) for day, title, part in calendar)

    def _judge(self) -> Outcome:
        expected = Expected(self.plants, self._taken_away(), STRANGE_BAG)
        return judge(self.station, self.organisation, expected)

    def _on(self, day: int, part: Callable[[], object]) -> Callable[[], None]:
        """A part on its day; time passes until then, and never goes back."""

        def then() -> None:
            clock = self.station.clock
            if not isinstance(clock, RehearsalClock):
                raise InternalError("a rehearsal has a clock of its own")
            clock.forward(self.folder.begun.started + timedelta(days=day))
            part()

        return then

    def _go(self, plan: Plan, name: str, made: Callable[[], Ceremony]) -> None:
        """Go through a ceremony of that id, or go on in it; nothing where it was closed."""
        before = self.register.ceremonies.get(name)
        if before is None:
            ceremony = made()
            if ceremony.id != name:
                raise InternalError(f"ceremony {ceremony.id} should be {name}")
            self._run(ceremony)
        elif not before.closed:
            self._run(Ceremony(id=name, plan=plan, request=before.request, people=before.people))

    def _change(self, activity: str, act: Callable[[Work], Sequence[ev.Fact]]) -> None:
        """A change in one step that both officers sign."""
        self._run(change.ceremony(self.register, activity, self.cast.officers, act))

    # --- Setting up

    def _enrol_signers(self) -> None:
        others = tuple(sorted(set(self.cast.hands) - set(self.organisation.founders())))
        request = signers.Request(enrol=others, signers=self.cast.officers, number=1)
        self._run(signers.ceremony(request))

    def _add_items(self) -> None:
        def act(work: Work) -> list[ev.Fact]:
            return [
                ev.ItemAdded(
                    item=item,
                    item_kind=kind,
                    details=work.write_down({"item": item, "make": f"a {kind}"}),
                )
                for item, kind in ITEMS.items()
            ]

        if not self.register.items:
            self._change("Put the station's own things under custody", act)

    def _begin_duties(self) -> None:
        done = [
            *(ev.DutyDone(duty=Duty.TRAINING, subject=it) for it in self.register.people),
            *(ev.DutyDone(duty=Duty.COMBINATION, subject=it) for it in self.register.safes),
            ev.DutyDone(duty=Duty.DOCUMENT, subject=PROCESS),
        ]
        if f"{Duty.DOCUMENT}:{PROCESS}" not in self.register.done:
            self._change("Enter training, combinations and the document", lambda _: done)

    def _try_keys(self) -> None:
        """Every key signs in once; its PIN, which was seen then, is changed (S57, S60)."""
        for number, key in enumerate(self.organisation.keys, 1):
            self._try_key(key, number)

    def _try_key(self, key: KeyPlan, number: int) -> None:
        its = self._enrolment(key, show_guard=False)
        people = (its.pin_people[0], its.witness)

        def tried() -> Ceremony:
            return drill.ceremony(
                drill.Request(account=key.account, key=key.tag, people=people, number=number)
            )

        def anew() -> Ceremony:
            request = pin.Request(
                key=key.tag,
                custodian=its.custodian,
                witness=its.witness,
                pin_people=its.pin_people,
                key_safe=its.key_safe,
                pin_safe=its.pin_safe,
            )
            return pin.ceremony(request, number=1)

        self._go(drill.PLAN, f"drill-{key.account}-{number}", tried)
        self._go(pin.PLAN, f"pin-{key.tag}-1", anew)

    def _pack(self, number: int) -> None:
        safe = self.organisation.safes[0].id
        items = tuple(it for it, kind in ITEMS.items() if kind is not ItemKind.VOLUME)
        request = packing.Request(
            items=items, safe=safe, officers=self.cast.officers, number=number
        )
        self._go(packing.PLAN, f"pack-{number}", lambda: packing.ceremony(request))

    def _unpack(self, number: int) -> None:
        items = tuple(it for it, kind in ITEMS.items() if kind is not ItemKind.VOLUME)
        request = taking_out.Request(items=items, officers=self.cast.officers, number=number)
        self._go(taking_out.PLAN, f"take-out-{number}", lambda: taking_out.ceremony(request))

    # --- The tenant

    def _read_tenant(self) -> TenantEvidence:
        if not self.online.founded:
            self.online.found(self.register.accounts.values())
        files = self.online.export(self.register, self.station.clock())
        return read_evidence(files, tuple(self.register.accounts.values()))

    def _check_tenant(self) -> TenantEvidence:
        evidence = self._read_tenant()
        day = self.station.clock().date()
        enter(
            self.station.book,
            evidence,
            (self.cast.officers[0],),
            random=self.station.random,
            keep_until=day + timedelta(days=3650),
        )
        return evidence

    def _deploy(self, number: int) -> None:
        """Bring evidence in, make the artefacts, and do at the tenant what they ask for."""
        evidence = self._check_tenant()
        wanted = Wanted(
            register=self.register,
            now=self.station.clock(),
            facts=evidence.facts,
            objects=evidence.objects,
            evidence=evidence.sha256,
        )
        artefacts = collect(wanted)
        folder = self.folder.path / f"artefacts-{number}"
        make_folder(folder)
        paper = usual_paper(self.register)
        write_atomically(folder / "runbook.pdf", runbook(self.station.book, wanted, paper))
        for it in artefacts:
            file = folder / it.name
            make_folder(file.parent)
            write_atomically(file, it.content)
        self.online.deploy(artefacts)

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

    # --- What happens

    def _open(self) -> None:
        account = self.organisation.accounts[0]

        def made() -> Ceremony:
            set_id = self.register.accounts[account.id].password_set or ""
            sealed = [it.id for it in self.register.live_envelopes(set_id)]
            request = opening.Request(
                account=account.id,
                set=set_id,
                envelopes=tuple(sealed[: account.threshold]),
                officers=self.cast.officers,
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
        request = post_mortem.Request(account=account, officers=self.cast.officers, number=1)
        self._go(
            post_mortem.PLAN,
            f"post-mortem-{account}-1",
            lambda: post_mortem.ceremony(request),
        )

    def _replace_key(self) -> None:
        """A key does not answer any more: it is retired, and another enrolled in its place."""
        dead = self._dying()
        heir = msgspec.structs.replace(dead, tag=f"{dead.tag}{SUCCESSOR}")
        self._bury(dead)
        self.bench.add(heir.tag, heir.model)
        self.bench.plug(heir.tag)
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

    def _decide(self) -> None:
        """What only people can say, and the choice that nobody is spared (C5)."""

        def act(work: Work) -> list[ev.Fact]:
            until = work.station.clock().date() + timedelta(days=730)
            return [
                ev.DecisionMade(
                    decision=decision,
                    choice=choice,
                    review=until,
                    details=work.write_down({"decision": decision, "why": why}),
                )
                for decision, (choice, why) in DECISIONS.items()
            ]

        if not self.register.decisions:
            self._change("Enter what was decided", act)

    # --- The audit

    def _audit(self) -> None:
        ceremony = self._auditing()
        if not self._done(ceremony.id):
            plants.plant(self.plants, self.organisation, self.bench, self.folder.seed)
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
