"""Everything that may let a connection through, for one point: each with what it means and where its ends live."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from segctl.compile.zones import Classes
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.ranges import Ranges
from segctl.model.selector import ANY, POINTS, Named, Selectors, Within
from segctl.model.strictness import Log, Verdict
from segctl.policy.match import Statement
from segctl.policy.numbers import digest
from segctl.policy.policy import Policy

Cover = tuple[tuple[int, int], ...]
"""(level, id) pairs that name a set of classes."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One line that may allow: `base` is its place in this generation, 1 and up.

    `source` and `target` are its ends as ids, `sources` and `targets` the zones that they lie in.
    """

    base: int
    kind: str
    name: str
    place: str
    meaning: str
    traffic: Ranges
    source: Cover
    target: Cover
    sources: frozenset[int]
    targets: frozenset[int]
    until: datetime | None = None
    remediation: bool = False
    log_new: bool = False


@dataclass(frozen=True, slots=True)
class Prohibition:
    """A guardrail's ends as ids; `base` is its place among the guardrails, 1 and up."""

    base: int
    traffic: Ranges
    source: Cover
    target: Cover


@dataclass(frozen=True, slots=True)
class Allowances:
    """All of a point, each list in order of base; `default` and `observe` have one each."""

    management: tuple[Allowance, ...]
    flows: tuple[Allowance, ...]
    intra: tuple[Allowance, ...]
    default: Allowance
    observe: Allowance
    guardrails: tuple[Prohibition, ...]

    def all(self) -> tuple[Allowance, ...]:
        return (*self.management, *self.flows, *self.intra, self.default, self.observe)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The classes at both ends of a statement."""

    source: frozenset[int]
    target: frozenset[int]


@dataclass(frozen=True, slots=True)
class Facing:
    """What stands in for a host's zones, of which one holds many segments.

    `loud`, `quarantined`: all addresses of segments that log what is new, and of those whose profile demands step 2;
    `inside`: the segments of its own; `rails`: what guardrails take out, as a digest; `meaning`: that of all that
    is let through where nothing is declared, `aloud` if some of it is to be logged.
    """

    loud: Ranges
    quarantined: Ranges
    inside: tuple[str, ...]
    rails: str
    meaning: str
    aloud: bool


def allowances(policy: Policy, classes: Classes, at: datetime, facing: Facing | None = None) -> Allowances:
    """Number all allowances in the order management, flows, intra, default, observe; each by name."""
    guards = [(s, _ends(policy, classes, s)) for s in policy.guardrails.items]
    context = _Context(policy, classes, guards, facing)
    base = iter(range(1, 1 << 31))
    management = tuple(context.managed(next(base), s) for s in policy.management.items if s.source and s.destination)
    active = [s for s in policy.flows.items if s.said.active(at) and s.source and s.destination]
    flows = tuple(context.flow(next(base), s) for s in active)
    everything = context.everything() if facing is None else facing.meaning
    among = everything if facing is None else facing.rails
    open_inside = [
        name
        for name, ranges in policy.partition.own.items()
        if policy.site.segments[name].profile.intra is Verdict.ALLOW and (ranges or name == POINTS)
        if facing is None or name in facing.inside
    ]
    intra = tuple(context.intra(next(base), name, among) for name in sorted(open_inside))
    default = context.whole(next(base), "default", everything)
    observe = context.whole(next(base), "observe", everything)
    rails = tuple(
        Prohibition(n, s.traffic, classes.cover(e.source), classes.cover(e.target))
        for n, (s, e) in enumerate(guards, 1)
        if e.source and e.target
    )
    return Allowances(management, flows, intra, default, observe, rails)


def _ends(policy: Policy, classes: Classes, statement: Statement[Flow] | Statement[Guardrail]) -> _Ends:
    said = statement.said
    but = (said.source_except, said.destination_except) if isinstance(said, Flow) else ((), ())
    return _Ends(
        classes.of(statement.source, undeclared=names_points(said.source) and not names_points(but[0])),
        classes.of(statement.destination, undeclared=names_points(said.destination) and not names_points(but[1])),
    )


def names_points(selectors: Selectors) -> bool:
    """Whether local addresses that the site does not declare are meant, too: only where all points are."""
    return any(
        (isinstance(selector, Named) and selector.name in (ANY, POINTS))
        or (isinstance(selector, Within) and selector.segment == POINTS)
        for selector in selectors
    )


@dataclass(frozen=True, slots=True)
class _Context:
    """`digests`: of address sets by identity, since thousands of flows share one."""

    policy: Policy
    classes: Classes
    guards: list[tuple[Statement[Guardrail], _Ends]]
    facing: Facing | None = None
    digests: dict[int, str] = field(default_factory=dict)

    def _digest(self, addresses: Ranges) -> str:
        """The policy holds every set that is asked here, so no identity is taken twice."""
        if (known := self.digests.get(id(addresses))) is None:
            known = self.digests[id(addresses)] = digest(addresses)
        return known

    def flow(self, base: int, statement: Statement[Flow]) -> Allowance:
        ends = _ends(self.policy, self.classes, statement)
        said = statement.said
        whom = self._digest(statement.source), self._digest(statement.destination)
        meaning = digest(*whom, statement.traffic, *self._cut_by(statement, ends), said.remediation)
        loud = self._loud(statement.source, statement.destination, ends)
        return self._make(base, "flow", said.name, str(said.span), meaning, statement.traffic, ends, loud, said)

    def managed(self, base: int, statement: Statement[Management]) -> Allowance:
        said = statement.said
        ends = _Ends(self.classes.of(statement.source), self.classes.of(statement.destination, undeclared=True))
        meaning = digest(statement.source, statement.destination, statement.traffic)
        loud = self._loud(statement.source, statement.destination, ends)
        return self._make(base, "management", said.name, str(said.span), meaning, statement.traffic, ends, loud)

    def intra(self, base: int, name: str, everything: str) -> Allowance:
        ranges = self.policy.partition.own[name]
        inside = self.classes.of(ranges, undeclared=name == POINTS)
        span = self.policy.site.segments[name].span
        meaning = digest(ranges, everything)
        ends = _Ends(inside, inside)
        loud = self._loud(ranges, ranges, ends)
        return self._make(base, "intra", name, str(span), meaning, Ranges(), ends, loud)

    def whole(self, base: int, kind: str, everything: str) -> Allowance:
        all_classes = frozenset(range(len(self.classes.ids)))
        ends = _Ends(all_classes, all_classes)
        loud = self._loud(Ranges(), Ranges(), ends) if self.facing is None else self.facing.aloud
        return self._make(base, kind, kind, "", everything, Ranges(), ends, loud)

    def _make(
        self,
        base: int,
        kind: str,
        name: str,
        place: str,
        meaning: str,
        traffic: Ranges,
        ends: _Ends,
        loud: bool,
        flow: Flow | None = None,
    ) -> Allowance:
        sources, targets = self.classes.zones_of(ends.source), self.classes.zones_of(ends.target)
        return Allowance(
            base,
            kind,
            name,
            place,
            meaning,
            traffic,
            self.classes.cover(ends.source),
            self.classes.cover(ends.target),
            sources,
            targets,
            flow.until if flow else None,
            flow.remediation if flow else False,
            loud,
        )

    def _loud(self, source: Ranges, destination: Ranges, ends: _Ends) -> bool:
        """Whether a segment at an end logs what is new."""
        if self.facing is not None:
            return source.meets(self.facing.loud) or destination.meets(self.facing.loud)
        zones = self.classes.zones_of(ends.source | ends.target)
        segments = (self.policy.site.segments[self.classes.zone(zone).segment] for zone in zones)
        return any(segment.profile.log >= Log.DENIES_NEW for segment in segments)

    def _cut_by(self, statement: Statement[Flow], ends: _Ends) -> Iterator[str]:
        """What takes connections out of a flow: a change of these is a change of its meaning."""
        for guard, other in self.guards:
            if (
                not ends.source.isdisjoint(other.source)
                and not ends.target.isdisjoint(other.target)
                and statement.traffic.meets(guard.traffic)
            ):
                yield digest(self._digest(guard.source), self._digest(guard.destination), guard.traffic)
        if statement.said.remediation:
            return
        if self.facing is not None:
            yield digest(*((end & self.facing.quarantined) for end in (statement.source, statement.destination)))
        else:
            for zone in sorted(self.classes.zones_of(ends.source | ends.target)):
                segment = self.policy.site.segments[self.classes.zone(zone).segment]
                if segment.profile.quarantine:
                    yield digest(segment.name, self.policy.partition.own[segment.name])

    def everything(self) -> str:
        """The meaning of defaults and observing: all segments with their profiles and modes, and all guardrails."""
        site = self.policy.site
        parts = [
            (name, digest(ranges), repr(site.segments[name].profile), repr(site.segments[name].mode))
            for name, ranges in sorted(self.policy.partition.own.items())
        ]
        rails = sorted(digest(s.source, s.destination, s.traffic) for s, _ in self.guards)
        return digest(site.default_mode, *parts, *rails, self.policy.special)
