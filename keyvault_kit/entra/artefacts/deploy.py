"""The scripts that carry the files to the tenant, and take back what they made (S51).

They are the same for every organisation: all that differs stands in the lists and templates beside
them. Windows PowerShell 5.1 and PowerShell 7 run them.
"""

from collections.abc import Iterator
from importlib import resources
from typing import Final

from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted

DEPLOY: Final = "Deploy.ps1"
ROLLBACK: Final = "Rollback.ps1"
EVIDENCE: Final = "deployed.json"
"""The evidence file that they write beside themselves."""

_ABOUT: Final = {
    DEPLOY: "Makes at the tenant what stands in this folder, step by step",
    ROLLBACK: "Takes back what Deploy.ps1 made or changed, and nothing else",
}
_GRAPH: Final = ("S8", "S12", "S22", "S24", "S26")
_AZURE: Final = ("S44", "S45", "S46", "S47", "S48", "S49", "S50")
_SERVES: Final = {DEPLOY: (*_GRAPH, *_AZURE), ROLLBACK: _GRAPH}


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """Both scripts."""
    mark = f"# {REHEARSAL}: for no tenant.\n" if it.rehearsal else ""
    for name, about in _ABOUT.items():
        yield Artefact(
            name=name,
            content=f"{mark}{script(name)}".encode("ascii"),
            serves=_SERVES[name],
            about=about,
            annotated=True,
        )


def script(name: str) -> str:
    """The text of a script of this package."""
    return resources.files("keyvault_kit.entra").joinpath("templates", name).read_text("ascii")
