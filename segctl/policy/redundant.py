"""Flows that open nothing: another flow, or what segments do by default, allows all of it already."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.flow import Flow
from segctl.model.ranges import Ranges
from segctl.model.strictness import Verdict
from segctl.policy.match import Statement
from segctl.policy.policy import Policy
from segctl.policy.touch import remembering
from segctl.policy.waive import waived

CODE = "already-allowed"
_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def redundant_flows(policy: Policy) -> Iterator[Diagnostic]:
    """Each with what allows it; of two flows that allow the same, the one that the site says later."""
    touched = remembering(policy.partition)
    flows = [s for s in policy.flows.items if s.source and s.destination and s.traffic]
    by_end = [_holding(ends) for ends in zip(*((s.source, s.destination, s.traffic) for s in flows), strict=True)]
    for place, one in enumerate(flows):
        flow = one.said
        if waived(flow.waive, CODE):
            continue
        if _by_default(policy, touched(one.source), touched(one.destination)):
            what = f"flow '{flow.name}' opens nothing: the segments at its ends let all of this pass already"
            yield Diagnostic(flow.span, CODE, what)
            continue
        sources, destinations, traffic = (held[place] for held in by_end)
        candidates = _members(sources & destinations & traffic & ~(1 << place))
        other = next((flows[at] for at in candidates if _opens_all_of(flows[at], one)), None)
        if other is not None:
            what = f"flow '{flow.name}' opens nothing: flow '{other.said.name}' allows all of it already"
            yield Diagnostic(flow.span, CODE, what, "", (Note(other.said.span, f"flow '{other.said.name}'"),))


def _by_default(policy: Policy, sources: frozenset[str], destinations: frozenset[str]) -> bool:
    """Steps 4 and 5 of the law allow every pair of these segments."""
    profiles = {name: policy.site.segments[name].profile for name in sources | destinations}
    if any(profile.quarantine for profile in profiles.values()):
        return False
    if any(profiles[name].intra is Verdict.DENY for name in sources & destinations):
        return False
    refusing = [destinations - {name} for name in sources if profiles[name].egress is Verdict.DENY]
    refused = [sources - {name} for name in destinations if profiles[name].ingress is Verdict.DENY]
    return not any(refusing) and not any(refused)


def _opens_all_of(other: Statement[Flow], one: Statement[Flow]) -> bool:
    """Whether `one` adds nothing to `other`; if they open the same, the first of them is the one that counts."""
    if not _covers(other, one):
        return False
    return not _covers(one, other) or (other.said.span, other.said.name) < (one.said.span, one.said.name)


def _covers(wide: Statement[Flow], narrow: Statement[Flow]) -> bool:
    return (
        (wide.said.since or _BEGINNING) <= (narrow.said.since or _BEGINNING)
        and (wide.said.until or _END) >= (narrow.said.until or _END)
        and (wide.said.remediation or not narrow.said.remediation)
        and all(
            ours is theirs or ours.covers(theirs)
            for ours, theirs in (
                (wide.traffic, narrow.traffic),
                (wide.source, narrow.source),
                (wide.destination, narrow.destination),
            )
        )
    )


def _holding(sets: Sequence[Ranges]) -> list[int]:
    """For each set, as bits, which of all the sets hold its first member.

    One sweep over all borders, so that a site of 10,000 flows doesn't compare each with each.
    """
    bits: dict[int, int] = {}
    for place, ranges in enumerate(sets):  # thousands of flows share one set: by identity
        bits[id(ranges)] = bits.get(id(ranges), 0) | 1 << place
    distinct = {id(ranges): ranges for ranges in sets}
    events = [
        event
        for key, ranges in distinct.items()
        for first, last in ranges
        for event in ((first, False, key), (last + 1, False, key))
    ]
    events += [(ranges.first(), True, key) for key, ranges in distinct.items()]  # asked after all that begins there
    active, held = 0, {}
    for _, asked, key in sorted(events):
        if asked:
            held[key] = active
        else:
            active ^= bits[key]
    return [held[id(ranges)] for ranges in sets]


def _members(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
