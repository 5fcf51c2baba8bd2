"""A rehearsal from end to end, held against programs that are not the kit."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from fido2.server import Fido2Server
from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity
from shamir_mnemonic import combine_mnemonics
from shamir_mnemonic.share import Share

from keyvault_kit.assembly import Bench, open_book, rehearsal_station
from keyvault_kit.ceremonies.forms import safe_inventory
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.organisation import parse
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal.outcome import Outcome, judge
from keyvault_kit.rehearsal.plants import Plants
from keyvault_kit.rehearsal.run import Options, rehearse
from keyvault_kit.rehearsal.tenant import RehearsalTenant
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.scan import read_codes

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

Finished = tuple[Path, Outcome]


def password_of(secret: bytes) -> str:
    number, text = int.from_bytes(secret, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return text.rjust(44, "1")


def shares_on_paper(folder: Path) -> dict[int, list[str]]:
    """Mnemonics by set identifier, read from the QR codes of all sheets."""
    found: dict[int, list[str]] = defaultdict(list)
    for sheet in sorted((folder / "sheets").glob("share-*.pdf")):
        for code in read_codes(sheet.read_bytes()):
            found[Share.from_mnemonic(code.lower()).identifier].append(code.lower())
    return found


def bodies(folder: Path) -> list[bytes]:
    return list(open_book(folder / "ledger.db").ledger.bodies())


def rfc6962_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = rfc6962_root(leaves[:k]), rfc6962_root(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_every_promise_is_kept(finished: Finished) -> None:
    _, outcome = finished

    assert [it.what for it in outcome.promises if not it.kept] == []
    assert len(outcome.promises) == 7


def test_any_two_shares_on_paper_give_the_password_that_the_tenant_has(finished: Finished) -> None:
    folder, _ = finished
    tenant = RehearsalTenant(folder / "tenant.json", lambda _: b"")
    sets = shares_on_paper(folder)
    assert [len(shares) for shares in sets.values()] == [3, 3]

    for shares in sets.values():
        pairs = [shares[:2], shares[1:], shares[::2]]
        passwords = {password_of(combine_mnemonics(pair)) for pair in pairs}

        assert len(passwords) == 1
        (password,) = passwords
        upns = [f"bg{n}@example.onmicrosoft.com" for n in (1, 2)]
        assert [tenant.sign_in(upn, password, NOW) for upn in upns].count(True) == 1


def test_each_share_on_paper_has_its_proof_in_the_ledger(finished: Finished) -> None:
    folder, _ = finished
    proofs = {e.proof for e in open_book(folder / "ledger.db").register.envelopes.values()}

    for shares in shares_on_paper(folder).values():
        for share in shares:
            digest = hashlib.sha256(f"keyvault-kit/share/v1\n{share}".encode()).hexdigest()
            assert digest in proofs


def test_every_sheet_says_rehearsal_and_both_papers_are_used(finished: Finished) -> None:
    folder, _ = finished
    sizes = set()
    sheets = sorted((folder / "sheets").glob("*.pdf"))
    kinds = {sheet.name.partition("-")[0] for sheet in sheets}
    assert kinds >= {"share", "pin", "key", "label", "checkpoint", "record", "audit"}

    for sheet in sheets:
        document = pypdfium2.PdfDocument(sheet.read_bytes())
        for page in document:
            assert "REHEARSAL" in page.get_textpage().get_text_bounded(), sheet.name
            sizes.add(tuple(round(side) for side in page.get_size()))
        document.close()

    assert sizes == {(595, 842), (612, 792)}


def test_entries_are_canonical_and_the_root_is_that_of_the_checkpoint(finished: Finished) -> None:
    folder, _ = finished
    entries = bodies(folder)
    for seq, body in enumerate(entries):
        fields = json.loads(body)
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert canonical.encode() == body
        assert fields["seq"] == seq
    leaves = [hashlib.sha256(b"\x00" + body).digest() for body in entries]

    origin, size, root = (folder / "checkpoint.txt").read_text().splitlines()

    assert origin == f"keyvault-kit/{leaves[0].hex()}"
    assert base64.b64decode(root) == rfc6962_root(leaves[: int(size)])


@pytest.mark.needs("ssh-keygen")
@pytest.mark.parametrize("person", ["alice", "bob"])
def test_ssh_keygen_accepts_the_signatures_and_refuses_a_changed_checkpoint(
    finished: Finished, person: str
) -> None:
    folder, _ = finished
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", person]
    command += ["-n", "keyvault-checkpoint", "-s", f"checkpoint.{person}.sig"]
    text = (folder / "checkpoint.txt").read_bytes()

    good = subprocess.run(command, input=text, cwd=folder, capture_output=True, check=False)
    changed = text.replace(b"kit/", b"kit/0", 1)
    bad = subprocess.run(command, input=changed, cwd=folder, capture_output=True, check=False)

    assert good.returncode == 0, good.stderr
    assert text != changed
    assert bad.returncode != 0


def test_no_secret_leaves_the_sheets(finished: Finished) -> None:
    """Neither passwords, nor PINs, nor shares stand in the ledger or in any text of the folder."""
    folder, _ = finished
    secrets = set()
    for shares in shares_on_paper(folder).values():
        secrets |= {*shares, *(share.upper() for share in shares)}
        secrets.add(password_of(combine_mnemonics(shares[:2])))
    for sheet in (folder / "sheets").glob("pin-*.pdf"):
        (code,) = read_codes(sheet.read_bytes())
        secrets.add(code.split()[-1])
    assert len(secrets) == 2 * 6 + 2 + 4

    texts = [b"\n".join(bodies(folder))]
    texts += [
        path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "sheets"
    ]
    for text in texts:
        assert not [secret for secret in secrets if secret.encode() in text]


def test_names_of_people_stand_in_no_entry(finished: Finished) -> None:
    folder, _ = finished

    assert not [body for body in bodies(folder) if b"Archer" in body]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return " ".join(" ".join(texts).split())


def test_the_audit_report_tells_its_checkpoint_and_every_bag(finished: Finished) -> None:
    folder, _ = finished
    book = open_book(folder / "ledger.db")
    started = book.register.ceremonies["audit-1"].started
    root = rfc6962_root([hashlib.sha256(b"\x00" + it).digest() for it in bodies(folder)[:started]])

    text = text_of((folder / "sheets" / "audit-report-1.pdf").read_bytes())

    assert f"{started} entries, root {base64.b64encode(root).decode()[:12]}" in text
    before, after = book.register_at(started).envelopes, book.register.envelopes
    opened = [it for it in before.values() if it.holds.startswith("key:")]
    anew = [it for it in after.values() if it.holds.startswith(("key:", "evidence:"))]
    for its in opened:
        assert f"{its.id} {its.safe} {its.bag} found intact" in text
    for its in anew:
        assert its.id in before or f"{its.id} {its.safe} {its.bag} new" in text
    assert (len(opened), len(anew)) == (4, 8)


def test_an_inventory_shows_the_serial_numbers_to_be_read_through_the_bags(
    finished: Finished,
) -> None:
    folder, _ = finished
    book = open_book(folder / "ledger.db")
    day = NOW.date()

    text = " ".join(
        text_of(safe_inventory(book, safe, A4, day=day)) for safe in book.register.safes
    )

    lying = {
        it.holds.removeprefix("key:")
        for it in book.register.envelopes.values()
        if it.holds.startswith("key:") and it.state is EnvelopeState.DEPOSITED
    }
    assert lying
    for tag in lying:
        assert f"Key {tag}, serial {book.register.keys[tag].serial or 'none'}" in text


def test_the_audit_names_both_plants(finished: Finished) -> None:
    folder, _ = finished
    findings = open_book(folder / "ledger.db").register.findings

    assert {(it.rule, it.subject) for it in findings} == {
        ("key-stranger", "K2"),
        ("key-reset", "K4"),
    }
    summary = (folder / "summary.md").read_text()
    assert all(it.what in summary for it in findings)
    assert "change and seal the password of bg1 anew (S32)" in summary


def test_the_guard_was_seen_at_work(finished: Finished) -> None:
    folder, _ = finished
    checks = [e.fact for e in map(decode, bodies(folder)) if type(e.fact).__name__ == "PinChecked"]

    assert (checks[0].right, checks[0].retries) == (False, 7)  # type: ignore[union-attr]
    assert all(it.right and it.retries == 8 for it in checks[1:])  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_bytes(finished: Finished, tmp_path: Path) -> None:
    folder, _ = finished
    again = tmp_path / "again"
    rehearse(Options(out=again, seed=1), now=NOW, say=lambda _: None)

    assert bodies(again) == bodies(folder)
    for file in sorted(folder.rglob("*.pdf")):
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes(), file.name


def test_a_finished_rehearsal_is_not_run_again(finished: Finished) -> None:
    folder, _ = finished

    with pytest.raises(RefusedError, match="is finished"):
        rehearse(Options(out=folder), now=NOW, say=lambda _: None)


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(RefusedError, match="holds no rehearsal"):
        rehearse(Options(out=tmp_path), now=NOW, say=lambda _: None)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_wrong_organisation_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"

    with pytest.raises(InputError, match=re.escape("x.toml: people: this field is missing")):
        rehearse(Options(out=out, organisation=('name = "X"', "x.toml")), now=NOW, say=print)

    assert not out.exists()


def test_an_unfinished_rehearsal_goes_on_only_with_what_it_was_begun_with(
    tmp_path: Path, small_organisation: tuple[str, str], finished: Finished
) -> None:
    out = tmp_path / "out"

    def stop(*_: str) -> None:
        raise KeyboardInterrupt

    options = Options(out=out, organisation=small_organisation, seed=1)
    with pytest.raises(KeyboardInterrupt):
        rehearse(options, now=NOW, say=lambda _: None, watch=stop)

    with pytest.raises(RefusedError, match="another seed"):
        rehearse(Options(out=out, seed=2), now=NOW, say=print)
    other = (small_organisation[0].replace("Small", "Other"), "other.toml")
    with pytest.raises(RefusedError, match="another organisation file"):
        rehearse(Options(out=out, organisation=other), now=NOW, say=print)
    assert rehearse(Options(out=out), now=NOW, say=lambda _: None).kept
    shutil.rmtree(out)
    assert finished[0].exists()


def test_the_registrations_are_accepted_by_a_server_library(finished: Finished) -> None:
    """python-fido2's server takes each answer for the options that it was made from."""
    folder, _ = finished
    rp = PublicKeyCredentialRpEntity(id="login.microsoft.com", name="Microsoft")
    keys = open_book(folder / "ledger.db").register.keys

    for tag in ("K1", "K2", "K3", "K4"):
        options = json.loads((folder / "transfer" / f"options-{tag}.json").read_bytes())
        answer = json.loads((folder / "transfer" / f"registration-{tag}.json").read_bytes())
        challenge = options["publicKey"]["challenge"]
        server = Fido2Server(rp, attestation=AttestationConveyancePreference.DIRECT)
        credential = answer["publicKeyCredential"]
        taken = server.register_complete(
            {"challenge": challenge, "user_verification": "required"},
            {
                "id": credential["id"],
                "rawId": credential["id"],
                "type": "public-key",
                "response": credential["response"],
            },
        )
        assert taken.credential_data is not None
        assert taken.credential_data.credential_id.hex() == keys[tag].credential
        assert answer["displayName"] == tag


def test_two_keys_of_an_account_hold_a_credential_of_the_same_user(finished: Finished) -> None:
    folder, _ = finished

    def user(tag: str) -> str:
        options = json.loads((folder / "transfer" / f"options-{tag}.json").read_bytes())
        return str(options["publicKey"]["user"]["id"])

    assert user("K1") == user("K2") != user("K3") == user("K4")
    excluded = json.loads((folder / "transfer" / "options-K2.json").read_bytes())
    assert len(excluded["publicKey"]["excludeCredentials"]) == 1


LARGE = """
name = "Οργανισμός Παράδειγμα"
people = [
    {id = "anna", name = "Άννα Αλεξίου", roles = ["officer"], founder = true},
    {id = "boris", name = "Борис Белов", roles = ["officer"], founder = true},
    {id = "clara", name = "Clara Čapková-Ørsted", roles = ["custodian", "officer"]},
    {id = "dora", name = "Dora", roles = ["auditor"]},
]
sites = [{id = "north", paper = "Letter"}]
safes = [{id = "one", site = "north", openers = ["anna", "boris", "clara"], need = 2}]
accounts = [{id = "bg1", upn = "bg1@example.onmicrosoft.com", threshold = 3, shares = 5}]
"""


def test_another_organisation_with_keys_that_look_alike_and_no_serial_numbers(
    tmp_path: Path,
) -> None:
    tags = ["A1", "A2", "A3", "A4"]
    keys = [
        f'{{tag = "{tag}", account = "bg1", use = "{use}", model = "security-key"}}'
        for tag, use in zip(tags, ["primary", "backup", "backup", "backup"], strict=True)
    ]
    items = [f"{kind}:{tag}" for tag in tags for kind in ("key", "pin")]
    items += [f"share:bg1:{n}" for n in range(1, 6)]
    envelopes = [f'{{holds = ["{item}"], safe = "one"}}' for item in items]
    text = f"{LARGE}keys = [{', '.join(keys)}]\nenvelopes = [{', '.join(envelopes)}]\n"
    options = Options(out=tmp_path / "out", organisation=(text, "large.toml"), seed=5)

    outcome = rehearse(options, now=NOW, say=lambda _: None)

    assert [it.what for it in outcome.promises if not it.kept] == []


def judged(folder: Path, plants: Plants) -> dict[str, bool]:
    """The promises of a finished rehearsal's folder, judged anew."""
    begun = json.loads((folder / "rehearsal.json").read_bytes())
    seed, started = bytes.fromhex(begun["seed"]), datetime.fromisoformat(begun["started"])
    organisation = parse(begun["organisation"])
    bench = Bench(folder / "softkeys", seed=seed, not_before=started)
    with Ledger.open(folder / "ledger.db") as ledger:
        station = rehearsal_station(folder, ledger, bench, seed=seed, started=started)
        outcome = judge(station, organisation, plants, folder / "sheets")
    return {promise.what[:16]: promise.kept for promise in outcome.promises}


def test_a_promise_that_was_broken_is_said_so(finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    right = Plants(stranger="K2", reset="K4")

    assert all(judged(folder, right).values())
    assert not judged(folder, Plants(stranger="K1", reset="K4"))["The audit finds "]
    (folder / "sheets" / "checkpoint-1.pdf").unlink()
    assert not judged(folder, right)["The ledger verif"]


@pytest.mark.parametrize(
    ("name", "because"),
    [("山田太郎", "people[0].name: .*cannot be printed"), ("شرق", "people[0].name: ")],
)
def test_a_name_that_no_font_prints_is_said_before_anything_begins(
    name: str, because: str, tmp_path: Path, small_organisation: tuple[str, str]
) -> None:
    text = small_organisation[0].replace("Alice Archer", name)
    options = Options(out=tmp_path / "out", organisation=(text, "names.toml"))

    with pytest.raises(InputError, match=because.replace("[", r"\[").replace("]", r"\]")):
        rehearse(options, now=NOW, say=print)
    assert not (tmp_path / "out").exists()
