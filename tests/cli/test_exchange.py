"""`keyvault ledger propose|accept`: what other sites send, and what is entered of it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from keyvault_kit.ceremonies import signing
from keyvault_kit.ceremonies.plan import Hands, Step, Work
from keyvault_kit.cli.at_work import proposing_station
from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.ledger import age, bundle
from keyvault_kit.ledger.trail import PROPOSAL_NAMESPACE

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Done

Refusal = Callable[..., bool]
Entries = list[dict[str, Any]]

PASSPHRASE: Final = "gravel tuba oxide lemur quartz nine"
SEEN: Final = {"kind": "finding.made", "rule": "seal", "subject": "hq-1", "mend": "look"}
SITE: Final = {"kind": "site.added", "site": "north", "paper": "A4"}
AGREED: Final = ("1", "1")


@pytest.fixture
def site(desk: "Desk", tmp_path: Path) -> "Desk":
    """A copy of the ledger at another site, with its people's keys."""
    return desk.copy(tmp_path / "site")


@pytest.fixture
def propose(desk: "Desk", site: "Desk") -> Callable[..., str]:
    """Has people of the other site propose, a file each; gives the bundle, at the station."""

    def proposing(*proposals: Entries, by: tuple[str, ...] = ("carol",)) -> str:
        names = [f"{number}.json" for number in range(len(proposals))]
        for name, entries in zip(names, proposals, strict=True):
            (site.folder / name).write_text(json.dumps(entries))
        people = [word for person in by for word in ("--by", person)]
        out = desk.folder / "bundle.age"
        done = site.ask("ledger", "propose", *names, "--out", str(out), *people)
        assert done.returncode == 0, done.stderr
        return out.name

    return proposing


@pytest.fixture
def forge(desk: "Desk", site: "Desk") -> Callable[..., str]:
    """Has people sign what the program would not let them propose; gives the bundle."""

    def forging(entries: Entries, *people: str) -> str:
        with proposing_station(site.ledger) as it:
            paper = it.station.book.ledger.checkpoint()
            fields = {"register": paper.register, "size": paper.size, "root": paper.root.hex()}
            fields |= {"format": "keyvault-kit/proposal/v1", "nonce": 64 * "7"}
            message = canonical_json(fields | {"entries": entries})
            signatures = {}
            for person in people:
                step = Step(id="sign", activity="sign", by=(person,), act=lambda _: ())
                work = Work(it.station, it.people, "proposal", Hands(), step)
                signatures[person] = signing.sign(work, person, message, PROPOSAL_NAMESPACE)
            recipient = age.parse_recipient(it.register.recipient)
        packed = bundle.pack([bundle.Signed(message, signatures)])
        (desk.folder / "forged.age").write_bytes(age.encrypt(packed, [recipient]))
        return "forged.age"

    return forging


def occurred(entry: dict[str, Any], *by: str) -> dict[str, Any]:
    return {**entry, "by": list(by), "occurred": "2026-03-01T10:00:00Z"}


def accept(desk: "Desk", file: str, *answers: str, bag: str = "BAG-2") -> "Done":
    """Take the identity out of its bag, give these answers, and seal it again."""
    typed = ("y", *answers, bag, bag, "y", *AGREED)
    return desk.sit("ledger", "accept", file, *desk.identity, *desk.by, typed=typed)


def assert_refused(desk: "Desk", done: "Done", why: str) -> None:
    """The one proposal of a bundle was refused, and the identity is back in its safe."""
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("REFUSED  proposal 1")
    assert why in done.stdout
    assert "proposal.accepted" not in desk.kinds()
    assert desk.register.envelopes["station-id1-1"].bag == "BAG-2"
    desk.read("ledger", "verify")


# --- Proposals


def test_a_proposal_is_shown_and_entered(desk: "Desk", propose: Callable[..., str]) -> None:
    before = len(desk.entries)
    file = propose([SEEN | {"what": "the seal is scratched"}])

    done = accept(desk, file, "y")

    assert done.returncode == 0, done.stderr
    assert "carol propose:" in done.stderr
    assert "what the seal is scratched" in done.stderr
    assert done.stdout.startswith("entered  proposal 1 (")
    kinds = desk.kinds(before)
    assert kinds[kinds.index("proposal.accepted") + 1] == "finding.made"
    (finding,) = desk.register.findings
    assert desk.entries[finding.seq].by == ("carol",)
    assert desk.register.envelopes["station-id1-1"].bag == "BAG-2"
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


def test_a_proposal_that_comes_again_is_refused_as_a_copy(
    desk: "Desk", propose: Callable[..., str]
) -> None:
    file = propose([SEEN | {"what": "w"}])
    assert accept(desk, file, "y").returncode == 0

    done = accept(desk, file, bag="BAG-3")

    assert done.returncode == 1
    assert "it was accepted before" in done.stdout
    assert desk.kinds().count("proposal.accepted") == 1


def test_of_two_proposals_one_is_refused_and_the_other_entered(
    desk: "Desk", propose: Callable[..., str]
) -> None:
    file = propose([SITE], [{**SITE, "site": "south"}], by=("alice", "bob"))
    desk.do("sites", "add", "north")

    done = accept(desk, file, "y")

    assert done.returncode == 1, done.stderr
    assert "REFUSED  proposal 1" in done.stdout
    assert "there is a site 'north' already" in done.stdout
    assert "entered  proposal 2" in done.stdout
    assert "south" in desk.register.sites
    assert {"proposal.refused", "proposal.accepted"} <= set(desk.kinds())
    desk.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")


def test_what_the_officers_do_not_want_is_not_entered(
    desk: "Desk", propose: Callable[..., str]
) -> None:
    assert_refused(desk, accept(desk, propose([SEEN | {"what": "w"}]), "n"), "did not enter it")


def test_whoever_was_revoked_meanwhile_proposes_nothing(
    desk: "Desk", propose: Callable[..., str]
) -> None:
    file = propose([SEEN | {"what": "w"}])
    desk.do("people", "revoke", "carol", "--why", "left", typed=())

    assert_refused(desk, accept(desk, file), "carol signed, and is no signer who counts")


def test_a_proposal_for_another_ledger_is_refused(
    desk: "Desk", stranger: "Desk", tmp_path: Path
) -> None:
    other = stranger.copy(tmp_path / "other")
    (other.folder / "0.json").write_text(json.dumps([SEEN | {"what": "w"}]))
    out = ("--out", str(desk.folder / "x.age"), "--to", desk.register.recipient)
    other.read("ledger", "propose", "0.json", *out, "--by", "alice")

    assert_refused(desk, accept(desk, "x.age"), "it is for the ledger ")


def test_a_proposal_from_a_ledger_that_is_ahead_is_refused(
    desk: "Desk", site: "Desk", propose: Callable[..., str]
) -> None:
    for name in ("south", "east", "west"):
        site.do("sites", "add", name)

    assert_refused(desk, accept(desk, propose([SEEN | {"what": "w"}])), "find the newest ledger")


# --- People who may not, and what no program of ours proposes


@pytest.mark.parametrize(
    ("by", "status", "message"),
    [
        (("erin", "alice"), 5, "erin is auditor: to add a site takes officer"),
        (("alice",), 5, "takes the signatures of two people"),
        (("alice", "zoe"), 5, "zoe"),
        ((), 2, "--by"),
    ],
)
def test_who_may_not_propose_is_told_so_at_once(
    site: "Desk", by: tuple[str, ...], status: int, message: str
) -> None:
    (site.folder / "0.json").write_text(json.dumps([SITE]))
    people = [word for person in by for word in ("--by", person)]

    done = site.ask("ledger", "propose", "0.json", "--out", "x.age", *people)

    assert done.returncode == status
    assert message in done.stderr
    assert not (site.folder / "x.age").exists()


def test_the_station_refuses_people_who_may_not(desk: "Desk", forge: Callable[..., str]) -> None:
    file = forge([occurred(SITE, "carol", "erin")], "carol", "erin")

    done = accept(desk, file)

    assert_refused(desk, done, "takes officer")
    assert "proposal.refused" in desk.kinds()


def test_nobody_is_named_who_did_not_sign(desk: "Desk", forge: Callable[..., str]) -> None:
    file = forge([occurred(SITE, "alice", "bob")], "alice")

    assert_refused(desk, accept(desk, file), "names bob, who did not sign it")


def test_what_only_the_station_enters_is_not_proposed(
    desk: "Desk", forge: Callable[..., str]
) -> None:
    file = forge([occurred({"kind": "clock.unchecked"}, "carol")], "carol")

    assert_refused(desk, accept(desk, file), "only the ledger's own station enters that")


def test_a_kind_that_nobody_knows_is_refused_by_name(
    desk: "Desk", forge: Callable[..., str]
) -> None:
    file = forge([occurred({"kind": "robot.hired"}, "carol")], "carol")

    assert_refused(desk, accept(desk, file), "no entry")


def test_free_text_that_is_missing_is_refused(desk: "Desk", forge: Callable[..., str]) -> None:
    absence = {"kind": "absence.noted", "person": "carol", "details": 64 * "0"}

    done = accept(desk, forge([occurred(absence, "alice")], "alice"))

    desk.read("ledger", "verify")
    assert done.returncode == 1, done.stdout


def test_a_proposal_cannot_say_that_something_was_erased_which_was_not(
    desk: "Desk", forge: Callable[..., str]
) -> None:
    erin = {"person": "erin", "commitments": [desk.register.people["erin"].details]}
    file = forge([occurred({"kind": "details.erased", **erin}, "alice", "bob")], "alice", "bob")

    accept(desk, file, "y")

    erased = "details.erased" in desk.kinds()
    assert erased == (b"Erin Eldridge" not in desk.ledger.read_bytes())


def test_what_is_proposed_cannot_draw_on_the_officers_screen(
    desk: "Desk", propose: Callable[..., str]
) -> None:
    what = "\x1b[2J\x1b[Hall is well\nEnter that? [y/N]: y\nentered"

    done = accept(desk, propose([SEEN | {"what": what}]), "y")

    assert "\x1b" not in done.stderr
    assert "\nEnter that? [y/N]: y\n" not in done.stderr


def test_officers_see_the_text_that_they_enter(desk: "Desk", propose: Callable[..., str]) -> None:
    row = {"person": "pat", "name": "Pat Parker"}
    added = {"kind": "person.added", "person": "pat", "roles": ["witness"], "row": row}

    done = accept(desk, propose([added], by=("alice", "bob")), "y")

    assert done.returncode == 0, done.stderr
    assert "Pat Parker" in desk.read("people", "list")
    assert "Pat Parker" in done.stderr
    assert "<Role" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "0.json is no JSON list"),
        ("[]", "0.json has 0 entries"),
        ('[{"kind":"robot.hired"}]', "0.json: [0]: "),
        ('[{"kind":"site.added","site":"a b","paper":"A4"}]', "0.json: [0]: "),
        ('[{"kind":"site.added","site":"s","paper":"A4","occurred":"2026-01-01"}]', "[0]: "),
        ("[" * 100_000, "0.json is no JSON list"),
    ],
)
def test_a_wrong_file_of_proposals_is_said_so(
    site: "Desk", text: str, message: str, refusal: Refusal
) -> None:
    (site.folder / "0.json").write_text(text)

    done = site.ask("ledger", "propose", "0.json", "--out", "x.age", "--by", "alice")

    assert refusal(done, 2, message), done.stderr
    assert not (site.folder / "x.age").exists()


# --- Files that were changed on their way, or are hostile


def assert_only_the_identity_was_touched(desk: "Desk", before: int) -> None:
    """Nothing was entered but that the clock was read and the identity taken out."""
    around = {"clock.checked", "ceremony.started", "ceremony.stepped", "secret.exposed"}
    assert set(desk.kinds(before)) <= around | {"envelope.opened"}
    desk.read("ledger", "verify")


def test_a_bundle_that_was_changed_or_cut_short_is_refused(
    desk: "Desk", propose: Callable[..., str], refusal: Refusal
) -> None:
    file, before = propose([SEEN | {"what": "w"}]), len(desk.entries)
    whole = (desk.folder / file).read_bytes()

    for damaged in (whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:], whole[:-20]):
        (desk.folder / file).write_bytes(damaged)
        assert refusal(accept(desk, file, "n"), 4, "cut short or changed"), damaged[-20:]
    assert_only_the_identity_was_touched(desk, before)

    (desk.folder / file).write_bytes(whole)
    done = desk.sit(
        *("ledger", "accept", file, *desk.identity, *desk.by),
        typed=("y", "BAG-2", "BAG-2", "y", *AGREED),
    )
    assert done.returncode == 0, done.stderr
    assert desk.register.envelopes["station-id1-1"].bag == "BAG-2"


def test_a_file_that_is_no_bundle_leaves_the_identity_in_its_bag(
    desk: "Desk", refusal: Refusal
) -> None:
    (desk.folder / "x.age").write_bytes(b"")

    done = accept(desk, "x.age", "n")

    assert refusal(done, 2, "no age file"), done.stderr
    assert desk.register.envelopes["station-id1-1"].state == "deposited"


@pytest.mark.needs("age")
@pytest.mark.parametrize("size", [100_000_000, 4_000_000], ids=("100 MB", "4 MB"))
def test_a_bundle_of_braces_is_refused(desk: "Desk", size: int, refusal: Refusal) -> None:
    before = len(desk.entries)
    command = ["age", "-r", desk.register.recipient, "-o", str(desk.folder / "braces.age")]
    subprocess.run(command, input=b"{" * size, check=True)

    done = accept(desk, "braces.age", "n")

    assert refusal(done, 2, "bundle"), done.stderr
    assert_only_the_identity_was_touched(desk, before)


def test_a_passphrase_in_the_place_of_an_identity(desk: "Desk", site: "Desk") -> None:
    (site.folder / "0.json").write_text(json.dumps([SEEN | {"what": "w"}]))
    words = ("ledger", "propose", "0.json", "--out", "x.age", "--by", "carol", "--passphrase")
    done = site.run(*words, typed=(PASSPHRASE, PASSPHRASE))
    assert done.returncode == 0, done.stderr
    shutil.copy(site.folder / "x.age", desk.folder)

    done = desk.sit("ledger", "accept", "x.age", "--passphrase", *desk.by, typed=(PASSPHRASE, "y"))

    assert done.returncode == 0, done.stderr
    assert PASSPHRASE not in done.stderr + done.stdout
    assert "finding.made" in desk.kinds()
    assert desk.register.envelopes["station-id1-1"].bag == "BAG-1"
