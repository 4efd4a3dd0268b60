"""What an intruder reaches from one machine, by the number of hops; and how far each segment lies open."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from segctl.ask.called import Caller
from segctl.ask.joint import bits, lowest
from segctl.ask.look import Look, in_common
from segctl.ask.reach import Machine, Reach, Rings
from segctl.ask.result import Blast, Direct, Exposure, Passing, Reached, Ring
from segctl.ask.search import Piece
from segctl.ask.weights import Weights, ends, weigh
from segctl.model.ranges import ALL_ADDRESSES, ALL_V4, ALL_V6, Ranges
from segctl.model.segment import Segment
from segctl.model.selector import WORLD
from segctl.model.service import shape_of


@dataclass(slots=True)
class Blasts:
    """Questions to one reach; `through_world`: ways may lead through the world as well."""

    reach: Reach
    through_world: bool = False
    caller: Caller = field(init=False)
    _segments: Mapping[str, int] = field(init=False)
    _kinds: Mapping[int, list[Machine]] = field(init=False)
    _spread: list[Machine] = field(init=False)  # over several classes
    _weights: Weights = field(init=False)
    _known: dict[tuple[int, int], Ranges] = field(default_factory=dict)
    _beyond: dict[int, Counter[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy, joint = self.reach.policy, self.reach.joint
        self.caller = Caller(policy, joint)
        self._segments = {name: mask for name, own in policy.partition.own.items() if (mask := joint.mask(own))}
        kinds: dict[int, list[Machine]] = {}
        for machine in self.reach.machines:
            kinds.setdefault(machine.classes, []).append(machine)
        self._kinds = kinds
        self._spread = [one for one in self.reach.machines if one.classes & (one.classes - 1)]
        self._weights = Weights(joint)

    def of(self, addresses: Ranges) -> tuple[Blast, ...]:
        """From any one machine that has some of these addresses; those from where the same is reached together."""
        together: dict[Rings, list[tuple[int, Ranges]]] = {}
        for classes, those in self.reach.kinds(addresses).items():
            together.setdefault(self.rings(classes), []).append((classes, those))
        return tuple(self._blast(rings, starts) for rings, starts in together.items())

    def to(self, addresses: Ranges, goals: Ranges) -> tuple[Reached, ...]:
        """The same, told of some others alone."""
        wanted = self.reach.kinds(goals)
        found: dict[tuple[tuple[int, Ranges], ...], list[tuple[int, Ranges]]] = {}
        for start, those in self.reach.kinds(addresses).items():
            rings = self.rings(start)
            by_hops: dict[int, list[Ranges]] = {}
            for classes, aims in wanted.items():
                hops = next((at for at, mask in enumerate(rings.reached, 1) if mask & classes), 0)
                if hops or classes != start or self._several(start):
                    by_hops.setdefault(hops, []).append(aims)
            key = tuple((hops, Ranges.union(aims)) for hops, aims in sorted(by_hops.items()))
            found.setdefault(key, []).append((start, those))
        return tuple(self._told(key, starts) for key, starts in found.items() if key)

    def _told(self, key: Iterable[tuple[int, Ranges]], starts: Iterable[tuple[int, Ranges]]) -> Reached:
        named = {hops: self.caller.named(aims) for hops, aims in key}
        never = named.pop(0, None)
        return Reached(self.caller.named(Ranges.union(those for _, those in starts)), tuple(named.items()), never)

    def _several(self, start: int) -> bool:
        """Whether these classes have more machines than one."""
        machine = next(iter(self._kinds.get(start, ())), None)
        return machine is None or machine.addresses != self.reach.joint.addresses(start)

    def radius(self, name: str) -> int:
        """The blast radius of a segment: addresses that are reached from that machine in it that reaches most."""
        kinds = self.reach.kinds(self.reach.policy.partition.own[name])
        return max((self._weight(self.rings(one).all(), one) for one in kinds), default=0)

    def nearest(self, *, observed: bool = True, uncovered: bool = True) -> dict[str, dict[str, int]]:
        """Of each segment the segments in which somebody of it reaches somebody else, with the least hops.

        Without what passes only as somebody observes, or as nothing enforces a deny, if that is not wanted.
        """
        found: dict[str, dict[str, int]] = {name: {} for name in self._segments}
        for start in self.reach.kinds(ALL_ADDRESSES):
            rings = self.rings(start, observed=observed, uncovered=uncovered)
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
            found.append(Exposure(name, self.radius(name), direct, len(reaching), len(self._segments) - 1, world))
        return tuple(sorted(found, key=lambda one: (-one.any, -one.direct, one.segment)))

    def rings(self, start: int, *, observed: bool = True, uncovered: bool = True) -> Rings:
        return self.reach.rings(
            start, through_world=self.through_world, observed=observed, uncovered=uncovered
        )  # fmt: skip

    def _blast(self, rings: Rings, starts: list[tuple[int, Ranges]]) -> Blast:
        start, reached = starts[0][0], rings.all()
        whole = self._reached(reached, start)
        only = [
            weigh(whole - self._reached(self.rings(start, observed=observed, uncovered=uncovered).all(), start))
            for observed, uncovered in ((False, True), (True, False))
        ]
        segments = self._by_hops(rings)
        return Blast(
            self.caller.named(Ranges.union(those for _, those in starts)),
            tuple(self._direct(start)),
            tuple(self._ring(rings, number) for number in range(len(rings.reached))),
            weigh(whole),
            ((whole & ALL_V4).size(), (whole & ALL_V6).size()),
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

    def _weight(self, reached: int, start: int) -> int:
        """As `weigh` of what `_reached` says, without putting it together."""
        joint = self.reach.joint
        whole = (joint.masks[0] | joint.masks[1]) & ~self.reach.world
        if reached not in self._beyond:
            found = Counter[int]()
            for one in self._spread:
                if one.classes & reached and (beyond := one.classes & ~reached & whole):
                    found.update(ends(one.addresses & joint.addresses(beyond)))
            self._beyond[reached] = found
        more = self._beyond[reached]
        own = next((one.addresses for one in self._kinds.get(start, ())), None)
        if start & reached:
            mine = own or Ranges.single(joint.classes[lowest(start)].first())
            more = Counter(more)
            more.subtract(ends(mine & joint.addresses(start & whole)))
        return self._weights.of(reached & whole, more)

    def _reached(self, reached: int, start: int) -> Ranges:
        """All addresses of the machines that have one in these classes, without the first machine's and the world's."""
        key = reached, start
        if key not in self._known:
            joint = self.reach.joint
            whole = (joint.masks[0] | joint.masks[1]) & ~self.reach.world
            found = joint.addresses(reached & whole)
            beyond = (one for classes, those in self._kinds.items() if classes & reached for one in those)
            found |= Ranges.union(one.addresses & joint.addresses(one.classes & ~reached & whole) for one in beyond)
            own = next((one.addresses for one in self._kinds.get(start, ())), None)
            self._known[key] = found - (own or Ranges.single(joint.classes[lowest(start)].first()))
        return self._known[key]

    def _direct(self, start: int) -> Iterator[Direct]:
        """What is reached in one hop, by what lets it pass; what is alike in both families together."""
        found: dict[object, tuple[int, list[Passing]]] = {}
        for source in bits(start):
            for part, pieces in self.reach.direct(source):
                services = list(passings(self.reach, source, part, pieces))
                key = tuple((one.outcome, shape_of(one.traffic)) for one in services)
                mask, known = found.get(key, (0, services))
                pairs = zip(known, services, strict=True)
                both = [Passing(one.traffic | other.traffic, one.outcome) for one, other in pairs]
                found[key] = mask | part, both
        for mask, services in found.values():
            yield Direct(self.caller.called(mask), tuple(services))


def passings(reach: Reach, source: int, targets: int, pieces: Iterable[Piece]) -> Iterator[Passing]:
    """What passes from a class to others that are treated alike, by what lets it pass."""
    by_look: dict[Look, list[Ranges]] = {}
    for piece in pieces:
        if (look := reach.passing(piece)) is not None:
            by_look.setdefault(look, []).append(piece.traffic)
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
