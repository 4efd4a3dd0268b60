"""What an intruder reaches from one machine, by the number of hops; and how far each segment lies open."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from segctl.ask.called import Caller
from segctl.ask.joint import bits, lowest
from segctl.ask.look import Look, in_common
from segctl.ask.reach import Machine, Reach, Rings
from segctl.ask.result import Blast, Direct, Exposure, Passing, Ring
from segctl.ask.search import Piece
from segctl.model.ranges import ALL_ADDRESSES, Ranges
from segctl.model.segment import Segment
from segctl.model.selector import WORLD
from segctl.model.service import ICMP_TRAFFIC


@dataclass(slots=True)
class Blasts:
    """Questions to one reach; `through_world`: ways may lead through the world as well."""

    reach: Reach
    through_world: bool = False
    caller: Caller = field(init=False)
    _segments: Mapping[str, int] = field(init=False)
    _kinds: Mapping[int, list[Machine]] = field(init=False)

    def __post_init__(self) -> None:
        policy, joint = self.reach.policy, self.reach.joint
        self.caller = Caller(policy, joint)
        self._segments = {name: mask for name, own in policy.partition.own.items() if (mask := joint.mask(own))}
        kinds: dict[int, list[Machine]] = {}
        for machine in self.reach.machines:
            kinds.setdefault(machine.classes, []).append(machine)
        self._kinds = kinds

    def of(self, addresses: Ranges) -> tuple[Blast, ...]:
        """From any one machine that has some of these addresses; those from where the same is reached together."""
        together: dict[Rings, list[tuple[int, Ranges]]] = {}
        for classes, those in self.reach.kinds(addresses).items():
            together.setdefault(self._rings(classes), []).append((classes, those))
        return tuple(self._blast(rings, starts) for rings, starts in together.items())

    def radius(self, name: str) -> int:
        """The blast radius of a segment: addresses that are reached from that machine in it that reaches most."""
        kinds = self.reach.kinds(self.reach.policy.partition.own[name])
        return max((self._size(self._rings(classes).all(), classes) for classes in kinds), default=0)

    def nearest(self) -> dict[str, dict[str, int]]:
        """Of each segment the segments in which somebody of it reaches somebody else, with the least hops."""
        found: dict[str, dict[str, int]] = {name: {} for name in self._segments}
        for start in self.reach.kinds(ALL_ADDRESSES):
            rings = self._rings(start)
            segments = self._by_hops(rings)
            for name in self._owners(start):
                known = found[name]
                for other, hops in segments.items():
                    known[other] = min(hops, known.get(other, hops))
        return found

    def exposures(self) -> tuple[Exposure, ...]:
        """Of each segment that has addresses, the most exposed first."""
        nearest = self.nearest()
        found = []
        for name in self._segments:
            reaching = {other: hops[name] for other, hops in nearest.items() if other != name and name in hops}
            direct = sum(hops == 1 for hops in reaching.values())
            world = reaching.get(WORLD, 0)
            found.append(Exposure(name, direct, len(reaching), len(self._segments) - 1, world))
        return tuple(sorted(found, key=lambda one: (-one.any, -one.direct, one.segment)))

    def _rings(self, start: int, *, observed: bool = True, uncovered: bool = True) -> Rings:
        return self.reach.rings(
            start, through_world=self.through_world, observed=observed, uncovered=uncovered
        )  # fmt: skip

    def _blast(self, rings: Rings, starts: list[tuple[int, Ranges]]) -> Blast:
        start, reached = starts[0][0], rings.all()
        here = self.caller.named(Ranges.of(span for _, those in starts for span in those))
        size = self._size(reached, start)
        only = [
            size - self._size(self._rings(start, observed=observed, uncovered=uncovered).all(), start)
            for observed, uncovered in ((False, True), (True, False))
        ]
        segments = self._by_hops(rings)
        return Blast(
            here,
            tuple(self._direct(start)),
            tuple(self._ring(rings, number) for number in range(len(rings.reached))),
            (self._size(reached, start, 0), self._size(reached, start, 1)),
            sum(len(those) - (classes == start) for classes, those in self._kinds.items() if classes & reached),
            segments,
            segments.get(WORLD, 0),
            *only,
        )

    def _by_hops(self, rings: Rings) -> dict[str, int]:
        """The segments that are reached, with the least hops."""
        found: dict[str, int] = {}
        for hops, mask in enumerate(rings.reached, 1):
            for name in self._owners(mask):
                found.setdefault(name, hops)
        return found

    def _owners(self, mask: int) -> Iterator[str]:
        return (name for name, own in self._segments.items() if own & mask)

    def _ring(self, rings: Rings, number: int) -> Ring:
        new = rings.reached[number]
        before = 0
        for mask in rings.reached[:number]:
            before |= mask
        named = (those for classes, those in self._kinds.items() if classes & new and not classes & before)
        return Ring(number + 1, self.caller.called(new), tuple(sorted(one.name for those in named for one in those)))

    def _size(self, reached: int, start: int, half: int | None = None) -> int:
        """How many addresses: of these classes, the other ones of the machines in them, without the first machine's and
        the world's. half: of IPv4 (0), IPv6 (1) or both (None).
        """
        joint = self.reach.joint
        whole = joint.masks[0] | joint.masks[1] if half is None else joint.masks[half]
        whole &= ~self.reach.world
        found = joint.size(reached & whole)
        for classes, those in self._kinds.items():
            if classes & reached and (beyond := classes & ~reached & whole):
                found += sum((one.addresses & joint.addresses(beyond)).size() for one in those)
        if start & reached & ~self.reach.world:
            own = next(iter(self._kinds.get(start, ())), None)
            found -= (own.addresses & joint.addresses(start & whole)).size() if own else int(bool(start & whole))
        return found

    def _direct(self, start: int) -> Iterator[Direct]:
        """What is reached in one hop, by what lets it pass."""
        found: dict[tuple[Passing, ...], int] = {}
        for source in bits(start):
            for part, pieces in self.reach.direct(source):
                services = tuple(passings(self.reach, source, part, pieces))
                found[services] = found.get(services, 0) | part
        for services, mask in found.items():
            yield Direct(self.caller.called(mask), services)


def passings(reach: Reach, source: int, targets: int, pieces: Iterable[Piece]) -> Iterator[Passing]:
    """What passes from a class to others that are treated alike, by what lets it pass."""
    by_look: dict[Look, list[Ranges]] = {}
    for piece in pieces:
        if (look := reach.passing(piece)) is not None:
            by_look.setdefault(look, []).append(piece.traffic - ICMP_TRAFFIC)
    for look, those in by_look.items():
        traffic = Ranges.of(span for one in those for span in one)
        decision = look.decided
        if decision is None:
            classes = reach.joint.classes
            one = classes[source].first(), classes[lowest(targets)].first(), traffic.first()
            decision = reach.search.sides[reach.side].decide(*one)
            ends = _segments(reach, 1 << source), _segments(reach, targets)
            decision = in_common(decision, look.ends, *ends)
        yield Passing(traffic, look.outcome(decision))


def _segments(reach: Reach, mask: int) -> list[Segment]:
    policy = reach.policy
    names = {policy.segment_of(reach.joint.classes[at].first()) for at in bits(mask)}
    return [policy.site.segments[name] for name in sorted(name for name in names if name is not None)]
