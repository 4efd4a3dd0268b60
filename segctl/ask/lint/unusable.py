"""Flows that nothing can use: each connection is forbidden, cut off, or dies on the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from segctl.ask.cuts import questions
from segctl.ask.lint.owners import Touches
from segctl.model.decision import Effect
from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Flow
from segctl.model.selector import POINTS, Named
from segctl.model.strictness import Verdict
from segctl.policy import Policy, judge
from segctl.policy.coverage import bound
from segctl.policy.match import Statement, Statements
from segctl.policy.waive import waived

CODE = "unusable"
_END = datetime.max.replace(tzinfo=UTC)


def unusable(policy: Policy, at: datetime, touches: Touches) -> Iterator[Diagnostic]:
    """Exact, by putting each flow alone to the law; only where something may stop it, since that is seldom so.

    A flow that names quarantine, or that guardrails alone forbid, is told of already.
    """
    doubtful = {
        name for name, one in policy.site.segments.items()
        if one.profile.quarantine or name == POINTS or (policy.site.gateways() and not bound(policy.site, name))
    }  # fmt: skip
    for one in policy.flows.items:
        if not one.source or not one.destination or (one.said.until or _END) <= at:
            continue
        near = doubtful & (touches(one.source) | touches(one.destination))
        if waived(one.said.waive, CODE) or _cut_off(policy, one.said) or not (near or _guarded(policy, one)):
            continue
        if not usable(policy, one, at):
            what = f"flow '{one.said.name}' lets nothing pass: all of it is forbidden, cut off, or dies on the way"
            help = "`segctl explain` says of a pair which it is; list its segments on an interface, or take it out"
            yield Diagnostic(one.said.span, CODE, what, help)


def usable(policy: Policy, one: Statement[Flow], at: datetime) -> bool:
    """Whether some connection of it passes because it is allowed, were it the only flow, once it has begun."""
    alone = replace(policy, flows=Statements((one,)))
    time = max(at, one.said.since or at)
    for source, destination, traffic in questions(alone, one.source, one.destination, one.traffic):
        outcome = judge(alone, source.first(), destination.first(), traffic.first(), time)
        if outcome.decision.verdict is Verdict.ALLOW and outcome.effect is Effect.PASS:
            return True
    return False


def _guarded(policy: Policy, one: Statement[Flow]) -> bool:
    return any(
        rail.traffic.meets(one.traffic) and rail.source.meets(one.source) and rail.destination.meets(one.destination)
        for rail in policy.guardrails.items
    )


def _cut_off(policy: Policy, flow: Flow) -> bool:
    """Whether it names a segment in quarantine."""
    segments = policy.site.segments
    named = [segments[s.name] for s in (*flow.source, *flow.destination) if isinstance(s, Named) and s.name in segments]
    return not flow.remediation and any(one.profile.quarantine for one in named)
