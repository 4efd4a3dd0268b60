"""Of each pair of segments what passes where no statement speaks: the whole square, for adjacency matrices.

The same as the undeclared edges of the segment graph, which holds a record for each pair: for 1,000 segments that takes
twenty times as long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segctl.ask.fallback import Coverage, allowed_by_default, families, observed_traffic
from segctl.ask.spread import Spread
from segctl.model.flow import Guardrail
from segctl.model.pictured import Rest
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import POINTS, WORLD
from segctl.model.service import ALL_TRAFFIC
from segctl.model.strictness import Mode
from segctl.policy import Policy
from segctl.policy.effect import lenient
from segctl.policy.match import Statement

_Kind = tuple[object, ...]


@dataclass(slots=True)
class _Square:
    policy: Policy
    coverage: Coverage = field(init=False)
    guards: dict[tuple[str, str], list[Statement[Guardrail]]] = field(default_factory=dict)
    known: dict[tuple[int, int, bool], tuple[bool, Ranges]] = field(default_factory=dict)
    modes: dict[Mode | None, int] = field(default_factory=dict)
    uncovered: dict[tuple[int, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.coverage = Coverage(self.policy)
        spread = Spread(self.policy)
        for guardrail in self.policy.guardrails.items:
            for source in spread.parts(guardrail.source):
                for destination in spread.parts(guardrail.destination):
                    self.guards.setdefault((source, destination), []).append(guardrail)

    def rows(self) -> Iterator[tuple[str, dict[str, Rest]]]:
        own = self.policy.partition.own
        filled = [self.policy.site.segments[name] for name in sorted(own) if own[name]]
        kinds = _numbered({one.name: self._kind(one) for one in filled})
        places = _numbered({one.name: self.coverage.place(one.name) for one in filled})
        for source in filled:
            row: dict[str, Rest] = {}
            for target in filled:
                ends = source.name, target.name
                two = (kinds[ends[0]], kinds[ends[1]]), (places[ends[0]], places[ends[1]])
                row[target.name] = self._rest(source, target, *two)
            yield source.name, row

    def _kind(self, segment: Segment) -> _Kind:
        own = self.policy.partition.own[segment.name]
        bound = segment.name == POINTS or self.coverage.bound(segment.name)
        mode = self.modes.setdefault(segment.mode, len(self.modes))
        return segment.profile.name, mode, bool(own.v4()), bool(own.v6()), bound, segment.name in (POINTS, WORLD)

    def _rest(
        self, source: Segment, target: Segment, kinds: tuple[int, int], places: tuple[int, int]
    ) -> Rest:  # fmt: skip
        key = *kinds, source.name == target.name
        if (known := self.known.get(key)) is None:
            known = self.known[key] = self._alike(source, target)
        lost, passing = known
        if lost:
            return Rest.LOST
        guarded = self.guards.get((source.name, target.name))
        allowed = allowed_by_default(source, target)
        if guarded and passing:
            passing = self._unforbidden(source, target, passing, guarded)
        if allowed and passing:
            return Rest.ALLOWED
        if (bare := self.uncovered.get(places)) is None or source.name == target.name:
            bare = self.coverage.uncovered(source.name, target.name)
            if source.name != target.name:
                self.uncovered[places] = bare
        if bare:
            return Rest.UNCOVERED
        return Rest.OBSERVED if passing else Rest.DENIED

    def _alike(self, source: Segment, target: Segment) -> tuple[bool, Ranges]:
        """Of two kinds: whether packets between them are lost, and what passes by defaults or observing."""
        own = self.policy.partition.own
        common = families(own[source.name], own[target.name])
        names = source.name, target.name
        bound = all(name == POINTS or self.coverage.bound(name) for name in names)
        lost = source.name != target.name and POINTS not in names and not bound
        if lost and not lenient(self.policy, *names):
            return True, common
        if allowed_by_default(source, target):
            return False, common
        return False, observed_traffic(self.policy, source, target)[0] & common

    def _unforbidden(
        self, source: Segment, target: Segment, traffic: Ranges, guarded: list[Statement[Guardrail]]
    ) -> Ranges:  # fmt: skip
        own = self.policy.partition.own
        for one in guarded:
            if one.source.covers(own[source.name]) and one.destination.covers(own[target.name]):
                traffic = (ALL_TRAFFIC & traffic) - one.traffic
        return traffic


def _numbered(keys: Mapping[str, _Kind]) -> dict[str, int]:
    """Equal ones by one number: they are looked up for each pair."""
    numbers: dict[_Kind, int] = {}
    return {name: numbers.setdefault(key, len(numbers)) for name, key in keys.items()}


def adjacent(policy: Policy) -> Mapping[str, Mapping[str, Rest]]:
    """By source and destination, of all segments that own an address, the built-in ones too."""
    return dict(_Square(policy).rows())
