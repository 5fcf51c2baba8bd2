"""What a ceremony found, told when it is closed."""

from keyvault_kit.ceremonies.audit_papers import findings_of
from keyvault_kit.cli.output import say, wrapped
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import EXIT_FINDINGS


def tell_found(register: Register, ceremony: str) -> int:
    """Tell each finding of a ceremony with its mend.

    Returns:
        The exit status: 1 where there is one.
    """
    found = findings_of(register, ceremony)
    say(f"{count_of(len(found), 'finding')}:" if found else "Nothing was found.")
    for it in found:
        say(wrapped(f"{it.rule}: {it.what}.", first="  ", then="    "))
        say(wrapped(it.mend, first="    ", then="    "))
    return EXIT_FINDINGS if found else 0
