"""An example of the runbook."""

from collections.abc import Callable

from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import runbook
from keyvault_kit.sheets.pages.runbook import RunbookSection, RunbookStep
from tests.sheets.example import Example


def a_runbook(heading: Heading) -> runbook.RunbookSheet:
    return runbook.RunbookSheet(
        heading=heading,
        made="Made on 2026-03-02 12:00 UTC from the register and evidence of the tenant.",
        evidence="5f" * 32,
        accounts=(
            ("bg1", "bg1@nordwind.onmicrosoft.com", "11111111-2222-4333-8444-555555555555"),
            ("bg2", "bg2@nordwind.onmicrosoft.com", "66666666-7777-4888-8999-000000000000"),
        ),
        before=(RunbookSection("How to work", ("Two people, each signed in as themselves.",)),),
        steps=tuple(
            RunbookStep(
                number=number,
                title=f"Step that is called {number}",
                does=("Look at it first, in the list of all that there is.", "Then do it."),
                notes=(f"With: ./Deploy.ps1 -Step {number}, graph/01-group.json",),
                proofs=("Proof: it is there.", "Evidence: groups."),
            )
            for number in range(1, 13)
        ),
        after=(RunbookSection("Afterwards", ("Every 90 days a review.",)),),
    )


def _runbook(heading: Heading) -> Example:
    data = a_runbook(heading)
    return Example(lambda paper: runbook.render(data, paper), runbook.payload(data), 1, (), data)


PAGES: dict[str, Callable[[Heading], Example]] = {"runbook": _runbook}
