"""What is set up before a year can pass: signers, the station's own things, duties, the tenant.

In the end the tenant is as it should be, every key signed in once, and the station lies packed.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from keyvault_kit.assembly import SeededRandom
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.paperwork import usual_paper
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Work
from keyvault_kit.ceremonies.plans import (
    change,
    drill,
    packing,
    pin,
    signers,
    taking_out,
)
from keyvault_kit.ceremonies.runbook import runbook
from keyvault_kit.ceremonies.tenant_evidence import enter
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.duties import PROCESS
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.organisation import KeyPlan, Organisation
from keyvault_kit.custody.rules.rule import MET
from keyvault_kit.entra.artefacts.collection import collect
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from keyvault_kit.errors import InternalError
from keyvault_kit.host.files import make_folder, write_atomically
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal.cast import Cast
from keyvault_kit.rehearsal.day import Rehearsal
from keyvault_kit.rehearsal.folder import RehearsalFolder
from keyvault_kit.rehearsal.online import Online
from keyvault_kit.rehearsal.people import Say

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


class SetUp(Rehearsal):
    """A rehearsal with a tenant that is deployed to and read, and all that stays for long."""

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

    def _go(self, plan: Plan, name: str, made: Callable[[], Ceremony]) -> None:
        """Go through a ceremony of that id, or go on in it; of a closed one the record is left."""
        before = self.register.ceremonies.get(name)
        if before is None:
            ceremony = made()
            if ceremony.id != name:
                raise InternalError(f"ceremony {ceremony.id} should be {name}")
            self._run(ceremony)
        else:
            self._run(Ceremony(id=name, plan=plan, request=before.request, people=before.people))

    def _change(self, activity: str, act: Callable[[Work], Sequence[ev.Fact]]) -> None:
        """A change in one step that both officers sign."""
        self._run(change.ceremony(self.register, activity, self.cast.officers, act))

    # --- What stays

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
