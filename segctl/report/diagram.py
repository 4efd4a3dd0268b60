"""The segment graph as a picture: what is one line, what is said on it, what is left out."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

import networkx

from segctl.report import captions
from segctl.report.folds import fold
from segctl.report.frames import WITHIN, framed
from segctl.report.knots import tie
from segctl.report.picture import Box, Heads, Key, Line, Picture, Shade, Stroke
from segctl.report.tables import left_out, tables

ANY = "*any"  # no name of a site has a star
FIRST, LAST = ("world",), ("points", "quarantine")
UNSAID = (Stroke.DEFAULT, Stroke.OBSERVED, Stroke.UNCOVERED)  # no statement of the site stands behind these
LOOSE = (Stroke.OBSERVED, Stroke.UNCOVERED)
Pair = tuple[str, str]
Edge = Mapping[str, Any]

_STRICTNESSES = (Shade.OPEN, Shade.GUARDED, Shade.STRICT, Shade.SEALED, Shade.QUARANTINE, Shade.OUTSIDE, Shade.POINT)
_SHADES = {shade.value: shade for shade in _STRICTNESSES}


def diagram(graph: "networkx.MultiDiGraph[str]", title: str, group: str = WITHIN) -> Picture:
    """The picture of a segment graph (`segctl.ask.graph` says what its attributes are), the same for the same graph.

    `group` says what stands in one frame: see `frames`.
    """
    edges = list(graph.edges(data=True))
    folds = fold(graph.nodes, edges)
    edges = [edge for edge in edges if edge[2]["kind"] not in folds.strokes]
    drawn = list(_knotted(_lines(edges, told=bool(folds.strokes)), edges))
    lines = [each for each in drawn if isinstance(each, Line)]
    ends = {end for line in lines for end in (line.source, line.target)}
    kept = _kept(graph, ends)
    frames, places = framed(kept, group)
    boxes = [*_boxes(kept, places, folds.rows), *(each for each in drawn if isinstance(each, Box))]
    if ANY in ends:
        boxes.append(Box(ANY, Shade.ANY, "any", ("every address",), tip="every address, of every segment"))
    register = graph.graph["register"]
    points = () if graph.graph["points"] else (captions.NO_POINTS,)
    return Picture(
        title,
        tuple(boxes),
        tuple(_both_ways(lines)),
        tuple(_legend(boxes, lines)),
        (*points, *folds.notes, *left_out(register)),
        frames,
        tables(register),
    )


def _kept(graph: "networkx.MultiDiGraph[str]", ends: set[str]) -> dict[str, Edge]:
    """Segments, without the built-in ones that have no address and no line."""
    nodes = graph.nodes(data=True)
    kept = {n: data for n, data in nodes if n in ends or not data["built_in"] or data["v4"] + data["v6"]}
    return dict(sorted(kept.items(), key=lambda item: (item[0] in LAST, item[0] not in FIRST, item[0])))


def _boxes(kept: Mapping[str, Edge], places: Mapping[str, str], rows: Mapping[str, tuple[str, ...]]) -> Iterator[Box]:
    for name, data in kept.items():
        within = data["within"] if data["within"] in kept and places.get(name) != data["within"] else None
        more = (*rows.get(name, ()), *((f"within {captions.shorten(within)}",) if within else ()))
        yield segment_box(name, data, more, places.get(name))


def segment_box(name: str, data: Edge, rows: tuple[str, ...] = (), frame: str | None = None) -> Box:
    """The box of one segment; `rows`: what it says below what it is."""
    return Box(
        name,
        _SHADES.get(data["strictness"], Shade.OWN),
        captions.broken(name),
        (*captions.details(data), *rows),
        dashed=data["mode"] not in ("", "enforce"),
        frame=frame,
        tip=captions.segment_tip(name, data),
    )


def _said(edges: Iterable[tuple[str, str, Edge]]) -> dict[tuple[str, str, Stroke], list[Edge]]:
    """Statements by the line that they belong to; where one says `any`, it is drawn once, to or from a box `any`."""
    out: dict[tuple[str, str, Stroke], dict[str, Edge]] = {}
    for source, target, data in edges:
        ends = (ANY if data["source_any"] else source, ANY if data["destination_any"] else target)
        if ANY in ends:
            data = {**data, "observed": False, "uncovered": False, "partly": False}
        out.setdefault((*ends, Stroke(data["kind"])), {}).setdefault(data["name"], data)
    return {key: [by_name[name] for name in sorted(by_name)] for key, by_name in sorted(out.items())}


def _lines(edges: list[tuple[str, str, Any]], *, told: bool) -> list[Line]:
    """One line a pair and kind, before knots are tied; `told`: what else passes beside a flow is said in the boxes."""
    said = _said(edge for edge in edges if edge[2]["kind"] not in UNSAID)
    lines = [_statements(*key, statements, told=told) for key, statements in said.items()]
    for source, target, data in edges:
        if data["kind"] in UNSAID:
            stroke = Stroke(data["kind"])
            lines.append(Line(source, target, stroke, () if stroke is Stroke.DEFAULT else captions.passing(data)))
    return lines


def _statements(source: str, target: str, stroke: Stroke, statements: list[Edge], *, told: bool) -> Line:
    flow = stroke is Stroke.FLOW
    return Line(
        source,
        target,
        stroke,
        captions.labels(statements, forbids=stroke is Stroke.GUARDRAIL, rest=flow and not told),
        dashed=flow and any(data["observed"] or data["uncovered"] for data in statements),
        tip=captions.line_tip(source, target, statements),
    )


def _knotted(lines: list[Line], edges: list[tuple[str, str, Any]]) -> Iterator[Line | Box]:
    """Lines that are alike, drawn through knots where they are many."""
    alike: dict[tuple[Stroke, tuple[str, ...], bool], dict[Pair, Line]] = {}
    for line in lines:
        alike.setdefault((line.stroke, line.labels, line.dashed), {})[line.source, line.target] = line
    flows = {(line.source, line.target) for line in lines if line.stroke is Stroke.FLOW}
    numbers = count(1)
    for (stroke, labels, dashed), group in sorted(alike.items()):
        too = (e[:2] for e in edges if e[2]["kind"] in LOOSE and captions.observed(e[2]) == labels)
        knots, pairs = tie(group, too if stroke is Stroke.OBSERVED else ())
        for knot in knots:
            hub = f"*{next(numbers)}"
            title, *details = labels or (captions.ALL,)
            yield Box(hub, Shade.HUB, title, tuple(details), tip=captions.KNOT)
            yield from (Line(end, hub, stroke, dashed=dashed, heads=Heads.NONE) for end in knot.sources)
            yield from (Line(hub, end, stroke, dashed=dashed) for end in knot.targets)
            yield from (Line(hub, end, stroke, dashed=dashed, heads=Heads.BOTH) for end in knot.both)
        # What passes beside a flow is said on the flow's own line.
        implied = flows if stroke in LOOSE else set[Pair]()
        yield from (group[pair] for pair in pairs if pair not in implied)


def _both_ways(lines: Iterable[Line]) -> Iterator[Line]:
    """Two lines that differ in their direction alone are one with two heads."""
    waiting = {(line.source, line.target, line.stroke, line.labels, line.dashed, line.heads): line for line in lines}
    done: set[tuple[object, ...]] = set()
    for key, line in sorted(waiting.items()):
        back = (line.target, line.source, *key[2:])
        if key in done:
            continue
        if back in waiting and back != key and line.heads is Heads.TARGET:
            done.add(back)
            tip = "\n".join(dict.fromkeys((line.tip, waiting[back].tip)))
            yield Line(line.source, line.target, line.stroke, line.labels, line.dashed, Heads.BOTH, tip)
        else:
            yield line


def _legend(boxes: Iterable[Box], lines: Iterable[Line]) -> Iterator[Key]:
    """What is used, in a fixed order. Of boxes only what a dash means: each says its strictness itself."""
    boxes, lines = list(boxes), list(lines)
    if any(box.dashed for box in boxes):
        yield Key(Shade.GUARDED, captions.OBSERVES, dashed=True)
    for stroke in Stroke:
        if any(line.stroke is stroke and not line.dashed for line in lines):
            yield Key(stroke, captions.STROKES[stroke])
        if any(line.stroke is stroke and line.dashed for line in lines):
            yield Key(stroke, captions.LEAKY, dashed=True)
