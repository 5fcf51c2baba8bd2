"""The engine over a real ledger: steps in order, back to where a secret was lost, conditions."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyvault_kit.ceremonies import engine, exceptions
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.closing import NOT_HERE
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Condition, GoBack, Plan, Step, Work
from keyvault_kit.ceremonies.station import Anchors, Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, decode, encode
from keyvault_kit.custody.model import Mode, Signer
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InternalError, RefusedError
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.bus import SoftBus

BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Silent:
    """People who are told how to say that something is amiss, and asked nothing but the time."""

    def __init__(self, *again: bool) -> None:
        self.again = list(again)
        self.asked: list[str] = []
        self.told: list[str] = []
        self.seen: list[str] = []

    def progress(self, ceremony: str, step: int, of: int, activity: str) -> None:
        self.told.append(f"{ceremony} {step}/{of} {activity}")

    def reveal(self, prompt: Prompt, secret: Secret, *, seconds: int) -> None:
        self.seen.append(f"{prompt.person} {secret.expose_text()} {seconds}")

    def show(self, prompt: Prompt) -> None:
        if prompt.text != exceptions.HOW:
            raise NotImplementedError(prompt)

    def confirm(self, prompt: Prompt) -> bool:
        self.asked.append(prompt.text)
        return bool(self.again and self.again.pop(0))

    def choose(self, prompt: Prompt, choices: tuple[str, ...]) -> int:
        assert prompt.topic is Topic.AGREEMENT
        return choices.index(NOT_HERE)  # so that nobody has to sign

    def ask(self, prompt: Prompt) -> str:
        assert prompt.topic is Topic.CLOCK
        return BEGUN.isoformat()

    def ask_pin(self, prompt: Prompt) -> Secret:
        raise NotImplementedError(prompt)

    def read_sheet(self, prompt: Prompt, *, words: bool) -> Secret:
        raise NotImplementedError(prompt, words)

    def wait_for_key(self, prompt: Prompt) -> None:
        raise NotImplementedError(prompt)

    def touch(self, prompt: Prompt) -> None:
        raise NotImplementedError(prompt)


class RecordsAlone:
    """Paper on which the records of ceremonies are printed, and nothing else."""

    read_by_people = False

    def __init__(self) -> None:
        self.printed: list[str] = []

    def put(self, name: str, pdf: bytes) -> None:
        assert name.startswith("record-")
        assert pdf.startswith(b"%PDF")
        self.printed.append(name)

    def read(self, name: str) -> tuple[str, ...]:
        raise NotImplementedError(name)

    def waits(self, name: str) -> bool:
        raise NotImplementedError(name)

    def let_go(self, name: str) -> None:
        raise NotImplementedError(name)

    def clear(self) -> None:
        pass

    def shred(self, name: str) -> None:
        raise NotImplementedError(name)


def station_on(ledger: Ledger, folder: Path, mode: Mode = Mode.REHEARSAL) -> Station:
    ticks = iter(range(10**6))

    def clock() -> datetime:
        return BEGUN + timedelta(seconds=next(ticks))

    return Station(
        mode=mode,
        clock=clock,
        random=bytes,
        book=Book(ledger, clock),
        bus=SoftBus(),
        guard=PinGuard(),
        paper=RecordsAlone(),
        anchors=lambda: Anchors(()),
        transfer=folder,
    )


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        station = station_on(ledger, tmp_path)
        founders = tuple(
            Signer(person=person, public_key=f"{KEY} {person}", credential="")
            for person in ("alice", "bob")
        )
        founded = ev.LedgerFounded(founders=founders, nonce="0" * 64, mode=Mode.REHEARSAL)
        station.book.record([founded], ("alice", "bob"))
        yield station


KEY = "sk-ecdsa-sha2-nistp256@openssh.com"
Act = Callable[[Work], Sequence[ev.Fact]]


def note(text: str) -> ev.FindingMade:
    """A fact that anybody enters and that is always accepted, to see what was recorded."""
    return ev.FindingMade(rule="note", subject="trial", what=text, mend="")


def step(name: str, act: Act | None = None, **fields: Any) -> Step:
    return Step(
        id=name, activity=name, by=("alice",), act=act or (lambda _: [note(name)]), **fields
    )


def ceremony(*steps: Step) -> Ceremony:
    plan = Plan("trial", lambda _register, _request: steps)
    return Ceremony(id="trial-1", plan=plan, request={"about": "x"}, people=("alice", "bob"))


def names(station: Station) -> list[str]:
    facts = (decode(body).fact for body in station.book.ledger.bodies())
    return [fact.what for fact in facts if isinstance(fact, ev.FindingMade) and fact.rule == "note"]


def holding(name: str, value: bytes = b"secret") -> Act:
    def act(work: Work) -> Sequence[ev.Fact]:
        work.hands.take(name, Secret(value))
        return [note(f"made {name}")]

    return act


def test_steps_are_done_in_order_and_the_ceremony_closed(station: Station) -> None:
    people = Silent()

    register = engine.run(ceremony(step("one"), step("two")), station, people)

    it = register.ceremonies["trial-1"]
    assert (it.done, it.closed, it.people) == (("one", "two"), True, ("alice", "bob"))
    assert it.times == tuple(sorted(it.times))
    assert names(station) == ["one", "two"]
    assert people.told == ["trial-1 1/2 one", "trial-1 2/2 two"]


def test_a_finished_ceremony_is_not_done_again(station: Station) -> None:
    trial = ceremony(step("one"))
    engine.run(trial, station, Silent())
    size = station.book.ledger.size

    engine.run(trial, station, Silent())

    assert station.book.ledger.size == size


def test_a_step_that_fails_leaves_nothing_and_is_begun_again(station: Station) -> None:
    fails = iter([True, False])

    def act(_: Work) -> Sequence[ev.Fact]:
        if next(fails):
            raise RefusedError("not now")
        return [note("two")]

    trial = ceremony(step("one"), step("two", act))
    with pytest.raises(RefusedError, match="not now"):
        engine.run(trial, station, Silent())
    assert names(station) == ["one"]

    engine.run(trial, station, Silent())
    assert names(station) == ["one", "two"]


def test_a_lost_secret_sends_the_ceremony_back_and_is_recorded(station: Station) -> None:
    fails = iter([True, False])

    def use(work: Work) -> Sequence[ev.Fact]:
        if next(fails):
            raise RefusedError("the power went")
        return [note(work.hands.secret("pin").expose_text())]

    trial = ceremony(
        step("before"),
        step("make", holding("pin"), on_return=lambda _: [note("spoiled")]),
        step("print", needs=("pin",), restart="make"),
        step("use", use, needs=("pin",), restart="make"),
    )
    with pytest.raises(RefusedError):
        engine.run(trial, station, Silent())

    register = engine.run(trial, station, Silent())

    assert names(station) == [
        *("before", "made pin", "print"),
        *("spoiled", "made pin", "print", "secret"),
    ]
    (back,) = register.ceremonies["trial-1"].returns
    assert (back.to, back.why) == ("make", "what step use needs was lost: pin")
    assert register.ceremonies["trial-1"].done == ("before", "make", "print", "use")


def test_a_need_that_no_step_gives_is_our_own_fault_and_no_endless_loop(station: Station) -> None:
    trial = ceremony(step("make"), step("use", needs=("pin",), restart="make"))

    with pytest.raises(
        InternalError, match="what step use needs was lost: pin, and no step before mends that"
    ):
        engine.run(trial, station, Silent())


def test_conditions_are_held_before_and_after(station: Station) -> None:
    def noted(text: str) -> Callable[[Register], bool]:
        return lambda register: text in [finding.what for finding in register.findings]

    early = ceremony(step("two", before=Condition("one is not there yet", noted("one"))))
    with pytest.raises(RefusedError, match="step two: one is not there yet"):
        engine.run(early, station, Silent())
    assert names(station) == []

    late = ceremony(step("one", after=Condition("three is missing", noted("three"))))
    with pytest.raises(RefusedError, match="step one: three is missing"):
        engine.run(late, station, Silent())


def test_secrets_are_wiped_when_a_run_ends_however_it_ends(station: Station) -> None:
    held: list[Secret] = []

    def act(work: Work) -> Sequence[ev.Fact]:
        work.hands.take("pin", Secret(b"pin"))
        work.hands.take("shares", (Secret(b"one"), Secret(b"two")))
        held.extend([work.hands.secret("pin"), *work.hands.secrets("shares")])
        raise RefusedError("the end")

    with pytest.raises(RefusedError):
        engine.run(ceremony(step("one", act)), station, Silent())

    assert [bytes(secret._buffer) for secret in held] == [bytes(3)] * 3


def test_what_is_revealed_is_recorded_as_an_exposure(station: Station) -> None:
    def act(work: Work) -> Sequence[ev.Fact]:
        prompt = Prompt(topic=Topic.SIGN_IN, text="look", person="bob")
        work.reveal(prompt, Secret.from_text("half"), set_id="bg1-pw1", half=1)
        return []

    people = Silent()
    register = engine.run(ceremony(step("one", act)), station, people)

    assert people.seen == ["bob half 60"]
    assert [(x.person, x.set, x.half) for x in register.exposures] == [("bob", "bg1-pw1", 1)]


def test_an_exposure_stands_in_the_ledger_even_if_the_step_fails(station: Station) -> None:
    def act(work: Work) -> Sequence[ev.Fact]:
        prompt = Prompt(topic=Topic.SIGN_IN, text="look", person="bob")
        work.reveal(prompt, Secret.from_text("all"), set_id="bg1-pw1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.run(ceremony(step("one"), step("two", act)), station, Silent())

    assert [x.person for x in station.book.register.exposures] == ["bob"]


def test_people_may_try_a_failed_step_again_before_its_secrets_go(station: Station) -> None:
    fails = iter([True, True, False])

    def use(work: Work) -> Sequence[ev.Fact]:
        if next(fails):
            raise RefusedError("the bag number was misread")
        return [note(work.hands.secret("pin").expose_text())]

    people = Silent(True, True)
    trial = ceremony(step("make", holding("pin")), step("use", use, needs=("pin",), restart="make"))
    engine.run(trial, station, people)

    assert names(station) == ["made pin", "secret"]
    assert people.asked == ["the bag number was misread. Try this step again?"] * 2


def test_a_step_that_turns_back_is_recorded_as_a_return(station: Station) -> None:
    turns = iter([True, False])

    def ask(_: Work) -> Sequence[ev.Fact]:
        if next(turns):
            raise GoBack("the tenant said no")
        return [note("taken")]

    trial = ceremony(step("make", holding("pin")), step("ask", ask, restart="make"))
    register = engine.run(trial, station, Silent())

    assert names(station) == ["made pin", "made pin", "taken"]
    assert register.ceremonies["trial-1"].returns[0].why == "the tenant said no"


def test_what_a_done_step_promised_is_held_when_the_ceremony_goes_on(station: Station) -> None:
    wanted = Condition("the key is not genuine", lambda register: len(register.findings) > 1)
    trial = ceremony(step("bad", after=wanted), step("use"))

    for _ in range(2):
        with pytest.raises(RefusedError, match="step bad: the key is not genuine"):
            engine.run(trial, station, Silent())
    assert names(station) == ["bad"]


def test_what_no_reader_could_read_is_never_written(station: Station) -> None:
    bad = ev.SiteAdded(site="a site", paper="A4")  # type: ignore[arg-type]

    with pytest.raises(RefusedError, match="cannot be entered"):
        station.book.record([bad], ("alice",))
    assert station.book.ledger.size == 1


def test_a_ceremony_goes_on_with_what_it_was_begun_with(station: Station) -> None:
    asked: list[ev.Request] = []
    fails = iter([True, False])

    def act(_: Work) -> Sequence[ev.Fact]:
        if next(fails):
            raise RefusedError("not now")
        return []

    def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
        asked.append({"size": register.size} | request)
        return step("one"), step("two", act)

    def trial(plan: str, about: str) -> Ceremony:
        request: ev.Request = {"about": about}
        return Ceremony(
            id="trial-1", plan=Plan(plan, steps, clock=False), request=request, people=("alice",)
        )

    with pytest.raises(RefusedError, match="not now"):
        engine.run(trial("seal", "bg1"), station, Silent())
    with pytest.raises(RefusedError, match="was begun by the plan seal"):
        engine.run(trial("open", "bg1"), station, Silent())
    engine.run(trial("seal", "bg2"), station, Silent())

    assert asked == [{"size": 1, "about": "bg1"}] * 2


def test_the_script_is_the_plan(station: Station) -> None:
    trial = ceremony(step("one"), step("two"))
    steps = trial.plan.steps(station.book.register, trial.request)

    assert engine.script(steps) == ((1, "one", "alice"), (2, "two", "alice"))


def test_a_station_of_another_mode_is_not_put_together(station: Station, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="a rehearsal ledger, and the station is live"):
        station_on(station.book.ledger, tmp_path, Mode.LIVE)


def test_a_book_takes_in_what_another_process_wrote(station: Station, tmp_path: Path) -> None:
    assert station.book.register.size == 1
    with Ledger.open(tmp_path / "ledger.db") as other:
        entry = Entry(1, BEGUN, ("bob",), note("theirs"))
        other.append([encode(entry)])

    assert [finding.what for finding in station.book.register.findings] == ["theirs"]
