"""The text of the udev rules: access for the person at the console, and nothing more."""

import re
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "udev" / "70-keyvault-kit.rules"
LINES = RULES.read_text(encoding="utf-8").splitlines()
BY_MAKER = [line for line in LINES if "idVendor" in line]
ASSIGNED = re.compile(r"([A-Z]+(?:\{\w+\})?)(\+=|:=|=)(?!=)\"([^\"]*)\"")


def test_the_file_sorts_before_the_rules_that_put_it_into_effect() -> None:
    assert RULES.name < "73-seat-late.rules"


def test_nothing_is_assigned_but_the_tag_and_a_mark_of_our_own() -> None:
    assigned = {
        match.group() for line in LINES if line[:1] != "#" for match in ASSIGNED.finditer(line)
    }

    assert {it for it in assigned if not it.startswith(("GOTO", "LABEL"))} == {
        'TAG+="uaccess"',
        'ENV{KEYVAULT_KIT_PLAIN_HID}="1"',
    }


@pytest.mark.parametrize("line", BY_MAKER)
def test_a_makers_rule_names_products_and_stands_under_the_makers_name(line: str) -> None:
    assert re.fullmatch(
        r'ATTRS\{idVendor\}=="[0-9a-f]{4}(\|[0-9a-f]{4})*", '
        r'ATTRS\{idProduct\}=="[0-9a-f]{4}(\|[0-9a-f]{4})*", TAG\+="uaccess"',
        line,
    )
    above = [before for before in LINES[: LINES.index(line)] if not before.startswith("ATTRS")]
    assert above[-1].startswith("# ")
