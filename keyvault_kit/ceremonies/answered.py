"""What the kit's own script did at the tenant, entered: which passkeys it took (S17, S20)."""

from collections.abc import Iterator

import msgspec

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.plan import printable
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.entra.answers import Action, Answers, Event


class Verdict(msgspec.Struct, frozen=True):
    """What became of the passkey of a key.

    Attributes:
        key: Asset tag.
        taken: Whether the tenant took it; None where the file does not say.
        words: The same for people.
        new: Whether the ledger does not say so yet.
    """

    key: str
    taken: bool | None
    words: str
    new: bool = False


class Answered(msgspec.Struct, frozen=True):
    """What an evidence file says, compared with the ledger.

    Attributes:
        verdicts: Of each key in service with a passkey, by tag.
        strangers: In words, each registration in the file of which no answer was made here.
        facts: What is to be entered, as observations; nothing where the ledger has it all.
    """

    verdicts: tuple[Verdict, ...]
    strangers: tuple[str, ...]
    facts: tuple[ev.Fact, ...]

    @property
    def all_taken(self) -> bool:
        """Whether nothing in the file is other than it should be."""
        return not self.strangers and all(it.taken is not False for it in self.verdicts)


def compare(book: Book, answers: Answers) -> Answered:
    """Compare an evidence file with the answers that were made here.

    A file that the script went on writing says again what is entered already: that is not entered
    twice.
    """
    register = book.register
    made, said = _entered(book)
    ours = {it.id for it in register.keys.values() if it.credential and not it.retired} & set(made)
    verdicts = tuple(
        _verdict(key, made[key], answers, before=said.get(key)) for key in sorted(ours)
    )
    facts: list[ev.Fact] = []
    if all(it.sha256 != answers.sha256 for it in register.evidence):
        facts.append(ev.EvidenceTaken(evidence=answers.sha256))
    facts += [_fact(it, made[it.key], answers) for it in verdicts if it.new]
    return Answered(verdicts, tuple(_strangers(made, answers)), tuple(facts))


def _entered(book: Book) -> tuple[dict[str, str], dict[str, bool]]:
    """Key -> SHA-256 of the answer of its last passkey, and what the tenant said of that one."""
    made: dict[str, str] = {}
    said: dict[str, bool] = {}
    for fact in (decode(body).fact for body in book.ledger.bodies()):
        if isinstance(fact, ev.PasskeyEnrolled):
            made[fact.key] = fact.answer
            said.pop(fact.key, None)
        elif isinstance(fact, ev.PasskeyAnswered):
            said[fact.key] = fact.taken
    return made, said


def _verdict(key: str, answer: str, answers: Answers, *, before: bool | None) -> Verdict:
    event = answers.passkey(key, answer)
    if event is None:
        known = {None: "the file says nothing of it", True: "taken, as was entered before"}
        return Verdict(key, None, known.get(before, "refused, as was entered before"))
    why = "" if event.ok else f": {printable(event.error or 'the script noted no reason')}"
    words = f"{'taken by the tenant' if event.ok else 'REFUSED'}{why}"
    return Verdict(key, event.ok, words, new=before is not event.ok)


def _fact(it: Verdict, answer: str, answers: Answers) -> ev.PasskeyAnswered:
    event = answers.passkey(it.key, answer)
    method = event.method_id if event and event.ok else None
    taken = bool(it.taken)
    return ev.PasskeyAnswered(key=it.key, taken=taken, evidence=answers.sha256, method=method)


def _strangers(made: dict[str, str], answers: Answers) -> Iterator[str]:
    for event in answers.events:
        if event.action == Action.REGISTER and event.ok and not _is_ours(made, event):
            key = printable(event.key or "a key without a tag")
            yield (
                f"{key}: the tenant took a passkey for {printable(event.account)} of which no"
                " answer was made here"
            )


def _is_ours(made: dict[str, str], event: Event) -> bool:
    return made.get(event.key or "") == (event.answer_sha256 or "").lower()
