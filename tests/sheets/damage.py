"""What happens to a sheet between the printer and a file: simulated, seeded, in millimetres.

First the paper is damaged, at the resolution of the print; then it is scanned: distorted, blurred,
sampled at the scanner's resolution, and spoiled by its electronics. All pages are grey images.
"""

import math
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from keyvault_kit.sheets.geometry import Box

PRINTED: Final = 300
"""Dots an inch of the page before it is scanned."""

WHITE: Final = 255
INCH: Final = 25.4

Damage = Callable[[Image.Image, np.random.Generator], Image.Image]
"""Something that happens to a page at `PRINTED` dots an inch, or to its scan."""


def after(page: Image.Image, damages: Sequence[Damage], seed: int) -> Image.Image:
    """The page after all of them, in order; the same seed gives the same pixels."""
    random = np.random.default_rng(seed)
    for damage in damages:
        page = damage(page, random)
    return page


def dots(millimetres: float) -> float:
    """At the resolution of the print."""
    return millimetres * PRINTED / INCH


def crease(box: Box, width: float = 2.0, *, level: bool | None = None) -> Damage:
    """A fold from edge to edge through a place on the page, along which the toner has come off.

    Args:
        box: The place, in millimetres; the crease runs through the middle half of it, level or
            upright, as people fold paper, and a little off.
        width: Millimetres without toner.
        level: Whether it is level; else that is drawn.
    """

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        x = box.x + box.width * random.uniform(0.25, 0.75)
        y = box.y + box.height * random.uniform(0.25, 0.75)
        upright = bool(random.integers(2)) if level is None else not level
        angle = math.radians(random.normal(0, 1) + 90 * upright)
        reach = 400
        across = math.cos(angle) * reach, math.sin(angle) * reach
        ends = [dots(at) for at in (x - across[0], y - across[1], x + across[0], y + across[1])]
        creased = page.copy()
        ImageDraw.Draw(creased).line(ends, fill=248, width=round(dots(width)))
        return creased

    return damage


def torn(corner: tuple[float, float], sides: tuple[float, float]) -> Damage:
    """A corner is gone; what lies under the sheet on the scanner's glass is black.

    Args:
        corner: Which: parts of the page's width and height, 0 or 1 each.
        sides: Millimetres that are missing along the page's width and height.
    """

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        x, y = (part * side for part, side in zip(corner, page.size, strict=True))
        inwards = [1 - 2 * part for part in corner]
        wide, high = (dots(side) for side in sides)
        steps = np.linspace(0, 1, 12)
        rough = random.normal(0, dots(1.5), steps.size)
        edge = [
            (x + inwards[0] * (wide * (1 - s)) + r, y + inwards[1] * (high * s) + r)
            for s, r in zip(steps, rough, strict=True)
        ]
        left = page.copy()
        ImageDraw.Draw(left).polygon([(x, y), *edge], fill=20)
        return left

    return damage


def stain(box: Box, grey: int = 25) -> Damage:
    """Ink, or coffee and char, over a place: nothing below it can be seen."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        stained = page.copy()
        draw = ImageDraw.Draw(stained)
        for _ in range(6):
            x = dots(box.x + box.width * random.uniform(0.2, 0.8))
            y = dots(box.y + box.height * random.uniform(0.2, 0.8))
            radius = dots(min(box.width, box.height) * random.uniform(0.2, 0.4))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=grey)
        return stained

    return damage


def faded(part: float = 0.6) -> Damage:
    """Toner that holds no more: a part of the printed dots is gone."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        pixels = np.array(page)
        pixels[random.random(pixels.shape) < part] = WHITE
        return Image.fromarray(pixels)

    return damage


def streaks(every: float = 1.5, width: float = 0.3, grey: int = 240) -> Damage:
    """Upright lines of a worn drum, light ones or dark, some millimetres apart."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        streaked = page.copy()
        draw = ImageDraw.Draw(streaked)
        at = 0.0
        while at < page.width:
            at += dots(every) * random.uniform(0.5, 1.5)
            ends = (at, 0.0, at + random.normal(0, 10), float(page.height))
            draw.line(ends, fill=grey, width=max(1, round(dots(width))))
        return streaked

    return damage


def bled(size: int = 5) -> Damage:
    """Ink that has run, by half as many dots."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        return page.filter(ImageFilter.MinFilter(size))

    return damage


def low_contrast(dark: int = 150, light: int = 190) -> Damage:
    """Faded ink on paper that has gone grey."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        return page.point(
            [round(dark + (light - dark) * grey / WHITE) for grey in range(WHITE + 1)]
        )

    return damage


def tint(light: float = 0.65) -> Damage:
    """Grey, printed below everything as a raster of dots that gives back a part of the light."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        dotted = random.random((page.height, page.width)) > light
        return _image(np.where(dotted, 0, np.asarray(page)))

    return damage


def uneven_light(darkest: float = 0.25) -> Damage:
    """A shadow over the page, from full light to a part of it."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        width, height = page.size
        angle = random.uniform(0, 2 * math.pi)
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        along = (x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2)
        return _image(np.asarray(page) * (1 - (1 - darkest) * (along + 1) / 2))

    return damage


def rotated(degrees: float) -> Damage:
    """Laid on the glass askew, or upside down."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)

    return damage


def perspective(most: float = 0.06) -> Damage:
    """Photographed at a slant: two neighbouring corners have moved inwards.

    Args:
        most: Part of the page's width by which each has moved.
    """

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        width, height = page.size
        corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
        shift = width * most * random.uniform(0.7, 1)
        moved = list(corners)
        first = int(random.integers(4))
        for at in (first, (first + 1) % 4):
            x, y = corners[at]
            moved[at] = (x + (shift if x == 0 else -shift), y + (shift if y == 0 else -shift))
        return page.transform(
            page.size,
            Image.Transform.PERSPECTIVE,
            _homography(moved, corners),
            Image.Resampling.BICUBIC,
            fillcolor=WHITE,
        )

    return damage


def _homography(
    seen: Sequence[tuple[float, float]], meant: Sequence[tuple[float, float]]
) -> list[float]:
    """The eight coefficients by which Pillow finds the place in the original of what is seen."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(seen, meant, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), np.array(meant, dtype=float).ravel())
    return [float(number) for number in solved]


def stretched(part: float = 1.02) -> Damage:
    """The scanner's feed runs slow: higher than wide."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        width, height = page.size
        return page.resize((width, round(height * part)), Image.Resampling.BICUBIC)

    return damage


def blur(radius: float) -> Damage:
    """Out of focus; the radius in millimetres."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        return page.filter(ImageFilter.GaussianBlur(dots(radius)))

    return damage


def sampled(dpi: int) -> Damage:
    """By the scanner, at its resolution."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        width, height = (round(side * dpi / PRINTED) for side in page.size)
        return page.resize(
            (width, height), Image.Resampling.BOX if dpi < PRINTED else Image.Resampling.BICUBIC
        )

    return damage


def noise(sigma: float = 40, specks: float = 0.01) -> Damage:
    """Of the sensor, and dust: grey levels of standard deviation, and a part black or white."""

    def damage(page: Image.Image, random: np.random.Generator) -> Image.Image:
        pixels = np.asarray(page) + random.normal(0, sigma, (page.height, page.width))
        struck = random.random(pixels.shape)
        pixels[struck < specks / 2] = 0
        pixels[struck > 1 - specks / 2] = WHITE
        return _image(pixels)

    return damage


def jpeg(quality: int = 15) -> Damage:
    """Saved by a scanner that is short of room."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        out = BytesIO()
        page.save(out, "JPEG", quality=quality)
        return Image.open(out).convert("L")

    return damage


def fax(threshold: int = 128) -> Damage:
    """Black and white alone."""

    def damage(page: Image.Image, _random: np.random.Generator) -> Image.Image:
        return page.point([0 if grey < threshold else WHITE for grey in range(WHITE + 1)])

    return damage


def inverted(page: Image.Image, _random: np.random.Generator) -> Image.Image:
    """A negative."""
    return ImageOps.invert(page)


def mirrored(page: Image.Image, _random: np.random.Generator) -> Image.Image:
    """Read through the back of the paper."""
    return ImageOps.mirror(page)


def show_through(page: Image.Image, _random: np.random.Generator) -> Image.Image:
    """What is printed on the back shines through."""
    back = ImageOps.mirror(page).point([200 + 55 * grey // WHITE for grey in range(WHITE + 1)])
    return ImageChops.multiply(page, back)


def _image(pixels: npt.NDArray[Any]) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, WHITE).astype(np.uint8))
