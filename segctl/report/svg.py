"""A picture as svg, laid out by the Graphviz binary."""

import re
import subprocess
from collections.abc import Iterator

from segctl.report.dot import draw_dot
from segctl.report.palette import DARK, Palette
from segctl.report.picture import Picture

SECONDS = 300
SHAPES = ("polygon", "path", "ellipse", "polyline")
HEADS = ('polygon:not([fill="none"])', 'ellipse:not([fill="none"])')  # what is hollow stays so
FILLED = (*HEADS, 'path:not([fill="none"])')


class GraphvizMissing(Exception):
    """The machine has no `dot`; the message says how it gets one."""


class GraphvizError(Exception):
    """`dot` gave no drawing: what it said."""


def draw_svg(picture: Picture) -> str:
    """The picture as one svg document, light by itself and dark where the reader's screen asks for it.

    Raises GraphvizMissing where the binary isn't there, GraphvizError where it fails.
    """
    return _dressed(_laid_out(draw_dot(picture)))


def _laid_out(dot: str) -> str:
    """Graphviz's answer; the text goes in by standard input, so no name of a site is an argument."""
    try:
        done = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise GraphvizMissing("svg needs Graphviz, which isn't here: sudo apt install graphviz") from None
    except subprocess.TimeoutExpired:
        raise GraphvizError(f"Graphviz had no drawing after {SECONDS} seconds: take mermaid or dot") from None
    if done.returncode or not done.stdout:
        raise GraphvizError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout.decode()


def _dressed(svg: str) -> str:
    """With our style sheet, without the comments (which tell Graphviz's version)."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    return re.sub(r"(<svg\b[^>]*>)", lambda tag: f"{tag[1]}\n{_style()}", svg, count=1)


def _style() -> str:
    # Graphviz writes its colours as attributes, which any rule of a style sheet overrides.
    dark = "\n".join(f"    {rule}" for rule in _rules(DARK))
    return f"<style>\n  @media screen and (prefers-color-scheme: dark) {{\n{dark}\n  }}\n</style>"


def _rules(palette: Palette) -> Iterator[str]:
    yield f".picture > polygon {{ fill: {palette.ground}; }}"
    yield f"text {{ fill: {palette.text}; }}"
    yield f".frame polygon, .frame path {{ stroke: {palette.faint}; }}"
    for shade, paint in palette.boxes.items():
        yield f"{_each(f'.node.{shade}')} {{ stroke: {paint.border}; }}"
        yield f"{_each(f'.node.{shade}', FILLED)} {{ fill: {paint.fill}; }}"
    for stroke, colour in palette.lines.items():
        yield f"{_each(f'.edge.{stroke}')} {{ stroke: {colour}; }}"
        yield f"{_each(f'.edge.{stroke}', HEADS)} {{ fill: {colour}; }}"
        yield f".edge.{stroke} text {{ fill: {colour}; }}"


def _each(of: str, shapes: tuple[str, ...] = SHAPES) -> str:
    return ", ".join(f"{of} {shape}" for shape in shapes)
