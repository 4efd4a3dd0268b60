"""A square of cells as svg, by itself: no Graphviz."""

from collections.abc import Iterator
from textwrap import wrap
from xml.sax.saxutils import escape

from segctl.report.adjacency import Cell, Mark, Square
from segctl.report.captions import shorten
from segctl.report.palette import DARK, LIGHT, Palette, Theme
from segctl.report.picture import Shade, Stroke
from segctl.report.sizes import width

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
PAD = 20.0
SIZE, SMALL = 11.0, 9.0  # of letters: the names of few segments, of many
MANY = 60  # segments above which letters are small, and names stand on all four sides
NAME = 34  # characters of a name; the whole one is in its tip
NOTE = 76  # characters of a note's row
ROW = 16.0
GAP = 5.0
LEAST = 8  # characters below which a title says nothing
OUTLINES = {Mark.OBSERVED, Mark.UNCOVERED, Mark.LOST, Mark.INACTIVE, Mark.CLOSES}
STROKES = {mark: Stroke(mark.value) for mark in Mark if mark is not Mark.LOST}


def draw_matrix(square: Square, theme: Theme = Theme.AUTO) -> str:
    """The matrix as one svg document, light, dark, or as the reader's screen asks for; the same for the same square."""
    return _Sheet(square).draw(theme)


class _Sheet:
    """Where everything stands, in pixels."""

    def __init__(self, square: Square) -> None:
        self.square = square
        self.many = len(square.names)
        self.large = self.many > MANY
        self.size = SMALL if self.large else SIZE
        numbered = any(cell.text for cell in square.cells)
        self.cell = 34.0 if numbered else 12.0 if self.large else 20.0
        self.shown = [_waisted(name, NAME) for name in square.names]
        self.names = max((width(name, self.size) for name in self.shown), default=0) + 2 * GAP
        self.bands = 20.0 if square.bands else 0.0
        self.left = PAD + self.bands + self.names
        self.top = PAD + 2 * ROW + self.bands + self.names
        self.side = self.cell * self.many
        far = self.names if self.large else 0.0
        self.below = self.top + self.side + far + ROW
        rows = [text for note in square.notes for text in wrap(note, NOTE)]
        texts = [width(text, SIZE) for text in (*rows, square.title)] + [24 + width(t, SIZE) for _, t in square.legend]
        self.notes = rows
        self.wide = max(self.left + self.side + far, PAD + max(texts)) + PAD
        self.high = self.below + ROW * (len(square.legend) + len(rows) + 1) + PAD

    def draw(self, theme: Theme) -> str:
        size = f'width="{self.wide:g}" height="{self.high:g}" viewBox="0 0 {self.wide:g} {self.high:g}"'
        parts = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">',
            f"<title>{_text(self.square.title)}</title>",
            *_styles(theme),
            *self._defs(),
            f'<rect class="paper" width="{self.wide:g}" height="{self.high:g}"/>',
            self._at(PAD, PAD + ROW, self.square.title, SIZE + 2, 'class="head"'),
            *self._bands(),
            *self._grounds(),
            *self._lines(),
            *self._names(),
            *map(self._marks, self.square.cells),
            *self._foot(),
            "</svg>",
            "",
        ]
        return "\n".join(parts)

    def _x(self, column: int) -> float:
        return self.left + column * self.cell

    def _y(self, row: int) -> float:
        return self.top + row * self.cell

    def _defs(self) -> Iterator[str]:
        yield "<defs>"
        for mark in Mark:
            yield f'<g id="{mark}" class="{mark}">{shape(mark, self.cell)}</g>'
        yield "</defs>"

    def _bands(self) -> Iterator[str]:
        for number, band in enumerate(self.square.bands):
            at, long = band.first * self.cell, band.many * self.cell
            if number % 2 == 0:  # every second one on a tinted strip, through rows and columns
                start = PAD + 2 * ROW
                yield _rect("band", PAD, self.top + at, self.left - PAD + self.side, long)
                yield _rect("band", self.left + at, start, long, self.top - start + self.side)
            shown = _fitting(band.title, self.size, long)
            if not shown:
                continue
            title = f"<title>{_text(band.title)}</title>"
            look = f'class="group" font-size="{self.size:g}" text-anchor="middle"'
            x, y = PAD + 14, self.top + at + long / 2
            turned = f'transform="rotate(-90 {x:g} {y:g})"'
            yield f'<text x="{x:g}" y="{y:g}" {turned} {look}>{title}{_text(shown)}</text>'
            x, y = self.left + at + long / 2, PAD + 2 * ROW + 14
            yield f'<text x="{x:g}" y="{y:g}" {look}>{title}{_text(shown)}</text>'

    def _grounds(self) -> Iterator[str]:
        """One path for each row and mark: a pattern would be shorter, but librsvg takes minutes for one that large."""
        paths: dict[tuple[int, Mark], list[str]] = {}
        for run in self.square.runs:
            outline = course(run.mark, self.cell)
            steps = (f"M{self._x(column):g} {self._y(run.row):g}{outline}" for column in range(run.first, run.last + 1))
            paths.setdefault((run.row, run.mark), []).extend(steps)
        for (_, mark), steps_ in paths.items():
            yield f'<path class="{mark}" d="{"".join(steps_)}"/>'

    def _lines(self) -> Iterator[str]:
        steps = [n * self.cell for n in range(self.many + 1)]
        down = "".join(f"M{self.left + at:g} {self.top:g}v{self.side:g}" for at in steps)
        across = "".join(f"M{self.left:g} {self.top + at:g}h{self.side:g}" for at in steps)
        yield f'<path class="lines" d="{down}{across}"/>'
        edges = sorted(
            {0, self.many, *(at for band in self.square.bands for at in (band.first, band.first + band.many))}
        )
        strong = "".join(
            f"M{self._x(at):g} {self.top:g}v{self.side:g}M{self.left:g} {self._y(at):g}h{self.side:g}" for at in edges
        )
        yield f'<path class="edges" d="{strong}"/>'
        own = "".join(
            f"M{self._x(n):g} {self._y(n):g}h{self.cell:g}v{self.cell:g}h{-self.cell:g}z" for n in range(self.many)
        )
        yield f'<path class="own" d="{own}"/>'

    def _names(self) -> Iterator[str]:
        base = self.cell / 2 + 0.35 * self.size
        for n, (shown, tip) in enumerate(zip(self.shown, self.square.tips, strict=True)):
            y, x = self._y(n) + base, self._x(n) + base
            yield self._name(self.left - GAP, y, shown, tip, "end", turned=False)
            yield self._name(x, self.top - GAP, shown, tip, "start", turned=True)
            if self.large:
                yield self._name(self.left + self.side + GAP, y, shown, tip, "start", turned=False)
                yield self._name(x, self.top + self.side + GAP, shown, tip, "end", turned=True)

    def _name(self, x: float, y: float, shown: str, tip: str, anchor: str, *, turned: bool) -> str:
        turn = f' transform="rotate(-90 {x:g} {y:g})"' if turned else ""
        look = f'class="name" font-size="{self.size:g}" text-anchor="{anchor}"'
        return f'<text x="{x:g}" y="{y:g}"{turn} {look}><title>{_text(tip)}</title>{_text(shown)}</text>'

    def _marks(self, cell: Cell) -> str:
        x, y = self._x(cell.column), self._y(cell.row)
        marks = "".join(f'<use href="#{mark}"/>' for mark in cell.marks)
        if cell.text:
            middle = f'x="{self.cell / 2:g}" y="{self.cell / 2 + 0.35 * SMALL:g}"'
            marks += f'<text {middle} class="number" font-size="{SMALL:g}">{_text(cell.text)}</text>'
        box = f'<rect class="hit" width="{self.cell:g}" height="{self.cell:g}"/>'
        return f'<g class="cell" transform="translate({x:g} {y:g})"><title>{_text(cell.tip)}</title>{box}{marks}</g>'

    def _foot(self) -> Iterator[str]:
        y = self.below
        for mark, text in self.square.legend:
            scale = 14 / self.cell
            yield f'<use href="#{mark}" transform="translate({PAD:g} {y:g}) scale({scale:g})"/>'
            yield self._at(PAD + 22, y + 11, text, SIZE)
            y += ROW
        for row in self.notes:
            y += ROW
            yield self._at(PAD, y, row, SIZE)

    def _at(self, x: float, y: float, text: str, size: float, more: str = "") -> str:
        return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" {more}>{_text(text)}</text>'


def shape(mark: Mark, cell: float) -> str:
    """A mark in a cell of that size: each differs from the others by its form, not by its colour alone."""
    c, half = cell, cell / 2
    match mark:
        case Mark.DEFAULT | Mark.OBSERVED | Mark.UNCOVERED | Mark.LOST:
            return f'<path d="M0 0{course(mark, cell)}"/>'
        case Mark.FLOW:
            return _box(c * 0.28, c)
        case Mark.MANAGEMENT:
            return (
                f'<path d="M{half:g} {c * 0.15:g}L{c * 0.85:g} {half:g}L{half:g} {c * 0.85:g}L{c * 0.15:g} {half:g}z"/>'
            )
        case Mark.GUARDRAIL:
            a, b = c * 0.15, c * 0.85
            return f'<path d="M{a:g} {a:g}L{b:g} {b:g}M{b:g} {a:g}L{a:g} {b:g}"/>'
        case Mark.INACTIVE:
            return _box(c * 0.28, c)
        case Mark.STAYS:
            return f'<circle cx="{half:g}" cy="{half:g}" r="{c * 0.16:g}"/>'
        case Mark.ALTERS:
            a, b = c * 0.2, c * 0.8
            return f'<path d="M{a:g} {half:g}Q{c * 0.35:g} {a:g} {half:g} {half:g}T{b:g} {half:g}"/>'
        case Mark.CLOSES:
            return f'{_box(c * 0.12, c)}<path d="M{c * 0.3:g} {half:g}H{c * 0.7:g}"/>'
        case Mark.OPENS:
            a, b = c * 0.25, c * 0.75
            return f'{_box(c * 0.04, c)}<path class="plus" d="M{half:g} {a:g}V{b:g}M{a:g} {half:g}H{b:g}"/>'


def course(mark: Mark, cell: float) -> str:
    """A ground's outline, from its cell's upper left corner."""
    match mark:
        case Mark.OBSERVED:
            a = cell * 0.4
            return f"m{cell / 2:g} {cell * 0.1:g}l{a:g} {a:g} {-a:g} {a:g} {-a:g} {-a:g}z"
        case Mark.UNCOVERED:
            r = cell * 0.38
            return f"m{cell / 2 - r:g} {cell / 2:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0"
        case Mark.LOST:
            return f"m{cell * 0.3:g} {cell / 2:g}h{cell * 0.4:g}"
        case _:
            a = cell * 0.76
            return f"m{cell * 0.12:g} {cell * 0.12:g}h{a:g}v{a:g}h{-a:g}z"


def _waisted(text: str, most: int) -> str:
    """At most so many characters, cut in the middle: long names differ at their ends."""
    if len(text) <= most:
        return text
    head = (most - 1) * 3 // 5
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def _fitting(text: str, size: float, room: float) -> str:
    """As much of a text as has room; nothing where it would say nothing."""
    for most in range(len(text), LEAST - 1, -1):
        if width(shown := shorten(text, most), size) <= room:
            return shown
    return ""


def _box(inset: float, cell: float) -> str:
    side = cell - 2 * inset
    return f'<rect x="{inset:g}" y="{inset:g}" width="{side:g}" height="{side:g}"/>'


def _rect(name: str, x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="{name}" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"/>'


def _text(text: str) -> str:
    return escape(text)


def _styles(theme: Theme) -> Iterator[str]:
    yield "<style>"
    yield from _rules(DARK if theme is Theme.DARK else LIGHT)
    if theme is Theme.AUTO:
        yield "@media screen and (prefers-color-scheme: dark) {"
        yield from _rules(DARK)
        yield "}"
    yield "</style>"


def _rules(palette: Palette) -> Iterator[str]:
    light = palette is LIGHT
    yield f".paper {{ fill: {palette.ground}; }}"
    yield f"text {{ fill: {palette.text}; }}"
    yield f".number {{ text-anchor: middle; paint-order: stroke; stroke: {palette.ground}; stroke-width: 4px; }}"
    yield ".head, .group { font-weight: bold; }"
    yield f".band {{ fill: {'#f3f5f7' if light else '#1d2329'}; }}"
    yield f".lines {{ stroke: {'#d5d9dd' if light else '#2c333a'}; stroke-width: 0.5; fill: none; }}"
    yield f".edges {{ stroke: {palette.faint}; stroke-width: 1; fill: none; }}"
    yield f".own {{ stroke: {palette.faint}; stroke-width: 1; fill: none; }}"
    yield ".hit { fill: transparent; stroke: none; }"
    yield f".plus {{ stroke: {palette.ground}; stroke-width: 1.6; }}"
    yield f".lost {{ stroke: {palette.faint}; stroke-width: 1; fill: none; }}"
    for mark, stroke in STROKES.items():
        colour = palette.lines[stroke]
        if mark is Mark.DEFAULT:
            yield f".{mark} {{ fill: {palette.boxes[Shade.OUTSIDE].fill}; stroke: {colour}; stroke-width: 1; }}"
        elif mark in OUTLINES:
            dash = " stroke-dasharray: 2 1;" if mark is Mark.INACTIVE else ""
            yield f".{mark} {{ stroke: {colour}; stroke-width: 1.2; fill: none;{dash} }}"
        elif mark in (Mark.GUARDRAIL, Mark.ALTERS):
            yield f".{mark} {{ stroke: {colour}; stroke-width: 1.6; fill: none; }}"
        else:
            yield f".{mark} {{ fill: {colour}; stroke: none; }}"
