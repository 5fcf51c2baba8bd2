"""The site card: all that an opening needs, from paper alone."""

from collections.abc import Callable
from typing import Protocol

import msgspec
import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import FORMATS, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages.site_card import (
    CardAccount,
    CardEnvelope,
    CardKey,
    CardPerson,
    CardSafe,
    CardSet,
    SiteCard,
    payload,
    render,
)
from tests.sheets.examples_recovery import BG1, OFFICE

MakeHeading = Callable[..., Heading]
AssertTidy = Callable[[bytes, Paper], None]


class Piece(Protocol):
    text: str
    baseline: float
    page: int


@pytest.fixture(params=FORMATS.values(), ids=lambda paper: f"{paper.name}-{paper.envelope}")
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


@pytest.fixture
def card(make_heading: MakeHeading) -> SiteCard:
    return SiteCard(heading=make_heading(), site="Kiel", accounts=(BG1,))


@pytest.fixture
def said(text_of: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """What is written, without line breaks."""
    return lambda pdf: " ".join(text_of(pdf).split())


def test_it_says_what_lies_where_and_who_opens_it(
    card: SiteCard, paper: Paper, pieces: Callable[[bytes], list[Piece]]
) -> None:
    found = pieces(render(card, paper))

    for envelope in BG1.envelopes:
        (first,) = (it for it in found if it.text == envelope.envelope and _begins_row(it, found))
        row = [it.text for it in found if _beside(first, it)]
        assert row[1:3] == [envelope.holds, envelope.bag]
        assert row[3] == f"{envelope.safe.site}, {envelope.safe.safe}"
        assert row[4].startswith(
            "Anna Berg or Boris Novák" if envelope.safe == OFFICE else "any 2 of Зоя Иванова"
        )


def _beside(first: Piece, other: Piece) -> bool:
    return first.page == other.page and abs(first.baseline - other.baseline) < 0.1


def _begins_row(piece: Piece, found: list[Piece]) -> bool:
    """Whether it is the first of the five cells of a row."""
    row = [it for it in found if _beside(piece, it)]
    return len(row) == 5 and row[0] == piece


def test_it_has_both_ways_in_and_the_form(
    card: SiteCard, paper: Paper, said: Callable[[bytes], str]
) -> None:
    text = said(render(card, paper))

    for part in (
        "Keep it sealed",
        "Account bg1",
        "Sign-in name: bg1@nordwind.onmicrosoft.com",
        "By key and PIN, at any workstation",
        "https://portal.azure.com",
        "https://entra.microsoft.com",
        "security key",
        "touch the key",
        "By password, from its shares",
        "any 2 of 3",
        "bg1-pw-1-1, bg1-pw-1-2, bg1-pw-1-3",
        "'keyvault recover'",
        "recovery sheet that lies in each envelope with a share",
        "DECIDED BY",
        "NUMBER FOUND",
        "Signatures",
    ):
        assert part in text


def test_the_key_and_its_pin_are_found_together(
    card: SiteCard, paper: Paper, pieces: Callable[[bytes], list[Piece]]
) -> None:
    found = pieces(render(card, paper))
    (key,) = (it for it in found if it.text == "KEY-01")

    assert [it.text for it in found if _beside(key, it)][2:] == ["bg1-key-1", "bg1-pin-1"]


def test_it_says_whom_to_call(
    card: SiteCard, paper: Paper, pieces: Callable[[bytes], list[Piece]]
) -> None:
    people = (
        CardPerson("Anna Berg", ("hq-safe-1", "kiel-1"), "+49 431 5550101"),
        CardPerson("Boris Novák", ("hq-safe-1",)),
    )
    found = pieces(render(msgspec.structs.replace(card, people=people), paper))
    (heading,) = (it for it in found if it.text == "Whom to call")
    below = [it for it in found if (it.page, it.baseline) > (heading.page, heading.baseline)]

    for name, opens, contact in (
        ("Anna Berg", "hq-safe-1, kiel-1", "+49 431 5550101"),
        ("Boris Novák", "hq-safe-1", "not on record"),
    ):
        (first,) = (it for it in below if it.text == name)
        assert [it.text for it in found if _beside(first, it)] == [name, opens, contact]


def test_the_code_tells_nothing_of_what_the_card_says(card: SiteCard) -> None:
    assert payload(card) == "KVK1 SITE 3f9c1ab2 bg1-pw-1-2 2"


def test_many_accounts_go_on_over_as_many_pages_as_they_need(
    card: SiteCard,
    paper: Paper,
    said: Callable[[bytes], str],
    assert_tidy: AssertTidy,
) -> None:
    accounts = tuple(
        msgspec.structs.replace(
            BG1, account=f"bg{number}", sign_in=f"bg{number}@{'x' * 60}.example"
        )
        for number in range(1, 8)
    )

    pdf = render(msgspec.structs.replace(card, accounts=accounts), paper)

    assert_tidy(pdf, paper)
    for number in range(1, 8):
        assert f"Account bg{number}" in said(pdf)


def test_an_account_that_has_nothing_yet_is_named(
    card: SiteCard, paper: Paper, said: Callable[[bytes], str]
) -> None:
    bare = CardAccount(account="bg9", sign_in="bg9@example.onmicrosoft.com", envelopes=())

    text = said(render(msgspec.structs.replace(card, accounts=(bare,)), paper))

    assert "Account bg9 Sign-in name: bg9@example.onmicrosoft.com None." in text


@pytest.mark.parametrize(
    ("safe", "words"),
    [
        (CardSafe("s", "Kiel", ("Anna",)), "Anna"),
        (CardSafe("s", "Kiel", ("Anna", "Boris")), "Anna or Boris"),
        (CardSafe("s", "Kiel", ("Anna", "Boris"), 2), "Anna and Boris, together"),
        (CardSafe("s", "Kiel", ("Anna", "Boris", "Carl"), 2), "any 2 of Anna, Boris, Carl"),
    ],
)
def test_how_many_openers_it_takes_is_said_in_words(
    safe: CardSafe, words: str, card: SiteCard, paper: Paper, said: Callable[[bytes], str]
) -> None:
    account = CardAccount(
        account="bg1", sign_in="bg1@x", envelopes=(CardEnvelope("e1", "Key K1", "A 1", safe),)
    )

    text = said(render(msgspec.structs.replace(card, accounts=(account,)), paper))

    assert f"Kiel, s {words} " in text


@pytest.mark.parametrize(("openers", "needed"), [((), 1), (("Anna",), 2), (("Anna", "Boris"), 0)])
def test_a_safe_that_nobody_can_open_is_refused(openers: tuple[str, ...], needed: int) -> None:
    with pytest.raises(InputError, match="safe s cannot take"):
        CardSafe("s", "Kiel", openers, needed)


def test_a_key_or_share_that_lies_nowhere_is_refused() -> None:
    lost_key = CardKey("KEY-02", "YubiKey 5 NFC", "bg1-key-2", "bg1-pin-1")
    lost_share = CardSet("bg1-pw-2", 2, ("bg1-pw-1-1", "bg1-pw-2-9"))

    with pytest.raises(InputError, match="where envelope bg1-key-2 of account bg1 lies"):
        msgspec.structs.replace(BG1, keys=(lost_key,))
    with pytest.raises(InputError, match="where envelope bg1-pw-2-9"):
        msgspec.structs.replace(BG1, sets=(lost_share,))


@pytest.mark.parametrize("threshold", [0, 3])
def test_a_set_that_cannot_be_recovered_is_refused(threshold: int) -> None:
    with pytest.raises(InputError, match=f"cannot need {threshold} of 2"):
        msgspec.structs.replace(
            BG1, sets=(CardSet("bg1-pw-1", threshold, ("bg1-pw-1-1", "bg1-pw-1-2")),)
        )


def test_long_names_of_openers_wrap(card: SiteCard, paper: Paper, assert_tidy: AssertTidy) -> None:
    crowd = CardSafe("vault", "Kiel", tuple(f"Maximiliane von und zu {n}" for n in range(9)), 2)
    account = msgspec.structs.replace(
        BG1,
        envelopes=(*BG1.envelopes, CardEnvelope("bg1-x", "Password part 1 of 2", "A 9", crowd)),
    )

    assert_tidy(render(msgspec.structs.replace(card, accounts=(account,)), paper), paper)
