"""The nearest change that would turn an answer: one line, tried on the policy, with all else that it would change.

A line is never guessed to work: the policy is made anew with it, and whatever gets another verdict is told.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count

from segctl.ask.can import can
from segctl.ask.cuts import Cut, Piece, questions, statement_cuts
from segctl.ask.expect import judge_expectations
from segctl.ask.result import Action, Answer, Change, Extent
from segctl.model.codes import CODES
from segctl.model.decision import Effect, Step
from segctl.model.diagnostic import Diagnostic, Level
from segctl.model.flow import Expectation, Flow, Guardrail, Services
from segctl.model.ranges import Ranges
from segctl.model.selector import Block, Selectors, show_selectors
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import Verdict
from segctl.policy import Policy, judge
from segctl.policy.boxes import boxes
from segctl.policy.demands import demands
from segctl.policy.lint import lint
from segctl.policy.match import Statement
from segctl.policy.policy import make_policy
from segctl.policy.statements import statement_findings

AnyStatement = Statement[Flow] | Statement[Guardrail]

TO_SAY = "say who needs it, and what for"
_HERE = Span("<this line>", 1, 1)
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 56  # of a name's 63 letters; a number may follow
_BY_FLOW = (Step.QUARANTINE, Step.INTRA, Step.REFUSED)  # the denies that a flow overrides


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, in words and in numbers."""

    source: Selectors
    destination: Selectors
    services: Services
    sources: Ranges
    destinations: Ranges
    traffic: Ranges

    def extent(self) -> Cut:
        return Cut(self.sources, self.destinations, self.traffic)


def to_allow(policy: Policy, question: Question, answer: Answer, at: datetime) -> Change | None:
    """The flow that allows all of the question that a flow can allow."""
    decided = (part.outcome.decision for part in answer.parts)
    steps = {decision.step for decision in decided if decision.verdict is Verdict.DENY}
    if steps.isdisjoint(_BY_FLOW):
        return None
    flow = Flow(
        _free_name(policy.site, question),
        _HERE,
        _possible(policy, question.source),
        _possible(policy, question.destination),
        question.services,
        why=TO_SAY,
        remediation=Step.QUARANTINE in steps,
    )
    changed = replace(policy.site, flows=(*policy.site.flows, flow))
    change, after = _tried(policy, changed, question, _Line(Action.ADD_FLOW, flow), Verdict.ALLOW, at)
    return replace(change, broken=_broken(policy, after, at)) if change.turned else None


def to_deny(policy: Policy, question: Question, answer: Answer, at: datetime) -> Change | None:
    """The line that denies all of the question that can be denied, and least beside it."""
    if all(part.outcome.decision.verdict is Verdict.DENY for part in answer.parts):
        return None
    tried = [
        _tried(policy, changed, question, line, Verdict.DENY, at) for line, changed in _denying(policy, question, at)
    ]
    turning = [(change, after) for change, after in tried if change.turned]
    if not turning:
        return None
    change, after = min(turning, key=lambda one: _cost(one[0]))
    return replace(change, broken=_broken(policy, after, at))


def _free_name(site: Site, question: Question) -> str:
    """A name that says what is asked, and that no statement has: a made one could be another's with an `except`."""
    ends = show_selectors(question.source), "to", show_selectors(question.destination)
    words = "-".join((*ends, *(service.name for service in question.services)))
    name = _NO_NAME.sub("_", words).strip("_")[:_LONGEST].rstrip("_.-")
    name = name if name[:1].isalpha() else f"of-{name}"
    taken = {flow.name for flow in site.flows} | {guardrail.name for guardrail in site.guardrails}
    return next(free for free in chain([name], (f"{name}-{n}" for n in count(2))) if free not in taken)


def _cost(change: Change) -> tuple[int, bool, int, int]:
    """What of the question stays allowed, whether the line would be refused, what else it closes, how much it says."""
    open_still = sum(part.outcome.decision.verdict is Verdict.ALLOW for part in change.left)
    refused = any(CODES[finding.code].level is Level.ERROR for finding in change.findings)
    closes = sum(one.sources.size() * one.destinations.size() * one.traffic.size() for one in change.beyond)
    return open_still, refused, closes, list(Action).index(change.action)


@dataclass(frozen=True, slots=True)
class _Line:
    action: Action
    said: Flow | Guardrail
    instead_of: Span | None = None


def _denying(policy: Policy, question: Question, at: datetime) -> Iterator[tuple[_Line, Site]]:
    """Lines that may do: a guardrail always, the one flow that allows it taken out or narrowed."""
    site = policy.site
    ends = _possible(policy, question.source), _possible(policy, question.destination)
    guard = Guardrail(_free_name(site, question), _HERE, *ends, question.services, why=TO_SAY)
    yield _Line(Action.ADD_GUARDRAIL, guard), replace(site, guardrails=(*site.guardrails, guard))
    allowing = [s for s in policy.flows.items if s.said.active(at) and _meets(s, question)]
    if len(allowing) != 1:
        return
    flow = allowing[0].said
    others = tuple(other for other in site.flows if other is not flow)
    yield _Line(Action.REMOVE_FLOW, flow, flow.span), replace(site, flows=others)
    for narrower in _narrowed(flow, question, ends):
        said = narrower if flow.named else replace(narrower, name=_free_name(site, question), named=True)
        yield _Line(Action.REPLACE_FLOW, said, flow.span), replace(site, flows=(*others, said))


def _narrowed(flow: Flow, question: Question, ends: tuple[Selectors, Selectors]) -> Iterator[Flow]:
    """The flow without the question's sources, without its destinations, without its services."""
    yield replace(flow, source_except=(*flow.source_except, *ends[0]))
    yield replace(flow, destination_except=(*flow.destination_except, *ends[1]))
    kept = tuple(service for service in flow.services if not service.traffic.meets(question.traffic))
    if kept:
        yield replace(flow, services=kept)


def _meets(statement: Statement[Flow], question: Question) -> bool:
    ours = boxes(question.sources, question.destinations, question.traffic)
    theirs = boxes(statement.source, statement.destination, statement.traffic)
    return any(one.meets(other) for one in ours for other in theirs)


def _possible(policy: Policy, selectors: Selectors) -> Selectors:
    """What a statement can name of who was asked about: no special address."""
    kept = tuple(s for s in selectors if not (isinstance(s, Block) and policy.special.covers(s.addresses)))
    return kept or selectors


def _tried(
    policy: Policy, site: Site, question: Question, line: _Line, wanted: Verdict, at: datetime
) -> tuple[Change, Policy]:  # fmt: skip
    """The change with everything that it turns, and the policy with it."""
    after = make_policy(site, policy.partition)
    found: dict[str, list[Piece]] = {"turned": [], "beyond": [], "passing": []}
    statement = _statement(policy if line.instead_of else after, line.instead_of or _HERE)
    cuts = (*statement_cuts(after), question.extent())
    for piece in questions(policy, statement.source, statement.destination, statement.traffic, *cuts):
        one = piece[0].first(), piece[1].first(), piece[2].first()
        before, now = judge(policy, *one, at), judge(after, *one, at)
        other = before.decision.verdict is not now.decision.verdict
        if not _within(piece, question):
            if other or before.effect is not now.effect:
                found["beyond"].append(piece)
        elif other:
            found["turned"].append(piece)
            if now.decision.verdict is Verdict.DENY and now.effect is Effect.PASS:
                found["passing"].append(piece)
    answer = can(after, question.source, question.destination, question.traffic, at)
    left = tuple(part for part in answer.parts if part.outcome.decision.verdict is not wanted)
    turned, beyond, passing = (_extents(pieces) for pieces in found.values())
    ours = line.action, line.said, line.instead_of
    return Change(*ours, turned, left, beyond, passing, _findings(policy, after, statement, at), ()), after


def _statement(policy: Policy, place: Span) -> AnyStatement:
    """The flow or guardrail that was written there."""
    every: tuple[AnyStatement, ...] = (*policy.flows.items, *policy.guardrails.items)
    return next(statement for statement in every if statement.said.span == place)


def _within(piece: Piece, question: Question) -> bool:
    return (
        piece[0].first() in question.sources
        and piece[1].first() in question.destinations
        and piece[2].first() in question.traffic
    )


def _extents(found: Iterable[Piece]) -> tuple[Extent, ...]:
    """Pieces put together again wherever two of their three sides are equal."""
    parts = list(found)
    for side in (2, 1, 0):
        groups: dict[tuple[Ranges, ...], list[Ranges]] = {}
        for piece in parts:
            groups.setdefault(piece[:side] + piece[side + 1 :], []).append(piece[side])
        parts = [_put(key, side, Ranges.of(span for one in some for span in one)) for key, some in groups.items()]
    return tuple(Extent(*piece) for piece in parts)


def _put(others: tuple[Ranges, ...], side: int, value: Ranges) -> Piece:
    whole = [*others[:side], value, *others[side:]]
    return whole[0], whole[1], whole[2]


def _findings(before: Policy, after: Policy, statement: AnyStatement, at: datetime) -> tuple[Diagnostic, ...]:
    """What `validate` would say of the line, and no longer or newly of the statements that it meets."""
    known = set(_said_of(before, statement, at))
    return tuple(finding for finding in dict.fromkeys(_said_of(after, statement, at)) if finding not in known)


def _said_of(policy: Policy, statement: AnyStatement, at: datetime) -> Iterator[Diagnostic]:
    near = boxes(statement.source, statement.destination, statement.traffic)
    place = statement.said.span  # a line that matches nothing any more is to be told as such

    def meets(other: AnyStatement) -> bool:
        return any(a.meets(b) for b in boxes(other.source, other.destination, other.traffic) for a in near)

    flows = tuple(other.said for other in policy.flows.items if meets(other) or other.said.span == place)
    rails = tuple(other.said for other in policy.guardrails.items if meets(other) or other.said.span == place)
    small = make_policy(replace(policy.site, flows=flows, guardrails=rails, expectations=()), policy.partition)
    yield from statement_findings(small, at)
    yield from demands(small)
    yield from lint(small, at)


def _broken(before: Policy, after: Policy, at: datetime) -> tuple[Expectation, ...]:
    """Expectations that hold now, and would not with the change."""
    held = {one.expected for one in judge_expectations(before, at) if one.holds}
    return tuple(one.expected for one in judge_expectations(after, at) if not one.holds and one.expected in held)
