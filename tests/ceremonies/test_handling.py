"""What people type into the wrong question is never repeated: it may be a share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.sealing import request, sealing

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

SHARE = "DUCKLING ENLARGE ACADEMIC ACADEMIC"


def test_a_share_that_was_scanned_as_the_number_of_a_bag_is_not_repeated(desk: Desk) -> None:
    desk.people.says[Topic.BAG_NUMBER] = [SHARE, "A-1", "A-1", "A-2", "A-2"]

    sealing(desk, request())

    (told,) = [it for it in desk.people.texts(Topic.NOTE) if "bag number" in it]
    assert told.startswith("That is no bag number:")
    assert not any("DUCKLING" in prompt.text for prompt in desk.people.asked)


def test_half_a_share_that_looks_like_a_number_is_not_repeated_either(desk: Desk) -> None:
    desk.people.says[Topic.BAG_NUMBER] = ["DUCKLING", "A-1"] * 3

    with pytest.raises(RefusedError) as caught:
        sealing(desk, request())

    assert len([it for it in desk.people.texts(Topic.NOTE) if "differ" in it]) == 3
    told = [prompt.text for prompt in desk.people.asked]
    assert "DUCKLING" not in " ".join((*told, str(caught.value)))


def test_a_share_that_was_scanned_as_a_number_of_pages_is_not_repeated(desk: Desk) -> None:
    desk.people.says[Topic.PAGES] = [SHARE]

    with pytest.raises(InputError, match="no number of sheets") as caught:
        sealing(desk, request())

    assert "DUCKLING" not in str(caught.value)
