"""`keyvault ledger sign`, and what stock ssh-keygen says of the signatures."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.assembly import read_sheet
from keyvault_kit.ledger.store import Ledger

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]


def sign(desk: "Desk", *words: str) -> str:
    """What is printed when a checkpoint was signed."""
    done = desk.sit("ledger", "sign", *words, typed=("1",) * 4)
    assert done.returncode == 0, done.stderr
    return done.stdout


def report(desk: "Desk") -> dict[str, object]:
    """What `ledger verify` says, with the founding sheet."""
    fields = json.loads(desk.read("ledger", "verify", "--json", "--trust", founding(desk)))
    assert isinstance(fields, dict)
    return fields


def founding(desk: "Desk") -> str:
    return str(desk.folder / "sheets" / "founding-hq.pdf")


# --- Who signs


def test_several_sign_and_the_sheet_carries_the_checkpoint(desk: "Desk") -> None:
    size = len(desk.entries)

    told = sign(desk, "alice", "bob", "erin")

    assert f"The checkpoint of {size} entries is signed by alice, bob, erin." in told
    assert report(desk)["signed"] == {str(size): ["alice", "bob", "erin"]}
    (code,) = read_sheet(desk.folder / "sheets" / "checkpoint-1.pdf")
    assert code == desk.read("ledger", "checkpoint", "--size", str(size))


def test_one_signs_beside_a_witness_who_only_reads_the_time(desk: "Desk") -> None:
    size = len(desk.entries)

    assert "is signed by carol." in sign(desk, "carol", "--witness", "erin")

    assert report(desk)["signed"] == {str(size): ["carol"]}
    assert desk.entries[size].by == ("carol", "erin")


def test_an_earlier_checkpoint_is_signed_once_more(desk: "Desk") -> None:
    size = len(desk.entries)
    sign(desk, "alice", "bob")

    told = sign(desk, "erin", "carol", "--size", str(size))

    assert f"The checkpoint of {size} entries is signed by alice, bob, carol, erin." in told
    assert report(desk)["signed"] == {str(size): ["alice", "bob", "carol", "erin"]}
    assert {"checkpoint-1", "checkpoint-2"} <= desk.sheets()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alice",), "has one person, and two read the time"),
        (("alice", "--witness", "alice"), "has one person, and two read the time"),
        (("alice", "zoe"), "zoe"),
    ],
)
def test_who_cannot_is_refused_and_nothing_is_signed(
    desk: "Desk", words: tuple[str, ...], message: str, refusal: Refusal
) -> None:
    before = desk.ledger.read_bytes()

    done = desk.sit("ledger", "sign", *words, typed=())

    assert refusal(done, 5, message), done.stderr
    assert desk.ledger.read_bytes() == before


def test_who_has_no_key_is_refused_before_anybody_signs(desk: "Desk", refusal: Refusal) -> None:
    desk.do("people", "revoke", "erin", "--why", "left", typed=())

    done = desk.sit("ledger", "sign", "alice", "erin", typed=("n",))

    assert refusal(done, 5, "erin"), done.stderr
    assert report(desk)["signed"] == {}


def test_more_entries_than_there_are_are_refused_before_anybody_is_asked(desk: "Desk") -> None:
    done = desk.sit("ledger", "sign", "alice", "bob", "--size", "4200", typed=())

    assert done.returncode in (2, 5)
    assert "the time from a source" not in done.stderr


# --- Without the kit


def verified(desk: "Desk", person: str, namespace: str, signature: str, message: bytes) -> bool:
    """Whether ssh-keygen finds this person's signature on the message good."""
    signers, armored = desk.folder / "allowed_signers", desk.folder / "its.sig"
    signers.write_text(desk.read("ledger", "allowed-signers"))
    armored.write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", person, "-n", namespace]
    done = subprocess.run(
        [*command, "-s", str(armored)], input=message, capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.needs("ssh-keygen")
def test_ssh_keygen_verifies_a_checkpoint(desk: "Desk") -> None:
    size = len(desk.entries)
    sign(desk, "alice", "bob")
    message = desk.read("ledger", "checkpoint", "--size", str(size)).encode()
    with Ledger.open(desk.ledger, read_only=True) as ledger:
        signatures = ledger.signatures(size)

    assert list(signatures) == ["alice", "bob"]
    for person, armored in signatures.items():
        assert verified(desk, person, "keyvault-checkpoint", armored, message)
        assert not verified(desk, person, "keyvault-act", armored, message)
        assert not verified(desk, person, "keyvault-checkpoint", armored, message + b"\n")
    assert not verified(desk, "bob", "keyvault-checkpoint", signatures["alice"], message)


@pytest.mark.needs("ssh-keygen")
def test_ssh_keygen_verifies_an_act_over_the_raw_lines(desk: "Desk") -> None:
    before = len(desk.entries)
    desk.do("sites", "add", "north")
    lines = desk.read("ledger", "show", "--raw").encode().splitlines(keepends=True)[before:]
    (place,) = [i for i, line in enumerate(lines) if json.loads(line)["kind"] == "acts.signed"]
    act = json.loads(lines[place])
    checkpoint = desk.read("ledger", "checkpoint", "--size", str(act["seq"])).encode()
    message = checkpoint + b"".join(lines[place + 1 : place + 1 + act["count"]])

    assert b'"kind":"site.added"' in message
    assert [it["person"] for it in act["signatures"]] == ["alice", "bob"]
    for its in act["signatures"]:
        assert verified(desk, its["person"], "keyvault-act", its["armored"], message)
        changed = message.replace(b"north", b"south")
        assert not verified(desk, its["person"], "keyvault-act", its["armored"], changed)


@pytest.mark.needs("ssh-keygen")
def test_whoever_was_revoked_is_no_allowed_signer(desk: "Desk") -> None:
    desk.do("people", "revoke", "erin", "--why", "left", typed=())

    people = [line.split()[0] for line in desk.read("ledger", "allowed-signers").splitlines()]
    assert people == ["alice", "bob", "carol"]


def test_a_checkpoint_has_a_sheet_for_each_time_that_it_was_signed(
    desk: "Desk", tmp_path: Path
) -> None:
    sign(desk, "alice", "bob")
    sheet = desk.folder / "sheets" / "checkpoint-1.pdf"
    paper = tmp_path / "on-paper.pdf"
    paper.write_bytes(sheet.read_bytes())
    sign(desk, "alice", "bob")

    assert sheet.read_bytes() == paper.read_bytes()
    for it in (paper, desk.folder / "sheets" / "checkpoint-2.pdf"):
        desk.read("ledger", "verify", "--checkpoint", str(it))
