"""The accounts told to tools that assess tenants: Maester and ScubaGear (S25).

Both take an account that no policy meets for a fault unless they know that it is meant to be so.
The group is named by its id; where the tenant has none yet, its token stands there.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from keyvault_kit.entra.artefacts import present
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.requests import as_json
from keyvault_kit.entra.artefacts.wanted import Wanted

_SERVES: Final = ("S25",)

_EXCLUDED_FROM: Final = ("1.1", "2.1", "2.3", "3.1", "3.2", "3.6", "3.7", "3.8")
"""Rules of ScubaGear's baseline for Entra that allow for excluded users (`CapExclusions`)."""

_IN_ROLE: Final = "7.4"
"""The one that allows for users who have their role permanently (`RoleExclusions`)."""


def artefacts(it: Wanted) -> Iterator[Artefact]:
    """`assessment/maester-config.json` and `assessment/scubagear.yaml`."""
    users, groups = [it.object_id(account) for account in it.accounts()], [present.group_id(it)]
    accounts = [{"Id": its, "Type": "User"} for its in users]
    accounts += [{"Id": its, "Type": "Group"} for its in groups]
    yield Artefact(
        name="assessment/maester-config.json",
        content=as_json({"GlobalSettings": {"EmergencyAccessAccounts": accounts}}),
        serves=_SERVES,
        about="The accounts and their group, for the configuration of Maester",
    )
    yield Artefact(
        name="assessment/scubagear.yaml",
        content=_scubagear(it, users, groups).encode(),
        serves=_SERVES,
        about="The accounts and their group, for the configuration of ScubaGear",
        annotated=True,
    )


def _scubagear(it: Wanted, users: Sequence[str], groups: Sequence[str]) -> str:
    title = it.marked("Emergency access accounts: excluded on purpose (S25).")
    lines = [f"# {title}", "Aad:"]
    for number in _EXCLUDED_FROM:
        lines += _exclusions(number, "CapExclusions", users, groups)
    lines += _exclusions(_IN_ROLE, "RoleExclusions", users, groups)
    return "\n".join(lines) + "\n"


def _exclusions(
    number: str, kind: str, users: Sequence[str], groups: Sequence[str]
) -> Iterator[str]:
    yield f"  MS.AAD.{number}v1:"
    yield f"    {kind}:"
    for name, ids in (("Users", users), ("Groups", groups)):
        yield f"      {name}:"
        yield from (f'        - "{its}"' for its in ids)
