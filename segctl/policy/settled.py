"""What is settled before flows are asked, or without them: there no flow can add anything (design, section 2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from segctl.model.flow import Flow
from segctl.model.ranges import ALL_ADDRESSES, Ranges
from segctl.model.service import ALL_TRAFFIC
from segctl.model.strictness import Profile, Verdict
from segctl.policy.boxes import Box
from segctl.policy.match import Statement
from segctl.policy.policy import Policy
from segctl.policy.touch import remembering

_FEW = 4


@dataclass(slots=True)
class Settled:
    """Answers for many flows of one policy, whose sets are shared: each set is looked at once."""

    policy: Policy
    _touches: Callable[[Ranges], frozenset[str]] = field(init=False)
    _profiles: dict[str, Profile] = field(init=False)
    _quarantined: Ranges = field(init=False)
    _ends: list[tuple[Ranges, Ranges, Ranges]] = field(init=False)
    _spoken_of: Ranges = field(init=False)  # services in one of these
    _over: dict[int, list[tuple[Ranges, Ranges]]] = field(default_factory=dict)  # the ends of these, by service
    _open: dict[tuple[int, int], bool] = field(default_factory=dict)
    _defaults: dict[tuple[int, int], tuple[Box, ...]] = field(default_factory=dict)
    _refused: dict[int, list[int]] = field(default_factory=dict)
    _joined: dict[frozenset[str], Ranges] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy = self.policy
        self._touches = remembering(policy.partition)
        self._profiles = {name: segment.profile for name, segment in policy.site.segments.items()}
        names = [name for name, profile in self._profiles.items() if profile.quarantine]
        self._quarantined = Ranges.of(span for name in names for span in policy.partition.own[name])
        self._ends = [(one.source, one.destination, one.traffic) for one in policy.guardrails.items]
        self._ends += [(one.source, one.destination, one.traffic) for one in policy.management.items]
        self._ends += [(box.source, box.destination, box.traffic) for box in _essentials(policy)]
        self._spoken_of = Ranges.of(span for *_, traffic in self._ends for span in traffic)

    def concerns(self, flow: Statement[Flow]) -> bool:
        """Whether any of it may be settled; no is certain, and quick."""
        key = id(flow.source), id(flow.destination)
        if key not in self._open:
            self._open[key] = self._by_segments(self._touches(flow.source), self._touches(flow.destination))
        return self._open[key] or any(
            flow.source.meets(source) and flow.destination.meets(destination)
            for source, destination in self._said_over(flow.traffic)
        )

    def _said_over(self, traffic: Ranges) -> list[tuple[Ranges, Ranges]]:
        """The ends of what is said of these services: mostly of none."""
        if id(traffic) not in self._over:
            ends = self._ends if traffic.meets(self._spoken_of) else []
            self._over[id(traffic)] = [(one, other) for one, other, those in ends if traffic.meets(those)]
        return self._over[id(traffic)]

    def _by_segments(self, here: frozenset[str], there: frozenset[str]) -> bool:
        profiles = self._profiles
        if any(profiles[name].quarantine for name in here | there):
            return True
        if any(profiles[name].intra is Verdict.ALLOW for name in here & there):
            return True
        speaking = any(profiles[name].egress is Verdict.ALLOW for name in here)
        return speaking and any(profiles[name].ingress is Verdict.ALLOW for name in there)

    def denied(self, flow: Statement[Flow]) -> Iterator[Box]:
        """Steps 1 and 2: what guardrails forbid, and quarantine to what is no remediation."""
        for rail in self.policy.guardrails.items:
            yield Box(rail.source, rail.destination, rail.traffic)
        if self._quarantined and not flow.said.remediation:
            yield Box(self._quarantined, ALL_ADDRESSES, ALL_TRAFFIC)
            yield Box(ALL_ADDRESSES, self._quarantined, ALL_TRAFFIC)

    def allowed(self, flow: Statement[Flow]) -> Iterator[Box]:
        """Steps 0a, 0d, 4 and 5. Remediation is for machines that are cut off, whatever is allowed otherwise."""
        policy = self.policy
        yield from _essentials(policy)
        if flow.said.remediation:
            return
        for entry in policy.management.items:
            yield Box(entry.source, entry.destination, entry.traffic)
        key = id(flow.source), id(flow.destination)
        if key not in self._defaults:
            self._defaults[key] = tuple(self._by_default(flow))
        yield from self._defaults[key]

    def refused(self, flow: Statement[Flow]) -> list[int]:
        """Some destinations that refuse by default: where to look first for what it alone allows."""
        key = id(flow.destination)
        if key not in self._refused:
            names = (name for name in self._touches(flow.destination) if self._profiles[name].ingress is Verdict.DENY)
            firsts = (self.policy.partition.own[name].first() for name in names)
            self._refused[key] = list(islice((one for one in firsts if one in flow.destination), _FEW))
        return self._refused[key]

    def _by_default(self, flow: Statement[Flow]) -> Iterator[Box]:
        """What the segments at its ends let pass by themselves."""
        here, there = (
            {name for name in self._touches(end) if not self._profiles[name].quarantine}
            for end in (flow.source, flow.destination)
        )
        own = self.policy.partition.own
        for name in sorted(here & there):
            if self._profiles[name].intra is Verdict.ALLOW:
                yield Box(own[name], own[name], ALL_TRAFFIC)
        speaking = {name for name in here if self._profiles[name].egress is Verdict.ALLOW}
        listening = {name for name in there if self._profiles[name].ingress is Verdict.ALLOW}
        alone = {name for name in speaking & listening if self._profiles[name].intra is Verdict.DENY}
        targets = self._together(listening)
        yield Box(self._together(speaking - alone), targets, ALL_TRAFFIC)
        for name in sorted(alone):
            yield Box(own[name], targets - own[name], ALL_TRAFFIC)

    def _together(self, names: set[str]) -> Ranges:
        """Their addresses; `any` stands in thousands of flows."""
        key = frozenset(names)
        if key not in self._joined:
            self._joined[key] = Ranges.of(span for name in names for span in self.policy.partition.own[name])
        return self._joined[key]


def _essentials(policy: Policy) -> Iterator[Box]:
    """What of them a flow can speak of: no flow has a special end."""
    for row in policy.essentials:
        if row.near:  # such a row needs a special end
            continue
        source, destination = row.source - policy.special, row.destination - policy.special
        pairs = [(source, destination)]
        if row.own_end:
            pairs = [(source & row.own, destination), (source, destination & row.own)]
        yield from (box for one, other in pairs if (box := Box(one, other, row.traffic)))
