"""From bags to a sign-in: what openings, recoveries and drills share (S32, S57, S62, S65).

Nothing here waits. A bag that is damaged or has another number, a sheet that cannot be used, a
sign-in that the tenant refuses: each is recorded, and the work goes on. Where it is entered after
it happened, people are asked what had been done, and nothing is read or shown again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import reading_back, splitting
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.walking import BAG_ANOTHER
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TABLE, TWO
from keyvault_kit.custody.history import PRACTICE
from keyvault_kit.custody.model import Envelope, EnvelopeState, Form, Purpose
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, KeyvaultError, MismatchError, RefusedError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.recovery import RecoveryState

CONTENT_GONE: Final = "bag-content"
SHEET_UNUSABLE: Final = "sheet-unusable"
SIGN_IN_REFUSED: Final = "sign-in-refused"
OPENED_BY: Final = "opened-by"
"""Rules of the findings that are made here."""

Act = Callable[[Work], Sequence[ev.Fact]]

_SEALED: Final = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
_ANOTHER: Final = "Use another envelope of the set."
_ANOTHER_WAY: Final = "No other sheet stands in for it: use the account's keys."


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A password that is to be had from its sheets.

    Attributes:
        set: The secret set that they are of.
        envelopes: Those that are open.
        why: Why the account is used.
    """

    account: str
    set: str
    envelopes: tuple[str, ...]
    why: str


# --- Who opens


def check_hands(register: Register, account: str, why: str, people: Sequence[str]) -> None:
    """Check that an account is practised with by two who handle envelopes; emergencies never wait.

    Raises:
        RefusedError: It is to be practised by somebody alone, or by an auditor.
    """
    doubts = tuple(_doubts(register, why, people))
    if doubts and why in PRACTICE:
        raise RefusedError(
            f"{account} is not opened to practise: {' and '.join(doubts)}",
            mend="Name two who handle envelopes; in an emergency nobody waits: --why emergency.",
        )


def by_hands(act: Act, account: str, why: str, work: Work) -> Sequence[ev.Fact]:
    """Do something of an opening; what was done by others than it should be is a finding.

    Raises:
        RefusedError: As `check_hands`, unless it is entered late: then it was done.
    """
    if not work.occurred:
        check_hands(work.register, account, why, work.step.by)
    _note_hands(work, account, why)
    return act(work)


def _note_hands(work: Work, account: str, why: str) -> None:
    noted = {(it.rule, it.what) for it in work.register.findings}
    for doubt in _doubts(work.register, why, work.step.by):
        found = _doubtful(account, why, doubt, work.ceremony)
        if (found.rule, found.what) not in noted:
            work.observe(found)


def _doubts(register: Register, why: str, people: Sequence[str]) -> Iterator[str]:
    """Why these people should not do it."""
    if why in PRACTICE and len(set(people)) < TWO:
        yield f"{people[0]} is alone with it"
    for person in people:
        its = register.people.get(person)
        if its is None or not set(its.roles) & set(TABLE[ev.EnvelopeDeposited].roles):
            yield f"{person} is none of those who handle envelopes"


def _doubtful(account: str, why: str, doubt: str, ceremony: str) -> ev.FindingMade:
    return ev.FindingMade(
        rule=OPENED_BY,
        subject=account,
        what=f"{account} was opened in {ceremony} ({why}) although {doubt}",
        mend="Look into it in a post-mortem: 'post-mortem'.",
    )


# --- What is opened


def enough_of(register: Register, set_id: str) -> tuple[str, ...]:
    """As many envelopes of a set as give its secret, by sheet number, wherever they are."""
    its = register.sets.get(set_id)
    return tuple(it.id for it in register.live_envelopes(set_id))[: its.threshold if its else 0]


def sealed_in(register: Register, envelopes: Sequence[str]) -> tuple[str, ...]:
    """Those of the envelopes that are sealed still."""
    return tuple(it for it in envelopes if register.envelopes[it].state in _SEALED)


def bags_of_key(register: Register, tag: str) -> tuple[str, ...]:
    """The sealed bags that it takes to sign in with a key: its own, and those of its PIN."""
    key = register.bag_of(tag)
    pin = enough_of(register, register.in_force.get(f"{Purpose.PIN}:{tag}", ""))
    return sealed_in(register, (*((key.id,) if key else ()), *pin))


# --- Bags


def take_out(work: Work, envelope: str, why: str, remark: str = "") -> list[ev.Fact]:
    """Inspect a bag and open it; whoever does that could read the sheet in it.

    To practise, its number is typed; in an emergency one question must do.

    Args:
        why: Why the account is used, or looked at.
        remark: What else is to be said of why it was opened.
    """
    its = known(work.register.envelopes, envelope, "envelope")
    typed = why in PRACTICE and not work.occurred
    other = _number_typed(work, its) if typed else None
    intact = _is_intact(work, its, and_number=not typed) and not other
    if not intact and not typed:
        other = _compared(work, its, _number_on(work, its))
    opened: list[ev.Fact] = [ev.EnvelopeOpened(envelope=its.id, why=why + remark, intact=intact)]
    opened += [other] if other else []
    if not intact and not _is_inside(work, its):
        return [*opened, _gone(work, its)]
    return [*opened, *look_at(work, envelope)]


def look_at(work: Work, envelope: str) -> list[ev.Fact]:
    """Who looks at the sheet of an open envelope; of a key there is nothing to see."""
    its = work.register.envelopes[envelope]
    if its.set is None:
        return []
    return [
        ev.SecretExposed(person=person, set=its.set, number=its.number) for person in work.step.by
    ]


def _number_typed(work: Work, its: Envelope) -> ev.FindingMade | None:
    """The finding about a bag that has another number than the register has, read twice."""
    number = _number_on(work, its)
    if number != its.bag:
        told = f"Envelope {its.id} was not sealed in a bag of that number: read it again."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=its.id))
        number = _number_on(work, its)
    return _compared(work, its, number)


def _number_on(work: Work, its: Envelope) -> str:
    text = f"Type the number on the bag of envelope {its.id}; nothing where there is none"
    return work.interaction.ask(Prompt(topic=Topic.BAG_SHOWN, text=text, subject=its.id)).strip()


def _compared(work: Work, its: Envelope, number: str) -> ev.FindingMade | None:
    if number == its.bag:
        return None
    # What is not on record is never repeated: it may be a share or a PIN, typed in the wrong place.
    owner = work.register.bags.get(number)
    found = f"bag {number}" if owner else "a bag with another number, or none,"
    of = f", which is that of envelope {owner}," if owner else ""
    return ev.FindingMade(
        rule=BAG_ANOTHER,
        subject=its.id,
        what=f"{found}{of} was found in the place of bag {its.bag} of envelope {its.id}",
        mend="Keep the bag as evidence, and find out who could come to it.",
    )


def _is_intact(work: Work, its: Envelope, *, and_number: bool) -> bool:
    is_ = "was" if work.occurred else "is"
    text = f"{is_.capitalize()} bag {its.bag} of envelope {its.id} intact"
    text += f", and {is_} that its number?" if and_number else "?"
    return work.interaction.confirm(Prompt(topic=Topic.BAG_INTACT, text=text, subject=its.id))


def _is_inside(work: Work, its: Envelope) -> bool:
    is_ = "Was" if work.occurred else "Is"
    text = f"{is_} it all the same what should be inside: {contents_in(work.register, its)}?"
    return work.interaction.confirm(Prompt(topic=Topic.CHECK, text=text, subject=its.id))


def _gone(work: Work, its: Envelope) -> ev.FindingMade:
    return ev.FindingMade(
        rule=CONTENT_GONE,
        subject=its.id,
        what=f"{contents_in(work.register, its)} was not in the bag of envelope {its.id}",
        mend="Treat it as stolen: change what it opens, and find out who could come to it.",
    )


# --- Sheets


def verify(work: Work, envelope: str, mend: str = _ANOTHER) -> ev.Fact:
    """Read the sheet of an open envelope and compare it with its proof; or say that it is wrong."""
    its = work.register.envelopes[envelope]
    form = work.register.sets[its.set or ""].form
    try:
        with reading_back.content(work, form, its, mend):
            return ev.ShareVerified(envelope=envelope)
    except (InputError, MismatchError) as error:
        return unusable(envelope, error)


def unusable(envelope: str, error: KeyvaultError) -> ev.FindingMade:
    """The finding about a sheet that is wrong, or cannot be read."""
    return ev.FindingMade(
        rule=SHEET_UNUSABLE,
        subject=envelope,
        what=error.what,
        mend="Keep it as evidence, find out who had access, and make a new password.",
    )


# --- The password


def use_password(work: Work, it: Use) -> Sequence[ev.Fact]:
    """Have the password back from its sheets, show it to whoever signs in, ask what came of it.

    Raises:
        InputError, MismatchError: The sheets do not give it.
    """
    person = work.step.by[0]
    _note_hands(work, it.account, it.why)
    if work.occurred:
        return _told_of_password(work, it)
    form = work.register.sets[it.set].form
    with _from_shares(work, it) if form is Form.SHARES else _from_all(work, it, form) as password:
        work.observe(ev.AccountUsed(account=it.account, why=it.why))
        told = f"{person}: sign in to {it.account} with this password"
        prompt = Prompt(topic=Topic.SIGN_IN, text=told, person=person, subject=it.account)
        work.reveal(prompt, password, set_id=it.set)
    return [_answer_to_password(work, it)]


def _told_of_password(work: Work, it: Use) -> Sequence[ev.Fact]:
    """What had been done with the sheets, as people say."""
    question = f"Was the password of {it.account} put together from its sheets, and used?"
    prompt = Prompt(topic=Topic.CHECK, text=question, subject=it.account)
    if not work.interaction.confirm(prompt):
        return []
    seen = [ev.SecretExposed(person=person, set=it.set) for person in work.step.by]
    answer = _answer_to_password(work, it)
    return [ev.AccountUsed(account=it.account, why=it.why), *seen, answer]


def _answer_to_password(work: Work, it: Use) -> ev.PasswordRecovered:
    question = f"Did the sign-in to {it.account} succeed?"
    person = work.step.by[0]
    prompt = Prompt(topic=Topic.SIGN_IN, text=question, person=person, subject=it.account)
    accepted = work.interaction.confirm(prompt)
    return ev.PasswordRecovered(account=it.account, set=it.set, accepted=accepted)


def _from_shares(work: Work, it: Use) -> Secret:
    """The password from enough shares; in the place of a useless sheet another is taken."""
    state = RecoveryState()
    for envelope in it.envelopes:
        _add_share(state, envelope, work)
    for other in _others(work.register, it):
        if not state.complete:
            if other.state in _SEALED:
                remark = ": another sheet could not be used"
                work.observe(*take_out(work, other.id, it.why, remark))
            _add_share(state, other.id, work)
    with state.recover() as secret:
        return splitting.password_behind(secret)


def _others(register: Register, it: Use) -> list[Envelope]:
    """The other envelopes of the set that there are, those first that are open already."""
    usable = (EnvelopeState.OPENED, *_SEALED)
    live = (e for e in register.live_envelopes(it.set) if e.id not in it.envelopes)
    return sorted((e for e in live if e.state in usable), key=lambda e: e.state in _SEALED)


def _add_share(state: RecoveryState, envelope: str, work: Work) -> None:
    """Add the share of an envelope; one that is wrong or cannot be read is a finding."""
    try:
        with reading_back.share(work, work.register.envelopes[envelope], _ANOTHER) as share:
            state.add(share.expose_text())
    except (InputError, MismatchError) as error:
        work.observe(unusable(envelope, error))


def _from_all(work: Work, it: Use, form: Form) -> Secret:
    """The password from its one sheet, or from all of its parts: no other stands in for one."""
    sheets = [work.register.envelopes[envelope] for envelope in it.envelopes]
    read: list[Secret] = []
    try:
        for envelope in sorted(sheets, key=lambda sheet: sheet.number or 0):
            with reading_back.content(work, form, envelope, _ANOTHER_WAY) as content:
                read.append(Secret(content.expose()))
        return splitting.password_of(form, read)
    finally:
        for content in read:
            content.wipe()


# --- The key


def use_key(work: Work, account: str, tag: str, why: str) -> Sequence[ev.Fact]:
    """Have somebody sign in with a key and its PIN, elsewhere, and ask what came of it.

    The key is not asked for here: it is at the computer where people sign in (S15).
    """
    if work.occurred:
        question = f"Was {account} signed in to with key {tag}?"
        if not work.interaction.confirm(Prompt(topic=Topic.CHECK, text=question, subject=tag)):
            return []
    work.observe(ev.AccountUsed(account=account, why=why, key=tag))
    person = work.step.by[0]
    if not work.occurred:
        told = f"{person}: sign in to {account} with key {tag} and the PIN from its sheet"
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, person=person, subject=tag))
    question = f"Did the sign-in to {account} with key {tag} succeed?"
    prompt = Prompt(topic=Topic.SIGN_IN, text=question, person=person, subject=tag)
    if work.interaction.confirm(prompt):
        return []
    refused = ev.FindingMade(
        rule=SIGN_IN_REFUSED,
        subject=tag,
        what=f"the sign-in to {account} with key {tag} failed",
        mend="Use another key, or the password; then find out whether the tenant has its passkey.",
    )
    return [refused]
