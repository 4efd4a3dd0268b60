"""A picture laid out by the Graphviz binary: its drawing, and where each line runs and each box stands."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from segctl.report.dot import FONT, LABEL_SIZE, quote
from segctl.report.placing import Area, Course, Point, course

SECONDS = 300
WIDER = 1.05  # browsers set text up to 4 % wider than Graphviz, which hints it
ASCENT, DESCENT = 0.74, 0.22  # of a font's size: how far letters reach above and below their line


class GraphvizMissing(Exception):
    """The machine has no `dot`; the message says how it gets one."""


class GraphvizError(Exception):
    """`dot` gave no drawing: what it said."""


class GraphvizTooSlow(GraphvizError):
    """`dot` had no drawing in the time that it has."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """The course of each line by its id, the areas in which no words may stand, and that in which they may."""

    courses: Mapping[str, Course]
    taken: tuple[Area, ...]
    page: Area


def geometry(dot: str) -> Geometry:
    """Where everything stands in a drawing, in points, upwards."""
    drawing = json.loads(laid_out(dot, "json"))
    objects = drawing.get("objects", ())
    boxes = [_hull(each) for each in objects if "pos" in each]
    titles = [area for each in objects if "pos" not in each for area in _texts(each)]
    edges = [each for each in drawing.get("edges", ()) if "id" in each]
    return Geometry({each["id"]: course(_controls(each)) for each in edges}, (*boxes, *titles), _page(drawing))


def widths(texts: Iterable[str]) -> dict[str, float]:
    """How wide each text of a line is at most, in points, by Graphviz's measure."""
    texts = list(dict.fromkeys(texts))
    rows = [f"{quote(str(n))} [shape=plaintext, label={quote(text)}]" for n, text in enumerate(texts)]
    head = f"node [fontname={quote(FONT)}, fontsize={LABEL_SIZE}]"
    drawing = json.loads(laid_out("\n".join(["digraph {", head, *rows, "}"]), "json"))
    found = {int(each["name"]): max(a[2] - a[0] for a in _texts(each)) for each in drawing.get("objects", ())}
    return {text: WIDER * found[n] for n, text in enumerate(texts)}


def laid_out(dot: str, form: str) -> str:
    """Graphviz's answer; the text goes in by standard input, so no name of a site is an argument.

    Raises GraphvizMissing where the binary isn't there, GraphvizError where it fails.
    """
    try:
        done = subprocess.run(
            ["dot", f"-T{form}"], input=dot.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise GraphvizMissing("svg needs Graphviz, which isn't here: sudo apt install graphviz") from None
    except subprocess.TimeoutExpired:
        raise GraphvizTooSlow(f"Graphviz had no drawing after {SECONDS} seconds: take mermaid or dot") from None
    if done.returncode or not done.stdout:
        raise GraphvizError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout.decode()


def _page(drawing: Mapping[str, Any]) -> Area:
    left, bottom, right, top = map(float, drawing["bb"].split(","))
    return left, bottom + float(drawing.get("lheight", 0)) * 72, right, top  # what stands below has its own place


def _controls(edge: Mapping[str, Any]) -> list[Point]:
    return [(x, y) for step in edge.get("_draw_", ()) if step["op"] in "bB" for x, y in step["points"]]


def _hull(node: Mapping[str, Any]) -> Area:
    """Around all that is drawn of a box."""
    xs, ys = list[float](), list[float]()
    for step in node.get("_draw_", ()):
        if "points" in step:
            xs += [point[0] for point in step["points"]]
            ys += [point[1] for point in step["points"]]
        elif "rect" in step:
            x, y, half_width, half_height = step["rect"]
            xs += [x - half_width, x + half_width]
            ys += [y - half_height, y + half_height]
    x, y = map(float, node["pos"].split(","))
    return min(xs, default=x), min(ys, default=y), max(xs, default=x), max(ys, default=y)


def _texts(each: Mapping[str, Any]) -> Iterator[Area]:
    """The area of each row of its texts."""
    size = 0.0
    for step in each.get("_ldraw_", ()):
        if step["op"] == "F":
            size = step["size"]
        elif step["op"] == "T":
            x, y = step["pt"]
            left = x - step["width"] * {"l": 0.0, "c": 0.5, "r": 1.0}[step["align"]]
            yield left, y - size * DESCENT, left + step["width"], y + size * ASCENT
