"""The reports of audits and reviews: what was found, and who signs what on one page."""

from collections.abc import Callable
from typing import Protocol

import msgspec
import pytest

from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import audit, review
from tests.sheets.examples_reviews import a_review, a_walk


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
TextOf = Callable[[bytes], str]
MakeHeading = Callable[..., Heading]


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_report_of_an_audit_says_of_each_safe_and_bag_what_is_not_as_expected(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    text = words(text_of(audit.render(a_walk(make_heading()), paper)))

    for said in (
        "2 safes, 1 key, 3 bags, 1 finding; the ledger then held 142 entries, root Zm9vZm9vZm9v",
        "SAFE SITE EXPECTED FOUND NOT AS EXPECTED",
        "hq-1 Hamburg 2 2 A 004712, X-99",
        "vault-1 Kiel 1 1 nothing",
        "bg1-pw-1-2 hq-1 A 004712 MISSING",
        "hq-1 X-99 UNKNOWN BAG",
        "KEY-01-key1 vault-1 A 004713 found intact",
        "bg1-pw-1-2 bag-missing bag A 004712 does not lie in safe hq-1",
        "auditor Zoë Müller custodian Зоя Иванова witness Ελένη Παππά",
    ):
        assert said in text, said


def test_an_audit_of_keys_alone_says_nothing_of_safes(
    make_heading: MakeHeading, text_of: TextOf
) -> None:
    keys = msgspec.structs.replace(a_walk(make_heading()), safes=())

    text = words(text_of(audit.render(keys, A4)))

    assert "NOT AS EXPECTED" not in text
    assert "1 key, 3 bags, 1 finding" in text


def test_a_report_of_a_review_says_who_is_authorised_and_what_was_answered(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    text = words(text_of(review.render(a_review(make_heading()), paper)))

    for said in (
        "Review of bg1 and bg2 2 points, 1 finding",
        "Nobody is missing S40 yes",
        "The process document is up to date S59 FINDING Die Telefonliste ist alt",
        "Anna Berg anna officer 2026-12-31 hq-1, vault-1 bg1-pw1",
        "Зоя Иванова zoya auditor no end none nothing",
        "process review-document the process document is not up to date Bring it up to date.",
        "Due by 2026-05-31: practise the use of account bg1",
        "The accounts may stay as they are.",
        "officer Anna Berg officer Boris Novák",
    ):
        assert said in text, said


def test_a_review_in_which_nothing_was_found_says_so(
    make_heading: MakeHeading, text_of: TextOf
) -> None:
    well = msgspec.structs.replace(a_review(make_heading()), findings=(), duties=())

    text = words(text_of(review.render(well, A4)))

    assert "2 points, 0 findings" in text
    assert text.count("None.") == 2


@pytest.mark.parametrize("signers", [1, 3, 8])
@pytest.mark.parametrize("lines", range(0, 40, 3))
def test_who_signs_sees_the_statement_on_the_same_page(
    lines: int, signers: int, paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    walk, reviewed = a_walk(make_heading()), a_review(make_heading())
    found = audit.AuditFinding(subject="x", rule="y", what="z", mend="")
    longer = msgspec.structs.replace(
        walk, findings=(found,) * lines, signatures=walk.signatures[:1] * signers
    )
    later = msgspec.structs.replace(
        reviewed, duties=("Due.",) * lines, signatures=reviewed.signatures[:1] * signers
    )

    for pdf, statement in (
        (audit.render(longer, paper), "Auditor's statement"),
        (review.render(later, paper), "Officers' statement"),
    ):
        there = pieces(pdf)
        (stated,) = [it.page for it in there if it.text == statement]
        (signed,) = [it.page for it in there if it.text == "SIGNATURE"]
        names = {it.page for it in there if it.text in ("Zoë Müller", "Anna Berg")}
        assert stated == signed == max(it.page for it in there)
        assert stated in names
