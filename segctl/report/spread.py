"""A blast as a picture: what an intruder reaches, by the number of hops, and through what."""

from collections.abc import Iterator, Mapping
from typing import Any

import networkx

from segctl.model.pictured import Leap, Spreading
from segctl.report import captions
from segctl.report.diagram import FIRST, LAST, segment_box
from segctl.report.frames import WITHIN, framed
from segctl.report.groups import Fold, Grouping, grouping
from segctl.report.overview import folded, group_box, number
from segctl.report.picture import Box, Key, Line, Picture, Shade, Stroke

RINGS = (Shade.START, Shade.NEAR, Shade.SECOND, Shade.THIRD, Shade.FAR)
STROKES = (Stroke.HOP, Stroke.OBSERVED, Stroke.UNCOVERED)  # the best first
TIPS = 20
PASSES = (Stroke.FLOW, Stroke.MANAGEMENT)  # whose services are named on a hop
JOINED = "one machine has addresses in both"
HOW = (
    "A line leads to where he comes first, from each who is a hop nearer. Hops are of TCP, UDP, SCTP or a whole"
    " protocol; {world}"
)
WORLD_ENDS = "no way leads through world."
WORLD_LEADS = "ways lead through world, too."
Nodes = Mapping[str, Mapping[str, Any]]


def spread_picture(
    graph: "networkx.MultiDiGraph[str]",
    found: Spreading,
    who: str,
    group: str = WITHIN,
    fold: Fold = Fold.AUTO,
    *,
    through_world: bool = False,
) -> Picture:
    """All segments; those that aren't reached pale, or on a large site in one box.

    `who` is where he starts, in words; `graph` may lack the undeclared edges.
    """
    nodes: dict[str, dict[str, Any]] = {**graph.nodes}
    hops = _hops(found)
    lost = sorted(name for name, data in nodes.items() if name not in hops and not data["built_in"])
    folds = fold.holds(len(nodes))
    grouped = _grouped(nodes, hops, group, lost if folds else [], together=fold.holds(len(hops)), leaps=found.leaps)
    lines = [*_lines(graph, found, grouped)]
    kept = {n: d for n, d in nodes.items() if n in hops or not d["built_in"]}
    frames, places = framed(kept, group) if not grouped.names else ((), {})
    reached = sum(name not in found.start for name in hops)
    notes = (
        f"An intruder on one machine of {who}: {number(reached, 'other segment')} reached,"
        f" {len(lost)} not{'' if not lost else ' (pale)'}.",
        HOW.format(world=WORLD_LEADS if through_world else WORLD_ENDS),
        *([folded(grouped)] if grouped.names else ()),
        *(() if graph.graph["points"] else (captions.NO_POINTS,)),
    )
    boxes = tuple(_boxes(kept, hops, found, grouped, places))
    return Picture(f"blast {who}", boxes, tuple(lines), tuple(_legend(lines)), notes, tuple(frames))


def _hops(found: Spreading) -> dict[str, int]:
    """Of each segment in which he is or comes; of one that he only speaks from, as of where its machine was reached."""
    hops = {**found.hops, **dict.fromkeys(found.start, 0)}
    for one, other in (*found.joined, *found.joined[::-1]):
        for here, there in ((one, other), (other, one)):
            if here in hops and there not in hops:
                hops[there] = hops[here]
    return hops


def _grouped(
    nodes: Nodes, hops: Mapping[str, int], group: str, lost: list[str], *, together: bool, leaps: tuple[Leap, ...]
) -> Grouping:
    """Those that aren't reached in one box; and where too many are, these in groups, each of one number of hops."""
    names = dict.fromkeys(lost, "*not reached") if len(lost) > 1 else {}
    titles = {"*not reached": "not reached"} if names else {}
    if not together:
        return Grouping("whether they are reached", names, titles)
    pairs = ((leap.source, leap.destination) for leap in leaps)
    reached = {name: data for name, data in nodes.items() if name in hops}
    start = {name for name, least in hops.items() if not least}
    found = grouping(reached, group, pairs, apart=start, split=lambda name: _said(hops[name]))
    return Grouping(f"{found.said} and hops", {**names, **found.names}, {**titles, **found.titles})


def _lines(graph: "networkx.MultiDiGraph[str]", found: Spreading, grouped: Grouping) -> Iterator[Line]:
    """One between two boxes: of many leaps it looks as an allowed one, if there is one; the tip tells all."""
    leaps: dict[tuple[str, str], list[Leap]] = {}
    for leap in found.leaps:
        ends = grouped.of(leap.source), grouped.of(leap.destination)
        if ends[0] != ends[1]:
            leaps.setdefault(ends, []).append(leap)
    for (source, target), those in sorted(leaps.items()):
        stroke = min(map(_stroke, those), key=STROKES.index)
        services = dict.fromkeys(
            x for leap in those if stroke is _stroke(leap) is Stroke.HOP for x in _services(graph, leap)
        )
        tips = [f"{leap.source} → {leap.destination}: {captions.STROKES[_stroke(leap)]}" for leap in those]
        more = [f"and {len(tips) - TIPS} more"] if len(tips) > TIPS else []
        labels = (captions.services(services),) if services else ()
        yield Line(source, target, stroke, labels, tip="\n".join([*tips[:TIPS], *more]))
    joined = {tuple(sorted((grouped.of(one), grouped.of(other)))) for one, other in found.joined}
    for one, other in sorted(joined):
        if one != other:
            yield Line(one, other, Stroke.STAYS, ("same machine",), dashed=True, tip=JOINED)


def _stroke(leap: Leap) -> Stroke:
    return Stroke.OBSERVED if leap.observed else Stroke.UNCOVERED if leap.uncovered else Stroke.HOP


def _services(graph: "networkx.MultiDiGraph[str]", leap: Leap) -> Iterator[str]:
    """What the statements between the two name; `default` where it is none of them."""
    edges = graph.get_edge_data(leap.source, leap.destination) or {}
    names = sorted({name for data in edges.values() if data["kind"] in PASSES for name in data["services"]})
    yield from names or ["default"]


def _boxes(
    kept: Nodes, hops: Mapping[str, int], found: Spreading, grouped: Grouping, places: Mapping[str, str]
) -> Iterator[Box]:
    for name, data in sorted(kept.items(), key=lambda item: (item[0] in LAST, item[0] not in FIRST, item[0])):
        if name not in grouped.names:
            box = segment_box(name, data)
            again = f"again: {_in(found.hops[name])}" if name in found.start and name in found.hops else ""
            rows = (_said(hops.get(name)), *filter(None, (again,)), data["strictness"])
            yield Box(name, _shade(hops.get(name)), box.title, rows, frame=places.get(name), tip=box.tip)
    for name, members in grouped.members().items():
        box = group_box(kept, name, grouped.titles[name], members)
        yield Box(name, _shade(hops.get(members[0])), box.title, box.details, tip=box.tip)


def _shade(hops: int | None) -> Shade:
    return Shade.PALE if hops is None else RINGS[min(hops, len(RINGS) - 1)]


def _said(hops: int | None) -> str:
    return "not reached" if hops is None else _in(hops) if hops else "he starts here"


def _in(hops: int) -> str:
    return f"in {number(hops, 'hop')}"


def _legend(lines: list[Line]) -> Iterator[Key]:
    for stroke in STROKES:
        if any(line.stroke is stroke for line in lines):
            yield Key(stroke, captions.STROKES[stroke])
