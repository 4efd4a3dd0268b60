"""A probe's matrix: for people on the terminal, and as JSON (`segctl/probe/1`)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import fill

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segctl.model.decision import Outcome
from segctl.model.ranges import show_address
from segctl.model.selector import POINTS, WORLD
from segctl.model.service import show_traffic
from segctl.probe.result import End, Matrix, Seen, Standing, Tried

SCHEMA = "segctl/probe/1"
MOST_SHOWN = 20
"""Groups of offending pairs that are printed; JSON has all cells."""

_MARKS = {  # a mark differs by its shape, so that it says the same without colour
    Standing.DIFFERS: ("✗", "bold red"),
    Standing.INCONCLUSIVE: ("?", "bold yellow"),
    Standing.AGREES: ("✓", "green"),
    Standing.UNCOVERED: ("·", "dim"),
}
_CORNER = "from \\ to"
_LEGEND = "✓ agrees   ✗ differs   ? no answer   · uncovered   figures: passed/stopped"


@dataclass(slots=True)
class Square:
    """All cells from one segment to another."""

    standings: Counter[Standing] = field(default_factory=Counter)
    passed: int = 0
    stopped: int = 0

    def add(self, tried: Tried) -> None:
        """One cell more."""
        self.standings[tried.standing] += 1
        self.passed += tried.seen is Seen.DELIVERED
        self.stopped += tried.seen in (Seen.BLOCKED, Seen.REJECTED)

    @property
    def standing(self) -> Standing:
        """The gravest of its cells."""
        return next(standing for standing in _MARKS if self.standings[standing])


def squares(matrix: Matrix) -> dict[tuple[str, str], Square]:
    """By the names of the segments, from and to."""
    out: dict[tuple[str, str], Square] = {}
    for tried in matrix.tried:
        out.setdefault((tried.cell.source.segment, tried.cell.destination.segment), Square()).add(tried)
    return out


def print_matrix(console: Console, matrix: Matrix) -> None:
    """The whole answer: the matrix, the legend, what differs and what stayed open, the sum."""
    found = squares(matrix)
    names = _ordered({name for pair in found for name in pair})
    if found:
        for table in _blocks(found, names, console.width):
            console.print(table)
        console.print(Text(_LEGEND, style="dim"))
    for standing, title in ((Standing.DIFFERS, "What differs"), (Standing.INCONCLUSIVE, "What stayed without answer")):
        _print_groups(console, title, standing, matrix)
    _print_notes(console, matrix)
    console.print(_sum(matrix))


def _blocks(found: dict[tuple[str, str], Square], names: Sequence[str], width: int) -> Iterator[Table]:
    """The matrix, in as many tables as the width asks for; where names don't fit, their numbers head the columns."""
    cell = max(len(_figures(square)) + 2 for square in found.values())
    rows, heads = list(names), list(names)
    fit = len(names)
    if max(len(_CORNER), *map(len, names)) + sum(max(cell, len(name)) + 1 for name in names) > width:
        rows, heads = [f"{n} {name}" for n, name in enumerate(names, 1)], [str(n) for n in range(1, len(names) + 1)]
        fit = max(1, (width - max(len(_CORNER), *map(len, rows)) - 1) // (cell + 1))
    for first in range(0, len(names), fit):
        columns = range(first, min(first + fit, len(names)))
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
        table.add_column(_CORNER, no_wrap=True)
        for column in columns:
            table.add_column(heads[column], no_wrap=True, min_width=cell)
        for source, label in zip(names, rows, strict=True):
            table.add_row(Text(label), *(_shown(found.get((source, names[column]))) for column in columns))
        yield table


def _shown(square: Square | None) -> Text:
    if square is None:
        return Text("")
    mark, style = _MARKS[square.standing]
    return Text(f"{mark} {_figures(square)}", style=style)


def _figures(square: Square) -> str:
    return f"{square.passed}/{square.stopped}"


def _ordered(names: Iterable[str]) -> list[str]:
    """By name, the built-in ones last."""
    return sorted(names, key=lambda name: (name in (WORLD, POINTS), name == POINTS, name))


def _print_groups(console: Console, title: str, standing: Standing, matrix: Matrix) -> None:
    """Cells of one pair of segments that differ in nothing but the ends and the service are one entry."""
    groups: dict[tuple[object, ...], list[Tried]] = {}
    for tried in matrix.standing(standing):
        groups.setdefault(_alike(tried), []).append(tried)
    if not groups:
        return
    count = matrix.count(standing)
    console.print(Text(f"\n{title}: {_cells(count)}", style=_MARKS[standing][1]))
    for group in list(groups.values())[:MOST_SHOWN]:
        for indent, line in _entry(group):
            _print_wrapped(console, indent, line)
    if len(groups) > MOST_SHOWN:
        console.print(Text(f"  … and {len(groups) - MOST_SHOWN} more such groups (--format json has every cell)"))


def _alike(tried: Tried) -> tuple[object, ...]:
    cell = tried.cell
    reason = tried.reason if tried.seen is Seen.INCONCLUSIVE else ""
    return cell.source.segment, cell.destination.segment, _expected(cell.expected), tried.seen, reason, tried.note


def _entry(group: Sequence[Tried]) -> Iterator[tuple[str, str]]:
    """From, to, services; between which machines; by which line of the site what was expected; what was seen."""
    tried = group[0]
    cell = tried.cell
    services = _some([show_traffic(one.cell.traffic) for one in group])
    yield "  ", f"{cell.source.segment} → {cell.destination.segment}: {services} ({_cells(len(group))})"
    yield "    ", "between: " + _some([f"{_end(one.cell.source)} → {_end(one.cell.destination)}" for one in group], 3)
    yield "    ", f"expected: {_expected(cell.expected)}"
    answer = f", answered by {tried.answer.value}" if tried.answer and tried.seen is not Seen.DELIVERED else ""
    note = f"; {tried.note}" if tried.note else ""
    yield "    ", f"seen: {tried.seen.value}{answer}: {tried.reason}{note}"


def _some(texts: Iterable[str], most: int = 8) -> str:
    """The first few, each once."""
    each = list(dict.fromkeys(texts))
    return ", ".join(each[:most]) + (f" and {len(each) - most} more" if len(each) > most else "")


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _print_wrapped(console: Console, indent: str, line: str) -> None:
    """At blanks only, so that an address stays one word; what follows stands a little further in."""
    wrapped = fill(
        line, max(console.width, 40), initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    console.print(Text(wrapped), soft_wrap=True)


def _end(end: End) -> str:
    return f"{end.node} {show_address(end.address)}"


def _expected(outcome: Outcome) -> str:
    place = f" ({outcome.decision.span})" if outcome.decision.span else ""
    seen = ", observed" if outcome.observed else ", unbound" if outcome.unbound else ""
    return f"{outcome.effect.value}{seen}: {outcome.decision.reason}{place}"


def _print_notes(console: Console, matrix: Matrix) -> None:
    notes = Counter(tried.note for tried in matrix.standing(Standing.AGREES) if tried.note)
    for note, count in sorted(notes.items()):
        _print_wrapped(console, "", f"note: {_cells(count)}: {note}")
    for what in matrix.left_out:
        _print_wrapped(console, "", f"note: not tried: {what}")


def _sum(matrix: Matrix) -> Text:
    counts = {standing: matrix.count(standing) for standing in Standing}
    text = (
        f"{_cells(len(matrix.tried))}, {matrix.packets} packets, {matrix.seconds:.1f} s\n"
        f"{counts[Standing.AGREES]} agree, {counts[Standing.DIFFERS]} differ, "
        f"{counts[Standing.INCONCLUSIVE]} without answer, {counts[Standing.UNCOVERED]} uncovered"
    )
    grave = next((s for s in (Standing.DIFFERS, Standing.INCONCLUSIVE) if counts[s]), Standing.AGREES)
    return Text("\n" + text, style=_MARKS[grave][1])


def matrix_json(matrix: Matrix) -> dict[str, object]:
    """Every cell with all that is known of it; `agrees` is what exit code 0 says."""
    return {
        "schema": SCHEMA,
        "site": matrix.site,
        "agrees": matrix.agrees,
        "counts": {standing.value: matrix.count(standing) for standing in Standing},
        "packets": matrix.packets,
        "seconds": round(matrix.seconds, 3),
        "left_out": list(matrix.left_out),
        "cells": [_cell_json(tried) for tried in matrix.tried],
    }


def _cell_json(tried: Tried) -> dict[str, object]:
    cell, outcome = tried.cell, tried.cell.expected
    span = outcome.decision.span
    return {
        "from": _end_json(cell.source),
        "to": _end_json(cell.destination),
        "service": show_traffic(cell.traffic),
        "family": cell.family,
        "expected": {
            "effect": outcome.effect.value,
            "verdict": outcome.decision.verdict.value,
            "step": outcome.decision.step.value,
            "reason": outcome.decision.reason,
            "by": outcome.decision.by,
            "at": None if span is None else {"file": span.file, "line": span.line, "column": span.column},
            "observed": outcome.observed,
            "uncovered": outcome.uncovered,
            "unbound": outcome.unbound,
        },
        "seen": tried.seen.value,
        "answer": tried.answer.value if tried.answer else None,
        "standing": tried.standing.value,
        "reason": tried.reason,
        "note": tried.note,
    }


def _end_json(end: End) -> dict[str, str]:
    return {"segment": end.segment, "node": end.node, "address": show_address(end.address)}
