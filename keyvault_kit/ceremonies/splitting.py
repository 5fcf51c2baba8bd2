"""A password and its sheets: made by a policy, put on sheets in a form, and had back from them."""

from collections.abc import Callable, Sequence

import msgspec

from keyvault_kit.custody.model import Form
from keyvault_kit.errors import InternalError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import container, parts, passwords, slip39
from keyvault_kit.sharing.policy import Policy

Random = Callable[[int], bytes]


class Made(msgspec.Struct, frozen=True):
    """A password, and what stands on its sheets: words, parts, or itself. All of it is secret."""

    password: Secret
    sheets: tuple[Secret, ...]

    def __repr__(self) -> str:
        return f"Made({len(self.sheets)} sheets)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("sheets", len(self.sheets))]


def make(policy: Policy, form: Form, threshold: int, count: int, random: Random) -> Made:
    """Draw a password and put it on `count` sheets; they are seen to give it back.

    Raises:
        InputError: It cannot be put on so many sheets.
        InternalError: The sheets do not give the password back.
    """
    password = passwords.draw_password(policy, random)
    if form is Form.SHARES:
        sheets = _shares(policy, password, threshold, count, random)
    elif form is Form.PARTS:
        sheets = parts.split(password, count)
    else:
        sheets = (Secret(password.expose()),)
    with password_of(form, sheets[-threshold:]) as again:
        if again != password:
            raise InternalError("the sheets do not give the password back")
    return Made(password, sheets)


def _shares(
    policy: Policy, password: Secret, threshold: int, count: int, random: Random
) -> tuple[Secret, ...]:
    with _secret_of(policy, password, random) as secret:
        shares = slip39.split(secret, threshold=threshold, count=count, random=random)
    return tuple(Secret.from_text(share.mnemonic()) for share in shares)


def _secret_of(policy: Policy, password: Secret, random: Random) -> Secret:
    """What is split: the 32 bytes that the kit's own passwords stand for, or a container."""
    if policy.is_base58_44:
        return passwords.secret_from_password(password)
    return container.wrap(password, random)


def password_of(form: Form, sheets: Sequence[Secret]) -> Secret:
    """The password from what stands on enough of its sheets, parts in their order.

    Raises:
        InputError, MismatchError: They do not give one.
    """
    if form is Form.PARTS:
        return parts.join(sheets)
    if form is Form.WHOLE:
        return Secret(sheets[0].expose())
    with slip39.combine(slip39.Share.parse(it.expose_text()) for it in sheets) as secret:
        return password_behind(secret)


def password_behind(secret: Secret) -> Secret:
    """The password that a recovered secret stands for: 32 bytes in base58, or a container's text.

    Raises:
        InputError, MismatchError: It is neither.
    """
    if len(secret) == passwords.SECRET_SIZE:
        return passwords.password_from_secret(secret)
    return container.unwrap(secret)
