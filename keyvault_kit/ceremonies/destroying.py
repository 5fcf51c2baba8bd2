"""Sheets that open nothing any more: fetched, compared, destroyed before two, certified (S32).

A sheet that is not found is a finding, and stands in nobody's way: it stays on the list.
"""

import functools
from collections.abc import Sequence
from typing import Final

from keyvault_kit.ceremonies import certificates, handling, secret_sheets
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Step, Work
from keyvault_kit.ceremonies.walking import BAG_ANOTHER
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope, EnvelopeState, SecretSet, SetState
from keyvault_kit.custody.pending import waiting_for
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError

DEAD: Final = (SetState.DEAD, SetState.VOID)
"""Sets whose sheets open nothing any more, or never did."""

MISSING: Final = "sheet-missing"
"""The rule of the finding that a sheet to be destroyed is not there."""

_DESTROYABLE: Final = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED, EnvelopeState.OPENED)


def doomed(register: Register) -> tuple[Envelope, ...]:
    """The envelopes whose sheets can be destroyed now, in the order in which they were made."""
    return tuple(
        it
        for it in register.envelopes.values()
        if it.state in _DESTROYABLE and it.set and _is_over(register, it.set)
    )


def _is_over(register: Register, set_id: str) -> bool:
    its = register.sets[set_id]
    return its.state in DEAD and waiting_for(register, its) is None


def check(register: Register, envelope: str) -> None:
    """Check that the sheet of an envelope can be destroyed.

    Raises:
        RefusedError: There is no such envelope, it holds no sheet of a secret, it is gone already,
            or its secret opens something still or may.
    """
    its = known(register.envelopes, envelope, "envelope")
    if its.set is None:
        raise RefusedError(f"envelope {its.id} holds {its.holds}, and no sheet of a secret")
    of = register.sets[its.set]
    if of.state not in DEAD:
        raise RefusedError(
            f"set {of.id} of envelope {its.id} is {of.state}: its sheets are still wanted",
            mend=_how_to_end(register, of),
        )
    if its.state not in _DESTROYABLE:
        raise RefusedError(f"envelope {its.id} is {its.state}: nothing is to destroy")
    successor = waiting_for(register, of)
    if successor:
        raise RefusedError(
            f"nothing shows yet that the tenant took the password of set {successor.id}, which is"
            f" to replace that of envelope {its.id}",
            mend="Bring the evidence first: were it refused, the old password would be the only"
            " one.",
        )


def _how_to_end(register: Register, its: SecretSet) -> str:
    """What makes a set in force open nothing any more."""
    key = register.keys.get(its.subject)
    if key and key.retired:
        return (
            f"Key {key.id} is retired ({key.retired}), and its passkey still good: remove it at the"
            " tenant, and settle the finding that says so ('decide settle'). Its PIN opens nothing"
            " then."
        )
    return "Change its secret first: 'rotate'."


def steps_for(envelopes: Sequence[Envelope], by: tuple[str, ...]) -> tuple[Step, ...]:
    """A step for each sheet, and the certificate; none where there is nothing to destroy.

    What became of its set is looked at when it is done: a sheet in force is left alone.

    Args:
        by: Two who do it, and sign.
    """
    if not envelopes:
        return ()
    return (
        *(
            Step(
                id=f"destroy-{it.id}",
                activity=f"Fetch envelope {it.id} {_from(it)}, compare it, and destroy its sheet",
                by=by,
                act=functools.partial(_destroy, it.id),
                signed=True,
            )
            for it in envelopes
        ),
        Step(
            id="certificate",
            activity="Print the certificate of destruction, tick it and sign it in ink",
            by=by,
            act=functools.partial(_certify, tuple(it.id for it in envelopes)),
        ),
    )


def _from(it: Envelope) -> str:
    in_safe = it.safe and it.state is not EnvelopeState.OPENED
    return f"from safe {it.safe}" if in_safe else "from whoever has it"


def _certify(envelopes: tuple[str, ...], work: Work) -> Sequence[ev.Fact]:
    sets = {work.register.envelopes[it].set or "" for it in envelopes}
    if all(work.register.sets[it].state in DEAD for it in sets):
        certificates.print_certificate(work, envelopes)
    return []


def _destroy(envelope: str, work: Work) -> Sequence[ev.Fact]:
    its = work.register.envelopes[envelope]
    if work.register.sets[its.set or ""].state not in DEAD:
        told = f"Envelope {envelope} is in force again, and stays where it is."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=envelope))
        return []
    return destroy(work, envelope) if its.state in _DESTROYABLE else []


def destroy(work: Work, envelope: str, why: str = "dead") -> list[ev.Fact]:
    """Compare a bag, and have its sheet destroyed; or the finding that it is not there.

    A bag with another number is left alone: what is in it may be something in force.

    Args:
        why: In a word.

    Raises:
        RefusedError: They do not say that it is destroyed.
    """
    its = work.register.envelopes[envelope]
    number = shown(work, its)
    if not number and not _gone_already(work, its):
        return [missing(its)]
    if number and number not in _numbers(its):
        return [_another(work.register, its, number)]
    secret_sheets.shred(work, its.holds.partition(":")[0], envelope, its.bag)
    return [ev.EnvelopeDestroyed(envelope=envelope, why=why)]


def _numbers(its: Envelope) -> tuple[str, ...]:
    """What may be typed of it: its bag's number or, once it was opened, what its sheet says."""
    opened = (its.id,) if its.state is EnvelopeState.OPENED else ()
    return (its.bag or its.id, *opened)


def shown(work: Work, its: Envelope) -> str:
    """The number on the bag that was fetched, or that of the opened sheet; empty for none.

    A slip of whoever types it is no finding: it is read again.
    """
    on = "its sheet or its bag" if its.state is EnvelopeState.OPENED else "its bag"
    text = f"Fetch envelope {its.id} and type the number on {on}; nothing if it is not there"
    prompt = Prompt(topic=Topic.BAG_SHOWN, text=text, subject=its.id)
    number = ""
    for _ in range(handling.BAG_TRIES):
        number = work.interaction.ask(prompt).strip()
        if not number or number in _numbers(its):
            break
        # Never repeated: it may be a share that was scanned into the wrong question.
        told = f"That is not the number of envelope {its.id}: read it again."
        work.interaction.show(Prompt(topic=Topic.NOTE, text=told, subject=its.id))
    return number


def _gone_already(work: Work, its: Envelope) -> bool:
    """Whether they destroyed it before the run was cut short."""
    text = f"Did the two of you destroy the sheet of envelope {its.id} already, and is it gone?"
    return work.interaction.confirm(Prompt(topic=Topic.SHRED, text=text, subject=its.id))


def missing(its: Envelope) -> ev.FindingMade:
    """The finding that a sheet is not where the register has it."""
    lies = its.state is EnvelopeState.DEPOSITED
    where = f"in safe {its.safe}" if lies else "with those who had it last"
    return ev.FindingMade(
        rule=MISSING,
        subject=its.id,
        what=f"the sheet of envelope {its.id} was looked for, and is not {where}",
        mend="Look on. Once its secret is changed it opens nothing, and is destroyed: 'destroy'.",
    )


def _another(register: Register, its: Envelope, number: str) -> ev.FindingMade:
    # A number that is not known is never repeated: it may be what stands on a sheet.
    owner = register.bags.get(number)
    seen = f"bag {number}, that of envelope {owner}," if owner else "a bag of an unknown number"
    return ev.FindingMade(
        rule=BAG_ANOTHER,
        subject=its.id,
        what=f"{seen} lay in the place of envelope {its.id}, which was sealed in bag {its.bag}",
        mend="Find out what is in it, before anything is destroyed; correct the register"
        f" ('envelopes correct'), and look for envelope {its.id}: 'destroy'.",
    )
