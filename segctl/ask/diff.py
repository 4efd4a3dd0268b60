"""What a change opens and closes: every new connection whose verdict or effect differs between two policies, exactly.

A class of addresses is *changed* if anything that the judgement looks at in it differs (its `Stance`, or with whom it
shares a segment); a statement is changed if only one policy has it, by all that the law looks at. Only pairs with a
changed class in them, or in a changed statement's product, can differ: all others aren't looked at.
"""

from collections.abc import Iterator
from datetime import datetime

from segctl.ask.joint import bits, lowest
from segctl.ask.result import Difference
from segctl.ask.rows import Box, rows
from segctl.ask.search import Group, Looks, Search
from segctl.ask.side import Side
from segctl.model.decision import Outcome
from segctl.model.ranges import Ranges
from segctl.policy import Policy

MOST = 64
"""Rows that differ in their ends and services alone; what is more is told in fewer words."""


def difference(
    before: Policy, after: Policy, at: datetime, *, point: str | None = None, most: int = MOST
) -> Difference:  # fmt: skip
    """All that opens, closes, or is answered otherwise at that time, as rows.

    `point`: only what crosses that gateway, or ends at it (or at that host), by what it meets there; ValueError if
    neither policy has it. `most`: as `MOST`, at least 1.
    """
    if point is not None and not (point in before.site.points or point in after.site.points):
        raise ValueError(f"no point '{point}' in either policy")
    sides = Side(before, at, point), Side(after, at, point)
    search = Search(sides, _differ)
    return Difference(at, point, rows(sides, search.known.joint, _boxes(search), most))


def _differ(outcomes: tuple[Outcome, ...]) -> bool:
    before, after = outcomes
    return before.decision.verdict is not after.decision.verdict or before.effect is not after.effect


def _boxes(search: Search) -> dict[Looks, list[Box]]:
    """Everything that differs, by how it is judged before and after."""
    found: dict[Looks, list[Box]] = {}
    classes = search.known.joint.classes
    for group, sources in _groups(search).items():
        source = lowest(sources)
        for part, pieces in search.found(group, source):
            ends = classes[source].first(), classes[lowest(part)].first()
            by_looks: dict[Looks, list[Ranges]] = {}
            for piece in pieces:
                by_looks.setdefault(piece.looks, []).append(piece.traffic)
            for looks, those in by_looks.items():
                traffic = Ranges.of(span for one in those for span in one)
                found.setdefault(looks, []).append(Box(sources, part, traffic, (*ends, traffic.first())))
    return found


def _groups(search: Search) -> dict[Group, int]:
    """All sources that may differ with some target, as masks."""
    found: dict[Group, int] = {}
    for source, targets in enumerate(_targets(search)):
        if targets:
            group = search.group(source, targets)
            found[group] = found.get(group, 0) | 1 << source
    return found


def _targets(search: Search) -> Iterator[int]:
    """Of each class as a source the targets with which it may differ."""
    known = search.known
    by_source: dict[int, int] = {}
    for one in known.statements:
        if one.changed:
            by_source[one.source] = by_source.get(one.source, 0) | one.destination
    reached = [known.changed] * len(known.kinds)
    for sources, targets in by_source.items():
        for source in bits(sources):
            reached[source] |= targets
    for source, targets in enumerate(reached):
        half = known.joint.half(source)
        yield half if known.changed >> source & 1 else targets & half
