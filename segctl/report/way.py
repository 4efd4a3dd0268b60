"""A way as a picture: a box for each machine that is taken, on each step the services and the lines that allow it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import networkx

from segctl.ask.result import Hop, Passing
from segctl.model.strictness import Verdict
from segctl.report import captions
from segctl.report.answers import show_services
from segctl.report.difference import show_who
from segctl.report.frames import WITHIN, framed
from segctl.report.picture import Box, Key, Line, Picture, Shade, Stroke, Table

LABELS = 3  # services and lines on one step
NONE = "there is no way, in any number of hops."
RINGS = (Shade.START, Shade.NEAR, Shade.SECOND, Shade.THIRD, Shade.FAR)


def way_picture(
    graph: "networkx.MultiDiGraph[str]",
    way: Sequence[Hop],
    segments: Sequence[str],
    asked: tuple[str, str],
    group: str = WITHIN,
) -> Picture:
    """A shortest way; `segments` it leads through: of who begins and of each hop, as `through` gives them."""
    nodes: dict[str, dict[str, Any]] = {**graph.nodes}
    title = f"path {asked[0]} → {asked[1]}"
    points = () if graph.graph["points"] else (captions.NO_POINTS,)
    if not way:
        ends = tuple(
            Box(f"*{n}", shade, captions.broken(word), tip=word)
            for n, (word, shade) in enumerate(zip(asked, (Shade.START, Shade.PALE), strict=True))
        )
        return Picture(title, ends, (), (), (f"{asked[0]} to {asked[1]}: {NONE}", *points))
    lines = [_line(number, hop) for number, hop in enumerate(way)]
    frames, places = framed({name: nodes[name] for name in segments}, group)
    boxes = tuple(_boxes(way, segments, nodes, places))
    note = f"{asked[0]} to {asked[1]}: a shortest way, {len(way)} hop{'' if len(way) == 1 else 's'}."
    keys = tuple(
        Key(stroke, captions.STROKES[stroke])
        for stroke in (Stroke.HOP, Stroke.OBSERVED, Stroke.UNCOVERED)
        if any(line.stroke is stroke for line in lines)
    )
    return Picture(title, boxes, tuple(lines), keys, (note, *points), frames, (_table(way),))


def _boxes(
    way: Sequence[Hop], segments: Sequence[str], nodes: Mapping[str, Mapping[str, Any]], places: Mapping[str, str]
) -> Iterator[Box]:
    names = [way[0].source, *(hop.destination for hop in way)]
    speaks = [None, *(hop.source for hop in way[1:]), None]
    for number, (name, segment) in enumerate(zip(names, segments, strict=True)):
        data = nodes[segment]
        again = speaks[number]
        title, _, addresses = name.partition(" (")
        rows = [
            *([f"({addresses}"] if addresses else []),
            "he starts here" if not number else f"hop {number}",
            f"segment {captions.shorten(segment)}",
            data["strictness"],
            *([f"goes on from {captions.shorten(again)}"] if again and again != name else []),
        ]
        shade = RINGS[min(number, len(RINGS) - 1)]
        tip = f"{name}\n{captions.segment_tip(segment, data)}"
        yield Box(f"*{number}", shade, captions.broken(title), tuple(rows), frame=places.get(segment), tip=tip)


def _line(number: int, hop: Hop) -> Line:
    kinds = [_stroke(one) for one in hop.services]
    stroke = min(kinds, key=(Stroke.HOP, Stroke.OBSERVED, Stroke.UNCOVERED).index)
    rows = [row for one in hop.services for row in _rows(one)]
    shown = rows if len(rows) <= 2 * LABELS else [*rows[: 2 * LABELS - 1], f"and {len(hop.services) - LABELS} more"]
    tip = "\n".join(f"{show_services(one.traffic)}: {_by(one)}" for one in hop.services)
    return Line(f"*{number}", f"*{number + 1}", stroke, tuple(shown), tip=tip)


def _stroke(one: Passing) -> Stroke:
    if one.outcome.decision.verdict is Verdict.ALLOW:
        return Stroke.HOP
    return Stroke.UNCOVERED if one.outcome.uncovered else Stroke.OBSERVED


def _rows(one: Passing) -> Iterable[str]:
    yield captions.shorten(show_services(one.traffic))
    yield captions.shorten(f"by {_by(one)}", 48)


def _by(one: Passing) -> str:
    decision, outcome = one.outcome.decision, one.outcome
    if decision.verdict is Verdict.ALLOW:
        return show_who(decision)
    return f"{'nothing enforces the deny' if outcome.uncovered else 'the deny is only observed'}: {show_who(decision)}"


def _table(way: Sequence[Hop]) -> Table:
    rows = [
        tuple(map(captions.wrapped, (str(n), hop.source, hop.destination, show_services(one.traffic), _by(one))))
        for n, hop in enumerate(way, 1)
        for one in hop.services
    ]
    return Table(("hop", "from", "to", "services", "let through by"), tuple(rows))
