"""The station is dead: site card, recovery sheet and two envelopes lead to the password.

Sheets are read as people read them, from their text alone: nothing of the kit takes part before
the stand-in tenant is asked for the sign-in.
"""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw

from keyvault_kit.rehearsal.tenant import RehearsalTenant

NOW = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
CARDS = ["card-card-branch-1", "card-card-hq-1", "card-card-vault-1"]
ACCOUNT = "bg2"
SIGN_IN = "bg2@example.onmicrosoft.com"


def text_of(sheet: Path) -> str:
    document = pypdfium2.PdfDocument(sheet.read_bytes())
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return text.replace("\r\n", "\n")


def part_of(card: str, account: str) -> str:
    """What a card says of an account, on one line."""
    _, _, rest = card.partition(f"\nAccount {account}\n")
    assert rest
    return " ".join(re.split(r"\nAccount |\nWhom to call", rest)[0].split())


def pieces_of(sheet: Path) -> list[tuple[float, str, float]]:
    """What stands on a sheet, by rows: the left edge, the text, the width of each piece."""
    found = []
    document = pypdfium2.PdfDocument(sheet.read_bytes())
    for number, page in enumerate(document):
        textpage = page.get_textpage()
        for it in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=textpage):
            left, _, right, _ = it.get_bounds()
            row = (number, -round(it.get_matrix().f, 1))
            found.append((row, left, it.extract().strip().replace("\x02", "-"), right - left))
    document.close()
    return [(left, text, width) for _, left, text, width in sorted(found)]


def program_on(sheet: Path) -> str:
    """The second program: each line between its number and a letter, as far right as it stands."""
    pieces = pieces_of(sheet)
    programs: list[dict[int, tuple[float, str, float]]] = []
    for (_, number, _), line, (_, letter, _) in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if number.isdigit() and re.fullmatch("[A-Z]", letter):
            if number == "1":
                programs.append({})
            programs[-1][int(number)] = line
    _, recover = programs
    assert list(recover) == list(range(1, len(recover) + 1))
    _, longest, width = max(recover.values(), key=lambda it: len(it[1]))
    first = min(left for left, _, _ in recover.values())
    blank = width / len(longest)
    return "".join(
        f"{'    ' * round((left - first) / blank / 4)}{text}\n"
        for left, text, _ in recover.values()
    )


def numbers_on(sheet: Path) -> list[str]:
    """The numbers beside the words of a share, in the order of the words."""
    _, _, words = text_of(sheet).partition("NUMBER CHECK\n")
    numbered: dict[int, str] = {}
    for place, number in re.findall(r"(\d+) [A-Z]+ (\d+)\b", words):
        numbered[int(place)] = number
    assert sorted(numbered) == list(range(1, 34))
    return [numbered[place] for place in sorted(numbered)]


def run(program: str, shares: list[list[str]]) -> str:
    """What it prints as the password, in a Python that sees nothing but its own library."""
    typed = "".join(f"{' '.join(share)}\n\n" for share in shares)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        env={},
        check=False,
    )
    found = re.search(r"Password: (\S+)\s*$", done.stdout)
    return found[1] if found else ""


def signs_in(folder: Path, tmp_path: Path, password: str) -> bool:
    """Whether the stand-in tenant takes it; a copy of the tenant notes the attempt."""
    copy = Path(shutil.copy(folder / "tenant.json", tmp_path))
    return RehearsalTenant(copy, lambda _: b"").sign_in(SIGN_IN, password, NOW)


@pytest.mark.parametrize("card", CARDS)
def test_from_the_card_of_any_site_to_the_sign_in(
    card: str, finished_rehearsal: Path, tmp_path: Path
) -> None:
    sheets = finished_rehearsal / "sheets"
    told = part_of(text_of(sheets / f"{card}.pdf"), ACCOUNT)
    assert told.startswith(f"Sign-in name: {SIGN_IN}")

    found = re.search(r"SET NEEDED ITS ENVELOPES (\S+) any (\d) of (\d) (.*)", told)
    assert found
    envelopes = re.findall(rf"{found[1]}-\d+", found[4])
    assert (int(found[2]), len(envelopes)) == (2, int(found[3]))
    for taken in (envelopes[:2], envelopes[1:]):
        program = program_on(sheets / f"recovery-{taken[0]}.pdf")
        password = run(program, [numbers_on(sheets / f"share-{it}.pdf") for it in taken])
        assert signs_in(finished_rehearsal, tmp_path, password)


def test_one_envelope_leads_nowhere(finished_rehearsal: Path) -> None:
    sheets = finished_rehearsal / "sheets"
    program = program_on(sheets / "recovery-bg2-pw1-1.pdf")
    share = numbers_on(sheets / "share-bg2-pw1-1.pdf")

    assert run(program, [share]) == ""
    assert run(program, [share, share]) == ""


def test_the_card_says_where_to_go_whom_to_call_and_how(finished_rehearsal: Path) -> None:
    text = text_of(finished_rehearsal / "sheets" / "card-card-vault-1.pdf")
    told = part_of(text, ACCOUNT)
    where: dict[str, str] = defaultdict(str)
    for envelope, said in re.findall(r"(bg2-pw1-\d) (Share .*?)(?=bg2-pw1|KEY MODEL)", told):
        where[envelope] += said

    assert re.search(r"hq, hq-shares Alice Archer or Ivan Ironside", where["bg2-pw1-1"])
    assert re.search(r"branch, branch-shares Bob Baker or Judy Joiner", where["bg2-pw1-2"])
    assert re.search(r"vault, vault-shares Frank Fisher or Kate Keller", where["bg2-pw1-3"])
    assert all("any 2 needed" in it and re.search(r"BAG-\d{4}", it) for it in where.values())
    whole = " ".join(text.split())
    assert "Whom to call" in whole
    for person in (
        "Alice Archer hq-shares +1 555 0101",
        "Ivan Ironside hq-keys, branch-keys, hq-shares +1 555 0109",
        "Frank Fisher vault-shares +1 555 0106",
    ):
        assert person in whole
    assert "Where it is dead, follow the recovery sheet that lies in each envelope" in whole
    assert "https://entra.microsoft.com" in whole
