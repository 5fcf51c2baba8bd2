"""Drawing on pages: millimetres from the top left, sizes in points, black, grey and white."""

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Final, Literal

from reportlab.pdfgen.canvas import Canvas

from keyvault_kit.sheets import fonts, qr
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import MARGIN, MM, Box, Paper
from keyvault_kit.sheets.placing import Placed
from keyvault_kit.sheets.text import RoomError, baseline, fit, line_height, wrap

Align = Literal["left", "centre", "right"]

BLACK: Final = 0.0
CAPTION: Final = 0.35
"""Grey of captions: a laser printer still draws it as solid strokes."""
BAND: Final = 0.94
"""Grey of alternating bands: never below a code."""
WHITE: Final = 1.0

_LEAST_BODY: Final = 20.0
"""Height of a body in millimetres below which no page of a sheet is of use."""

_LEAST: Final = 5.0
"""Points below which nobody can read a text."""


class Drawing:
    """A PDF in the making.

    Args:
        frame: Draws what every page has and returns the box that is left for its body.
        pages: How many pages there will be in all, for the frame to say.
    """

    def __init__(
        self, paper: Paper, title: str, *, frame: Callable[["Drawing"], Box], pages: int = 1
    ) -> None:
        self.paper = paper
        self.pages = pages
        self.page = 0
        self._frame = frame
        self._placed = Placed()
        self._buffer = BytesIO()
        # invariant: no clock and no random id, so the same sheet has the same bytes
        self._canvas = Canvas(
            self._buffer, pagesize=(paper.width * MM, paper.height * MM), invariant=1
        )
        self._canvas.setTitle(title)
        self._canvas.setCreator("keyvault-kit")
        self.body = self.new_page()

    def new_page(self) -> Box:
        """Begin the next page; the box that its frame leaves for the body.

        Raises:
            RoomError: The frame leaves none, or the page before could not be laid out.
        """
        if self.page:
            self._end_page()
            self._canvas.showPage()
        self.page += 1
        self.body = self._frame(self)
        if self.body.height < _LEAST_BODY or self.body.width <= 0:
            raise RoomError("nothing is left below its heading")
        return self.body

    def _end_page(self) -> None:
        self._placed.check(self.paper)
        self._placed = Placed()

    @property
    def panels(self) -> tuple[Box, Box, Box]:
        """The body's three parts: what to do, and two parts for what is secret.

        Raises:
            RoomError: The body does not reach into all three.
        """
        edges = (self.body.y, *self.paper.panel_edges, self.body.bottom)
        if any(top >= bottom for top, bottom in pairwise(edges)):
            raise RoomError("its three parts do not fit")
        first, second, third = (
            Box(self.body.x, top, self.body.width, bottom - top) for top, bottom in pairwise(edges)
        )
        return first, second, third

    def finish(self) -> bytes:
        """The finished PDF.

        Raises:
            RoomError: The last page could not be laid out.
        """
        self._end_page()
        self._canvas.save()
        return self._buffer.getvalue()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9,
        face: Face = Face.REGULAR,
        align: Align = "left",
        grey: float = BLACK,
    ) -> None:
        """Draw a line of text; `y` is its baseline, `x` its left end, middle or right end.

        Raises:
            InputError: The fonts cannot print it.
            RoomError: It is too small to read.
        """
        text = fonts.require(text)
        if size < _LEAST:
            raise RoomError("a text would be too small to read")
        width = fonts.width(text, face, size)
        x -= {"left": 0.0, "centre": width / 2, "right": width}[align]
        capital = fonts.CAP_HEIGHT * size / MM
        if text.strip():
            self._placed.text(Box(x, y - capital, width, capital))
        self._canvas.setFillGray(grey)
        for name, run in fonts.runs(text, face):
            self._canvas.setFont(name, size)
            self._canvas.drawString(x * MM, self._up(y), run)
            x += fonts.width(run, face, size)

    def lines(
        self,
        box: Box,
        lines: Iterable[str],
        *,
        size: float = 9,
        face: Face = Face.REGULAR,
        grey: float = BLACK,
    ) -> float:
        """Draw lines of text from the top of a box; the lower edge of the last one."""
        y = box.y
        for line in lines:
            self.text(
                box.x, baseline(y, line_height(size), size), line, size=size, face=face, grey=grey
            )
            y += line_height(size)
        return y

    def paragraph(
        self, box: Box, text: str, *, size: float = 9, face: Face = Face.REGULAR
    ) -> float:
        """Draw text broken to the width of a box, from its top; the lower edge of the last line."""
        text = fonts.require(text)
        return self.lines(box, wrap(text, box.width, face, size), size=size, face=face)

    def fitted(
        self, box: Box, text: str, *, largest: float, least: float = 6, face: Face = Face.BOLD
    ) -> None:
        """Draw text at the largest size at which it fits the box.

        Raises:
            InputError: It does not fit, or the fonts cannot print it.
        """
        found = fit(fonts.require(text), (box.width, box.height), face, largest, least)
        self.lines(box, found.lines, size=found.size, face=face)

    def centred(
        self, box: Box, text: str, *, largest: float, face: Face = Face.BOLD, grey: float = BLACK
    ) -> None:
        """Draw a single line in the middle of a box, as large as fits its width."""
        text = fonts.require(text)
        size = min(largest, largest * box.width / max(fonts.width(text, face, largest), 1e-6))
        middle, y = box.x + box.width / 2, baseline(box.y, box.height, size)
        self.text(middle, y, text, size=size, face=face, align="centre", grey=grey)

    def line(self, start: tuple[float, float], end: tuple[float, float], *, weight: float) -> None:
        """Draw a straight line; its weight in points."""
        self._placed.mark(
            Box(
                min(start[0], end[0]),
                min(start[1], end[1]),
                abs(end[0] - start[0]),
                abs(end[1] - start[1]),
            )
        )
        self._canvas.setStrokeGray(BLACK)
        self._canvas.setLineWidth(weight)
        self._canvas.line(start[0] * MM, self._up(start[1]), end[0] * MM, self._up(end[1]))

    def open_box(self, x: float, y: float, width: float) -> None:
        """Draw the sign of a space: an open box on a baseline, in the width of a character."""
        left, right = x + 0.15 * width, x + 0.85 * width
        self.line((left, y), (right, y), weight=0.8)
        self.line((left, y - 1), (left, y), weight=0.8)
        self.line((right, y - 1), (right, y), weight=0.8)

    def rule(self, y: float, *, weight: float = 0.5) -> None:
        """Draw a line from margin to margin."""
        self.line((MARGIN, y), (self.paper.width - MARGIN, y), weight=weight)

    def cut(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a dashed line to cut along."""
        self._canvas.saveState()
        self._canvas.setDash(4, 3)
        self.line(start, end, weight=0.6)
        self._canvas.restoreState()

    def frame_box(self, box: Box, *, weight: float = 0.8) -> None:
        """Draw the outline of a box."""
        for side in _sides(box):
            self._placed.mark(side)
        self._canvas.setStrokeGray(BLACK)
        self._canvas.setLineWidth(weight)
        self._canvas.rect(box.x * MM, self._up(box.bottom), box.width * MM, box.height * MM)

    def fill_box(self, box: Box, grey: float) -> None:
        """Fill a box."""
        self._placed.mark(box)
        self._canvas.setFillGray(grey)
        self._canvas.rect(
            box.x * MM, self._up(box.bottom), box.width * MM, box.height * MM, stroke=0, fill=1
        )

    def circle(self, x: float, y: float, radius: float) -> None:
        """Draw the outline of a circle."""
        self._placed.mark(Box(x - radius, y - radius, 2 * radius, 2 * radius))
        self._canvas.setStrokeGray(BLACK)
        self._canvas.setLineWidth(0.6)
        self._canvas.circle(x * MM, self._up(y), radius * MM)

    def code(self, box: Box, matrix: qr.Matrix) -> Box:
        """Draw a QR code whose modules fill a square box.

        Returns:
            The box with the quiet zone round it, where nothing else may be drawn.
        """
        rim = box.grown(qr.QUIET_ZONE * box.width / len(matrix))
        self._placed.code(box, rim)
        self._cells(box, matrix)
        return rim

    def pattern(self, box: Box, cells: Sequence[Sequence[bool]]) -> None:
        """Fill a box with square cells, dark where true, row by row from the top."""
        self._placed.mark(box)
        self._cells(box, cells)

    def _cells(self, box: Box, cells: Sequence[Sequence[bool]]) -> None:
        side = box.width / len(cells[0]) * MM
        self._canvas.saveState()
        self._canvas.translate(box.x * MM, self._up(box.y))
        self._canvas.scale(side, -side)  # a cell is a unit: whole numbers make a small file
        # One path: filled as a whole, neighbouring cells leave no hairline between them.
        path = self._canvas.beginPath()
        for row, its_cells in enumerate(cells):
            for start, length in _runs(its_cells):
                path.rect(start, row, length, 1)
        self._canvas.setFillGray(BLACK)
        self._canvas.drawPath(path, stroke=0, fill=1)
        self._canvas.restoreState()

    def _up(self, y: float) -> float:
        """From millimetres below the top edge to PDF's points above the bottom edge."""
        return (self.paper.height - y) * MM


def _sides(box: Box) -> tuple[Box, Box, Box, Box]:
    return (
        Box(box.x, box.y, box.width, 0),
        Box(box.x, box.bottom, box.width, 0),
        Box(box.x, box.y, 0, box.height),
        Box(box.right, box.y, 0, box.height),
    )


def _runs(modules: Iterable[bool]) -> Iterable[tuple[int, int]]:
    """Start and length of each run of dark modules in a row."""
    start = None
    for at, dark in enumerate([*modules, False]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at - start
            start = None
