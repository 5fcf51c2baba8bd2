"""Home: how things stand by the ledger, what is due, and which keys are plugged in."""

from collections.abc import Iterator
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from keyvault_kit.custody.schedule import Due, days_left
from keyvault_kit.keys.reading import Reading, Unreadable
from tui.screens.place import Place
from tui.standing import Standing
from tui.state import KeyRow, StatefulApp, state_of
from tui.widgets.section import Section
from tui.wording import which

_NO_LEDGER = (
    "There is no ledger here.",
    "To found one: keyvault init ORGANISATION.toml. To open one: keyvault-tui --ledger FILE.",
    "To practise: keyvault-tui --rehearsal. The Keys screen needs no ledger.",
)
_SHORT = 16
"""Hex digits of a root hash that are shown: enough to compare by eye, not to trust."""

SOON_DAYS: Final = 30
"""How far ahead duties are shown here."""
MOST_DUTIES: Final = 10
"""How many of them; the rest is counted."""


class Home(Place):
    """How things stand."""

    TITLE = "Home"
    HELP = """
# Home

How things stand, by the ledger and by the keys that are plugged in now. Nothing is changed here.

*It verifies by itself* means: no entry and no signature contradicts another. Whether it is the
right ledger, only the founding sheet and a checkpoint on paper tell (`keyvault ledger verify`).
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "read_again", "Read again", tooltip="Read and verify the ledger again"),
    ]

    def content(self) -> ComposeResult:
        """A section for each question that one comes with."""
        with VerticalScroll():
            yield Section("Station", id="station")
            yield Section("Ledger", id="ledger")
            yield Section("Due", id="due")
            yield Section("Open findings", id="findings")
            yield Section("Keys plugged in now", id="keys")

    def on_mount(self) -> None:
        """Follow what the application knows."""
        state = state_of(self)
        for name in ("desk", "activity", "ledger_trouble"):
            self.watch(state, name, self._show_station)
        for name in ("desk", "standing", "verdict", "ledger_trouble"):
            self.watch(state, name, self._show_ledger)
        for name in ("keys", "standing", "bus_trouble"):
            self.watch(state, name, self._show_keys)

    def on_screen_resume(self) -> None:
        """Somebody may have written to the ledger meanwhile."""
        state_of(self).read_ledger()

    def action_read_again(self) -> None:
        """Read and verify the ledger anew."""
        state_of(self).verify_ledger()

    def _section(self, name: str) -> Section:
        return self.query_one(f"#{name}", Section)

    def _show_station(self) -> None:
        state = state_of(self)
        self._section("station").show(*_station(state))

    def _show_ledger(self) -> None:
        state = state_of(self)
        it = state.standing
        for name in ("due", "findings"):
            self._section(name).display = it is not None
        if it is None:
            self._section("ledger").show(*_without_ledger(state))
            return
        self._section("ledger").show(*_ledger(it, state.verdict))
        self._section("due").show(*_due(it))
        self._section("findings").show(*_findings(it))

    def _show_keys(self) -> None:
        state = state_of(self)
        lines = [_key(state, row) for row in state.keys] or ["None."]
        self._section("keys").show(*([state.bus_trouble] if state.bus_trouble else lines))


def _station(state: StatefulApp) -> Iterator[str]:
    if state.activity:
        yield f"Being prepared: {state.activity}"
    if state.desk is None:
        return
    if not state.is_rehearsal:
        yield "Live."
        return
    yield "A rehearsal: software keys, which touch themselves. Real keys are not looked at."
    if state.desk.practice_pin:
        yield f"The PIN of the practice keys, which have no tag: {state.desk.practice_pin}"


def _without_ledger(state: StatefulApp) -> tuple[str, ...]:
    if state.ledger_trouble:
        return (state.ledger_trouble,)
    if state.desk is None or state.desk.ledger:
        return ("Being read.",)
    return _NO_LEDGER


def _ledger(it: Standing, verdict: str) -> Iterator[str]:
    yield f"{it.organisation or 'An organisation without a name yet'}, {it.mode or 'not founded'}"
    yield f"{it.ledger}"
    yield f"{it.size} entries, root {it.root[:_SHORT]}"
    if it.signed:
        since = f"; {it.size - it.signed} since" if it.size > it.signed else ""
        yield f"Checkpoint of {it.signed} entries, signed by {', '.join(it.signed_by)}{since}"
    else:
        yield "No checkpoint is signed yet."
    yield verdict or "Being verified."
    yield _signers(it)


def _due(it: Standing) -> Iterator[str]:
    """What is overdue, and what is due soon."""
    soon = [duty for duty in it.due if days_left(duty, it.now) <= SOON_DAYS]
    for duty in soon[:MOST_DUTIES]:
        yield f"{_when(duty, it)}: {duty.what} ({duty.requirement})"
    if len(soon) > MOST_DUTIES:
        yield f"And {len(soon) - MOST_DUTIES} more; all of them: keyvault due"
    if not soon:
        yield f"Nothing within {SOON_DAYS} days; what comes later: keyvault due"


def _when(duty: Due, it: Standing) -> str:
    left = days_left(duty, it.now)
    days = "1 day" if abs(left) == 1 else f"{abs(left)} days"
    return "today" if left == 0 else f"OVERDUE by {days}" if left < 0 else f"in {days}"


def _findings(it: Standing) -> Iterator[str]:
    for finding in it.findings:
        yield f"{finding.seq}  {finding.subject}: {finding.what} ({finding.rule})"
    if not it.findings:
        yield "None."


def _signers(it: Standing) -> str:
    named = (f"{person} ({name})" if name else person for person, name in it.signers)
    return f"Who signs: {', '.join(named) or 'nobody yet'}"


def _key(state: StatefulApp, row: KeyRow) -> str:
    match row.result:
        case Reading():
            return which(row, state.tag_of(row))
        case Unreadable():
            return f"{row.plugged.name}: cannot be read, see Keys"
    return f"{row.plugged.name}: being read"
