"""Which flows open a hop, and which hops no flow opens: two policies looked at together, with the flows and without."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from segctl.ask.joint import lowest
from segctl.ask.reach import Reach, is_hop, may_hop
from segctl.ask.search import Piece, Search
from segctl.ask.side import Kind, Side
from segctl.model.flow import Flow
from segctl.model.ranges import Ranges
from segctl.policy import Policy
from segctl.policy.match import Statements


class Opening(NamedTuple):
    """What a class reaches in one hop: each of `targets`, as long as one of these flows is there; 0: without any."""

    targets: int
    flows: int


@dataclass(slots=True)
class Openings:
    """Flows are numbered as they stand in the policy; sets of them are masks."""

    reach: Reach
    _numbers: dict[tuple[int, int, Ranges, Kind], int] = field(default_factory=dict)
    _known: dict[int, list[Opening]] = field(default_factory=dict)

    @classmethod
    def of(cls, policy: Policy, at: datetime) -> "Openings":
        """Of a site at that time."""
        bare = replace(policy, flows=Statements(()))
        return cls(Reach(Search((Side(policy, at), Side(bare, at)), may_hop)))

    def __post_init__(self) -> None:
        joint, at_time = self.reach.joint, self.reach.search.sides[0].at
        for at, flow in enumerate(self.reach.policy.flows.items):
            if flow.said.active(at_time):
                kind = Kind.REMEDIED if flow.said.remediation else Kind.ALLOWED
                key = joint.mask(flow.source), joint.mask(flow.destination), flow.traffic, kind
                self._numbers[key] = self._numbers.get(key, 0) | 1 << at

    def from_(self, source: int) -> list[Opening]:
        """All hops of a class."""
        if source not in self._known:
            found: dict[int, int] = {}
            for part, pieces in self.reach.direct(source):
                flows = self._opening(source, part, pieces)
                found[flows] = found.get(flows, 0) | part
            self._known[source] = [Opening(targets, flows) for flows, targets in found.items()]
        return self._known[source]

    def between(self, source: int, target: int) -> int:
        """The flows of which one is enough for this hop; 0 if it needs none. ValueError if there is no hop."""
        for one in self.from_(source):
            if one.targets >> target & 1:
                return one.flows
        raise ValueError("no hop")

    def without(self, source: int, cut: int) -> int:
        """What a class still reaches in one hop without these flows; -1: without any."""
        found = 0
        for targets, flows in self.from_(source):
            if not flows or flows & ~cut:
                found |= targets
        return found

    def flows(self, mask: int) -> tuple[Flow, ...]:
        """These, in their order."""
        return tuple(one.said for at, one in enumerate(self.reach.policy.flows.items) if mask >> at & 1)

    def _opening(self, source: int, part: int, pieces: Iterable[Piece]) -> int:
        known = self.reach.search.known
        ends = (known.stances[known.kinds[at]][0] for at in (source, lowest(part)))
        held = any(end.falls is not None and end.falls[-1] for end in ends)  # in quarantine
        kinds = Kind.REMEDIED if held else Kind.REMEDIED | Kind.ALLOWED
        found = 0
        for piece in pieces:
            if self.reach.passing(piece) is None:
                continue
            if is_hop(piece.looks[1].effect, piece.looks[1].step):
                return 0
            for at in piece.said:
                one = known.statements[at]
                if one.kind & kinds:
                    found |= self._numbers[one.source, one.destination, one.traffic, one.kind]
        return found
