"""A new password at the tenant: typed in two halves, asked about, and shown by evidence.

People say what became of it, and that puts the set in force. Only evidence ends the waiting: until
it is there, what the password before lies on is not destroyed (S29, S32).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from keyvault_kit.ceremonies import destroying, handling, media
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import GoBack, Step, Work, printable
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.model import Purpose, SecretSet, SetState
from keyvault_kit.custody.pending import has_evidence
from keyvault_kit.custody.register import Register
from keyvault_kit.entra.answers import Answers, Event, read_answers
from keyvault_kit.errors import RefusedError
from keyvault_kit.host.files import read_file
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.passwords import half_check

SECRETS = ("password", "sheets")
"""What is in the hands of whoever seals a password, until the tenant took it."""

REFUSED: Final = "refused"
"""Why sheets are destroyed whose password the tenant did not take."""

OFF_PAPER: Final = "password-off-paper"
"""The rule of the finding that the tenant has a password that lies nowhere."""


# --- Typed, half by half


def set_password(work: Work, its_set: SecretSet, officers: tuple[str, str]) -> Sequence[ev.Fact]:
    """Have the password typed, and ask what became of it.

    Where the run before stopped in this step, the tenant may have the password although it is in
    no hand any more: then only the question is asked, and nothing is destroyed before its answer.
    It cannot have one of which not both halves were ever shown.

    Args:
        its_set: The set of the account's new password, which is `password` in the hands.
        officers: Who types the first half, and the second.

    Raises:
        GoBack: The password was lost before it was typed, or the tenant did not take it.
        RefusedError: It was not said whether the tenant took it.
    """
    account = its_set.subject
    if "password" in work.hands:
        _reveal_halves(work, its_set, officers)
    elif _halves_shown(work.register, its_set.id) != {1, 2}:
        raise GoBack(f"the new password of {account} was lost before it was typed")
    taken = handling.ask_outcome(
        work, f"Did the tenant take the new password of {account}?", account
    )
    for secret in SECRETS:
        work.hands.drop(secret)
    if not taken:
        raise GoBack(f"the tenant did not take the new password of {account}")
    return [ev.PasswordSet(account=account, set=its_set.id)]


def _halves_shown(register: Register, set_id: str) -> set[int]:
    return {it.half for it in register.exposures if it.set == set_id and it.half}


def _reveal_halves(work: Work, its_set: SecretSet, officers: tuple[str, str]) -> None:
    account = its_set.subject
    told = (
        f"At the online machine: {_command(its_set)}. It asks each of you for a half, as a"
        " SecureString, and for its check: each types their own there, alone, and nothing of the"
        " half is shown. Where they do not agree, it asks again."
    )
    work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=account))
    text = work.hands.secret("password").expose_text()
    middle = (len(text) + 1) // 2
    for half, person, part in zip((1, 2), officers, (text[:middle], text[middle:]), strict=True):
        with Secret.from_text(part) as secret:
            told = (
                f"{person}: type half {half} of the new password of {account} at the tenant,"
                f" without the blanks; its check is {half_check(secret)}"
            )
            topic = Topic.TENANT_PASSWORD
            prompt = Prompt(topic=topic, text=told, person=person, subject=account)
            work.reveal(prompt, secret, set_id=its_set.id, half=half)


# --- Shown by evidence


def evidence_steps(account: str, officers: tuple[str, str]) -> tuple[Step, ...]:
    """The steps from the tenant's yes to the evidence of it; they wait as long as it takes."""
    return (
        Step(
            id="evidence",
            activity=f"Read the evidence that the tenant took the password of {account}",
            by=officers,
            act=partial(_read_evidence, account),
            signed=True,
        ),
        Step(
            id="discard",
            activity="If it was refused after all, destroy the new sheets; else nothing",
            by=officers,
            act=partial(_discard, account),
            signed=True,
        ),
    )


def made_here(work: Work, account: str) -> SecretSet:
    """The newest password of an account that this ceremony made."""
    sets = work.register.sets_of(account, Purpose.PASSWORD)
    return [it for it in sets if it.ceremony == work.ceremony][-1]


def _read_evidence(account: str, work: Work) -> Sequence[ev.Fact]:
    """What the evidence says of the password; nothing where it needs none any more.

    Raises:
        RefusedError: The file has no answer about this password; or by it the tenant took another
            one after it.
        InputError: There is no such file, or it is no evidence file.
    """
    its_set = made_here(work, account)
    if its_set.state is not SetState.IN_FORCE or has_evidence(its_set):
        _tell(work, account, f"Of set {its_set.id} no evidence is wanted any more.")
        return []
    answers = _carried_in(work, account)
    event = _answer(work.register, its_set, answers)
    when = min(answers.taken.replace(microsecond=0), work.station.book.now())
    taken = ev.EvidenceTaken(evidence=answers.sha256)
    work.station.book.record([taken], work.step.by, occurred=when)
    at = event.time.strftime("%Y-%m-%d %H:%M")
    answered = ev.PasswordAnswered(
        account=account, set=its_set.id, taken=event.ok, evidence=answers.sha256
    )
    if event.ok:
        _tell(work, account, f"The tenant took the password of {account} at {at}.")
        return [answered]
    _demand_agreed(work, account, f"at {at}: {printable(event.error or 'no reason given')}")
    return [answered, *_off_paper(work.register, account, answers)]


def _demand_agreed(work: Work, account: str, why: str) -> None:
    """Have people look at the tenant before what they said it took is void.

    Where the answer of the tenant was lost on its way, the script could not know better.

    Raises:
        RefusedError: They say that it was taken, or nothing; the set stays as it is.
    """
    _tell(work, account, f"By the evidence the tenant did NOT take the password of {account} {why}")
    question = f"Look there, with another administrator. Does the new password of {account} count?"
    if handling.ask_outcome(work, question, account):
        raise RefusedError(
            f"the evidence says that the tenant did not take the password of {account}, and you say"
            " that it did",
            mend="Bring newer evidence, or sign in with it ('open'), which shows it as well. The"
            " ceremony stays open: the same command goes on with it.",
        )


def _carried_in(work: Work, account: str) -> Answers:
    """The evidence file from the transfer medium, which is out again when it was read."""
    _observe(work, media.log_in(work))
    text = f"Name the file with the evidence about {account} on the transfer medium"
    prompt = Prompt(topic=Topic.EVIDENCE, text=text, person=work.step.by[0], subject=account)
    name = Path(work.interaction.ask(prompt).strip()).name
    answers = read_answers(read_file(work.station.transfer / name, "file of evidence"))
    _observe(work, media.log_out(work))
    for member, count in answers.ignored.items():
        _tell(work, account, f"Not understood, and ignored: {printable(member)} ({count} times).")
    return answers


def _observe(work: Work, facts: Sequence[ev.Fact]) -> None:
    if facts:
        work.observe(*facts)


def _answer(register: Register, its_set: SecretSet, answers: Answers) -> Event:
    """What became of the password at the tenant: an attempt is known by the set that it names.

    Raises:
        RefusedError: Nothing is said of it; or the tenant took another password after it.
    """
    account = register.accounts[its_set.subject]
    answer = answers.password(account, its_set.id)
    if answer is None:
        raise RefusedError(
            f"the evidence up to {answers.taken.strftime(TIME_FORMAT)} says nothing of a password"
            f" of set {its_set.id} for {account.upn}",
            mend=f"Bring the file that '{_command(its_set)}' wrote; a script of before names no"
            " set: write it anew ('enroll script'), or sign in with the password, two of you"
            " ('open'). The ceremony stays open: the same command goes on with it.",
        )
    last = answers.last_taken(account)
    if answer.ok and last and last.set != its_set.id:
        raise RefusedError(
            f"by the evidence the tenant took the password of {_named(last)} for {account.upn}"
            f" after that of set {its_set.id}",
            mend="Find out who set it, and change it: 'rotate'. Until then no sheet is destroyed.",
        )
    return answer


def _off_paper(register: Register, account: str, answers: Answers) -> list[ev.Fact]:
    """The finding that the tenant has a password whose sheets are gone, or never were here."""
    last = answers.last_taken(register.accounts[account])
    its = register.sets.get(last.set or "") if last else None
    if last is None or (its and its.since):
        return []
    found = ev.FindingMade(
        rule=OFF_PAPER,
        subject=account,
        what=f"by the evidence {account} has the password of {_named(last)}, which was never in"
        " force here: it is on no paper",
        mend="Set another one at once: 'rotate', or 'seal' where none is in force.",
    )
    return [found]


def _named(event: Event) -> str:
    return f"set {printable(event.set)}" if event.set else "a set that is not named"


def _command(its_set: SecretSet) -> str:
    """What is typed at the online machine."""
    return f"./Enroll.ps1 -SetPassword {its_set.subject} -Set {its_set.id}"


def _discard(account: str, work: Work) -> Sequence[ev.Fact]:
    """Destroy the sheets of a password that the tenant never had; what was before it holds."""
    refused = made_here(work, account)
    if refused.state is not SetState.VOID:
        return []
    before = work.register.accounts[account].password_set
    holds = f"that of set {before} is in force as before" if before else "it has none on paper now"
    told = (
        f"The tenant did not take the new password of {account}: set {refused.id} is void, and"
        f" {holds}. Its sheets are destroyed now."
    )
    _tell(work, account, told)
    live = work.register.live_envelopes(refused.id)
    return [fact for it in live for fact in destroying.destroy(work, it.id, REFUSED)]


def _tell(work: Work, account: str, text: str) -> None:
    work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=account))
