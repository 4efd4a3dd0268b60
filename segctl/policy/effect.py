"""From the verdict to what the packet meets (design, section 2, Observe and Coverage; docs/decisions/readings.md)."""

from dataclasses import replace
from datetime import datetime

from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.point import Interface
from segctl.model.selector import POINTS, WORLD
from segctl.model.strictness import Answer, Mode, ModeKind, Verdict
from segctl.policy.coverage import behind, bound, covered
from segctl.policy.decide import decide
from segctl.policy.policy import Policy


def judge(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Outcome:
    """The decision on a new connection, with its effect, coverage and binding."""
    outcome = judge_at_point(policy, source, destination, traffic, at)
    if outcome.decision.step in (Step.ESSENTIAL, Step.SPECIAL):
        return outcome
    if _unbound(policy, source, destination):
        if lenient(policy, policy.segment_of(source), policy.segment_of(destination)):
            return replace(outcome, unbound=True)
        return Outcome(outcome.decision, Effect.DROP, unbound=True)
    if policy.site.points and not covered(policy, source, destination):
        return Outcome(outcome.decision, Effect.PASS, uncovered=True)
    return outcome


def judge_at_point(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Outcome:
    """As `judge`, but for a packet that a point sees: coverage and binding are left out."""
    decision = decide(policy, source, destination, traffic, at)
    if decision.step is Step.SPECIAL:
        shut = policy.panic or source in policy.held or destination in policy.held
        seen = not shut and lenient(policy, policy.segment_of(source), policy.segment_of(destination))
        return Outcome(decision, Effect.PASS if seen else Effect.DROP, observed=seen)
    effect, observed = _effect(policy, decision, source, destination, traffic)
    return Outcome(decision, effect, observed)


def _effect(policy: Policy, decision: Decision, source: int, destination: int, traffic: int) -> tuple[Effect, bool]:
    """The effect at a point that sees the packet, and whether a deny was only logged."""
    if decision.verdict is Verdict.ALLOW:
        return Effect.PASS, False
    if decision.step not in (Step.INTRA, Step.REFUSED):
        return Effect.DROP, False
    first, second = str(policy.segment_of(source)), str(policy.segment_of(destination))
    if all(_observes(policy, first, second, end, traffic) for end in decision.refusing):
        return Effect.PASS, True
    answering = policy.site.segments[second if second in decision.refusing else first]
    return (Effect.REJECT if answering.profile.answer is Answer.REJECT else Effect.DROP), False


def _observes(policy: Policy, source: str, destination: str, end: str, traffic: int) -> bool:
    """Whether that end of this connection only observes it."""
    says = mode_of(policy, end)
    if says is None:  # world, which takes the other end's, judged in the other end's own place
        other = destination if end == source else source
        says = mode_of(policy, other)
        if says is None:
            return policy.site.default_mode.kind is ModeKind.OBSERVE or (
                policy.site.default_mode.kind is ModeKind.SELECTIVE and traffic not in policy.site.default_mode.services
            )
        end = other
    return observes(says, traffic if end == destination else None)


def observes(mode: Mode, inbound: int | None) -> bool:
    """Whether a segment of that mode observes: `inbound` is the service of a connection to it, None for one from it."""
    if mode.kind is ModeKind.SELECTIVE:
        return inbound is None or inbound not in mode.services
    return mode.kind is ModeKind.OBSERVE


def mode_of(policy: Policy, name: str) -> Mode | None:
    """A segment's mode; None for a world that takes the other end's."""
    mode = policy.site.segments[name].mode
    return mode if mode is not None or name == WORLD else policy.site.default_mode


def lenient(policy: Policy, first: str | None, second: str | None) -> bool:
    """Whether both ends observe in the sense of the law's last clause; a special address (None) counts as world."""
    kinds = [mode_of(policy, name if name is not None else WORLD) for name in (first, second)]
    said = [mode for mode in kinds if mode is not None] or [policy.site.default_mode]
    return all(mode.kind is not ModeKind.ENFORCE for mode in said)


def loose(policy: Policy, interface: Interface) -> bool:
    """Whether binding is only logged there: every segment behind it observes, or the interface waives it."""
    modes = [mode_of(policy, name) or policy.site.default_mode for name in interface.segments]
    observing = bool(modes) and all(mode.kind is not ModeKind.ENFORCE for mode in modes)
    return observing or interface.waives("binding")


def _unbound(policy: Policy, source: int, destination: int) -> bool:
    """Whether an end lives nowhere that counts, so that binding lets the packet die."""
    gateways = policy.site.gateways()
    if not gateways:
        return False
    if any(end in policy.own[POINTS] for end in (source, destination)):
        owners = [[g for g in gateways if end in policy.gateways[g.name]] for end in (source, destination)]
        ends = zip(owners, (destination, source), strict=True)
        return any(own and not any(behind(policy, g, other) for g in own) for own, other in ends)
    first, second = policy.home_of(source), policy.home_of(destination)
    return first != second and any(name is not None and not bound(policy.site, name) for name in (first, second))
