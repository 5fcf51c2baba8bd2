"""`keyvault enroll`: the offline leg of an enrolment, and the files of the two online ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click

from keyvault_kit.assembly import demand_paper, observe, open_book
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.answered import Answered, compare
from keyvault_kit.ceremonies.paperwork import paper_at
from keyvault_kit.ceremonies.plans import enrol
from keyvault_kit.cli.at_work import AtWork, at_work, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import (
    ID,
    Parsed,
    json_option,
    ledger_option,
    paper_options,
    transfer_option,
)
from keyvault_kit.cli.output import print_json, say, sentence
from keyvault_kit.custody.model import Use
from keyvault_kit.custody.wording import count_of
from keyvault_kit.entra import enroll_script
from keyvault_kit.entra.answers import read_answers
from keyvault_kit.errors import EXIT_FINDINGS, InputError
from keyvault_kit.host.files import make_folder, read_file, write_new

_SHAPE: Final = "TAG:ACCOUNT:USE:KEY-SAFE:PIN-SAFE"


@click.group("enroll")
def command() -> None:
    """Passkeys for the accounts, in three legs; the middle one is done here.

    'enroll script' writes what fetches creation options online; 'enroll keys' makes the passkeys;
    the same script registers their answers, and 'enroll evidence' reads what came of it.
    """


# --- The keys


class _Key(NamedTuple):
    """A key as it is named on the command line, with the safes for it and for its PIN."""

    tag: str
    account: str
    use: Use
    key_safe: str
    pin_safe: str


def _key(value: str) -> _Key:
    parts = value.split(":")
    if len(parts) != _SHAPE.count(":") + 1:
        raise InputError(f"{value!r} is not {_SHAPE}", mend="Type five words with colons between.")
    tag, account, use, key_safe, pin_safe = (ID.convert(it, None, None) for it in parts)
    if use not in tuple(Use):
        raise InputError(f"{use!r} is no use of a key", mend=f"It is one of {', '.join(Use)}.")
    return _Key(tag, account, Use(use), key_safe, pin_safe)


@command.command("keys")
@click.argument("keys", type=Parsed(_SHAPE, _key), nargs=-1, required=True, metavar=f"{_SHAPE}...")
@click.option("--custodian", type=ID, required=True, help="Who holds the keys, and touches them.")
@click.option("--witness", type=ID, required=True, help="Who reads the bags of the keys.")
@click.option(
    "--pin-person",
    "pin_people",
    type=ID,
    multiple=True,
    required=True,
    help="Who prints and seals the PINs; give it twice.",
)
@click.option("--show-guard", is_flag=True, help="Type a wrong PIN once, to see it counted.")
@transfer_option
@paper_options
@conduct_options
@ledger_option
def enroll_keys(
    *,
    keys: tuple[_Key, ...],
    custodian: str,
    witness: str,
    pin_people: tuple[str, ...],
    show_guard: bool,
    transfer: Path | None,
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Enrol keys, one after the other: each proven, its PIN sealed, its passkey made.

    A key is named with its account, its use (primary or backup), and the safes for itself and for
    its PIN: K1:bg1:primary:hq-2:hq-1. Its creation options are read from options-K1.json on the
    transfer medium, or whatever file is named; registration-K1.json goes back there. What was cut
    short goes on with the same command; keys that are enrolled already are passed over.
    """
    requests = [
        enrol.Request(
            key=key.tag,
            account=key.account,
            use=key.use,
            custodian=custodian,
            witness=witness,
            pin_people=two(pin_people),
            key_safe=key.key_safe,
            pin_safe=key.pin_safe,
            show_guard=show_guard,
        )
        for key in keys
    ]
    _demand_sensible(requests, how)
    with at_work(ledger, onto=onto, transfer=transfer) as it:
        wanted = list(_wanted(it, requests))
        for request in wanted:
            enrol.check(it.register, request, it.station.clock())
        if how.only_looks:
            return max((_conduct(it, each, how) for each in wanted), default=0)
        demand_paper(it.station)
        for number, request in enumerate(wanted, 1):
            say(f"Next key: {request.key}, {number} of {len(wanted)}.")
            _conduct(it, request, how)
            say(f"Key {request.key} is enrolled: register registration-{request.key}.json online.")
    return 0


def _demand_sensible(requests: list[enrol.Request], how: Conduct) -> None:
    tags = [it.key for it in requests]
    if len(set(tags)) < len(tags):
        raise click.UsageError("a key is named twice")
    if how.script and len(requests) > 1:
        raise click.UsageError("a script is of one ceremony: name one key with --script")


def _wanted(it: AtWork, requests: list[enrol.Request]) -> Iterator[enrol.Request]:
    """Those that are not enrolled to the end."""
    for request in requests:
        if enrol.is_done(it.register, request):
            say(f"Key {request.key} is enrolled already.")
        else:
            yield request


def _conduct(it: AtWork, request: enrol.Request, how: Conduct) -> int:
    ceremony = enrol.next_ceremony(it.register, request)
    return conduct(it, ceremony, how, paper_at(it.register, request.key_safe))


# --- The online legs


def _new_key(value: str) -> tuple[str, str]:
    tag, colon, account = value.partition(":")
    if not colon:
        raise InputError(f"{value!r} is not TAG:ACCOUNT", mend="Type both, with a colon between.")
    return ID.convert(tag, None, None), ID.convert(account, None, None)


@command.command("script")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for it, on the transfer medium.",
)
@click.option(
    "--key",
    "keys",
    type=Parsed("TAG:ACCOUNT", _new_key),
    multiple=True,
    help="A key that is not registered yet, and its account; as often as there are.",
)
@ledger_option
@json_option
def write_script(
    *, out: Path, keys: tuple[tuple[str, str], ...], ledger: Path, as_json: bool
) -> None:
    """Write Enroll.ps1, the PowerShell script of both online legs, for these accounts and keys.

    It fetches creation options, registers the answers, and sets a password from two halves; each
    attempt goes into evidence.json, which is brought back here: 'enroll evidence'. No secret is in
    either. Windows PowerShell 5.1 and PowerShell 7 run it; 'Get-Help ./Enroll.ps1' says more.
    """
    book = open_book(ledger)
    with book.ledger:
        script = enroll_script.script(book.register, dict(keys))
    make_folder(out)
    file = out / enroll_script.NAME
    write_new(file, script)
    say(f"Written to {file}.", as_json=as_json)
    if as_json:
        print_json({"file": str(file)})


@command.command("evidence")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", type=ID, required=True, help="Who brings it.")
@ledger_option
@json_option
def enter_evidence(*, file: Path, by: str, ledger: Path, as_json: bool) -> int:
    """Enter what the script did at the tenant: which passkeys it took, which it refused.

    What is entered already is not entered again. Exit status 1 where a passkey was refused, or one
    was registered of which no answer was made here.
    """
    answers = read_answers(read_file(file, "evidence file"))
    book = open_book(ledger)
    with book.ledger:
        answered = compare(book, answers)
        occurred = min(answers.taken, now_of(book))
    if answered.facts:
        observe(ledger, (by,), answered.facts, occurred)
    for name, times in sorted(answers.ignored.items()):
        say(f"Left alone, since this version does not know it: {name!r} ({times})", as_json=as_json)
    _say(answered, as_json=as_json)
    if as_json:
        print_json(_as_json(answered, answers.sha256))
    return 0 if answered.all_taken else EXIT_FINDINGS


def _say(answered: Answered, *, as_json: bool) -> None:
    for it in answered.verdicts:
        say(f"{it.key}: {it.words}.", as_json=as_json)
    for stranger in answered.strangers:
        say(sentence(f"{stranger}. Find out who made it."), as_json=as_json)
    entered = count_of(len(answered.facts), "entry", "entries") if answered.facts else "nothing new"
    say(f"Entered: {entered}.", as_json=as_json)


def _as_json(answered: Answered, sha256: str) -> dict[str, object]:
    return {
        "evidence": sha256,
        "entered": len(answered.facts),
        "keys": [{"key": it.key, "taken": it.taken, "what": it.words} for it in answered.verdicts],
        "strangers": list(answered.strangers),
    }
