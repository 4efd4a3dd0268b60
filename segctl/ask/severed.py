"""A shortest way from one to another, the fewest flows without which there is none, and what all ways have in common.

The cut is an implicit hitting set (Moreno-Centeno and Karp, *The Implicit Hitting Set Approach to Solve Combinatorial
Optimization Problems*, Operations Research 61, 2013): each way needs one flow at each of its hops; the smallest set of
flows that meets all ways found so far is taken out, and if a way is left that is another one to meet. Two policies are
looked at together, with the flows and without: what passes without them no flow opens.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from segctl.ask.hitting import smallest_hitting
from segctl.ask.joint import bits, lowest
from segctl.ask.path import Steps, Ways
from segctl.ask.reach import Reach, is_hop, may_hop
from segctl.ask.result import Path, Severed
from segctl.ask.search import Piece, Search
from segctl.ask.side import Kind, Side
from segctl.model.flow import Flow
from segctl.model.ranges import Ranges
from segctl.model.service import ICMP_TRAFFIC
from segctl.policy import Policy
from segctl.policy.match import Statements

_ROUNDS = 64
_WAYS = 64  # found in one round


def path(policy: Policy, at: datetime, starts: Ranges, goals: Ranges, *, through_world: bool = False) -> Path:
    """From any machine of the one to any of the other, at that time."""
    bare = replace(policy, flows=Statements(()))
    reach = Reach(Search((Side(policy, at), Side(bare, at)), may_hop))
    ways = Ways(reach, starts, goals, through_world)
    steps = ways.steps()
    if not steps:
        return Path()
    cutter = _Cutter(ways)
    return Path(ways.told(steps), _common_segments(ways, steps), cutter.common(steps), cutter.fewest())


class _Edge(NamedTuple):
    """What a class reaches in one hop: each of `targets`, as long as one of these flows is there; 0: without any."""

    targets: int
    flows: int


@dataclass(slots=True)
class _Cutter:
    """Flows are numbered as they stand in the policy; sets of them are masks."""

    ways: Ways
    _numbers: dict[tuple[int, int, Ranges, Kind], int] = field(default_factory=dict)
    _edges: dict[int, list[_Edge]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        joint = self.ways.reach.joint
        at_time = self.ways.reach.search.sides[0].at
        for at, flow in enumerate(self.ways.reach.policy.flows.items):
            if not flow.said.active(at_time):
                continue
            kind = Kind.REMEDIED if flow.said.remediation else Kind.ALLOWED
            key = joint.meeting(flow.source), joint.meeting(flow.destination), flow.traffic, kind
            self._numbers[key] = self._numbers.get(key, 0) | 1 << at

    def fewest(self) -> Severed:
        """Without these flows there is no way."""
        known: list[int] = []
        least = cut = 0
        for _ in range(_ROUNDS):
            cut, least = smallest_hitting(known)
            found = self._left(cut)
            if 0 in found:
                return Severed((), 0, self.ways.told(self._steps(-1)))
            if not found:
                return Severed(self._flows(cut), least)
            known += found
        return Severed(self._flows(self._enough(cut)), least)

    def common(self, steps: Steps) -> tuple[Flow, ...]:
        """Flows of a way without each of which there is none."""
        some = [self._edge(source, target).flows for source, target in steps]
        alone = reduce(or_, (mask for mask in some if mask.bit_count() == 1), 0)
        return self._flows(reduce(or_, (1 << at for at in bits(alone) if not self._steps(1 << at)), 0))

    def _left(self, cut: int) -> list[int]:
        """Ways without these flows, which share none: of each the flows that it needs. 0: one that needs none."""
        found: list[int] = []
        while len(found) < _WAYS and (steps := self._steps(cut)):
            needed = self._needed(steps, cut)
            found.append(needed)
            cut |= needed
            if not needed:
                break
        return found

    def _enough(self, cut: int) -> int:
        """With as many more as it takes, and none that isn't needed."""
        while steps := self._steps(cut):
            cut |= self._needed(steps, cut)
        for at in bits(cut):
            if not self._steps(cut & ~(1 << at)):
                cut &= ~(1 << at)
        return cut

    def _steps(self, cut: int) -> Steps:
        """A shortest way without these flows."""

        def hops(source: int) -> int:
            return reduce(or_, (one.targets for one in self._of(source) if not one.flows or one.flows & ~cut), 0)

        return self.ways.steps(hops=hops)

    def _needed(self, steps: Steps, cut: int) -> int:
        """One flow for each hop that needs any, as few as may be."""
        taken = 0
        for source, target in steps:
            edge = self._edge(source, target)
            if edge.flows and not edge.flows & taken:
                taken |= 1 << lowest(edge.flows & ~cut)
        return taken

    def _edge(self, source: int, target: int) -> _Edge:
        return next(one for one in self._of(source) if one.targets >> target & 1)

    def _of(self, source: int) -> list[_Edge]:
        if source not in self._edges:
            self._edges[source] = [
                _Edge(part, self._opening(source, part, pieces)) for part, pieces in self.ways.reach.direct(source)
            ]
        return self._edges[source]

    def _opening(self, source: int, part: int, pieces: list[Piece]) -> int:
        """The flows each of which opens something there; 0 if something passes without any."""
        known = self.ways.reach.search.known
        ends = (known.stances[known.kinds[at]][0] for at in (source, lowest(part)))
        held = any(end.falls is not None and end.falls[-1] for end in ends)
        kinds = Kind.REMEDIED if held else Kind.REMEDIED | Kind.ALLOWED
        found = 0
        for piece in pieces:
            if self.ways.reach.passing(piece) is None:
                continue
            if is_hop(piece.looks[1].effect, piece.looks[1].step) and piece.traffic - ICMP_TRAFFIC:
                return 0
            for at in piece.said:
                one = known.statements[at]
                if one.kind & kinds:
                    found |= self._numbers[one.source, one.destination, one.traffic, one.kind]
        return found

    def _flows(self, mask: int) -> tuple[Flow, ...]:
        items = self.ways.reach.policy.flows.items
        return tuple(items[at].said for at in bits(mask & (1 << len(items)) - 1))


def _common_segments(ways: Ways, steps: Steps) -> tuple[str, ...]:
    """Segments between the ends of a way, without each of which there is none."""
    policy, joint = ways.reach.policy, ways.reach.joint
    between = {policy.segment_of(joint.classes[target].first()) for _, target in steps[:-1]}
    ends = ways.start | ways.goal
    found = []
    for name in (one for one in policy.partition.own if one in between):
        own = joint.mask(policy.partition.own[name])
        if not own & ends and not ways.steps(own):
            found.append(name)
    return tuple(found)
