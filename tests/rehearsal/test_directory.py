"""The stand-in for Microsoft Graph: it does what it is asked, and nothing of what is not there."""

import json
from itertools import count
from typing import Any

import pytest

from keyvault_kit.errors import MismatchError
from keyvault_kit.rehearsal.directory import Directory

USER = "00000000-0000-4000-8000-0000000000b1"


class Asked:
    """A directory, and what it is asked for."""

    def __init__(self) -> None:
        self.directory = Directory()
        numbers = count(1)
        self._new_id = lambda: f"id-{next(numbers)}"

    def __call__(self, method: str, url: str, body: Any = None, gives: str = "") -> None:
        self.directory.ask(method, url, body, gives=gives, new_id=self._new_id)

    def exported(self) -> dict[str, Any]:
        """What an export has, by its context."""
        pages = (json.loads(content) for _, content in self.directory.export())
        return {page["@odata.context"].partition("#")[2]: page for page in pages}


@pytest.fixture
def ask() -> Asked:
    return Asked()


def test_what_is_made_is_exported_with_an_id_of_its_own(ask: Asked) -> None:
    ask("POST", "/v1.0/groups", {"displayName": "one"})
    ask("POST", "https://graph.microsoft.com/beta/groups", {"displayName": "two"})

    assert ask.exported()["groups"]["value"] == [
        {"id": "id-1", "displayName": "one"},
        {"id": "id-2", "displayName": "two"},
    ]


@pytest.mark.parametrize("method", ["PATCH", "POST"])
@pytest.mark.parametrize("url", ["/v1.0/groups/nobody", "/beta/policies/nothing"])
def test_what_is_not_there_cannot_be_changed(ask: Asked, method: str, url: str) -> None:
    ask("POST", "/v1.0/groups", {})
    action = "/updateAllowedCombinations" if method == "POST" else ""

    with pytest.raises(MismatchError, match=f"nothing at {url.split('/', 2)[2]}"):
        ask(method, f"{url}{action}", {"displayName": "other"})


def test_a_change_keeps_what_it_does_not_name(ask: Asked) -> None:
    ask("POST", "/v1.0/groups", {"a": 1, "conditions": {"users": {"in": [1, 2], "out": [3]}}})

    ask("PATCH", "/v1.0/groups/ID-1", {"b": 2, "conditions": {"users": {"in": [4]}}})

    (group,) = ask.directory.at("/v1.0/groups")
    assert group == {
        "id": "id-1",
        "a": 1,
        "b": 2,
        "conditions": {"users": {"in": [4], "out": [3]}},
    }


def test_a_single_object_is_changed_in_its_place(ask: Asked) -> None:
    ask.directory.singles["policies/authorizationpolicy"] = {"id": "one", "kept": True}

    ask("PATCH", "/v1.0/policies/authorizationPolicy", {"allowed": False})

    page = ask.exported()["policies/authorizationpolicy/$entity"]
    assert (page["kept"], page["allowed"]) == (True, False)


def test_a_token_stands_for_the_id_of_what_was_made(ask: Asked) -> None:
    ask("POST", "/v1.0/groups", {"displayName": "one"}, gives="group")

    ask("PATCH", "/v1.0/groups/{{group}}", {"mail": "x"})
    ask("POST", "/v1.0/roles", {"principalId": "{{group}}", "other": "{{unknown}}"})

    assert ask.directory.at("/v1.0/groups/")[0]["mail"] == "x"
    (role,) = ask.directory.at("/beta/roles")
    assert (role["principalId"], role["other"]) == ("id-1", "{{unknown}}")


def test_a_member_is_a_member_once(ask: Asked) -> None:
    ask("POST", "/v1.0/groups", {}, gives="group")
    member = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{USER}"}

    ask("POST", "/v1.0/groups/{{group}}/members/$ref", member)
    ask("POST", "/v1.0/groups/{{group}}/members/$ref", member)

    assert [it["id"] for it in ask.directory.at("/v1.0/groups/id-1/members")] == [USER]


def test_a_part_of_an_object_lies_in_it(ask: Asked) -> None:
    url = "/beta/policies/authenticationStrengthPolicies"
    ask("POST", url, {"allowedCombinations": []}, gives="strength")

    ask("POST", f"{url}/{{{{strength}}}}/updateAllowedCombinations", {"allowedCombinations": ["f"]})
    ask("POST", f"{url}/{{{{strength}}}}/combinationConfigurations", {"allowedAAGUIDs": ["a"]})

    (strength,) = ask.directory.at(url)
    assert strength["allowedCombinations"] == ["f"]
    assert [it["allowedAAGUIDs"] for it in strength["combinationConfigurations"]] == [["a"]]


def test_what_is_removed_is_gone_and_what_is_not_there_may_be_removed(ask: Asked) -> None:
    ask("POST", "/v1.0/groups", {})
    ask("DELETE", "/v1.0/groups/id-1")
    ask("DELETE", "/v1.0/groups/id-1")

    assert ask.directory.at("/v1.0/groups") == ()


def test_an_export_names_an_object_of_which_it_is_a_part(ask: Asked) -> None:
    ask("POST", f"/v1.0/users/{USER}/authentication/methods", {})

    assert list(ask.exported()) == [f"users('{USER}')/authentication/methods"]
