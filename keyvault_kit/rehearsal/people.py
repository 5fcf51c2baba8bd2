"""The people of a rehearsal: a script that answers every prompt as careful people would."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from keyvault_kit.assembly import Bench
from keyvault_kit.ceremonies import exceptions
from keyvault_kit.ceremonies.closing import AGREES
from keyvault_kit.ceremonies.handling import REFUSED, TAKEN
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.model import Envelope, EnvelopeState, Purpose, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InternalError
from keyvault_kit.host.files import write_atomically
from keyvault_kit.rehearsal.tenant import RehearsalTenant
from keyvault_kit.secret import Secret

FIRST_BAG: Final = 1001

Say = Callable[[str], None]
"""Takes one line for whoever watches."""


class ScriptedPeople:
    """An `Interaction` that plugs, touches, reads and types for everybody.

    Attributes:
        signed_in: Account -> whether the tenant took the password that was typed last.
        classes: Account -> what a post-mortem finds its uses to have been.
        taken_away: Envelopes that lie no more where the register has them.
        strange_bags: Numbers of bags that nobody knows -> the safe in which they lie.
    """

    def __init__(
        self,
        station: Station,
        bench: Bench,
        tenant: RehearsalTenant,
        say: Say,
    ) -> None:
        self._station = station
        self._bench = bench
        self._tenant = tenant
        self._say = say
        self._typed: list[str] = []
        self._bags: dict[str, str] = {}
        self._winks: dict[str, int] = {}
        self._unread: dict[tuple[str, str], list[str]] = {}
        self.signed_in: dict[str, bool] = {}
        self.classes: dict[str, str] = {}
        self.taken_away: set[str] = set()
        self.strange_bags: dict[str, str] = {}

    @property
    def _register(self) -> Register:
        return self._station.book.register

    def show(self, prompt: Prompt) -> None:
        """Say it to whoever watches; how to leave the script is nothing for those who follow it."""
        if prompt.text != exceptions.HOW:
            self._say(f"      {prompt.text}")

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        """Say which step begins."""
        self._say(f"  {ceremony} {step}/{of}  {activity}")

    def confirm(self, prompt: Prompt) -> bool:
        """Look, and say yes where it is so."""
        match prompt.topic:
            case (
                Topic.BAG_INTACT
                | Topic.CHANGE
                | Topic.CHECK
                | Topic.DEPOSIT
                | Topic.MEDIUM
                | Topic.SHRED
            ):
                return True
            case Topic.RETRY:
                return False
            case Topic.BLINKING:
                return self._blinked(prompt.subject)
            case Topic.SIGN_IN:
                return self._sign_in(prompt.subject)
        raise InternalError(f"the script has no answer to {prompt.topic!r}: {prompt.text}")

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        """Everybody agrees with the record; a use was what it was; the first of all else."""
        match prompt.topic:
            case Topic.AGREEMENT:
                return choices.index(AGREES)
            case Topic.CLASS:
                return choices.index(self.classes[prompt.subject])
            case Topic.MEDIUM:
                return 0
        raise InternalError(f"the script has no choice for {prompt.topic!r} among {choices}")

    def ask(self, prompt: Prompt) -> str:
        """Read the number from a bag or a label, or name the file that the tenant wrote."""
        answers: dict[Topic, Callable[[str], str]] = {
            Topic.BAG_NUMBER: self._bag_of,
            Topic.BAG_SHOWN: lambda envelope: self._register.envelopes[envelope].bag or "",
            Topic.FOUND: self._found_in,
            Topic.REMARK: lambda _: "nothing else to say",
            Topic.SERIAL: lambda tag: str(self._bench.serial(tag) or ""),
            Topic.RESET: lambda tag: f"reset {tag}",
            Topic.CLOCK: lambda _: self._station.clock().isoformat(),
            Topic.TENANT_PASSWORD: self._set_password,
            Topic.PAGES: self._pages,
            Topic.OPTIONS: self._fetch_options,
            Topic.EVIDENCE: self._fetch_evidence,
        }
        if prompt.topic not in answers:
            raise InternalError(f"the script has no answer to {prompt.topic!r}: {prompt.text}")
        return answers[prompt.topic](prompt.subject)

    def ask_pin(self, prompt: Prompt) -> Secret:
        """Type the PIN that a person chose for a key of their own."""
        return self._bench.personal_pin(prompt.person)

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        """Nothing: the kit reads a rehearsal's paper by itself."""
        raise InternalError(f"the script reads no sheet ({prompt.subject}, words: {words})")

    def wait_for_key(self, prompt: Prompt) -> None:
        """Plug the key in, or pull it and plug it in again."""
        if prompt.topic is Topic.PERSONAL_KEY:
            self._bench.plug_personal(prompt.person)
        else:
            self._bench.plug(prompt.subject)
            self._winks[prompt.subject] = 0

    def touch(self, prompt: Prompt) -> None:
        """The software key's own finger does it."""

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:  # noqa: ARG002
        """Read a secret and remember it until it is typed, as a person does."""
        self._typed.append(secret.expose_text())

    def look_away(self) -> None:
        """What blinked until now does not count: keys were moved meanwhile."""
        self._winks = self._count_winks()

    def _bag_of(self, envelope: str) -> str:
        """The number of the bag in which the envelope lies: the next one from the pile."""
        used = self._station.book.register.bags
        if self._bags.get(envelope, "") in {"", *used}:
            waiting = sum(bag not in used for bag in self._bags.values())
            self._bags[envelope] = f"BAG-{FIRST_BAG + len(used) + waiting}"
        return self._bags[envelope]

    def _found_in(self, safe: str) -> str:
        """The next bag that lies in a safe, whatever the register says; nothing after the last."""
        now = next(it for it in reversed(self._register.ceremonies.values()) if not it.closed)
        if (now.id, safe) not in self._unread:
            bags = [it.bag or "" for it in self._lying_in(safe)]
            strange = (bag for bag, where in self.strange_bags.items() if where == safe)
            bags += [bag for each in strange for bag in (each, each)]  # which is asked for twice
            self._unread[now.id, safe] = bags
        unread = self._unread[now.id, safe]
        return unread.pop(0) if unread else ""

    def _lying_in(self, safe: str) -> list[Envelope]:
        lying = (it for it in self._register.envelopes.values() if it.safe == safe)
        deposited = (it for it in lying if it.state is EnvelopeState.DEPOSITED)
        return [it for it in deposited if it.id not in self.taken_away]

    def _pages(self, which: str) -> str:
        """Count the secret sheets of the ceremony that goes on: nothing jams in a rehearsal."""
        register = self._station.book.register
        here = [it for it in register.ceremonies.values() if it.printed and not it.closed][-1]
        states = [register.envelopes[it].state for it in here.printed]
        spoiled, destroyed = (
            states.count(gone) for gone in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
        )
        counts = {"printed": len(states), "spoiled": spoiled, "destroyed": destroyed}
        return str(counts.get(which, len(states) - spoiled - destroyed))

    def _count_winks(self) -> dict[str, int]:
        return {tag: self._bench.winks(tag) for tag in self._bench.plugged_in()}

    def _blinked(self, tag: str) -> bool:
        """Whether it was the key of this tag that blinked since the last look."""
        before, self._winks = self._winks, self._count_winks()
        return self._winks.get(tag, 0) > before.get(tag, 0)

    def _fetch_options(self, tag: str) -> str:
        register = self._station.book.register
        upn = register.accounts[register.keys[tag].account].upn
        name = f"options-{tag}.json"
        options = self._tenant.creation_options(upn, self._station.clock())
        write_atomically(Path(self._station.transfer / name), options)
        return name

    def _fetch_evidence(self, _: str) -> str:
        name = "evidence.json"
        write_atomically(Path(self._station.transfer / name), self._tenant.answers())
        return name

    def _set_password(self, account: str) -> str:
        """Type what was revealed; after a crash, look whether the tenant has it already."""
        register = self._station.book.register
        upn = register.accounts[account].upn
        if self._typed:
            made = register.set_being_made(account, Purpose.PASSWORD)
            now = self._station.clock()
            self._tenant.set_password(upn, "".join(self._typed), made.id, now)
            self._typed.clear()
            return TAKEN
        sets = register.sets_of(account, Purpose.PASSWORD)
        on_record = sum(it.state in (SetState.IN_FORCE, SetState.DEAD) for it in sets)
        return TAKEN if self._tenant.changes(upn) > on_record else REFUSED

    def _sign_in(self, subject: str) -> bool:
        """Sign in with the password that was read, or with the key that was taken."""
        key = self._register.keys.get(subject)
        if key:
            upn = self._register.accounts[key.account].upn
            return self._tenant.sign_in_by_key(upn, key.id, self._station.clock())
        return self._sign_in_by_password(subject)

    def _sign_in_by_password(self, account: str) -> bool:
        upn = self._station.book.register.accounts[account].upn
        password = "".join(self._typed)
        self._typed.clear()
        self.signed_in[account] = self._tenant.sign_in(upn, password, self._station.clock())
        return self.signed_in[account]
