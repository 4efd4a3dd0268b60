"""How a connection is judged, without the names of the segments at its ends: what many of them have in common.

And back again: the outcome of many connections, in words that are true of all of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.segment import Segment
from segctl.model.strictness import Verdict
from segctl.policy import Policy

_BY_STATEMENT = (Step.ESSENTIAL, Step.MANAGEMENT, Step.GUARDRAIL, Step.FLOW)


class Look(NamedTuple):
    """`decided`: the whole decision, where a statement took it. `ends`: which ends refuse, or are in quarantine, or
    special (source, destination).
    """

    verdict: Verdict
    effect: Effect
    observed: bool
    uncovered: bool
    unbound: bool
    step: Step
    decided: Decision | None
    ends: tuple[bool, bool]

    def outcome(self, decision: Decision) -> Outcome:
        """Of one of these connections."""
        return Outcome(decision, self.effect, self.observed, self.uncovered, self.unbound)


def look(policy: Policy, outcome: Outcome, source: int, destination: int) -> Look:
    """Of the outcome of one connection."""
    decision = outcome.decision
    return Look(
        decision.verdict,
        outcome.effect,
        outcome.observed,
        outcome.uncovered,
        outcome.unbound,
        decision.step,
        decision if decision.step in _BY_STATEMENT else None,
        _ends(policy, decision, source, destination),
    )


def _ends(policy: Policy, decision: Decision, source: int, destination: int) -> tuple[bool, bool]:
    if decision.step is Step.SPECIAL:
        return source in policy.special, destination in policy.special
    names = policy.segment_of(source), policy.segment_of(destination)
    if decision.step is Step.REFUSED:
        return names[0] in decision.refusing, names[1] in decision.refusing
    if decision.step is Step.QUARANTINE:
        cut_off = [policy.site.segments[str(name)].profile.quarantine for name in names]
        return cut_off[0], cut_off[1]
    return False, False


Segments = Sequence[Segment]


def in_common(
    decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments
) -> Decision:  # fmt: skip
    """The decision on one connection, which no statement took, in words that hold for all between these segments.

    `ends`: as in its Look. `refusing` are then all that refuse; the place is left out where several are meant.
    """
    if decision.step is Step.SPECIAL:
        word = "each end" if all(ends) else "the source" if ends[0] else "the destination"
        return replace(decision, reason=f"{word} is a special address")
    if len(sources) == len(destinations) == 1:
        return decision
    made = {
        Step.CUT_OFF: _cut_off,
        Step.QUARANTINE: _quarantine,
        Step.INTRA: _intra,
        Step.DEFAULTS: _defaults,
        Step.REFUSED: _refused,
    }[decision.step]
    return made(decision, ends, sources, destinations)


def _cut_off(decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments) -> Decision:
    return replace(decision, reason="an end is in quarantine at run time, or all but management is shut")


def _quarantine(decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments) -> Decision:
    several = sources if ends[0] else destinations
    if len(several) == 1:
        return decision
    return replace(decision, reason=f"{_names(several)} are in quarantine", span=None)


def _intra(decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments) -> Decision:
    refusing = tuple(one.name for one in sources) if decision.refusing else ()
    reason = f"within each of {_names(sources)}: intra {decision.verdict}"
    return replace(decision, reason=reason, span=None, refusing=refusing)


def _defaults(decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments) -> Decision:
    return replace(decision, reason=f"{_names(sources)} egress and {_names(destinations)} ingress allow")


def _refused(decision: Decision, ends: tuple[bool, bool], sources: Segments, destinations: Segments) -> Decision:
    said = ((ends[0], sources, "egress"), (ends[1], destinations, "ingress"))
    refusing = [(those, word) for refuses, those, word in said if refuses]
    reason = " and ".join(f"{_names(those)} {word} deny" for those, word in refusing)
    one_each = [those[0] for those, _ in refusing if len(those) == 1]
    span = next((one.span for one in one_each if not one.built_in), None)
    if len(one_each) == len(refusing):
        span = decision.span
    names = tuple(dict.fromkeys(one.name for those, _ in refusing for one in those))
    return replace(decision, reason=f"no flow allows it; {reason}", span=span, refusing=names)


def _names(segments: Segments) -> str:
    """One by its name, several by their number."""
    return f"'{segments[0].name}'" if len(segments) == 1 else f"{len(segments)} segments"
