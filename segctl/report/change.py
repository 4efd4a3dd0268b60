"""A difference as a picture: what opens loud, what closes, what stays pale."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from segctl.ask.result import Difference, Row
from segctl.model.selector import ANY as ANY_WORD
from segctl.report import captions
from segctl.report.answers import show_services
from segctl.report.diagram import ANY, FIRST, LAST, segment_box
from segctl.report.difference import show_ends, show_who
from segctl.report.frames import WITHIN, framed
from segctl.report.groups import Fold, Grouping, grouping
from segctl.report.overview import folded, group_box, number
from segctl.report.picture import Box, Key, Line, Picture, Shade, Stroke, Table

SIGNS: Mapping[Stroke, str] = {Stroke.OPENS: "+", Stroke.CLOSES: "−", Stroke.ALTERS: "~"}
LABELS = 3  # rows of words on a line
MOST = 120  # rows of the table
STILL = "*still"
ASIDE = "Flows that stay are drawn between those alone for whom something changes; --fold never draws all."
NOTHING = "No connection opens, closes, or is answered otherwise."
SPECIAL = "that concern special addresses alone aren't drawn: segctl diff tells them."


@dataclass(frozen=True, slots=True)
class Turned:
    """A row of a difference by segments: some of each of the one with some of each of the other; `any`: of all."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    row: Row


Ends = tuple[tuple[str, ...], tuple[str, ...]]


def by_segments(found: Difference, ends: Iterable[Ends]) -> tuple[Turned, ...]:
    """The rows with their ends, in the same order."""
    return tuple(Turned(*two, row) for two, row in zip(ends, found.rows, strict=True))


class Sides(NamedTuple):
    """The graphs before and after, and their names."""

    before: Any
    after: Any
    names: tuple[str, str]


def change_picture(
    sides: Sides, turned: Sequence[Turned], title: str, group: str = WITHIN, fold: Fold = Fold.AUTO
) -> Picture:  # fmt: skip
    """Every segment of either side, those that nothing changes for pale; on a large site these in groups.

    Where too many are touched to draw each, they are in groups as well.
    """
    nodes: dict[str, Any] = {**sides.before.nodes, **sides.after.nodes}
    touched = {name for one in turned for name in (*one.sources, *one.destinations) if name in nodes}
    pale = flows_of_both(sides)
    found, still = Grouping(), Grouping()
    if fold.holds(len(nodes)) and fold.holds(len(touched)):
        found = grouping(nodes, group, pale)
    elif fold.holds(len(nodes)):
        found = still = _still(nodes, touched)
        pale = {pair for pair in pale if touched.issuperset(pair)}
    lines = [*_lines(turned, found)]
    said = {frozenset((line.source, line.target)) for line in lines}
    stays = {(found.of(a), found.of(b)) for a, b in pale}
    lines += [Line(*p, Stroke.STAYS) for p in sorted(stays) if p[0] != p[1] and frozenset(p) not in said]
    ends = {end for line in lines for end in (line.source, line.target)}
    kept = {n: d for n, d in nodes.items() if n in ends or n in touched or not d["built_in"]}
    frames, places = framed(kept, group) if not found.names else ((), {})
    boxes = [*_boxes(kept, sides, touched, found, places)]
    if ANY in ends:
        boxes.append(Box(ANY, Shade.ANY, "any", ("every address",), tip="every address, of every segment"))
    return Picture(
        title,
        tuple(boxes),
        tuple(lines),
        tuple(_legend(lines)),
        tuple(_notes(sides, turned, found, aside=bool(still.names))),
        tuple(frames),
        tuple(_tables(turned)),
    )


def flows_of_both(sides: Sides) -> set[tuple[str, str]]:
    """Between whom a flow is before and after."""

    def flows(graph: Any) -> set[tuple[str, str]]:
        return {(a, b) for a, b, kind in graph.edges(data="kind") if kind == Stroke.FLOW}

    return flows(sides.before) & flows(sides.after)


def _still(nodes: Mapping[str, Any], touched: set[str]) -> Grouping:
    """All that nothing changes for in one box."""
    names = sorted(name for name, data in nodes.items() if name not in touched and not data["built_in"])
    return Grouping("", dict.fromkeys(names, STILL), {STILL: "all others"}) if len(names) > 1 else Grouping()


def _lines(turned: Iterable[Turned], found: Grouping) -> Iterator[Line]:
    """One for all rows of a sort between two boxes."""
    rows: dict[tuple[str, str, Stroke], list[Row]] = {}
    for one in turned:
        ends = [dict.fromkeys(_box(name, found) for name in names) for names in (one.sources, one.destinations)]
        for source in ends[0]:
            for target in ends[1]:
                for stroke in strokes_of(one.row):
                    rows.setdefault((source, target, stroke), []).append(one.row)
    for (source, target, stroke), those in sorted(rows.items()):
        texts = list(dict.fromkeys(f"{SIGNS[stroke]} {_services(row)}" for row in those))
        shown = texts if len(texts) <= LABELS else [*texts[: LABELS - 1], f"and {len(texts) - LABELS + 1} more"]
        tip = "\n".join(
            f"{SIGNS[stroke]} {show_ends(row)}: {show_services(row.traffic)}; {_by(row)}" for row in those[:20]
        )
        yield Line(source, target, stroke, tuple(shown), tip=tip)


def _box(name: str, found: Grouping) -> str:
    return ANY if name == ANY_WORD else found.of(name)


def strokes_of(row: Row) -> tuple[Stroke, ...]:
    """What it does; a row may open by verdict and close by effect."""
    said = ((Stroke.OPENS, row.opens), (Stroke.CLOSES, row.closes))
    return tuple(stroke for stroke, is_so in said if is_so) or (Stroke.ALTERS,)


def _services(row: Row) -> str:
    return captions.shorten(show_services(row.traffic)) + ("" if row.whole else " (some)")


def _by(row: Row) -> str:
    """Who decides now, and where nothing does any more, who did."""
    return f"by {show_who((row.before if row.closes and not row.opens else row.after).decision)}"


def _boxes(
    kept: Mapping[str, Any], sides: Sides, touched: set[str], found: Grouping, places: Mapping[str, str]
) -> Iterator[Box]:
    for name, data in sorted(kept.items(), key=lambda item: (item[0] in LAST, item[0] not in FIRST, item[0])):
        if name in found.names:
            continue
        rows = ("new",) if name not in sides.before else ("gone",) if name not in sides.after else ()
        box = segment_box(name, data, rows, places.get(name))
        if name in touched or rows:
            yield box
        else:
            yield Box(name, Shade.PALE, box.title, ("nothing changes",), box.dashed, box.frame, box.tip)
    for name, members in found.members().items():
        changes = sum(member in touched for member in members)
        rows = (f"{changes} touched",) if changes else ("nothing changes",)
        box = group_box(kept, name, found.titles[name], members, rows)
        yield box if changes else Box(name, Shade.PALE, box.title, box.details, box.dashed, tip=box.tip)


def _legend(lines: Sequence[Line]) -> Iterator[Key]:
    for stroke in (Stroke.OPENS, Stroke.CLOSES, Stroke.ALTERS, Stroke.STAYS):
        if any(line.stroke is stroke for line in lines):
            yield Key(stroke, captions.STROKES[stroke])


def _notes(sides: Sides, turned: Sequence[Turned], found: Grouping, *, aside: bool) -> Iterator[str]:
    yield f"before: {sides.names[0]} · after: {sides.names[1]}"
    if not turned:
        yield NOTHING
    if odd := sum(not (one.sources and one.destinations) for one in turned):
        yield f"{number(odd, 'row')} {SPECIAL}"
    if any(not one.row.whole for one in turned):
        yield "(some): of the two ends, each with some of the other."
    if aside:
        yield ASIDE
    elif found.names:
        yield folded(found)
    if len(turned) > MOST:
        yield f"The table has the first {MOST} of {len(turned)} rows: segctl diff has all."


def _tables(turned: Sequence[Turned]) -> Iterator[Table]:
    rows = []
    for one in turned[:MOST]:
        signs = " ".join(SIGNS[stroke] for stroke in strokes_of(one.row))
        source, _, target = show_ends(one.row).partition(" -> ")
        rows.append(
            (signs, *(captions.wrapped(x) for x in (source, target, show_services(one.row.traffic), _by(one.row))))
        )
    if rows:
        yield Table(("", "from", "to", "services", "decided by"), tuple(rows))
