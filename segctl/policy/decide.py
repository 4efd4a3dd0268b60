"""The law, step by step: the first match decides (design, section 2, Decision)."""

from datetime import datetime

from segctl.model.decision import Decision, Step
from segctl.model.flow import Flow
from segctl.model.ranges import family, show_address
from segctl.model.segment import Segment
from segctl.model.service import family_of
from segctl.model.strictness import Verdict
from segctl.policy.match import Statement
from segctl.policy.policy import Policy


def decide(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Decision:
    """The verdict on a new connection between two addresses of one family, at a time with zone.

    ValueError if the three aren't of one family.
    """
    if not family(source) == family(destination) == family_of(traffic):
        raise ValueError("source, destination and service are not of one family")
    return (
        _essential(policy, source, destination, traffic)
        or _special(policy, source, destination)
        or _cut_off(policy, source, destination, traffic, at)
        or _managed(policy, source, destination, traffic)
        or _panicking(policy)
        or _guarded(policy, source, destination, traffic)
        or _declared(policy, source, destination, traffic, at)
        or _fall_back(_segment(policy, source), _segment(policy, destination))
    )


def _essential(policy: Policy, source: int, destination: int, traffic: int) -> Decision | None:
    """Step 0a: what a point needs to live."""
    for row in policy.essentials_over(traffic):
        if row.matches(source, destination, traffic, policy.special):
            link = f" on {row.where}" if row.interface else ""
            return Decision(Verdict.ALLOW, Step.ESSENTIAL, f"essential {row.name}{link}", by=row.name)
    return None


def _special(policy: Policy, source: int, destination: int) -> Decision | None:
    """Step 0b: nobody talks from or to an address that is a member of nothing."""
    for end in (source, destination):
        if end in policy.special:
            return Decision(Verdict.DENY, Step.SPECIAL, f"{show_address(end)} is a special address")
    return None


def _cut_off(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Decision | None:
    """Step 0c: with an address that is in quarantine at run time only an active flow for remediation passes."""
    held = next((end for end in (source, destination) if end in policy.held), None)
    if held is None:
        return None
    for statement in policy.flows.matching(source, destination, traffic):
        if statement.said.remediation and statement.said.active(at):
            return None
    return Decision(Verdict.DENY, Step.CUT_OFF, f"{show_address(held)} is in quarantine")


def _panicking(policy: Policy) -> Decision | None:
    """All but essentials and management is shut by hand."""
    return Decision(Verdict.DENY, Step.CUT_OFF, "panic: all but management is shut") if policy.panic else None


def _managed(policy: Policy, source: int, destination: int, traffic: int) -> Decision | None:
    """Step 0d: no statement may lock the operators out of the points."""
    for statement in policy.management.matching(source, destination, traffic):
        said = statement.said
        return Decision(Verdict.ALLOW, Step.MANAGEMENT, f"management '{said.name}'", said.span, said.name)
    return None


def _guarded(policy: Policy, source: int, destination: int, traffic: int) -> Decision | None:
    """Step 1: what no flow and no default overrides."""
    for statement in policy.guardrails.matching(source, destination, traffic):
        said = statement.said
        why = f": {said.why}" if said.why else ""
        return Decision(Verdict.DENY, Step.GUARDRAIL, f"guardrail '{said.name}'{why}", said.span, said.name)
    return None


def _declared(policy: Policy, source: int, destination: int, traffic: int, at: datetime) -> Decision | None:
    """Steps 2 and 3: flows allow, but with a quarantined end only those for remediation."""
    active = [s for s in policy.flows.matching(source, destination, traffic) if s.said.active(at)]
    ends = (_segment(policy, source), _segment(policy, destination))
    if cut_off := next((end for end in ends if end.profile.quarantine), None):
        active = [statement for statement in active if statement.said.remediation]
        if not active:
            return Decision(Verdict.DENY, Step.QUARANTINE, f"segment '{cut_off.name}' is in quarantine", cut_off.span)
    return _allowed(active[0]) if active else None


def _allowed(statement: Statement[Flow]) -> Decision:
    said = statement.said
    why = f": {said.why}" if said.why else ""
    return Decision(Verdict.ALLOW, Step.FLOW, f"flow '{said.name}'{why}", said.span, said.name)


def _fall_back(source: Segment, destination: Segment) -> Decision:
    """Steps 4 to 6: what holds where nobody declared anything.

    `refusing` are the ends whose default is deny: answer, log and mode are theirs to say.
    """
    if source.name == destination.name:
        intra = source.profile.intra
        refusing = (source.name,) if intra is Verdict.DENY else ()
        return Decision(intra, Step.INTRA, f"within '{source.name}': intra {intra}", source.span, None, refusing)
    ends = ((source, source.profile.egress, "egress"), (destination, destination.profile.ingress, "ingress"))
    denying = [(end, word) for end, says, word in ends if says is Verdict.DENY]
    if not denying:
        return Decision(Verdict.ALLOW, Step.DEFAULTS, f"'{source.name}' egress and '{destination.name}' ingress allow")
    reason = " and ".join(f"'{end.name}' {word} deny" for end, word in denying)
    return Decision(
        Verdict.DENY,
        Step.REFUSED,
        f"no flow allows it; {reason}",
        next((end.span for end, _ in denying if not end.built_in), denying[0][0].span),
        None,
        tuple(end.name for end, _ in denying),
    )


def _segment(policy: Policy, address: int) -> Segment:
    """The segment of an address that isn't special."""
    name = policy.segment_of(address)
    if name is None:
        raise ValueError(f"{show_address(address)} is in no segment")
    return policy.site.segments[name]
