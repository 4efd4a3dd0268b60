"""A picture as svg: Graphviz lays it out, we place the words of its lines and give it a style sheet."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import replace

from segctl.report.dot import FONT, LABEL_SIZE, MANY, Room, draw_dot, tip_of
from segctl.report.layout import ASCENT, GraphvizError, GraphvizTooSlow, geometry, laid_out, widths
from segctl.report.palette import DARK, LIGHT, Palette, Theme
from segctl.report.picture import Line, Picture, Shade, Stroke
from segctl.report.placing import Point, Words, place

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
SHAPES = ("polygon", "path", "ellipse", "polyline")
HEADS = ('polygon:not([fill="none"])', 'ellipse:not([fill="none"])')  # what is hollow stays so
FILLED = (*HEADS, 'path:not([fill="none"])')
SIZE = float(LABEL_SIZE)
ROW = 1.15 * SIZE  # from one row of words to the next
INCH = 72.0
HEADROOM = 36.0  # points between layers for the heads of lines
# Tried in turn until all words have room; how far layers are apart is in times the widest words.
ROOMS = (Room(1.0), Room(1.5, 0.6, 20), Room(2.2, 1.0, 30), Room(1.5, 1.0, 50))
Node = ElementTree.Element


def draw_svg(picture: Picture, theme: Theme = Theme.AUTO) -> str:
    """The picture as one svg document; by itself light, and dark where the reader's screen asks for it.

    Words for which there is no room upon or beside their line are left out: its tip and the tables have them.
    Raises GraphvizMissing where the binary isn't there, GraphvizError where it fails.
    """
    measured = widths(text for line in picture.lines for text in line.labels)
    dot, places = _roomiest(picture, measured)
    return _dressed(laid_out(dot, "svg"), picture, (places, measured), theme)


def _roomiest(picture: Picture, measured: Mapping[str, float]) -> tuple[str, list[Point | None]]:
    """Of the drawings with more and more room the first in which all words have a place, or the one with the most."""
    widest = max(measured.values(), default=0.0)
    best: tuple[int, str, list[Point | None]] | None = None
    failed = GraphvizError("Graphviz gave no drawing")
    for room in ROOMS if len(picture.lines) <= MANY else ROOMS[:1]:
        dot = draw_dot(picture, replace(room, layers=(room.layers * widest + HEADROOM) / INCH), words=False)
        try:
            places = _places(picture, dot, measured)
        except GraphvizTooSlow:
            raise
        except GraphvizError as error:  # dot can stumble over its own layers
            failed = error
            continue
        missing = sum(1 for line, at in zip(picture.lines, places, strict=True) if line.labels and at is None)
        if best is None or missing < best[0]:
            best = missing, dot, places
        if not missing:
            break
    if best is None:
        raise failed
    return best[1], best[2]


def _places(picture: Picture, dot: str, measured: Mapping[str, float]) -> list[Point | None]:
    found = geometry(dot)
    courses = [found.courses[f"line{number}"] for number in range(len(picture.lines))]
    words = [
        Words(course, max(measured[text] for text in line.labels), ROW * len(line.labels)) if line.labels else None
        for line, course in zip(picture.lines, courses, strict=True)
    ]
    return place(words, courses, found.taken, found.page)


def _dressed(
    svg: str, picture: Picture, words: tuple[list[Point | None], Mapping[str, float]], theme: Theme
) -> str:  # fmt: skip
    """With our style sheet and the lines' words above all lines; without comments (they tell Graphviz's version)."""
    root = ElementTree.fromstring(svg)
    ElementTree.register_namespace("", SVG[1:-1])
    drawing = root.find(f"{SVG}g")
    assert drawing is not None
    for group in list(root.iter(f"{SVG}a")):
        _tipped(group)
    _lift_titles(drawing)
    for line, at in zip(picture.lines, words[0], strict=True):
        if at is not None:
            drawing.append(_words(line, at, words[1]))
    text = ElementTree.tostring(root, encoding="unicode")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + re.sub(r"(<svg\b[^>]*>)", lambda tag: f"{tag[1]}\n{_style(picture, theme)}", text, count=1) + "\n"


def _tipped(group: Node) -> None:
    """Graphviz's link to nowhere, which carries a tip, as a group with a `title`: what every reader shows."""
    group.tag = f"{SVG}g"
    title = Node(f"{SVG}title")
    title.text = group.attrib.pop(f"{XLINK}title", "")
    group.insert(0, title)


def _lift_titles(drawing: Node) -> None:
    """The titles of frames, above the lines that run across them."""
    for frame in drawing.findall(f"{SVG}g[@class='cluster frame']"):
        above = ElementTree.SubElement(drawing, f"{SVG}g", {"class": "cluster frame"})
        for parent in list(frame.iter()):
            for text in parent.findall(f"{SVG}text"):
                parent.remove(text)
                above.append(text)


def _words(line: Line, middle: Point, measured: Mapping[str, float]) -> Node:
    """A line's words around a point, each row on a strip of the ground's colour that covers the line behind it."""
    group = Node(f"{SVG}g", {"class": f"edge {line.stroke}"})
    ElementTree.SubElement(group, f"{SVG}title").text = tip_of(line)
    first = -middle[1] - ROW * len(line.labels) / 2 + SIZE * ASCENT  # downwards
    for number, label in enumerate(line.labels):
        width, y = measured[label], first + number * ROW
        strip = {"x": f"{middle[0] - width / 2 - 1:.2f}", "y": f"{y - SIZE * ASCENT - 1:.2f}"}
        strip |= {"width": f"{width + 2:.2f}", "height": f"{ROW:.2f}", "fill": LIGHT.ground}
        ElementTree.SubElement(group, f"{SVG}rect", strip)
        look = {"text-anchor": "middle", "x": f"{middle[0]:.2f}", "y": f"{y:.2f}"}
        look |= {"font-family": FONT, "font-size": LABEL_SIZE, "fill": LIGHT.lines[line.stroke]}
        ElementTree.SubElement(group, f"{SVG}text", look).text = label
    return group


def _style(picture: Picture, theme: Theme) -> str:
    # Graphviz writes its colours as attributes, which any rule of a style sheet overrides.
    if theme is Theme.LIGHT:
        return f"<style>\n  {_rim(LIGHT)}\n</style>"
    dark = "\n".join(f"    {rule}" for rule in _rules(picture, DARK))
    if theme is Theme.DARK:
        return f"<style>\n{dark}\n</style>"
    return f"<style>\n  {_rim(LIGHT)}\n  @media screen and (prefers-color-scheme: dark) {{\n{dark}\n  }}\n</style>"


def _rim(palette: Palette) -> str:
    """Around a frame's title, where a line runs behind it."""
    return f".cluster text {{ paint-order: stroke; stroke: {palette.ground}; stroke-width: 4px; }}"


def _rules(picture: Picture, palette: Palette) -> Iterator[str]:
    """Of all that the picture shows, and no more."""
    samples = {key.sample for key in picture.legend}
    shades = {box.shade for box in picture.boxes} | {one for one in samples if isinstance(one, Shade)}
    strokes = {line.stroke for line in picture.lines} | {one for one in samples if isinstance(one, Stroke)}
    lines = {stroke: colour for stroke, colour in palette.lines.items() if stroke in strokes}
    yield f'.picture > polygon:not([fill="none"]) {{ fill: {palette.ground}; }}'
    yield f'.picture > polygon[fill="none"] {{ stroke: {palette.faint}; }}'
    yield _rim(palette)
    yield f".edge rect {{ fill: {palette.ground}; }}"
    yield f"text {{ fill: {palette.text}; }}"
    yield from (f'.picture > text[fill="{LIGHT.lines[key]}"] {{ fill: {colour}; }}' for key, colour in lines.items())
    yield f".frame polygon, .frame path {{ stroke: {palette.faint}; }}"
    for shade, paint in palette.boxes.items():
        if shade not in shades:
            continue
        yield f"{_each(f'.node.{shade}')} {{ stroke: {paint.border}; }}"
        yield f"{_each(f'.node.{shade}', FILLED)} {{ fill: {paint.fill}; }}"
    for stroke, colour in lines.items():
        yield f"{_each(f'.edge.{stroke}')} {{ stroke: {colour}; }}"
        yield f"{_each(f'.edge.{stroke}', HEADS)} {{ fill: {colour}; }}"
        yield f".edge.{stroke} text {{ fill: {colour}; }}"


def _each(of: str, shapes: tuple[str, ...] = SHAPES) -> str:
    return ", ".join(f"{of} {shape}" for shape in shapes)
