"""Sheets a second: rendering beside the bare QR matrix, proving beside the bare raster."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial

import pypdfium2
import qrcode
from qrcode.constants import ERROR_CORRECT_M

from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import pin, share
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import DPI

ROUNDS = 30

HEADING = Heading(
    organisation="Nordwind Energie AG",
    register="3f9c1ab2" + "5d" * 28,
    label="bg1@nordwind.onmicrosoft.com",
    date=date(2026, 3, 2),
    sheet_id="bg1-pw-1-2",
    number=2,
    count=3,
)
SHARE = share.ShareSheet(
    heading=HEADING,
    set_id="bg1-pw-1",
    threshold=2,
    mnemonic=Secret.from_text(" ".join(WORDS[:33])),
)
PIN = pin.PinSheet(
    heading=HEADING,
    set_id="KEY-01-pin-1",
    key_tag="KEY-01",
    serial=21873344,
    pin=Secret.from_text("48213907"),
    salt=Secret(bytes(16)),
)


def milliseconds(work: Callable[[], object]) -> float:
    """The median time of a round; the first, which loads fonts, does not count."""
    work()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * sorted(times)[ROUNDS // 2]


def bare_matrix(text: str) -> None:
    """The floor of rendering: the symbol and nothing else."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text.encode(), optimize=0)
    code.make()


def bare_raster(pdf: bytes) -> None:
    """The floor of proving: the pixels, not looked at."""
    document = pypdfium2.PdfDocument(pdf)
    document[0].render(scale=DPI / 72, grayscale=True)
    document.close()


def print_row(
    sheet: str, work: str, ours: Callable[[], object], floor: Callable[[], object]
) -> None:
    """Measure a piece of work beside its floor and print both."""
    took, least = milliseconds(ours), milliseconds(floor)
    print(
        f"| {sheet} | {work} | {took:.1f} | {least:.1f} | {took / least:.1f} | {1000 / took:.0f} |"
    )


def main() -> None:
    """Print a Markdown table."""
    print("| sheet | work | ms | floor, ms | times the floor | sheets a second |")
    print("|---|---|---:|---:|---:|---:|")
    for name, render, payload in (
        ("share", partial(share.render, SHARE, A4), share.payload(SHARE)),
        ("PIN mailer", partial(pin.render, PIN, A4), pin.payload(PIN)),
    ):
        pdf = render()
        print_row(name, "render", render, partial(bare_matrix, payload))
        print_row(name, "prove", partial(prove, pdf, payload, copies=2), partial(bare_raster, pdf))


if __name__ == "__main__":
    main()
