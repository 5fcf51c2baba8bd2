"""`keyvault open`: bags of an account and the sign-in; nothing stands before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
import msgspec

from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies import handling, recovering
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.ceremonies.plans import opening, recovery
from keyvault_kit.cli.at_work import AtWork, at_work
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import ID, ledger_option, occurred_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.history import Why
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import EXIT_FINDINGS, InputError, KeyvaultError, RefusedError


@click.command("open")
@click.argument("account", type=ID)
@click.argument("what", type=ID, nargs=-1, metavar="[ENVELOPE|KEY]...")
@click.option(
    "--why",
    type=click.Choice([str(it) for it in Why]),
    default=Why.EMERGENCY.value,
    show_default=True,
    help="To practise with one envelope or key there is 'drill'.",
)
@click.option("--recover", is_flag=True, help="Open nothing more: read what is open already.")
@click.option(
    "--by", "by", type=ID, multiple=True, help="Who opens; the first signs in. One is enough."
)
@occurred_option
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    account: str,
    what: tuple[str, ...],
    why: str,
    recover: bool,
    by: tuple[str, ...],
    occurred: datetime | None,
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Open what gives access to ACCOUNT, and sign in; each bag is compared before it is opened.

    Envelopes with sheets of its password may be named, or keys, which are taken out with their
    PINs. Where nothing is named it is as many envelopes of the password as it takes.

    Nothing stands before it: no signature, no clock, no second person. A damaged bag and a sheet
    that cannot be used are recorded, and it goes on. Without the ledger take the envelopes by the
    site card, and read them with 'keyvault recover'; what was done is entered later with
    --occurred-at, and is asked for as what had been done. With --recover the sheets that are open
    by the ledger give the password; 'keyvault recover' alone asks for no ledger.

    Exit status 1: something is not as it should be, and was recorded.
    """
    with _entered_later(account), at_work(ledger, onto=onto) as it:
        _demand_past(it, occurred)
        officers = _able(it, by, occurred)
        if not occurred:
            recovering.check_hands(it.register, account, why, officers)
        reading = _recovery if recover else _opening
        ceremony = reading(it.register, account, what, officers, why)
        ceremony = msgspec.structs.replace(ceremony, occurred=occurred)
        found = len(it.register.findings)
        status = conduct(it, ceremony, how)
        if how.only_looks:
            return status
        for finding in it.register.findings[found:]:
            say(f"Found: {finding.what}. {finding.mend}")
        say("It is entered. 'keyvault due' says what is to be done now.")
        return EXIT_FINDINGS if len(it.register.findings) > found else status


@contextmanager
def _entered_later(account: str) -> Iterator[None]:
    """Whatever fails here stops nobody: say how it goes on without."""
    try:
        yield
    except KeyvaultError:
        say(
            "An opening does not wait for this: take the bags by the site card, read shares with"
            " 'keyvault recover', and enter it later:"
            f" 'keyvault open {account} --occurred-at TIME'.",
            as_json=True,
        )
        raise


def _demand_past(it: AtWork, occurred: datetime | None) -> None:
    if occurred and occurred > it.station.clock():
        raise InputError(
            f"{occurred:%Y-%m-%d %H:%M} UTC is yet to come", mend="Type the time in UTC, with a Z."
        )


def _able(it: AtWork, by: tuple[str, ...], occurred: datetime | None) -> tuple[str, ...]:
    """Those of them whom the ledger can name; of the others it is told.

    Raises:
        UsageError: Nobody was named.
        RefusedError: The ledger can name none of them.
    """
    signers = tuple(it.register.signers)
    named = tuple(dict.fromkeys(by)) or (signers if len(signers) == TWO else ())
    if not named:
        raise click.UsageError("name who opens with --by PERSON")
    now = it.station.clock()
    days = {now.date(), (occurred or now).date()}
    able = tuple(person for person in named if _has_authority(it.register, person, days))
    if missing := [person for person in named if person not in able]:
        say(
            f"Note: {listed(missing)} cannot be named in this ceremony, without authority on"
            " record. What they see is entered later: 'envelopes seen'.",
            as_json=True,
        )
    if not able:
        raise RefusedError(
            "of those who open the ledger can name nobody",
            mend="Open all the same; somebody of the register enters it: 'envelopes opened'.",
        )
    if len(able) == 1:
        say(f"Note: {able[0]} opens alone. Two are better; it does not wait.", as_json=True)
    return able


def _has_authority(register: Register, person: str, days: set[date]) -> bool:
    its = register.people.get(person)
    return its is not None and all(has_authority(its, day) for day in days)


def _opening(
    register: Register, account: str, what: tuple[str, ...], officers: tuple[str, ...], why: str
) -> Ceremony:
    its = known(register.accounts, account, "account")
    keys, envelopes = _sorted_out(register, what)
    if not what:
        envelopes = recovering.enough_of(register, its.password_set or "")
    request = opening.Request(
        account=account,
        set=_set_of(register, envelopes),
        envelopes=envelopes,
        officers=officers,
        why=why,
        keys=keys,
    )
    opening.check(register, request)
    return opening.next_ceremony(register, request)


def _recovery(
    register: Register, account: str, what: tuple[str, ...], officers: tuple[str, ...], why: str
) -> Ceremony:
    its = known(register.accounts, account, "account")
    keys, envelopes = _sorted_out(register, what)
    if keys:
        raise InputError(f"of {listed(keys)} there is nothing to recover", mend="Leave it out.")
    set_id = _set_of(register, envelopes) or its.password_set or ""
    request = recovery.Request(
        account=account,
        set=set_id,
        envelopes=envelopes or recovery.open_of(register, set_id),
        officers=officers,
        why=why,
        number=0,
    )
    recovery.check(register, request)
    number = handling.number_for(register, recovery.PLAN.name, msgspec.to_builtins(request))
    return recovery.ceremony(msgspec.structs.replace(request, number=number))


def _sorted_out(
    register: Register, what: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys and the envelopes that were named; the bag of a key, or of its PIN, means the key.

    Raises:
        RefusedError: Something is neither in the register.
    """
    keys: dict[str, None] = {}
    envelopes: dict[str, None] = {}
    for name in what:
        if name in register.keys:
            keys[name] = None
            continue
        kind, _, tag = known(register.envelopes, name, "key or envelope").holds.partition(":")
        if kind in ("key", "pin"):
            keys[tag] = None
        else:
            envelopes[name] = None
    return tuple(keys), tuple(envelopes)


def _set_of(register: Register, envelopes: tuple[str, ...]) -> str:
    return (register.envelopes[envelopes[0]].set or "") if envelopes else ""
