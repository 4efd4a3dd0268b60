"""Answers by segments, for pictures: how an intruder spreads, through what a way leads, what a change turns."""

from collections.abc import Container, Iterator, Mapping

from segctl.ask.joint import bits
from segctl.ask.path import Ways
from segctl.ask.reach import Reach
from segctl.ask.result import Difference, Row
from segctl.ask.spread import Spread
from segctl.model.pictured import Leap, Spreading
from segctl.model.ranges import Ranges
from segctl.model.selector import ANY, WORLD
from segctl.policy import Policy

Ends = tuple[tuple[str, ...], tuple[str, ...]]
"""The segments of sources, and of destinations."""


def spreading(reach: Reach, addresses: Ranges, *, through_world: bool = False) -> Spreading:
    """From whichever machine that has some of these addresses it goes fastest."""
    start = 0
    for classes in reach.kinds(addresses):
        start |= classes
    rings = reach.rings(start, through_world=through_world)
    hops: dict[str, int] = {}
    for number, mask in enumerate(rings.reached, 1):
        for at in bits(mask):
            hops.setdefault(_segment(reach, at), number)
    found: dict[tuple[str, str], tuple[bool, bool]] = {}
    for number, mask in enumerate(rings.reached, 1):
        new = _by_segment(reach, mask, {name for name, least in hops.items() if least == number})
        for at in bits(rings.speaking[number - 1]):
            source = _segment(reach, at)
            for name, how in _leaps(reach, at, new):
                if name != source:
                    found[source, name] = min(found.get((source, name), how), how)
    leaps = tuple(Leap(*pair, *how) for pair, how in sorted(found.items()))
    places = tuple(sorted({_segment(reach, at) for at in bits(start)}))
    return Spreading(places, hops, leaps, tuple(sorted(set(_joined(reach, rings.all() | start)))))


def _segment(reach: Reach, at: int) -> str:
    name = reach.policy.segment_of(reach.joint.classes[at].first())
    assert name is not None  # special addresses are in no way
    return name


def _by_segment(reach: Reach, mask: int, names: Container[str]) -> Mapping[str, int]:
    """Of these classes those of each of the segments."""
    found: dict[str, int] = {}
    for at in bits(mask):
        if (name := _segment(reach, at)) in names:
            found[name] = found.get(name, 0) | 1 << at
    return found


def _leaps(reach: Reach, at: int, new: Mapping[str, int]) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """From one class to what is new: the segment, and whether it is observed or uncovered only."""
    allowed, observed, uncovered = reach.hops(at)
    for name, mask in new.items():
        if allowed & mask:
            yield name, (False, False)
        elif observed & mask:
            yield name, (True, False)
        elif uncovered & mask:
            yield name, (False, True)


def _joined(reach: Reach, reached: int) -> Iterator[tuple[str, str]]:
    for machine in reach.machines:
        if machine.classes & reached and machine.classes & (machine.classes - 1):
            names = sorted({_segment(reach, at) for at in bits(machine.classes)} - {WORLD})
            yield from ((names[0], other) for other in names[1:])


def through(ways: Ways) -> tuple[str, ...]:
    """The segments of a shortest way, one for who begins, one for each hop that is reached; empty if there is none."""
    steps = ways.steps()
    if not steps:
        return ()
    return (_segment(ways.reach, steps[0][0]), *(_segment(ways.reach, target) for _, target in steps))


def turned(before: Policy, after: Policy, found: Difference) -> tuple[Ends, ...]:
    """Of each row of it, in its order, the segments at both ends.

    Segments as they are after the change; before it, for what closes to or from one that is no more. `any` stands for
    all of them at once; special addresses are in none.
    """
    spreads = Spread(before), Spread(after)
    gone = frozenset(before.site.segments) - frozenset(after.site.segments)

    def names(row: Row, addresses: Ranges, wholes: tuple[str, ...]) -> tuple[str, ...]:
        if ANY in wholes:
            return (ANY,)
        now = spreads[1].parts(addresses)
        if row.opens or not gone:
            return tuple(now)
        was = {name: part for name, part in spreads[0].parts(addresses).items() if name in gone}
        lost = Ranges.of(span for part in was.values() for span in part)
        return (*(name for name, part in now.items() if part - lost), *was)

    return tuple(
        (names(row, row.sources, row.from_.wholes), names(row, row.destinations, row.to.wholes)) for row in found.rows
    )
