"""What differs between two policies as rows for people: put together where nothing is lost, then where it is too much.

Boxes (classes × classes × services) are joined wherever two of their three sides are equal: they stay products. If
there are still too many of one look, those over the same services become one row, and at last all but the largest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.ask.called import Caller
from segctl.ask.joint import Joint, bits
from segctl.ask.look import Look, in_common
from segctl.ask.result import Called, Row
from segctl.ask.search import Looks, One
from segctl.ask.side import Side
from segctl.model.decision import Outcome, Step
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import ANY, WORLD
from segctl.model.service import shape_of
from segctl.model.span import Span


class Box(NamedTuple):
    """Each of these classes with each of those over all of the traffic; `one` of its connections."""

    sources: int
    destinations: int
    traffic: Ranges
    one: One


class _Heap(NamedTuple):
    """A box, or what several together hold: so many pairs of addresses; `whole`: all that the box could hold."""

    box: Box
    pairs: int
    whole: bool = True


Boxes = Mapping[Looks, Sequence[Box]]


def rows(sides: tuple[Side, Side], joint: Joint, boxes: Boxes, most: int) -> tuple[Row, ...]:
    """All rows: what opens first, then what closes; of each what touches the world first, what only concerns special
    addresses and the points' own needs last; by the line that decides.
    """
    made = _Rows(sides, joint, [Caller(side.policy, joint) for side in sides])
    found = [(looks, heap) for looks, those in boxes.items() for heap in made.heaped(those, most)]
    return tuple(sorted((made.row(looks, heap) for looks, heap in found), key=_order))


@dataclass(slots=True)
class _Rows:
    sides: tuple[Side, Side]
    joint: Joint
    callers: Sequence[Caller]
    _names: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)

    def heaped(self, boxes: Sequence[Box], most: int) -> list[_Heap]:
        """Boxes of one look put together, at most so many."""
        heaps = [_Heap(box, self.joint.pairs(box.sources, box.destinations)) for box in _joined(boxes)]
        if len(heaps) > 2 * most:  # of both families
            heaps = self._grouped(heaps)
        heaps = self._families(heaps)
        if len(heaps) > most:
            heaps = self._grouped(heaps)
        if len(heaps) > most:
            heaps.sort(key=lambda heap: (-heap.pairs * heap.box.traffic.size(), heap.box.one))
            heaps = [*heaps[: most - 1], _sum(heaps[most - 1 :])._replace(whole=False)]
        return heaps

    def _grouped(self, heaps: Iterable[_Heap]) -> list[_Heap]:
        """Those over the same services together."""
        groups: dict[object, list[_Heap]] = {}
        for heap in heaps:
            groups.setdefault(shape_of(heap.box.traffic), []).append(heap)
        found = map(_sum, groups.values())
        return [
            one._replace(whole=one.pairs == self.joint.pairs(one.box.sources, one.box.destinations)) for one in found
        ]

    def _families(self, heaps: Iterable[_Heap]) -> list[_Heap]:
        """What is said of the same segments in either family becomes one, which is as exact: no pair is of both."""
        v4, v6 = self.joint.masks[:2]
        by_names: dict[object, tuple[list[_Heap], list[_Heap]]] = {}
        found: list[_Heap] = []
        for heap in heaps:
            ends = heap.box.sources, heap.box.destinations
            if ends[0] & v4 and ends[0] & v6:
                found.append(heap)
                continue
            names = tuple(self.names(side, end) for side in (0, 1) for end in ends)
            by_names.setdefault(names, ([], []))[bool(ends[0] & v6)].append(heap)
        for halves in by_names.values():
            pairs, *rest = _paired(*halves)
            found += map(_sum, pairs)
            found += [heap for those in rest for heap in those]
        return found

    def names(self, side: int, mask: int) -> tuple[str, ...]:
        """The segments in which some of these classes are before or after, in order."""
        if (side, mask) not in self._names:
            owner, classes = self.sides[side].policy.segment_of, self.joint.classes
            found = {owner(classes[at].first()) for at in bits(mask)}
            self._names[side, mask] = tuple(sorted(name for name in found if name is not None))
        return self._names[side, mask]

    def row(self, looks: Looks, heap: _Heap) -> Row:
        """A heap in words."""
        box = heap.box
        before, after = (self._outcome(number, looks[number], box) for number in (0, 1))
        sources, destinations = (self.joint.addresses(end) for end in (box.sources, box.destinations))
        from_, to = (self._called(end) for end in (box.sources, box.destinations))
        return Row(sources, destinations, box.traffic, before, after, from_, to, heap.pairs, heap.whole)

    def _outcome(self, side: int, look: Look, box: Box) -> Outcome:
        if look.decided is not None:
            return look.outcome(look.decided)
        sources, destinations = (self._segments(side, end) for end in (box.sources, box.destinations))
        decision = self.sides[side].decide(*box.one)
        return look.outcome(in_common(decision, look.ends, sources, destinations))

    def _called(self, mask: int) -> Called:
        """As it is called after the change; before it, if it is whole there by names that nobody has any more."""
        before, after = (caller.called(mask) for caller in self.callers)
        site = self.sides[1].policy.site
        gone = not any(name in site.segments or name in site.endpoints for name in before.wholes)
        return before if gone and after.parts and not before.parts else after

    def _segments(self, side: int, mask: int) -> list[Segment]:
        return [self.sides[side].policy.site.segments[name] for name in self.names(side, mask)]


def _joined(boxes: Iterable[Box]) -> list[Box]:
    """Boxes with two equal sides as one, until there are none."""
    found = list(boxes)
    while True:
        before = len(found)
        found = _merged(found, lambda box: (box.sources, box.traffic))
        found = _merged(found, lambda box: (box.destinations, box.traffic))
        found = _merged(found, lambda box: (box.sources, box.destinations))
        if len(found) == before:
            return found


def _merged(boxes: Iterable[Box], key: Callable[[Box], object]) -> list[Box]:
    groups: dict[object, list[Box]] = {}
    for box in boxes:
        groups.setdefault(key(box), []).append(box)
    return [those[0] if len(those) == 1 else _union(those) for those in groups.values()]


def _union(boxes: Sequence[Box]) -> Box:
    sources = destinations = 0
    for box in boxes:
        sources |= box.sources
        destinations |= box.destinations
    kinds = dict.fromkeys(box.traffic for box in boxes)
    traffic = boxes[0].traffic if len(kinds) == 1 else Ranges.of(span for one in kinds for span in one)
    return Box(sources, destinations, traffic, min(box.one for box in boxes))


def _sum(heaps: Sequence[_Heap]) -> _Heap:
    return _Heap(_union([heap.box for heap in heaps]), sum(heap.pairs for heap in heaps), all(h.whole for h in heaps))


def _paired(v4: list[_Heap], v6: list[_Heap]) -> tuple[list[list[_Heap]], list[_Heap], list[_Heap]]:
    """Of each family those over the same services, or the only one; and what is left of both."""
    by_services = {shape_of(heap.box.traffic): heap for heap in v6}
    pairs, rest = [], []
    for heap in v4:
        other = by_services.pop(shape_of(heap.box.traffic), None)
        if other is None:
            rest.append(heap)
        else:
            pairs.append([heap, other])
    met = {id(other) for _, other in pairs}
    left = [heap for heap in v6 if id(heap) not in met]
    if len(rest) == len(left) == 1 and not pairs:
        return [[rest[0], left[0]]], [], []
    return pairs, rest, left


def _order(row: Row) -> tuple[object, ...]:
    rank = 0 if row.opens else 1 if row.closes else 2
    steps = row.before.decision.step, row.after.decision.step
    odd = Step.SPECIAL in steps or Step.ESSENTIAL in steps
    names = (*row.from_.wholes, *row.to.wholes)
    line = (row.after if rank == 0 else row.before).decision.span or _NOWHERE
    ends = row.sources.spans, row.destinations.spans, row.traffic.spans
    return rank, odd, WORLD not in names and ANY not in names, line, *ends


_NOWHERE = Span("", 0)
