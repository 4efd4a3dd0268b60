"""Who may talk to whom as a square of cells, before it is drawn: rows are sources, columns destinations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import networkx

from segctl.model.pictured import Rest
from segctl.model.selector import ANY
from segctl.report import captions
from segctl.report.answers import show_services
from segctl.report.change import SIGNS, Sides, Turned, flows_of_both, strokes_of
from segctl.report.diagram import FIRST, LAST
from segctl.report.difference import show_ends
from segctl.report.frames import WITHIN
from segctl.report.groups import Fold, grouping

MOST = 600  # segments with a row each; of more, each group has one
TIPS = 12


class Mark(StrEnum):
    """What a cell shows: the first four fill it, the others lie upon that."""

    DEFAULT = "default"
    OBSERVED = "observed"
    UNCOVERED = "uncovered"
    LOST = "lost"
    GUARDRAIL = "guardrail"
    INACTIVE = "inactive"
    FLOW = "flow"
    MANAGEMENT = "management"
    STAYS = "stays"
    ALTERS = "alters"
    CLOSES = "closes"
    OPENS = "opens"


GROUNDS: Mapping[Rest, Mark] = {
    Rest.ALLOWED: Mark.DEFAULT,
    Rest.OBSERVED: Mark.OBSERVED,
    Rest.UNCOVERED: Mark.UNCOVERED,
    Rest.LOST: Mark.LOST,
}
MEANS: Mapping[Mark, str] = {
    Mark.FLOW: "some services, by a flow",
    Mark.MANAGEMENT: "management of the points",
    Mark.DEFAULT: "everything, by defaults",
    Mark.OBSERVED: "denied, but passes: only observed",
    Mark.UNCOVERED: "denied, but passes: no point between",
    Mark.GUARDRAIL: "a guardrail forbids some or all of it",
    Mark.INACTIVE: "a flow that has ended, or not begun",
    Mark.LOST: "an end is on no interface: all is dropped",
    Mark.OPENS: "opens",
    Mark.CLOSES: "closes",
    Mark.ALTERS: "answered otherwise",
    Mark.STAYS: "a flow that is there before and after",
}
NOTHING = (
    "Rows open connections to columns. An empty cell: nothing passes. On the diagonal, in a frame: each within itself."
)
FOLDED = (
    "Rows and columns are groups. A number: between so many pairs of their segments there is a flow. A mark stands"
    " where it is so for some pair. An empty cell: nothing passes between any."
)


@dataclass(frozen=True, slots=True)
class Run:
    """Cells of one row that have the same ground: from column `first` to `last`."""

    row: int
    first: int
    last: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Cell:
    """Marks upon one cell, the one that matters least first, and what is shown when the pointer rests there.

    text: in a square of groups how many pairs of segments there a flow is between.
    """

    row: int
    column: int
    marks: tuple[Mark, ...]
    tip: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Rows (and columns) that belong together: so many from `first` on."""

    title: str
    first: int
    many: int


@dataclass(frozen=True, slots=True)
class Square:
    """A matrix: names in order, what they are (for tips), bands, grounds, cells, the legend, notes."""

    title: str
    names: tuple[str, ...]
    tips: tuple[str, ...]
    bands: tuple[Band, ...]
    runs: tuple[Run, ...]
    cells: tuple[Cell, ...]
    legend: tuple[tuple[Mark, str], ...]
    notes: tuple[str, ...]


def folds(fold: Fold, number: int) -> bool:
    """Whether each group has one row, of so many segments."""
    return fold is Fold.ALWAYS or (fold is Fold.AUTO and number > MOST)


def site_square(
    graph: "networkx.MultiDiGraph[str]",
    rest: Mapping[str, Mapping[str, Rest]],
    title: str,
    group: str = WITHIN,
    *,
    fold: bool = False,
) -> Square:  # fmt: skip
    """The square of a site: `graph` may lack the undeclared edges, `rest` has them."""
    order = _Order(graph.nodes, group, fold=fold)
    runs = () if fold else tuple(_runs(order, rest))
    grounds = _grounds(order, rest) if fold else {}
    said: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    flows: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for source, target, data in graph.edges(data=True):
        said.setdefault((order.of(source), order.of(target)), []).append(data)
        if fold and data["kind"] == Mark.FLOW:
            flows.setdefault((order.of(source), order.of(target)), set()).add((source, target))
    cells = [
        _said(order, pair, said.get(pair, []), (grounds.get(pair, set()), len(flows.get(pair, ()))))
        for pair in dict.fromkeys((*said, *grounds))
    ]
    notes = (FOLDED if fold else NOTHING, *order.notes(), *(() if graph.graph["points"] else (captions.NO_POINTS,)))
    return order.square(title, runs, cells, notes)


def change_square(
    sides: Sides, turned: Sequence[Turned], title: str, group: str = WITHIN, *, fold: bool = False
) -> Square:  # fmt: skip
    """The square of a difference: what opens, what closes; the flows that stay pale."""
    nodes: dict[str, Any] = {**sides.before.nodes, **sides.after.nodes}
    order = _Order(nodes, group, fold=fold)
    marks: dict[tuple[str, str], dict[Mark, list[str]]] = {}
    for source, target in flows_of_both(sides):
        marks.setdefault((order.of(source), order.of(target)), {}).setdefault(Mark.STAYS, [])
    for one in turned:
        tip = f"{show_ends(one.row)}: {show_services(one.row.traffic)}"
        ends = [_each(order, names) for names in (one.sources, one.destinations)]
        for pair in ((a, b) for a in ends[0] for b in ends[1]):
            for stroke in strokes_of(one.row):
                found = marks.setdefault(pair, {}).setdefault(Mark(stroke.value), [])
                found.append(f"{SIGNS[stroke]} {tip}")
    cells = []
    for pair, those in marks.items():
        rows = [row for mark in those for row in those[mark]]
        shown = tuple(mark for mark in Mark if mark in those and (mark is not Mark.STAYS or len(those) == 1))
        cells.append(_cell(order, pair, shown, rows))
    notes = (f"before: {sides.names[0]} · after: {sides.names[1]}", *order.notes())
    return order.square(title, (), cells, notes)


def _each(order: "_Order", names: Iterable[str]) -> Iterable[str]:
    return order.places if ANY in names else dict.fromkeys(order.of(name) for name in names)


class _Order:
    """Who has which row and column: groups together, `world` first, the points last."""

    def __init__(self, nodes: Mapping[str, Mapping[str, Any]], group: str, *, fold: bool) -> None:
        kept = {n: d for n, d in nodes.items() if not d["built_in"] or d["v4"] + d["v6"]}
        self.nodes, self.folded = kept, fold
        self.groups = grouping(kept, group)
        where = {name: self.groups.titles.get(self.groups.of(name), "") for name in kept}
        names = sorted(kept, key=lambda n: (n in LAST, n not in FIRST, not where[n], where[n], n))
        each = dict.fromkeys(self.of(name) for name in names) if fold else names
        self.places = {name: at for at, name in enumerate(each)}
        self.where = where

    def of(self, name: str) -> str:
        """The row that stands for a segment."""
        return self.groups.of(name) if self.folded else name

    def notes(self) -> Iterator[str]:
        if self.groups.names:
            yield f"Together: by {self.groups.said}."

    def square(
        self, title: str, runs: tuple[Run, ...], cells: Iterable[Cell | None], notes: tuple[str, ...]
    ) -> Square:  # fmt: skip
        found = sorted((cell for cell in cells if cell is not None), key=lambda cell: (cell.row, cell.column))
        used = {run.mark for run in runs} | {mark for cell in found for mark in cell.marks}
        names = tuple(self.groups.titles.get(name, name) for name in self.places)
        tips = tuple(self._tip(name) for name in self.places)
        legend = tuple((mark, text) for mark, text in MEANS.items() if mark in used)
        return Square(title, names, tips, tuple(self._bands()), runs, tuple(found), legend, notes)

    def _tip(self, name: str) -> str:
        if name in self.nodes:
            return captions.segment_tip(name, self.nodes[name])
        members = self.groups.members()[name]
        more = [f"and {len(members) - TIPS} more"] if len(members) > TIPS else []
        return "\n".join([self.groups.titles[name], *members[:TIPS], *more])

    def _bands(self) -> Iterator[Band]:
        if self.folded:
            return
        first, titles = 0, [self.where[name] for name in self.places]
        for at in range(1, len(titles) + 1):
            if at == len(titles) or titles[at] != titles[first]:
                if titles[first]:
                    yield Band(titles[first], first, at - first)
                first = at


def _runs(order: _Order, rest: Mapping[str, Mapping[str, Rest]]) -> Iterator[Run]:
    for source, row in order.places.items():
        held = rest.get(source, {})
        first, before = 0, None
        for at, target in enumerate([*order.places, None]):
            mark = GROUNDS.get(held[target]) if target is not None and target in held else None
            if mark is not before:
                if before is not None:
                    yield Run(row, first, at - 1, before)
                first, before = at, mark


def _grounds(order: _Order, rest: Mapping[str, Mapping[str, Rest]]) -> dict[tuple[str, str], set[str]]:
    """Between groups what holds for some pair of their segments."""
    found: dict[tuple[str, str], set[str]] = {}
    for source, row in rest.items():
        for target, word in row.items():
            if word in GROUNDS:
                found.setdefault((order.of(source), order.of(target)), set()).add(GROUNDS[word].value)
    return found


def _said(
    order: _Order, pair: tuple[str, str], those: list[Mapping[str, Any]], folded: tuple[set[str], int]
) -> Cell | None:
    grounds, flows = folded
    kinds = {str(data["kind"]) for data in those} | grounds
    if Mark.FLOW in kinds:
        kinds.discard(Mark.INACTIVE)
    marks = tuple(mark for mark in Mark if mark.value in kinds)
    rows = [
        f"{data['kind']} {data['name']}: {', '.join(data['services'][:8])}{_place(data)}"
        for data in sorted(those, key=lambda data: (data["kind"], data["name"]))
    ]
    if flows:
        marks = tuple(mark for mark in marks if mark is not Mark.FLOW)
    return _cell(order, pair, marks, rows, str(flows or ""))


def _place(data: Mapping[str, Any]) -> str:
    return f" ({data['span'].file}:{data['span'].line})" if data["span"] else ""


def _cell(
    order: _Order, pair: tuple[str, str], marks: tuple[Mark, ...], rows: list[str], text: str = ""
) -> Cell | None:
    if not all(end in order.places for end in pair):
        return None
    titles = [order.groups.titles.get(end, end) for end in pair]
    rows = list(dict.fromkeys(rows))
    more = [f"and {len(rows) - TIPS} more"] if len(rows) > TIPS else []
    tip = "\n".join([" → ".join(titles), *rows[:TIPS], *more])
    return Cell(order.places[pair[0]], order.places[pair[1]], marks, tip, text)
