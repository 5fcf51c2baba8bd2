"""Sheets a second, beside floors and python-slip39's cards; and what of them damage leaves to read.

The scans are simulated (tests/sheets/damage.py) from the finished sheet of a share.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pypdfium2
import qrcode
import zxingcpp
from PIL import Image, ImageDraw
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets.geometry import A4, Box
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import pin, share
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import DPI, find_codes, rasterise, read_codes
from tests.sheets import damage
from tests.sheets.damage import Damage, sampled

ROUNDS: Final = 30
SHEETS: Final = 5
"""Samples of each damage to a whole sheet."""
CODES: Final = 20
"""Samples of each damage to a single code."""

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
    mnemonic=Secret.from_text(" ".join(WORDS[37 * at % len(WORDS)] for at in range(33))),
)
PIN = pin.PinSheet(
    heading=HEADING,
    set_id="KEY-01-pin-1",
    key_tag="KEY-01",
    serial=21873344,
    pin=Secret.from_text("48213907"),
    salt=Secret(bytes(16)),
)

PEER: Final = "slip39==14.1.0"
CARDS: Final = 3
PEER_SCRIPT: Final = f"""
import time
from slip39 import account
from slip39.layout.pdf import produce_pdf

accounts = [[account(bytes(32), crypto="BTC")]]
times = []
for _ in range(8):
    begin = time.perf_counter()
    _, pdf, _ = produce_pdf(
        "bg1", 1, {{"group": (2, [" ".join(["academic"] * 33)] * {CARDS})}}, accounts, False,
        anonymous=True, paper_format="A4",
    )
    pdf.output()
    times.append(time.perf_counter() - begin)
print(sorted(times[1:])[3])
"""


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


def print_times() -> None:
    """Rendering and proving, and how fast others are."""
    print("| sheet | work | ms | floor, ms | times the floor | sheets a second |")
    print("|---|---|---:|---:|---:|---:|")
    for name, render, payload in (
        ("share", partial(share.render, SHARE, A4), share.payload(SHARE)),
        ("PIN mailer", partial(pin.render, PIN, A4), pin.payload(PIN)),
    ):
        pdf = render()
        print_row(name, "render", render, partial(bare_matrix, payload))
        print_row(name, "prove", partial(prove, pdf, payload, copies=2), partial(bare_raster, pdf))
    print(f"| a card of PyPI {PEER} | render, {CARDS} a page and their backs | {peer()} |")


def peer() -> str:
    """The rest of the row of python-slip39, from an environment of its own that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder, "bin", "python"))
        try:
            quietly([sys.executable, "-m", "venv", folder])
            quietly([python, "-m", "pip", "install", "--quiet", PEER])
            took = 1000 * float(quietly([python, "-c", PEER_SCRIPT])) / CARDS
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or [str(error)]
            return f"did not install or run: {said[-1]} | | |"
        except subprocess.TimeoutExpired:
            return "did not install or run in time | | |"
    return f"{took:.1f} | | | {1000 / took:.0f}"


def quietly(command: Sequence[str]) -> str:
    """What a command prints."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=90)
    return done.stdout


TEXT = share.payload(SHARE)
PDF = share.render(SHARE, A4)
LEFT, RIGHT = (code.box for code in find_codes(PDF))
BOTH = Box(LEFT.x, LEFT.y, RIGHT.right - LEFT.x, LEFT.height)

DAMAGES: Final[dict[str, list[Damage]]] = {
    "none": [sampled(200)],
    "none, 100 dpi": [sampled(100)],
    "crease of 2 mm through both codes": [damage.crease(BOTH, level=True), sampled(200)],
    "torn corner, 11 x 9.5 cm": [damage.torn((1, 1), (110, 95)), sampled(200)],
    "stain over one code": [damage.stain(RIGHT), sampled(200)],
    "blur of 0.3 mm": [damage.blur(0.3), sampled(200)],
    "blur of 0.55 mm": [damage.blur(0.55), sampled(200)],
    "skew of 7 degrees": [damage.rotated(7), sampled(200)],
    "perspective": [damage.perspective(0.1), sampled(200)],
    "noise": [sampled(200), damage.noise(60)],
    "noise, 100 dpi": [sampled(100), damage.noise(90)],
    "low contrast, 40 of 255": [damage.low_contrast(), sampled(200), damage.noise(15, 0)],
    "low contrast, 8 of 255": [damage.low_contrast(170, 178), sampled(200)],
    "7 of 10 dots without toner": [damage.faded(0.7), sampled(200)],
    "light streaks": [damage.streaks(), sampled(200)],
    "crease, skew, blur, low contrast, noise, JPEG": [
        damage.crease(BOTH, 1.0, level=True),
        damage.rotated(4),
        damage.blur(0.25),
        damage.low_contrast(100, 200),
        sampled(200),
        damage.noise(20),
        damage.jpeg(20),
    ],
}


def ours(page: Image.Image) -> set[str]:
    """The kit's reading of a file."""
    out = BytesIO()
    page.save(out, "BMP")
    return set(read_codes(out.getvalue()))


def bare_zxing(page: Image.Image) -> set[str]:
    """zxing-cpp with its own settings, and told what to look for."""
    return {code.text for code in zxingcpp.read_barcodes(page, formats=QR)}


def opencv(detector: cv2.GraphicalCodeDetector, page: Image.Image) -> set[str]:
    """One of OpenCV's two detectors; a page that it fails on has no code."""
    try:
        _, texts, *_ = detector.detectAndDecodeMulti(np.asarray(page))
    except cv2.error:
        return set()
    return set(texts)


DECODERS: Final[dict[str, Callable[[Image.Image], set[str]]]] = {
    "keyvault-kit": ours,
    "zxing-cpp": bare_zxing,
    "OpenCV": partial(opencv, cv2.QRCodeDetector()),
    "OpenCV, ArUco": partial(opencv, cv2.QRCodeDetectorAruco()),
}


def print_head(*titles: str) -> None:
    """The head of a table of rates."""
    cells = [*titles, *DECODERS]
    print(f"\n| {' | '.join(cells)} |")
    print("|---|" + "---|" * (len(titles) - 1) + "---:|" * len(DECODERS))


def print_rates(*cells: str, scans: Sequence[Image.Image]) -> None:
    """The part of the scans in which each decoder finds the text of the code."""
    rates = (
        sum(TEXT in decode(scan) for scan in scans) / len(scans) for decode in DECODERS.values()
    )
    print(f"| {' | '.join(cells)} | {' | '.join(f'{100 * rate:.0f} %' for rate in rates)} |")


def print_sheets() -> None:
    """Whole sheets: one of the two codes is enough."""
    (page,) = rasterise(PDF, damage.PRINTED)
    print_head("damage")
    for name, damages in DAMAGES.items():
        scans = [damage.after(page, damages, seed) for seed in range(SHEETS)]
        print_rates(name, scans=scans)


QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
LEVELS: Final = {
    "L": ERROR_CORRECT_L,
    "M": ERROR_CORRECT_M,
    "Q": ERROR_CORRECT_Q,
    "H": ERROR_CORRECT_H,
}
OURS: Final = 50.0
"""Millimetres of a side of the codes on our sheets."""
SIDES: Final = (OURS, 35.0)
ROUND: Final = 15.0
"""Millimetres of the sheet that are seen round a code."""
TINT: Final = 0.65
"""Light that paper gives back below a tint of 35 %."""


def cut_out(level: str, side: float) -> tuple[Image.Image, Box]:
    """A code of another level and size in its place on the sheet, and where that is."""
    modules = qrcode.QRCode(error_correction=LEVELS[level], border=0)
    modules.add_data(TEXT, optimize=0)
    modules.make()
    dots = np.where(np.array(modules.get_matrix()), 0, damage.WHITE).astype(np.uint8)
    code = Image.fromarray(dots)
    (page,) = rasterise(PDF, damage.PRINTED)
    frame = RIGHT.grown(4)
    edges = [damage.dots(edge) for edge in (frame.x, frame.y, frame.right, frame.bottom)]
    ImageDraw.Draw(page).rectangle(edges, fill=damage.WHITE)
    width = round(damage.dots(side))
    x, y = (RIGHT.width - side) / 2 + RIGHT.x, (RIGHT.height - side) / 2 + RIGHT.y
    at = round(damage.dots(x)), round(damage.dots(y))
    page.paste(code.resize((width, width), Image.Resampling.NEAREST), at)
    left, top = round(at[0] - damage.dots(ROUND)), round(at[1] - damage.dots(ROUND))
    span = round(damage.dots(side + 2 * ROUND))
    return page.crop((left, top, left + span, top + span)), Box(ROUND, ROUND, side, side)


def print_codes() -> None:
    """Single codes: level and size, where damage goes through each."""
    print_head("damage", "side, mm", "level")
    blurred: list[Damage] = [damage.blur(0.35), sampled(200), damage.noise(30)]
    for side in SIDES:
        for level in LEVELS:
            scan, box = cut_out(level, side)
            creased: list[Damage] = [damage.crease(box), sampled(200)]
            print_code("crease of 2 mm", scan, creased, level, side)
    for level in LEVELS:
        scan, box = cut_out(level, OURS)
        creased = [damage.crease(box, 4.0), sampled(200)]
        print_code("crease of 4 mm", scan, creased, level, OURS)
        print_code("blur of 0.35 mm, noise", scan, blurred, level, OURS)
    scan, _ = cut_out("M", OURS)
    print_code("tint of 35 % below it", scan, [damage.tint(TINT), sampled(200)], "M", OURS)


def print_code(
    name: str, page: Image.Image, damages: Sequence[Damage], level: str, side: float
) -> None:
    """The row of a code."""
    scans = [damage.after(page, damages, seed) for seed in range(CODES)]
    print_rates(name, f"{side:.0f}", level, scans=scans)


def main() -> None:
    """Print Markdown tables."""
    print_times()
    print(f"\nSheets of a share of 33 words that are read, of {SHEETS} scans each:")
    print_sheets()
    print(f"\nCodes that are read, of {CODES} each:")
    print_codes()


if __name__ == "__main__":
    main()
