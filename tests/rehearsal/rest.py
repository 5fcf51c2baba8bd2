"""What a year does not come to: open sheets, a secret given up, a new identity, a new founding."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.ceremonies.plans import (
    destroy,
    giving_up,
    identity,
    recovery,
    refounding,
    registering,
    reseal,
    seal,
)
from keyvault_kit.custody import events as ev
from keyvault_kit.custody import organisation as organisations
from keyvault_kit.custody.history import Why
from keyvault_kit.custody.model import EnvelopeState, Use
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal.day import Part
from keyvault_kit.rehearsal.folder import open_folder
from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.people import ScriptedPeople
from keyvault_kit.rehearsal.year import YearRehearsal

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CEREMONIES = {
    "register": "register-K1-1",
    "recover": "recover-bg1-1",
    "reseal": "reseal-1",
    "give-up": "give-up-seal-bg1-2",
    "identity": "identity-1",
    "destroy": "destroy-1",
    "refounding": "refounding-1",
}
"""Plan -> the ceremony of it."""

GIVEN_UP = "seal-bg1-2"
LAST_STEP = ("prove-1", "recorded")
"""Of the ceremony that is given up."""


class LeftError(Exception):
    """Somebody left a ceremony in its middle."""


class PeopleWhoFoundAgain(ScriptedPeople):
    """They type the exact words of what cannot be taken back, as well."""

    def ask(self, prompt: Prompt) -> str:
        return "found again" if prompt.topic is Topic.CHANGE else super().ask(prompt)


class Rest(YearRehearsal):
    """One account, and the plans that a year does not come to."""

    def _parts(self) -> tuple[Part, ...]:
        self.people = PeopleWhoFoundAgain(self.station, self.bench, self.tenant, self.say)
        return (
            Part("Founding the ledger", self._found),
            Part("Enrolling the keys with which the others sign", self._enrol_signers),
            Part("Plugging in the keys", self._plug_in, again=True),
            Part("Registering a key", self._register),
            Part("Sealing the password", self._seal),
            Part("Opening two envelopes on paper alone", self._open_on_paper),
            Part("Recovering the password from them", self._recover),
            Part("Sealing them again", self._reseal),
            Part("Leaving a ceremony in its middle", self._leave_a_ceremony),
            Part("Giving it up", self._give_up),
            Part("Making another identity", self._make_identity),
            Part("Destroying the one before", self._destroy),
            Part("Founding the ledger again", self._found_again),
            Part("Signing a checkpoint", lambda: self._sign(1)),
        )

    def _judge(self) -> Outcome:
        return Outcome((), (), None, ())

    def _register(self) -> None:
        custodian = self.organisation.custodian()
        request = registering.Request(tag="K1", account="bg1", use=Use.PRIMARY, custodian=custodian)
        self._go(
            registering.PLAN,
            "register-K1-1",
            lambda: registering.ceremony(self.register, request),
        )

    def _lying(self) -> tuple[str, ...]:
        live = self.register.live_envelopes(self.register.accounts["bg1"].password_set or "")
        return tuple(it.id for it in live if it.state is EnvelopeState.DEPOSITED)

    def _open_on_paper(self) -> None:
        opened = [
            ev.EnvelopeOpened(envelope=it, why=Why.EMERGENCY, intact=True) for it in self._lying()
        ]
        if opened:
            self.station.book.record(opened, self.cast.officers)

    def _recover(self) -> None:
        def made() -> Ceremony:
            set_id = self.register.accounts["bg1"].password_set or ""
            request = recovery.Request(
                account="bg1",
                set=set_id,
                envelopes=recovery.open_of(self.register, set_id),
                officers=self.cast.officers,
                why=Why.EMERGENCY,
                number=1,
            )
            return recovery.ceremony(request)

        self._go(recovery.PLAN, "recover-bg1-1", made)

    def _reseal(self) -> None:
        def made() -> Ceremony:
            request = reseal.Request(
                envelopes=reseal.opened(self.register), people=self.cast.officers
            )
            return reseal.ceremony(request)

        self._go(reseal.PLAN, "reseal-1", made)

    def _leave_a_ceremony(self) -> None:
        """Until a sheet is printed and proven; the next day nobody is there who could end it."""

        def watch(ceremony: str, step: str, moment: str) -> None:
            self.watch(ceremony, step, moment)
            if (step, moment) == LAST_STEP:
                raise LeftError

        begun = seal.ceremony(self._sealing(self.organisation.accounts[0]), number=2)
        with suppress(LeftError):
            engine.run(begun, self.station, self.people, watch)

    def _give_up(self) -> None:
        request = giving_up.Request(ceremony=GIVEN_UP, officers=self.cast.officers)
        self._go(
            giving_up.PLAN,
            f"give-up-{GIVEN_UP}",
            lambda: giving_up.ceremony(self.register, request),
        )

    def _make_identity(self) -> None:
        safe = self.organisation.safe_of("identity:station")
        self._go(
            identity.PLAN,
            "identity-1",
            lambda: identity.ceremony(self.register, self.cast.officers, safe),
        )

    def _destroy(self) -> None:
        def made() -> Ceremony:
            request = destroy.Request(
                envelopes=destroy.all_doomed(self.register), people=self.cast.officers
            )
            return destroy.ceremony(request)

        self._go(destroy.PLAN, "destroy-1", made)

    def _found_again(self) -> None:
        def made() -> Ceremony:
            ledger = self.station.book.ledger
            paper = ledger.checkpoint(ledger.size)
            return refounding.ceremony(self.register, self.cast.officers, paper)

        self._go(refounding.PLAN, "refounding-1", made)


def tell(out: Path, organisation: tuple[str, str], watch: Watcher) -> None:
    """Tell it in a folder, from its beginning or from where it was cut short."""
    text, name = organisation
    file = out / "ledger.db"
    begin: Callable[[Path], Ledger] = Ledger.open if file.exists() else Ledger.create
    with (
        open_folder(out, organisation=text, default=text, seed=1, now=NOW, year=True) as folder,
        begin(file) as ledger,
    ):
        Rest(folder, organisations.parse(text, name), ledger, lambda _: None, watch).go()
