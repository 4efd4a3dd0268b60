"""The segments and what may pass between them, as a networkx graph: what reach, blast radius and diagrams ask.

`graph.graph["points"]` says whether the site has enforcement points at all; without, coverage is left out.
`graph.graph["register"]` is the site's Register at that time: what each statement says beside what an edge can carry.
Nodes are the segments by name, the built-in ones too:

| attribute | value |
|---|---|
| strictness, mode | words; the mode is "" for a `world` that takes the other end's |
| v4, v6 | how many addresses it owns after the partition (int, 0 and more) |
| within, owner, classification | words, or None |
| labels, span, built_in | as in the Segment |
| waivers | pairs of a Waiver and whether it is void |
| out, into | a `Stance`: what it does with a connection from it, to it, that no statement allows |
| intra | "allow" or "deny" (step 4) |
| intra_observed | a denied one passes all the same (for some service) |
| inside_uncovered | no point stands between its own addresses |
| bound | it is on some gateway's interface; packets of one that isn't die at each gateway |

Edges run from who opens a connection to whom. Their key is (kind, name of the statement or ""):

| attribute | value |
|---|---|
| kind | a `Kind` (a str): what the edge is |
| name, why, owner, ticket, span | of the statement; "" and None for the others |
| since, until, waivers | of a flow: times, or None; pairs of a Waiver and whether it is void (of guardrails, too) |
| source, destination | Ranges: the part of each segment that it takes |
| source_words, destination_words | the site's words for a part; None for a whole segment |
| source_any, destination_any | the statement says `any` there |
| partial | it takes only a part of a segment |
| services, traffic | names ("all": everything) and Ranges, without what a guardrail forbids for all of the edge |
| partly | a guardrail forbids some of it |
| remediation | a flow that holds in quarantine too |
| state | a `State`: a flow that has ended or not begun is of a kind of its own |
| observed | what else is tried between the pair passes at least in part, for the refusing ends only observe |
| enforced | names of the services that an observing end enforces all the same |
| uncovered | some pair of addresses between the two has no point between |
| waived | one of the two segments waives `uncovered` |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import networkx

from segctl.ask.fallback import Coverage, allowed_by_default, families, observed_traffic
from segctl.ask.register import register, state
from segctl.ask.result import State
from segctl.ask.spread import Spread, says_any
from segctl.ask.stance import stance
from segctl.model.flow import Flow, Guardrail, Management, Services
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment, Waiver, Waivers
from segctl.model.selector import Named, Selectors
from segctl.model.service import ALL_TRAFFIC
from segctl.policy import Policy
from segctl.policy.match import Statement
from segctl.policy.waive import void


class Kind(StrEnum):
    """What an edge is."""

    MANAGEMENT = "management"
    GUARDRAIL = "guardrail"
    FLOW = "flow"
    INACTIVE = "inactive"  # a flow that has ended, or not begun: it allows nothing
    DEFAULT = "default"  # step 5: both ends' defaults allow
    OBSERVED = "observed"  # denied at step 6, and passes for the refusing ends only observe
    UNCOVERED = "uncovered"  # denied, at least in part, and passes for no point stands between


Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a statement takes of one pair of segments."""

    pair: Pair
    source: Ranges
    destination: Ranges


@dataclass(slots=True)
class _Builder:
    policy: Policy
    at: datetime
    graph: "networkx.MultiDiGraph[str]" = field(default_factory=networkx.MultiDiGraph)
    guards: dict[Pair, list[Statement[Guardrail]]] = field(default_factory=dict)
    spread: Spread = field(init=False)
    coverage: Coverage = field(init=False)
    waiving: frozenset[str] = field(init=False)  # segments that waive `uncovered`
    alike: dict[tuple[object, ...], tuple[Ranges, tuple[str, ...]]] = field(default_factory=dict)
    undeclared: bool = True

    def __post_init__(self) -> None:
        self.spread, self.coverage = Spread(self.policy), Coverage(self.policy)
        names = (name for name, segment in self.policy.site.segments.items() if self._waives(segment))
        self.waiving = frozenset(names)

    def build(self) -> "networkx.MultiDiGraph[str]":
        segments = self.policy.site.segments
        self.graph.graph |= {"points": bool(self.policy.site.points), "register": register(self.policy.site, self.at)}
        for name in sorted(segments):
            self.graph.add_node(name, **self.node(segments[name]))
        for entry in self.policy.management.items:
            self._management(entry)
        for guardrail in self.policy.guardrails.items:
            self._guardrail(guardrail)
        for flow in self.policy.flows.items:
            self._flow(flow)
        if not self.undeclared:
            return self.graph
        filled = [name for name in sorted(segments) if self.policy.partition.own[name]]
        for source in filled:
            for destination in filled:
                if source != destination:
                    self._fall_back(segments[source], segments[destination])
        return self.graph

    def node(self, segment: Segment) -> dict[str, Any]:
        """A segment's attributes."""
        own = self.policy.partition.own[segment.name]
        classification = segment.classification
        return {
            "strictness": segment.profile.name,
            "mode": "" if segment.mode is None else str(segment.mode),
            "v4": own.v4().size(),
            "v6": own.v6().size(),
            "within": segment.within,
            "owner": segment.owner,
            "classification": None if classification is None else classification.name.lower(),
            "labels": dict(segment.labels),
            "span": segment.span,
            "built_in": segment.built_in,
            "intra": "allow" if allowed_by_default(segment, segment) else "deny",
            "intra_observed": bool(observed_traffic(self.policy, segment, segment)[0]),
            "inside_uncovered": self.coverage.uncovered(segment.name, segment.name),
            "bound": self.coverage.bound(segment.name),
            "waivers": self._judged(segment.waive),
            "out": stance(self.policy, segment, inbound=False),
            "into": stance(self.policy, segment, inbound=True),
        }

    def _management(self, entry: Statement[Management]) -> None:
        said = entry.said
        for part in self._parts(entry):
            if rest := entry.traffic & families(part.source, part.destination):
                words = self.spread.words(part.pair[0], part.source, said.source, (), inner=False), self._hosts(part)
                self._add(Kind.MANAGEMENT, part, (names_left(said.services, rest), rest), said=said, words=words)

    def _hosts(self, part: _Part) -> str | None:
        """The host points that management reaches in a segment; None where it is the gateways' own."""
        site, spread = self.policy.site, self.spread
        ends = (Named(point.endpoint, point.span) for point in site.hosts() if point.endpoint is not None)
        return spread.words(part.pair[1], part.destination, tuple(ends), (), inner=False)

    def _guardrail(self, guardrail: Statement[Guardrail]) -> None:
        said = guardrail.said
        for part in self._parts(guardrail):
            rest = guardrail.traffic & families(part.source, part.destination)
            if not rest:
                continue
            self.guards.setdefault(part.pair, []).append(guardrail)
            words = self._words(part, (said.source, ()), (said.destination, ()), inner=True)
            names = names_left(said.services, rest) if said.services else ("all",)
            self._add(Kind.GUARDRAIL, part, (names, rest), said=said, words=words)

    def _flow(self, flow: Statement[Flow]) -> None:
        said, segments = flow.said, self.policy.site.segments
        for part in self._parts(flow):
            cut_off = any(segments[name].profile.quarantine for name in part.pair)
            rest = self._unforbidden(part, flow.traffic)
            if not rest or (cut_off and not said.remediation):
                continue
            source, destination = (said.source, said.source_except), (said.destination, said.destination_except)
            words = self._words(part, source, destination, inner=False)
            kind = Kind.FLOW if said.active(self.at) else Kind.INACTIVE
            self._add(kind, part, (names_left(said.services, rest), rest), said=said, words=words)

    def _fall_back(self, source: Segment, destination: Segment) -> None:
        """Between two different segments, what passes although no statement allows it."""
        own = self.policy.partition.own
        part = _Part((source.name, destination.name), own[source.name], own[destination.name])
        everything = families(part.source, part.destination)
        if not everything:
            return
        allowed = allowed_by_default(source, destination)
        if allowed and (rest := self._unforbidden(part, ALL_TRAFFIC)):
            self._add(Kind.DEFAULT, part, (("all",), rest))
        if (not allowed or self.guards.get(part.pair)) and self.coverage.uncovered(*part.pair):
            self._add(Kind.UNCOVERED, part, (("all",), everything))
        elif not allowed and (rest := self._unforbidden(part, self._observed(source, destination)[0])):
            self._add(Kind.OBSERVED, part, (("all",), rest))

    def _add(
        self,
        kind: Kind,
        part: _Part,
        services: tuple[tuple[str, ...], Ranges],
        said: Flow | Guardrail | Management | None = None,
        words: tuple[str | None, str | None] = (None, None),
    ) -> None:
        source, destination = (self.policy.site.segments[name] for name in part.pair)
        observed, enforced = self._observed(source, destination)
        own = self.policy.partition.own
        self.graph.add_edge(
            *part.pair,
            key=(kind, said.name if said else ""),
            kind=kind,
            source=part.source,
            destination=part.destination,
            source_words=words[0],
            destination_words=words[1],
            partial=(part.source, part.destination) != (own[part.pair[0]], own[part.pair[1]]),
            services=services[0],
            traffic=services[1],
            partly=kind in (Kind.FLOW, Kind.DEFAULT, Kind.OBSERVED) and self._touched(part, services[1]),
            observed=bool(observed),
            enforced=enforced,
            uncovered=self.coverage.uncovered(*part.pair),
            waived=not self.waiving.isdisjoint(part.pair),
            state=state(said, self.at) if isinstance(said, Flow) else State.ACTIVE,
            waivers=self._judged(() if said is None or isinstance(said, Management) else said.waive),
            **_said(said),
        )

    def _observed(self, source: Segment, destination: Segment) -> tuple[Ranges, tuple[str, ...]]:
        """What of a denied pair only is observed: there are many pairs, of few profiles and modes."""
        key = (source.profile.name, id(source.mode), destination.profile.name, id(destination.mode))
        if source.name == destination.name:
            return observed_traffic(self.policy, source, destination)
        if (known := self.alike.get(key)) is None:
            known = self.alike[key] = observed_traffic(self.policy, source, destination)
        return known

    def _judged(self, waivers: Waivers) -> tuple[tuple[Waiver, bool], ...]:
        if not waivers:
            return ()
        today = self.at.astimezone(UTC).date()
        return tuple((waiver, void(waiver, today)) for waiver in waivers)

    def _waives(self, segment: Segment) -> bool:
        return any(waiver.code == "uncovered" and not is_void for waiver, is_void in self._judged(segment.waive))

    def _parts(self, statement: Statement[Any]) -> Iterator[_Part]:
        sources, destinations = self.spread.parts(statement.source), self.spread.parts(statement.destination)
        for name, source in sources.items():
            for other, destination in destinations.items():
                yield _Part((name, other), source, destination)

    def _words(
        self, part: _Part, source: tuple[Selectors, Selectors], destination: tuple[Selectors, Selectors], *, inner: bool
    ) -> tuple[str | None, str | None]:
        return (
            self.spread.words(part.pair[0], part.source, *source, inner=inner),
            self.spread.words(part.pair[1], part.destination, *destination, inner=inner),
        )

    def _unforbidden(self, part: _Part, traffic: Ranges) -> Ranges:
        """The traffic that some pair of addresses of the part can have, and that no guardrail forbids for all of it."""
        common = families(part.source, part.destination)
        traffic = common if traffic is ALL_TRAFFIC else traffic & common
        for guardrail in self.guards.get(part.pair, ()):
            if guardrail.source.covers(part.source) and guardrail.destination.covers(part.destination):
                traffic = traffic - guardrail.traffic
        return traffic

    def _touched(self, part: _Part, traffic: Ranges) -> bool:
        """Whether a guardrail forbids some addresses of the part some of the traffic."""
        return any(
            guardrail.traffic.meets(traffic)
            and guardrail.source.meets(part.source)
            and guardrail.destination.meets(part.destination)
            for guardrail in self.guards.get(part.pair, ())
        )


def segment_graph(policy: Policy, at: datetime, *, undeclared: bool = True) -> "networkx.MultiDiGraph[str]":
    """The graph of a site at a time with zone; attributes: see above.

    Without `undeclared` it has what statements say alone: the rest is up to segments² edges, 20 s for 1,000 segments.
    """
    return _Builder(policy, at, undeclared=undeclared).build()


def segment_nodes(policy: Policy, at: datetime) -> dict[str, dict[str, Any]]:
    """Its nodes alone: attributes by name."""
    builder = _Builder(policy, at)
    segments = policy.site.segments
    return {name: builder.node(segments[name]) for name in sorted(segments)}


def names_left(services: Services, traffic: Ranges) -> tuple[str, ...]:
    """The services of which something is left, in the order of the site, each once."""
    return tuple(dict.fromkeys(service.name for service in services if service.traffic.meets(traffic)))


def _said(said: Flow | Guardrail | Management | None) -> Mapping[str, Any]:
    """What an edge takes over of the statement's words."""
    out: dict[str, Any] = {"name": "", "span": None, "why": None, "owner": None, "ticket": None, "remediation": False}
    out |= {"source_any": False, "destination_any": False, "since": None, "until": None}
    if said is None:
        return out
    out |= {"name": said.name, "span": said.span}
    source_except: Selectors = ()
    destination_except: Selectors = ()
    if isinstance(said, Flow):
        out |= {"remediation": said.remediation, "since": said.since, "until": said.until}
        source_except, destination_except = said.source_except, said.destination_except
    if isinstance(said, Flow | Guardrail):
        out |= {"why": said.why, "owner": said.owner, "ticket": said.ticket}
        out["destination_any"] = says_any(said.destination, destination_except)
    return out | {"source_any": says_any(said.source, source_except)}
