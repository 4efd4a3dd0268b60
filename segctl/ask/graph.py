"""The segments and what may pass between them, as a networkx graph: what reach, blast radius and diagrams ask.

`graph.graph["points"]` says whether the site has enforcement points at all; without, coverage is left out.
Nodes are the segments by name, the built-in ones too:

| attribute | value |
|---|---|
| strictness, mode | words; the mode is "" for a `world` that takes the other end's |
| v4, v6 | how many addresses it owns after the partition (int, 0 and more) |
| within, owner, classification | words, or None |
| labels, span, built_in | as in the Segment |
| intra | "allow" or "deny" (step 4) |
| intra_observed | a denied one passes all the same (for some service) |
| inside_uncovered | no point stands between its own addresses |
| bound | it is on some gateway's interface; packets of one that isn't die at each gateway |

Edges run from who opens a connection to whom. Their key is (kind, name of the statement or ""):

| attribute | value |
|---|---|
| kind | a `Kind` (a str): what the edge is |
| name, why, owner, span | of the statement; "" and None for the others |
| source, destination | Ranges: the part of each segment that it takes |
| source_words, destination_words | the site's words for a part; None for a whole segment |
| source_any, destination_any | the statement says `any` there |
| partial | it takes only a part of a segment |
| services, traffic | names ("all": everything) and Ranges, without what a guardrail forbids for all of the edge |
| partly | a guardrail forbids some of it |
| remediation | a flow that holds in quarantine too |
| observed | what else is tried between the pair passes at least in part, for the refusing ends only observe |
| enforced | names of the services that an observing end enforces all the same |
| uncovered | some pair of addresses between the two has no point between |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import networkx

from segctl.ask.fallback import Coverage, allowed_by_default, families, observed_traffic
from segctl.ask.spread import Spread, says_any
from segctl.model.flow import Flow, Guardrail, Management, Services
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import Named, Selectors
from segctl.model.service import ALL_TRAFFIC
from segctl.policy import Policy
from segctl.policy.match import Statement


class Kind(StrEnum):
    """What an edge is."""

    MANAGEMENT = "management"
    GUARDRAIL = "guardrail"
    FLOW = "flow"
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

    def __post_init__(self) -> None:
        self.spread, self.coverage = Spread(self.policy), Coverage(self.policy)

    def build(self) -> "networkx.MultiDiGraph[str]":
        segments = self.policy.site.segments
        self.graph.graph["points"] = bool(self.policy.site.points)
        for name in sorted(segments):
            self.graph.add_node(name, **self._node(segments[name]))
        for entry in self.policy.management.items:
            self._management(entry)
        for guardrail in self.policy.guardrails.items:
            self._guardrail(guardrail)
        for flow in self.policy.flows.items:
            if flow.said.active(self.at):
                self._flow(flow)
        filled = [name for name in sorted(segments) if self.policy.partition.own[name]]
        for source in filled:
            for destination in filled:
                if source != destination:
                    self._fall_back(segments[source], segments[destination])
        return self.graph

    def _node(self, segment: Segment) -> dict[str, Any]:
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
        }

    def _management(self, entry: Statement[Management]) -> None:
        said = entry.said
        for part in self._parts(entry):
            if rest := entry.traffic & families(part.source, part.destination):
                words = self.spread.words(part.pair[0], part.source, said.source, (), inner=False), self._hosts(part)
                self._add(Kind.MANAGEMENT, part, (_names(said.services, rest), rest), said=said, words=words)

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
            names = _names(said.services, rest) if said.services else ("all",)
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
            self._add(Kind.FLOW, part, (_names(said.services, rest), rest), said=said, words=words)

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
        elif not allowed and (rest := self._unforbidden(part, observed_traffic(self.policy, source, destination)[0])):
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
        observed, enforced = observed_traffic(self.policy, source, destination)
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
            **_said(said),
        )

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
        traffic = traffic & families(part.source, part.destination)
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


def segment_graph(policy: Policy, at: datetime) -> "networkx.MultiDiGraph[str]":
    """The graph of a site at a time with zone (flows that aren't active then aren't in it); attributes: see above."""
    return _Builder(policy, at).build()


def _names(services: Services, traffic: Ranges) -> tuple[str, ...]:
    """The services of which something is left, in the order of the site, each once."""
    return tuple(dict.fromkeys(service.name for service in services if service.traffic.meets(traffic)))


def _said(said: Flow | Guardrail | Management | None) -> Mapping[str, Any]:
    """What an edge takes over of the statement's words."""
    out: dict[str, Any] = {"name": "", "span": None, "why": None, "owner": None, "remediation": False}
    out |= {"source_any": False, "destination_any": False}
    if said is None:
        return out
    out |= {"name": said.name, "span": said.span}
    source_except: Selectors = ()
    destination_except: Selectors = ()
    if isinstance(said, Flow):
        out["remediation"] = said.remediation
        source_except, destination_except = said.source_except, said.destination_except
    if isinstance(said, Flow | Guardrail):
        out |= {"why": said.why, "owner": said.owner}
        out["destination_any"] = says_any(said.destination, destination_except)
    return out | {"source_any": says_any(said.source, source_except)}
