"""A new password goes to the tenant: two people type a half each, and say what became of it."""

from collections.abc import Sequence

from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import GoBack, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import SecretSet
from keyvault_kit.custody.register import Register
from keyvault_kit.secret import Secret

SECRETS = ("password", "sheets")
"""What is in the hands of whoever seals a password, until the tenant took it."""


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
    text = work.hands.secret("password").expose_text()
    middle = (len(text) + 1) // 2
    for half, person, part in zip((1, 2), officers, (text[:middle], text[middle:]), strict=True):
        told = f"{person}: type half {half} of the new password of {account} at the tenant"
        topic = Topic.TENANT_PASSWORD
        prompt = Prompt(topic=topic, text=told, person=person, subject=account)
        with Secret.from_text(part) as secret:
            work.reveal(prompt, secret, set_id=its_set.id, half=half)
