"""The founding sheet: its code is the trust text, its words are the register id, and in ink."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.ledger import pgpwords
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import founding
from keyvault_kit.sheets.pages.founding import Founder, FoundingSheet
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import read_codes

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])

ANNA = Founder("anna", "Anna Berg", "SHA256:uNiVztksCsDhcC0u9e8BrsQXuVUpp7Q+d3kLmwT5Y8E")
BORIS = Founder("boris", "Boris Novák", "SHA256:HcC0u9e8BrsuNiVztksCsDfmw/T5Y8EQXuVUpp7Q+d0")
ZOYA = Founder("Z-1", "Зоя Иванова", "SHA256:p7Q+d3kLmwT5Y8EuNiVztksCsDhcC0u9e8BrsQXuVU4")

FORM = "keyvault-kit/{register}\nfounding {entry}\n"
LEAF = "cd" * 32
TWO = f"anna {ANNA.fingerprint}\nboris {BORIS.fingerprint}\n"


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]
MakeSheet = Callable[..., FoundingSheet]
AssertTidy = Callable[[bytes, Paper], None]


@pytest.fixture
def make_founding(make_heading: MakeHeading) -> MakeSheet:
    """A sheet; what is not given is that of Anna's and Boris's founding."""

    def make(**fields: Any) -> FoundingSheet:
        heading = fields.get("heading", make_heading())
        usual: dict[str, Any] = {
            "heading": heading,
            "text": FORM.format(register=heading.register, entry=0) + TWO,
            "founders": (ANNA, BORIS),
            "words": pgpwords.encode(bytes.fromhex(heading.register)),
            "copy_for": "hamburg",
        }
        return FoundingSheet(**(usual | fields))

    return make


def test_its_code_is_the_trust_text_and_so_is_what_stands_beside_it(
    paper: Paper, make_founding: MakeSheet, make_heading: MakeHeading, pieces: Pieces
) -> None:
    sheet = make_founding()

    pdf = founding.render(sheet, paper)

    lines = [f"keyvault-kit/{make_heading().register}", "founding 0", *TWO.splitlines()]
    assert read_codes(pdf) == ("".join(f"{line}\n" for line in lines),)
    texts = [piece.text for piece in pieces(pdf)]
    at = texts.index(lines[0])
    assert texts[at : at + 4] == lines


@FEW
@given(register=st.binary(min_size=32, max_size=32))
def test_its_words_read_aloud_are_the_register_id(
    register: bytes,
    paper: Paper,
    make_founding: MakeSheet,
    make_heading: MakeHeading,
    pieces: Pieces,
    assert_tidy: AssertTidy,
) -> None:
    pdf = founding.render(make_founding(heading=make_heading(register=register.hex())), paper)

    texts = [piece.text for piece in pieces(pdf)]
    after = texts[texts.index("Register id in words") + 1 : texts.index("Founders and witnesses")]
    assert pgpwords.decode([text for text in after if text.isalpha()]) == register
    assert_tidy(pdf, paper)


def test_the_longest_words_stand_apart(
    paper: Paper, make_founding: MakeSheet, assert_tidy: AssertTidy
) -> None:
    longest = [max(words, key=len) for words in (pgpwords.EVEN, pgpwords.ODD)]

    assert_tidy(founding.render(make_founding(words=tuple(longest * 16)), paper), paper)


def test_each_founder_has_a_row_to_sign_and_there_are_two_for_witnesses(
    paper: Paper, make_founding: MakeSheet, pieces: Pieces
) -> None:
    found = pieces(founding.render(make_founding(), paper))

    table = [piece for piece in found if piece.box.y > paper.folds[1]]
    written = "".join(piece.text for piece in table)
    for founder in (ANNA, BORIS):
        assert f"{founder.name} ({founder.person})" in written
        assert founder.fingerprint in written
    assert [piece.text for piece in table].count("SIGNATURE IN INK") == 2
    assert [piece.text for piece in table].count("DATE") == 2
    (captions,) = (piece.box for piece in table if piece.text.startswith("WITNESS"))
    (foot,) = (piece.box for piece in table if piece.text.startswith("Register "))
    assert foot.y - captions.bottom > 2 * 7.5  # millimetres: two lines to write in


@pytest.mark.parametrize(
    "said",
    [
        "away from the workstation",
        "one copy at each site, one with the auditor",
        "signed in ink",
        "keyvault ledger verify --trust SHEET",
        "two other signers replace it",
        "fewer than two signers left the ledger is founded again, against the last checkpoint",
    ],
)
def test_it_says_what_to_do(
    said: str, paper: Paper, make_founding: MakeSheet, text_of: Callable[[bytes], str]
) -> None:
    text = text_of(founding.render(make_founding(), paper))

    assert said in text.replace("\n", " ")


def test_it_says_whose_copy_it_is_and_of_what_ledger(
    paper: Paper,
    make_founding: MakeSheet,
    make_heading: MakeHeading,
    text_of: Callable[[bytes], str],
) -> None:
    live = text_of(founding.render(make_founding(copy_for="auditor"), paper)).split("\n")
    rehearsed = make_founding(heading=make_heading(rehearsal=True))

    assert {"auditor", "live", "Founding sheet"} <= set(live)
    assert "hamburg" not in live
    assert {"hamburg", "of a rehearsal"} <= set(
        text_of(founding.render(rehearsed, paper)).split("\n")
    )


def test_a_re_founding_says_at_which_entry_its_trust_begins(
    paper: Paper,
    make_founding: MakeSheet,
    make_heading: MakeHeading,
    text_of: Callable[[bytes], str],
) -> None:
    text = FORM.format(register=make_heading().register, entry=f"1704 {LEAF}") + TWO
    sheet = make_founding(text=text)

    pdf = founding.render(sheet, paper)

    assert sheet.entry == 1704
    assert {"1704", "Re-founding sheet"} <= set(text_of(pdf).split("\n"))
    assert read_codes(pdf) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keyvault-kit/{register}\nfounding 0\n",
        f"keyvault-kit/{{register}}\nfounding 0\nanna {ANNA.fingerprint}\n",
        f"keyvault-kit/{{register}}\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding 00\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding -1\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding ٢\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding {10**18}\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding  0\n{TWO}",
        f"keyvault-kit/{{register}}\nrefounding 0\n{TWO}",
        f"keyvault-kit/{{short}}\nfounding 0\n{TWO}",
        f"Keyvault-kit/{{register}}\nfounding 0\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO[:-1]}",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}\n",
        f"\nkeyvault-kit/{{register}}\nfounding 0\n{TWO}",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}-zoya {ZOYA.fingerprint}\n",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}zoya {ZOYA.fingerprint}=\n",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}zoya {ZOYA.fingerprint[:-1]}\n",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}zoya MD5:{ZOYA.fingerprint[7:]}\n",
        f"keyvault-kit/{{register}}\nfounding 0\n{TWO}".replace("\n", "\r\n"),
    ],
)
def test_what_is_no_trust_text_is_refused(
    text: str, make_founding: MakeSheet, make_heading: MakeHeading
) -> None:
    register = make_heading().register

    with pytest.raises(InputError, match="this is no trust text"):
        make_founding(text=text.format(register=register, short=register[:-1]))


def test_a_text_of_another_register_is_refused(make_founding: MakeSheet) -> None:
    with pytest.raises(InputError, match="another register"):
        make_founding(text=FORM.format(register="0" * 64, entry=0) + TWO)


@pytest.mark.parametrize(
    "founders",
    [
        (),
        (ANNA,),
        (ANNA, BORIS, ZOYA),
        (ANNA, ZOYA),
        (ANNA, ANNA, BORIS),
        (ANNA, msgspec.structs.replace(BORIS, fingerprint=ZOYA.fingerprint)),
        (ANNA, msgspec.structs.replace(BORIS, person="boriS")),
    ],
)
def test_other_founders_than_those_of_the_text_are_refused(
    founders: tuple[Founder, ...], make_founding: MakeSheet
) -> None:
    with pytest.raises(InputError, match="does not name the founders"):
        make_founding(founders=founders)


def test_a_text_that_is_not_sorted_by_id_is_refused(
    make_founding: MakeSheet, make_heading: MakeHeading
) -> None:
    swapped = "".join(reversed(TWO.splitlines(keepends=True)))

    with pytest.raises(InputError, match="sorted by id"):
        make_founding(text=FORM.format(register=make_heading().register, entry=0) + swapped)


def test_a_founder_who_stands_twice_is_refused(
    make_founding: MakeSheet, make_heading: MakeHeading
) -> None:
    again = msgspec.structs.replace(BORIS, fingerprint=ZOYA.fingerprint)
    text = FORM.format(register=make_heading().register, entry=0) + TWO

    with pytest.raises(InputError, match="stands twice"):
        make_founding(text=f"{text}boris {ZOYA.fingerprint}\n", founders=(ANNA, BORIS, again))


@pytest.mark.parametrize("count", [0, 31, 33])
def test_a_register_id_of_other_than_32_words_is_refused(
    count: int, make_founding: MakeSheet
) -> None:
    with pytest.raises(InputError, match=f"32 words, not {count}"):
        make_founding(words=("aardvark",) * count)


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}", fullmatch=True)
fingerprints = st.from_regex(r"SHA256:[A-Za-z0-9+/]{43}", fullmatch=True)


@FEW
@given(
    people=st.dictionaries(ids, fingerprints, min_size=2, max_size=7),
    entry=st.integers(0, 10**6),
)
def test_any_founders_in_any_order_are_all_printed_and_read_back(
    people: dict[str, str],
    entry: int,
    paper: Paper,
    make_founding: MakeSheet,
    make_heading: MakeHeading,
    pieces: Pieces,
    assert_tidy: AssertTidy,
) -> None:
    founders = tuple(Founder(person, f"Name of {person}", key) for person, key in people.items())
    lines = [f"{person} {people[person]}\n" for person in sorted(people)]
    text = FORM.format(
        register=make_heading().register, entry=f"{entry} {LEAF}" if entry else 0
    ) + "".join(lines)

    sheet = make_founding(text=text, founders=founders)
    pdf = founding.render(sheet, paper)

    assert sheet.entry == entry
    prove(pdf, text)
    assert_tidy(pdf, paper)
    written = "".join(piece.text for piece in pieces(pdf)).replace(" ", "")
    for person, key in people.items():
        assert f"{person}{key}" in written  # beside the code
        assert f"({person})" in written


def test_more_founders_than_a_code_carries_are_refused(
    paper: Paper, make_founding: MakeSheet, make_heading: MakeHeading
) -> None:
    crowd = tuple(Founder(f"p{number:02}", "P", ANNA.fingerprint) for number in range(20))
    lines = "".join(f"{it.person} {it.fingerprint}\n" for it in crowd)
    text = FORM.format(register=make_heading().register, entry=0) + lines

    with pytest.raises(InputError, match="too many for a code"):
        founding.render(make_founding(text=text, founders=crowd), paper)
