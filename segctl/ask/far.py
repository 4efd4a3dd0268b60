"""What a change does beyond one hop, and beyond now: who reaches whom, how far, and what begins or ends later."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from segctl.ask.blast import Blasts
from segctl.ask.diff import difference
from segctl.ask.joint import bits, lowest
from segctl.ask.path import Ways
from segctl.ask.reach import Reach, may_hop
from segctl.ask.result import Difference, Far, FarRow, Later, Radius, Row, Turn
from segctl.ask.search import Search
from segctl.ask.side import Side
from segctl.model.flow import Flow
from segctl.model.ranges import ALL_ADDRESSES, Ranges
from segctl.policy import Policy

WAYS = 64
"""Rows with a way; of thousands nobody reads it."""
MOST = 24
"""Rows told one by one; of more those between the same segments are one."""


class _Row(NamedTuple):
    """`one`: of the starts and of what is new to them."""

    hops: int
    starts: Ranges
    new: int
    one: tuple[Ranges, int]
    whole: bool = True


def far(before: Policy, after: Policy, at: datetime) -> Far:
    """By effect, in any number of hops; both over the same classes of addresses."""
    search = Search((Side(before, at), Side(after, at)), may_hop)
    was, now = (Blasts(Reach(search, side)) for side in (0, 1))
    return Far(tuple(_only(now, was)), tuple(_only(was, now)), tuple(_radii(was, now)))


def _only(these: Blasts, others: Blasts) -> Iterator[FarRow]:
    """What is reached in several hops here, and not at all there, nor is there one's own; one hop is a row of the
    difference.
    """
    found: dict[tuple[int, int], list[Ranges]] = {}
    for start, those in these.reach.kinds(ALL_ADDRESSES).items():
        rings = these.rings(start)
        for here, known in _known(others, those):
            for hops, mask in enumerate(rings.reached, 1):
                if hops > 1 and (new := mask & ~known):
                    found.setdefault((hops, new), []).append(here)
    rows = [_Row(hops, Ranges.union(those), new, (those[0], lowest(new))) for (hops, new), those in found.items()]
    few = rows if len(rows) <= MOST else list(_grouped(these, rows))
    for number, row in enumerate(sorted(few, key=lambda row: (row.hops, row.starts.spans))):
        one, goal = row.one
        way = Ways(these.reach, one, these.reach.joint.classes[goal]).shortest() if number < WAYS else ()
        yield FarRow(these.caller.named(row.starts), these.caller.called(row.new), row.hops, way, row.whole)


def _grouped(these: Blasts, rows: Iterable[_Row]) -> Iterator[_Row]:
    """Those between the same segments as one."""
    segment, classes = these.reach.policy.segment_of, these.reach.joint.classes
    found: dict[object, list[_Row]] = {}
    for row in rows:
        starts = frozenset(segment(first) for first, _ in row.starts)
        goals = frozenset(segment(classes[at].first()) for at in bits(row.new))
        found.setdefault((row.hops, starts, goals), []).append(row)
    for those in found.values():
        new = reduce(or_, (one.new for one in those))
        yield _Row(those[0].hops, Ranges.union(one.starts for one in those), new, those[0].one, len(those) == 1)


def _known(others: Blasts, those: Ranges) -> Iterator[tuple[Ranges, int]]:
    """What some addresses reach or have there; special ones are nobody's."""
    for start, here in others.reach.kinds(those).items():
        yield here, others.rings(start).all() | others.reach.own(start)
    if nobody := those & others.reach.policy.special:
        yield nobody, 0


def _radii(was: Blasts, now: Blasts) -> Iterator[Radius]:
    """Of each segment that there is before or after."""
    sides = [blasts.reach.policy.partition.own for blasts in (was, now)]
    for name in dict.fromkeys(name for own in sides for name, addresses in own.items() if addresses):
        radii = (blasts.radius(name) if own.get(name) else None for blasts, own in zip((was, now), sides, strict=True))
        yield Radius(name, *radii)


def later(before: Policy, after: Policy, found: Difference) -> Later:
    """What begins or ends after the time of a difference by the flows that the change touches, and what opens then."""
    sides = [{_without_place(one.said): one.said for one in policy.flows.items} for policy in (before, after)]
    was, now = sides
    turns = sorted(
        {
            *(turn for key, flow in now.items() if key not in was for turn in _turns(flow, found.at, added=True)),
            *(turn for key, flow in was.items() if key not in now for turn in _turns(flow, found.at, added=False)),
        },
        key=lambda turn: (turn.at, turn.flow.name, turn.begins, turn.added),
    )
    known = {_key(row) for row in found.opens}
    opening: list[tuple[datetime, tuple[Row, ...]]] = []
    for time in sorted({turn.at for turn in turns}):
        rows = difference(before, after, time, point=found.point).opens
        if new := tuple(row for row in rows if _key(row) not in known):
            opening.append((time, new))
            known |= {_key(row) for row in new}
    return Later(tuple(turns), tuple(opening))


def _turns(flow: Flow, at: datetime, *, added: bool) -> Iterator[Turn]:
    for time, begins in ((flow.since, True), (flow.until, False)):
        if time is not None and time > at:
            yield Turn(time, flow, begins, added)


def _without_place(flow: Flow) -> object:
    """What a flow means, and when: not where it stands, nor who wants it and why."""
    ends = (flow.source, flow.destination, flow.source_except, flow.destination_except)
    said = tuple(tuple(str(one) for one in end) for end in ends)
    return flow.name, said, tuple(one.name for one in flow.services), flow.since, flow.until, flow.remediation


def _key(row: Row) -> object:
    return row.sources, row.destinations, row.traffic
