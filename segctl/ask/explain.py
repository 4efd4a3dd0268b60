"""Why is it so: every rule that bears on a question, in the law's order, which decides, and what would turn it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from segctl.ask.can import asked_addresses, can
from segctl.ask.change import Question, to_allow, to_deny
from segctl.ask.cuts import Piece, questions
from segctl.ask.result import Bearing, Explanation, Extent
from segctl.model.decision import Decision, Step
from segctl.model.flow import Flow, Services, traffic_of
from segctl.model.point import PointKind
from segctl.model.ranges import Ranges, show_address
from segctl.model.segment import Segment
from segctl.model.selector import Selectors
from segctl.model.span import Span
from segctl.model.strictness import Verdict
from segctl.policy import Policy, decide
from segctl.policy.coverage import stand_between


def explain(policy: Policy, source: Selectors, destination: Selectors, services: Services, at: datetime) -> Explanation:
    """Why a question is answered as `can` answers it. SiteError as there."""
    traffic = traffic_of(services)
    answer = can(policy, source, destination, traffic, at)
    ends = asked_addresses(policy, source, inner=False), asked_addresses(policy, destination, inner=False)
    found = _Found()
    for piece in questions(policy, *ends, traffic):
        found.add(policy, piece, at)
    question = Question(source, destination, services, *ends, traffic)
    return Explanation(
        answer,
        found.bearings(),
        _points(policy, *ends),
        to_allow(policy, question, answer, at),
        to_deny(policy, question, answer, at),
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a rule says, wherever in the question it says it."""

    step: Step
    name: str
    says: str
    verdict: Verdict
    span: Span | None
    idle: str = ""


@dataclass(slots=True)
class _Found:
    """Rules with the pieces of the question on which they bear, and which they decide."""

    pieces: int = 0
    on: dict[_Rule, list[Piece]] = field(default_factory=dict)
    decided: dict[_Rule, list[Piece]] = field(default_factory=dict)

    def add(self, policy: Policy, piece: Piece, at: datetime) -> None:
        self.pieces += 1
        one = piece[0].first(), piece[1].first(), piece[2].first()
        decision = decide(policy, *one, at)
        for rule in dict.fromkeys(_rules(policy, *one, at)):
            self.on.setdefault(rule, []).append(piece)
            if _decides(rule, decision):
                self.decided.setdefault(rule, []).append(piece)

    def bearings(self) -> tuple[Bearing, ...]:
        """In the law's order; statements of one step by name, as the law takes them, ends source before destination."""
        order = {step: place for place, step in enumerate(Step)}
        by_name = (Step.ESSENTIAL, Step.MANAGEMENT, Step.GUARDRAIL, Step.FLOW)
        rules = sorted(self.on, key=lambda r: (order[r.step], bool(r.idle), r.name if r.step in by_name else ""))
        return tuple(
            Bearing(rule.step, rule.name, rule.says, rule.verdict, rule.span, _extent(self.on[rule]),
                    len(self.on[rule]) == self.pieces,
                    _extent(self.decided[rule]) if rule in self.decided else None, rule.idle)
            for rule in rules
        )  # fmt: skip


def _decides(rule: _Rule, decision: Decision) -> bool:
    if rule.idle or rule.step is not decision.step or rule.verdict is not decision.verdict:
        return False
    if rule.step is Step.ESSENTIAL:
        return rule.says == decision.reason
    return decision.by is None or rule.name == decision.by


def _rules(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Iterator[_Rule]:
    """Every rule of the law that matches one connection, whether or not an earlier one decides."""
    one = source, destination, traffic
    for row in policy.essentials:
        if row.matches(*one, policy.special):
            where = f" on {row.where}" if row.interface else ""
            yield _Rule(Step.ESSENTIAL, row.name, f"essential {row.name}{where}", Verdict.ALLOW, None)
    special = [end for end in (source, destination) if end in policy.special]
    for end in special:
        yield _Rule(Step.SPECIAL, show_address(end), "a special address", Verdict.DENY, None)
    for entry in policy.management.matching(*one):
        yield _Rule(Step.MANAGEMENT, entry.said.name, "management", Verdict.ALLOW, entry.said.span)
    for guard in policy.guardrails.matching(*one):
        says = guard.said.why or "a guardrail"
        yield _Rule(Step.GUARDRAIL, guard.said.name, says, Verdict.DENY, guard.said.span)
    quarantined = [segment for segment in _ends(policy, source, destination) if segment.profile.quarantine]
    repairing = [f.said.name for f in policy.flows.matching(*one) if f.said.remediation and f.said.active(at)]
    for segment in quarantined:
        idle = f"flow '{repairing[0]}' is for remediation" if repairing else ""
        yield _Rule(Step.QUARANTINE, segment.name, "in quarantine", Verdict.DENY, segment.span, idle)
    for flow in policy.flows.matching(*one):
        says = flow.said.why or "a flow"
        idle = _idle(flow.said, bool(quarantined), at)
        yield _Rule(Step.FLOW, flow.said.name, says, Verdict.ALLOW, flow.said.span, idle)
    if not special:
        yield from _defaults(*_ends(policy, source, destination))


def _idle(flow: Flow, quarantined: bool, at: datetime) -> str:
    """Why a flow that matches has no say."""
    if flow.until is not None and flow.until <= at:
        return f"it ended at {flow.until.isoformat()}"
    if flow.since is not None and at < flow.since:
        return f"it begins at {flow.since.isoformat()}"
    return "it is not for remediation, and an end is in quarantine" if quarantined and not flow.remediation else ""


def _defaults(source: Segment, destination: Segment) -> Iterator[_Rule]:
    """Steps 4 to 6, each end's word for itself."""
    if source.name == destination.name:
        intra = source.profile.intra
        yield _Rule(Step.INTRA, source.name, f"intra {intra}, as {source.profile.name}", intra, source.span)
        return
    ends = ((source, "egress", source.profile.egress), (destination, "ingress", destination.profile.ingress))
    both = all(verdict is Verdict.ALLOW for _, _, verdict in ends)
    for end, word, verdict in ends:
        step = Step.REFUSED if verdict is Verdict.DENY else Step.DEFAULTS
        idle = "" if both or verdict is Verdict.DENY else "the other end refuses"
        yield _Rule(step, end.name, f"{word} {verdict}, as {end.profile.name}", verdict, end.span, idle)


def _ends(policy: Policy, *addresses: int) -> tuple[Segment, ...]:
    """The segments of addresses that aren't special, each once where both ends are in one quarantine."""
    names = [policy.segment_of(address) for address in addresses]
    return tuple(policy.site.segments[name] for name in names if name is not None)


def _extent(pieces: Iterable[Piece]) -> Extent:
    sides = zip(*pieces, strict=True)
    return Extent(*(Ranges.of(span for part in side for span in part) for side in sides))


def _points(policy: Policy, source: Ranges, destination: Ranges) -> tuple[str, ...]:
    """The points that stand between some pair of these addresses."""
    site = policy.site
    hosts = {name: point for name, point in site.points.items() if point.kind is PointKind.HOST and point.endpoint}
    found = [
        name
        for name, point in hosts.items()
        if any(a in source or a in destination for a in site.endpoints[str(point.endpoint)].addresses)
    ]
    ends = [_homes(policy, addresses) for addresses in (source, destination)]
    pairs = [(first, second) for first in ends[0] for second in ends[1]]
    gateways = [
        gateway.name
        for gateway in site.gateways()
        if gateway.own().meets(source | destination) or any(stand_between(gateway, *pair) for pair in pairs)
    ]
    return (*gateways, *found)


def _homes(policy: Policy, addresses: Ranges) -> tuple[str, ...]:
    return tuple(name for name, home in policy.partition.home.items() if home.meets(addresses))
