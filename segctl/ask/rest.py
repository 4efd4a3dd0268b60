"""What passes between two segments where no statement allows it, for all pairs at once: see `Rest`.

The same answers as the edges of `segctl.ask.graph` that no statement stands behind (tests compare them, pair by pair);
but those are segments², 25 million of 5,000. Here segments that nothing tells apart share a row.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from segctl.ask.fallback import Coverage, allowed_by_default, families, observed_traffic
from segctl.ask.result.page import Rest, Unsaid
from segctl.ask.spread import Spread
from segctl.model.flow import Guardrail
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import POINTS, QUARANTINE
from segctl.model.service import ALL_TRAFFIC
from segctl.model.strictness import Verdict
from segctl.policy import Policy
from segctl.policy.match import Statement

NARROW = 4096  # pairs of a guardrail that are looked at one by one; of more it tells kinds of segments apart
Pair = tuple[str, str]


@dataclass(slots=True)
class Guards:
    """The guardrails, by the segments that they touch."""

    policy: Policy
    spread: Spread
    sources: dict[str, dict[int, Ranges]] = field(default_factory=dict)  # segment: guardrail's place: the part meant
    destinations: dict[str, dict[int, Ranges]] = field(default_factory=dict)
    narrow: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, guardrail in enumerate(self.policy.guardrails.items):
            ends = self.spread.parts(guardrail.source), self.spread.parts(guardrail.destination)
            self.narrow[place] = len(ends[0]) * len(ends[1]) <= NARROW
            for side, parts in zip((self.sources, self.destinations), ends, strict=True):
                for name, part in parts.items():
                    side.setdefault(name, {})[place] = part

    def between(self, source: str, destination: str) -> list[Statement[Guardrail]]:
        """Those that forbid something between the two: some pair of addresses has some of their traffic."""
        mine, theirs = self.sources.get(source, {}), self.destinations.get(destination, {})
        items = self.policy.guardrails.items
        return [
            items[place]
            for place in sorted(mine.keys() & theirs.keys())
            if items[place].traffic.meets(families(mine[place], theirs[place]))
        ]

    def pairs(self) -> Iterator[Pair]:
        """All pairs of different segments that a narrow one touches."""
        for place in (place for place, narrow in self.narrow.items() if narrow):
            sources = [name for name, held in self.sources.items() if place in held]
            destinations = [name for name, held in self.destinations.items() if place in held]
            yield from ((one, other) for one in sources for other in destinations if one != other)

    def wide(self, name: str) -> tuple[object, ...]:
        """What the wide ones make of a segment: where two say the same, they treat both alike."""
        own = self.policy.partition.own[name]
        return tuple(
            (place, part == own, bool(part.v4()), bool(part.v6()))
            for side in (self.sources, self.destinations)
            for place, part in (*side.get(name, {}).items(), (-1, own))
            if place == -1 or not self.narrow[place]
        )


def unforbidden(source: Ranges, destination: Ranges, traffic: Ranges, guards: Iterable[Statement[Guardrail]]) -> Ranges:
    """The traffic that some pair of these can have, and that no guardrail forbids for all of them."""
    common = families(source, destination)
    traffic = common if traffic is ALL_TRAFFIC else traffic & common
    for guardrail in guards:
        if guardrail.source.covers(source) and guardrail.destination.covers(destination):
            traffic = traffic - guardrail.traffic
    return traffic


def touched(source: Ranges, destination: Ranges, traffic: Ranges, guards: Iterable[Statement[Guardrail]]) -> bool:
    """Whether a guardrail forbids some of these some of the traffic."""
    return any(
        guardrail.traffic.meets(traffic) and guardrail.source.meets(source) and guardrail.destination.meets(destination)
        for guardrail in guards
    )


@dataclass(slots=True)
class _Table:
    policy: Policy
    coverage: Coverage
    guards: Guards
    passings: dict[Unsaid, int] = field(default_factory=lambda: {Unsaid(): 0})
    observed: dict[tuple[object, ...], tuple[Ranges, tuple[str, ...]]] = field(default_factory=dict)

    def number(self, source: str, destination: str, guards: list[Statement[Guardrail]], *, uncovered: bool) -> int:
        """The place of what passes between two different segments in `passings`."""
        passing = self._passing(source, destination, guards, uncovered=uncovered)
        return self.passings.setdefault(passing, len(self.passings))

    def _passing(self, source: str, destination: str, guards: list[Statement[Guardrail]], *, uncovered: bool) -> Unsaid:
        own, segments = self.policy.partition.own, self.policy.site.segments
        first, second = segments[source], segments[destination]
        ends = own[source], own[destination]
        if not families(*ends):
            return Unsaid()
        allowed = allowed_by_default(first, second)
        left = unforbidden(*ends, ALL_TRAFFIC, guards) if allowed else None
        out = Unsaid(refuses=tuple(_refusing(first, second)))
        if left:
            out = replace(out, default=True, partly=touched(*ends, left, guards))
        if (not allowed or guards) and uncovered:
            return replace(out, loose="uncovered")
        if not allowed:
            observed, enforced = self._observed(first, second)
            if rest := unforbidden(*ends, observed, guards):
                return replace(out, loose="observed", enforced=enforced, partly=touched(*ends, rest, guards))
        return out

    def _observed(self, first: Segment, second: Segment) -> tuple[Ranges, tuple[str, ...]]:
        key = (first.profile.name, id(first.mode), second.profile.name, id(second.mode))
        if (known := self.observed.get(key)) is None:
            known = self.observed[key] = observed_traffic(self.policy, first, second)
        return known


def rest(policy: Policy, coverage: Coverage, guards: Guards) -> Rest:
    """What passes beside the statements."""
    segments, table = policy.site.segments, _Table(policy, coverage, guards)
    alike: dict[tuple[object, ...], list[str]] = {}
    for name, segment in segments.items():
        alike.setdefault((segment.profile.name, segment.mode, *guards.wide(name)), []).append(name)
    kinds = {name: number for number, names in enumerate(alike.values()) for name in names}
    wide = {place for place, narrow in guards.narrow.items() if not narrow}
    wide_items = [policy.guardrails.items[place] for place in sorted(wide)]
    cells = tuple(tuple(_cell(table, mine, theirs, wide_items) for theirs in alike.values()) for mine in alike.values())
    places = _Places(policy, coverage)
    made = Rest((), kinds, cells, places.numbers, places.groups, places.apart, places.flipped, {})
    odd = {pair: table.number(*pair, guards.between(*pair), uncovered=made.uncovered(*pair)) for pair in guards.pairs()}
    return replace(made, passings=tuple(table.passings), odd=odd)


def _cell(table: _Table, mine: list[str], theirs: list[str], wide: list[Statement[Guardrail]]) -> tuple[int, int]:
    """Two different segments stand for all of their kinds; a kind of one has no such pair with itself."""
    source, destination = mine[0], theirs[-1]
    if source == destination:
        return 0, 0
    said = table.guards.between(source, destination) if wide else []
    guards = [one for one in said if one in wide]
    return (
        table.number(source, destination, guards, uncovered=False),
        table.number(source, destination, guards, uncovered=True),
    )


def _refusing(source: Segment, destination: Segment) -> Iterator[str]:
    """Which ends of a denied connection between two segments deny it (steps 2 and 6)."""
    quarantined = source.profile.quarantine, destination.profile.quarantine
    if any(quarantined):
        yield from (
            f"{end} quarantine" for end, is_cut in zip(("source", "destination"), quarantined, strict=True) if is_cut
        )
        return
    if source.profile.egress is Verdict.DENY:
        yield "source"
    if destination.profile.ingress is Verdict.DENY:
        yield "destination"


class _Group(NamedTuple):
    """What segments on the same gateways have in common; `special`: the name of a built-in one like no other."""

    special: str
    v4: bool
    v6: bool
    gateways: frozenset[str]


class _Places:
    """Where each segment stands: those on the same interfaces share a place, those on the same gateways a group."""

    def __init__(self, policy: Policy, coverage: Coverage) -> None:
        self._policy, self._coverage = policy, coverage
        alike: dict[tuple[object, ...], list[str]] = {}
        groups: dict[_Group, int] = {}
        numbers: list[int] = []
        for name in policy.site.segments:
            key, group = self._key(name)
            if key not in alike:
                numbers.append(groups.setdefault(group, len(groups)))
            alike.setdefault(key, []).append(name)
        self._alike = list(alike.values())
        self.numbers: Mapping[str, int] = {name: n for n, names in enumerate(self._alike) for name in names}
        self.groups = tuple(numbers)
        self._groups = list(groups)
        self.apart = frozenset(
            (one, other) for one in range(len(groups)) for other in range(len(groups)) if self._is_apart(one, other)
        )
        self.flipped = frozenset(self._flips())

    def _key(self, name: str) -> tuple[tuple[object, ...], "_Group"]:
        standing, bare = self._coverage.standing(name), self._coverage.bare(name)
        special = name if name in (POINTS, QUARANTINE) else ""
        group = _Group(special, bool(bare.v4()), bool(bare.v6()), frozenset(standing))
        interfaces = tuple(sorted((gateway, *sorted(links)) for gateway, links in standing.items()))
        return (group, interfaces), group

    def _is_apart(self, one: int, other: int) -> bool:
        """Whether nothing stands between segments of these groups that share no interface."""
        first, second = self._groups[one], self._groups[other]
        common = (first.v4 and second.v4) or (first.v6 and second.v6)
        if not self._policy.site.points or not common or POINTS in (first.special, second.special):
            return False
        return first.gateways.isdisjoint(second.gateways)

    def _flips(self) -> Iterator[tuple[int, int]]:
        """Pairs of places of which the groups don't tell the truth: they share an interface, or are quarantine's."""
        beside: dict[object, set[int]] = {}
        for number, names in enumerate(self._alike):
            for gateway, links in self._coverage.standing(names[0]).items():
                for link in links:
                    beside.setdefault((gateway, link), set()).add(number)
        close = {(one, other) for numbers in beside.values() for one in numbers for other in numbers}
        if (odd := self.numbers.get(QUARANTINE)) is not None:
            close |= {pair for number in range(len(self._alike)) for pair in ((odd, number), (number, odd))}
        for one, other in close:
            first, second = self._alike[one][0], self._alike[other][-1]
            said = (self.groups[one], self.groups[other]) in self.apart
            if first != second and self._coverage.uncovered(first, second) != said:
                yield one, other
