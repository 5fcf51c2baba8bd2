"""The runbook: the twelve steps in order, what proves each, and that all it names is there."""

import re
from itertools import chain
from typing import Final

import pytest
from msgspec.structs import replace

from keyvault_kit.cli.main import VERBS
from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.rules import RULES
from keyvault_kit.entra.artefacts import collection, deploy, runbook
from keyvault_kit.entra.artefacts.wanted import Names, Wanted
from keyvault_kit.entra.evidence.kinds import Kind
from keyvault_kit.errors import InputError
from tests.custody.rules.tenants import decided, register
from tests.entra.making import carried_out, exported, used, wanted
from tests.entra.test_monitoring import rehearsed

STEPS: Final = (
    "Create the role group",
    "Create the accounts",
    "Register hardware passkeys",
    "Exclude the group from all Conditional Access policies",
    "Create the authentication strength",
    "Create the special Conditional Access policy",
    "Bind the strength to the policy",
    "Add the accounts to the group",
    "Create the alerts",
    "Test the technical setup",
    "Document the process",
    "Authorise and train people",
)
"""The twelve-step workflow (S61)."""

NOT_GRAPH: Final = {"answers of Enroll.ps1", "methods of the accounts", "sign-in logs"}
"""Evidence that is called by what it is, since it comes in many files."""


def written(it: Wanted) -> str:
    (its,) = runbook.artefacts(it)
    return its.content.decode()


def step(it: Wanted, number: int) -> runbook.Step:
    return runbook.runbook(it).steps[number - 1]


def test_it_has_the_twelve_steps_in_order() -> None:
    steps = runbook.runbook(wanted()).steps
    assert tuple(its.title for its in steps) == STEPS
    assert [its.number for its in steps] == list(range(1, 13))


def test_each_step_says_what_to_do_with_which_role_and_what_proves_it() -> None:
    for its in runbook.runbook(wanted()).steps:
        assert its.does
        assert its.roles
        assert its.proof
        assert set(its.rules) <= set(RULES), its.number
        assert its.rules


def test_the_evidence_of_each_step_is_of_a_kind_that_the_kit_reads() -> None:
    for its in runbook.runbook(wanted()).steps:
        assert set(its.evidence) <= {*Kind, *NOT_GRAPH, "fido2Configuration"}, its.number


def test_every_file_with_a_step_is_named_in_that_step() -> None:
    it = wanted(used())
    files = collection.collect(it)
    named = {its.number: its.takes for its in runbook.runbook(it).steps}
    for its in files:
        beside = its.name.endswith(".md")
        assert not its.step or beside or its.name in named[its.step], its.name
    there = {its.name for its in files}
    listed = {name for name in chain(*named.values()) if not name.startswith("./")}
    assert listed <= there


def test_what_is_there_already_takes_no_file_and_no_command() -> None:
    done = wanted(carried_out(used()))
    assert step(wanted(used()), 1).takes[0] == "./Deploy.ps1 -Step 1"
    assert step(done, 1).takes == ()
    assert step(done, 8).takes == ()


def test_every_verb_and_script_that_it_names_is_there() -> None:
    text = written(wanted())
    verbs = set(re.findall(r"'keyvault ([a-z-]+)", text))
    assert verbs
    assert verbs <= set(VERBS)
    scripts = set(re.findall(r"\b([A-Z][\w-]+\.ps1)\b", text))
    for name in scripts:
        assert deploy.script(name), name


def test_every_requirement_that_it_serves_is_one() -> None:
    (its,) = runbook.artefacts(wanted())
    assert its.annotated
    assert set(its.serves) <= set(REQUIREMENTS)
    assert f"Serves {', '.join(its.serves)}." in its.content.decode()


@pytest.mark.parametrize(
    "said",
    [
        "Tell the people who watch the alerts before you begin",  # S56
        "Authenticator; change the initial password; add the keys; remove the bootstrap",  # S20
        "up to 60 minutes",  # S24
        "up to 15 minutes",  # S44
        "forward them, for longer",  # S44
        "beta endpoint",
        "as VIP",  # S52
        "A scenario register",  # S63
        "The continuity plan",  # S64
        "User Administrator",  # S51
        "Monitoring Contributor",  # S51
        "without -Property",  # a fault of the sources
        "Where the audit logs alone are ticked, no alert ever sees a sign-in",  # another
    ],
)
def test_it_says(said: str) -> None:
    assert said in written(wanted())


def test_the_accounts_stand_in_it_with_their_object_ids() -> None:
    for account in register().accounts.values():
        assert f"| {account.id} | `{account.upn}` | `{account.object_id}` |" in written(wanted())


def test_it_says_from_which_evidence_it_was_made() -> None:
    seen = wanted(used())
    assert f"SHA-256 of the evidence: `{seen.evidence}`." in written(seen)
    assert "from the register and no evidence of the tenant." in written(wanted())


def test_names_are_those_that_were_chosen_whatever_stands_in_them() -> None:
    it = replace(wanted(), names=Names(group="Quiet {0} Harbour", policy="{strength}"))
    assert "'Quiet {0} Harbour'" in step(it, 1).does[0]
    assert step(it, 6).does[0].startswith("'{strength}': ")


def test_the_suppression_window_is_the_one_decided() -> None:
    assert "held back for: no time" in written(wanted())
    assert "held back for: PT30M, by decision S50." in written(wanted(None, decided(S50="PT30M")))
    with pytest.raises(InputError, match="S50"):
        written(wanted(None, decided(S50="PT7M")))


def test_nothing_is_left_to_be_put_in() -> None:
    names = exported(wanted(used()))
    assert "{" not in written(wanted(used())).replace("{{emergency_group_object_id}}", "")
    assert "  " not in written(wanted()).replace("\n\n", "\n")
    assert runbook.RUNBOOK in names


def test_a_rehearsal_says_so_and_has_no_object_id_of_a_tenant() -> None:
    text = written(rehearsed(wanted()))
    assert "**REHEARSAL**" in text.splitlines()[2]
    assert "`REHEARSAL-bg1`" in text
    assert not any(str(account.object_id) in text for account in register().accounts.values())
