"""What a rehearsal came to: every promise, and whether it was kept."""

from pathlib import Path

import msgspec

from keyvault_kit.ceremonies.documents import (
    FOR_THE_AUDITOR,
    checkpoint_sheet_name,
    founding_sheet_name,
)
from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.ceremonies.splitting import password_of
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.findings import RuleFinding
from keyvault_kit.custody.judging import judge_holdings
from keyvault_kit.custody.model import EnvelopeState, Form
from keyvault_kit.custody.organisation import Organisation
from keyvault_kit.custody.schedule import Due, Task, days_left, due
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import KeyvaultError, MismatchError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.trust import Trust
from keyvault_kit.ledger.verify import Report, verify
from keyvault_kit.rehearsal.paper_alone import recover_from_paper
from keyvault_kit.rehearsal.plants import Plants
from keyvault_kit.secret import Secret


class Promise(msgspec.Struct, frozen=True):
    """Something that the rehearsal set out to show."""

    what: str
    kept: bool
    how: str


class Outcome(msgspec.Struct, frozen=True):
    """All promises, what is due by today, and what the custody of the organisation comes to.

    Attributes:
        custody: What is wrong with who could act and who always can (S34 to S39), as it stood when
            all was sealed and nothing opened yet. The organisation's file answers for that, not
            the rehearsal.
    """

    promises: tuple[Promise, ...]
    due: tuple[Due, ...]
    report: Report | None
    custody: tuple[RuleFinding, ...]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(promise.kept for promise in self.promises)


def judge(station: Station, organisation: Organisation, plants: Plants, sheets: Path) -> Outcome:
    """Judge from the ledger, and from the checkpoint as it is read back from its sheet.

    Args:
        sheets: The folder of the rehearsal's paper.
    """
    report, verified = verify_paper(station)
    promises = (
        _keys_promise(station, organisation),
        paper_promise(station),
        recovery_promise(station, organisation),
        station_dead_promise(station, organisation, sheets),
        _rotation_promise(station, organisation),
        _plants_promise(station, plants),
        verified,
    )
    return Outcome(promises, due_now(station), report, custody_before(station, organisation))


def custody_before(station: Station, organisation: Organisation) -> tuple[RuleFinding, ...]:
    """What is wrong with custody before the emergency, which takes envelopes apart."""
    book, account = station.book, organisation.accounts[0].id
    before = book.register_at(book.register.ceremonies[f"open-{account}-1"].started)
    return judge_holdings(holdings_of(before, on=station.clock().date()))


def due_now(station: Station) -> tuple[Due, ...]:
    """What is due today or overdue; all that comes in the year after it is nothing to show."""
    now = station.clock()
    return tuple(it for it in due(station.book.register, now) if days_left(it, now) <= 0)


def _keys_promise(station: Station, organisation: Organisation) -> Promise:
    keys = station.book.register.keys
    enrolled = [
        key for key in keys.values() if key.proven == "genuine" and key.pin_set and key.credential
    ]
    return Promise(
        what="Every key is proven genuine, has a PIN on paper and a passkey",
        kept=len(enrolled) == len(organisation.keys),
        how=f"{len(enrolled)} of {len(organisation.keys)} keys",
    )


def paper_promise(station: Station) -> Promise:
    """That every secret sheet was proven before it was sealed."""
    register = station.book.register
    live = [e for s in register.sets for e in register.live_envelopes(s)]
    proven = [e for e in live if e.state is not EnvelopeState.PRINTED]
    return Promise(
        what="Every secret sheet was read back from paper before it was sealed",
        kept=bool(live) and len(proven) == len(live),
        how=f"{len(proven)} of {len(live)} sheets agree with their proofs in the ledger",
    )


def recovery_promise(station: Station, organisation: Organisation) -> Promise:
    """That the tenant took the password that came back from paper."""
    account = organisation.accounts[0]
    accepted = station.book.register.accounts[account.id].recovered is True
    return Promise(
        what=f"The password of {account.id}, recovered from {account.threshold} envelopes,"
        " is the one that was set",
        kept=accepted,
        how="the tenant accepts it" if accepted else "the tenant refuses it",
    )


def station_dead_promise(station: Station, organisation: Organisation, sheets: Path) -> Promise:
    """That a typed program makes the same of the sheets on the cards as the kit makes of others.

    Args:
        sheets: The folder of the rehearsal's paper.
    """
    account = organisation.accounts[-1]
    envelopes = count_of(account.threshold, "envelope")
    what = f"With the station dead, site card, recovery sheet and {envelopes} lead to the password"
    register = station.book.register
    live = register.live_envelopes(register.accounts[account.id].password_set or "")
    try:
        by_hand = recover_from_paper(sheets, account.upn)
        by_kit = [_mnemonic(_code(station, sheet_name("share", it.id))) for it in live]
        with password_of(Form.SHARES, by_kit[-account.threshold :]) as password:
            kept = set(by_hand.values()) == {password.expose_text()}
    except KeyvaultError as error:
        return Promise(what, kept=False, how=str(error))
    how = f"that of {account.id}, from {count_of(len(by_hand), 'card')}, as they are read"
    return Promise(what, kept=kept, how=how if kept else f"{how}: it does not")


def _mnemonic(code: str) -> Secret:
    return Secret.from_text(code.lower())


def _rotation_promise(station: Station, organisation: Organisation) -> Promise:
    account = organisation.accounts[0].id
    rotations = [it for it in due_now(station) if (it.task, it.subject) == (Task.PASSWORD, account)]
    return Promise(
        what=f"After its use, {account} is due for rotation",
        kept=len(rotations) == 1,
        how=rotations[0].what if rotations else "nothing is due",
    )


def _plants_promise(station: Station, plants: Plants) -> Promise:
    found, expected = plants.found(station.book.register.findings), plants.expected()
    return Promise(
        what=f"The audit finds the stranger in the place of {plants.stranger} and the reset"
        f" {plants.reset}, and nothing else",
        kept=found == expected,
        how=", ".join(f"{rule}: {key}" for rule, key in sorted(found)) or "nothing was found",
    )


def verify_paper(station: Station) -> tuple[Report | None, Promise]:
    """That the ledger agrees with its founding sheet and a checkpoint, and the report of that."""
    what = "The ledger verifies against its founding sheet and a checkpoint, read back from paper"
    try:
        trust = Trust.parse(_code(station, founding_sheet_name(FOR_THE_AUDITOR)))
        paper = Checkpoint.parse(_code(station, checkpoint_sheet_name(1)).encode())
        report = verify(station.book.ledger, papers=(paper,), trust=trust)
    except KeyvaultError as error:
        return None, Promise(what, kept=False, how=str(error))
    how = f"{report.size} entries, {paper.size} of them covered by that checkpoint"
    return report, Promise(what, kept=True, how=how)


def _code(station: Station, name: str) -> str:
    """The one code of a sheet."""
    codes = station.paper.read(name)
    if len(codes) != 1:
        raise MismatchError(f"sheet {name} shows {len(codes)} different codes")
    return codes[0]
