"""The mail to administrators: a shared mailbox that forwards to a distribution group (S13)."""

from collections.abc import Iterator
from importlib import resources
from typing import Final

from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted

_TEMPLATE: Final = "Shared-Mailbox.ps1"
_TITLE: Final = "Mail to administrators: a shared mailbox that forwards to a list (S13)."
_REFUSAL: Final = f"\nthrow '{REHEARSAL}: nothing of this is for a tenant.'\n"


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """`exchange/shared-mailbox.ps1`; addresses are its parameters, since the kit knows of none."""
    template = resources.files("keyvault_kit.entra").joinpath("templates", _TEMPLATE).read_text()
    script = template.replace("{{title}}", it.marked(_TITLE))
    script = script.replace("{{refusal}}", _REFUSAL if it.rehearsal else "")
    yield Artefact(
        name="exchange/shared-mailbox.ps1",
        content=script.encode(),
        serves=("S13",),
        about="Makes the shared mailbox for the mail to administrators, and its forwarding",
        step=2,
        annotated=True,
    )
