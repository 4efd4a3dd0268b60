"""What nobody declared: drawn as lines where it is little, and where it is much, written into the boxes.

Defaults and observing are properties of segments, and coverage is one of interfaces: as lines they would be
segments², and hide what the site says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from segctl.report import captions
from segctl.report.picture import Stroke

FEW = 10  # pairs of a sort that are still drawn as lines
LOOSE = (Stroke.DEFAULT, Stroke.OBSERVED)
NAMES = 2  # names in a box; all stand in the notes
Edge = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Folds:
    """The strokes that are not drawn, what each box says instead, and the notes below the picture."""

    strokes: frozenset[Stroke]
    rows: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]


def fold(nodes: Mapping[str, Mapping[str, Any]], edges: Iterable[Edge]) -> Folds:
    """What is folded of a graph's edges."""
    edges = list(edges)
    loose = {frozenset(edge[:2]) for edge in edges if edge[2]["kind"] in LOOSE}
    bare = {frozenset(edge[:2]): edge[2]["waived"] for edge in edges if edge[2]["kind"] == Stroke.UNCOVERED}
    strokes, notes = set[Stroke](), list[str]()
    rows: dict[str, list[str]] = {}
    if len(loose) > FEW:
        strokes |= set(LOOSE)
        notes.append(captions.FOLDED)
        for name, data in nodes.items():
            rows.setdefault(name, []).extend(captions.stances(data))
    if len(bare) > FEW:
        strokes.add(Stroke.UNCOVERED)
        beside = _beside(bare)
        for name, others in beside.items():
            more = f" +{len(others) - NAMES}" if len(others) > NAMES else ""
            shown = ", ".join(captions.shorten(other, 22) for other in others[:NAMES])
            rows.setdefault(name, []).append(f"uncovered: {shown}{more}")
        for word, waived in (("Uncovered", False), ("Uncovered, and waived", True)):
            if sets := list(_sets([pair for pair, is_waived in bare.items() if is_waived is waived])):
                notes.append(f"{word}: what is denied between any two in one bracket passes: {', '.join(sets)}")
    return Folds(frozenset(strokes), {name: tuple(said) for name, said in rows.items()}, tuple(notes))


def _beside(pairs: Iterable[frozenset[str]]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for first, second in sorted(tuple(sorted(pair)) for pair in pairs):
        out.setdefault(first, []).append(second)
        out.setdefault(second, []).append(first)
    return out


def _sets(pairs: list[frozenset[str]]) -> Iterator[str]:
    """Names of which any two are a pair, in brackets; then each pair that is left."""
    left = set(pairs)
    alike: dict[frozenset[str], list[str]] = {}
    for name, others in _beside(pairs).items():
        alike.setdefault(frozenset((name, *others)), []).append(name)
    for names in sorted(map(sorted, alike.values())):
        if len(names) > 1:
            yield f"({', '.join(names)})"
            left -= {frozenset((one, other)) for one in names for other in names if one != other}
    yield from (f"({', '.join(sorted(pair))})" for pair in sorted(left, key=sorted))
