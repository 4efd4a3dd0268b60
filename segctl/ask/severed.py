"""A shortest way from one to another; the fewest flows without which there is none; what all ways have in common."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

import networkx

from segctl.ask.hitting import smallest_hitting
from segctl.ask.joint import bits, lowest
from segctl.ask.openings import Openings
from segctl.ask.path import Steps, Ways
from segctl.ask.reach import Reach
from segctl.ask.result import Path, Severed
from segctl.model.flow import Flow
from segctl.model.ranges import Ranges
from segctl.policy import Policy

_ROUNDS = 16
_WAYS = 16  # met in one round


def path(policy: Policy, at: datetime, starts: Ranges, goals: Ranges, *, through_world: bool = False) -> Path:
    """From any machine of the one to any of the other, at that time."""
    openings = Openings.of(policy, at)
    ways = Ways(openings.reach, starts, goals, through_world)
    steps = ways.steps()
    if not steps or one_machine(openings.reach, starts | goals):
        return Path()
    cutter = _Cutter(ways, openings)
    return Path(ways.told(steps), _common_segments(ways, steps), cutter.common(steps), cutter.fewest())


def one_machine(reach: Reach, addresses: Ranges) -> bool:
    """Whether all of these are of one machine: it is there already, and needs no way."""
    return addresses.size() == 1 or any(one.addresses.covers(addresses) for one in reach.machines)


@dataclass(slots=True)
class _Cutter:
    ways: Ways
    openings: Openings

    def fewest(self) -> Severed:
        """Without these flows there is no way.

        If each flow opened all pairs that it speaks of, a minimum cut of the graph would be exact. Where a guardrail
        or a quarantine stands against some, the cut may have flows too many: then single ways are met, which says at
        least how many it takes, and often that fewer do. (Moreno-Centeno and Karp, *The Implicit Hitting Set Approach
        to Solve Combinatorial Optimization Problems*, Operations Research 61, 2013.)
        """
        if way := self._steps(-1):
            return Severed((), 0, self.ways.told(way))
        cut, exact = _FlowGraph(self.ways, self.openings).cut()
        if exact:
            return Severed(self.openings.flows(cut), cut.bit_count())
        return self._by_ways(self._needed(cut))

    def _by_ways(self, cut: int) -> Severed:
        known: list[int] = []
        least = 0
        for _ in range(_ROUNDS):
            chosen, least = smallest_hitting(known)
            if least >= cut.bit_count():
                break
            found = self._left(chosen)
            if not found:
                cut = chosen
                break
            known += found
        return Severed(self.openings.flows(cut), min(least, cut.bit_count()))

    def common(self, steps: Steps) -> tuple[Flow, ...]:
        """Flows of a way without each of which there is none."""
        some = [self.openings.between(source, target) for source, target in steps]
        alone = reduce(or_, (mask for mask in some if mask.bit_count() == 1), 0)
        return self.openings.flows(reduce(or_, (1 << at for at in bits(alone) if not self._steps(1 << at)), 0))

    def _left(self, cut: int) -> list[int]:
        """Ways without these flows, which share none: of each the flows that it needs."""
        found: list[int] = []
        while len(found) < _WAYS and (steps := self._steps(cut)):
            needed = 0
            for source, target in steps:
                flows = self.openings.between(source, target)
                if flows and not flows & needed:
                    needed |= 1 << lowest(flows & ~cut)
            found.append(needed)
            cut |= needed
        return found

    def _needed(self, cut: int) -> int:
        """None that could stay."""
        for at in bits(cut):
            if not self._steps(cut & ~(1 << at)):
                cut &= ~(1 << at)
        return cut

    def _steps(self, cut: int) -> Steps:
        """A shortest way without these flows."""
        return self.ways.steps(hops=lambda source: self.openings.without(source, cut))


class _FlowGraph:
    """Who speaks, through which flow, to whom: classes twice (reached, speaking), flows twice (in, out), as numbers."""

    def __init__(self, ways: Ways, openings: Openings) -> None:
        self.ways, self.openings = ways, openings
        self.exact = True
        self._graph: networkx.DiGraph[Any] = networkx.DiGraph()

    def cut(self) -> tuple[int, bool]:
        """A minimum cut as a mask of flows, and whether each flow opens all that the graph says."""
        self._ends()
        self._hops()
        number, (side, _) = networkx.minimum_cut(
            self._graph, "start", "goal", flow_func=networkx.algorithms.flow.dinitz
        )  # fmt: skip
        flows = {at for kind, at in (node for node in self._graph if isinstance(node, tuple)) if kind == "flow"}
        found = reduce(or_, (1 << at for at in flows if ("flow", at) in side and ("opened", at) not in side), 0)
        assert found.bit_count() == number
        return found, self.exact

    def _ends(self) -> None:
        reach, graph = self.ways.reach, self._graph
        rings = reach.spread(self.ways.start, lambda at: self.openings.without(at, 0),
                             through_world=self.ways.through_world)  # fmt: skip
        reached = rings.all()
        graph.add_edges_from(("start", ("speaks", at)) for at in bits(self.ways.start))
        graph.add_edges_from((("reached", at), "goal") for at in bits(self.ways.goal & reached))
        for at in bits(reached if self.ways.through_world else reached & ~reach.world):
            others = bits(reach.linked.get(at, 0) | 1 << at)
            graph.add_edges_from((("reached", at), ("speaks", other)) for other in others)

    def _hops(self) -> None:
        speaking = [node[1] for node in self._graph if node[0] == "speaks"]
        sources: dict[int, int] = defaultdict(int)
        targets: dict[int, int] = defaultdict(int)
        for source in speaking:
            for part, flows in self.openings.from_(source):
                if not flows:
                    self._free(source, part)
                for at in bits(flows):
                    sources[at] |= 1 << source
                    targets[at] |= part
        for at in sources:
            self._graph.add_edge(("flow", at), ("opened", at), capacity=1)
            self._graph.add_edges_from((("speaks", source), ("flow", at)) for source in bits(sources[at]))
            self._graph.add_edges_from((("opened", at), ("reached", target)) for target in bits(targets[at]))
            self.exact = self.exact and all(self._opens(at, source, targets[at]) for source in bits(sources[at]))

    def _free(self, source: int, part: int) -> None:
        """Through one node for all that reach the same."""
        node = "free", part
        if node not in self._graph:
            self._graph.add_edges_from((node, ("reached", target)) for target in bits(part))
        self._graph.add_edge(("speaks", source), node)

    def _opens(self, at: int, source: int, targets: int) -> bool:
        """Whether a flow opens all of these to a class; to those of the other family it can't."""
        openings = self.openings.from_(source)
        real = reduce(or_, (one.targets for one in openings if not one.flows or one.flows >> at & 1))
        return not targets & ~real & ~(1 << source)


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
