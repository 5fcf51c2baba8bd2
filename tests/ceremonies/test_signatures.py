"""Acts of two: signed by both with keys of their own over the exact bytes, or not entered."""

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.book import Book, Signing
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Work
from keyvault_kit.cli.main import run
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.errors import DeviceError, LedgerError, RefusedError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk, Trial

ANNEXE = ev.SiteAdded(site="annexe", paper=PaperSize.A4)


class Covered(NamedTuple):
    """Entries under signatures, as JSON and as the lines that `ledger show --raw` prints."""

    first: int
    lines: list[bytes]
    signatures: dict[str, str]

    @property
    def entries(self) -> range:
        return range(self.first, self.first + len(self.lines))


def covered(raw: bytes) -> list[Covered]:
    """What stands under signatures, read without the kit (docs/formats.md)."""
    lines = raw.splitlines(keepends=True)
    found = []
    for seq, line in enumerate(lines):
        entry = json.loads(line)
        if entry["kind"] == "acts.signed":
            its = {it["person"]: it["armored"] for it in entry["signatures"]}
            found.append(Covered(seq + 1, lines[seq + 1 : seq + 1 + entry["count"]], its))
    return found


def ssh_keygen(folder: Path, person: str, signature: str, message: bytes) -> bool:
    (folder / "act.sig").write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", person]
    command += ["-n", "keyvault-act", "-s", "act.sig"]
    done = subprocess.run(command, input=message, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.needs("ssh-keygen")
def test_ssh_keygen_accepts_every_signature_over_the_lines_that_raw_prints(
    desk: "Desk",
    signed_trial: "Trial",
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    desk.enrol("carol")
    desk.run(signed_trial(by=("alice", "bob")))
    ledger = ["--ledger", str(desk.path)]
    assert run(["ledger", "allowed-signers", *ledger]) == 0
    (desk.folder / "allowed_signers").write_bytes(capfdbinary.readouterr().out)
    assert run(["ledger", "show", "--raw", *ledger]) == 0
    acts = covered(capfdbinary.readouterr().out)

    two = ["alice", "bob"]
    signed = [sorted(it.signatures) for it in acts]
    assert signed == [two, two, two, [*two, "carol"], two]  # closing, carol agrees as well
    for it in acts:
        before = desk.ledger.checkpoint(it.first - 1).text()
        message = before + b"".join(it.lines)
        for person, signature in it.signatures.items():
            assert ssh_keygen(desk.folder, person, signature, message)
            for other in {*two, "carol"} - {person}:
                assert not ssh_keygen(desk.folder, other, signature, message)
            assert not ssh_keygen(desk.folder, person, signature, message.replace(b"2026", b"2027"))


def test_an_act_of_two_stands_under_both_signatures(desk: "Desk", signed_trial: "Trial") -> None:
    size, acts = desk.register.size, verify(desk.ledger).acts

    register = desk.run(signed_trial())

    signed, *under, closed = desk.entries(size)
    kinds = [ev.CeremonyStarted, ev.ClockUnchecked, ev.SiteAdded, ev.CeremonyStepped]
    assert isinstance(signed.fact, ev.ActsSigned)
    assert (signed.by, signed.fact.count) == (("alice", "bob"), 4)
    assert [type(entry.fact) for entry in under] == kinds
    assert isinstance(closed.fact, ev.CeremonyClosed)
    assert "annexe" in register.sites
    assert verify(desk.ledger).acts == acts + 4


# --- Changed bytes


def forged(path: Path, ledger: Ledger, bodies: Sequence[bytes]) -> Ledger:
    """A ledger of other entries whose leaves and tree agree with them: a careful forger's."""
    made = Ledger.create(path)
    made.append(bodies, details=ledger.details())
    return made


def named_by(error: LedgerError) -> range:
    """The entries that an error names: the first and the last number that stand in it."""
    numbers = [int(number) for number in re.findall(r"\d+", error.what.partition(":")[0])]
    return range(min(numbers), max(numbers) + 1)


def test_one_changed_value_that_every_other_check_lets_pass_is_found_and_named(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    safe = ev.SafeAdded(safe="a-1", site="annexe", openers=("alice", "bob"), need=1)
    desk.run(signed_trial(lambda _: [ANNEXE, safe]))
    act = covered(desk.raw())[-1]
    bodies = list(desk.ledger.bodies())
    changes = {b'"A4"': b'"Letter"', b'"need":1': b'"need":2', b'"about":"x"': b'"about":"y"'}

    for old, new in changes.items():
        (seq,) = [n for n in act.entries if old in bodies[n]]
        others = [*bodies[:seq], bodies[seq].replace(old, new), *bodies[seq + 1 :]]
        named = f"entries {act.entries[0]} to {act.entries[-1]} are not what was signed"
        with (
            forged(desk.folder / f"forged-{seq}.db", desk.ledger, others) as changed,
            pytest.raises(LedgerError, match=named),
        ):
            verify(changed)


@pytest.fixture(scope="session")
def founding_acts(founded: Path) -> Iterator[tuple[Ledger, list[Covered]]]:
    """The founded ledger, read-only, and what stands under signatures in it."""
    with Ledger.open(founded / "ledger.db", read_only=True) as ledger:
        yield ledger, covered(b"".join(body + b"\n" for body in ledger.bodies()))


@settings(max_examples=60)
@given(st.data())
def test_one_changed_byte_anywhere_under_signatures_is_found_and_named(
    founding_acts: tuple[Ledger, list[Covered]], data: st.DataObject
) -> None:
    ledger, acts = founding_acts
    act = data.draw(st.sampled_from(acts))
    seq = data.draw(st.sampled_from(act.entries))
    bodies = list(ledger.bodies())
    body = bytearray(bodies[seq])
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    bodies[seq] = bytes(body)

    with (
        tempfile.TemporaryDirectory() as folder,
        forged(Path(folder) / "forged.db", ledger, bodies) as changed,
        pytest.raises(LedgerError) as caught,
    ):
        verify(changed)
    assert set(named_by(caught.value)) & set(act.entries), caught.value


# --- Refused before anything is entered


def test_a_fact_of_two_in_a_step_that_is_not_signed_is_refused_and_writes_nothing(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    trial = signed_trial()
    (step,) = trial.plan.steps(desk.register, trial.request)
    unsigned = msgspec.structs.replace(step, signed=False)
    plan = Plan("trial", lambda _register, _request: (unsigned,), clock=False)
    before = desk.raw()

    with pytest.raises(RefusedError, match="takes the signatures of two people, and there are 0"):
        desk.run(msgspec.structs.replace(trial, plan=plan))

    assert desk.raw() == before
    assert desk.people.texts(Topic.PERSONAL_KEY) == []


def test_whoever_has_no_signing_key_is_named_before_the_step_begins(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    def never(_: Work) -> NoReturn:
        raise AssertionError("the step had begun")

    before = desk.raw()
    with pytest.raises(RefusedError, match="carol has no signing key on record") as caught:
        desk.run(signed_trial(never, ("alice", "carol"), clock=True))

    assert "people enrol" in caught.value.mend
    assert desk.raw() == before
    assert desk.people.asked == []


def test_what_the_register_refuses_is_said_before_anybody_signs(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    before = desk.raw()
    with pytest.raises(RefusedError, match="there is a site 'hq' already"):
        desk.run(signed_trial(lambda _: [ev.SiteAdded(site="hq", paper=PaperSize.A4)]))

    assert desk.raw() == before
    assert desk.people.texts(Topic.PERSONAL_KEY) == []


# --- Tried again


@pytest.fixture
def counted(desk: "Desk", signed_trial: "Trial") -> tuple[Ceremony, list[str]]:
    """A signed ceremony whose act also writes a name down and counts how often it is done."""
    done: list[str] = []

    def act(work: Work) -> Sequence[ev.Fact]:
        done.append(work.step.id)
        details = work.write_down({"decision": "x", "why": "a reason"})
        decided = ev.DecisionMade(
            decision="C1", choice="none", review=desk.time.true.date(), details=details
        )
        return [ANNEXE, decided]

    return signed_trial(act), done


def wrong_key(desk: "Desk") -> None:
    desk.people.plugs, desk.people.pins = ["bob"], [desk.pin("bob")]


def wrong_pin(desk: "Desk") -> None:
    desk.people.pins = ["87654321"]


def no_touch(desk: "Desk") -> None:
    touches = iter([False])
    desk.fingers("alice", lambda _: next(touches, True))


def no_key(desk: "Desk") -> None:
    desk.people.plugs = [""]


SLIPS = {
    "holds none of these credentials": wrong_key,
    "the PIN is wrong (7 attempts left)": wrong_pin,
    "nobody touched it in time": no_touch,
    "0 keys are plugged in, and one was asked for: that of alice": no_key,
}


@pytest.mark.parametrize(("said", "slip"), SLIPS.items())
def test_a_slip_while_signing_is_tried_again_and_nothing_is_lost_or_done_twice(
    said: str, slip: Callable[["Desk"], None], desk: "Desk", counted: tuple[Ceremony, list[str]]
) -> None:
    trial, done = counted
    slip(desk)
    desk.people.says[Topic.RETRY] = [True]

    register = desk.run(trial)

    (asked,) = desk.people.texts(Topic.RETRY)
    assert said in asked
    assert done == ["add"]
    assert ("annexe" in register.sites, list(register.decisions)) == (True, ["C1"])
    assert desk.book.row_behind(register.decisions["C1"].details)["why"] == "a reason"
    assert desk.pin_attempts("alice") == 8
    verify(desk.ledger)


@pytest.mark.parametrize("slip", SLIPS.values())
def test_a_slip_that_is_not_tried_again_enters_nothing_and_the_ceremony_can_begin_anew(
    slip: Callable[["Desk"], None], desk: "Desk", counted: tuple[Ceremony, list[str]]
) -> None:
    trial, done = counted
    before, rows = desk.raw(), desk.ledger.details()
    slip(desk)

    with pytest.raises(DeviceError):
        desk.run(trial)
    assert (desk.raw(), desk.ledger.details()) == (before, rows)

    desk.run(trial)
    assert done == ["add", "add"]
    assert "annexe" in desk.register.sites
    verify(desk.ledger)


def test_a_person_who_signs_with_the_key_of_another_is_refused(desk: "Desk") -> None:
    """Whatever made a signature, it is looked at before it is entered."""
    before, by = desk.raw(), ("alice", "bob")

    def sign(_: str, message: bytes) -> str:
        return signing.sign_act(desk.work(*by), "bob", message)

    with pytest.raises(LedgerError, match="the signature of alice does not hold"):
        desk.book.record([ANNEXE], by, signing=Signing(by, sign))
    assert desk.raw() == before
    verify(desk.ledger)


# --- Interrupted, and overtaken


@pytest.mark.parametrize("signer", ["alice", "bob"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_an_exception_in_the_middle_of_signing_leaves_the_ledger_as_it_was(
    fault: type[BaseException], signer: str, desk: "Desk", counted: tuple[Ceremony, list[str]]
) -> None:
    trial, done = counted
    before, rows = desk.raw(), desk.ledger.details()

    def break_off(prompt: Prompt) -> None:
        if prompt.person == signer:
            raise fault

    desk.people.at_touch = break_off
    with pytest.raises(fault):
        desk.run(trial)

    assert (desk.raw(), desk.ledger.details()) == (before, rows)
    desk.people.at_touch = lambda _: None
    desk.run(trial)
    assert done == ["add", "add"]
    verify(desk.ledger)


def test_a_ledger_that_moved_on_while_people_signed_takes_nothing_of_it(
    desk: "Desk", counted: tuple[Ceremony, list[str]]
) -> None:
    trial, _ = counted
    rows = desk.ledger.details()
    seen = ev.FindingMade(rule="seen", subject="hq", what="meanwhile", mend="")

    def meanwhile(prompt: Prompt) -> None:
        if prompt.person == "bob":
            with Ledger.open(desk.path) as other:
                Book(other, desk.time.at_the_workstation).record([seen], ("erin",))

    desk.people.at_touch = meanwhile
    size = desk.ledger.size
    with pytest.raises(RefusedError, match="somebody wrote to it"):
        desk.run(trial)

    assert [entry.fact for entry in desk.entries(size)] == [seen]
    assert desk.ledger.details() == rows
    desk.people.at_touch = lambda _: None
    desk.run(trial)
    assert "annexe" in desk.register.sites
    verify(desk.ledger)
