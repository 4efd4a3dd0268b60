"""The segment graph of a large site as a picture: one box for many segments, one line for all that is said between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx

from segctl.report import captions
from segctl.report.captions import counted
from segctl.report.diagram import ANY, FIRST, LAST, segment_box
from segctl.report.folds import LOOSE
from segctl.report.frames import WITHIN
from segctl.report.groups import Grouping, grouping
from segctl.report.picture import Box, Key, Line, Picture, Shade, Stroke

NOUNS: Mapping[Stroke, str] = {
    Stroke.FLOW: "flow",
    Stroke.INACTIVE: "flow",
    Stroke.MANAGEMENT: "management entry",
    Stroke.GUARDRAIL: "guardrail",
}
UNDECLARED = (
    "What passes by defaults, for it is only observed, or for no point stands between, isn't drawn here:"
    " segctl graph --format matrix shows it."
)
REGISTER = "Every statement with its reason: segctl graph --format markdown."
TIPS = 40  # names in a tip


@dataclass(slots=True)
class _Said:
    """The statements between two boxes: their names, and their services."""

    names: dict[str, None] = field(default_factory=dict)
    services: dict[str, None] = field(default_factory=dict)


def overview(graph: "networkx.MultiDiGraph[str]", title: str, group: str = WITHIN) -> Picture:
    """The picture of a segment graph whose undeclared edges may be left out; the same for the same graph."""
    edges = [edge for edge in graph.edges(data=True) if edge[2]["kind"] not in (*LOOSE, Stroke.UNCOVERED)]
    found = grouping(graph.nodes, group, (edge[:2] for edge in edges))
    said = _said(edges, found)
    lines = [_line(*key, one) for key, one in sorted(said.items()) if key[0] != key[1]]
    inner: dict[str, dict[Stroke, _Said]] = {}
    for (source, target, stroke), one in sorted(said.items()):
        if source == target:
            inner.setdefault(source, {})[stroke] = one
    boxes = [*_boxes(graph, found, {end for line in lines for end in (line.source, line.target)}, inner)]
    points = () if graph.graph["points"] else (captions.NO_POINTS,)
    return Picture(
        title,
        tuple(boxes),
        tuple(lines),
        tuple(Key(stroke, captions.STROKES[stroke]) for stroke in Stroke if any(x.stroke is stroke for x in lines)),
        (*points, folded(found), UNDECLARED, REGISTER),
    )


def folded(found: Grouping) -> str:
    """The note that says how a picture was put together."""
    return (
        f"{len(found.names)} segments are drawn as {len(found.titles)} groups, by {found.said}."
        " --group label:NAME puts them together by a label, --fold never draws each."
    )


def _said(edges: list[tuple[str, str, Any]], found: Grouping) -> dict[tuple[str, str, Stroke], _Said]:
    out: dict[tuple[str, str, Stroke], _Said] = {}
    for source, target, data in sorted(edges, key=lambda edge: (edge[0], edge[1], edge[2]["kind"], edge[2]["name"])):
        ends = ANY if data["source_any"] else found.of(source), ANY if data["destination_any"] else found.of(target)
        one = out.setdefault((*ends, Stroke(data["kind"])), _Said())
        one.names[data["name"]] = None
        one.services |= dict.fromkeys(data["services"])
    return out


def _line(source: str, target: str, stroke: Stroke, said: _Said) -> Line:
    forbids = "✕ " if stroke is Stroke.GUARDRAIL else ""
    label = forbids + captions.services(said.services)
    rows = (label,) if len(said.names) == 1 else (f"{number(len(said.names), NOUNS[stroke])}", label)
    names = [*said.names]
    more = [f"and {len(names) - TIPS} more"] if len(names) > TIPS else []
    return Line(source, target, stroke, rows, tip="\n".join([*names[:TIPS], *more]))


def number(many: int, noun: str) -> str:
    """`1 flow`, `2 flows`, `2 management entries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{many} {noun if many == 1 else plural}"


def _boxes(
    graph: "networkx.MultiDiGraph[str]", found: Grouping, ends: set[str], inner: Mapping[str, Mapping[Stroke, _Said]]
) -> Iterator[Box]:
    alone = {name: data for name, data in graph.nodes(data=True) if name not in found.names}
    kept = {n: d for n, d in alone.items() if n in ends or not d["built_in"] or d["v4"] + d["v6"]}
    for name, data in sorted(kept.items(), key=lambda item: (item[0] in LAST, item[0] not in FIRST, item[0])):
        yield segment_box(name, data)
    for name, members in found.members().items():
        yield group_box(graph.nodes, name, found.titles[name], members, tuple(_within(inner.get(name, {}))))
    if ANY in ends:
        yield Box(ANY, Shade.ANY, "any", ("every address",), tip="every address, of every segment")


def group_box(
    nodes: Mapping[str, Mapping[str, Any]], name: str, title: str, members: list[str], rows: tuple[str, ...] = ()
) -> Box:
    """Many segments in one box, which says how many there are of a sort."""
    each = [nodes[member] for member in members]
    lenient = sum(data["mode"] not in ("", "enforce") for data in each)
    details = [
        number(len(members), "segment"),
        captions.shorten(counted(data["strictness"] for data in each)),
        *([f"{lenient} observe"] if lenient else []),
        *rows,
    ]
    more = [f"and {len(members) - TIPS} more"] if len(members) > TIPS else []
    tip = "\n".join([title, *members[:TIPS], *more])
    return Box(name, Shade.GROUP, captions.broken(captions.shorten(title, 60)), tuple(details), bool(lenient), tip=tip)


def _within(said: Mapping[Stroke, _Said]) -> Iterator[str]:
    for stroke, one in said.items():
        word = " not in force" if stroke is Stroke.INACTIVE else ""
        yield f"inside: {number(len(one.names), NOUNS[stroke])}{word}"
